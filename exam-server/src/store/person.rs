//! Candidates as audiences ask, many in one query: it stands on the way of every start.

use std::collections::HashMap;

use super::{Store, StoreError, rows_of_many};

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
    /// Looks up the institution and registrations of candidates; unknown numbers are left out.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn person_find(
        &self,
        candidates: &[i64],
    ) -> Result<HashMap<i64, PersonRow>, StoreError> {
        type Row = (i64, i64, String, Option<String>, Option<String>, Option<String>);
        let rows: Vec<Row> = rows_of_many!(
            self,
            candidates,
            "bigint",
            "person_find",
            "c.candidate_no, c.activated, i.name, r.category, r.practice_scope, r.level",
            "FROM candidate AS c
            JOIN institution AS i ON i.institution_id = c.institution_id
            LEFT JOIN registration AS r ON r.candidate_no = c.candidate_no
            WHERE c.candidate_no IN",
            "ORDER BY r.certificate_no"
        )?;
        let mut people = HashMap::new();
        for (candidate_no, activated, institution, category, scope, level) in rows {
            let person = people.entry(candidate_no).or_insert_with(|| PersonRow {
                activated: activated != 0,
                institution,
                registrations: Vec::new(),
            });
            if let (Some(category), Some(scope), Some(level)) = (category, scope, level) {
                person.registrations.push((category, scope, level));
            }
        }
        Ok(people)
    }
}
