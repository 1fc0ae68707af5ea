//! What staff and the clock do to a session.

use exam_core::session::{Command, Event, Phase, Refusal};

use super::append::Appended;
use super::{ROUNDS_MAX, Sitting};
use crate::app::App;
use crate::journal_writer::WriteError;
use crate::store::{AuditEntry, NewStep, StoreError};

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A rule refuses it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Somebody else took the step of the review that it is; nothing was written.
    #[error("the step of the review was taken by somebody else")]
    StepTaken,
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

/// A decision by a person, written with the act.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Who, what and why.
    pub audit: AuditEntry,
    /// The step of a review that it is, where it is one.
    pub step: Option<NewStep>,
}

impl From<AuditEntry> for Decision {
    fn from(audit: AuditEntry) -> Self {
        Self { audit, step: None }
    }
}

impl Sitting {
    /// Carries out `command` and makes it durable; `false` where nothing was left to do. A lost
    /// race is run again on the moved journal. `decision` is written with the act.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is known to be written then.
    pub async fn command(
        &mut self,
        app: &App,
        command: &Command,
        decision: Option<&Decision>,
    ) -> Result<bool, CommandError> {
        self.command_while(app, command, decision, || true, None).await
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
        decision: Option<&Decision>,
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
            let decision = decision.map(|decision| self.complete(decision, before, &event));
            match self.append(app, vec![event], decision, unless_failed_since).await {
                Ok(Appended::Done) => return Ok(true),
                Ok(Appended::Moved) => self.stale = true,
                Ok(Appended::StepTaken) => {
                    self.stale = true;
                    return Err(CommandError::StepTaken);
                }
                Err(error) => {
                    self.stale = true;
                    return Err(error);
                }
            }
        }
        Err(WriteError::Busy.into())
    }

    /// Fills in what an act on a session was before and after.
    fn complete(&self, decision: &Decision, before: Phase, event: &Event) -> Decision {
        let json = |value: serde_json::Value| value.to_string();
        let audit = AuditEntry {
            before: json(serde_json::json!({ "state": before })),
            after: json(serde_json::json!({ "state": self.session.phase(), "event": event })),
            ..decision.audit.clone()
        };
        Decision { audit, step: decision.step.clone() }
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
}
