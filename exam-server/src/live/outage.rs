//! A server outage costs nobody time: what was lost is given back before anything is closed.

use exam_core::session::Command;
use exam_core::time::{Span, Timestamp};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::sitting::{CommandError, Sitting};
use crate::app::App;
use crate::store::OpenAttempt;

/// How often a node gives a sign of life.
const BEAT_EVERY: Span = Span::from_seconds(2);

/// The shortest silence that counts as an outage; phones bridge anything shorter by themselves.
const OUTAGE_MIN: Span = Span::from_seconds(10);

/// How many attempts are credited at once.
const AT_ONCE: usize = 256;

/// How many attempts one page lists.
const PAGE: i64 = 1_000;

/// Gives the time of an outage back to every attempt that ran in it, and returns when it was done.
/// Runs before anything is closed; safe to run twice, because a second run finds a fresh sign of life.
///
/// # Errors
/// [`CommandError`] when the database is in trouble; nothing may be closed then, and the same
/// again gives back what is left to give.
pub async fn credit(app: &App) -> Result<Timestamp, CommandError> {
    settle_writes(app).await;
    let ready = app.clock.now();
    if let Some(from) = app.store.heartbeat_find().await? {
        credit_all(app, from, ready, from).await?;
    }
    // Saves went on while it was given back: that took nobody's time.
    give_sign(app, app.clock.now()).await
}

/// Lets what was on its way when an outage began come to its end: time that staff had just added makes
/// an attempt one that ran in it.
async fn settle_writes(app: &App) {
    let _ = app.journal.barrier().await; // One that fails is told to whoever waits for it.
}

/// Stores a sign of life and returns since when it counts. If it hung on its way, so did all else that
/// was to be written since the one at `before`: that is given back, unless another node has given a
/// sign meanwhile.
async fn give_sign(app: &App, mut before: Timestamp) -> Result<Timestamp, CommandError> {
    loop {
        let ready = app.clock.now();
        app.store.heartbeat_beat(ready).await?;
        let hung = app.clock.now().since(before) > OUTAGE_MIN;
        if !hung || app.store.heartbeat_find().await? != Some(ready) {
            return Ok(ready);
        }
        app.health.database_failed(); // Nobody is closed until everybody is credited.
        settle_writes(app).await;
        credit_all(app, before, app.clock.now(), ready).await?;
        before = app.clock.now();
    }
}

/// Gives back the time from `from` to `ready`, and all that is lost while it is given back: a disk
/// that hangs then is an outage that goes on. `beat` is the sign of life that is stored; with a newer
/// one another node serves.
async fn credit_all(
    app: &App,
    mut from: Timestamp,
    mut ready: Timestamp,
    beat: Timestamp,
) -> Result<(), CommandError> {
    while credit_since(app, from, ready).await? {
        if app.store.heartbeat_find().await? != Some(beat) {
            break;
        }
        (from, ready) = (ready, app.clock.now());
    }
    Ok(())
}

/// Gives back the time from `from` to `ready`, and returns whether that hung.
async fn credit_since(app: &App, from: Timestamp, ready: Timestamp) -> Result<bool, CommandError> {
    let silence = ready.since(from);
    if silence <= OUTAGE_MIN {
        return Ok(false);
    }
    let (mut after, mut credited, mut hung) = (0, 0_u64, false);
    let mut moved_at = app.clock.now();
    loop {
        let page = app.store.attempt_open_after(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.key.attempt_no;
        for part in page.chunks(AT_ONCE) {
            let credits = part.iter().map(|open| credit_one(app, *open, from, ready));
            for outcome in futures_util::future::join_all(credits).await {
                match outcome {
                    Ok(added) => credited += u64::from(added),
                    // Were this sign of life stored, the outage would be forgotten.
                    Err(trouble) if trouble.may_pass() => return Err(trouble),
                    Err(error) => {
                        let error = &error as &dyn std::error::Error;
                        error!(error, "an attempt was not credited for the outage");
                    }
                }
            }
            let now = app.clock.now();
            hung |= now.since(std::mem::replace(&mut moved_at, now)) > OUTAGE_MIN;
        }
    }
    info!(
        outage_ms = silence.as_ms(),
        credited, "credited an outage of {silence} to {credited} attempts"
    );
    Ok(hung)
}

async fn credit_one(
    app: &App,
    open: OpenAttempt,
    from: Timestamp,
    ready: Timestamp,
) -> Result<bool, CommandError> {
    let Some(attempt) = app.lookups.attempt(open.attempt_id).await? else {
        return Ok(false);
    };
    let Some(cap) = app.exams.outage_cap(app, &attempt).await? else { return Ok(false) };
    let Some(mut sitting) = Sitting::load(app, std::sync::Arc::new(attempt)).await? else {
        return Ok(false);
    };
    // A pause that ended in the outage ends first; from then on the outage took time.
    if sitting.session().next_wakeup().is_some_and(|at| at <= ready)
        && sitting.session().deadline().is_none()
    {
        sitting.command(app, &Command::Wake, None).await?;
    }
    let command = Command::CreditOutage { from, ready, cap };
    match sitting.command(app, &command, None).await {
        Ok(added) => Ok(added),
        Err(CommandError::Refused(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Gives signs of life until stopped. A silence in between, because the database was away or the
/// process stood still, is an outage too.
pub async fn beat(app: App, stopping: CancellationToken) {
    let mut ticks = app.clock.interval(BEAT_EVERY);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = ticks.tick() => {}
        }
        match beat_once(&app).await {
            Ok(asked) => app.health.database_answered(asked),
            Err(error) => {
                app.health.database_failed();
                warn!(error = &error as &dyn std::error::Error, "no sign of life was stored");
            }
        }
    }
}

/// Gives a sign of life and returns since when it counts.
async fn beat_once(app: &App) -> Result<Timestamp, CommandError> {
    let _beating = app.health.beating.lock().await;
    let now = app.clock.now();
    let newest = app.store.heartbeat_find().await?.unwrap_or(now);
    let ready = if now.since(newest) > OUTAGE_MIN {
        app.health.database_failed(); // Nobody is closed until everybody is credited.
        credit(app).await?
    } else {
        give_sign(app, newest).await?
    };
    if !app.journal.is_healthy() {
        // Where nobody writes, nobody would find out that commits succeed again, and nobody would
        // be closed.
        let _ = app.journal.barrier().await;
    }
    Ok(ready)
}
