//! Everything the server keeps, on SQLite or PostgreSQL behind one set of functions.
//!
//! SQL stands beside the function that runs it, one text for both databases wherever they agree.
//! Methods are named noun first, so `attempt_` finds them all.

mod admission;
mod attempt;
mod audit;
mod bank;
mod bulk;
mod candidate;
mod conditions;
mod connect;
mod connections;
mod consent;
mod evidence;
mod exam;
mod exposure;
mod failed_sync;
#[cfg(feature = "turned-clock")]
mod faults;
mod heartbeat;
mod institution;
mod journal;
mod lists;
mod one_time_code;
mod person;
mod portrait;
mod purge;
mod rehearsal;
mod review;
mod scope;
mod setting;
mod sign_in;
mod snapshot;
mod staff;
mod transfer;
mod wall;

pub use admission::AdmissionRow;
pub use attempt::{Attempt, AttemptSummary, OpenAttempt};
pub use audit::{AuditEntry, AuditRow, AuditTrouble};
pub use bank::{
    BankItem, BankRow, BankUnit, Cell, DraftCounts, ImportRow, ItemRow, MediaRow, NewItem,
    NewMedia, NewUnit, Standing, UnitFilter, UnitVersion, VersionHistory,
};
pub use bulk::{BulkItem, BulkProgress, NewBulk, OpenBulk};
pub use candidate::{Account, Candidate, Identity, NewCandidate, Registration};
pub use connect::{Pool, Target};
pub use connections::{Connections, Held};
pub use consent::ConsentRow;
pub use evidence::EvidenceRow;
pub use exam::{ExamRow, NewExam};
pub use exposure::ExposureRow;
pub use failed_sync::on_failed_sync;
#[cfg(feature = "turned-clock")]
pub use faults::{CommitFault, Faults};
pub use journal::{Append, Attached, AttemptKey, AttemptPatch, ResultRow, Start, Write, Written};
pub use lists::{
    AttemptFilter, AttemptListed, AuditFilter, AuditListed, CandidateFilter, CandidateListed,
    ExamCount, Slice,
};
pub use one_time_code::CodePurpose;
pub use person::PersonRow;
pub use portrait::{CandidateShown, NewPortrait};
pub use purge::KeptSnapshots;
pub use rehearsal::RehearsalCandidate;
pub use review::{Assessment, Gathered, NewStep, ReviewFilter, ReviewListed, StepRow, Unassessed};
pub use scope::Scope;
pub use sign_in::{Principal, SignIn};
pub use snapshot::{NewSnapshot, Noted, SnapshotRow, chained};
pub use staff::{NewStaff, Role, Staff, StaffChange};
pub use transfer::TableCount;
pub use wall::{SnapshotSeen, WallFilter, WallRow};

use std::sync::{Arc, Mutex};

use exam_core::ids::AttemptId;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;

/// Runs one expression on whichever pool is given; the text is the same for both databases.
macro_rules! on {
    ($pool:expr, $name:ident => $body:expr) => {
        match $pool {
            $crate::store::Pool::Sqlite($name) => $body,
            $crate::store::Pool::Postgres($name) => $body,
        }
    };
}
pub(crate) use on;

/// Reads the rows of many keys of a type in one query; `$from` ends in `IN`. On SQLite they come as
/// one JSON text: each row would wake whoever reads it.
macro_rules! rows_of_many {
    ($store:expr, $list:expr, $type:literal, $name:literal, $columns:literal, $from:literal,
        $order:literal) => {
        match $store.readers() {
            $crate::store::Pool::Sqlite(pool) => {
                const SQL: &str = concat!(
                    "-- ",
                    $name,
                    "\nSELECT json_group_array(json_array(",
                    $columns,
                    ") ",
                    $order,
                    ") ",
                    $from,
                    " (SELECT value FROM json_each($1))"
                );
                let list = serde_json::to_string($list).expect("numbers and texts are JSON");
                let rows = sqlx::query_scalar(SQL).bind(list).fetch_one(pool).await;
                rows.and_then(|rows: String| $crate::store::json_rows(&rows))
            }
            $crate::store::Pool::Postgres(pool) => {
                const SQL: &str = concat!(
                    "-- ",
                    $name,
                    "\nSELECT ",
                    $columns,
                    " ",
                    $from,
                    " (SELECT unnest($1::",
                    $type,
                    "[])) ",
                    $order
                );
                sqlx::query_as(SQL).bind($list).fetch_all(pool).await
            }
        }
        .map_err($crate::store::StoreError::in_query($name))
    };
}
pub(crate) use rows_of_many;

