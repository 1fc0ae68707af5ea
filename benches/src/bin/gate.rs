//! The gate: every figure that this project promises, measured in one run and written down.
//! `scripts/gate` runs it with everything it needs.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use exam_benches::gate::{Programs, Scenario, run};

/// Measures what is promised, with the load on the same machine.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which scenarios; without any, all
    scenarios: Vec<Scenario>,
    /// A small size and length: shows that everything works, and measures nothing
    #[arg(long)]
    small: bool,
    /// Write the figures as a page, with its plots beside it: docs/performance.md
    #[arg(long)]
    write: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let own = std::env::current_exe()?;
    let programs = Programs::beside(own.parent().context("a program stands in a folder")?);
    let report = run(&programs, &arguments.scenarios, arguments.small).await?;
    if let Some(path) = &arguments.write {
        report.write(path)?;
    }
    for missed in report.missed() {
        eprintln!("gate: missed: {missed}");
    }
    Ok(if report.passes() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
