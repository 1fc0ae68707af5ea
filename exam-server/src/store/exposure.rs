//! How often each item version had been used, frozen in numbered revisions.

use exam_core::ids::ExamId;
use exam_core::time::Timestamp;

use super::{Store, StoreError, on};

/// One frozen revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExposureRow {
    /// Its number, from 1.
    pub revision: i64,
    /// When it was frozen.
    pub at: Timestamp,
    /// Papers up to this attempt are counted.
    pub last_attempt_no: i64,
    /// Pairs of item version and count, as JSON.
    pub counts: String,
}

impl Store {
    /// The newest revision, or the one numbered `revision`.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn exposure_find(
        &self,
        exam_id: ExamId,
        revision: Option<i64>,
    ) -> Result<Option<ExposureRow>, StoreError> {
        const SQL: &str = "-- exposure_find
            SELECT revision, at_ms, last_attempt_no, counts FROM exposure
            WHERE exam_id = $1 AND ($2 = 0 OR revision = $2) ORDER BY revision DESC LIMIT 1";
        let row: Option<(i64, i64, i64, String)> = on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(exam_id.to_string())
            .bind(revision.unwrap_or(0))
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("exposure_find"))?;
        Ok(row.map(|(revision, at_ms, last_attempt_no, counts)| ExposureRow {
            revision,
            at: Timestamp::from_ms(at_ms),
            last_attempt_no,
            counts,
        }))
    }

    /// Freezes a revision; `false` when another node froze that number first.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn exposure_freeze(
        &self,
        exam_id: ExamId,
        row: &ExposureRow,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "-- exposure_freeze
            INSERT INTO exposure (exam_id, revision, at_ms, last_attempt_no, counts)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        let done = on!(self.writer(), pool => sqlx::query(SQL)
            .bind(exam_id.to_string())
            .bind(row.revision)
            .bind(row.at.as_ms())
            .bind(row.last_attempt_no)
            .bind(&row.counts)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))
        .map_err(StoreError::in_query("exposure_freeze"))?;
        Ok(done == 1)
    }
}
