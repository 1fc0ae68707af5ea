//! Appending the next frame, with all that must be stored with it.

use exam_core::session::{Event, Frame, Phase, SessionState};
use tracing::info;

use super::{CommandError, Decision, Sitting};
use crate::app::App;
use crate::live::registry::Place;
use crate::store::{Append, Attached, AttemptPatch, Written};

/// A checkpoint is stored with every so many frames, so that loading stays short.
const CHECKPOINT_EVERY: u64 = 64;

pub(super) enum Appended {
    Done,
    Moved,
    StepTaken,
}

impl Sitting {
    pub(super) async fn append(
        &mut self,
        app: &App,
        events: Vec<Event>,
        decision: Option<Decision>,
        unless_failed_since: Option<u64>,
    ) -> Result<Appended, CommandError> {
        let patch = self.patch(&events);
        let mut append = self.seal(events);
        if patch.is_some() || decision.is_some() {
            let closes = patch.as_ref().is_some_and(|patch| patch.closed_at.is_some());
            let attached = append.attached.get_or_insert_default();
            attached.patch.clone_from(&patch);
            if let Some(Decision { audit, step }) = decision {
                (attached.audit, attached.step) = (Some(audit), step);
            }
            if closes {
                let result = app.exams.score(app, &self.attempt, &self.session).await?;
                attached.result = Some(result);
            }
        }
        match app.journal.append(append, unless_failed_since).await? {
            Written::Moved => Ok(Appended::Moved),
            Written::StepTaken => Ok(Appended::StepTaken),
            Written::Done | Written::Started(_) => {
                self.appended(app, patch.as_ref());
                Ok(Appended::Done)
            }
        }
    }

    /// Counts events that were folded in already as the next frame, and makes its append.
    pub(super) fn seal(&mut self, events: Vec<Event>) -> Append {
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
    pub(super) fn appended(&mut self, app: &App, patch: Option<&AttemptPatch>) {
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
