//! The durability suite: what was acknowledged is there afterwards, whatever happens between.
//!
//! Each scenario is a function with a size and a seed. The tests run all of them small; the
//! command `durability` runs them at full size and writes `docs/durability.md`. A scenario panics
//! where a promise is broken, and counts what was lost.

pub mod backups;
pub mod cluster;
pub mod disk_image;
pub mod faults;
pub mod hall;
pub mod kills;
pub mod ledger;
pub mod nodes;
mod phone;
pub mod power_cut;
pub mod races;
pub mod room;
pub mod sync_order;
pub mod trace;
pub mod unknown_commit;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::Kind;

/// What a scenario saw.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its name.
    pub scenario: &'static str,
    /// Which database.
    pub database: &'static str,
    /// How often what was done.
    pub size: String,
    /// How many messages were acknowledged.
    pub acknowledgements: u64,
    /// How many of them are not in the journal afterwards, or are there twice.
    pub lost: u64,
    /// How long it took.
    pub seconds: f64,
    /// What its choices came from.
    pub seed: u64,
    /// What else is worth knowing.
    pub notes: String,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} on {}: {}, {} acknowledged, {} lost, {:.1} s, seed {}{}{}",
            self.scenario,
            self.database,
            self.size,
            self.acknowledgements,
            self.lost,
            self.seconds,
            self.seed,
            if self.notes.is_empty() { "" } else { "; " },
            self.notes
        )
    }
}

/// A database's name in a table.
#[must_use]
pub const fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "SQLite",
        Kind::Postgres => "PostgreSQL",
    }
}

/// A seed nobody chose; it is printed, so that a run can be repeated.
#[must_use]
pub fn fresh_seed() -> u64 {
    u64::from_le_bytes(exam_server::chance::random_bytes())
}

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A number below `bound`, good enough for choosing what to break next.
pub(crate) fn below(rng: &mut ChaCha20Rng, bound: u64) -> u64 {
    rng.next_u64() % bound
}
