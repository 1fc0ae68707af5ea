//! Approving and rejecting drafts: approving by somebody else than whoever imported them.

use exam_core::ids::{BankId, StaffId};
use exam_core::time::Timestamp;

use crate::store::{AuditEntry, Store, StoreError, audit::bind_audit, in_transaction, on};

/// Stands for every import.
const ALL: i64 = 0;

impl Store {
    /// Approves every draft of a bank, or those of one import, as its next revision, and returns
    /// how many units that were.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when `by` imported any of them, or when there are none.
    pub async fn bank_approve(
        &self,
        bank_id: BankId,
        import_no: Option<i64>,
        by: StaffId,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<u64, StoreError> {
        const OWN: &str = "-- bank_import_own_drafts
            SELECT count(*) FROM bank_import
            WHERE bank_id = $1 AND state = 'draft' AND imported_by = $2
                AND (import_no = $3 OR $3 = 0)";
        const REVISION: &str = "-- bank_next_revision
            UPDATE bank SET revision = revision + 1 WHERE bank_id = $1 RETURNING revision";
        // One row an import, not one a unit: what holds the write lock must be short.
        const APPROVE: &str = "-- bank_import_approve
            UPDATE bank_import SET state = 'approved', approved_by = $2, approved_at_ms = $3,
                approved_revision = $4
            WHERE bank_id = $1 AND state = 'draft' AND (import_no = $5 OR $5 = 0)";
        const UNITS: &str = "-- bank_revision_units
            SELECT count(DISTINCT v.unit_no) FROM bank_import AS n
            JOIN unit_version AS v ON v.import_no = n.import_no
            WHERE n.bank_id = $1 AND n.approved_revision = $2";
        let failed = StoreError::in_query("bank_approve");
        let bank = bank_id.to_string();
        let import_no = import_no.unwrap_or(ALL);
        let revision = in_transaction!(self, "bank_approve", tx => {
            let own: i64 = sqlx::query_scalar(OWN)
                .bind(&bank)
                .bind(by.to_string())
                .bind(import_no)
                .fetch_one(&mut *tx)
                .await
                .map_err(&failed)?;
            if own > 0 {
                return Err(StoreError::Refused("who imported items cannot approve them"));
            }
            let revision: i64 = sqlx::query_scalar(REVISION)
                .bind(&bank)
                .fetch_one(&mut *tx)
                .await
                .map_err(&failed)?;
            let approved = sqlx::query(APPROVE)
                .bind(&bank)
                .bind(by.to_string())
                .bind(now.as_ms())
                .bind(revision)
                .bind(import_no)
                .execute(&mut *tx)
                .await
                .map_err(&failed)?
                .rows_affected();
            if approved == 0 {
                return Err(StoreError::Refused("the bank has no drafts"));
            }
            bind_audit!(audit).execute(&mut *tx).await.map_err(&failed)?;
            revision
        });
        let units: i64 = on!(self.readers(), pool => sqlx::query_scalar(UNITS)
            .bind(&bank)
            .bind(revision)
            .fetch_one(pool)
            .await)
        .map_err(&failed)?;
        Ok(u64::try_from(units).unwrap_or(0))
    }

    /// Rejects the drafts of one import, for the reason that `audit` gives. They stay in the
    /// history and are never drawn.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the bank has no drafts of this import.
    pub async fn bank_reject(
        &self,
        bank_id: BankId,
        import_no: i64,
        by: StaffId,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        const SQL: &str = "-- bank_import_reject
            UPDATE bank_import SET state = 'rejected', rejected_by = $3, rejected_at_ms = $4,
                rejected_because = $5
            WHERE bank_id = $1 AND import_no = $2 AND state = 'draft'";
        let failed = StoreError::in_query("bank_reject");
        in_transaction!(self, "bank_reject", tx => {
            let rejected = sqlx::query(SQL)
                .bind(bank_id.to_string())
                .bind(import_no)
                .bind(by.to_string())
                .bind(now.as_ms())
                .bind(&audit.reason)
                .execute(&mut *tx)
                .await
                .map_err(&failed)?
                .rows_affected();
            if rejected == 0 {
                return Err(StoreError::Refused("the bank has no drafts of this import"));
            }
            bind_audit!(audit).execute(&mut *tx).await.map_err(&failed)?;
        });
        Ok(())
    }
}
