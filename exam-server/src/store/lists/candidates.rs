//! Candidates as officers look them up.

use sqlx::AssertSqlSafe;

use super::{Slice, equals, within};
use crate::store::conditions::{Conditions, Value, bind_all, like};
use crate::store::{Scope, Store, StoreError, on};

/// Which candidates; an empty field asks for nothing.
#[derive(Clone, Debug)]
pub struct CandidateFilter {
    /// Within these institutions.
    pub scope: Scope,
    /// Whose name holds this, or whose registration has this number.
    pub text: Option<String>,
    /// This one, found by the ID number.
    pub candidate_no: Option<i64>,
    /// At this institution, by id.
    pub institution_id: Option<String>,
}

/// A candidate in a list; identity is sealed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CandidateListed {
    /// The number in this database.
    pub candidate_no: i64,
    /// The id.
    pub candidate_id: String,
    /// The name.
    pub name: String,
    /// The ID number, encrypted.
    pub id_number_sealed: Vec<u8>,
    /// The phone, encrypted.
    pub phone_sealed: Option<Vec<u8>>,
    /// The institution's id.
    pub institution_id: String,
    /// Its name.
    pub institution: String,
    /// Whether the registration is activated, 0 or 1.
    pub activated: i64,
    /// `roster`, `demo` or `rehearsal`.
    pub origin: String,
    /// Whether there is a password, 0 or 1.
    pub has_password: i64,
    /// How many attempts there are.
    pub attempts: i64,
}

fn conditions(filter: &CandidateFilter) -> Conditions {
    let mut all = Conditions::new("1 = 1", vec![]);
    within(&filter.scope, "c.institution_id", &mut all);
    equals("c.institution_id", filter.institution_id.as_ref(), &mut all);
    if let Some(candidate_no) = filter.candidate_no {
        all.and("c.candidate_no = ?", [Value::Number(candidate_no)]);
    }
    if let Some(text) = &filter.text {
        all.and(
            "(c.name LIKE ? ESCAPE '!' OR EXISTS (SELECT 1 FROM registration AS r
                WHERE r.candidate_no = c.candidate_no AND r.certificate_no = ?))",
            [Value::Text(format!("%{}%", like(text))), Value::Text(text.clone())],
        );
    }
    all
}

impl Store {
    /// Candidates in the order of their numbers.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn candidate_list(
        &self,
        filter: &CandidateFilter,
        slice: Slice,
    ) -> Result<Vec<CandidateListed>, StoreError> {
        let mut all = conditions(filter);
        let end = slice.end("c.candidate_no", false, &mut all);
        let sql = format!(
            "-- candidate_list
            SELECT c.candidate_no, c.candidate_id, c.name, c.id_number_sealed, c.phone_sealed,
                c.institution_id, i.name AS institution, c.activated, c.origin,
                CAST(CASE WHEN a.password_hash IS NULL THEN 0 ELSE 1 END AS bigint) AS has_password,
                (SELECT count(*) FROM attempt AS t WHERE t.candidate_no = c.candidate_no)
                    AS attempts
            FROM candidate AS c
            JOIN institution AS i ON i.institution_id = c.institution_id
            LEFT JOIN account AS a ON a.candidate_no = c.candidate_no
            WHERE {} {end}",
            all.sql
        );
        on!(self.readers(), pool => {
            bind_all!(sqlx::query_as(AssertSqlSafe(sql)), all.values).fetch_all(pool).await
        })
        .map_err(StoreError::in_query("candidate_list"))
    }

    /// How many candidates there are.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn candidate_count(&self, filter: &CandidateFilter) -> Result<i64, StoreError> {
        self.count("candidate_count", "candidate AS c", conditions(filter)).await
    }

    /// Institutions within a scope, by name: id and name.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn institution_list(
        &self,
        scope: &Scope,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let mut all = Conditions::new("1 = 1", vec![]);
        within(scope, "institution_id", &mut all);
        let sql = format!(
            "-- institution_list
            SELECT institution_id, name FROM institution WHERE {} ORDER BY name",
            all.sql
        );
        on!(self.readers(), pool => {
            bind_all!(sqlx::query_as(AssertSqlSafe(sql)), all.values).fetch_all(pool).await
        })
        .map_err(StoreError::in_query("institution_list"))
    }
}
