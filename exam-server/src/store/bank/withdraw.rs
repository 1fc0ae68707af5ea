//! Taking a unit out of what is drawn.

use exam_core::ids::{BankId, StaffId};
use exam_core::time::Timestamp;

use crate::store::{AuditEntry, Store, StoreError, audit::bind_audit, in_transaction};

impl Store {
    /// Withdraws the approved version of a unit as the bank's next revision, which is returned.
    /// Exams that were published before draw it until they are published again.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when nothing of this code can be drawn.
    pub async fn unit_withdraw(
        &self,
        bank_id: BankId,
        code: &str,
        by: StaffId,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<i64, StoreError> {
        const REVISION: &str = "-- bank_next_revision
            UPDATE bank SET revision = revision + 1 WHERE bank_id = $1 RETURNING revision";
        const WITHDRAW: &str = "-- unit_withdraw
            UPDATE unit_version SET withdrawn_revision = $3, withdrawn_by = $4,
                withdrawn_at_ms = $5, withdrawn_because = $6
            WHERE withdrawn_revision IS NULL AND unit_version_no = (
                SELECT v.unit_version_no FROM unit AS u
                JOIN unit_version AS v ON v.unit_no = u.unit_no
                JOIN bank_import AS n ON n.import_no = v.import_no
                WHERE u.bank_id = $1 AND u.code = $2 AND n.state = 'approved'
                ORDER BY v.version DESC LIMIT 1)";
        let failed = StoreError::in_query("unit_withdraw");
        let revision = in_transaction!(self, "unit_withdraw", tx => {
            let revision: i64 = sqlx::query_scalar(REVISION)
                .bind(bank_id.to_string())
                .fetch_one(&mut *tx)
                .await
                .map_err(&failed)?;
            let withdrawn = sqlx::query(WITHDRAW)
                .bind(bank_id.to_string())
                .bind(code)
                .bind(revision)
                .bind(by.to_string())
                .bind(now.as_ms())
                .bind(&audit.reason)
                .execute(&mut *tx)
                .await
                .map_err(&failed)?
                .rows_affected();
            if withdrawn == 0 {
                return Err(StoreError::Refused("no approved unit has this code"));
            }
            bind_audit!(audit).execute(&mut *tx).await.map_err(&failed)?;
            revision
        });
        Ok(revision)
    }
}
