//! Durable saves in a closed loop: what one costs beside a bare echo's message. The machine's own
//! pace swings by a quarter within a minute, so both run in turns, and the middle ratio counts.

use std::time::Duration;

use exam_tests::Kind;

use super::{Limit, Programs, Report, Size};
use crate::drive::{Talk, drive};
use crate::echo::Echo;
use crate::latency::Latencies;
use crate::probe;
use crate::server::Loaded;
use crate::usage::Usage;
use crate::wire::Wire;

/// Connections, each with one message under way.
const CONNECTIONS: usize = 1_000;

/// How often each of the two runs.
const ROUNDS: usize = 5;

/// How long each of these runs takes, after a tenth to warm up.
const LENGTH: Duration = Duration::from_secs(6);

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
    let echo = Echo::start(&programs.echo()).await?;
    let seats = loaded.seats().await?;
    let mut echoing = Side::new(echo.connect(connections).await?);
    let mut saving = Side::new(loaded.open(&seats).await?);
    let figures = loaded.figures().await?;
    for _ in 0..ROUNDS {
        echoing.run(Talk::Echo, length, || Usage::of(echo.id())).await;
        saving.run(Talk::Save, length, || loaded.usage()).await;
    }
    let after = loaded.figures().await?;
    let batch = |figures: &std::collections::HashMap<String, f64>, what: &str| {
        figures.get(&format!("exam_journal_batch_writes_{what}")).copied().unwrap_or(0.0)
    };
    let commits = batch(&after, "count") - batch(&figures, "count");
    let frames = batch(&after, "sum") - batch(&figures, "sum");
    for error in echoing.errors.iter().chain(&saving.errors) {
        println!("error: {error}");
    }
    report.never("errors of the echo", echoing.errors.len());
    report.never("errors", saving.errors.len());
    let pairs = || echoing.parts.iter().zip(&saving.parts);
    let cpu: Vec<f64> = pairs().map(|(echo, save)| save.cpu_us / echo.cpu_us).collect();
    let rate: Vec<f64> = pairs().map(|(echo, save)| save.rate / echo.rate).collect();
    // Of PostgreSQL, whose own work is in the figures, they are told and not bound.
    let bound = |limit| if kind == Kind::Sqlite { limit } else { Limit::None };
    report.note("echo: CPU a message", echoing.middle(|part| part.cpu_us), "µs", Limit::None);
    report.note("save: CPU a save", saving.middle(|part| part.cpu_us), "µs", Limit::None);
    report.note("save ÷ echo, CPU", middle(&cpu), "×", bound(Limit::AtMost(2.0)));
    let (least, most) =
        (cpu.iter().copied().fold(f64::MAX, f64::min), cpu.iter().copied().fold(0.0, f64::max));
    report.note("save ÷ echo, CPU, the least of the rounds", least, "×", Limit::None);
    report.note("save ÷ echo, CPU, the most of the rounds", most, "×", Limit::None);
    report.note("echo: messages a second", echoing.middle(|part| part.rate), "/s", Limit::None);
    report.note("save: saves a second", saving.middle(|part| part.rate), "/s", Limit::None);
    report.note("save ÷ echo, a second", middle(&rate), "×", bound(Limit::AtLeast(0.5)));
    report.note("frames a commit", frames / commits.max(1.0), "", Limit::AtLeast(20.0));
    let bytes = saving.middle(|part| part.written as f64 / part.answers.max(1) as f64);
    report.note("bytes written a save", bytes, "B", bound(Limit::AtMost(800.0)));
    report.curves("Durable saves in a closed loop", &[("ack", &saving.latencies)]);
    let latency = saving.latencies.summary();
    report.note("acknowledgement, p50", latency.p50_ms, "ms", Limit::None);
    report.note("acknowledgement, p99", latency.p99_ms, "ms", Limit::None);
    let probe = probe::fsync(folder, Duration::from_secs(1))?;
    report.note("probe of the disk before, p50", before.p50_ms, "ms", Limit::None);
    report.note("probe of the disk after, p50", probe.p50_ms, "ms", Limit::None);
    report.never("acknowledged answers lost", loaded.lost(&seats, &saving.numbers).await?);
    Ok(())
}

/// The echo or the server: its connections, and what its runs came to.
#[derive(Default)]
struct Side {
    wires: Vec<Wire>,
    numbers: Vec<u64>,
    parts: Vec<Part>,
    latencies: Latencies,
    errors: Vec<String>,
}

impl Side {
    fn new(wires: Vec<Wire>) -> Self {
        Self { numbers: vec![0; wires.len()], wires, ..Self::default() }
    }

    /// One more run.
    async fn run(&mut self, talk: Talk, length: Duration, usage: impl Fn() -> Usage) {
        let (wires, numbers) = (std::mem::take(&mut self.wires), std::mem::take(&mut self.numbers));
        let warm = drive(wires, numbers, talk, None, length / 10).await;
        let before = usage();
        let driven = drive(warm.wires, warm.numbers, talk, None, length).await;
        let used = usage() - before;
        let cpu_us = used.cpu.as_secs_f64() * 1e6 / driven.answers.max(1) as f64;
        let (answers, rate) = (driven.answers, driven.rate());
        self.parts.push(Part { cpu_us, rate, answers, written: used.written });
        self.latencies.merge(&driven.latencies);
        self.errors.extend(warm.errors.into_iter().chain(driven.errors));
        (self.wires, self.numbers) = (driven.wires, driven.numbers);
    }

    fn middle(&self, of: impl Fn(&Part) -> f64) -> f64 {
        middle(&self.parts.iter().map(of).collect::<Vec<_>>())
    }
}

/// The median.
fn middle(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
