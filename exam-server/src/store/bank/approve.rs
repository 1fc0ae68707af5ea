//! Approving drafts: by somebody else than whoever imported them.

use exam_core::ids::{BankId, StaffId};
use exam_core::time::Timestamp;

use crate::store::{AuditEntry, Store, StoreError, audit::bind_audit, in_transaction};

impl Store {
    /// Approves every draft of a bank as its next revision, and returns how many units that were.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when `by` imported any of them, or when there are none.
    pub async fn bank_approve(
        &self,
        bank_id: BankId,
        by: StaffId,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<u64, StoreError> {
        const OWN: &str = "-- unit_version_own_drafts
            SELECT count(*) FROM unit_version WHERE state = 'draft' AND imported_by = $2
                AND unit_no IN (SELECT unit_no FROM unit WHERE bank_id = $1)";
        const REVISION: &str = "-- bank_next_revision
            UPDATE bank SET revision = revision + 1 WHERE bank_id = $1 RETURNING revision";
        const RETIRE: &str = "-- unit_version_retire
            UPDATE unit_version SET state = 'superseded', retired_revision = $2
            WHERE state = 'approved' AND unit_no IN (SELECT d.unit_no FROM unit_version AS d
                JOIN unit AS u ON u.unit_no = d.unit_no
                WHERE d.state = 'draft' AND u.bank_id = $1)";
        const APPROVE: &str = "-- unit_version_approve
            UPDATE unit_version SET state = 'approved', approved_by = $2, approved_at_ms = $3,
                approved_revision = $4
            WHERE state = 'draft' AND unit_no IN (SELECT unit_no FROM unit WHERE bank_id = $1)";
        let failed = StoreError::in_query("bank_approve");
        let bank = bank_id.to_string();
        let approved = in_transaction!(self, "bank_approve", tx => {
            let own: i64 = sqlx::query_scalar(OWN)
                .bind(&bank)
                .bind(by.to_string())
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
            sqlx::query(RETIRE)
                .bind(&bank)
                .bind(revision)
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
            let approved = sqlx::query(APPROVE)
                .bind(&bank)
                .bind(by.to_string())
                .bind(now.as_ms())
                .bind(revision)
                .execute(&mut *tx)
                .await
                .map_err(&failed)?
                .rows_affected();
            if approved == 0 {
                return Err(StoreError::Refused("the bank has no drafts"));
            }
            bind_audit!(audit).execute(&mut *tx).await.map_err(&failed)?;
            approved
        });
        Ok(approved)
    }
}
