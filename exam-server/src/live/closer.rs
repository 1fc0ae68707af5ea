//! Closes attempts whose time is up and whose candidates are not connected to this node.

use exam_core::time::Span;
use futures_util::stream::{self, StreamExt};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::sitting::Sitting;
use crate::app::App;
use crate::store::{OpenAttempt, StoreError};

/// How often the database is asked for attempts whose time is up: a tenth of the five seconds in
/// which everything must be closed.
const ASK_EVERY: Span = Span::from_ms(500);

/// How many attempts are closed before the database is asked again; at once if there are more.
const PAGE: i64 = 1_000;

/// How many are closed at once, so that they share commits without crowding out saves.
const AT_ONCE: usize = 512;

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
        while app.may_close() && !stopping.is_cancelled() {
            if !close_due(&app, &mut set_aside).await {
                break;
            }
        }
    }
}

/// Closes a page of those that are due, and says whether it is worth asking for more at once.
async fn close_due(app: &App, set_aside: &mut SetAside) -> bool {
    let now = app.clock.now();
    let limit = PAGE + i64::try_from(set_aside.len()).unwrap_or(0);
    let due = match app.store.attempt_due(now, limit).await {
        Ok(due) => due,
        Err(trouble) => {
            warn!(error = &trouble as &dyn std::error::Error, "attempts due were not listed");
            app.health.database_failed();
            return false;
        }
    };
    let full = i64::try_from(due.len()).is_ok_and(|count| count == limit);
    let ready = |attempt: &&OpenAttempt| {
        set_aside.get(&attempt.key.attempt_no).is_none_or(|(again_at, _)| *again_at <= now)
    };
    let due: Vec<OpenAttempt> = due.iter().filter(ready).copied().collect();
    // Not in parts that wait for their last one: while some commit, others are looked up.
    let mut wakes = stream::iter(due)
        .take_while(|_| std::future::ready(app.may_close()))
        .map(async |attempt| (attempt, wake(app, attempt).await))
        .buffer_unordered(AT_ONCE);
    let mut any_moved = false;
    while let Some((attempt, outcome)) = wakes.next().await {
        match outcome {
            Ok(moved) => {
                any_moved |= moved;
                set_aside.remove(&attempt.key.attempt_no);
            }
            Err(error) => note(app, set_aside, attempt, &error),
        }
    }
    metrics::gauge!("exam_attempts_set_aside").set(set_aside.len() as f64);
    full && any_moved
}

/// Closes one attempt, and says whether that moved it.
async fn wake(app: &App, open: OpenAttempt) -> anyhow::Result<bool> {
    // Those that are due at once share their queries.
    let attempt = app.exams.attempt(app, open.attempt_id).await?;
    let attempt =
        attempt.ok_or_else(|| StoreError::bad_row("attempt", open.attempt_id, "vanished"))?;
    let sitting = Sitting::load(app, attempt).await?;
    let mut sitting =
        sitting.ok_or_else(|| StoreError::bad_row("attempt", open.attempt_id, "no journal"))?;
    Ok(sitting.wake(app).await?)
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
