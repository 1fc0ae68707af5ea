//! A sync to disk that failed, whoever asked for it.
//!
//! What the disk holds is unknown from then on: the kernel may have thrown the pages away, and the
//! next sync may succeed without having written them. So no part of the server may go on, not
//! only the journal: a sign of life or a sign-in shares the log with the answers.

use std::sync::OnceLock;

use super::StoreError;

/// What the process does about it.
static ACT: OnceLock<fn()> = OnceLock::new();

/// Says what this process does after a failed sync. The first to say it is heard: a process has
/// one answer.
pub fn on_failed_sync(act: fn()) {
    let _ = ACT.set(act);
}

/// Acts if `trouble` is a failed sync. Commands have said nothing: they end with an error anyway.
pub(super) fn notice(trouble: &StoreError) {
    if trouble.is_failed_sync()
        && let Some(act) = ACT.get()
    {
        tracing::error!(
            error = trouble as &dyn std::error::Error,
            "a sync to disk failed: stopping"
        );
        act();
    }
}
