//! Candidates without a camera, at exams that are then sat under somebody's eyes.

use exam_core::ids::{CandidateId, ExamId};
use exam_core::time::{Span, Timestamp};

use super::audit::bind_audit;
use super::{AuditEntry, Scope, Store, StoreError, in_transaction, on};

/// How long somebody who was let in may start.
pub const ADMITTED_FOR: Span = Span::from_minutes(12 * 60);

/// How old a wish to be let in is before nobody waits any more.
const WAITS_FOR: Span = Span::from_minutes(12 * 60);

/// Somebody at the door.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AdmissionRow {
    /// Whose.
    pub candidate_id: String,
    /// The candidate's name.
    pub candidate: String,
    /// The institution's id.
    pub institution_id: String,
    /// The institution's name.
    pub institution: String,
    /// When they stood there last, in server milliseconds.
    pub asked_at_ms: i64,
    /// When they were let in.
    pub admitted_at_ms: Option<i64>,
    /// Until when they may start.
    pub until_ms: Option<i64>,
}

impl Store {
    /// Notes that a candidate wants to be let in; whether somebody has.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn admission_ask(
        &self,
        exam: ExamId,
        candidate_no: i64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "-- admission_ask
            INSERT INTO admission (exam_id, candidate_no, asked_at_ms, reason)
            VALUES ($1, $2, $3, '')
            ON CONFLICT (exam_id, candidate_no) DO UPDATE SET asked_at_ms = excluded.asked_at_ms
            RETURNING until_ms";
        let until: Option<i64> = on!(self.writer(), pool => sqlx::query_scalar(SQL)
            .bind(exam.to_string())
            .bind(candidate_no)
            .bind(now.as_ms())
            .fetch_one(pool)
            .await)
        .map_err(StoreError::in_query("admission_ask"))?;
        Ok(until.is_some_and(|until| until >= now.as_ms()))
    }

    /// Lets a candidate in, with the audit row of it; `false` for an unknown candidate, and for one
    /// outside `scope`.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn admission_give(
        &self,
        exam: ExamId,
        candidate: CandidateId,
        scope: &Scope,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        const FIND: &str = "-- admission_candidate
            SELECT candidate_no, institution_id FROM candidate WHERE candidate_id = $1";
        const SQL: &str = "-- admission_give
            INSERT INTO admission (exam_id, candidate_no, asked_at_ms, admitted_by, admitted_at_ms,
                until_ms, reason)
            VALUES ($1, $2, $3, $4, $3, $5, $6)
            ON CONFLICT (exam_id, candidate_no) DO UPDATE SET admitted_by = excluded.admitted_by,
                admitted_at_ms = excluded.admitted_at_ms, until_ms = excluded.until_ms,
                reason = excluded.reason";
        let failed = StoreError::in_query("admission_give");
        let given = in_transaction!(self, "admission_give", tx => {
            let found: Option<(i64, String)> = sqlx::query_as(FIND)
                .bind(candidate.to_string())
                .fetch_optional(&mut *tx)
                .await
                .map_err(&failed)?;
            let found = found.filter(|(_, institution)| {
                institution.parse().is_ok_and(|institution| scope.covers(institution))
            });
            if let Some((number, _)) = found {
                sqlx::query(SQL)
                    .bind(exam.to_string())
                    .bind(number)
                    .bind(entry.at.as_ms())
                    .bind(&entry.actor)
                    .bind((entry.at + ADMITTED_FOR).as_ms())
                    .bind(&entry.reason)
                    .execute(&mut *tx)
                    .await
                    .map_err(&failed)?;
                bind_audit!(entry).execute(&mut *tx).await.map_err(&failed)?;
            }
            found.is_some()
        });
        Ok(given)
    }

    /// Who stands at the door of an exam, and who was let in lately; the longest waiting first.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn admission_list(
        &self,
        exam: ExamId,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<Vec<AdmissionRow>, StoreError> {
        const SQL: &str = "-- admission_list
            SELECT c.candidate_id, c.name AS candidate, c.institution_id, i.name AS institution,
                m.asked_at_ms, m.admitted_at_ms, m.until_ms
            FROM admission AS m
            JOIN candidate AS c ON c.candidate_no = m.candidate_no
            JOIN institution AS i ON i.institution_id = c.institution_id
            WHERE m.exam_id = $1 AND m.asked_at_ms >= $2
            ORDER BY m.admitted_at_ms IS NOT NULL, m.asked_at_ms";
        let rows: Vec<AdmissionRow> = on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(exam.to_string())
            .bind((now - WAITS_FOR).as_ms())
            .fetch_all(pool)
            .await)
        .map_err(StoreError::in_query("admission_list"))?;
        let covered = |row: &AdmissionRow| {
            row.institution_id.parse().is_ok_and(|institution| scope.covers(institution))
        };
        Ok(rows.into_iter().filter(covered).collect())
    }
}
