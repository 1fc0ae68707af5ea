//! Attempts, their papers and results.

use std::collections::HashMap;

use exam_core::ids::{AttemptId, CandidateId, ExamId, InstitutionId};
use exam_core::session::Seq;
use exam_core::time::Timestamp;
use serde::Deserialize;

use super::{AttemptKey, Scope, Store, StoreError, on, parse_column, rows_of_many};

/// An attempt's row, found for its candidate or for a member of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its numbers in this database.
    pub key: AttemptKey,
    /// Its id.
    pub attempt_id: AttemptId,
    /// Whose.
    pub candidate_id: CandidateId,
    /// The candidate's institution.
    pub institution_id: InstitutionId,
    /// At what.
    pub exam_id: ExamId,
    /// The exam's revision the paper was drawn from.
    pub exam_revision: i64,
    /// The audience row whose blueprint was used.
    pub audience_row: i64,
    /// When the clock started.
    pub started_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

/// An attempt as lists and rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptSummary {
    /// Its id.
    pub attempt_id: AttemptId,
    /// At what.
    pub exam_id: ExamId,
    /// When the clock started.
    pub started_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// By what.
    pub closed_by: Option<String>,
    /// The phase's name.
    pub phase: String,
    /// What was reached, in hundredths, once scored.
    pub points: Option<i64>,
    /// `passed`, `failed` or `void`, once scored.
    pub verdict: Option<String>,
}

/// An open attempt whose session has something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenAttempt {
    /// Its numbers in this database.
    pub key: AttemptKey,
    /// Its id.
    pub attempt_id: AttemptId,
}

#[derive(sqlx::FromRow, Deserialize)]
struct Row {
    attempt_no: i64,
    attempt_id: String,
    candidate_no: i64,
    candidate_id: String,
    institution_id: String,
    exam_id: String,
    exam_revision: i64,
    audience_row: i64,
    started_at_ms: i64,
    closed_at_ms: Option<i64>,
}

impl TryFrom<Row> for Attempt {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let no = row.attempt_no;
        Ok(Self {
            key: AttemptKey { candidate_no: row.candidate_no, attempt_no: no },
            attempt_id: parse_column("attempt", no, &row.attempt_id)?,
            candidate_id: parse_column("candidate", no, &row.candidate_id)?,
            institution_id: parse_column("candidate", no, &row.institution_id)?,
            exam_id: parse_column("attempt", no, &row.exam_id)?,
            exam_revision: row.exam_revision,
            audience_row: row.audience_row,
            started_at: Timestamp::from_ms(row.started_at_ms),
            closed_at: row.closed_at_ms.map(Timestamp::from_ms),
        })
    }
}

impl Store {
    /// Looks up an attempt within `scope`; an unknown id is `Ok(None)`, not an error, and so is
    /// somebody else's.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the row cannot be read.
    pub async fn attempt_find(
        &self,
        id: AttemptId,
        scope: &Scope,
    ) -> Result<Option<Attempt>, StoreError> {
        let attempt = self.attempts_find(&[id]).await?.remove(&id);
        Ok(attempt.filter(|attempt| scope.covers(attempt.institution_id)))
    }

