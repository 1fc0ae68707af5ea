//! What a phone sends: decided in order, and durable before it is answered.

use exam_core::session::{Event, Message, MessageBody, Refusal, Writer};
use tracing::debug;

use super::append::Appended;
use super::{CommandError, ROUNDS_MAX, Sitting};
use crate::app::App;
use crate::journal_writer::{Outcome, WriteError};
use crate::store::Written;

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
                Ok(Appended::Moved | Appended::StepTaken) => self.stale = true,
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
            Ok(Written::Moved | Written::StepTaken) => {
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
}

/// Time that an outage took may still be given back: whoever is late now may be in time then, so
/// the phone is told to try again, with its arrival vouched for.
fn hold_late(app: &App, verdicts: &mut [Verdict]) {
    let late = |verdict: &Verdict| matches!(verdict, Verdict::Refused(Refusal::TooLate { .. }));
    if verdicts.iter().any(late) && !app.health.database_answers() {
        verdicts.iter_mut().filter(|verdict| late(verdict)).for_each(|v| *v = Verdict::Busy);
    }
}
