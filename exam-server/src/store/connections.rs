//! A few connections to one SQLite file, used in turn.
//!
//! The driver's own pool asks a connection whether it lives each time one comes back, which is a way
//! to its thread and back, as long as most statements. A file does not hang up.

use std::fmt::Debug;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteQueryResult, SqliteRow, SqliteStatement, SqliteTypeInfo,
};
use sqlx::{
    ConnectOptions, Connection, Describe, Either, Error, Execute, Executor, SqlStr, Sqlite,
    SqliteConnection,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Some connections. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Connections(Arc<Shared>);

struct Shared {
    options: SqliteConnectOptions,
    count: u32,
    /// How long one waits for a connection before it is told that all are busy.
    within: Duration,
    room: Arc<Semaphore>,
    idle: Mutex<Vec<SqliteConnection>>,
}

/// A connection that nobody else uses until this is dropped.
pub struct Held {
    /// Always there, until it goes back.
    connection: Option<SqliteConnection>,
    shared: Arc<Shared>,
    /// Given up after the connection has gone back.
    _permit: OwnedSemaphorePermit,
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().expect("nobody panics with it")
    }
}

impl Debug for Connections {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Connections").field("count", &self.0.count).finish_non_exhaustive()
    }
}

impl Connections {
    /// Up to `count` connections, made when they are first needed.
    #[must_use]
    pub fn new(options: SqliteConnectOptions, count: u32, within: Duration) -> Self {
        let room = Arc::new(Semaphore::new(count as usize));
        Self(Arc::new(Shared { options, count, within, room, idle: Mutex::default() }))
    }

    /// One of them, as soon as one is free; who asked first gets it first.
    ///
    /// # Errors
    /// When none gets free in time, when they are closed, or when the file cannot be opened.
    pub async fn acquire(&self) -> Result<Held, Error> {
        let room = Arc::clone(&self.0.room);
        let permit = match Arc::clone(&room).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => match tokio::time::timeout(self.0.within, room.acquire_owned()).await {
                Ok(permit) => permit.map_err(|_| Error::PoolClosed)?,
                Err(_) => return Err(Error::PoolTimedOut),
            },
        };
        let idle = self.0.idle().pop();
        let connection = match idle {
            Some(connection) => sound(connection).await,
            None => None,
        };
        let connection = match connection {
            Some(connection) => connection,
            None => self.0.options.connect().await?,
        };
        Ok(Held { connection: Some(connection), shared: Arc::clone(&self.0), _permit: permit })
    }

    /// Whether one is in use.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.0.room.is_closed() && self.0.room.available_permits() < self.0.count as usize
    }

    /// Closes them, each as soon as it is free. With the last one of a file SQLite folds its
    /// write-ahead log in.
    pub async fn close(&self) {
        if let Ok(all) = self.0.room.acquire_many(self.0.count).await {
            self.0.room.close();
            drop(all);
        }
        let idle = std::mem::take(&mut *self.0.idle());
        for connection in idle {
            // What it would say, it says when the file is opened again.
            let _ = connection.close().await;
        }
    }
}

/// A connection on which nothing is begun; `None` where that cannot be had. A transaction that was
/// dropped is rolled back behind what was asked before. But SQLite ends one by itself when the disk
/// is full or fails: the driver's ROLLBACK finds none then, and counts one open for ever.
async fn sound(mut connection: SqliteConnection) -> Option<SqliteConnection> {
    if connection.is_in_transaction() {
        connection.ping().await.ok()?;
    }
    (!connection.is_in_transaction()).then_some(connection)
}

impl Deref for Held {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.connection.as_ref().expect("it has not gone back")
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection.as_mut().expect("it has not gone back")
    }
}

impl Debug for Held {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Held").finish_non_exhaustive()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.idle().extend(self.connection.take());
    }
}

