//! Taking a whole SQLite database into an empty PostgreSQL.
//!
//! The rows travel in one transaction of PostgreSQL, so a move that is killed leaves nothing. A
//! setting that is stored before and removed after says that the move is not verified yet; no
//! store opens for anything else while it is there.

mod tables;

use std::sync::Arc;

use exam_core::time::Timestamp;
use futures_util::TryStreamExt;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, SqliteConnection};

use super::connect::ACQUIRE_TIMEOUT;
use super::{Connections, Pool, Store, StoreError};
use tables::{TABLES, Table, Values};

/// The setting of a database that a move has not finished with.
const UNFINISHED: &str = "move_unfinished";

/// What a slice holds at most: a few milliseconds of PostgreSQL's work, and little memory.
const SLICE_ROWS: usize = 2_000;
const SLICE_BYTES: usize = 1 << 20;

/// How many rows a table has on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableCount {
    /// The table.
    pub table: &'static str,
    /// Rows in the source.
    pub source: i64,
    /// Rows in the target.
    pub target: i64,
}

impl Store {
    /// Opens a SQLite database to read it as it is now, and changes nothing in it.
    ///
    /// # Errors
    /// [`StoreError::Unsafe`] when its schema is not this program's.
    pub async fn open_to_read(options: &SqliteConnectOptions) -> Result<Self, StoreError> {
        // One connection that is never given up: `transfer_freeze` begins its transaction on it.
        let options = options.clone().create_if_missing(false).read_only(true);
        let pool = Connections::new(options, 1, ACQUIRE_TIMEOUT);
        check_schema(&pool).await?;
        let pool = Pool::Sqlite(pool);
        Ok(Self {
            #[cfg(feature = "turned-clock")]
            faults: super::Faults::none(&pool).await,
            held: Arc::default(),
            readers: pool.clone(),
            writer: pool.clone(),
            journal: pool,
        })
    }

    /// From here on this store, opened by [`open_to_read`](Self::open_to_read), shows the
    /// database as it is now, whatever others write.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn transfer_freeze(&self) -> Result<(), StoreError> {
        let source = self.source()?;
        for sql in ["BEGIN", "SELECT count(*) FROM setting"] {
            let done = sqlx::query(sql).execute(source).await;
            done.map_err(StoreError::in_query("transfer_freeze"))?;
        }
        Ok(())
    }

    /// Whether a move into this database was begun and not finished.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn transfer_is_unfinished(&self) -> Result<bool, StoreError> {
        Ok(self.setting_find(UNFINISHED).await?.is_some())
    }

    /// Notes in this empty database that a move into it begins; the first table that is not
    /// empty is returned, and nothing noted then.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn transfer_begin(&self, now: Timestamp) -> Result<Option<&'static str>, StoreError> {
        let mut target = self.target()?.acquire().await.map_err(failed_to("transfer_begin"))?;
        if let Some(table) = table_with_rows(&mut target).await? {
            return Ok(Some(table));
        }
        drop(target);
        self.setting_keep(UNFINISHED, &now.as_ms().to_string()).await?;
        Ok(None)
    }

    /// The move into this database is finished and verified: from now on it opens.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn transfer_finish(&self) -> Result<(), StoreError> {
        const SQL: &str = "-- transfer_finish
            DELETE FROM setting WHERE name = $1";
        let done = sqlx::query(SQL).bind(UNFINISHED).execute(self.target()?).await;
        done.map(drop).map_err(StoreError::in_query("transfer_finish"))
    }

    /// Copies every row of this store into `target`, all or none, and returns how many there are
    /// of each table. `progress` hears of every slice: the table, rows done, rows in all.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when somebody else has written into the target;
    /// [`StoreError::BadRow`] when the schemas do not agree; otherwise trouble. Nothing is
    /// copied then.
    pub async fn transfer_into(
        &self,
        target: &Self,
        mut progress: impl FnMut(&'static str, i64, i64),
    ) -> Result<Vec<TableCount>, StoreError> {
        // No statement here is long, but reading may stop between two of them.
        const PATIENCE: [&str; 3] = [
            "SET LOCAL statement_timeout = 0",
            "SET LOCAL idle_in_transaction_session_timeout = 0",
            "SET LOCAL lock_timeout = '10s'",
        ];
        const LOCK: &str = "-- transfer_lock
            SELECT value FROM setting WHERE name = $1 FOR UPDATE";
        let failed = failed_to("transfer_into");
        let mut source = self.source()?.acquire().await.map_err(&failed)?;
        let mut target = target.target()?.acquire().await.map_err(&failed)?;
        tables::check_source(&mut source).await?;
        let mut tx = target.begin().await.map_err(&failed)?;
        for sql in PATIENCE {
            sqlx::query(sql).execute(&mut *tx).await.map_err(&failed)?;
        }
        let begun = sqlx::query(LOCK).bind(UNFINISHED).fetch_optional(&mut *tx).await;
        if begun.map_err(&failed)?.is_none() || table_with_rows(&mut tx).await?.is_some() {
            return Err(StoreError::Refused("somebody else writes into the target"));
        }
        let mut counts = Vec::new();
        for name in TABLES {
            let table = Table::read(name, &mut source, &mut tx).await?;
            let all = count_source(&mut source, name).await?;
            let tell = |done| progress(name, done, all);
            copy(&table, &mut source, &mut tx, tell).await?;
            number_on(&table, &mut source, &mut tx).await?;
            counts.push((name, all));
        }
        let mut both = Vec::new();
        for (table, source) in counts {
            let found = count_target(&mut tx, table).await?;
            both.push(TableCount { table, source, target: found });
        }
        tx.commit().await.map_err(&failed)?;
        // The planner knows nothing of tables that were filled at once.
        for sql in ["SET statement_timeout = 0", "ANALYZE", "RESET statement_timeout"] {
            sqlx::query(sql).execute(&mut *target).await.map_err(&failed)?;
        }
        Ok(both)
    }

    fn source(&self) -> Result<&Connections, StoreError> {
        match &self.readers {
            Pool::Sqlite(pool) => Ok(pool),
            Pool::Postgres(_) => Err(StoreError::Refused("a move begins at SQLite")),
        }
    }

    fn target(&self) -> Result<&PgPool, StoreError> {
        match &self.writer {
            Pool::Postgres(pool) => Ok(pool),
            Pool::Sqlite(_) => Err(StoreError::Refused("a move ends at PostgreSQL")),
        }
    }
}

