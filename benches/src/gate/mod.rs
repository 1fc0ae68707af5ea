//! The scenarios of the gate.

mod idle;
mod report;
mod saves;

use std::time::Duration;

use clap::ValueEnum;

pub use report::{Figure, Limit, Report};

/// The programs that are measured.
#[derive(Clone, Copy, Debug)]
pub struct Programs {
    /// The server.
    pub server: &'static str,
    /// The bare echo.
    pub echo: &'static str,
}

impl Programs {
    /// The echo as a program with its arguments.
    #[must_use]
    pub fn echo(&self) -> Vec<String> {
        vec![self.echo.to_owned()]
    }
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Durable saves in a closed loop, on SQLite, beside a bare echo.
    Saves,
    /// The same on PostgreSQL, its server's work included.
    SavesPostgres,
    /// Many sessions that save now and then, and all come back after a kill.
    Sessions,
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

    /// So long, or two seconds at the most.
    #[must_use]
    pub fn long(self, full: Duration) -> Duration {
        if self.small { full.min(Duration::from_secs(2)) } else { full }
    }
}

/// Runs scenarios one after the other; without any named, all.
///
/// # Errors
/// When one cannot be run. A figure beyond its limit is no error: it stands in the report.
pub async fn run(programs: Programs, wanted: &[Scenario], small: bool) -> anyhow::Result<Report> {
    let wanted = if wanted.is_empty() { Scenario::value_variants() } else { wanted };
    let size = Size { small };
    let mut report = Report::new(size);
    for scenario in wanted {
        let name = scenario.to_possible_value().expect("none is skipped");
        report.begin(name.get_name());
        match scenario {
            Scenario::Saves => {
                saves::run(programs, exam_tests::Kind::Sqlite, size, &mut report).await?;
            }
            Scenario::SavesPostgres => {
                saves::run(programs, exam_tests::Kind::Postgres, size, &mut report).await?;
            }
            Scenario::Sessions => idle::run(programs, size, &mut report).await?,
        }
    }
    Ok(report)
}
