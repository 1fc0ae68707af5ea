//! A fresh database for each test, of either kind.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

/// Which of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file in a folder of its own.
    Sqlite,
    /// A new database of the cluster that `EXAM_TEST_POSTGRES` names.
    Postgres,
}

/// A fresh database; a file goes away with it, a PostgreSQL database with its cluster.
pub struct Database {
    /// Which kind it is.
    pub kind: Kind,
    /// As `--database` takes it.
    pub url: String,
    /// A folder for whatever else the test needs.
    pub folder: tempfile::TempDir,
}

/// The cluster for tests; `None` says so once a test, because nothing is skipped in silence.
#[must_use]
pub fn postgres_cluster() -> Option<String> {
    let cluster = std::env::var("EXAM_TEST_POSTGRES").ok();
    if cluster.is_none() {
        eprintln!("skipped: EXAM_TEST_POSTGRES is not set; scripts/postgres COMMAND sets it");
    }
    cluster
}

impl Database {
    /// Makes a fresh one; `None` where there is no PostgreSQL to make it in.
    ///
    /// # Panics
    /// When the database cannot be made.
    pub async fn fresh(kind: Kind) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let url = match kind {
            Kind::Sqlite => format!("sqlite:{}", folder.path().join("exam.db").display()),
            Kind::Postgres => fresh_in(&postgres_cluster()?).await,
        };
        Some(Self { kind, url, folder })
    }
}

/// Makes a database in `cluster` and returns its address.
///
/// # Panics
/// When the cluster does not answer.
pub async fn fresh_in(cluster: &str) -> String {
    let options = PgConnectOptions::from_str(cluster).expect("a cluster's address");
    let mut connection = options.connect().await.expect("the cluster answers");
    let name = format!("test_{}", uuid::Uuid::from_bytes(random()).simple());
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .expect("a database can be made");
    connection.close().await.expect("the connection ends");
    let (server, _) = cluster.rsplit_once('/').expect("an address with a database");
    format!("{server}/{name}")
}

/// A database that lets nobody write, as a slow disk or a stuck lock does.
pub struct Stall(Holder);

enum Holder {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Stall {
    /// Takes the lock that every append needs.
    ///
    /// # Panics
    /// When it cannot be had.
    pub async fn begin(database: &Database) -> Self {
        let holder = match database.kind {
            Kind::Sqlite => {
                let path = database.url.strip_prefix("sqlite:").expect("a file");
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
                let mut connection = options.connect().await.expect("it opens");
                let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await;
                begun.expect("the lock is free");
                Holder::Sqlite(connection)
            }
            Kind::Postgres => {
                let options = PgConnectOptions::from_str(&database.url).expect("an address");
                let mut connection = options.connect().await.expect("it answers");
                for sql in ["BEGIN", "LOCK TABLE journal_frame IN EXCLUSIVE MODE"] {
                    sqlx::query(sql).execute(&mut connection).await.expect("the lock is free");
                }
                Holder::Postgres(connection)
            }
        };
        Self(holder)
    }

    /// Lets go.
    ///
    /// # Panics
    /// When the connection is gone.
    pub async fn end(self) {
        let ended = match self.0 {
            Holder::Sqlite(mut holder) => {
                sqlx::query("ROLLBACK").execute(&mut holder).await.map(drop)
            }
            Holder::Postgres(mut holder) => {
                sqlx::query("ROLLBACK").execute(&mut holder).await.map(drop)
            }
        };
        ended.expect("the lock is let go");
    }
}

/// Bytes that no other test draws.
#[must_use]
pub fn random() -> [u8; 16] {
    exam_server::chance::random_bytes()
}
