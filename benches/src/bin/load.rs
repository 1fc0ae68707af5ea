//! Loads a server on this machine, and fails if it loses an acknowledged answer.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use exam_benches::load::{Arrival, Habits, Identity, Limits, Plan, run};

/// Sits candidates through the real protocol and checks every acknowledged answer.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    other: Option<Other>,
    #[command(flatten)]
    load: Option<Load>,
}

#[derive(Debug, Subcommand)]
enum Other {
    /// Is the bare echo that a run is compared with
    #[command(hide = true)]
    Echo {
        /// Where
        address: SocketAddr,
    },
}

#[derive(Debug, Args)]
struct Load {
    /// The server: HOST:PORT of the loopback range
    #[arg(long)]
    server: SocketAddr,
    /// The exam's id, as `exam list` prints it
    #[arg(long)]
    exam: String,
    /// The CSV of `rehearsal create`: candidate_id,token
    #[arg(long, required_unless_present = "accounts")]
    candidates: Option<PathBuf>,
    /// A CSV of id_number,password: a storm of sign-ins before the exam
    #[arg(long, conflicts_with = "candidates")]
    accounts: Option<PathBuf>,
    /// How many of them; without it, all
    #[arg(long)]
    count: Option<usize>,
    /// Seconds within which all arrive
    #[arg(long, default_value_t = 5.0)]
    arrive_within: f64,
    /// How arrivals are spread
    #[arg(long, value_enum, default_value_t)]
    arrival: Arrival,
    /// Seconds after which all start at the same moment; without it, as each gets in
    #[arg(long)]
    start_at: Option<f64>,
    /// Seconds between two taps of a candidate, on average
    #[arg(long, default_value_t = 2.0)]
    save_every: f64,
    /// Seconds a candidate sits
    #[arg(long, default_value_t = 30.0)]
    duration: f64,
    /// Seconds before its end within which all hand in
    #[arg(long, default_value_t = 5.0)]
    hand_in_within: f64,
    /// How many taps of a thousand change an earlier answer
    #[arg(long, default_value_t = 150)]
    changes_per_mille: u32,
    /// How many are followed by a mark
    #[arg(long, default_value_t = 30)]
    marks_per_mille: u32,
    /// How many lose the network with the tap under way
    #[arg(long, default_value_t = 10)]
    drops_per_mille: u32,
    /// How many are followed by a takeover from another phone
    #[arg(long, default_value_t = 3)]
    takeovers_per_mille: u32,
    /// How many begin five taps over HTTP
    #[arg(long, default_value_t = 10)]
    fallbacks_per_mille: u32,
    /// What chance grows from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Fails above this
    #[arg(long, default_value_t = 100.0)]
    ack_p99_max_ms: f64,
    /// Fails above this
    #[arg(long)]
    start_p99_max_ms: Option<f64>,
    /// Fails above this
    #[arg(long)]
    sign_in_p99_max_ms: Option<f64>,
    /// Fails above this
    #[arg(long)]
    hand_in_p99_max_ms: Option<f64>,
    /// Fails above this
    #[arg(long)]
    kib_per_candidate_max: Option<f64>,
    /// Leave out the bare echo that stands beside a run
    #[arg(long)]
    no_echo: bool,
    /// Write a page with plots
    #[arg(long)]
    html: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse() {
        Arguments { other: Some(Other::Echo { address }), .. } => {
            exam_benches::echo::serve(address).await?;
            Ok(ExitCode::SUCCESS)
        }
        Arguments { load: Some(load), .. } => load.run().await,
        _ => anyhow::bail!("nothing to do: see --help"),
    }
}

impl Load {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let (limits, plan) = (self.limits(), self.plan()?);
        let report = run(plan).await?;
        if self.json {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            print!("{}", report.to_table());
        }
        if let Some(path) = &self.html {
            std::fs::write(path, report.to_page(&limits))
                .with_context(|| format!("{}", path.display()))?;
        }
        let failures = report.failures(&limits);
        for failure in &failures {
            eprintln!("load: {failure}");
        }
        Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn limits(&self) -> Limits {
        Limits {
            ack_p99_ms: Some(self.ack_p99_max_ms),
            start_p99_ms: self.start_p99_max_ms,
            sign_in_p99_ms: self.sign_in_p99_max_ms,
            hand_in_p99_ms: self.hand_in_p99_max_ms,
            kib_per_candidate: self.kib_per_candidate_max,
        }
    }

    fn plan(&self) -> anyhow::Result<Plan> {
        let mut identities = match (&self.candidates, &self.accounts) {
            (Some(path), _) => {
                rows(path)?.into_iter().map(|(_, token)| Identity::Token(token)).collect::<Vec<_>>()
            }
            (None, Some(path)) => rows(path)?
                .into_iter()
                .map(|(id_number, password)| Identity::Account { id_number, password })
                .collect(),
            (None, None) => anyhow::bail!("nobody to sit: --candidates or --accounts"),
        };
        identities.truncate(self.count.unwrap_or(usize::MAX));
        anyhow::ensure!(!identities.is_empty(), "the file names nobody");
        let own = std::env::current_exe()?.to_str().context("a path in UTF-8")?.to_owned();
        Ok(Plan {
            address: self.server,
            exam: self.exam.parse().context("not an exam's id")?,
            identities,
            arrive_within: Duration::from_secs_f64(self.arrive_within),
            arrival: self.arrival,
            start_at: self.start_at.map(Duration::from_secs_f64),
            habits: Habits {
                save_every: Duration::from_secs_f64(self.save_every),
                sits_for: Duration::from_secs_f64(self.duration),
                hand_in_within: Duration::from_secs_f64(self.hand_in_within),
                changes_per_mille: self.changes_per_mille,
                marks_per_mille: self.marks_per_mille,
                drops_per_mille: self.drops_per_mille,
                takeovers_per_mille: self.takeovers_per_mille,
                fallbacks_per_mille: self.fallbacks_per_mille,
            },
            seed: self.seed,
            echo: (!self.no_echo).then(|| vec![own, "echo".to_owned()]),
        })
    }
}

/// The rows of a CSV of two columns behind its header.
fn rows(path: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    let row = |line: &str| {
        let (first, second) = line.split_once(',')?;
        Some((first.trim().to_owned(), second.trim().to_owned()))
    };
    Ok(text.lines().skip(1).filter_map(row).collect())
}
