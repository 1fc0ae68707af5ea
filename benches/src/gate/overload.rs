//! More than the server can do, of every kind at once: saves go first, the rest is told to wait,
//! memory stays bounded, and it is over ten seconds after its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{Method, StatusCode, header};
use exam_tests::Kind;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::{Limit, Programs, Report, Size};
use crate::drive::{Talk, drive};
use crate::http::Http;
use crate::server::{Loaded, SLOTS, saved};
use crate::usage::resident_kib;
use crate::wire::{Wire, hospital};

/// Candidates as on any exam day, whose acknowledgements count.
const CANDIDATES: usize = 1_000;

/// How often each saves.
const PACE: Duration = Duration::from_secs(2);

/// Connections that send as fast as they are answered.
const FLOOD: usize = 2_000;

/// Messages that each of them has under way: with all of them far above what is done in a second.
const WINDOW: u64 = 16;

/// Phones that never read.
const DEAF: usize = 100;

/// Sockets that were opened and say nothing: a tenth of all.
const DEAD: usize = 300;

/// People who try to sign in at the same time, again and again.
const SIGNING_IN: usize = 300;

/// People who ask for lists at the same time, again and again.
const READING: usize = 300;

/// How long each part lasts.
const LENGTH: Duration = Duration::from_secs(15);

/// Memory that the server may take above what it has with all connections there.
const GROWTH_MIB_MAX: f64 = 256.0;

/// What the many have seen.
#[derive(Default)]
struct Seen {
    stop: AtomicBool,
    acks: AtomicU64,
    nacks: AtomicU64,
    served: AtomicU64,
    told_to_wait: AtomicU64,
    unexpected: AtomicU64,
}

pub(super) async fn run(
    programs: &Programs,
    size: Size,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (candidates, flood) = (size.many(CANDIDATES), size.many(FLOOD));
    let (deaf, dead) = (size.many(DEAF), size.many(DEAD));
    let (pace, length) = (size.long(PACE), size.long(LENGTH));
    let all = candidates + flood + deaf + dead;
    let loaded = Loaded::start(&programs.server, Kind::Sqlite, all).await;
    let loaded = loaded.expect("a file is always to be had");
    let seats = loaded.seats().await?;
    let mut wires = loaded.open(&seats).await?;
    let sleeping = wires.split_off(candidates + flood + deaf);
    let deaf = wires.split_off(candidates + flood);
    let flooding = wires.split_off(candidates);
    let before_kib = resident_kib(loaded.process.id());
    let quiet = drive(wires, vec![0; candidates], Talk::Save, Some(pace), length).await;

    let seen = Arc::new(Seen::default());
    let mut many = JoinSet::new();
    for wire in flooding {
        many.spawn(send_on(wire, Arc::clone(&seen)));
    }
    for wire in deaf {
        many.spawn(never_read(wire, Arc::clone(&seen)));
    }
    let address = loaded.address();
    for place in 0..size.many(SIGNING_IN) {
        let http = Http::new(address, hospital(place), None);
        many.spawn(ask(http, Method::POST, "/sign-in", Arc::clone(&seen)));
    }
    for (place, seat) in seats.iter().take(size.many(READING)).enumerate() {
        let http = Http::new(address, hospital(place), Some(seat.token.clone()));
        many.spawn(ask(http, Method::GET, "/exams", Arc::clone(&seen)));
    }
    let peak = Arc::new(AtomicU64::new(0));
    let watching = tokio::spawn(watch(loaded.process.id(), Arc::clone(&peak)));
    let loud = drive(quiet.wires, quiet.numbers, Talk::Save, Some(pace), length).await;
    seen.stop.store(true, Ordering::Relaxed);
    let ended = Instant::now();
    many.abort_all();
    while many.join_next().await.is_some() {}
    drop(sleeping);
    watching.abort();
    let gone = ended.elapsed();
    let settle = size.long(Duration::from_secs(10)).saturating_sub(gone);
    let settling = drive(loud.wires, loud.numbers, Talk::Save, Some(pace), settle).await;
    let after = drive(settling.wires, settling.numbers, Talk::Save, Some(pace), length).await;

    let errors: Vec<_> = [&quiet.errors, &loud.errors, &settling.errors, &after.errors]
        .into_iter()
        .flatten()
        .collect();
    for error in &errors {
        println!("error: {error}");
    }
    report.never("saves of candidates that failed", errors.len());
    report.curves(
        "Candidates' saves under overload",
        &[("before", &quiet.latencies), ("overload", &loud.latencies), ("after", &after.latencies)],
    );
    let (quiet, busy, calm) =
        (quiet.latencies.summary(), loud.latencies.summary(), after.latencies.summary());
    let told = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64;
    let seconds = length.as_secs_f64();
    report.note("before: save, p99", quiet.p99_ms, "ms", Limit::None);
    report.note("overload: save, p50", busy.p50_ms, "ms", Limit::None);
    report.note("overload: save, p99", busy.p99_ms, "ms", Limit::AtMost(2_000.0));
    report.note(
        "ten seconds after: save, p99",
        calm.p99_ms,
        "ms",
        Limit::AtMost(normal(quiet.p99_ms)),
    );
    report.note("overload: saves of the flood done", told(&seen.acks) / seconds, "/s", Limit::None);
    report.note("overload: saves told to come again", told(&seen.nacks), "", Limit::None);
    report.note("overload: requests served", told(&seen.served), "", Limit::None);
    report.note("overload: requests told to come again", told(&seen.told_to_wait), "", Limit::None);
    report.never("requests answered in any other way", told(&seen.unexpected) as usize);
    let grown = told(&peak) - before_kib as f64;
    report.note(
        "memory above the idle sessions, at the most",
        grown / 1_024.0,
        "MiB",
        Limit::AtMost(GROWTH_MIB_MAX),
    );
    let lost = loaded.lost(&seats[..candidates], &after.numbers).await?;
    report.never("acknowledged answers lost", lost);
    Ok(())
}