    /// Looks up attempts; an unknown id is left out.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn attempts_find(
        &self,
        ids: &[AttemptId],
    ) -> Result<HashMap<AttemptId, Attempt>, StoreError> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let rows: Vec<Row> = rows_of_many!(
            self,
            &ids,
            "text",
            "attempts_find",
            "a.attempt_no, a.attempt_id, a.candidate_no, c.candidate_id, c.institution_id,
                a.exam_id, a.exam_revision, a.audience_row, a.started_at_ms, a.closed_at_ms",
            "FROM attempt AS a JOIN candidate AS c ON c.candidate_no = a.candidate_no
            WHERE a.attempt_id IN",
            ""
        )?;
        rows.into_iter()
            .map(|row| Attempt::try_from(row).map(|attempt| (attempt.attempt_id, attempt)))
            .collect()
    }

    /// The id of an attempt by its number in this database.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the row cannot be read.
    pub async fn attempt_id_of(&self, attempt_no: i64) -> Result<Option<AttemptId>, StoreError> {
        const SQL: &str = "-- attempt_id_of
            SELECT attempt_id FROM attempt WHERE attempt_no = $1";
        let found: Option<String> = on!(self.readers(), pool => {
            sqlx::query_scalar(SQL).bind(attempt_no).fetch_optional(pool).await
        })
        .map_err(StoreError::in_query("attempt_id_of"))?;
        found.map(|id| parse_column("attempt", attempt_no, &id)).transpose()
    }

    /// Whether an attempt runs, and is not paused, locked or over, as its row says.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn attempt_runs(&self, attempt_no: i64) -> Result<bool, StoreError> {
        const SQL: &str = "-- attempt_runs
            SELECT phase FROM attempt WHERE attempt_no = $1";
        let phase: Option<String> = on!(self.readers(), pool => {
            sqlx::query_scalar(SQL).bind(attempt_no).fetch_optional(pool).await
        })
        .map_err(StoreError::in_query("attempt_runs"))?;
        Ok(phase.as_deref() == Some("running"))
    }

    /// The attempts of candidates, oldest first; whoever has none is left out.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn attempt_list_of(
        &self,
        candidates: &[i64],
    ) -> Result<HashMap<i64, Vec<AttemptSummary>>, StoreError> {
        #[derive(sqlx::FromRow, Deserialize)]
        struct Found {
            candidate_no: i64,
            attempt_id: String,
            exam_id: String,
            started_at_ms: i64,
            closed_at_ms: Option<i64>,
            closed_by: Option<String>,
            phase: String,
            points: Option<i64>,
            verdict: Option<String>,
        }
        let rows: Vec<Found> = rows_of_many!(
            self,
            candidates,
            "bigint",
            "attempt_list_of",
            "a.candidate_no, a.attempt_id, a.exam_id, a.started_at_ms, a.closed_at_ms,
                a.closed_by, a.phase, r.points, r.verdict",
            "FROM attempt AS a LEFT JOIN result AS r ON r.attempt_no = a.attempt_no
            WHERE a.candidate_no IN",
            "ORDER BY a.attempt_no"
        )?;
        let mut lists: HashMap<i64, Vec<AttemptSummary>> = HashMap::new();
        for row in rows {
            lists.entry(row.candidate_no).or_default().push(AttemptSummary {
                exam_id: parse_column("attempt", &row.attempt_id, &row.exam_id)?,
                attempt_id: parse_column("attempt", &row.attempt_id, &row.attempt_id)?,
                started_at: Timestamp::from_ms(row.started_at_ms),
                closed_at: row.closed_at_ms.map(Timestamp::from_ms),
                closed_by: row.closed_by,
                phase: row.phase,
                points: row.points,
                verdict: row.verdict,
            });
        }
        Ok(lists)
    }

    /// Open attempts whose sessions have something to do at `now`, the longest waiting first.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn attempt_due(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<OpenAttempt>, StoreError> {
        const SQL: &str = "-- attempt_due
            SELECT candidate_no, attempt_no, attempt_id FROM attempt
            WHERE closed_at_ms IS NULL AND wake_at_ms <= $1 ORDER BY wake_at_ms LIMIT $2";
        self.open_attempts(SQL, now.as_ms(), limit).await
    }

    /// Open attempts after the one numbered `after`, in order.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn attempt_open_after(
        &self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<OpenAttempt>, StoreError> {
        const SQL: &str = "-- attempt_open_after
            SELECT candidate_no, attempt_no, attempt_id FROM attempt
            WHERE closed_at_ms IS NULL AND attempt_no > $1 ORDER BY attempt_no LIMIT $2";
        self.open_attempts(SQL, after, limit).await
    }

    async fn open_attempts(
        &self,
        sql: &'static str,
        bound: i64,
        limit: i64,
    ) -> Result<Vec<OpenAttempt>, StoreError> {
        let rows: Vec<(i64, i64, String)> = on!(self.readers(), pool => sqlx::query_as(sql)
            .bind(bound)
            .bind(limit)
            .fetch_all(pool)
            .await)
        .map_err(StoreError::in_query("open_attempts"))?;
        rows.into_iter()
            .map(|(candidate_no, attempt_no, attempt_id)| {
                Ok(OpenAttempt {
                    key: AttemptKey { candidate_no, attempt_no },
                    attempt_id: parse_column("attempt", attempt_no, &attempt_id)?,
                })
            })
            .collect()
    }

    /// The paper of an attempt, as stored.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn paper_find(&self, attempt_no: i64) -> Result<Option<String>, StoreError> {
        const SQL: &str = "-- paper_find
            SELECT body FROM paper WHERE attempt_no = $1";
        on!(self.readers(), pool => sqlx::query_scalar(SQL)
            .bind(attempt_no)
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("paper_find"))
    }

    /// The papers of a candidate's earlier attempts at an exam, with their attempts' ids.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn paper_list_of(
        &self,
        candidate_no: i64,
        exam_id: ExamId,
    ) -> Result<Vec<(AttemptId, String)>, StoreError> {
        const SQL: &str = "-- paper_list_of
            SELECT a.attempt_id, p.body FROM attempt AS a
            JOIN paper AS p ON p.attempt_no = a.attempt_no
            WHERE a.candidate_no = $1 AND a.exam_id = $2 ORDER BY a.attempt_no";
        let rows: Vec<(String, String)> = on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(candidate_no)
            .bind(exam_id.to_string())
            .fetch_all(pool)
            .await)
        .map_err(StoreError::in_query("paper_list_of"))?;
        rows.into_iter().map(|(id, body)| Ok((parse_column("attempt", &id, &id)?, body))).collect()
    }

    /// The papers of an exam drawn after the attempt numbered `after`, with their numbers.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn paper_list_after(
        &self,
        exam_id: ExamId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        const SQL: &str = "-- paper_list_after
            SELECT a.attempt_no, p.body FROM attempt AS a
            JOIN paper AS p ON p.attempt_no = a.attempt_no
            WHERE a.exam_id = $1 AND a.attempt_no > $2 ORDER BY a.attempt_no LIMIT $3";
        on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(exam_id.to_string())
            .bind(after)
            .bind(limit)
            .fetch_all(pool)
            .await)
        .map_err(StoreError::in_query("paper_list_after"))
    }

    /// The result of an attempt.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn result_find(
        &self,
        attempt_no: i64,
    ) -> Result<Option<super::ResultRow>, StoreError> {
        const SQL: &str = "-- result_find
            SELECT points, total_points, pass_points, verdict, receipt, scored_at_ms
            FROM result WHERE attempt_no = $1";
        type Found = (i64, i64, i64, String, String, i64);
        let row: Option<Found> = on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(attempt_no)
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("result_find"))?;
        let hundredths = |points: i64| {
            u32::try_from(points)
                .map(exam_core::points::Points::from_hundredths)
                .map_err(|error| StoreError::bad_row("result", attempt_no, error))
        };
        row.map(|(points, total, pass, verdict, receipt, scored_at)| {
            Ok(super::ResultRow {
                points: hundredths(points)?,
                total_points: hundredths(total)?,
                pass_points: hundredths(pass)?,
                verdict,
                receipt,
                scored_at: Timestamp::from_ms(scored_at),
            })
        })
        .transpose()
    }

    /// The end of one journal, read now.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn journal_head(&self, key: AttemptKey) -> Result<Seq, StoreError> {
        let heads = self.journal_heads(&[key]).await?;
        Ok(heads.first().map_or(Seq(0), |&(_, seq)| seq))
    }
}

impl Store {
    /// The ids of all attempts, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn attempt_ids(&self) -> Result<Vec<AttemptId>, StoreError> {
        const SQL: &str = "-- attempt_ids
            SELECT attempt_id FROM attempt ORDER BY attempt_no";
        let ids: Vec<String> =
            on!(self.readers(), pool => sqlx::query_scalar(SQL).fetch_all(pool).await)
                .map_err(StoreError::in_query("attempt_ids"))?;
        ids.iter().map(|id| parse_column("attempt", id, id)).collect()
    }

    /// The phase that an attempt's row says.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn attempt_row_phase(&self, attempt_no: i64) -> Result<Option<String>, StoreError> {
        const SQL: &str = "-- attempt_row_phase
            SELECT phase FROM attempt WHERE attempt_no = $1";
        on!(self.readers(), pool => sqlx::query_scalar(SQL)
            .bind(attempt_no)
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("attempt_row_phase"))
    }
}
