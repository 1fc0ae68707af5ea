//! The long durability suite. `scripts/postgres target/release/durability --write` runs all of it;
//! sizes are options, and a size of 0 leaves a scenario out.

mod report;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use exam_tests::durability::{
    Outcome, backups, faults, fresh_seed, kills, nodes, power_cut, races, sync_order,
    unknown_commit,
};
use exam_tests::{Kind, probe};

use report::Run;

/// Runs the durability suite and fails on any loss.
#[derive(Debug, Parser)]
struct Sizes {
    /// Random kills of a server on SQLite
    #[arg(long, default_value_t = 1_000)]
    kills_sqlite: u32,
    /// Random kills of a server and crashes of its PostgreSQL
    #[arg(long, default_value_t = 300)]
    kills_postgres: u32,
    /// Power cuts played back from a trace
    #[arg(long, default_value_t = 500)]
    cuts: u32,
    /// Acknowledgements in that trace
    #[arg(long, default_value_t = 30_000)]
    cut_acks: u64,
    /// Acknowledgements whose syncs are looked up in a trace, on each database
    #[arg(long, default_value_t = 5_000)]
    sync_acks: u64,
    /// Writes and syncs that fail: each of the first so many, in several ways
    #[arg(long, default_value_t = 20)]
    faults: u32,
    /// Races of submit, save, deadline and staff, on each database
    #[arg(long, default_value_t = 1_000)]
    races: u32,
    /// Backups under load, on each database
    #[arg(long, default_value_t = 20)]
    backups: u32,
    /// Damaged copies of a backup that must be refused, on each database
    #[arg(long, default_value_t = 60)]
    damages: u32,
    /// Kills and stops of one of two nodes
    #[arg(long, default_value_t = 150)]
    node_rounds: u32,
    /// Connections cut between COMMIT and its reply
    #[arg(long, default_value_t = 500)]
    unknown_commits: u32,
    /// Run only scenarios whose name contains this
    #[arg(long)]
    only: Option<String>,
    /// Repeat the choices of an earlier run
    #[arg(long)]
    seed: Option<u64>,
    /// Write the report to docs/durability.md
    #[arg(long)]
    write: bool,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("the system can start threads");
    match runtime.block_on(run(Sizes::parse())) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

/// The server that was built beside this program.
fn server() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let server = own.with_file_name("exam-server-under-test");
    anyhow::ensure!(
        server.exists(),
        "{} is not there: cargo build -p exam-tests --bins",
        server.display()
    );
    Ok(server)
}

async fn run(sizes: Sizes) -> anyhow::Result<bool> {
    anyhow::ensure!(
        std::env::var_os("EXAM_TEST_POSTGRES").is_some(),
        "PostgreSQL is needed: scripts/postgres {}",
        std::env::args().collect::<Vec<_>>().join(" ")
    );
    let server = Arc::new(server()?);
    let seed = sizes.seed.unwrap_or_else(fresh_seed);
    let mut run = Run::begin();
    /// Runs a scenario of this size on a thread of its own, so that its panic is its own failure.
    macro_rules! scenario {
        ($name:literal, $size:expr, $server:ident => $run:expr) => {
            let asked = sizes.only.as_ref().is_none_or(|only| $name.contains(only.as_str()));
            if $size > 0 && asked {
                let $server: Arc<PathBuf> = Arc::clone(&server);
                let runtime = tokio::runtime::Handle::current();
                let run_it = move || runtime.block_on(async move { $run });
                let task = tokio::task::spawn_blocking(run_it);
                run.note($name, task.await.ok().flatten(), probe_here());
            }
        };
    }
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let kills = if kind == Kind::Sqlite { sizes.kills_sqlite } else { sizes.kills_postgres };
        scenario!("kills", kills, server => {
            kills::random_kills(&server, kind, kills, seed).await
        });
    }
    let (cuts, acks) = (sizes.cuts, sizes.cut_acks);
    scenario!("power_cuts", cuts, server => {
        Some(power_cut::power_cuts(&server, cuts, acks, seed).await)
    });
    let acks = sizes.sync_acks;
    for (kind, phones, acks) in [
        (Kind::Sqlite, 1, acks / 10),
        (Kind::Sqlite, 16, acks),
        (Kind::Postgres, 1, acks / 10),
        (Kind::Postgres, 16, acks),
    ] {
        scenario!("sync_before_ack", acks, server => {
            sync_order::sync_before_ack(&server, kind, phones, acks, seed).await
        });
    }
    let ordinals = sizes.faults;
    scenario!("faults", ordinals, server => {
        faults::disk_faults(&server, ordinals, seed).await
    });
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (races, backups, damages) = (sizes.races, sizes.backups, sizes.damages);
        scenario!("races", races, _server => races::races(kind, races, seed).await);
        scenario!("backups", backups, server => {
            backups::backups(&server, kind, backups, damages, seed).await
        });
    }
    let rounds = sizes.node_rounds;
    scenario!("two_nodes", rounds, server => {
        nodes::two_nodes(&server, rounds, seed).await
    });
    let cuts = sizes.unknown_commits;
    scenario!("unknown_commits", cuts, server => {
        unknown_commit::unknown_commits(&server, cuts, seed).await
    });
    if sizes.write {
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/durability.md"));
        let last = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::write(&path, run.report(&last)).with_context(|| path.display().to_string())?;
    }
    Ok(run.is_good())
}

/// What the disk of the tests' folders can do at this moment.
fn probe_here() -> (std::time::Duration, std::time::Duration) {
    let length = std::time::Duration::from_millis(200);
    let times =
        probe::sync_times(&std::env::temp_dir(), length).expect("the folder can be written");
    (probe::quantile(&times, 50), probe::quantile(&times, 99))
}

/// One line for people.
fn line(outcome: &Outcome) -> String {
    format!("{}: {outcome}", if outcome.lost == 0 { "held" } else { "LOST" })
}
