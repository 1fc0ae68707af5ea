//! Question banks as staff work with them: import, approval, search, history, export.
//!
//! The command line and the routes call the same functions; who acts, and why, is an [`Act`].

mod child;
mod export;
mod history;
mod import;
mod measured;
mod sandbox;
mod sought;
mod stored;

use exam_core::ids::StaffId;
use exam_core::time::Timestamp;
use serde::Serialize;

use crate::store::{AuditEntry, Store, StoreError};

pub use child::{main as read_as_child, use_child};
pub use export::{Exported, export, pictures_of};
pub use history::{Version, history, unit_at};
pub use import::{Imported, Wish, import, look};
pub use measured::Measurements;
pub use sought::Sought;
pub use stored::{
    Pictures, StoredContent, StoredMedia, asks, new_unit, rebuild_search, shifted, unit_of,
};

/// Somebody who does something to a bank.
#[derive(Clone, Debug)]
pub struct Act<'a> {
    /// Where.
    pub store: &'a Store,
    /// Who.
    pub by: StaffId,
    /// When.
    pub now: Timestamp,
    /// Why.
    pub reason: &'a str,
}

impl Act<'_> {
    /// The audit row of it.
    #[must_use]
    pub fn audit(&self, action: &str, object: impl ToString, after: &impl Serialize) -> AuditEntry {
        AuditEntry {
            at: self.now,
            actor: self.by.to_string(),
            action: action.to_owned(),
            object: object.to_string(),
            reason: self.reason.to_owned(),
            before: "{}".to_owned(),
            after: serde_json::to_string(after).unwrap_or_else(|_| "{}".to_owned()),
        }
    }
}

/// Why something with a bank did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum BankError {
    /// The database is in trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The process that reads files could not be started or spoken to.
    #[error("the file could not be handed to its reader")]
    Reader(#[source] std::io::Error),
}
