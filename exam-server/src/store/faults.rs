//! What a test lets go wrong between one node and its database. Never part of a release.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::SqliteConnectOptions;
use tokio::sync::Notify;

use super::{Connections, Pool, StoreError};

/// What becomes of one commit of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitFault {
    /// It fails, and nothing is written.
    Fails,
    /// It is written, and the node does not hear of it.
    Unheard,
}

/// The faults of one node's way to its database. All clones are one.
#[derive(Clone, Debug)]
pub struct Faults(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// A pool that is closed: whoever asks it hears so at once.
    gone: Pool,
    away: AtomicBool,
    stalled: AtomicBool,
    moves_on: Notify,
    commits: Mutex<VecDeque<CommitFault>>,
    hints_lost: AtomicBool,
}

fn failed() -> StoreError {
    let source = sqlx::Error::Io(std::io::Error::other("a fault that a test asked for"));
    StoreError::Driver { query: "journal_commit", source }
}

impl Faults {
    /// No faults yet, on a database of the same kind as `like`.
    pub(super) async fn none(like: &Pool) -> Self {
        let gone = match like {
            Pool::Sqlite(_) => {
                let pool = Connections::new(SqliteConnectOptions::new(), 1, Duration::ZERO);
                pool.close().await;
                Pool::Sqlite(pool)
            }
            Pool::Postgres(_) => {
                let pool = PgPoolOptions::new().connect_lazy_with(PgConnectOptions::new());
                pool.close().await;
                Pool::Postgres(pool)
            }
        };
        Self(Arc::new(Shared {
            gone,
            away: AtomicBool::new(false),
            stalled: AtomicBool::new(false),
            moves_on: Notify::new(),
            commits: Mutex::default(),
            hints_lost: AtomicBool::new(false),
        }))
    }

    /// Whether the database is out of reach: everything that asks it fails at once.
    pub fn set_away(&self, away: bool) {
        self.0.away.store(away, Ordering::SeqCst);
    }

    /// Whether writes of the journal and signs of life wait, as on a disk that hangs.
    pub fn set_stalled(&self, stalled: bool) {
        self.0.stalled.store(stalled, Ordering::SeqCst);
        self.0.moves_on.notify_waiters();
    }

    /// What becomes of the next commit that nothing is said about yet.
    pub fn next_commit(&self, fault: CommitFault) {
        self.0.commits.lock().expect("no holder panics").push_back(fault);
    }

    /// Whether connections are not told that their journal moved.
    pub fn set_hints_lost(&self, lost: bool) {
        self.0.hints_lost.store(lost, Ordering::SeqCst);
    }

    /// Takes everything back.
    pub fn heal(&self) {
        self.set_away(false);
        self.set_stalled(false);
        self.set_hints_lost(false);
        self.0.commits.lock().expect("no holder panics").clear();
    }

    pub(crate) fn hints_are_lost(&self) -> bool {
        self.0.hints_lost.load(Ordering::SeqCst)
    }

    pub(super) fn reach<'a>(&'a self, pool: &'a Pool) -> &'a Pool {
        if self.0.away.load(Ordering::SeqCst) { &self.0.gone } else { pool }
    }

    /// Waits for the disk to move on.
    pub(super) async fn stall(&self) {
        loop {
            let moves_on = self.0.moves_on.notified();
            if !self.0.stalled.load(Ordering::SeqCst) {
                return;
            }
            moves_on.await;
        }
    }

    /// What is to become of the commit that begins now.
    pub(super) async fn before_commit(&self) -> Result<Option<CommitFault>, StoreError> {
        self.stall().await;
        match self.0.commits.lock().expect("no holder panics").pop_front() {
            Some(CommitFault::Fails) => Err(failed()),
            fault => Ok(fault),
        }
    }

    pub(super) fn after_commit(fault: Option<CommitFault>) -> Result<(), StoreError> {
        if fault == Some(CommitFault::Unheard) { Err(failed()) } else { Ok(()) }
    }
}
