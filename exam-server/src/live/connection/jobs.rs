//! What a connection does with its session: one job at a time, away from the socket.

use exam_core::ids::DeviceId;
use exam_core::session::{Command, Message, Refusal, Writer};

use crate::app::App;
use crate::live::sitting::{CommandError, Sitting, Verdict};

/// One thing to do.
#[derive(Debug)]
pub(super) enum Job {
    Open { device: DeviceId, take_over: bool },
    Messages { writer: Writer, messages: Vec<Message> },
    CatchUp,
    Wake,
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Outcome {
    Done,
    Verdicts(Vec<Verdict>),
    Elsewhere,
    Closed,
    Full,
    Failed,
}

/// A finished job, with the session given back.
pub(super) struct JobDone {
    pub(super) sitting: Sitting,
    pub(super) job: Job,
    pub(super) outcome: Outcome,
    /// Whether others had appended to the journal.
    pub(super) moved: bool,
}

pub(super) async fn perform(app: App, mut sitting: Sitting, job: Job) -> JobDone {
    let before = (sitting.session().seq().0, sitting.appended());
    let outcome = match &job {
        Job::Open { device, take_over } => open(&app, &mut sitting, *device, *take_over).await,
        Job::Messages { writer, messages } => {
            Outcome::Verdicts(sitting.handle(&app, *writer, messages).await)
        }
        Job::CatchUp => match sitting.catch_up(&app).await {
            Ok(_) => Outcome::Done,
            Err(_) => Outcome::Failed,
        },
        Job::Wake => match sitting.wake(&app).await {
            Ok(true) => Outcome::Done,
            Ok(false) | Err(_) => Outcome::Failed,
        },
    };
    let own = sitting.appended() - before.1;
    let moved = sitting.session().seq().0 != before.0 + own;
    JobDone { sitting, job, outcome, moved }
}

async fn open(app: &App, sitting: &mut Sitting, device: DeviceId, take_over: bool) -> Outcome {
    // Time may have run out while nobody was connected.
    if sitting.wake(app).await.is_err() {
        return Outcome::Failed;
    }
    match sitting.command(app, &Command::Open { device, take_over }, None).await {
        Ok(_) => Outcome::Done,
        Err(CommandError::Refused(Refusal::Elsewhere)) => Outcome::Elsewhere,
        Err(CommandError::Refused(Refusal::Closed)) => Outcome::Closed,
        Err(CommandError::Refused(Refusal::Full)) => Outcome::Full,
        Err(_) => Outcome::Failed,
    }
}
