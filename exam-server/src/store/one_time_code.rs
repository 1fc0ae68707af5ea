//! One-time codes and entry tickets, kept as hashes.

use exam_core::time::Timestamp;

use super::{AuditEntry, Store, StoreError, audit::bind_audit, in_transaction, on};

/// What a code opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodePurpose {
    /// "Set a new password", and nothing else.
    Reset,
    /// An exam, without hashing a password.
    Entry,
}

impl CodePurpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Entry => "entry",
        }
    }
}

impl Store {
    /// Stores new codes, all or none. A new reset code ends the older ones of its candidate.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn one_time_code_issue(
        &self,
        purpose: CodePurpose,
        codes: &[(i64, Vec<u8>)],
        now: Timestamp,
        expires_at: Timestamp,
        audit: Option<&AuditEntry>,
    ) -> Result<(), StoreError> {
        const END: &str = "-- one_time_code_end_older
            UPDATE one_time_code SET used_at_ms = $3
            WHERE candidate_no = $1 AND purpose = $2 AND used_at_ms IS NULL";
        const INSERT: &str = "-- one_time_code_issue
            INSERT INTO one_time_code (code_hash, candidate_no, purpose, created_at_ms, expires_at_ms)
            VALUES ($1, $2, $3, $4, $5)";
        const RESET: &str = "-- account_note_reset
            UPDATE account SET reset_at_ms = $2 WHERE candidate_no = $1";
        let failed = StoreError::in_query("one_time_code_issue");
        in_transaction!(self, "one_time_code_issue", tx => {
            for (candidate_no, code_hash) in codes {
                if purpose == CodePurpose::Reset {
                    sqlx::query(END)
                        .bind(candidate_no)
                        .bind(purpose.name())
                        .bind(now.as_ms())
                        .execute(&mut *tx)
                        .await
                        .map_err(&failed)?;
                    sqlx::query(RESET)
                        .bind(candidate_no)
                        .bind(now.as_ms())
                        .execute(&mut *tx)
                        .await
                        .map_err(&failed)?;
                }
                sqlx::query(INSERT)
                    .bind(code_hash)
                    .bind(candidate_no)
                    .bind(purpose.name())
                    .bind(now.as_ms())
                    .bind(expires_at.as_ms())
                    .execute(&mut *tx)
                    .await
                    .map_err(&failed)?;
            }
            if let Some(entry) = audit {
                bind_audit!(entry).execute(&mut *tx).await.map_err(&failed)?;
            }
        });
        Ok(())
    }

    /// Uses a code up and returns whose it was; `None` for one that is unknown, used, expired or,
    /// where `candidate_no` is given, somebody else's.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn one_time_code_use(
        &self,
        purpose: CodePurpose,
        code_hash: &[u8],
        candidate_no: Option<i64>,
        now: Timestamp,
    ) -> Result<Option<i64>, StoreError> {
        const SQL: &str = "-- one_time_code_use
            UPDATE one_time_code SET used_at_ms = $3
            WHERE code_hash = $1 AND purpose = $2 AND used_at_ms IS NULL AND expires_at_ms > $3
                AND ($4 = 0 OR candidate_no = $4)
            RETURNING candidate_no";
        on!(self.writer(), pool => sqlx::query_scalar(SQL)
            .bind(code_hash)
            .bind(purpose.name())
            .bind(now.as_ms())
            .bind(candidate_no.unwrap_or(0))
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("one_time_code_use"))
    }
}
