//! Photographs whose time is over.

use exam_core::ids::{AttemptId, ExamId};
use exam_core::time::Timestamp;

use super::audit::bind_audit;
use super::{AuditEntry, SnapshotRow, Store, StoreError, in_transaction, on, parse_column};

/// A closed attempt with photographs that were not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSnapshots {
    /// Its number in this database.
    pub attempt_no: i64,
    /// Its id.
    pub attempt_id: AttemptId,
    /// At what.
    pub exam_id: ExamId,
    /// The exam's revision.
    pub exam_revision: i64,
    /// When it was closed.
    pub closed_at: Timestamp,
    /// Where its review stands; `None` while there is none.
    pub state: Option<String>,
    /// When the review changed last.
    pub changed_at: Option<Timestamp>,
}

const STANDS: &str = "-- review_stands_now
    SELECT state, changed_at_ms FROM review WHERE attempt_no = $1";

const DELETED: &str = "-- snapshot_deleted
    UPDATE snapshot SET deleted_at_ms = $2, sketch = $3, hash = 0 WHERE snapshot_no = $1";

impl Store {
    /// Closed attempts behind the one numbered `after` whose photographs are there, in order.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn snapshots_kept(
        &self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<KeptSnapshots>, StoreError> {
        type Found = (i64, String, String, i64, i64, Option<String>, Option<i64>);
        const SQL: &str = "-- snapshots_kept
            SELECT a.attempt_no, a.attempt_id, a.exam_id, a.exam_revision, a.closed_at_ms, v.state,
                v.changed_at_ms
            FROM attempt AS a LEFT JOIN review AS v ON v.attempt_no = a.attempt_no
            WHERE a.attempt_no > $1 AND a.closed_at_ms IS NOT NULL
                AND EXISTS (SELECT 1 FROM snapshot AS s
                    WHERE s.attempt_no = a.attempt_no AND s.deleted_at_ms IS NULL)
            ORDER BY a.attempt_no LIMIT $2";
        let rows: Vec<Found> = on!(self.readers(), pool => {
            sqlx::query_as(SQL).bind(after).bind(limit).fetch_all(pool).await
        })
        .map_err(StoreError::in_query("snapshots_kept"))?;
        let kept = |(attempt_no, id, exam, exam_revision, closed_at, state, changed_at): Found| {
            Ok(KeptSnapshots {
                attempt_no,
                attempt_id: parse_column("attempt", attempt_no, &id)?,
                exam_id: parse_column("attempt", attempt_no, &exam)?,
                exam_revision,
                closed_at: Timestamp::from_ms(closed_at),
                state,
                changed_at: changed_at.map(Timestamp::from_ms),
            })
        };
        rows.into_iter().map(kept).collect()
    }

    /// How many attempts, closed or not, have photographs that were not deleted.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn snapshots_kept_count(&self) -> Result<i64, StoreError> {
        const SQL: &str = "-- snapshots_kept_count
            SELECT count(DISTINCT attempt_no) FROM snapshot WHERE deleted_at_ms IS NULL";
        on!(self.readers(), pool => sqlx::query_scalar(SQL).fetch_one(pool).await)
            .map_err(StoreError::in_query("snapshots_kept_count"))
    }

    /// Notes that the pictures of these photographs are deleted, with the audit row of it, unless the
    /// review of their attempt has changed since `kept` was read; says whether it was noted. What is known
    /// of them stays, but for how they looked.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn snapshots_deleted(
        &self,
        kept: &KeptSnapshots,
        rows: &[SnapshotRow],
        audit: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let known = kept.state.clone().zip(kept.changed_at.map(Timestamp::as_ms));
        let failed = StoreError::in_query("snapshot_deleted");
        let noted = in_transaction!(self, "snapshots_deleted", steps of kept.attempt_no, tx => {
            let now: Option<(String, i64)> = sqlx::query_as(STANDS)
                .bind(kept.attempt_no)
                .fetch_optional(&mut *tx)
                .await
                .map_err(&failed)?;
            let stands = now == known;
            if stands {
                for row in rows {
                    sqlx::query(DELETED)
                        .bind(row.snapshot_no)
                        .bind(audit.at.as_ms())
                        .bind(Vec::<u8>::new())
                        .execute(&mut *tx)
                        .await
                        .map_err(&failed)?;
                }
                bind_audit!(audit).execute(&mut *tx).await.map_err(&failed)?;
            }
            stands
        });
        Ok(noted)
    }
}
