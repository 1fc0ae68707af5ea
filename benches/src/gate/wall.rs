//! A wall of 500 candidates who save and are photographed: how long until an invigilator sees a
//! photograph, and what looking costs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use exam_tests::Kind;
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Limit, Programs, Report, Size};
use crate::camera::Camera;
use crate::drive::{Talk, drive};
use crate::http::Http;
use crate::latency::Latencies;
use crate::server::{Loaded, Seat, watched};
use crate::usage::Usage;
use crate::wire::hospital;

/// Candidates on one wall.
const CANDIDATES: usize = 500;

/// How often each saves.
const PACE: Duration = Duration::from_secs(10);

/// For how long.
const LENGTH: Duration = Duration::from_secs(40);

/// How often the page looks.
const LOOK_EVERY: Duration = Duration::from_millis(1_500);

/// Photographs a second: six an hour each would be less than one.
const A_SECOND: f64 = 4.0;

/// When photographs came, by attempt, until the wall shows them.
type Unseen = Arc<Mutex<HashMap<String, (Instant, u64)>>>;

pub(super) async fn run(
    programs: &Programs,
    size: Size,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (count, pace, length) = (size.many(CANDIDATES), size.long(PACE), size.long(LENGTH));
    let loaded = Loaded::start_exam(&programs.server, Kind::Sqlite, &watched(60), count).await;
    let loaded = Arc::new(loaded.expect("a file is always to be had"));
    let seats = loaded.seats().await?;
    let wires = loaded.open(&seats).await?;
    let mut watcher = Http::new(loaded.address(), hospital(0), Some(loaded.invigilator().await?));
    let wall = format!("/exams/{}/wall", loaded.exam);
    let whole = watcher.get(&format!("/staff{wall}")).await?;
    let first = whole.json();
    report.note("the whole wall", whole.body.len() as f64 / 1_024.0, "KiB", Limit::None);
    let tiles = first["tiles"].as_array().map_or(0, Vec::len);
    report.never("attempts that the wall does not show", count - tiles.min(count));

    let unseen: Unseen = Arc::default();
    let camera = Camera::new(size.many(30), 1);
    let every = Duration::from_secs_f64(1.0 / A_SECOND).min(length / 8);
    let photographs = tokio::spawn(photograph(
        Arc::clone(&loaded),
        seats.clone(),
        camera,
        every,
        length,
        Arc::clone(&unseen),
    ));
    let usage = Usage::of(loaded.process.id());
    let since = first["version"].as_str().unwrap_or_default().to_owned();
    let looking = tokio::spawn(look(watcher, wall, since, length, Arc::clone(&unseen)));
    let driven = drive(wires, vec![0; count], Talk::Save, Some(pace), length).await;
    let used = Usage::of(loaded.process.id()) - usage;
    let sent = photographs.await??;
    let looked = looking.await??;

    report.never("saves that failed", driven.errors.len());
    report.note("photographs kept", sent as f64 / length.as_secs_f64(), "/s", Limit::None);
    report.never("photographs that the wall did not show", sent.saturating_sub(looked.seen));
    let lag = looked.lag.summary();
    report.note("from kept to shown, p50", lag.p50_ms, "ms", Limit::None);
    report.note(
        "from kept to shown, p95",
        looked.lag.quantile_ms(0.95),
        "ms",
        Limit::AtMost(2_000.0),
    );
    report.note("a look, p99", looked.took.summary().p99_ms, "ms", Limit::None);
    let looks = looked.looks.max(1) as f64;
    report.note("a look", looked.bytes as f64 / looks / 1_024.0, "KiB", Limit::None);
    let cores = used.cpu.as_secs_f64() / length.as_secs_f64();
    report.note("CPU of the server, saves and photographs included", cores, "cores", Limit::None);
    report.never("acknowledged answers lost", loaded.lost(&seats, &driven.numbers).await?);
    Ok(())
}

/// Sends photographs of one candidate after the other, at a pace; how many were kept.
async fn photograph(
    loaded: Arc<Loaded>,
    seats: Vec<Seat>,
    camera: Camera,
    every: Duration,
    length: Duration,
    unseen: Unseen,
) -> anyhow::Result<usize> {
    let (began, mut at, mut sent) = (Instant::now(), Instant::now(), 0);
    for (place, seat) in seats.iter().enumerate().cycle() {
        // The last one has to be seen before the end.
        if at + LOOK_EVERY * 2 > began + length {
            break;
        }
        sleep_until(at).await;
        at += every;
        let mut http = Http::new(loaded.address(), hospital(place), Some(seat.token.clone()));
        let list = format!("/attempts/{}/snapshots", seat.attempt);
        let due = http.get(&list).await?.json();
        let Some(request) = due["due"][0]["request_id"].as_str() else { continue };
        let reply = http.put_photo(&format!("{list}/{request}"), camera.shot(place, sent)).await?;
        if reply.status == StatusCode::NO_CONTENT {
            let mut unseen = unseen.lock().expect("no holder panics");
            let taken = unseen.get(&seat.attempt).map_or(0, |(_, taken)| *taken) + 1;
            unseen.insert(seat.attempt.clone(), (Instant::now(), taken));
            sent += 1;
        }
    }
    Ok(sent)
}

/// What an invigilator's page saw.
#[derive(Default)]
struct Looked {
    looks: usize,
    bytes: usize,
    seen: usize,
    lag: Latencies,
    took: Latencies,
}

/// Looks again and again, as the page does.
async fn look(
    mut watcher: Http,
    wall: String,
    mut since: String,
    length: Duration,
    unseen: Unseen,
) -> anyhow::Result<Looked> {
    let mut looked = Looked::default();
    let began = Instant::now();
    let mut shown: HashMap<String, u64> = HashMap::new();
    while began.elapsed() < length {
        sleep(LOOK_EVERY.min(length / 8)).await;
        let asked = Instant::now();
        let reply = watcher.get(&format!("/staff{wall}?since={since}")).await?;
        anyhow::ensure!(reply.status.is_success(), "the wall: {}", reply.status);
        looked.took.add(asked.elapsed());
        looked.looks += 1;
        looked.bytes += reply.body.len();
        let view: Value = reply.json();
        since = view["version"].as_str().unwrap_or_default().to_owned();
        for tile in view["tiles"].as_array().into_iter().flatten() {
            let id = tile["attempt_id"].as_str().unwrap_or_default();
            let newest = tile["newest"].as_u64().unwrap_or(0);
            let before = shown.insert(id.to_owned(), newest).unwrap_or(0);
            let unseen = unseen.lock().expect("no holder panics");
            if let Some((kept_at, taken)) = unseen.get(id).filter(|(_, taken)| *taken <= newest)
                && before < *taken
            {
                looked.lag.add(kept_at.elapsed());
                looked.seen += 1;
            }
        }
    }
    Ok(looked)
}
