//! What a connection does with its session: one job at a time, away from the socket.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use exam_core::ids::DeviceId;
use exam_core::session::{Command, Message, Refusal, Writer};

use crate::app::App;
use crate::journal_writer::WriteError;
use crate::live::sitting::{CommandError, Sitting, UnderWay, Verdict};
use crate::store::{StoreError, Written};

/// What a connection waits for.
pub(super) enum Working {
    /// The disk has a frame of messages; the session stays at hand, and nothing is told of it.
    Append { writer: Writer, messages: Vec<Message>, under_way: UnderWay },
    /// A job that may take several steps, and has the session.
    Job(Pin<Box<dyn Future<Output = JobDone> + Send>>),
    /// The session is read.
    Load(Pin<Box<dyn Future<Output = Result<Option<Sitting>, StoreError>> + Send>>),
}

/// What has come of it.
pub(super) enum Worked {
    Append(Result<Written, WriteError>),
    Job(Box<JobDone>),
    Load(Box<Result<Option<Sitting>, StoreError>>),
}

impl Working {
    pub(super) async fn done(&mut self) -> Worked {
        match self {
            Self::Append { under_way, .. } => Worked::Append(under_way.written().await),
            Self::Job(job) => Worked::Job(Box::new(job.as_mut().await)),
            Self::Load(load) => Worked::Load(Box::new(load.as_mut().await)),
        }
    }
}

/// One thing to do.
#[derive(Debug)]
pub(super) enum Job {
    /// An open is not run again once the phone that asked for it has gone: it would fence the
    /// phone's own newer connection.
    Open {
        device: DeviceId,
        take_over: bool,
        gone: Arc<AtomicBool>,
    },
    Messages {
        writer: Writer,
        messages: Vec<Message>,
    },
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
    let before = (sitting.session().seq().0, sitting.frames_appended());
    let outcome = match &job {
        Job::Open { device, take_over, gone } => {
            open(&app, &mut sitting, *device, *take_over, gone).await
        }
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
    let own = sitting.frames_appended() - before.1;
    let moved = sitting.session().seq().0 != before.0 + own;
    JobDone { sitting, job, outcome, moved }
}

async fn open(
    app: &App,
    sitting: &mut Sitting,
    device: DeviceId,
    take_over: bool,
    gone: &AtomicBool,
) -> Outcome {
    // Time may have run out while nobody was connected.
    if sitting.wake(app).await.is_err() {
        return Outcome::Failed;
    }
    let (open, is_wanted) = (Command::Open { device, take_over }, || !gone.load(Ordering::Relaxed));
    match sitting.command_while(app, &open, None, is_wanted, None).await {
        Ok(_) => Outcome::Done,
        Err(CommandError::Refused(Refusal::Elsewhere)) => Outcome::Elsewhere,
        Err(CommandError::Refused(Refusal::Closed)) => Outcome::Closed,
        Err(CommandError::Refused(Refusal::Full)) => Outcome::Full,
        Err(_) => Outcome::Failed,
    }
}
