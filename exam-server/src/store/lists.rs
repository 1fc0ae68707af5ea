//! Lists that people at a desk page through, each within their scope.

mod attempts;
mod audit;
mod candidates;

pub use attempts::{AttemptFilter, AttemptListed, ExamCount};
pub use audit::{AuditFilter, AuditListed};
pub use candidates::{CandidateFilter, CandidateListed};

use sqlx::AssertSqlSafe;

use super::conditions::{Conditions, Value, bind_all};
use super::{Scope, Store, StoreError, on};

/// Which rows of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The number of the row that it begins behind.
    pub behind: i64,
    /// How many rows are passed over from there, for a jump to a page.
    pub skip: i64,
    /// The most rows.
    pub limit: i64,
}

impl Slice {
    /// Every row.
    pub const ALL: Self = Self { behind: 0, skip: 0, limit: i64::MAX };

    /// The rows behind one.
    #[must_use]
    pub const fn behind(behind: i64, limit: i64) -> Self {
        Self { behind, skip: 0, limit }
    }

    /// What stands at the end of the query: where the numbers go on in `column`, down or up.
    pub(in crate::store) fn end(self, column: &str, down: bool, all: &mut Conditions) -> String {
        let (sign, order) = if down { ("<", " DESC") } else { (">", "") };
        all.and(&format!("{column} {sign} ?"), [Value::Number(self.behind)]);
        format!("ORDER BY {column}{order} {}", self.limits(all))
    }

    /// How many rows the query gives, and behind how many.
    pub(in crate::store) fn limits(self, all: &mut Conditions) -> String {
        let limit = all.parameter(Value::Number(self.limit));
        let skip = all.parameter(Value::Number(self.skip));
        format!("LIMIT {limit} OFFSET {skip}")
    }
}

impl Store {
    /// How many rows of these tables fit.
    pub(super) async fn count(
        &self,
        query: &'static str,
        tables: &str,
        all: Conditions,
    ) -> Result<i64, StoreError> {
        let sql = format!("-- {query}\nSELECT count(*) FROM {tables} WHERE {}", all.sql);
        on!(self.readers(), pool => {
            bind_all!(sqlx::query_scalar(AssertSqlSafe(sql)), all.values).fetch_one(pool).await
        })
        .map_err(StoreError::in_query(query))
    }
}

/// Keeps to the institutions of a scope; `column` holds their ids.
pub(super) fn within(scope: &Scope, column: &str, all: &mut Conditions) {
    if let Scope::Institutions(list) = scope {
        if list.is_empty() {
            all.and("1 = 0", []);
        }
        let ids: Vec<String> = list.iter().map(ToString::to_string).collect();
        all.any_of(column, &ids);
    }
}

/// Keeps to what has this name in `column`; without a name, to anything.
pub(super) fn equals(column: &str, name: Option<&String>, all: &mut Conditions) {
    if let Some(name) = name {
        all.and(&format!("{column} = ?"), [Value::Text(name.clone())]);
    }
}
