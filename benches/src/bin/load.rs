//! Loads a server on this machine with the candidates of `rehearsal create`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use exam_benches::load::{Plan, run};
use exam_benches::phone::Habits;

/// Sits candidates through the real protocol and checks every acknowledged answer.
#[derive(Debug, Parser)]
struct Arguments {
    /// The server: HOST:PORT of the loopback range
    #[arg(long)]
    server: SocketAddr,
    /// The exam's id
    #[arg(long)]
    exam: String,
    /// The CSV of `rehearsal create`: candidate_id,token
    #[arg(long)]
    candidates: PathBuf,
    /// How many of them; without it, all
    #[arg(long)]
    count: Option<usize>,
    /// Seconds between two saves of a candidate
    #[arg(long, default_value_t = 2.0)]
    save_every: f64,
    /// Seconds a candidate sits
    #[arg(long, default_value_t = 30.0)]
    duration: f64,
    /// Seconds within which all arrive
    #[arg(long, default_value_t = 5.0)]
    arrive_within: f64,
    /// How many saves of a thousand are followed by a dropped connection
    #[arg(long, default_value_t = 10)]
    drops_per_mille: u32,
    /// Fails above this
    #[arg(long, default_value_t = 100.0)]
    ack_p99_max_ms: f64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let csv = std::fs::read_to_string(&arguments.candidates)
        .with_context(|| format!("{}", arguments.candidates.display()))?;
    let tokens = csv.lines().skip(1).filter_map(|line| line.split_once(','));
    let mut tokens: Vec<String> = tokens.map(|(_, token)| token.to_owned()).collect();
    tokens.truncate(arguments.count.unwrap_or(usize::MAX));
    let plan = Plan {
        address: arguments.server,
        exam: arguments.exam.parse().context("not an exam's id")?,
        tokens,
        arrive_within: Duration::from_secs_f64(arguments.arrive_within),
        habits: Habits {
            save_every: Duration::from_secs_f64(arguments.save_every),
            sits_for: Duration::from_secs_f64(arguments.duration),
            drops_per_mille: arguments.drops_per_mille,
        },
    };
    let report = run(plan).await?;
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", report.to_table());
    }
    let passes = report.passes(arguments.ack_p99_max_ms);
    Ok(if passes { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
