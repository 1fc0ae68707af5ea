//! `audit verify`.

use serde::Serialize;

use super::{Desk, Refused};

/// A whole chain.
#[derive(Debug, Serialize)]
pub struct Verified {
    /// How many rows are sealed.
    pub sealed: u64,
}

/// Checks that no audit row was edited, removed, moved or cut off.
///
/// # Errors
/// [`Refused`] naming the first row that does not fit.
pub async fn verify(desk: &Desk) -> anyhow::Result<Verified> {
    match desk.store.audit_verify().await? {
        Ok(sealed) => Ok(Verified { sealed }),
        Err(trouble) => {
            let reason = format!("audit row {}: {}", trouble.audit_no, trouble.what);
            Err(Refused::because(reason).into())
        }
    }
}
