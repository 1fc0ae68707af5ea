//! What a phone that comes back asks the database for: who it is, which attempt, which session.

mod gather;

use std::collections::HashMap;

use exam_core::ids::AttemptId;
use exam_core::session::Session;

use crate::auth::sign_ins::AFTER_ATTEMPT;
use crate::clock::Clock;
use crate::store::{Attempt, AttemptKey, SignIn, Store, StoreError};
use gather::{Gather, Lookup};

/// The lookups of this node.
#[derive(Debug)]
pub struct Lookups {
    sign_ins: Gather<SignIns>,
    attempts: Gather<Attempts>,
    sessions: Gather<Sessions>,
}

struct SignIns {
    store: Store,
    clock: Clock,
}

struct Attempts(Store);

struct Sessions(Store);

impl Lookup for SignIns {
    type Key = Vec<u8>;
    type Found = SignIn;
    type Error = StoreError;

    async fn find(&self, hashes: &[Vec<u8>]) -> Result<HashMap<Vec<u8>, SignIn>, StoreError> {
        self.store.sign_ins_find(hashes, self.clock.now(), AFTER_ATTEMPT.as_ms()).await
    }
}

impl Lookup for Attempts {
    type Key = AttemptId;
    type Found = Attempt;
    type Error = StoreError;

    async fn find(&self, ids: &[AttemptId]) -> Result<HashMap<AttemptId, Attempt>, StoreError> {
        self.0.attempts_find(ids).await
    }
}

impl Lookup for Sessions {
    type Key = (AttemptKey, AttemptId);
    type Found = Result<Session, StoreError>;
    type Error = StoreError;

    async fn find(
        &self,
        keys: &[Self::Key],
    ) -> Result<HashMap<Self::Key, Self::Found>, StoreError> {
        self.0.sessions_load(keys).await
    }
}

impl Lookups {
    /// Lookups in `store`.
    #[must_use]
    pub fn new(store: &Store, clock: &Clock) -> Self {
        Self {
            sign_ins: Gather::new(SignIns { store: store.clone(), clock: clock.clone() }),
            attempts: Gather::new(Attempts(store.clone())),
            sessions: Gather::new(Sessions(store.clone())),
        }
    }

    /// A sign-in that is good now, by the hash of its token.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the row cannot be read.
    pub async fn sign_in(&self, hash: &[u8]) -> Result<Option<SignIn>, StoreError> {
        self.sign_ins.find(hash.to_vec()).await
    }

    /// An attempt's row.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the row cannot be read.
    pub async fn attempt(&self, id: AttemptId) -> Result<Option<Attempt>, StoreError> {
        self.attempts.find(id).await
    }

    /// The session of an attempt, folded from its journal; `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the journal does not fold.
    pub async fn session(
        &self,
        key: AttemptKey,
        attempt: AttemptId,
    ) -> Result<Option<Session>, StoreError> {
        self.sessions.find((key, attempt)).await?.transpose()
    }
}
