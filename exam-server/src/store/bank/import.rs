//! Importing drafts.
//!
//! Rows are written in slices in the state `staged`, which nothing reads, and become drafts in
//! one short step at the end: a crash leaves nothing half imported, and on SQLite no slice holds
//! the write lock for long.

use exam_core::ids::{BankId, StaffId};
use exam_core::time::Timestamp;

use super::{DraftCounts, NewItem, NewUnit};
use crate::store::{AuditEntry, Store, StoreError, audit::bind_audit, in_transaction, on};

/// How many units one transaction writes: about 10 ms of the write lock.
const SLICE: usize = 50;

impl Store {
    /// The bank of this name with its revision, made under `fresh` if there was none.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn bank_keep(
        &self,
        name: &str,
        fresh: BankId,
        now: Timestamp,
    ) -> Result<BankId, StoreError> {
        const SQL: &str = "-- bank_keep
            INSERT INTO bank (bank_id, name, revision, created_at_ms) VALUES ($1, $2, 0, $3)
            ON CONFLICT (name) DO UPDATE SET name = excluded.name
            RETURNING bank_id";
        let id: String = on!(self.writer(), pool => sqlx::query_scalar(SQL)
            .bind(fresh.to_string())
            .bind(name)
            .bind(now.as_ms())
            .fetch_one(pool)
            .await)
        .map_err(StoreError::in_query("bank_keep"))?;
        crate::store::parse_column("bank", name, &id)
    }

    /// Imports units as drafts, all or none. A unit whose newest version says the same is left
    /// as it is. `progress` is called with the number of units done.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble; nothing was imported then.
    pub async fn bank_import(
        &self,
        bank_id: BankId,
        units: &[NewUnit],
        by: StaffId,
        now: Timestamp,
        audit: &AuditEntry,
        mut progress: impl FnMut(usize),
    ) -> Result<DraftCounts, StoreError> {
        self.bank_drop_staged(bank_id).await?;
        let mut counts = DraftCounts::default();
        for (done, slice) in units.chunks(SLICE).enumerate() {
            let staged = self.bank_stage(bank_id, slice, by, now).await?;
            counts.added += staged.added;
            counts.unchanged += staged.unchanged;
            progress(done * SLICE + slice.len());
        }
        self.bank_flip_staged(bank_id, audit).await?;
        Ok(counts)
    }

    async fn bank_stage(
        &self,
        bank_id: BankId,
        units: &[NewUnit],
        by: StaffId,
        now: Timestamp,
    ) -> Result<DraftCounts, StoreError> {
        const UNIT: &str = "-- unit_keep
            INSERT INTO unit (bank_id, code) VALUES ($1, $2)
            ON CONFLICT (bank_id, code) DO UPDATE SET code = excluded.code
            RETURNING unit_no";
        const NEWEST: &str = "-- unit_newest
            SELECT version, content_hash FROM unit_version
            WHERE unit_no = $1 AND state <> 'staged' ORDER BY version DESC LIMIT 1";
        const VERSION: &str = "-- unit_version_stage
            INSERT INTO unit_version (unit_no, version, state, item_type, topic, difficulty, tags,
                pool, shared, content_hash, source, imported_by, imported_at_ms)
            VALUES ($1, $2, 'staged', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            RETURNING unit_version_no";
        const ITEM: &str = "-- item_keep
            INSERT INTO item (unit_no, code) VALUES ($1, $2)
            ON CONFLICT (unit_no, code) DO UPDATE SET code = excluded.code
            RETURNING item_no";
        const ITEM_VERSION: &str = "-- item_version_stage
            INSERT INTO item_version (unit_version_no, item_no, position, content, content_hash,
                pinned)
            VALUES ($1, $2, $3, $4, $5, $6)
            RETURNING item_version_no";
        const KEY: &str = "-- item_key_stage
            INSERT INTO item_key (item_version_no, key_bits, explanation) VALUES ($1, $2, $3)";
        let failed = StoreError::in_query("bank_stage");
        let counts = in_transaction!(self, "bank_stage", tx => {
            let mut counts = DraftCounts::default();
            for unit in units {
                let unit_no: i64 = sqlx::query_scalar(UNIT)
                    .bind(bank_id.to_string())
                    .bind(&unit.code)
                    .fetch_one(&mut *tx)
                    .await
                    .map_err(&failed)?;
                let newest: Option<(i64, Vec<u8>)> = sqlx::query_as(NEWEST)
                    .bind(unit_no)
                    .fetch_optional(&mut *tx)
                    .await
                    .map_err(&failed)?;
                let version = match newest {
                    Some((_, hash)) if hash == unit.content_hash => {
                        counts.unchanged += unit.items.len();
                        continue;
                    }
                    Some((version, _)) => version + 1,
                    None => 1,
                };
                let unit_version_no: i64 = sqlx::query_scalar(VERSION)
                    .bind(unit_no)
                    .bind(version)
                    .bind(&unit.item_type)
                    .bind(&unit.topic)
                    .bind(&unit.difficulty)
                    .bind(&unit.tags)
                    .bind(&unit.pool)
                    .bind(&unit.shared)
                    .bind(&unit.content_hash)
                    .bind(&unit.source)
                    .bind(by.to_string())
                    .bind(now.as_ms())
                    .fetch_one(&mut *tx)
                    .await
                    .map_err(&failed)?;
                for (position, item) in (1_i64..).zip(&unit.items) {
                    let NewItem { code, content, content_hash, pinned, key_bits, explanation } = item;
                    let item_no: i64 = sqlx::query_scalar(ITEM)
                        .bind(unit_no)
                        .bind(code)
                        .fetch_one(&mut *tx)
                        .await
                        .map_err(&failed)?;
                    let item_version_no: i64 = sqlx::query_scalar(ITEM_VERSION)
                        .bind(unit_version_no)
                        .bind(item_no)
                        .bind(position)
                        .bind(content)
                        .bind(content_hash)
                        .bind(pinned)
                        .fetch_one(&mut *tx)
                        .await
                        .map_err(&failed)?;
                    sqlx::query(KEY)
                        .bind(item_version_no)
                        .bind(key_bits)
                        .bind(explanation)
                        .execute(&mut *tx)
                        .await
                        .map_err(&failed)?;
                }
                counts.added += unit.items.len();
            }
            counts
        });
        Ok(counts)
    }

    /// Makes what was staged into drafts, in one statement. An older draft of the same unit is
    /// superseded.
    async fn bank_flip_staged(
        &self,
        bank_id: BankId,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        const SUPERSEDE: &str = "-- unit_version_supersede_drafts
            UPDATE unit_version SET state = 'superseded'
            WHERE state = 'draft' AND unit_no IN (SELECT s.unit_no FROM unit_version AS s
                JOIN unit AS u ON u.unit_no = s.unit_no
                WHERE s.state = 'staged' AND u.bank_id = $1)";
        const FLIP: &str = "-- unit_version_flip
            UPDATE unit_version SET state = 'draft'
            WHERE state = 'staged' AND unit_no IN (SELECT unit_no FROM unit WHERE bank_id = $1)";
        let failed = StoreError::in_query("bank_flip_staged");
        in_transaction!(self, "bank_flip_staged", tx => {
            for sql in [SUPERSEDE, FLIP] {
                sqlx::query(sql)
                    .bind(bank_id.to_string())
                    .execute(&mut *tx)
                    .await
                    .map_err(&failed)?;
            }
            bind_audit!(audit).execute(&mut *tx).await.map_err(&failed)?;
        });
        Ok(())
    }

    /// Removes what an import that was cut off has left.
    async fn bank_drop_staged(&self, bank_id: BankId) -> Result<(), StoreError> {
        const ITEM_KEYS: &str = "-- item_key_drop_staged
            DELETE FROM item_key WHERE item_version_no IN (SELECT i.item_version_no
                FROM item_version AS i
                JOIN unit_version AS v ON v.unit_version_no = i.unit_version_no
                JOIN unit AS u ON u.unit_no = v.unit_no
                WHERE v.state = 'staged' AND u.bank_id = $1)";
        const ITEMS: &str = "-- item_version_drop_staged
            DELETE FROM item_version WHERE unit_version_no IN (SELECT v.unit_version_no
                FROM unit_version AS v JOIN unit AS u ON u.unit_no = v.unit_no
                WHERE v.state = 'staged' AND u.bank_id = $1)";
        const UNITS: &str = "-- unit_version_drop_staged
            DELETE FROM unit_version WHERE state = 'staged'
                AND unit_no IN (SELECT unit_no FROM unit WHERE bank_id = $1)";
        let failed = StoreError::in_query("bank_drop_staged");
        in_transaction!(self, "bank_drop_staged", tx => {
            for sql in [ITEM_KEYS, ITEMS, UNITS] {
                sqlx::query(sql)
                    .bind(bank_id.to_string())
                    .execute(&mut *tx)
                    .await
                    .map_err(&failed)?;
            }
        });
        Ok(())
    }
}
