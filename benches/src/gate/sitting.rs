//! 2,000 candidates from sign-in to result, with everything that befalls them.

use std::time::Duration;

use exam_tests::{Kind, person, server};

use super::{Limit, Programs, Report, Size};
use crate::load::{self, Arrival, Habits, Identity, Plan};
use crate::recorder::Wait;
use crate::server::Loaded;

/// Candidates; each of them signs in with a password.
const CANDIDATES: usize = 2_000;

/// How long they sit.
const SITS_FOR: Duration = Duration::from_secs(60);

pub(super) async fn run(
    programs: &Programs,
    size: Size,
    report: &mut Report,
) -> anyhow::Result<()> {
    let count = size.many(CANDIDATES);
    let loaded = Loaded::start(&programs.server, Kind::Sqlite, 1).await;
    let loaded = loaded.expect("a file is always to be had");
    let desk = server::desk(&loaded.database).await;
    let persons = person::persons(&desk, count).await;
    desk.store.close().await;
    let identities = persons
        .into_iter()
        .map(|person| Identity::Account { id_number: person.id_number, password: person.password });
    let (save_every, sits_for) = if size.small {
        (Duration::from_millis(300), Duration::from_secs(4))
    } else {
        (Duration::from_secs(2), SITS_FOR)
    };
    let plan = Plan {
        address: loaded.address(),
        exam: loaded.exam,
        identities: identities.collect(),
        arrive_within: size.long(Duration::from_secs(30)),
        arrival: Arrival::Spike,
        start_at: None,
        habits: Habits::usual(save_every, sits_for),
        seed: 1,
        echo: Some(programs.echo()),
    };
    let told = load::run(plan).await?;
    print!("{}", told.to_table());
    for chart in told.charts() {
        report.chart(chart);
    }
    report.never("candidates who failed", usize::try_from(told.told.failed)?);
    report.never("acknowledged answers lost", usize::try_from(told.told.lost)?);
    report.note("results checked", told.told.checked as f64, "", Limit::None);
    report.note("acknowledged answers", told.told.acknowledged as f64, "", Limit::None);
    report.note("reconnects", told.told.reconnects as f64, "", Limit::None);
    report.note("takeovers by another phone", told.told.takeovers as f64, "", Limit::None);
    report.note("changes to HTTP", told.told.fallbacks as f64, "", Limit::None);
    for wait in Wait::ALL {
        let summary = told.wait(wait);
        report.note(format!("{}, p50", wait.name()), summary.p50_ms, "ms", Limit::None);
        report.note(format!("{}, p99", wait.name()), summary.p99_ms, "ms", Limit::None);
    }
    report.note("memory a candidate", told.kib_per_candidate(), "KiB", Limit::None);
    Ok(())
}
