//! Folded sessions for the HTTP fallback, kept while they are used.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::sitting::Sitting;
use crate::app::App;
use crate::problem::ApiError;
use crate::store::Attempt;

/// How many are kept: 20,000 of about a kilobyte.
const KEPT_MAX: u64 = 20_000;

/// How long one is kept after its last use.
const IDLE: Duration = Duration::from_secs(300);

/// The sessions of this node's HTTP requests. An append still compares, so a stale one is found
/// out; one request at a time uses one.
#[derive(Clone, Debug)]
pub struct Sittings {
    kept: Cache<i64, Arc<Mutex<Sitting>>>,
}

impl Default for Sittings {
    fn default() -> Self {
        Self { kept: Cache::builder().max_capacity(KEPT_MAX).time_to_idle(IDLE).build() }
    }
}

impl Sittings {
    /// The session of `attempt`, loaded if it is not at hand.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] where there is no journal, or trouble.
    pub async fn take(
        &self,
        app: &App,
        attempt: &Arc<Attempt>,
    ) -> Result<OwnedMutexGuard<Sitting>, ApiError> {
        let number = attempt.key.attempt_no;
        if let Some(kept) = self.kept.get(&number).await {
            return Ok(kept.lock_owned().await);
        }
        let loaded = Sitting::load(app, Arc::clone(attempt)).await?;
        let sitting = Arc::new(Mutex::new(loaded.ok_or(ApiError::NotFound("attempt"))?));
        let kept = self.kept.get_with(number, async { sitting }).await;
        Ok(kept.lock_owned().await)
    }
}
