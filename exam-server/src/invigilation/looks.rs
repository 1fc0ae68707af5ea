//! Who looked at what: noted once in a while, not with every look of a page that asks again and again.

use std::time::Duration;

use moka::future::Cache;

use crate::app::App;
use crate::store::{AuditEntry, Staff, StoreError};

/// For how long a look counts as one.
const ONE_LOOK: Duration = Duration::from_secs(15 * 60);

/// How many looks a node remembers; one that is forgotten is noted again.
const LOOKS_MAX: u64 = 20_000;

/// The looks that were noted lately on this node.
#[derive(Clone, Debug)]
pub struct Looks(Cache<(String, String, String), ()>);

impl Default for Looks {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(LOOKS_MAX).time_to_live(ONE_LOOK).build())
    }
}

/// Notes in the audit that somebody looks at what is not everybody's, once in a quarter of an hour.
///
/// # Errors
/// [`StoreError::Driver`] when the database is in trouble: then nothing is to be shown.
pub async fn look_is_noted(
    app: &App,
    by: &Staff,
    action: &str,
    object: &str,
) -> Result<(), StoreError> {
    let key = (by.staff_id.to_string(), action.to_owned(), object.to_owned());
    if app.looks.0.contains_key(&key) {
        return Ok(());
    }
    taken_is_noted(app, by, action, object, "").await?;
    app.looks.0.insert(key, ()).await;
    Ok(())
}

/// Notes in the audit that somebody takes away what is not everybody's, and why; every time.
///
/// # Errors
/// [`StoreError::Driver`] when the database is in trouble: then nothing is to be given.
pub async fn taken_is_noted(
    app: &App,
    by: &Staff,
    action: &str,
    object: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let entry = AuditEntry {
        at: app.clock.now(),
        actor: by.staff_id.to_string(),
        action: action.to_owned(),
        object: object.to_owned(),
        reason: reason.to_owned(),
        before: "{}".to_owned(),
        after: "{}".to_owned(),
    };
    app.store.audit_append(&entry).await
}
