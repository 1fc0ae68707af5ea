//! Opening the database, and refusing one that could lose what it acknowledged.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::{Connections, Store, StoreError};

/// Readers beside the one writer of SQLite: enough that a slow list does not hold up a resume.
const SQLITE_READERS: u32 = 4;

/// Connections of one node to PostgreSQL for everything but the journal.
const POSTGRES_CONNECTIONS: u32 = 12;

/// Connections of the journal writer, which uses one at a time.
const JOURNAL_CONNECTIONS: u32 = 2;

/// How the journal's few statements are planned: always by the key, whatever the statistics of a
/// table that was empty a minute ago, and once for all.
const JOURNAL_PLANS: [(&str, &str); 4] = [
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("plan_cache_mode", "force_generic_plan"),
];

/// How long a query waits for a connection before it is answered busy.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// The first SQLite whose readers cannot meet a log that was reset under them.
const SQLITE_VERSION_MIN: (u32, u32, u32) = (3, 51, 3);

/// Pages the log may hold before a commit folds it into the file: 4,000 of 4 KiB.
const SQLITE_AUTOCHECKPOINT_PAGES: &str = "4000";

/// How much of the file the writing connection keeps at hand: 16 MiB, in KiB below zero.
const SQLITE_WRITER_CACHE: &str = "-16384";

/// What is said of a database into which a move was begun and not finished.
const MOVE_UNFINISHED: &str = "a move into it was begun and has not finished, so nothing is \
    served from it. The database it comes from is whole. If no move runs now: drop this database, \
    create it again, and move again";

/// A pool of connections to one of the two databases.
#[derive(Clone, Debug)]
pub enum Pool {
    /// Embedded.
    Sqlite(Connections),
    /// A server.
    Postgres(PgPool),
}

/// Where the database is: `sqlite:PATH` or `postgres://…`.
#[derive(Clone, Debug)]
pub enum Target {
    /// A file on this machine.
    Sqlite(Box<SqliteConnectOptions>),
    /// A server.
    Postgres(Box<PgConnectOptions>),
}

/// A text that names no database this server knows.
#[derive(Debug, thiserror::Error)]
#[error("a database is sqlite:PATH or postgres://…")]
pub struct NotATarget;

impl FromStr for Target {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, NotATarget> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains(":memory:") {
                return Err(NotATarget);
            }
            return Ok(Self::Sqlite(Box::new(SqliteConnectOptions::new().filename(path))));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(text).map_err(|_| NotATarget)?;
            return Ok(Self::Postgres(Box::new(options)));
        }
        Err(NotATarget)
    }
}

impl Store {
    /// Opens the database, checks that its settings keep what is acknowledged, and brings its
    /// schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Unsafe`] names the setting that could lose data, or says that a move into
    /// this database has not finished; the rest is trouble.
    pub async fn open(target: &Target) -> Result<Self, StoreError> {
        let store = Self::open_unfinished(target).await?;
        if store.transfer_is_unfinished().await? {
            store.close().await;
            return Err(StoreError::Unsafe(MOVE_UNFINISHED.to_owned()));
        }
        Ok(store)
    }

    /// As [`open`](Self::open), also where a move has not finished: for the move itself.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_unfinished(target: &Target) -> Result<Self, StoreError> {
        let store = match target {
            Target::Sqlite(options) => open_sqlite(options).await?,
            Target::Postgres(options) => open_postgres(options).await?,
        };
        store.migrate().await?;
        Ok(store)
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        match &self.writer {
            Pool::Sqlite(pool) => {
                let mut writer = pool.acquire().await.map_err(StoreError::in_query("open"))?;
                sqlx::migrate!("migrations/sqlite").run(&mut *writer).await
            }
            Pool::Postgres(pool) => sqlx::migrate!("migrations/postgres").run(pool).await,
        }
        .map_err(StoreError::Migrate)
    }

    /// Folds what a crash left in SQLite's write-ahead log into the file, so that all that can be
    /// read is also on disk. Nothing to do on PostgreSQL.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the log cannot be folded in.
    pub async fn settle(&self) -> Result<(), StoreError> {
        let Pool::Sqlite(pool) = &self.writer else { return Ok(()) };
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(pool)
            .await
            .map_err(StoreError::in_query("wal_checkpoint"))?;
        Ok(())
    }
}

