//! Attempts as people look after them, and as results.

use sqlx::AssertSqlSafe;

use super::{Slice, equals, within};
use crate::store::conditions::{Conditions, Value, bind_all, like};
use crate::store::{Scope, Store, StoreError, on};

/// Which attempts; an empty field asks for nothing.
#[derive(Clone, Debug)]
pub struct AttemptFilter {
    /// Of candidates within these institutions.
    pub scope: Scope,
    /// At this exam, by id.
    pub exam_id: Option<String>,
    /// Of this candidate, by id.
    pub candidate_id: Option<String>,
    /// Of candidates of this institution, by id.
    pub institution_id: Option<String>,
    /// Of candidates whose name holds this.
    pub text: Option<String>,
    /// In one of these phases.
    pub phases: Vec<String>,
    /// With one of these verdicts.
    pub verdicts: Vec<String>,
}

impl AttemptFilter {
    /// All attempts at an exam, in one of these phases.
    #[must_use]
    pub fn at_exam(scope: &Scope, exam_id: String, phases: &[&str]) -> Self {
        Self {
            scope: scope.clone(),
            exam_id: Some(exam_id),
            candidate_id: None,
            institution_id: None,
            text: None,
            phases: phases.iter().map(|&phase| phase.to_owned()).collect(),
            verdicts: vec![],
        }
    }
}

/// An attempt in a list; identity is sealed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AttemptListed {
    /// Its number in this database.
    pub attempt_no: i64,
    /// Its candidate's number.
    pub candidate_no: i64,
    /// Its id.
    pub attempt_id: String,
    /// The exam's id.
    pub exam_id: String,
    /// The exam's title.
    pub exam: String,
    /// The candidate's id.
    pub candidate_id: String,
    /// The candidate's name.
    pub candidate: String,
    /// The ID number, encrypted.
    pub id_number_sealed: Vec<u8>,
    /// The institution's name.
    pub institution: String,
    /// When the clock started, in server milliseconds.
    pub started_at_ms: i64,
    /// The phase's name.
    pub phase: String,
    /// When it was closed.
    pub closed_at_ms: Option<i64>,
    /// What closed it.
    pub closed_by: Option<String>,
    /// What was reached, in hundredths.
    pub points: Option<i64>,
    /// What could be reached.
    pub total_points: Option<i64>,
    /// What was needed.
    pub pass_points: Option<i64>,
    /// `passed`, `failed` or `void`.
    pub verdict: Option<String>,
}

/// How many attempts an exam has.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ExamCount {
    /// The exam's id.
    pub exam_id: String,
    /// Attempts that are open.
    pub open: i64,
    /// Attempts that are closed.
    pub closed: i64,
    /// Of those, passed.
    pub passed: i64,
}

fn conditions(filter: &AttemptFilter) -> Conditions {
    let mut all = Conditions::new("1 = 1", vec![]);
    within(&filter.scope, "c.institution_id", &mut all);
    equals("a.exam_id", filter.exam_id.as_ref(), &mut all);
    equals("c.candidate_id", filter.candidate_id.as_ref(), &mut all);
    equals("c.institution_id", filter.institution_id.as_ref(), &mut all);
    all.any_of("a.phase", &filter.phases);
    all.any_of("r.verdict", &filter.verdicts);
    if let Some(text) = &filter.text {
        all.and("c.name LIKE ? ESCAPE '!'", [Value::Text(format!("%{}%", like(text)))]);
    }
    all
}

impl Store {
    /// How many attempts there are.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn attempt_count(&self, filter: &AttemptFilter) -> Result<i64, StoreError> {
        let tables = "attempt AS a
            JOIN candidate AS c ON c.candidate_no = a.candidate_no
            LEFT JOIN result AS r ON r.attempt_no = a.attempt_no";
        self.count("attempt_count", tables, conditions(filter)).await
    }

    /// Attempts, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn attempt_list(
        &self,
        filter: &AttemptFilter,
        slice: Slice,
    ) -> Result<Vec<AttemptListed>, StoreError> {
        let mut all = conditions(filter);
        let end = slice.end("a.attempt_no", true, &mut all);
        let sql = format!(
            "-- attempt_list
            SELECT a.attempt_no, a.candidate_no, a.attempt_id, a.exam_id, e.title AS exam,
                c.candidate_id, c.name AS candidate, c.id_number_sealed, i.name AS institution,
                a.started_at_ms, a.phase, a.closed_at_ms, a.closed_by, r.points, r.total_points,
                r.pass_points, r.verdict
            FROM attempt AS a
            JOIN candidate AS c ON c.candidate_no = a.candidate_no
            JOIN institution AS i ON i.institution_id = c.institution_id
            JOIN exam AS e ON e.exam_id = a.exam_id
            LEFT JOIN result AS r ON r.attempt_no = a.attempt_no
            WHERE {} {end}",
            all.sql
        );
        on!(self.readers(), pool => {
            bind_all!(sqlx::query_as(AssertSqlSafe(sql)), all.values).fetch_all(pool).await
        })
        .map_err(StoreError::in_query("attempt_list"))
    }

    /// How many attempts each exam has, of candidates within a scope.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn exam_counts(&self, scope: &Scope) -> Result<Vec<ExamCount>, StoreError> {
        let mut all = Conditions::new("1 = 1", vec![]);
        within(scope, "c.institution_id", &mut all);
        let sql = format!(
            "-- exam_counts
            SELECT a.exam_id,
                count(CASE WHEN a.closed_at_ms IS NULL THEN 1 END) AS open,
                count(a.closed_at_ms) AS closed,
                count(CASE WHEN r.verdict = 'passed' THEN 1 END) AS passed
            FROM attempt AS a
            JOIN candidate AS c ON c.candidate_no = a.candidate_no
            LEFT JOIN result AS r ON r.attempt_no = a.attempt_no
            WHERE {} GROUP BY a.exam_id",
            all.sql
        );
        on!(self.readers(), pool => {
            bind_all!(sqlx::query_as(AssertSqlSafe(sql)), all.values).fetch_all(pool).await
        })
        .map_err(StoreError::in_query("exam_counts"))
    }
}
