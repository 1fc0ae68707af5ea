//! The scenarios of the gate.

mod alone;
mod bank;
mod expiry;
mod import;
mod overload;
mod pace;
mod report;
mod saves;
mod sessions;
mod sitting;
mod snapshots;
mod starts;
mod storm;
mod wall;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use exam_tests::Kind;

pub use report::{Figure, Limit, Report};

/// The programs that are measured.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The server as it is released, where it was built; else the one whose clock can be turned.
    pub server: PathBuf,
    /// The server whose clock can be turned.
    pub turned: PathBuf,
    /// The bare echo.
    pub echo: PathBuf,
}

impl Programs {
    /// Those in `folder`, with the released server where it was built.
    #[must_use]
    pub fn beside(folder: &Path) -> Self {
        let (released, tested) = (folder.join("exam-server"), Self::of_tests(folder));
        if released.exists() { Self { server: released, ..tested } } else { tested }
    }

    /// Those in `folder` that tests build with themselves. A server that lies there may be old.
    #[must_use]
    pub fn of_tests(folder: &Path) -> Self {
        let turned = folder.join("exam-server-under-load");
        Self { server: turned.clone(), turned, echo: folder.join("echo") }
    }

    /// The echo as a program with its arguments.
    #[must_use]
    pub fn echo(&self) -> Vec<String> {
        vec![self.echo.display().to_string()]
    }
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Durable saves in a closed loop, on SQLite, beside a bare echo
    Saves,
    /// The same on PostgreSQL, its server's work included
    SavesPostgres,
    /// One save at a time at the store, beside a probe of the disk, on both databases
    Alone,
    /// 5,000 connections at 1,000 saves a second, beside a bare echo
    Pace,
    /// 18,000 sessions that save now and then, and all come back after a kill
    Sessions,
    /// 5,000 starts in ten seconds
    Starts,
    /// 2,000 sign-ins at once while 1,000 sessions save
    Storm,
    /// 10,000 attempts whose time ends in the same second
    Expiry,
    /// The same while the server is away
    Outage,
    /// An import of 20,000 questions while 1,000 sessions save
    Import,
    /// A bank of 100,000 items: imported, found, counted, exported and drawn from
    Bank,
    /// Three times what the server can do
    Overload,
    /// 2,000 candidates from sign-in to result, with everything that befalls them
    Sitting,
    /// Photographs beside answers: at the pace of an exam, as many as are taken, and all failing
    Snapshots,
    /// A wall of 500 candidates who save and are photographed
    Wall,
}

/// How large and how long.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Shows that it works, and measures nothing.
    pub small: bool,
}

impl Size {
    /// So many, or a fiftieth.
    #[must_use]
    pub const fn many(self, full: usize) -> usize {
        if self.small { full.div_ceil(50) } else { full }
    }

    /// So long, or a second at the most.
    #[must_use]
    pub fn long(self, full: Duration) -> Duration {
        if self.small { full.min(Duration::from_secs(1)) } else { full }
    }
}

/// Runs scenarios one after the other; without any named, all.
///
/// # Errors
/// When one cannot be run. A figure beyond its limit is no error: it stands in the report.
pub async fn run(programs: &Programs, wanted: &[Scenario], small: bool) -> anyhow::Result<Report> {
    let wanted = if wanted.is_empty() { Scenario::value_variants() } else { wanted };
    let size = Size { small };
    let mut report = Report::new(size);
    for scenario in wanted {
        let value = scenario.to_possible_value().expect("none is skipped");
        report.begin(
            value.get_name(),
            &value.get_help().map(ToString::to_string).unwrap_or_default(),
        );
        let report = &mut report;
        match scenario {
            Scenario::Saves => saves::run(programs, Kind::Sqlite, size, report).await?,
            Scenario::SavesPostgres => saves::run(programs, Kind::Postgres, size, report).await?,
            Scenario::Alone => alone::run(programs, size, report).await?,
            Scenario::Pace => pace::run(programs, size, report).await?,
            Scenario::Sessions => sessions::run(programs, size, report).await?,
            Scenario::Starts => starts::run(programs, size, report).await?,
            Scenario::Storm => storm::run(programs, size, report).await?,
            Scenario::Expiry => expiry::run(programs, size, report).await?,
            Scenario::Outage => expiry::run_away(programs, size, report).await?,
            Scenario::Import => import::run(programs, size, report).await?,
            Scenario::Bank => bank::run(programs, size, report).await?,
            Scenario::Overload => overload::run(programs, size, report).await?,
            Scenario::Sitting => sitting::run(programs, size, report).await?,
            Scenario::Snapshots => snapshots::run(programs, size, report).await?,
            Scenario::Wall => wall::run(programs, size, report).await?,
        }
    }
    Ok(report)
}
