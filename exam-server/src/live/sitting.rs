//! A session between its journal and those who act on it: load, decide, append, and only then
//! answer. The socket, the HTTP fallback, the closing worker and staff all pass through here.

use std::sync::Arc;

use exam_core::session::{
    ClosedBy, Command, Event, Frame, Message, MessageBody, Phase, Refusal, Session, SessionState,
    Writer,
};
use exam_core::time::Timestamp;
use tracing::{debug, info};

use crate::app::App;
use crate::journal_writer::{Outcome, WriteError};
use crate::live::registry::Place;
use crate::store::{Append, Attached, Attempt, AttemptPatch, AuditEntry, StoreError, Written};

/// How often a lost race is run again before the phone is told to try later. Two devices that
/// write at once settle in one or two rounds.
const ROUNDS_MAX: usize = 8;

/// A checkpoint is stored with every so many frames, so that loading stays short.
const CHECKPOINT_EVERY: u64 = 64;

/// What became of a numbered message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is durable.
    Accepted,
    /// A rule refuses it.
    Refused(Refusal),
    /// Nothing is known to be written; the same again may succeed.
    Busy,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A rule refuses it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nothing is known to be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The database is in trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CommandError {
    /// Whether it is trouble with the database, and not with this attempt.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Write(_) | Self::Store(StoreError::Driver { .. }))
    }
}

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

enum Appended {
    Done,
    Moved,
}

/// Messages that were decided, and whose frame is on its way to the disk.
#[derive(Debug)]
pub struct UnderWay {
    verdicts: Vec<Verdict>,
    written: Outcome,
}

impl UnderWay {
    /// Waits for the disk.
    pub async fn written(&mut self) -> Result<Written, WriteError> {
        self.written.written().await
    }
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

    /// Decides `messages` in order and makes what they do durable, in one frame. A lost race is
    /// run again on the moved journal.
    ///
    /// What comes back may leave for the phone: an acceptance is on disk, and a refusal that
    /// depends on the journal was checked against its end.
    pub async fn handle(
        &mut self,
        app: &App,
        writer: Writer,
        messages: &[Message],
    ) -> Vec<Verdict> {
        let busy = || vec![Verdict::Busy; messages.len()];
        if !app.journal.has_room() {
            return busy(); // Before anything is folded that would have to be loaded again.
        }
        for _ in 0..ROUNDS_MAX {
            if self.refresh(app).await.is_err() {
                return busy();
            }
            let (mut verdicts, events) = self.decide(writer, messages);
            hold_late(app, &mut verdicts);
            let settled = if events.is_empty() {
                self.confirm(app, &verdicts).await
            } else {
                self.append(app, events, None, None).await
            };
            match settled {
                Ok(Appended::Done) => return verdicts,
                Ok(Appended::Moved) => self.stale = true,
                Err(error) => {
                    self.note_unstored(&error);
                    self.stale = true;
                    return busy();
                }
            }
        }
        busy()
    }

    /// Decides messages that need nothing but an append, and hands their frame to the journal
    /// writer. `None` where it takes more: [`handle`](Self::handle) does the same then, step by
    /// step. Nearly every save passes here, so no future is made for it.
    ///
    /// What comes of it is for [`end`](Self::end); until then nothing may be told of the session.
    pub fn begin(&mut self, app: &App, writer: Writer, messages: &[Message]) -> Option<UnderWay> {
        let hands_in = |message: &Message| matches!(message.body, MessageBody::Submit);
        if self.stale || messages.iter().any(hands_in) || !app.journal.has_room() {
            return None;
        }
        let (mut verdicts, events) = self.decide(writer, messages);
        if events.is_empty() {
            return None; // Nothing was folded in either.
        }
        hold_late(app, &mut verdicts);
        let append = self.seal(events);
        let written = app.journal.submit(append).ok();
        self.stale |= written.is_none();
        Some(UnderWay { verdicts, written: written? })
    }

    /// What became of messages whose frame was under way. `None` where the race was lost:
    /// [`handle`](Self::handle) runs it again.
    pub fn end(
        &mut self,
        app: &App,
        under_way: UnderWay,
        written: Result<Written, WriteError>,
    ) -> Option<Vec<Verdict>> {
        match written {
            Ok(Written::Done | Written::Started(_)) => {
                self.appended(app, None);
                Some(under_way.verdicts)
            }
            Ok(Written::Moved) => {
                self.stale = true;
                None
            }
            Err(error) => {
                self.stale = true;
                self.note_unstored(&error);
                Some(vec![Verdict::Busy; under_way.verdicts.len()])
            }
        }
    }

