//! Decisions by people, chained by hash so that no row can change, vanish or move unseen.

use exam_core::time::Timestamp;
use sha2::{Digest, Sha256};

use super::{Store, StoreError, in_transaction, on};

/// One decision, written together with its act.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: a staff id, or `operator` at the command line.
    pub actor: String,
    /// What was done, such as `attempt.extend`.
    pub action: String,
    /// To what: an id.
    pub object: String,
    /// Why.
    pub reason: String,
    /// What it was before, as JSON.
    pub before: String,
    /// What it is now, as JSON.
    pub after: String,
}

/// A decision as it stands in the database.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AuditRow {
    /// Its place in the chain.
    pub audit_no: i64,
    /// When, in server UTC milliseconds.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// Why.
    pub reason: String,
    /// What it was before, as JSON.
    pub before: String,
    /// What it is now, as JSON.
    pub after: String,
    /// The chain's hash up to this row; none until sealed.
    pub chain_hash: Option<Vec<u8>>,
}

/// Where a chain breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditTrouble {
    /// The first row that does not fit.
    pub audit_no: i64,
    /// What is wrong with it.
    pub what: &'static str,
}

pub(super) const INSERT: &str = "-- audit_append
INSERT INTO audit (at_ms, actor, action, object, reason, before, after)
VALUES ($1, $2, $3, $4, $5, $6, $7)";

macro_rules! bind_audit {
    ($entry:expr) => {
        sqlx::query($crate::store::audit::INSERT)
            .bind($entry.at.as_ms())
            .bind(&$entry.actor)
            .bind(&$entry.action)
            .bind(&$entry.object)
            .bind(&$entry.reason)
            .bind(&$entry.before)
            .bind(&$entry.after)
    };
}
pub(super) use bind_audit;

const COLUMNS: &str = "-- audit_rows
SELECT audit_no, at_ms, actor, action, object, reason, before, after, chain_hash FROM audit
WHERE audit_no > $1 ORDER BY audit_no LIMIT $2";

/// How many rows are read or sealed at a time.
const PAGE: i64 = 500;

/// The setting that counts the sealed rows, so that a cut-off end is noticed.
const SEALED_COUNT: &str = "audit_sealed_count";

impl AuditRow {
    /// SHA-256 over the previous hash and every field, each with its length, so that nothing can
    /// move from one field into the next.
    fn hash_after(&self, previous: &[u8]) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(previous);
        hash.update(self.audit_no.to_be_bytes());
        hash.update(self.at_ms.to_be_bytes());
        let texts =
            [&self.actor, &self.action, &self.object, &self.reason, &self.before, &self.after];
        for text in texts {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.finalize().to_vec()
    }
}

impl Store {
    /// Writes one decision by itself; most ride in the transaction of their act instead.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn audit_append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        on!(self.writer(), pool => bind_audit!(entry).execute(pool).await.map(|_| ()))
            .map_err(StoreError::in_query("audit_append"))
    }

    /// Chains the rows written since the last time, and returns how many.
    ///
    /// Rows are sealed in the order of their numbers. On PostgreSQL a number may be taken before
    /// a lower one is committed, so sealers exclude each other and stop a row at a time; a row
    /// that appears below the sealed end is reported by [`audit_verify`](Self::audit_verify).
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn audit_seal(&self, settled_before: Timestamp) -> Result<u64, StoreError> {
        const LOCK: &str = "-- audit_seal_lock
            INSERT INTO setting (name, value) VALUES ('audit_sealed_count', '0')
            ON CONFLICT (name) DO UPDATE SET value = setting.value";
        const LAST: &str = "-- audit_last_sealed
            SELECT audit_no, chain_hash FROM audit WHERE chain_hash IS NOT NULL
            ORDER BY audit_no DESC LIMIT 1";
        const SEAL: &str = "-- audit_seal
            UPDATE audit SET chain_hash = $2 WHERE audit_no = $1";
        const COUNT: &str = "-- audit_count_sealed
            UPDATE setting SET value = CAST(CAST(value AS bigint) + $2 AS text) WHERE name = $1";
        let failed = StoreError::in_query("audit_seal");
        let sealed = in_transaction!(self, "audit_seal", tx => {
            sqlx::query(LOCK).execute(&mut *tx).await.map_err(&failed)?;
            let last: Option<(i64, Vec<u8>)> =
                sqlx::query_as(LAST).fetch_optional(&mut *tx).await.map_err(&failed)?;
            let (last_no, mut previous) = last.unwrap_or((0, Vec::new()));
            let rows: Vec<AuditRow> = sqlx::query_as(COLUMNS)
                .bind(last_no)
                .bind(PAGE)
                .fetch_all(&mut *tx)
                .await
                .map_err(&failed)?;
            let mut count = 0;
            for row in rows.iter().take_while(|row| row.at_ms <= settled_before.as_ms()) {
                previous = row.hash_after(&previous);
                sqlx::query(SEAL)
                    .bind(row.audit_no)
                    .bind(&previous)
                    .execute(&mut *tx)
                    .await
                    .map_err(&failed)?;
                count += 1;
            }
            if count > 0 {
                sqlx::query(COUNT)
                    .bind(SEALED_COUNT)
                    .bind(count)
                    .execute(&mut *tx)
                    .await
                    .map_err(&failed)?;
            }
            count
        });
        Ok(u64::try_from(sealed).unwrap_or(0))
    }

    /// Checks the whole chain: no row edited, removed, moved or cut off at the end. Returns how
    /// many sealed rows there are, or the first row that does not fit.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn audit_verify(&self) -> Result<Result<u64, AuditTrouble>, StoreError> {
        let mut previous = Vec::new();
        let mut after = 0;
        let mut sealed: u64 = 0;
        let mut unsealed_seen = false;
        loop {
            let rows = self.audit_rows(after, PAGE).await?;
            for row in &rows {
                after = row.audit_no;
                let trouble = |what| Ok(Err(AuditTrouble { audit_no: row.audit_no, what }));
                let Some(chain_hash) = &row.chain_hash else {
                    unsealed_seen = true;
                    continue;
                };
                if unsealed_seen {
                    return trouble("an unsealed row stands before a sealed one");
                }
                previous = row.hash_after(&previous);
                if previous != *chain_hash {
                    return trouble("the hash does not follow from the rows before it");
                }
                sealed += 1;
            }
            if rows.is_empty() {
                break;
            }
        }
        let counted = self.setting_find(SEALED_COUNT).await?;
        let counted = counted.and_then(|text| text.parse().ok()).unwrap_or(0);
        if sealed == counted {
            Ok(Ok(sealed))
        } else {
            Ok(Err(AuditTrouble { audit_no: after, what: "sealed rows are missing" }))
        }
    }

    /// Up to `limit` rows after `after`, in order.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn audit_rows(&self, after: i64, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
        on!(self.readers(), pool => sqlx::query_as(COLUMNS)
            .bind(after)
            .bind(limit)
            .fetch_all(pool)
            .await)
        .map_err(StoreError::in_query("audit_rows"))
    }
}