fn failed_to(query: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    StoreError::in_query(query)
}

async fn copy(
    table: &Table,
    source: &mut SqliteConnection,
    target: &mut PgConnection,
    mut tell: impl FnMut(i64),
) -> Result<(), StoreError> {
    let failed = failed_to("transfer_read");
    let mut rows = sqlx::query(AssertSqlSafe(table.select())).fetch(source);
    let (mut slice, mut in_slice, mut bytes, mut done) = (table.slice(), 0, 0, 0);
    loop {
        let row = rows.try_next().await.map_err(&failed)?;
        let ended = row.is_none();
        if let Some(row) = row {
            for (column, values) in slice.iter_mut().enumerate() {
                bytes += values.take(&row, column).map_err(&failed)?;
            }
            in_slice += 1;
        }
        if in_slice > 0 && (ended || in_slice >= SLICE_ROWS || bytes >= SLICE_BYTES) {
            let full = std::mem::replace(&mut slice, table.slice());
            write(table, full, target).await?;
            done += i64::try_from(in_slice).unwrap_or(0);
            (in_slice, bytes) = (0, 0);
            tell(done);
        }
        if ended {
            return Ok(());
        }
    }
}

async fn write(
    table: &Table,
    slice: Vec<Values>,
    target: &mut PgConnection,
) -> Result<(), StoreError> {
    let mut query = sqlx::query(AssertSqlSafe(table.insert()));
    for values in slice {
        query = match values {
            Values::Numbers(values) => query.bind(values),
            Values::Texts(values) => query.bind(values),
            Values::Bytes(values) => query.bind(values),
        };
    }
    let done = query.execute(target).await;
    done.map(drop).map_err(|error| match error.as_database_error() {
        Some(said) => StoreError::bad_row(table.name, "a slice", said),
        None => failed_to("transfer_write")(error),
    })
}

/// New rows get numbers that no row has, nor any row that was removed had.
async fn number_on(
    table: &Table,
    source: &mut SqliteConnection,
    target: &mut PgConnection,
) -> Result<(), StoreError> {
    const GIVEN: &str = "-- transfer_given
        SELECT seq FROM sqlite_sequence WHERE name = $1";
    const SET: &str = "-- transfer_number
        SELECT setval(pg_get_serial_sequence($1, $2), $3)";
    let failed = failed_to("transfer_number");
    let Some(column) = &table.numbered else { return Ok(()) };
    let given: Option<i64> =
        sqlx::query_scalar(GIVEN).bind(table.name).fetch_optional(source).await.map_err(&failed)?;
    let highest = format!("SELECT max(\"{column}\") FROM \"{}\"", table.name);
    let highest: Option<i64> = sqlx::query_scalar(AssertSqlSafe(highest))
        .fetch_one(&mut *target)
        .await
        .map_err(&failed)?;
    let Some(last) = highest.max(given).filter(|last| *last > 0) else { return Ok(()) };
    let set = sqlx::query(SET).bind(table.name).bind(column).bind(last);
    set.execute(target).await.map(drop).map_err(&failed)
}

async fn count_source(source: &mut SqliteConnection, table: &str) -> Result<i64, StoreError> {
    let sql = AssertSqlSafe(format!("-- transfer_count\nSELECT count(*) FROM \"{table}\""));
    sqlx::query_scalar(sql).fetch_one(source).await.map_err(failed_to("transfer_count"))
}

/// The note that a move has begun is no row that came with it.
async fn count_target(target: &mut PgConnection, table: &str) -> Result<i64, StoreError> {
    let but =
        if table == "setting" { format!(" WHERE name <> '{UNFINISHED}'") } else { String::new() };
    let sql = AssertSqlSafe(format!("-- transfer_count\nSELECT count(*) FROM \"{table}\"{but}"));
    sqlx::query_scalar(sql).fetch_one(target).await.map_err(failed_to("transfer_count"))
}

async fn table_with_rows(target: &mut PgConnection) -> Result<Option<&'static str>, StoreError> {
    for table in TABLES {
        if count_target(target, table).await? > 0 {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

/// The source is read as it is, so its schema must be the one that this program writes.
async fn check_schema(source: &Connections) -> Result<(), StoreError> {
    const SQL: &str = "-- transfer_schema
        SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version";
    let found: Vec<(i64, Vec<u8>)> =
        sqlx::query_as(SQL).fetch_all(source).await.map_err(failed_to("transfer_schema"))?;
    let ours = sqlx::migrate!("migrations/sqlite");
    let ours: Vec<(i64, Vec<u8>)> =
        ours.iter().map(|step| (step.version, step.checksum.to_vec())).collect();
    if found == ours {
        return Ok(());
    }
    let what = "its schema is another release's: run `audit verify` of this release on it first, \
                which brings it up to date";
    Err(StoreError::Unsafe(what.to_owned()))
}
