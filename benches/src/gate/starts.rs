//! A joint start: everybody presses the button within ten seconds.

use std::sync::Arc;
use std::time::Duration;

use exam_tests::Kind;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::{Limit, Programs, Report, Size};
use crate::http::Http;
use crate::recorder::{Recorder, Wait};
use crate::server::{Loaded, all_at_once, start};
use crate::usage::Usage;
use crate::wire::hospital;

/// Candidates.
const STARTS: usize = 5_000;

/// Within how long they start.
const WITHIN: Duration = Duration::from_secs(10);

pub(super) async fn run(
    programs: &Programs,
    size: Size,
    report: &mut Report,
) -> anyhow::Result<()> {
    for (kind, name) in [(Kind::Sqlite, "SQLite"), (Kind::Postgres, "PostgreSQL")] {
        let (count, within) = (size.many(STARTS), size.long(WITHIN));
        let Some(loaded) = Loaded::start(&programs.server, kind, count).await else { continue };
        let recorder = Arc::new(Recorder::default());
        let (address, exam) = (loaded.address(), loaded.exam);
        let phones = loaded.tokens.iter().cloned().enumerate().map(|(place, token)| async move {
            // They have read the notice, and wait for the time to come.
            let mut http = Http::new(address, hospital(place), Some(token));
            let notice = http.get(&format!("/exams/{exam}/notice")).await?;
            anyhow::ensure!(notice.status.is_success(), "{}", notice.status);
            anyhow::Ok(http)
        });
        let phones = all_at_once(phones).await?;
        let usage = loaded.usage();
        let own = Usage::of(loaded.process.id());
        let began = Instant::now();
        let mut starting = JoinSet::new();
        for (place, mut http) in phones.into_iter().enumerate() {
            let recorder = Arc::clone(&recorder);
            let at = began + within.mul_f64(place as f64 / count as f64);
            starting.spawn(async move {
                sleep_until(at).await;
                start(&mut http, exam, false).await?;
                // From the moment of the press, so that a stall is not hidden by its victims.
                recorder.note(place, Wait::Start, at.elapsed());
                anyhow::Ok(())
            });
        }
        let mut errors = Vec::new();
        while let Some(started) = starting.join_next().await {
            errors.extend(started?.err());
        }
        let used = loaded.usage() - usage;
        let own = Usage::of(loaded.process.id()) - own;
        for error in errors.iter().take(5) {
            println!("error: {error:#}");
        }
        report.never(format!("{name}: starts that failed"), errors.len());
        let starts = recorder.all(Wait::Start);
        report.curves(format!("5,000 starts in ten seconds, {name}"), &[("start", &starts)]);
        let starts = starts.summary();
        report.note(format!("{name}: start, p50"), starts.p50_ms, "ms", Limit::None);
        report.note(format!("{name}: start, p99"), starts.p99_ms, "ms", Limit::AtMost(300.0));
        let each = |usage: Usage| usage.cpu.as_secs_f64() * 1e6 / count as f64;
        let limit = Limit::AtMost(150.0);
        report.note(format!("{name}: CPU a start, the server's"), each(own), "µs", limit);
        if kind == Kind::Postgres {
            let all = format!("{name}: CPU a start, PostgreSQL's included");
            report.note(all, each(used), "µs", Limit::None);
        }
    }
    Ok(())
}
