//! The gate: every figure that this project promises, measured in one run and written down.
//! `cargo bench -p exam-benches --bench gate -- [SCENARIO …] [--small]`

use std::process::ExitCode;

use clap::Parser;
use exam_benches::gate::{Programs, Scenario, run};

/// The programs beside this one.
const PROGRAMS: Programs = Programs {
    server: env!("CARGO_BIN_EXE_exam-server-under-load"),
    echo: env!("CARGO_BIN_EXE_echo"),
};

/// Measures what is promised, with the load on the same machine.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which scenarios; without any, all
    scenarios: Vec<Scenario>,
    /// A small size and length: shows that everything works, and measures nothing
    #[arg(long)]
    small: bool,
    /// Write docs/performance.md
    #[arg(long)]
    write: bool,
    /// Given by the bench runner
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let report = run(PROGRAMS, &arguments.scenarios, arguments.small).await?;
    if arguments.write {
        report.write(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md"))?;
    }
    Ok(if report.passes() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
