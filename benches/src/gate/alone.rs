//! One save at a time at the store: a commit is one sync of the disk and little else.

use std::time::{Duration, Instant};

use anyhow::Context;
use exam_core::ids::{AttemptId, DeviceId};
use exam_core::item::OptionSet;
use exam_core::session::{Command, Event, Frame, Message, MessageBody, Session, Writer};
use exam_server::commands::Desk;
use exam_server::store::{Append, AttemptKey, Scope, Write, Written};
use exam_tests::{Kind, server};

use super::{Limit, Programs, Report, Size};
use crate::latency::{Latencies, Summary};
use crate::probe;
use crate::server::Loaded;

/// How long the store is asked, between two probes.
const LENGTH: Duration = Duration::from_secs(4);

/// Below this the disk is so fast that a commit's own work shows; then the difference counts.
const FAST_PROBE_MS: f64 = 0.3;

pub(super) async fn run(
    programs: &Programs,
    size: Size,
    report: &mut Report,
) -> anyhow::Result<()> {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(mut loaded) = Loaded::start(&programs.server, kind, 1).await else { continue };
        let seats = loaded.seats().await?;
        loaded.process.stop().await;
        let desk = server::desk(&loaded.database).await;
        let attempt = seats[0].attempt.parse()?;
        let folder = loaded.database.folder.path();
        let before = probe::fsync(folder, size.long(Duration::from_secs(2)))?;
        let commits = commit_alone(&desk, attempt, size.long(LENGTH)).await?;
        let after = probe::fsync(folder, size.long(Duration::from_secs(2)))?;
        let probe_ms = f64::midpoint(before.p50_ms, after.p50_ms);
        let name = match kind {
            Kind::Sqlite => "SQLite",
            Kind::Postgres => "PostgreSQL",
        };
        report.note(format!("{name}: probe of the disk, p50"), probe_ms, "ms", Limit::None);
        report.note(format!("{name}: a commit, p50"), commits.p50_ms, "ms", Limit::None);
        report.note(format!("{name}: a commit, p99"), commits.p99_ms, "ms", Limit::None);
        let own_us = (commits.p50_ms - probe_ms) * 1e3;
        let ratio = probe_ms / commits.p50_ms.max(0.001);
        // PostgreSQL adds two round trips to another process: told, not bound.
        let (own_limit, ratio_limit) = match kind {
            Kind::Postgres => (Limit::None, Limit::None),
            Kind::Sqlite if probe_ms < FAST_PROBE_MS => (Limit::AtMost(150.0), Limit::None),
            Kind::Sqlite => (Limit::None, Limit::AtLeast(0.5)),
        };
        report.note(format!("{name}: commit − probe"), own_us, "µs", own_limit);
        report.note(format!("{name}: commits ÷ probe"), ratio, "×", ratio_limit);
        desk.store.close().await;
    }
    Ok(())
}

/// Appends one frame after the other, each in a commit of its own.
async fn commit_alone(
    desk: &Desk,
    attempt: AttemptId,
    length: Duration,
) -> anyhow::Result<Summary> {
    let found = desk.store.attempt_find(attempt, &Scope::All).await?.context("it was started")?;
    let session = desk.store.session_load(found.key, attempt).await?;
    let mut session = session.context("it has a journal")?;
    let device = DeviceId::from_uuid(uuid::Uuid::from_u128(1));
    let open = Command::Open { device, take_over: true };
    let opened = session.decide(open, desk.now())?.context("nobody holds it")?;
    append(desk, found.key, &mut session, opened).await?;
    let writer = Writer { device, epoch: session.epoch() };
    let mut latencies = Latencies::default();
    #[expect(clippy::disallowed_methods, reason = "a bench measures")]
    let began = Instant::now();
    let mut number = 0;
    while began.elapsed() < length {
        number += 1;
        let response = Some(OptionSet::EMPTY.with(usize::try_from(number % 4)?));
        let slot = i64::try_from(number % crate::server::SLOTS + 1)?;
        let body = MessageBody::Save { slot, response, client_at: None };
        let message = Message { n: number, received_at: desk.now(), body };
        let event = session.decide_message(writer, &message)?.context("it is new")?;
        let before = began.elapsed();
        append(desk, found.key, &mut session, event).await?;
        latencies.add(began.elapsed() - before);
    }
    Ok(latencies.summary())
}

async fn append(
    desk: &Desk,
    key: AttemptKey,
    session: &mut Session,
    event: Event,
) -> anyhow::Result<()> {
    let expected = session.seq();
    let frame = Frame { seq: expected.next(), events: vec![event] };
    session.evolve(&frame.events[0], frame.seq);
    let bytes = String::from_utf8(frame.to_bytes())?;
    session.seal(bytes.as_bytes());
    let append = Append { key, expected, frame: bytes, attached: None };
    let written = desk.store.journal_commit(&[Write::Append(append)]).await?;
    anyhow::ensure!(written == [Written::Done], "{written:?}");
    Ok(())
}
