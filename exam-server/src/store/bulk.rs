//! Acts on many attempts: one job that goes on where it was interrupted, with an outcome for each.

use exam_core::ids::{AttemptId, BulkId, StaffId};
use exam_core::time::{Span, Timestamp};
use serde::Serialize;
use sqlx::AssertSqlSafe;
use utoipa::ToSchema;

use super::bank::rows;
use super::{AuditEntry, Store, StoreError, audit::bind_audit, in_transaction, on, parse_column};

/// An act on many attempts, to be kept.
#[derive(Clone, Debug)]
pub struct NewBulk {
    /// Its id.
    pub bulk_id: BulkId,
    /// How much time is added to each.
    pub added: Span,
    /// Who does it.
    pub by: StaffId,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// To which attempts.
    pub attempts: Vec<AttemptId>,
}

/// A job that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenBulk {
    /// Its id.
    pub bulk_id: BulkId,
    /// How much time is added to each.
    pub added: Span,
    /// Who does it.
    pub by: StaffId,
    /// Why.
    pub reason: String,
}

/// How far a job has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
pub struct BulkProgress {
    /// Attempts in all.
    pub attempts: i64,
    /// Of those, done.
    pub done: i64,
    /// Of those, refused: closed meanwhile, or paused.
    pub refused: i64,
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
pub struct BulkItem {
    /// The attempt.
    pub attempt_id: String,
    /// `waiting`, `done` or `refused`.
    pub state: String,
    /// Why it was refused.
    pub detail: String,
}

/// How many attempts one statement keeps.
const SLICE: usize = 1_000;

impl Store {
    /// Keeps a job, with its audit row.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn bulk_keep(&self, new: &NewBulk, audit: &AuditEntry) -> Result<(), StoreError> {
        const SQL: &str = "-- bulk_keep
            INSERT INTO bulk (bulk_id, added_ms, by_staff_id, reason, created_at_ms,
                leased_until_ms) VALUES ($1, $2, $3, $4, $5, 0)";
        let failed = StoreError::in_query("bulk_keep");
        let id = new.bulk_id.to_string();
        in_transaction!(self, "bulk_keep", tx => {
            sqlx::query(SQL)
                .bind(&id)
                .bind(new.added.as_ms())
                .bind(new.by.to_string())
                .bind(&new.reason)
                .bind(new.at.as_ms())
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
            for slice in new.attempts.chunks(SLICE) {
                let sql = format!(
                    "-- bulk_item_keep
                    INSERT INTO bulk_item (bulk_id, attempt_id, state, detail) VALUES {}",
                    rows(slice.len(), 4)
                );
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for attempt in slice {
                    query = query.bind(&id).bind(attempt.to_string()).bind("waiting").bind("");
                }
                query.execute(&mut *tx).await.map_err(&failed)?;
            }
            bind_audit!(audit).execute(&mut *tx).await.map_err(&failed)?;
        });
        Ok(())
    }