/// Runs a block in one transaction of the writer and commits it. SQLite takes its write lock when
/// the transaction begins: a lock taken later would fail at once instead of waiting.
macro_rules! in_transaction {
    ($store:expr, $query:literal, $tx:ident => $body:block) => {
        $crate::store::in_transaction!(@ $store, $query, $tx, {}, $body)
    };
    // The same, where nobody else takes a step in the review of this attempt meanwhile.
    ($store:expr, $query:literal, steps of $attempt_no:expr, $tx:ident => $body:block) => {
        $crate::store::in_transaction!(@ $store, $query, $tx, {
            $crate::store::review::hold_steps(&mut $tx, $attempt_no).await?;
        }, $body)
    };
    (@ $store:expr, $query:literal, $tx:ident, $held:block, $body:block) => {
        match $store.writer() {
            $crate::store::Pool::Sqlite(pool) => {
                let mut writer =
                    pool.acquire().await.map_err($crate::store::StoreError::in_query($query))?;
                let mut $tx = sqlx::Connection::begin_with(&mut *writer, "BEGIN IMMEDIATE")
                    .await
                    .map_err($crate::store::StoreError::in_query($query))?;
                let result = $body;
                $tx.commit().await.map_err($crate::store::StoreError::in_query($query))?;
                result
            }
            $crate::store::Pool::Postgres(pool) => {
                let mut $tx =
                    pool.begin().await.map_err($crate::store::StoreError::in_query($query))?;
                $held
                let result = $body;
                $tx.commit().await.map_err($crate::store::StoreError::in_query($query))?;
                result
            }
        }
    };
}
pub(crate) use in_transaction;

/// Trouble with the database, or a row that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused, failed or was out of reach.
    #[error("query {query} failed")]
    Driver {
        /// The query's name, the first line of its text.
        query: &'static str,
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
    /// A row holds what no row may hold.
    #[error("row {key} of table {table} cannot be read: {what}")]
    BadRow {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
        /// What is wrong with it.
        what: String,
    },
    /// A journal does not fold.
    #[error("journal of attempt {attempt} does not fold")]
    Journal {
        /// The attempt.
        attempt: AttemptId,
        /// Where it breaks.
        #[source]
        source: exam_core::session::Corrupt,
    },
    /// The database's settings are not safe to run on.
    #[error("the database is not safe to run on: {0}")]
    Unsafe(String),
    /// The migrations could not be applied.
    #[error("the schema could not be brought up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// What was asked for is refused by a rule of the store.
    #[error("{0}")]
    Refused(&'static str),
}

impl StoreError {
    pub(crate) fn in_query(query: &'static str) -> impl Fn(sqlx::Error) -> Self {
        move |source| {
            let trouble = Self::Driver { query, source };
            failed_sync::notice(&trouble);
            trouble
        }
    }

    pub(crate) fn bad_row(table: &'static str, key: impl ToString, what: impl ToString) -> Self {
        Self::BadRow { table, key: key.to_string(), what: what.to_string() }
    }

    /// Whether it is a row that cannot be, and not trouble that may pass.
    #[must_use]
    pub const fn is_bad_row(&self) -> bool {
        matches!(self, Self::BadRow { .. } | Self::Journal { .. })
    }

    /// Whether the rows clash with rows that are there.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
    }

    /// Whether a sync to disk failed. What the disk holds is unknown then, and a later sync that
    /// succeeds proves nothing: the process must not go on.
    #[must_use]
    pub fn is_failed_sync(&self) -> bool {
        const IOERR_FSYNC: &str = "1034";
        const IOERR_DIR_FSYNC: &str = "1290";
        self.sqlite_code().is_some_and(|code| code == IOERR_FSYNC || code == IOERR_DIR_FSYNC)
    }

    /// Whether a lock was not to be had in time; the same again may succeed.
    #[must_use]
    pub fn is_lock_timeout(&self) -> bool {
        const LOCK_NOT_AVAILABLE: &str = "55P03";
        const DEADLOCK_DETECTED: &str = "40P01";
        let code = self.database_error().and_then(sqlx::error::DatabaseError::code);
        code.is_some_and(|code| code == LOCK_NOT_AVAILABLE || code == DEADLOCK_DETECTED)
    }

    fn database_error(&self) -> Option<&dyn sqlx::error::DatabaseError> {
        match self {
            Self::Driver { source, .. } => source.as_database_error(),
            _ => None,
        }
    }

    fn sqlite_code(&self) -> Option<String> {
        let error = self.database_error()?;
        error.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
        error.code().map(std::borrow::Cow::into_owned)
    }
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    readers: Pool,
    writer: Pool,
    /// What the journal writer commits through; on SQLite the writer itself.
    journal: Pool,
    /// The connection that the last commit of the journal left, on PostgreSQL: giving it back to
    /// its pool would cost a round trip.
    held: Arc<Mutex<Option<PoolConnection<Postgres>>>>,
    #[cfg(feature = "turned-clock")]
    faults: Faults,
}