/// What counts as normal again: twice the quiet run, or what nobody notices.
fn normal(quiet_ms: f64) -> f64 {
    (quiet_ms * 2.0).max(20.0).round()
}

/// Keeps a window of messages under way.
async fn send_on(mut wire: Wire, seen: Arc<Seen>) -> anyhow::Result<()> {
    let (mut sent, mut answered) = (0_u64, 0_u64);
    while !seen.stop.load(Ordering::Relaxed) {
        while sent < answered + WINDOW {
            sent += 1;
            let (slot, option) = saved(sent);
            let save =
                format!(r#"{{"t":"save","n":{sent},"slot":{slot},"response":["{option}"]}}"#);
            wire.send(save).await?;
        }
        let reply: serde_json::Value = serde_json::from_str(&wire.receive().await?)?;
        match reply["t"].as_str() {
            Some("ack") => {
                let n = reply["n"].as_u64().unwrap_or(0);
                seen.acks.fetch_add(n.saturating_sub(answered), Ordering::Relaxed);
                answered = answered.max(n);
            }
            Some("nack") => {
                // Told to come again: an honest phone waits that long.
                seen.nacks.fetch_add(1, Ordering::Relaxed);
                answered = answered.max(reply["n"].as_u64().unwrap_or(0));
                let wait = reply["retry_ms"].as_u64().unwrap_or(0);
                sleep(Duration::from_millis(wait)).await;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Sends and never reads, until the server lets go.
async fn never_read(mut wire: Wire, seen: Arc<Seen>) -> anyhow::Result<()> {
    let mut number = 0;
    while !seen.stop.load(Ordering::Relaxed) {
        number += 1;
        let slot = number % SLOTS + 1;
        let save = format!(r#"{{"t":"save","n":{number},"slot":{slot},"response":["a"]}}"#);
        timeout(Duration::from_secs(30), wire.send(save)).await??;
        sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Asks again as soon as it is answered, whatever the answer asks for.
async fn ask(
    mut http: Http,
    method: Method,
    path: &'static str,
    seen: Arc<Seen>,
) -> anyhow::Result<()> {
    let body = json!({ "id_number": "11010519491231002X", "password": "nobody's" });
    let body = (method == Method::POST).then_some(&body);
    while !seen.stop.load(Ordering::Relaxed) {
        let Ok(reply) = http.request(method.clone(), path, body, &[]).await else { continue };
        let counted = match reply.status {
            StatusCode::OK | StatusCode::UNAUTHORIZED => &seen.served,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
                if reply.headers.contains_key(header::RETRY_AFTER) =>
            {
                &seen.told_to_wait
            }
            _ => &seen.unexpected,
        };
        counted.fetch_add(1, Ordering::Relaxed);
        // A tenth of what it was asked to wait: still far more than an honest client sends.
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn watch(pid: u32, peak: Arc<AtomicU64>) {
    loop {
        peak.fetch_max(resident_kib(pid), Ordering::Relaxed);
        sleep(Duration::from_millis(200)).await;
    }
}
