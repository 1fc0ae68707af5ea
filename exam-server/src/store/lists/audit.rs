//! Decisions by people, the newest first.

use sqlx::AssertSqlSafe;

use super::{Slice, equals};
use crate::store::conditions::{Conditions, Value, bind_all, like};
use crate::store::{Store, StoreError, on};

/// Which decisions; an empty field asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Whose action begins like this, such as `attempt.`.
    pub action: Option<String>,
    /// By this member of staff, by login.
    pub actor: Option<String>,
    /// About this, by id.
    pub object: Option<String>,
    /// Not before, in server milliseconds.
    pub from_ms: Option<i64>,
    /// Not after.
    pub to_ms: Option<i64>,
}

/// A decision in a list.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditListed {
    /// Its place in the chain.
    pub audit_no: i64,
    /// When, in server milliseconds.
    pub at_ms: i64,
    /// Who: a login, or `operator` at the command line.
    pub actor: String,
    /// The person's name.
    pub actor_name: Option<String>,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// Why.
    pub reason: String,
    /// What it was before, as JSON.
    pub before: String,
    /// What it is now, as JSON.
    pub after: String,
    /// Whether it is chained to those before it, 0 or 1.
    pub sealed: i64,
}

fn conditions(filter: &AuditFilter) -> Conditions {
    let mut all = Conditions::new("1 = 1", vec![]);
    equals("a.object", filter.object.as_ref(), &mut all);
    if let Some(action) = &filter.action {
        all.and("a.action LIKE ? ESCAPE '!'", [Value::Text(format!("{}%", like(action)))]);
    }
    if let Some(actor) = &filter.actor {
        let actor = Value::Text(actor.clone());
        all.and("coalesce(s.login, a.actor) = ?", [actor]);
    }
    for (sign, bound) in [(">=", filter.from_ms), ("<=", filter.to_ms)] {
        if let Some(bound) = bound {
            all.and(&format!("a.at_ms {sign} ?"), [Value::Number(bound)]);
        }
    }
    all
}

impl Store {
    /// How many decisions there are.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn audit_count(&self, filter: &AuditFilter) -> Result<i64, StoreError> {
        let tables = "audit AS a LEFT JOIN staff AS s ON s.staff_id = a.actor";
        self.count("audit_count", tables, conditions(filter)).await
    }

    /// Decisions, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn audit_list(
        &self,
        filter: &AuditFilter,
        slice: Slice,
    ) -> Result<Vec<AuditListed>, StoreError> {
        let mut all = conditions(filter);
        let end = slice.end("a.audit_no", true, &mut all);
        let sql = format!(
            "-- audit_list
            SELECT a.audit_no, a.at_ms, coalesce(s.login, a.actor) AS actor, s.name AS actor_name,
                a.action, a.object, a.reason, a.before, a.after,
                CAST(CASE WHEN a.chain_hash IS NULL THEN 0 ELSE 1 END AS bigint) AS sealed
            FROM audit AS a LEFT JOIN staff AS s ON s.staff_id = a.actor
            WHERE {} {end}",
            all.sql
        );
        on!(self.readers(), pool => {
            bind_all!(sqlx::query_as(AssertSqlSafe(sql)), all.values).fetch_all(pool).await
        })
        .map_err(StoreError::in_query("audit_list"))
    }
}