    /// Takes the oldest job that nobody works at, until `until`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn bulk_lease(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<OpenBulk>, StoreError> {
        const SQL: &str = "-- bulk_lease
            UPDATE bulk SET leased_until_ms = $2 WHERE leased_until_ms < $1 AND bulk_id = (
                SELECT bulk_id FROM bulk WHERE done_at_ms IS NULL AND leased_until_ms < $1
                ORDER BY created_at_ms, bulk_id LIMIT 1)
            RETURNING bulk_id, added_ms, by_staff_id, reason";
        const WAITS: &str = "-- bulk_waits
            SELECT count(*) FROM bulk WHERE done_at_ms IS NULL AND leased_until_ms < $1";
        let waits: i64 = on!(self.readers(), pool => sqlx::query_scalar(WAITS)
            .bind(now.as_ms())
            .fetch_one(pool)
            .await)
        .map_err(StoreError::in_query("bulk_waits"))?;
        if waits == 0 {
            return Ok(None); // The writer is left alone.
        }
        let row: Option<(String, i64, String, String)> =
            on!(self.writer(), pool => sqlx::query_as(SQL)
                .bind(now.as_ms())
                .bind(until.as_ms())
                .fetch_optional(pool)
                .await)
            .map_err(StoreError::in_query("bulk_lease"))?;
        row.map(|(id, added, by, reason)| {
            Ok(OpenBulk {
                bulk_id: parse_column("bulk", &id, &id)?,
                added: Span::from_ms(added),
                by: parse_column("bulk", &id, &by)?,
                reason,
            })
        })
        .transpose()
    }

    /// The next attempts of a job that wait.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn bulk_waiting(&self, id: BulkId, limit: i64) -> Result<Vec<AttemptId>, StoreError> {
        const SQL: &str = "-- bulk_waiting
            SELECT attempt_id FROM bulk_item WHERE bulk_id = $1 AND state = 'waiting'
            ORDER BY attempt_id LIMIT $2";
        let rows: Vec<String> = on!(self.readers(), pool => sqlx::query_scalar(SQL)
            .bind(id.to_string())
            .bind(limit)
            .fetch_all(pool)
            .await)
        .map_err(StoreError::in_query("bulk_waiting"))?;
        rows.iter().map(|id| parse_column("bulk_item", id, id)).collect()
    }

    /// Whether an act on `object` is audited already under this reason, which names its job.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn audit_has(&self, object: &str, reason: &str) -> Result<bool, StoreError> {
        const SQL: &str = "-- audit_has
            SELECT count(*) FROM audit WHERE object = $1 AND reason = $2";
        let count: i64 = on!(self.readers(), pool => sqlx::query_scalar(SQL)
            .bind(object)
            .bind(reason)
            .fetch_one(pool)
            .await)
        .map_err(StoreError::in_query("audit_has"))?;
        Ok(count > 0)
    }

    /// Notes what became of one attempt.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn bulk_note(
        &self,
        id: BulkId,
        attempt: AttemptId,
        refused: Option<&str>,
    ) -> Result<(), StoreError> {
        const SQL: &str = "-- bulk_note
            UPDATE bulk_item SET state = $3, detail = $4 WHERE bulk_id = $1 AND attempt_id = $2";
        on!(self.writer(), pool => sqlx::query(SQL)
            .bind(id.to_string())
            .bind(attempt.to_string())
            .bind(if refused.is_some() { "refused" } else { "done" })
            .bind(refused.unwrap_or_default())
            .execute(pool)
            .await
            .map(|_| ()))
        .map_err(StoreError::in_query("bulk_note"))
    }

    /// Ends a job, or keeps working at it until `until`.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn bulk_renew(
        &self,
        id: BulkId,
        until: Timestamp,
        done_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        const SQL: &str = "-- bulk_renew
            UPDATE bulk SET leased_until_ms = $2, done_at_ms = $3 WHERE bulk_id = $1";
        on!(self.writer(), pool => sqlx::query(SQL)
            .bind(id.to_string())
            .bind(until.as_ms())
            .bind(done_at.map(Timestamp::as_ms))
            .execute(pool)
            .await
            .map(|_| ()))
        .map_err(StoreError::in_query("bulk_renew"))
    }

    /// Forgets what became of a job's attempts, as if a node had stopped before it could note it.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    #[cfg(feature = "turned-clock")]
    pub async fn bulk_reopen(&self, id: BulkId) -> Result<(), StoreError> {
        const ITEMS: &str = "UPDATE bulk_item SET state = 'waiting' WHERE bulk_id = $1";
        const BULK: &str =
            "UPDATE bulk SET done_at_ms = NULL, leased_until_ms = 0 WHERE bulk_id = $1";
        let failed = StoreError::in_query("bulk_reopen");
        in_transaction!(self, "bulk_reopen", tx => {
            for sql in [ITEMS, BULK] {
                let query = sqlx::query(sql).bind(id.to_string());
                query.execute(&mut *tx).await.map_err(&failed)?;
            }
        });
        Ok(())
    }

    /// How far a job has come; `None` for an unknown one.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn bulk_progress(&self, id: BulkId) -> Result<Option<BulkProgress>, StoreError> {
        const SQL: &str = "-- bulk_progress
            SELECT count(i.attempt_id) AS attempts,
                count(CASE WHEN i.state = 'done' THEN 1 END) AS done,
                count(CASE WHEN i.state = 'refused' THEN 1 END) AS refused
            FROM bulk AS b LEFT JOIN bulk_item AS i ON i.bulk_id = b.bulk_id
            WHERE b.bulk_id = $1 GROUP BY b.bulk_id";
        on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(id.to_string())
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("bulk_progress"))
    }

    /// Attempts of a job behind `after`, with what became of each.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn bulk_items(
        &self,
        id: BulkId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<BulkItem>, StoreError> {
        const SQL: &str = "-- bulk_items
            SELECT attempt_id, state, detail FROM bulk_item
            WHERE bulk_id = $1 AND attempt_id > $2 ORDER BY attempt_id LIMIT $3";
        on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(id.to_string())
            .bind(after)
            .bind(limit)
            .fetch_all(pool)
            .await)
        .map_err(StoreError::in_query("bulk_items"))
    }
}
