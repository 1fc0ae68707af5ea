//! A candidate as audiences ask, in one query: it stands on the way of every start.

use super::{Store, StoreError, on};

/// Who a candidate is, as audiences ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRow {
    /// Whether the registration is activated.
    pub activated: bool,
    /// The name of the institution.
    pub institution: String,
    /// Category, scope and level of each registration, by certificate number.
    pub registrations: Vec<(String, String, String)>,
}

impl Store {
    /// Looks up a candidate's institution and registrations; an unknown number is `Ok(None)`.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn person_find(&self, candidate_no: i64) -> Result<Option<PersonRow>, StoreError> {
        const SQL: &str = "-- person_find
            SELECT c.activated, i.name, r.category, r.practice_scope, r.level
            FROM candidate AS c
            JOIN institution AS i ON i.institution_id = c.institution_id
            LEFT JOIN registration AS r ON r.candidate_no = c.candidate_no
            WHERE c.candidate_no = $1 ORDER BY r.certificate_no";
        type Row = (i64, String, Option<String>, Option<String>, Option<String>);
        let rows: Vec<Row> =
            on!(self.readers(), pool => sqlx::query_as(SQL).bind(candidate_no).fetch_all(pool).await)
                .map_err(StoreError::in_query("person_find"))?;
        let Some((activated, institution, ..)) = rows.first().cloned() else { return Ok(None) };
        let registrations = rows
            .into_iter()
            .filter_map(|(_, _, category, scope, level)| Some((category?, scope?, level?)));
        Ok(Some(PersonRow {
            activated: activated != 0,
            institution,
            registrations: registrations.collect(),
        }))
    }
}