/// One statement, on whichever connection is free.
impl<'c> Executor<'c> for &'_ Connections {
    type Database = Sqlite;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<SqliteQueryResult, SqliteRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Sqlite>,
    {
        let connections = self.clone();
        let all = async move {
            match connections.acquire().await {
                Ok(mut held) => held.fetch_many(query).collect::<Vec<_>>().await,
                Err(error) => vec![Err(error)],
            }
        };
        stream::once(all).flat_map(stream::iter).boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<SqliteRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Sqlite>,
    {
        let connections = self.clone();
        Box::pin(async move { connections.acquire().await?.fetch_optional(query).await })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [SqliteTypeInfo],
    ) -> BoxFuture<'e, Result<SqliteStatement, Error>>
    where
        'c: 'e,
    {
        let connections = self.clone();
        Box::pin(async move { connections.acquire().await?.prepare_with(sql, parameters).await })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Sqlite>, Error>>
    where
        'c: 'e,
    {
        let connections = self.clone();
        Box::pin(async move { connections.acquire().await?.describe(sql).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(count: u32) -> (tempfile::TempDir, Connections) {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("file"))
            .create_if_missing(true)
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
        (folder, Connections::new(options, count, Duration::from_millis(50)))
    }

    async fn count(connections: &Connections) -> i64 {
        let sql = "SELECT count(*) FROM noted";
        sqlx::query_scalar(sql).fetch_one(connections).await.expect("it answers")
    }

    #[tokio::test]
    async fn who_finds_none_in_time_is_told_and_the_next_one_gets_it() {
        let (_folder, connections) = some(1);
        let held = connections.acquire().await.expect("it is free");
        assert!(connections.is_busy());
        assert!(matches!(connections.acquire().await, Err(Error::PoolTimedOut)));
        drop(held);
        assert!(!connections.is_busy());
        sqlx::query("SELECT 1").execute(&connections).await.expect("it is free");
        connections.close().await;
        assert!(matches!(connections.acquire().await, Err(Error::PoolClosed)));
    }

    #[tokio::test]
    async fn what_a_dropped_transaction_began_is_gone() {
        let (_folder, connections) = some(1);
        sqlx::query("CREATE TABLE noted (n)").execute(&connections).await.expect("it is made");
        for _ in 0..20 {
            let mut held = connections.acquire().await.expect("it is free");
            let mut tx = held.begin_with("BEGIN IMMEDIATE").await.expect("it begins");
            sqlx::query("INSERT INTO noted VALUES (1)").execute(&mut *tx).await.expect("a row");
            drop(tx);
            drop(held);
            assert_eq!(count(&connections).await, 0);
        }
        let mut held = connections.acquire().await.expect("it is free");
        // As after a full disk: SQLite has ended the transaction, and the driver does not know.
        let mut tx = held.begin_with("BEGIN IMMEDIATE").await.expect("it begins");
        sqlx::query("ROLLBACK").execute(&mut *tx).await.expect("it is over");
        assert!(tx.commit().await.is_err());
        drop(held);
        sqlx::query("INSERT INTO noted VALUES (1)").execute(&connections).await.expect("a row");
        let mut held = connections.acquire().await.expect("it is free");
        let tx = held.begin_with("BEGIN IMMEDIATE").await.expect("one can begin again");
        tx.commit().await.expect("and end");
        drop(held);
        assert_eq!(count(&connections).await, 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_gives_up_waiting_for_a_statement_spoils_nothing() {
        let (_folder, connections) = some(2);
        sqlx::query("CREATE TABLE noted (n)").execute(&connections).await.expect("it is made");
        for turn in 0..200 {
            let insert = sqlx::query("INSERT INTO noted VALUES (1)").execute(&connections);
            let waited = Duration::from_micros(turn % 20 * 20);
            let _ = tokio::time::timeout(waited, insert).await;
            let mut held = connections.acquire().await.expect("it is free");
            let tx = held.begin_with("BEGIN IMMEDIATE").await.expect("it begins");
            tx.commit().await.expect("and ends");
        }
        assert!(count(&connections).await > 0);
    }
}