    /// The trouble itself is told where it happened, once: not for each of a thousand attempts.
    fn note_unstored(&self, error: &(dyn std::error::Error + 'static)) {
        debug!(
            attempt.id = %self.attempt.attempt_id,
            error,
            "messages of attempt {} were not stored", self.attempt.attempt_id
        );
    }

    fn decide(&mut self, writer: Writer, messages: &[Message]) -> (Vec<Verdict>, Vec<Event>) {
        let seq = self.session.seq().next();
        let mut events = Vec::new();
        let verdicts = messages
            .iter()
            .map(|message| match self.session.decide_message(writer, message) {
                Ok(Some(event)) => {
                    self.session.evolve(&event, seq);
                    events.push(event);
                    Verdict::Accepted
                }
                Ok(None) => Verdict::Accepted,
                Err(refusal) => Verdict::Refused(refusal),
            })
            .collect();
        (verdicts, events)
    }

    /// Makes sure of verdicts that wrote nothing: what they rest on is on disk, and is the end.
    async fn confirm(&mut self, app: &App, verdicts: &[Verdict]) -> Result<Appended, CommandError> {
        if verdicts.contains(&Verdict::Accepted) {
            self.make_durable(app).await?;
        }
        let rests_on_end = |verdict: &Verdict| {
            use Refusal::{Closed, Elsewhere, Locked, Paused, TooLate};
            matches!(
                verdict,
                Verdict::Refused(Closed | Elsewhere | Locked | Paused | TooLate { .. })
            )
        };
        if verdicts.iter().any(rests_on_end) {
            let end = app.store.journal_head(self.attempt.key).await?;
            if end != self.session.seq() {
                return Ok(Appended::Moved);
            }
        }
        Ok(Appended::Done)
    }

    /// Carries out `command` and makes it durable; `false` where nothing was left to do. A lost
    /// race is run again on the moved journal. `audit` is written with the act.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is known to be written then.
    pub async fn command(
        &mut self,
        app: &App,
        command: &Command,
        audit: Option<&AuditEntry>,
    ) -> Result<bool, CommandError> {
        self.command_while(app, command, audit, || true, None).await
    }

    /// As [`command`](Self::command), but a lost race is run again only while it is wanted, and
    /// nothing is written once more commits than `unless_failed_since` have failed.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is known to be written then.
    pub async fn command_while(
        &mut self,
        app: &App,
        command: &Command,
        audit: Option<&AuditEntry>,
        is_wanted: impl Fn() -> bool,
        unless_failed_since: Option<u64>,
    ) -> Result<bool, CommandError> {
        for _ in 0..ROUNDS_MAX {
            if !is_wanted() {
                break;
            }
            self.refresh(app).await?;
            let event = match self.session.decide(command.clone(), app.clock.now()) {
                Ok(Some(event)) => event,
                Ok(None) => return Ok(false),
                Err(refusal) => {
                    let end = app.store.journal_head(self.attempt.key).await?;
                    if end == self.session.seq() {
                        return Err(refusal.into());
                    }
                    self.stale = true;
                    continue;
                }
            };
            let before = self.session.phase();
            let seq = self.session.seq().next();
            self.session.evolve(&event, seq);
            let audit = audit.map(|entry| self.complete(entry, before, &event));
            match self.append(app, vec![event], audit, unless_failed_since).await {
                Ok(Appended::Done) => return Ok(true),
                Ok(Appended::Moved) => self.stale = true,
                Err(error) => {
                    self.stale = true;
                    return Err(error);
                }
            }
        }
        Err(WriteError::Busy.into())
    }

    /// Fills in what an act on a session was before and after.
    fn complete(&self, entry: &AuditEntry, before: Phase, event: &Event) -> AuditEntry {
        let json = |value: serde_json::Value| value.to_string();
        AuditEntry {
            before: json(serde_json::json!({ "state": before })),
            after: json(serde_json::json!({ "state": self.session.phase(), "event": event })),
            ..entry.clone()
        }
    }

    async fn append(
        &mut self,
        app: &App,
        events: Vec<Event>,
        audit: Option<AuditEntry>,
        unless_failed_since: Option<u64>,
    ) -> Result<Appended, CommandError> {
        let patch = self.patch(&events);
        let mut append = self.seal(events);
        if patch.is_some() || audit.is_some() {
            let closes = patch.as_ref().is_some_and(|patch| patch.closed_at.is_some());
            let attached = append.attached.get_or_insert_default();
            attached.patch.clone_from(&patch);
            attached.audit = audit;
            if closes {
                let result = app.exams.score(app, &self.attempt, &self.session).await?;
                attached.result = Some(result);
            }
        }
        match app.journal.append(append, unless_failed_since).await? {
            Written::Moved => Ok(Appended::Moved),
            Written::Done | Written::Started(_) => {
                self.appended(app, patch.as_ref());
                Ok(Appended::Done)
            }
        }
    }

    /// Counts events that were folded in already as the next frame, and makes its append.
    fn seal(&mut self, events: Vec<Event>) -> Append {
        let expected = self.session.seq();
        let frame = Frame { seq: expected.next(), events };
        let bytes = String::from_utf8(frame.to_bytes()).expect("a frame is JSON");
        self.session.seal(bytes.as_bytes());
        let due = frame.seq.0.is_multiple_of(CHECKPOINT_EVERY);
        let attached = due.then(|| {
            let checkpoint = serde_json::to_string(&self.session).expect("a session is JSON");
            Box::new(Attached { checkpoint: Some(checkpoint), ..Attached::default() })
        });
        Append { key: self.attempt.key, expected, frame: bytes, attached }
    }

    /// The frame that was sealed is on disk, and is the journal's end.
    fn appended(&mut self, app: &App, patch: Option<&AttemptPatch>) {
        self.durable = true;
        self.frames_appended += 1;
        self.note_folded();
        self.announce(app, patch);
    }

    /// What the attempt's row must say after `events`; `None` where it says so already.
    fn patch(&self, events: &[Event]) -> Option<AttemptPatch> {
        let plain = |event: &Event| {
            matches!(
                event,
                Event::Saved { .. }
                    | Event::Marked { .. }
                    | Event::Signalled { .. }
                    | Event::Opened { .. }
            )
        };
        if events.iter().all(plain) {
            return None;
        }
        let (closed_at, closed_by) = match *self.session.state() {
            SessionState::Closed { at, by } => (Some(at), Some(by.name())),
            _ => (None, None),
        };
        Some(AttemptPatch {
            phase: phase_name(self.session.phase()),
            wake_at: self.session.next_wakeup(),
            closed_at,
            closed_by,
        })
    }

    /// Tells the connections of this attempt, here and on other nodes, that the journal moved.
    fn announce(&self, app: &App, patch: Option<&AttemptPatch>) {
        #[cfg(feature = "turned-clock")]
        if app.store.faults().hints_are_lost() {
            return;
        }
        if !self.place.as_ref().is_some_and(Place::is_alone) {
            app.registry.moved(self.attempt.key.attempt_no, self.session.seq());
        }
        if let Some(patch) = patch {
            app.hints.send(self.attempt.key.attempt_no);
            if let Some(by) = patch.closed_by {
                metrics::counter!("exam_attempts_closed_total", "by" => by).increment(1);
                info!(
                    attempt.id = %self.attempt.attempt_id,
                    by, "closed attempt {}", self.attempt.attempt_id
                );
            }
        }
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

    /// Closes or resumes the session if its time has come.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is known to be written then.
    pub async fn wake(&mut self, app: &App) -> Result<bool, CommandError> {
        let failures = app.journal.failures(); // Before the question that one would answer with no.
        let due = self.session.next_wakeup().is_some_and(|at| at <= app.clock.now());
        if !due || !app.may_close() {
            return Ok(false);
        }
        self.command_while(app, &Command::Wake, None, || true, Some(failures)).await
    }

    /// When the session has something to do by itself.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.session.next_wakeup()
    }
}

/// Time that an outage took may still be given back: whoever is late now may be in time then, so
/// the phone is told to try again, with its arrival vouched for.
fn hold_late(app: &App, verdicts: &mut [Verdict]) {
    let late = |verdict: &Verdict| matches!(verdict, Verdict::Refused(Refusal::TooLate { .. }));
    if verdicts.iter().any(late) && !app.health.database_answers() {
        verdicts.iter_mut().filter(|verdict| late(verdict)).for_each(|v| *v = Verdict::Busy);
    }
}

/// A phase's name in the database, the protocol's own.
#[must_use]
pub const fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Running => "running",
        Phase::Paused => "paused",
        Phase::Locked => "locked",
        Phase::Closed => "closed",
        Phase::Voided => "voided",
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
