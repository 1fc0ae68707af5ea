//! Sign-ins in memory. A candidate's is looked up once: what is revoked elsewhere is heard of
//! ([`revocations`](super::revocations)). Everybody else's is looked up again within seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use exam_core::time::{Span, Timestamp};
use moka::future::Cache;

use crate::app::App;
use crate::chance::random_bytes;
use crate::keys::token_hash;
use crate::live::mailbox::Push;
use crate::store::{Principal, SignIn, StoreError};

/// How long a candidate's sign-in lasts: from the day before to the end of the exam day.
pub const CANDIDATE_LASTS: Span = Span::from_minutes(36 * 60);

/// How long a staff sign-in lasts: a working day.
pub const STAFF_LASTS: Span = Span::from_minutes(12 * 60);

/// How long after the close of a running attempt its sign-in still opens things.
pub const AFTER_ATTEMPT: Span = Span::from_minutes(30);

/// How long a looked-up sign-in is believed by itself.
const BELIEVED_FOR: Span = Span::from_seconds(5);

/// How long it is believed that nothing was revoked, once it was looked: three looks.
const HEARD_FOR: Span = Span::from_seconds(6);

/// How long one is kept that nobody uses.
const KEPT_FOR: Duration = Duration::from_secs(15 * 60);

/// How many sign-ins are kept in memory: 100,000 of about 200 bytes.
const KEPT_MAX: u64 = 100_000;

/// The sign-ins of this node. Only good ones are kept: a miss always asks the database.
#[derive(Debug)]
pub struct SignIns {
    known: Cache<Vec<u8>, Known>,
    /// When it was looked last what was revoked elsewhere, in milliseconds.
    heard_at: AtomicI64,
}

/// A sign-in, and when it was looked up.
#[derive(Clone, Debug)]
struct Known {
    sign_in: SignIn,
    at: Timestamp,
}

impl Default for SignIns {
    fn default() -> Self {
        let known = Cache::builder().max_capacity(KEPT_MAX).time_to_idle(KEPT_FOR).build();
        Self { known, heard_at: AtomicI64::new(0) }
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
        let now = app.clock.now();
        if let Some(known) = self.known.get(hash).await
            && self.believes(&known, now)
        {
            return Ok(Some(known.sign_in));
        }
        let found = app.lookups.sign_in(hash).await?;
        if let Some(sign_in) = &found {
            let known = Known { sign_in: sign_in.clone(), at: now };
            self.known.insert(hash.to_vec(), known).await;
        }
        Ok(found)
    }

    /// Whether what was looked up is still so. Of a candidate it is heard when it is not; what a
    /// member of staff may do, and a password that must be set, can change without.
    fn believes(&self, known: &Known, now: Timestamp) -> bool {
        let since = |at: Timestamp| now.since(at);
        if since(known.at) <= BELIEVED_FOR {
            return true;
        }
        let SignIn { principal, only_password, expires_at } = known.sign_in;
        let heard_at = Timestamp::from_ms(self.heard_at.load(Ordering::Relaxed));
        matches!(principal, Principal::Candidate(_))
            && !only_password
            && expires_at > now
            && since(heard_at) <= HEARD_FOR
    }

    /// Notes that all that was revoked before `at` has been forgotten.
    pub(super) fn heard(&self, at: Timestamp) {
        self.heard_at.store(at.as_ms(), Ordering::Relaxed);
    }

    /// Ends a sign-in, here at once and elsewhere within seconds.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn revoke(&self, app: &App, hash: &[u8]) -> Result<(), StoreError> {
        app.store.sign_in_revoke(hash, app.clock.now()).await?;
        self.known.invalidate(hash).await;
        app.registry.push_to_all(&Push::Revoked(Arc::from([hash.to_vec()])));
        Ok(())
    }

    /// Forgets a looked-up sign-in, because its row has changed.
    pub async fn forget(&self, hash: &[u8]) {
        self.known.invalidate(hash).await;
    }
}
