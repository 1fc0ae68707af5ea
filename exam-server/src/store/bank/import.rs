//! Importing drafts.
//!
//! Rows are written in slices under an import that is `staged`, which nothing reads; its one row
//! then makes drafts of them all. A crash leaves nothing half imported, and on SQLite nothing holds
//! the write lock for long.

use exam_core::ids::{BankId, StaffId};
use exam_core::time::Timestamp;
use rustc_hash::FxHashMap;
use sqlx::AssertSqlSafe;
use tokio::time::Instant;

use super::{DraftCounts, NewItem, NewUnit};
use crate::store::{AuditEntry, Pool, Store, StoreError, audit::bind_audit, in_transaction, on};

/// How many units one transaction writes: about 5 ms of SQLite's write lock.
const SLICE: usize = 25;

/// How much longer than a slice took the next one waits on SQLite. Whoever waits for the write lock
/// looks again now and then, so slices that follow each other closely would let nobody in.
const REST: u32 = 2;

/// How many units are looked up at once.
const LOOKED_UP: usize = 500;

/// From how many new units on an import changes what a bank looks like.
const MANY: usize = 500;

impl Store {
    /// The bank of this name with its revision, made under `fresh` if there was none.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn bank_keep(
        &self,
        name: &str,
        fresh: BankId,
        now: Timestamp,
    ) -> Result<BankId, StoreError> {
        const SQL: &str = "-- bank_keep
            INSERT INTO bank (bank_id, name, revision, created_at_ms) VALUES ($1, $2, 0, $3)
            ON CONFLICT (name) DO UPDATE SET name = excluded.name
            RETURNING bank_id";
        let id: String = on!(self.writer(), pool => sqlx::query_scalar(SQL)
            .bind(fresh.to_string())
            .bind(name)
            .bind(now.as_ms())
            .fetch_one(pool)
            .await)
        .map_err(StoreError::in_query("bank_keep"))?;
        crate::store::parse_column("bank", name, &id)
    }

    /// Imports units as drafts, all or none. A unit whose newest version says the same is left
    /// as it is. `progress` is called with the number of units done.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble; nothing was imported then.
    pub async fn bank_import(
        &self,
        bank_id: BankId,
        units: &[NewUnit],
        by: StaffId,
        now: Timestamp,
        audit: &AuditEntry,
        mut progress: impl FnMut(usize),
    ) -> Result<DraftCounts, StoreError> {
        self.bank_drop_staged(bank_id).await?;
        let import_no = self.bank_import_begin(bank_id, by, now).await?;
        let mut counts = DraftCounts::default();
        for (done, slice) in units.chunks(SLICE).enumerate() {
            let began = Instant::now();
            let staged = self.bank_stage(bank_id, import_no, slice).await?;
            counts.added += staged.added;
            counts.unchanged += staged.unchanged;
            progress(done * SLICE + slice.len());
            self.rest(began).await;
        }
        self.bank_import_end(import_no, counts.added > 0, audit).await?;
        counts.import_no = (counts.added > 0).then_some(import_no);
        if counts.added >= MANY {
            self.bank_settle().await;
        }
        Ok(counts)
    }

    /// Has PostgreSQL look at what was imported. Until then it plans searches and counts for an empty
    /// bank with many imports, and walks through words that are not yet in their index.
    async fn bank_settle(&self) {
        const TABLES: [&str; 7] = [
            "bank_import",
            "unit",
            "unit_version",
            "unit_search",
            "item",
            "item_version",
            "item_key",
        ];
        let Pool::Postgres(pool) = self.writer() else { return };
        for table in TABLES {
            let sql = format!("-- bank_settle\nVACUUM (ANALYZE) {table}");
            if let Err(error) = sqlx::query(AssertSqlSafe(sql)).execute(pool).await {
                tracing::warn!(%error, table, "statistics are as they were");
            }
        }
    }

    /// How many items of these units an import would leave as they are.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn bank_unchanged(
        &self,
        bank_id: BankId,
        units: &[NewUnit],
    ) -> Result<usize, StoreError> {
        let mut unchanged = 0;
        for slice in units.chunks(LOOKED_UP) {
            let sql = newest_sql(slice.len());
            let known: Vec<Newest> = on!(self.readers(), pool => {
                let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(bank_id.to_string());
                for unit in slice {
                    query = query.bind(&unit.code);
                }
                query.fetch_all(pool).await
            })
            .map_err(StoreError::in_query("bank_unchanged"))?;
            let known: FxHashMap<&str, &Newest> =
                known.iter().map(|newest| (newest.code.as_str(), newest)).collect();
            let same = slice.iter().filter(|unit| {
                known.get(unit.code.as_str()).is_some_and(|newest| newest.says_the_same(unit))
            });
            unchanged += same.map(|unit| unit.items.len()).sum::<usize>();
        }
        Ok(unchanged)
    }

    /// Lets others have SQLite's write lock, behind a slice that began then.
    async fn rest(&self, began: Instant) {
        if self.is_sqlite() {
            tokio::time::sleep(began.elapsed() * REST).await;
        }
    }

    async fn bank_import_begin(
        &self,
        bank_id: BankId,
        by: StaffId,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        const SQL: &str = "-- bank_import_begin
            INSERT INTO bank_import (bank_id, state, imported_by, imported_at_ms)
            VALUES ($1, 'staged', $2, $3) RETURNING import_no";
        on!(self.writer(), pool => sqlx::query_scalar(SQL)
            .bind(bank_id.to_string())
            .bind(by.to_string())
            .bind(now.as_ms())
            .fetch_one(pool)
            .await)
        .map_err(StoreError::in_query("bank_import_begin"))
    }

    /// Stages one slice, a statement a table: a statement costs a way to the database and back.
    async fn bank_stage(
        &self,
        bank_id: BankId,
        import_no: i64,
        units: &[NewUnit],
    ) -> Result<DraftCounts, StoreError> {
        let failed = StoreError::in_query("bank_stage");
        let bank = bank_id.to_string();
        let kept = format!(
            "-- unit_keep
            INSERT INTO unit (bank_id, code) VALUES {} ON CONFLICT (bank_id, code) DO NOTHING",
            rows(units.len(), 2)
        );
        let counts = in_transaction!(self, "bank_stage", tx => {
            let mut query = sqlx::query(AssertSqlSafe(kept));
            for unit in units {
                query = query.bind(&bank).bind(&unit.code);
            }
            query.execute(&mut *tx).await.map_err(&failed)?;
            let mut query = sqlx::query_as(AssertSqlSafe(newest_sql(units.len()))).bind(&bank);
            for unit in units {
                query = query.bind(&unit.code);
            }
            let known: Vec<Newest> = query.fetch_all(&mut *tx).await.map_err(&failed)?;
            let known: FxHashMap<&str, &Newest> =
                known.iter().map(|newest| (newest.code.as_str(), newest)).collect();
            let (mut changed, mut counts) = (Vec::new(), DraftCounts::default());
            for unit in units {
                let newest = known[unit.code.as_str()];
                if newest.says_the_same(unit) {
                    counts.unchanged += unit.items.len();
                } else {
                    counts.added += unit.items.len();
                    changed.push((newest.unit_no, newest.version.unwrap_or(0) + 1, unit));
                }
            }
            if changed.is_empty() {
                return Ok(counts);
            }
            let mut query = sqlx::query_as(AssertSqlSafe(version_sql(changed.len())));
            for (unit_no, version, unit) in &changed {
                query = query
                    .bind(unit_no)
                    .bind(version)
                    .bind(import_no)
                    .bind(&unit.item_type)
                    .bind(&unit.topic)
                    .bind(&unit.difficulty)
                    .bind(&unit.tags)
                    .bind(&unit.categories)
                    .bind(&unit.practice_scopes)
                    .bind(&unit.pool)
                    .bind(i64::try_from(unit.items.len()).expect("a unit is small"))
                    .bind(&unit.shared)
                    .bind(&unit.content_hash)
                    .bind(&unit.source);
            }
            let versions: Vec<(i64, i64)> = query.fetch_all(&mut *tx).await.map_err(&failed)?;
            let versions: FxHashMap<i64, i64> = versions.into_iter().collect();
            let mut query = sqlx::query(AssertSqlSafe(search_sql(changed.len())));
            for (unit_no, _, unit) in &changed {
                query = query.bind(versions[unit_no]).bind(&unit.tokens);
            }
            query.execute(&mut *tx).await.map_err(&failed)?;
            let items: Vec<Placed<'_>> = changed.iter().flat_map(placed).collect();
            let mut query = sqlx::query(AssertSqlSafe(item_sql(items.len())));
            for Placed { unit_no, item, .. } in &items {
                query = query.bind(unit_no).bind(&item.code);
            }
            query.execute(&mut *tx).await.map_err(&failed)?;
            let mut query = sqlx::query_as(AssertSqlSafe(item_numbers_sql(changed.len())));
            for (unit_no, _, _) in &changed {
                query = query.bind(unit_no);
            }
            let numbers: Vec<(i64, String, i64)> =
                query.fetch_all(&mut *tx).await.map_err(&failed)?;
            let numbers: FxHashMap<(i64, &str), i64> = numbers
                .iter()
                .map(|(unit_no, code, item_no)| ((*unit_no, code.as_str()), *item_no))
                .collect();
            let mut query = sqlx::query_as(AssertSqlSafe(item_version_sql(items.len())));
            for Placed { unit_no, position, item } in &items {
                query = query
                    .bind(versions[unit_no])
                    .bind(numbers[&(*unit_no, item.code.as_str())])
                    .bind(position)
                    .bind(&item.content)
                    .bind(&item.content_hash)
                    .bind(item.pinned);
            }
            let staged: Vec<(i64, i64, i64)> = query.fetch_all(&mut *tx).await.map_err(&failed)?;
            let staged: FxHashMap<(i64, i64), i64> = staged
                .into_iter()
                .map(|(item_version_no, unit_version_no, position)| {
                    ((unit_version_no, position), item_version_no)
                })
                .collect();
            let mut query = sqlx::query(AssertSqlSafe(key_sql(items.len())));
            for Placed { unit_no, position, item } in &items {
                query = query
                    .bind(staged[&(versions[unit_no], *position)])
                    .bind(item.key_bits)
                    .bind(&item.explanation);
            }
            query.execute(&mut *tx).await.map_err(&failed)?;
            counts
        });
        Ok(counts)
    }

    /// Makes drafts of what was staged; an import that changed nothing leaves nothing. An older draft
    /// of the same unit is superseded, because the newest version counts.
    async fn bank_import_end(
        &self,
        import_no: i64,
        has_units: bool,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        const DRAFT: &str = "-- bank_import_draft
            UPDATE bank_import SET state = 'draft' WHERE import_no = $1 AND state = 'staged'";
        const NOTHING: &str = "-- bank_import_nothing
            DELETE FROM bank_import WHERE import_no = $1 AND state = 'staged'";
        let failed = StoreError::in_query("bank_import_end");
        in_transaction!(self, "bank_import_end", tx => {
            let ended = sqlx::query(if has_units { DRAFT } else { NOTHING })
                .bind(import_no)
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
            if ended.rows_affected() == 0 {
                return Err(StoreError::Refused("another import into the bank has begun"));
            }
            bind_audit!(audit).execute(&mut *tx).await.map_err(&failed)?;
        });
        Ok(())
    }

    /// Removes what an import that was cut off has left, in slices as it was written.
    async fn bank_drop_staged(&self, bank_id: BankId) -> Result<(), StoreError> {
        const LEFT: &str = "-- unit_version_left
            SELECT v.unit_version_no FROM unit_version AS v
            JOIN bank_import AS n ON n.import_no = v.import_no
            WHERE n.bank_id = $1 AND n.state = 'staged' ORDER BY v.unit_version_no LIMIT $2";
        const IMPORTS: &str = "-- bank_import_drop_staged
            DELETE FROM bank_import WHERE bank_id = $1 AND state = 'staged'";
        let failed = StoreError::in_query("bank_drop_staged");
        let slice = i64::try_from(SLICE).expect("a slice is small");
        loop {
            let left: Vec<i64> = on!(self.writer(), pool => sqlx::query_scalar(LEFT)
                .bind(bank_id.to_string())
                .bind(slice)
                .fetch_all(pool)
                .await)
            .map_err(&failed)?;
            if left.is_empty() {
                break;
            }
            let began = Instant::now();
            let versions = list(left.len(), 1);
            let drop_rows = [
                format!(
                    "-- item_key_drop_staged
                    DELETE FROM item_key WHERE item_version_no IN (SELECT item_version_no
                        FROM item_version WHERE unit_version_no IN {versions})"
                ),
                format!(
                    "-- item_version_drop_staged
                    DELETE FROM item_version WHERE unit_version_no IN {versions}"
                ),
                format!(
                    "-- unit_search_drop_staged\nDELETE FROM unit_search WHERE rowid IN {versions}"
                ),
                format!(
                    "-- unit_version_drop_staged
                    DELETE FROM unit_version WHERE unit_version_no IN {versions}"
                ),
            ];
            in_transaction!(self, "bank_drop_staged", tx => {
                for sql in drop_rows {
                    let mut query = sqlx::query(AssertSqlSafe(sql));
                    for unit_version_no in &left {
                        query = query.bind(unit_version_no);
                    }
                    query.execute(&mut *tx).await.map_err(&failed)?;
                }
            });
            self.rest(began).await;
        }
        on!(self.writer(), pool => sqlx::query(IMPORTS)
            .bind(bank_id.to_string())
            .execute(pool)
            .await
            .map(|_| ()))
        .map_err(&failed)
    }
}

