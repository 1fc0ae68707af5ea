//! Closes attempts whose time is up and whose candidates are not connected to this node.

use exam_core::time::Span;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::sitting::Sitting;
use crate::app::App;
use crate::store::{OpenAttempt, StoreError};

/// How often the database is asked for attempts whose time is up: a tenth of the five seconds in
/// which everything must be closed.
const ASK_EVERY: Span = Span::from_ms(500);

/// How many attempts are closed before the database is asked again.
const PAGE: i64 = 1_000;

/// How many are closed at once, so that they share commits without crowding out saves.
const AT_ONCE: usize = 256;

/// How long an attempt that could not be closed is set aside the first time; it doubles.
const SET_ASIDE: Span = Span::from_seconds(2);

/// The longest it is set aside.
const SET_ASIDE_MAX: Span = Span::from_minutes(5);

/// Attempts that could not be closed, with when to try them again.
type SetAside = std::collections::HashMap<i64, (exam_core::time::Timestamp, Span)>;

/// Runs until stopped.
pub async fn run(app: App, stopping: CancellationToken) {
    let mut ticks = app.clock.interval(ASK_EVERY);
    let mut set_aside = SetAside::new();
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = ticks.tick() => {}
        }
        if app.may_close() {
            close_due(&app, &mut set_aside).await;
        }
    }
}

async fn close_due(app: &App, set_aside: &mut SetAside) {
    let now = app.clock.now();
    let limit = PAGE + i64::try_from(set_aside.len()).unwrap_or(0);
    let due = match app.store.attempt_due(now, limit).await {
        Ok(due) => due,
        Err(trouble) => {
            warn!(error = &trouble as &dyn std::error::Error, "attempts due were not listed");
            app.health.database_failed();
            return;
        }
    };
    let ready = |attempt: &&OpenAttempt| {
        set_aside.get(&attempt.key.attempt_no).is_none_or(|(again_at, _)| *again_at <= now)
    };
    let due: Vec<OpenAttempt> = due.iter().filter(ready).copied().collect();
    for part in due.chunks(AT_ONCE) {
        if !app.may_close() {
            return;
        }
        let wakes = part.iter().map(|attempt| wake(app, *attempt));
        let ended = futures_util::future::join_all(wakes).await;
        for (attempt, outcome) in part.iter().zip(ended) {
            match outcome {
                Ok(()) => drop(set_aside.remove(&attempt.key.attempt_no)),
                Err(error) => note(app, set_aside, *attempt, &error),
            }
        }
    }
    metrics::gauge!("exam_attempts_set_aside").set(set_aside.len() as f64);
}

async fn wake(app: &App, open: OpenAttempt) -> anyhow::Result<()> {
    // Those that are due at once share their queries.
    let attempt = app.exams.attempt(app, open.attempt_id).await?;
    let attempt =
        attempt.ok_or_else(|| StoreError::bad_row("attempt", open.attempt_id, "vanished"))?;
    let sitting = Sitting::load(app, attempt).await?;
    let mut sitting =
        sitting.ok_or_else(|| StoreError::bad_row("attempt", open.attempt_id, "no journal"))?;
    sitting.wake(app).await?;
    Ok(())
}

/// Sets one attempt aside alone, with an alarm, so that it does not delay the others.
fn note(app: &App, set_aside: &mut SetAside, attempt: OpenAttempt, error: &anyhow::Error) {
    let entry = set_aside.entry(attempt.key.attempt_no).or_insert((app.clock.now(), SET_ASIDE));
    *entry = (app.clock.now() + entry.1, (entry.1 + entry.1).min(SET_ASIDE_MAX));
    metrics::counter!("exam_attempts_not_closed_total").increment(1);
    error!(
        attempt.id = %attempt.attempt_id,
        "attempt {} could not be closed and is set aside: {error:#}", attempt.attempt_id
    );
}
