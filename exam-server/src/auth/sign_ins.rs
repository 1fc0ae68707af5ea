//! Sign-ins in memory: the database is asked once, and again within seconds, so that a
//! revocation elsewhere is noticed.

use std::time::Duration;

use exam_core::time::{Span, Timestamp};
use moka::future::Cache;

use crate::app::App;
use crate::chance::random_bytes;
use crate::keys::token_hash;
use crate::store::{Principal, SignIn, StoreError};

/// How long a candidate's sign-in lasts: from the day before to the end of the exam day.
pub const CANDIDATE_LASTS: Span = Span::from_minutes(36 * 60);

/// How long a staff sign-in lasts: a working day.
pub const STAFF_LASTS: Span = Span::from_minutes(12 * 60);

/// How long after the close of a running attempt its sign-in still opens things.
pub const AFTER_ATTEMPT: Span = Span::from_minutes(30);

/// How long a looked-up sign-in is believed. A revocation on this node is at once; one on another
/// node is noticed after this at the latest.
const BELIEVED_FOR: Duration = Duration::from_secs(5);

/// How many sign-ins are kept in memory: 100,000 of about 200 bytes.
const KEPT_MAX: u64 = 100_000;

/// The sign-ins of this node. Only good ones are kept: a miss always asks the database.
#[derive(Clone, Debug)]
pub struct SignIns {
    known: Cache<Vec<u8>, SignIn>,
}

impl Default for SignIns {
    fn default() -> Self {
        let known = Cache::builder().max_capacity(KEPT_MAX).time_to_live(BELIEVED_FOR).build();
        Self { known }
    }
}

impl SignIns {
    /// Signs somebody in and returns the token, which is shown once and kept as a hash only.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn create(
        &self,
        app: &App,
        principal: Principal,
        only_password: bool,
    ) -> Result<(String, Timestamp), StoreError> {
        let now = app.clock.now();
        let lasts = match principal {
            Principal::Candidate(_) => CANDIDATE_LASTS,
            Principal::Staff(_) => STAFF_LASTS,
        };
        let sign_in = SignIn { principal, only_password, expires_at: now + lasts };
        let token = hex::encode(random_bytes::<32>());
        app.store.sign_in_create(&token_hash(&token), &sign_in, now).await?;
        Ok((token, sign_in.expires_at))
    }

    /// Who has this token; `None` for an unknown, revoked or expired one.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn find(&self, app: &App, hash: &[u8]) -> Result<Option<SignIn>, StoreError> {
        if let Some(known) = self.known.get(hash).await {
            return Ok(Some(known));
        }
        let found = app.lookups.sign_in(hash).await?;
        if let Some(sign_in) = &found {
            self.known.insert(hash.to_vec(), sign_in.clone()).await;
        }
        Ok(found)
    }

    /// Ends a sign-in, here at once and elsewhere within seconds.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn revoke(&self, app: &App, hash: &[u8]) -> Result<(), StoreError> {
        app.store.sign_in_revoke(hash, app.clock.now()).await?;
        self.known.invalidate(hash).await;
        app.registry.push_to_all(&crate::live::mailbox::Push::Revoked(hash.to_vec()));
        Ok(())
    }

    /// Forgets a looked-up sign-in, because its row has changed.
    pub async fn forget(&self, hash: &[u8]) {
        self.known.invalidate(hash).await;
    }
}
