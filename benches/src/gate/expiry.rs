//! Everybody's time ends in the same second, with the server there or away.

use std::time::Duration;

use axum::http::StatusCode;
use exam_tests::{Kind, bank, server};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use super::{Limit, Programs, Report, Size};
use crate::http::Http;
use crate::server::{Loaded, Seat};
use crate::wire::{Wire, hospital};

/// Attempts; half of them have a phone connected.
const ATTEMPTS: usize = 10_000;

/// The time that the exam allows.
const ALLOWED: Duration = Duration::from_secs(3_600);

/// Grace and settling, during which nobody is closed.
const NOBODY_CLOSED_FOR: Duration = Duration::from_secs(7);

/// How long the server is away.
const AWAY: Duration = Duration::from_secs(120);

/// How much time is left when it goes away.
const LEFT: Duration = Duration::from_secs(10);

/// Phones that tap while the server is away.
const TAPPING: usize = 200;

/// How long everything may take before the run gives up.
const PATIENCE: Duration = Duration::from_secs(100);

pub(super) async fn run(
    programs: &Programs,
    size: Size,
    report: &mut Report,
) -> anyhow::Result<()> {
    let count = size.many(ATTEMPTS);
    for (kind, name) in [(Kind::Sqlite, "SQLite"), (Kind::Postgres, "PostgreSQL")] {
        let Some(loaded) = Loaded::start(&programs.turned, kind, count).await else { continue };
        let seats = loaded.seats().await?;
        let wires = loaded.open(&seats[..count / 2]).await?;
        sleep(Duration::from_secs(2)).await; // The database has answered steadily.
        let usage = loaded.usage();
        let began = Instant::now();
        // All at the same instant, which is harder than in one second.
        loaded.turn(ALLOWED + NOBODY_CLOSED_FOR).await?;
        let took = closed(&loaded, count, began).await?;
        let used = loaded.usage() - usage;
        report.note(
            format!("{name}: all closed and scored after deadline + grace + settling"),
            took.as_secs_f64(),
            "s",
            Limit::AtMost(5.0),
        );
        let each = used.cpu.as_secs_f64() * 1e6 / count as f64;
        report.note(
            format!("{name}: CPU a close, the database's included"),
            each,
            "µs",
            Limit::None,
        );
        report.never(format!("{name}: phones not told"), not_told(wires).await);
        report.never(
            format!("{name}: attempts without a result"),
            without_result(&loaded, count).await,
        );
    }
    Ok(())
}

pub(super) async fn run_away(
    programs: &Programs,
    size: Size,
    report: &mut Report,
) -> anyhow::Result<()> {
    let count = size.many(ATTEMPTS);
    let mut loaded = Loaded::start(&programs.turned, Kind::Sqlite, count)
        .await
        .expect("a file is always to be had");
    let began = Instant::now();
    let seats = loaded.seats().await?;
    let forward = ALLOWED - LEFT - began.elapsed();
    loaded.turn(forward).await?;
    let tapping = &seats[..TAPPING.min(count)];
    let wires = loaded.open(tapping).await?;
    sleep(Duration::from_secs(3)).await; // A sign of life is stored.
    loaded.process.kill().await;
    drop(wires);
    loaded.process.turn_at_start((forward + AWAY).as_millis());
    loaded.process.start_again().await;
    let ready = Instant::now();
    // What was tapped while the server was away arrives now, long after the first deadline.
    let mut lost = 0;
    let back = loaded.open(tapping).await?;
    for mut wire in back {
        for number in 1..=3_u64 {
            let save = json!({ "t": "save", "n": number, "slot": number, "response": ["c"] });
            wire.send(save.to_string()).await?;
        }
        let acked = timeout(Duration::from_secs(10), wire.receive_start(r#"{"t":"ack","n":3"#));
        lost += usize::from(acked.await.is_err());
    }
    let credited = deadline_left(&loaded, &seats[0]).await?;
    let deadline = Instant::now() + credited;
    report.note(
        "ready until the credited deadline",
        (deadline - ready).as_secs_f64(),
        "s",
        Limit::AtLeast(10.0),
    );
    if size.small {
        loaded.turn(credited + NOBODY_CLOSED_FOR).await?;
    }
    let deadline = if size.small { Instant::now() } else { deadline };
    let took = closed(&loaded, count, deadline).await?;
    report.note(
        "all closed and scored after the credited deadline",
        took.as_secs_f64(),
        "s",
        Limit::AtMost(30.0),
    );
    for seat in tapping {
        let mut http = Http::new(loaded.address(), hospital(0), Some(seat.token.clone()));
        let result = http.get(&format!("/attempts/{}/result", seat.attempt)).await?;
        lost += usize::from(result.json()["receipt"]["answered"] != 3);
    }
    report.note("phones that tapped while it was away", tapping.len() as f64, "", Limit::None);
    report.never("phones that lost a tap over the outage", lost);
    report.never("attempts without a result", without_result(&loaded, count).await);
    Ok(())
}

/// How long after `since` the last of `count` attempts was closed.
async fn closed(loaded: &Loaded, count: usize, since: Instant) -> anyhow::Result<Duration> {
    let began = Instant::now();
    loop {
        let figures = loaded.figures().await?;
        let closed = figures.get(r#"exam_attempts_closed_total{by="deadline"}"#).copied();
        if closed.unwrap_or(0.0) >= count as f64 {
            return Ok(since.elapsed());
        }
        anyhow::ensure!(began.elapsed() < PATIENCE, "{closed:?} of {count} were closed in time");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn deadline_left(loaded: &Loaded, seat: &Seat) -> anyhow::Result<Duration> {
    let mut http = Http::new(loaded.address(), hospital(0), Some(seat.token.clone()));
    let state = http.get(&format!("/attempts/{}", seat.attempt)).await?;
    anyhow::ensure!(state.status == StatusCode::OK, "{state:?}");
    Ok(Duration::from_millis(state.json()["remaining_ms"].as_u64().unwrap_or(0)))
}

/// How many connected phones were not told that the attempt is closed.
async fn not_told(wires: Vec<Wire>) -> usize {
    let mut not_told = 0;
    for mut wire in wires {
        let told = timeout(Duration::from_secs(5), wire.receive_start(r#"{"t":"closed""#)).await;
        not_told += usize::from(!matches!(told, Ok(Ok(_))));
    }
    not_told
}

async fn without_result(loaded: &Loaded, count: usize) -> usize {
    let desk = server::desk(&loaded.database).await;
    let results = bank::count(&desk.store, "result").await;
    desk.store.close().await;
    count.saturating_sub(usize::try_from(results).unwrap_or(0))
}
