//! Many connections at a pace: what the disk adds to an acknowledgement, and nothing else does.

use std::time::Duration;

use exam_tests::Kind;

use super::{Limit, Programs, Report, Size};
use crate::drive::{Talk, drive};
use crate::echo::Echo;
use crate::probe;
use crate::server::Loaded;
use crate::usage::Usage;

/// Connections.
const CONNECTIONS: usize = 5_000;

/// How often each sends: 1,000 messages a second in all.
const PACE: Duration = Duration::from_secs(5);

/// For how long.
const LENGTH: Duration = Duration::from_secs(25);

pub(super) async fn run(
    programs: &Programs,
    size: Size,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (connections, length) = (size.many(CONNECTIONS), size.long(LENGTH));
    let pace = PACE.min(length);
    let loaded = Loaded::start(&programs.server, Kind::Sqlite, connections).await;
    let loaded = loaded.expect("a file is always to be had");
    let seats = loaded.seats().await?;
    let folder = loaded.database.folder.path();
    let echo = Echo::start(&programs.echo()).await?;
    let wires = echo.connect(connections).await?;
    let bare = drive(wires, vec![0; connections], Talk::Echo, Some(pace), length).await;
    drop(bare.wires);
    let before = probe::fsync(folder, size.long(Duration::from_secs(2)))?;
    let wires = loaded.open(&seats).await?;
    let usage = Usage::of(loaded.process.id());
    let driven = drive(wires, vec![0; connections], Talk::Save, Some(pace), length).await;
    let used = Usage::of(loaded.process.id()) - usage;
    let after = probe::fsync(folder, size.long(Duration::from_secs(2)))?;
    for error in bare.errors.iter().chain(&driven.errors) {
        println!("error: {error}");
    }
    report.never("errors", bare.errors.len() + driven.errors.len());
    let (bare, save) = (bare.latencies, driven.latencies);
    report.curves("Answers at 1,000 a second", &[("echo", &bare), ("durable save", &save)]);
    let (bare, save) = (bare.summary(), save.summary());
    let probe_ms = before.p99_ms.max(after.p99_ms);
    report.note("echo, p50", bare.p50_ms, "ms", Limit::None);
    report.note("echo, p99", bare.p99_ms, "ms", Limit::None);
    report.note("probe of the disk, p99", probe_ms, "ms", Limit::None);
    report.note("save, p50", save.p50_ms, "ms", Limit::None);
    let bound = bare.p99_ms + 4.0 * probe_ms;
    report.note("save, p99", save.p99_ms, "ms", Limit::AtMost(round(bound)));
    let cpu_us = used.cpu.as_secs_f64() * 1e6 / save.count.max(1) as f64;
    report.note("CPU a save", cpu_us, "µs", Limit::None);
    report.never("acknowledged answers lost", loaded.lost(&seats, &driven.numbers).await?);
    Ok(())
}

fn round(ms: f64) -> f64 {
    (ms * 100.0).round() / 100.0
}
