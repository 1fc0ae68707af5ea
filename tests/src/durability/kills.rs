//! Pulling the plug of the process: random kills under load, clean restarts mixed in, and on
//! PostgreSQL crashes of the database itself.
//!
//! A kill leaves the page cache in place, so this finds what was acknowledged before it was
//! written; `power_cut` finds what was written and not synced.

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::cluster::Cluster;
use super::hall::{Habits, Phones};
use super::ledger::judge;
use super::room::{Room, verify};
use super::{Outcome, below, name_of, rng};
use crate::Kind;
use crate::process::Process;

/// How many candidates save all the time.
const CANDIDATES: usize = 24;

/// How many acknowledgements there are at least between two kills.
const ACKS_A_KILL: u64 = 50;

/// How long the phones may take to get so far, a crashed database included.
const PATIENCE: Duration = Duration::from_secs(20);

/// Every so many disturbances one is a clean stop, or on PostgreSQL a crash of the database.
const ONE_IN: u64 = 6;

/// Kills the server `kills` times at random moments; `None` where there is no PostgreSQL.
///
/// # Panics
/// When a promise other than the count of losses is broken.
pub async fn random_kills(server: &Path, kind: Kind, kills: u32, seed: u64) -> Option<Outcome> {
    let began = Instant::now();
    let cluster = match kind {
        Kind::Sqlite => None,
        Kind::Postgres => Some(Cluster::start().await?),
    };
    let room = match &cluster {
        None => Room::prepare(kind, CANDIDATES).await?,
        Some(cluster) => Room::prepare_in(&cluster.url, CANDIDATES).await,
    };
    let mut process = Process::start(server, &room.database).await;
    let nodes = [process.address];
    let phones = Phones::at_work(&nodes, room.exam, &room.tokens, Habits::default(), seed).await;
    let mut rng = rng(seed);
    let (mut clean, mut crashes) = (0, 0);
    for _ in 0..kills {
        let a_while = Duration::from_millis(50 + below(&mut rng, 300));
        let undisturbed = Instant::now();
        phones.acknowledge(ACKS_A_KILL, PATIENCE).await;
        tokio::time::sleep(a_while.saturating_sub(undisturbed.elapsed())).await;
        match (below(&mut rng, ONE_IN), &cluster) {
            (0, _) => {
                assert_eq!(process.stop().await, Some(0), "it stops cleanly");
                process.start_again().await;
                clean += 1;
            }
            (1, Some(cluster)) => {
                cluster.crash().await;
                cluster.start_again().await;
                crashes += 1;
            }
            (2, Some(cluster)) => {
                process.kill().await;
                cluster.crash().await;
                cluster.start_again().await;
                process.start_again().await;
                crashes += 1;
            }
            _ => {
                process.kill().await;
                process.start_again().await;
            }
        }
    }
    let hall = phones.finish().await;
    let desk = room.desk().await;
    let judged = judge(&desk, &hall.ledger.copy()).await;
    desk.store.close().await;
    verify(server, &room.database.url).await;
    assert_eq!(process.stop().await, Some(0), "it stops cleanly");
    if let Some(cluster) = cluster {
        cluster.end().await;
    }
    let database = match crashes {
        0 => String::new(),
        _ => format!(", {crashes} of them crashes of the database"),
    };
    Some(Outcome {
        scenario: "random kills",
        database: name_of(kind),
        size: format!("{kills} kills, {clean} of them clean stops{database}"),
        acknowledgements: judged.acknowledged,
        lost: judged.wrong(),
        seconds: began.elapsed().as_secs_f64(),
        seed,
        notes: String::new(),
    })
}