impl Store {
    pub(crate) fn readers(&self) -> &Pool {
        self.reach(&self.readers)
    }

    pub(crate) fn writer(&self) -> &Pool {
        self.reach(&self.writer)
    }

    #[cfg(not(feature = "turned-clock"))]
    const fn reach<'a>(&'a self, pool: &'a Pool) -> &'a Pool {
        pool
    }

    #[cfg(feature = "turned-clock")]
    fn reach<'a>(&'a self, pool: &'a Pool) -> &'a Pool {
        self.faults.reach(pool)
    }

    /// What a test lets go wrong between this node and the database.
    #[cfg(feature = "turned-clock")]
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Whether a query is in work, for tests that wait until nothing is.
    #[cfg(feature = "turned-clock")]
    #[must_use]
    pub fn is_busy(&self) -> bool {
        // The journal's connection is not in use while it is only held.
        let held = usize::from(self.held().is_some());
        [(&self.readers, 0), (&self.writer, 0), (&self.journal, held)].into_iter().any(
            |(pool, held)| match pool {
                Pool::Sqlite(pool) => pool.is_busy(),
                Pool::Postgres(pool) => {
                    usize::try_from(pool.size()).is_ok_and(|size| size > pool.num_idle() + held)
                }
            },
        )
    }

    /// The pool that writes, for tests that do what no store function would.
    #[cfg(feature = "turned-clock")]
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.writer
    }

    /// Whether this is the embedded database.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        matches!(self.writer, Pool::Sqlite(_))
    }

    /// Closes all connections; on SQLite the write-ahead log is folded into the file.
    pub async fn close(&self) {
        drop(self.held().take());
        on!(&self.readers, pool => pool.close().await);
        on!(&self.journal, pool => pool.close().await);
        on!(&self.writer, pool => pool.close().await);
    }
}

/// Reads an id or another named value from a column.
pub(crate) fn parse_column<T: std::str::FromStr>(
    table: &'static str,
    key: impl ToString,
    text: &str,
) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::bad_row(table, key, format!("{text:?} is not expected")))
}

/// Reads rows that came as one JSON text.
pub(crate) fn json_rows<T: serde::de::DeserializeOwned>(rows: &str) -> Result<Vec<T>, sqlx::Error> {
    serde_json::from_str(rows).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// Reads JSON from a column.
pub(crate) fn json_column<T: serde::de::DeserializeOwned>(
    table: &'static str,
    key: impl ToString,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::bad_row(table, key, error))
}