/// The newest version of a unit that is there already.
#[derive(sqlx::FromRow)]
struct Newest {
    code: String,
    unit_no: i64,
    content_hash: Option<Vec<u8>>,
    withdrawn_revision: Option<i64>,
    version: Option<i64>,
}

impl Newest {
    fn says_the_same(&self, unit: &NewUnit) -> bool {
        let same = self.content_hash.as_ref() == Some(&unit.content_hash);
        same && self.withdrawn_revision.is_none()
    }
}

/// The newest versions of so many codes of bank `$1`.
fn newest_sql(codes: usize) -> String {
    format!(
        "-- unit_newest
        SELECT u.code, u.unit_no, v.content_hash, v.withdrawn_revision,
            (SELECT max(o.version) FROM unit_version AS o WHERE o.unit_no = u.unit_no) AS version
        FROM unit AS u
        LEFT JOIN unit_version AS v ON v.unit_no = u.unit_no AND v.version = (
            SELECT max(w.version) FROM unit_version AS w
            JOIN bank_import AS n ON n.import_no = w.import_no
            WHERE w.unit_no = u.unit_no AND n.state IN ('draft', 'approved'))
        WHERE u.bank_id = $1 AND u.code IN {}",
        list(codes, 2)
    )
}

/// An item with its unit's number and its place in it, from 1.
struct Placed<'a> {
    unit_no: i64,
    position: i64,
    item: &'a NewItem,
}

