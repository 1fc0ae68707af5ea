//! Eighteen thousand sessions in one process: memory, pace, and all of them back after a kill.

use std::time::Duration;

use exam_tests::Kind;
use tokio::time::Instant;

use super::{Limit, Programs, Report, Size};
use crate::drive::{Talk, drive};
use crate::echo::Echo;
use crate::server::Loaded;
use crate::usage::{Usage, resident_kib};

/// Sessions: a process holds at most 20,000 descriptors.
const SESSIONS: usize = 18_000;

/// How often each saves.
const PACE: Duration = Duration::from_secs(10);

/// For how long.
const LENGTH: Duration = Duration::from_secs(300);

/// Connections of the echo that upgrades are compared with.
const ECHO_CONNECTIONS: usize = 1_000;

/// For how long it is asked.
const ECHO_LENGTH: Duration = Duration::from_secs(5);

pub(super) async fn run(
    programs: &Programs,
    size: Size,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (sessions, length) = (size.many(SESSIONS), size.long(LENGTH));
    let pace = PACE.min(length);
    let echo_us = echo_message(programs, size).await?;
    let loaded = Loaded::start(&programs.server, Kind::Sqlite, sessions).await;
    let mut loaded = loaded.expect("a file is always to be had");
    let seats = loaded.seats().await?;
    // An idle server after a start: what is above it is the sessions'.
    loaded.process.stop().await;
    loaded.process.start_again().await;
    let idle_kib = resident_kib(loaded.process.id());
    let usage = Usage::of(loaded.process.id());
    let wires = loaded.upgrade(&seats).await?;
    let upgraded = Usage::of(loaded.process.id());
    let wires = loaded.open_wires(wires).await?;
    let opened = Usage::of(loaded.process.id());
    let numbers = vec![0; wires.len()];
    let driven = drive(wires, numbers, Talk::Save, Some(pace), length).await;
    let used = Usage::of(loaded.process.id()) - opened;
    let live_kib = resident_kib(loaded.process.id());
    for error in &driven.errors {
        println!("error: {error}");
    }
    report.never("errors", driven.errors.len());
    report.curves("18,000 sessions, each saving every 10 s", &[("ack", &driven.latencies)]);
    let latency = driven.latencies.summary();
    report.note("sessions", sessions as f64, "", Limit::None);
    report.note("saves", latency.count as f64, "", Limit::None);
    report.note("acknowledgement, p50", latency.p50_ms, "ms", Limit::None);
    report.note("acknowledgement, p99", latency.p99_ms, "ms", Limit::AtMost(100.0));
    report.note("acknowledgement, max", latency.max_ms, "ms", Limit::None);
    let each_kib = live_kib.saturating_sub(idle_kib) as f64 / sessions as f64;
    report.note("idle server", idle_kib as f64 / 1_024.0, "MiB", Limit::None);
    report.note("resident a session", each_kib, "KiB", Limit::AtMost(16.0));
    let each_us = |used: Usage, count: usize| used.cpu.as_secs_f64() * 1e6 / count.max(1) as f64;
    let upgrade_us = each_us(upgraded - usage, sessions);
    report.note("CPU an echo's message", echo_us, "µs", Limit::None);
    report.note("CPU an upgrade with its sign-in check", upgrade_us, "µs", Limit::None);
    report.note("upgrade ÷ echo's message, CPU", upgrade_us / echo_us, "×", Limit::AtMost(12.0));
    report.note("CPU an open", each_us(opened - upgraded, sessions), "µs", Limit::None);
    report.note("CPU a save at this pace", each_us(used, latency.count), "µs", Limit::None);
    let bytes = used.written as f64 / latency.count.max(1) as f64;
    report.note("bytes written a save", bytes, "B", Limit::None);
    let numbers = driven.numbers;
    drop(driven.wires);
    loaded.process.kill().await;
    let began = Instant::now();
    loaded.process.start_again().await;
    let ready = began.elapsed();
    let wires = loaded.open(&seats).await?;
    report.note("ready again after a kill", ready.as_secs_f64(), "s", Limit::None);
    let back = began.elapsed().as_secs_f64();
    report.note("all sessions resumed after a kill", back, "s", Limit::AtMost(10.0));
    report.never("sessions that did not come back", sessions - wires.len());
    report.never("acknowledged answers lost", loaded.lost(&seats, &numbers).await?);
    Ok(())
}

/// What a bare echo's message costs in this run.
async fn echo_message(programs: &Programs, size: Size) -> anyhow::Result<f64> {
    let count = size.many(ECHO_CONNECTIONS);
    let echo = Echo::start(&programs.echo()).await?;
    let wires = echo.connect(count).await?;
    let usage = Usage::of(echo.id());
    let driven = drive(wires, vec![0; count], Talk::Echo, None, size.long(ECHO_LENGTH)).await;
    let used = Usage::of(echo.id()) - usage;
    Ok(used.cpu.as_secs_f64() * 1e6 / driven.answers.max(1) as f64)
}
