//! Carries out acts on many attempts, one after the other, beside everything else.

use std::sync::Arc;
use std::time::Duration;

use exam_core::ids::AttemptId;
use exam_core::session::Command;
use exam_core::time::Span;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::sitting::CommandError;
use crate::app::App;
use crate::store::{AuditEntry, OpenBulk, Scope};

/// How long a node has for a slice before another one takes the job over.
const LEASE: Span = Span::from_seconds(30);

/// How many attempts are one slice: some hundred milliseconds of work.
const SLICE: i64 = 100;

/// How often a node looks for jobs that others left.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Wakes the worker of this node.
#[derive(Clone, Debug, Default)]
pub struct Bulks(Arc<Notify>);

impl Bulks {
    /// There is a new job.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// Works at jobs until the server stops.
pub async fn work(app: App, stopping: CancellationToken) {
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = app.bulks.0.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        loop {
            let now = app.clock.now();
            match app.store.bulk_lease(now, now + LEASE).await {
                Ok(Some(bulk)) => {
                    if let Err(trouble) = carry_out(&app, &bulk, &stopping).await {
                        error!(error = &*trouble, "a job is left for later");
                        break;
                    }
                }
                Ok(None) => break,
                Err(trouble) => {
                    error!(error = &trouble as &dyn std::error::Error, "no job can be taken");
                    break;
                }
            }
            if stopping.is_cancelled() {
                return;
            }
        }
    }
}

async fn carry_out(app: &App, bulk: &OpenBulk, stopping: &CancellationToken) -> anyhow::Result<()> {
    loop {
        let slice = app.store.bulk_waiting(bulk.bulk_id, SLICE).await?;
        let now = app.clock.now();
        if slice.is_empty() {
            app.store.bulk_renew(bulk.bulk_id, now, Some(now)).await?;
            return Ok(());
        }
        app.store.bulk_renew(bulk.bulk_id, now + LEASE, None).await?;
        for attempt in slice {
            if stopping.is_cancelled() {
                return Ok(());
            }
            let refused = extend(app, bulk, attempt).await?;
            app.store.bulk_note(bulk.bulk_id, attempt, refused.as_deref()).await?;
        }
    }
}

/// Adds the time to one attempt unless it was, and says why not where it is refused.
async fn extend(app: &App, bulk: &OpenBulk, id: AttemptId) -> anyhow::Result<Option<String>> {
    let Some(attempt) = app.store.attempt_find(id, &Scope::All).await? else {
        return Ok(Some("not_found".into()));
    };
    // Its audit row is written with the act: whoever finds it knows that the act was done.
    let reason = format!("{} [{}]", bulk.reason, bulk.bulk_id);
    if app.store.audit_has(&id.to_string(), &reason).await? {
        return Ok(None);
    }
    let attempt = Arc::new(attempt);
    let mut sitting = app.sittings.take(app, &attempt).await?;
    sitting.catch_up(app).await?;
    let audit = AuditEntry {
        at: app.clock.now(),
        actor: bulk.by.to_string(),
        action: "attempt.extend".to_owned(),
        object: id.to_string(),
        reason: reason.clone(),
        before: String::new(), // Filled in with the act itself.
        after: String::new(),
    };
    let command = Command::Extend { added: bulk.added, by: bulk.by, reason: bulk.reason.clone() };
    match sitting.command(app, &command, Some(&audit.into())).await {
        Ok(_) => Ok(None),
        Err(CommandError::Refused(refusal)) => Ok(Some(format!("{refusal:?}"))),
        Err(trouble @ CommandError::StepTaken) => Err(trouble.into()),
        Err(CommandError::Write(trouble)) => Err(anyhow::anyhow!("{trouble:?}")),
        Err(CommandError::Store(trouble)) => Err(trouble.into()),
    }
}