fn placed<'a>((unit_no, _, unit): &'a (i64, i64, &'a NewUnit)) -> impl Iterator<Item = Placed<'a>> {
    let items = (1..).zip(&unit.items);
    items.map(|(position, item)| Placed { unit_no: *unit_no, position, item })
}

fn version_sql(count: usize) -> String {
    format!(
        "-- unit_version_stage
        INSERT INTO unit_version (unit_no, version, import_no, item_type, topic, difficulty, tags,
            categories, practice_scopes, pool, items, shared, content_hash, source)
        VALUES {} RETURNING unit_no, unit_version_no",
        rows(count, 14)
    )
}

pub(super) fn search_sql(count: usize) -> String {
    format!(
        "-- unit_search_stage\nINSERT INTO unit_search (rowid, tokens) VALUES {}",
        rows(count, 2)
    )
}

fn item_sql(count: usize) -> String {
    format!(
        "-- item_keep
        INSERT INTO item (unit_no, code) VALUES {} ON CONFLICT (unit_no, code) DO NOTHING",
        rows(count, 2)
    )
}

fn item_numbers_sql(count: usize) -> String {
    format!(
        "-- item_numbers
        SELECT unit_no, code, item_no FROM item WHERE unit_no IN {}",
        list(count, 1)
    )
}

fn item_version_sql(count: usize) -> String {
    format!(
        "-- item_version_stage
        INSERT INTO item_version (unit_version_no, item_no, position, content, content_hash,
            pinned)
        VALUES {} RETURNING item_version_no, unit_version_no, position",
        rows(count, 6)
    )
}

fn key_sql(count: usize) -> String {
    format!(
        "-- item_key_stage
        INSERT INTO item_key (item_version_no, key_bits, explanation) VALUES {}",
        rows(count, 3)
    )
}

/// `count` rows of `width` parameters, numbered from 1: `($1, $2), ($3, $4)`.
pub(in crate::store) fn rows(count: usize, width: usize) -> String {
    let rows: Vec<String> = (0..count).map(|row| list(width, row * width + 1)).collect();
    rows.join(", ")
}

/// `count` parameters, numbered from `first`: `($2, $3)`.
fn list(count: usize, first: usize) -> String {
    let parameters: Vec<String> = (first..first + count).map(|n| format!("${n}")).collect();
    format!("({})", parameters.join(", "))
}
