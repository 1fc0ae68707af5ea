//! Durable saves in a closed loop: what one costs beside a bare echo's message.

use std::time::Duration;

use exam_tests::Kind;

use super::{Limit, Programs, Report, Size};
use crate::drive::{Talk, drive};
use crate::echo::Echo;
use crate::probe;
use crate::server::Loaded;
use crate::usage::Usage;

/// Connections, each with one message under way.
const CONNECTIONS: usize = 1_000;

/// How long each part runs, after a tenth to warm up.
const LENGTH: Duration = Duration::from_secs(15);

/// What one part of the run came to.
struct Part {
    cpu_us: f64,
    rate: f64,
    answers: u64,
    written: u64,
}

pub(super) async fn run(
    programs: &Programs,
    kind: Kind,
    size: Size,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (connections, length) = (size.many(CONNECTIONS), size.long(LENGTH));
    let Some(loaded) = Loaded::start(&programs.server, kind, connections).await else {
        return Ok(());
    };
    let folder = loaded.database.folder.path();
    let before = probe::fsync(folder, Duration::from_secs(1))?;
    let echo = echo(programs, connections, length, report).await?;

    let seats = loaded.seats().await?;
    let wires = loaded.open(&seats).await?;
    let numbers = vec![0; wires.len()];
    let warm = drive(wires, numbers, Talk::Save, None, length / 10).await;
    let (usage, figures) = (loaded.usage(), loaded.figures().await?);
    let driven = drive(warm.wires, warm.numbers, Talk::Save, None, length).await;
    let (usage, after) = (loaded.usage() - usage, loaded.figures().await?);
    let save = part(usage, driven.answers, driven.rate());
    let batch = |figures: &std::collections::HashMap<String, f64>, what: &str| {
        figures.get(&format!("exam_journal_batch_writes_{what}")).copied().unwrap_or(0.0)
    };
    let commits = batch(&after, "count") - batch(&figures, "count");
    let frames = batch(&after, "sum") - batch(&figures, "sum");
    let errors = warm.errors.len() + driven.errors.len();
    for error in warm.errors.iter().chain(&driven.errors) {
        println!("error: {error}");
    }
    report.never("errors", errors);
    // Of PostgreSQL, whose own work is in the figures, they are told and not bound.
    let bound = |limit| if kind == Kind::Sqlite { limit } else { Limit::None };
    report.note("echo: CPU a message", echo.cpu_us, "µs", Limit::None);
    report.note("save: CPU a save", save.cpu_us, "µs", Limit::None);
    report.note("save ÷ echo, CPU", save.cpu_us / echo.cpu_us, "×", bound(Limit::AtMost(2.0)));
    report.note("echo: messages a second", echo.rate, "/s", Limit::None);
    report.note("save: saves a second", save.rate, "/s", Limit::None);
    report.note("save ÷ echo, a second", save.rate / echo.rate, "×", bound(Limit::AtLeast(0.5)));
    report.note("frames a commit", frames / commits.max(1.0), "", Limit::AtLeast(20.0));
    let bytes = save.written as f64 / save.answers.max(1) as f64;
    report.note("bytes written a save", bytes, "B", bound(Limit::AtMost(800.0)));
    report.curves("Durable saves in a closed loop", &[("ack", &driven.latencies)]);
    let latency = driven.latencies.summary();
    report.note("acknowledgement, p50", latency.p50_ms, "ms", Limit::None);
    report.note("acknowledgement, p99", latency.p99_ms, "ms", Limit::None);
    let probe = probe::fsync(folder, Duration::from_secs(1))?;
    report.note("probe of the disk before, p50", before.p50_ms, "ms", Limit::None);
    report.note("probe of the disk after, p50", probe.p50_ms, "ms", Limit::None);
    lost(&loaded, &seats, &driven.numbers, report).await
}

/// What a bare echo does with the same connections and texts.
async fn echo(
    programs: &Programs,
    connections: usize,
    length: Duration,
    report: &mut Report,
) -> anyhow::Result<Part> {
    let echo = Echo::start(&programs.echo()).await?;
    let wires = echo.connect(connections).await?;
    let warm = drive(wires, vec![0; connections], Talk::Echo, None, length / 10).await;
    let usage = Usage::of(echo.id());
    let driven = drive(warm.wires, warm.numbers, Talk::Echo, None, length).await;
    let part = part(Usage::of(echo.id()) - usage, driven.answers, driven.rate());
    report.never("errors of the echo", warm.errors.len() + driven.errors.len());
    Ok(part)
}

fn part(usage: Usage, answers: u64, rate: f64) -> Part {
    let cpu_us = usage.cpu.as_secs_f64() * 1e6 / answers.max(1) as f64;
    Part { cpu_us, rate, answers, written: usage.written }
}

/// Compares every acknowledged answer with what the server has.
async fn lost(
    loaded: &Loaded,
    seats: &[crate::server::Seat],
    numbers: &[u64],
    report: &mut Report,
) -> anyhow::Result<()> {
    let lost = loaded.lost(seats, numbers).await?;
    report.never("acknowledged answers lost", lost);
    Ok(())
}
