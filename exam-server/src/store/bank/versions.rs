//! Versions of units: what they say, and what was done with them.

use exam_core::ids::BankId;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::{Store, StoreError, on, rows_of_many};

/// A version of a unit with everything that its author wrote.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, sqlx::FromRow)]
pub struct UnitVersion {
    /// The unit through all its versions.
    pub unit_no: i64,
    /// The version's number among all.
    pub unit_version_no: i64,
    /// Counts the unit's versions from 1.
    pub version: i64,
    /// The author's code.
    pub code: String,
    /// The type's name.
    pub item_type: String,
    /// The topic.
    pub topic: String,
    /// The difficulty's name.
    pub difficulty: String,
    /// Tags, as a JSON list.
    pub tags: String,
    /// 执业类别, as a JSON list.
    pub categories: String,
    /// 执业范围, as a JSON list.
    pub practice_scopes: String,
    /// The pool's name.
    pub pool: String,
    /// Stem, options and media of a group, as JSON.
    pub shared: String,
    /// Where it came from, as JSON.
    pub source: String,
    /// `staged`, `draft`, `approved`, `rejected` or `withdrawn`.
    pub state: String,
    /// The bank's revision from which it is drawn no longer.
    pub withdrawn_revision: Option<i64>,
    /// Its items, in order.
    #[sqlx(skip)]
    #[serde(skip)]
    pub items: Vec<ItemRow>,
}

/// An item of a version, with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRow {
    /// The version's number.
    pub item_version_no: i64,
    /// The author's code.
    pub code: String,
    /// Stem, options and media, as JSON.
    pub content: String,
    /// Right options as bits, in the author's order.
    pub key_bits: i64,
    /// Why the key is right.
    pub explanation: String,
}

/// What was done with a version; people by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct VersionHistory {
    /// The version's number among all.
    #[serde(skip)]
    pub unit_version_no: i64,
    /// Counts the unit's versions from 1.
    pub version: i64,
    /// The import that brought it.
    pub import_no: i64,
    /// `draft`, `approved`, `rejected` or `withdrawn`.
    pub state: String,
    /// Where it came from, as JSON.
    #[serde(skip)]
    pub source: String,
    /// Who imported it.
    pub imported_by: String,
    /// Their login; they cannot approve it.
    pub importer_login: String,
    /// When, in server milliseconds.
    pub imported_at_ms: i64,
    /// Who approved or rejected it.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at_ms: Option<i64>,
    /// Why it was rejected.
    pub rejected_because: Option<String>,
    /// The bank's revision from which it is drawn.
    pub approved_revision: Option<i64>,
    /// The bank's revision from which it is drawn no longer.
    pub withdrawn_revision: Option<i64>,
    /// Who withdrew it.
    pub withdrawn_by: Option<String>,
    /// When.
    pub withdrawn_at_ms: Option<i64>,
    /// Why.
    pub withdrawn_because: Option<String>,
}

/// One import with what it brought; people by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
pub struct ImportRow {
    /// Its number.
    pub import_no: i64,
    /// `draft`, `approved` or `rejected`.
    pub state: String,
    /// Who imported it.
    pub imported_by: String,
    /// Their login; they cannot approve it.
    pub importer_login: String,
    /// When, in server milliseconds.
    pub imported_at_ms: i64,
    /// Who approved or rejected it.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at_ms: Option<i64>,
    /// Why it was rejected.
    pub rejected_because: Option<String>,
    /// Units that are new or changed.
    pub units: i64,
    /// Their items.
    pub items: i64,
    /// Units of a draft that wait for approval: those that no later import brought again.
    pub waiting: i64,
    /// Where the first of them came from, as JSON.
    pub source: Option<String>,
}