async fn open_sqlite(options: &SqliteConnectOptions) -> Result<Store, StoreError> {
    let options = options
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("wal_autocheckpoint", SQLITE_AUTOCHECKPOINT_PAGES);
    // What a statement would undo of itself stays in memory: a file costs more than a start.
    let writing =
        options.clone().pragma("cache_size", SQLITE_WRITER_CACHE).pragma("temp_store", "memory");
    let writer = Connections::new(writing, 1, ACQUIRE_TIMEOUT);
    assert_sqlite_is_safe(&writer).await?;
    let reading = options.pragma("query_only", "on");
    let readers = Connections::new(reading, SQLITE_READERS, ACQUIRE_TIMEOUT);
    let (journal, writer) = (Pool::Sqlite(writer.clone()), Pool::Sqlite(writer));
    Ok(Store {
        readers: Pool::Sqlite(readers),
        held: Arc::default(),
        #[cfg(feature = "turned-clock")]
        faults: super::Faults::none(&writer).await,
        writer,
        journal,
    })
}

async fn assert_sqlite_is_safe(pool: &Connections) -> Result<(), StoreError> {
    let read = |sql: &'static str| sqlx::query_scalar::<_, String>(sql);
    let failed = StoreError::in_query("settings");
    let version = read("SELECT sqlite_version()").fetch_one(pool).await.map_err(&failed)?;
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < SQLITE_VERSION_MIN {
        return Err(StoreError::Unsafe(format!("SQLite {version} is older than 3.51.3")));
    }
    let mode = read("PRAGMA journal_mode").fetch_one(pool).await.map_err(&failed)?;
    if mode != "wal" {
        return Err(StoreError::Unsafe(format!("journal_mode is {mode}, not wal")));
    }
    let synchronous: i64 =
        sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await.map_err(&failed)?;
    if synchronous < 2 {
        return Err(StoreError::Unsafe(format!("synchronous is {synchronous}, not FULL")));
    }
    Ok(())
}

async fn open_postgres(options: &PgConnectOptions) -> Result<Store, StoreError> {
    let options = options.clone().application_name("exam-server").options([
        ("lock_timeout", "1s"),
        ("statement_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("client_min_messages", "error"),
    ]);
    // The journal's own: its task is never cancelled, so nothing has to be checked on release.
    let journal = PgPoolOptions::new()
        .max_connections(JOURNAL_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false) // A dead one is told by the commit itself.
        .connect_with(options.clone().options(JOURNAL_PLANS))
        .await
        .map_err(StoreError::in_query("open"))?;
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A future dropped between BEGIN and its reply would hand on an open transaction.
        .after_release(|connection, _| {
            Box::pin(async move {
                sqlx::query("ROLLBACK").execute(&mut *connection).await?;
                Ok(true)
            })
        })
        .connect_with(options)
        .await
        .map_err(StoreError::in_query("open"))?;
    assert_postgres_is_safe(&pool).await?;
    let (journal, writer) = (Pool::Postgres(journal), Pool::Postgres(pool.clone()));
    Ok(Store {
        readers: Pool::Postgres(pool),
        held: Arc::default(),
        #[cfg(feature = "turned-clock")]
        faults: super::Faults::none(&writer).await,
        writer,
        journal,
    })
}

async fn assert_postgres_is_safe(pool: &PgPool) -> Result<(), StoreError> {
    const SQL: &str = "-- settings
        SELECT name, setting FROM pg_settings
        WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')";
    let settings: Vec<(String, String)> =
        sqlx::query_as(SQL).fetch_all(pool).await.map_err(StoreError::in_query("settings"))?;
    for (name, setting) in settings {
        let safe = match name.as_str() {
            "synchronous_commit" => ["on", "remote_apply"].contains(&setting.as_str()),
            _ => setting == "on",
        };
        if !safe {
            return Err(StoreError::Unsafe(format!("{name} is {setting}")));
        }
    }
    Ok(())
}
