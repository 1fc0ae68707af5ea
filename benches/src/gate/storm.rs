//! A storm of sign-ins beside sessions that save: hashing passwords takes a core, saves keep theirs.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use exam_tests::{Kind, person, server};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::{Limit, Programs, Report, Size};
use crate::drive::{Talk, drive};
use crate::http::Http;
use crate::recorder::{Recorder, Wait};
use crate::server::Loaded;
use crate::wire::hospital;

/// Sessions that save.
const SESSIONS: usize = 1_000;

/// People who sign in at once.
const PEOPLE: usize = 2_000;

/// How often each session saves.
const PACE: Duration = Duration::from_secs(2);

/// How long each part lasts.
const LENGTH: Duration = Duration::from_secs(20);

/// How long somebody tries to get in. At 17 ms a hash, 2,000 take 34 s of one core; twice that,
/// because the load and the saves want the cores too, and hashing steps back behind them.
const PATIENCE: Duration = Duration::from_secs(180);

pub(super) async fn run(
    programs: &Programs,
    size: Size,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (sessions, people) = (size.many(SESSIONS), size.many(PEOPLE));
    let (pace, length) = (size.long(PACE), size.long(LENGTH));
    let loaded = Loaded::start(&programs.server, Kind::Sqlite, sessions).await;
    let loaded = loaded.expect("a file is always to be had");
    let desk = server::desk(&loaded.database).await;
    let persons = person::persons(&desk, people).await;
    desk.store.close().await;
    let seats = loaded.seats().await?;
    let wires = loaded.open(&seats).await?;
    let quiet = drive(wires, vec![0; sessions], Talk::Save, Some(pace), length).await;
    let recorder = Arc::new(Recorder::default());
    let address = loaded.address();
    let mut arriving = JoinSet::new();
    for (place, person) in persons.into_iter().enumerate() {
        let recorder = Arc::clone(&recorder);
        arriving.spawn(async move {
            let http = Http::new(address, hospital(place), None);
            sign_in(http, &person, place, &recorder).await
        });
    }
    let stormy = drive(quiet.wires, quiet.numbers, Talk::Save, Some(pace), length).await;
    let (mut refused, mut longest) = (Vec::new(), 0);
    while let Some(entered) = arriving.join_next().await {
        match entered? {
            Ok(position) => longest = longest.max(position),
            Err(error) => refused.push(error),
        }
    }
    for error in refused.iter().take(5) {
        println!("error: {error:#}");
    }
    for error in quiet.errors.iter().chain(&stormy.errors) {
        println!("error: {error}");
    }
    report.never("saves that failed", quiet.errors.len() + stormy.errors.len());
    report.never("people who were not let in", refused.len());
    report.curves(
        "Saves beside 2,000 sign-ins",
        &[("quiet", &quiet.latencies), ("storm", &stormy.latencies)],
    );
    let (quiet, storm) = (quiet.latencies.summary(), stormy.latencies.summary());
    report.note("save in quiet, p50", quiet.p50_ms, "ms", Limit::None);
    report.note("save in quiet, p99", quiet.p99_ms, "ms", Limit::None);
    report.note("save in the storm, p50", storm.p50_ms, "ms", Limit::None);
    report.note("save in the storm, p99", storm.p99_ms, "ms", Limit::None);
    let ratio = storm.p99_ms / quiet.p99_ms.max(0.001);
    report.note("storm ÷ quiet, p99", ratio, "×", Limit::AtMost(2.0));
    let entered = recorder.all(Wait::SignIn).summary();
    report.note("sign-in, p50", entered.p50_ms, "ms", Limit::None);
    report.note("sign-in, last", entered.max_ms, "ms", Limit::None);
    report.note("last place in the queue", longest as f64, "", Limit::None);
    report.never("acknowledged answers lost", loaded.lost(&seats, &stormy.numbers).await?);
    Ok(())
}

/// Tries until let in, keeping the place in the queue; returns the last place that was told.
async fn sign_in(
    mut http: Http,
    person: &person::Person,
    place: usize,
    recorder: &Recorder,
) -> anyhow::Result<u64> {
    let body = json!({ "id_number": person.id_number, "password": person.password });
    let (began, mut ticket, mut longest) = (Instant::now(), None::<String>, 0);
    loop {
        let header = ticket.as_deref().map(|ticket| ("queue-ticket", ticket));
        let headers: Vec<_> = header.into_iter().collect();
        let reply = http.request(Method::POST, "/sign-in", Some(&body), &headers).await?;
        if reply.status.is_success() {
            recorder.note(place, Wait::SignIn, began.elapsed());
            return Ok(longest);
        }
        let said = reply.json();
        let wait = reply.retry_after().filter(|_| began.elapsed() < PATIENCE);
        let Some(wait) = wait else { anyhow::bail!("{}: {said}", reply.status) };
        longest = longest.max(said["position"].as_u64().unwrap_or(0));
        if let Some(held) = said["queue_ticket"].as_str() {
            ticket = Some(held.to_owned());
        }
        sleep(wait).await;
    }
}