impl Store {
    /// Versions with their items and keys, in the order of their units; unknown ones are left out.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn unit_versions(&self, versions: &[i64]) -> Result<Vec<UnitVersion>, StoreError> {
        type Item = (i64, i64, String, String, i64, String);
        let mut units: Vec<UnitVersion> = rows_of_many!(
            self,
            versions,
            "bigint",
            "unit_versions",
            "v.unit_no, v.unit_version_no, v.version, u.code, v.item_type, v.topic, v.difficulty,
                v.tags, v.categories, v.practice_scopes, v.pool, v.shared, v.source,
                n.state, v.withdrawn_revision",
            "FROM unit_version AS v
            JOIN unit AS u ON u.unit_no = v.unit_no
            JOIN bank_import AS n ON n.import_no = v.import_no
            WHERE v.unit_version_no IN",
            "ORDER BY v.unit_no, v.version"
        )?;
        let items: Vec<Item> = rows_of_many!(
            self,
            versions,
            "bigint",
            "unit_version_items",
            "i.unit_version_no, i.item_version_no, t.code, i.content, k.key_bits, k.explanation",
            "FROM item_version AS i
            JOIN item AS t ON t.item_no = i.item_no
            JOIN item_key AS k ON k.item_version_no = i.item_version_no
            WHERE i.unit_version_no IN",
            "ORDER BY i.unit_version_no, i.position"
        )?;
        let mut by_version: FxHashMap<i64, Vec<ItemRow>> = FxHashMap::default();
        for (unit_version_no, item_version_no, code, content, key_bits, explanation) in items {
            let item = ItemRow { item_version_no, code, content, key_bits, explanation };
            by_version.entry(unit_version_no).or_default().push(item);
        }
        for unit in &mut units {
            unit.items = by_version.remove(&unit.unit_version_no).unwrap_or_default();
            if unit.withdrawn_revision.is_some() {
                unit.state = "withdrawn".into();
            }
        }
        Ok(units)
    }

    /// All versions of a unit, the oldest first; none for an unknown code.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn unit_history(
        &self,
        bank_id: BankId,
        code: &str,
    ) -> Result<Vec<VersionHistory>, StoreError> {
        const SQL: &str = "-- unit_history
            SELECT v.unit_version_no, v.version, v.import_no, v.source,
                CASE WHEN v.withdrawn_revision IS NULL THEN n.state ELSE 'withdrawn' END AS state,
                a.name AS imported_by, a.login AS importer_login,
                n.imported_at_ms,
                coalesce(p.name, r.name) AS decided_by,
                coalesce(n.approved_at_ms, n.rejected_at_ms) AS decided_at_ms,
                n.rejected_because, n.approved_revision, v.withdrawn_revision,
                w.name AS withdrawn_by, v.withdrawn_at_ms, v.withdrawn_because
            FROM unit AS u
            JOIN unit_version AS v ON v.unit_no = u.unit_no
            JOIN bank_import AS n ON n.import_no = v.import_no
            JOIN staff AS a ON a.staff_id = n.imported_by
            LEFT JOIN staff AS p ON p.staff_id = n.approved_by
            LEFT JOIN staff AS r ON r.staff_id = n.rejected_by
            LEFT JOIN staff AS w ON w.staff_id = v.withdrawn_by
            WHERE u.bank_id = $1 AND u.code = $2 AND n.state <> 'staged' ORDER BY v.version";
        on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(bank_id.to_string())
            .bind(code)
            .fetch_all(pool)
            .await)
        .map_err(StoreError::in_query("unit_history"))
    }

    /// The imports of a bank, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn bank_imports(&self, bank_id: BankId) -> Result<Vec<ImportRow>, StoreError> {
        const SQL: &str = "-- bank_imports
            SELECT n.import_no, n.state, a.name AS imported_by, a.login AS importer_login,
                n.imported_at_ms,
                coalesce(p.name, r.name) AS decided_by,
                coalesce(n.approved_at_ms, n.rejected_at_ms) AS decided_at_ms,
                n.rejected_because, c.units, c.items, f.source,
                CASE WHEN n.state <> 'draft' THEN 0 ELSE (
                    SELECT count(*) FROM unit_version AS v WHERE v.import_no = n.import_no
                    AND NOT EXISTS (SELECT 1 FROM unit_version AS w
                        JOIN bank_import AS m ON m.import_no = w.import_no
                        WHERE w.version > 1 AND w.unit_no = v.unit_no AND w.version > v.version
                        AND m.state IN ('draft', 'approved'))) END AS waiting
            FROM bank_import AS n
            JOIN staff AS a ON a.staff_id = n.imported_by
            LEFT JOIN staff AS p ON p.staff_id = n.approved_by
            LEFT JOIN staff AS r ON r.staff_id = n.rejected_by
            JOIN (SELECT import_no, count(*) AS units, CAST(sum(items) AS bigint) AS items,
                    min(unit_version_no) AS first
                FROM unit_version GROUP BY import_no) AS c ON c.import_no = n.import_no
            LEFT JOIN unit_version AS f ON f.unit_version_no = c.first
            WHERE n.bank_id = $1 AND n.state <> 'staged' ORDER BY n.import_no DESC";
        on!(self.readers(), pool => {
            sqlx::query_as(SQL).bind(bank_id.to_string()).fetch_all(pool).await
        })
        .map_err(StoreError::in_query("bank_imports"))
    }
}
