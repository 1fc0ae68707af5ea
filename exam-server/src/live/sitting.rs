//! A session between its journal and those who act on it: load, decide, append, and only then
//! answer. The socket, the HTTP fallback, the closing worker and staff all pass through here.

mod append;
mod command;
mod messages;

pub use append::phase_name;
pub use command::{CommandError, Decision};
pub use messages::{UnderWay, Verdict};

use std::sync::Arc;

use exam_core::session::{ClosedBy, Session, SessionState};
use exam_core::time::Timestamp;

use crate::app::App;
use crate::journal_writer::WriteError;
use crate::live::registry::Place;
use crate::store::{Attempt, StoreError};

/// How often a lost race is run again before the phone is told to try later. Two devices that
/// write at once settle in one or two rounds.
const ROUNDS_MAX: usize = 8;

/// A folded session of one attempt. It may lag behind its journal; an append finds out.
#[derive(Debug)]
pub struct Sitting {
    attempt: Arc<Attempt>,
    session: Session,
    /// Whether all of `session` is known to be on disk, not only readable.
    durable: bool,
    /// Whether `session` holds events of an append that failed.
    stale: bool,
    /// How many frames were appended through here.
    frames_appended: u64,
    /// The connection that goes with it, so that it is not told of its own appends.
    place: Option<Place>,
}

impl Sitting {
    /// Loads the session of `attempt`; `None` where it has no journal.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the journal does not fold.
    pub async fn load(app: &App, attempt: Arc<Attempt>) -> Result<Option<Self>, StoreError> {
        let session = app.lookups.session(attempt.key, attempt.attempt_id).await?;
        Ok(session.map(|session| Self {
            attempt,
            session,
            durable: false,
            stale: false,
            frames_appended: 0,
            place: None,
        }))
    }

    /// The attempt.
    #[must_use]
    pub fn attempt(&self) -> &Arc<Attempt> {
        &self.attempt
    }

    /// Ties the sitting to a connection.
    pub fn sit_at(&mut self, place: Place) {
        place.folded(self.session.seq());
        self.place = Some(place);
    }

    /// How many frames were appended through here.
    #[must_use]
    pub const fn frames_appended(&self) -> u64 {
        self.frames_appended
    }

    /// Whether the session holds what was not committed, or is not known to be: nothing of it may
    /// be told to anybody before [`refresh`](Self::refresh).
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        self.stale
    }

    /// The session as folded so far.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Brings a session that lags or is spoilt to the journal's end.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the journal does not fold.
    pub async fn refresh(&mut self, app: &App) -> Result<(), StoreError> {
        if !self.stale {
            return Ok(());
        }
        let loaded = app.lookups.session(self.attempt.key, self.attempt.attempt_id).await?;
        if let Some(session) = loaded {
            self.session = session;
            self.durable = false;
            self.stale = false;
            self.note_folded();
        }
        Ok(())
    }

    fn note_folded(&self) {
        if let Some(place) = &self.place {
            place.folded(self.session.seq());
        }
    }

    /// Folds in what others appended; `true` where there was something.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the journal does not fold.
    pub async fn catch_up(&mut self, app: &App) -> Result<bool, StoreError> {
        let before = self.session.seq();
        if self.stale {
            self.refresh(app).await?;
        } else {
            let session = self.session.clone();
            self.session = app.store.session_catch_up(self.attempt.key, session).await?;
        }
        let moved = self.session.seq() != before;
        self.durable &= !moved;
        self.note_folded();
        Ok(moved)
    }

    /// Makes sure that all of the session as it stands is on disk, so that it may be told.
    ///
    /// # Errors
    /// [`WriteError`] when nothing is known to be written.
    pub async fn make_durable(&mut self, app: &App) -> Result<(), WriteError> {
        if !self.durable {
            app.journal.barrier().await?;
            self.durable = true;
        }
        Ok(())
    }

    /// When the session has something to do by itself.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.session.next_wakeup()
    }
}

/// What closed a session, where something did.
#[must_use]
pub const fn closed_by(session: &Session) -> Option<ClosedBy> {
    match *session.state() {
        SessionState::Closed { by, .. } => Some(by),
        _ => None,
    }
}
