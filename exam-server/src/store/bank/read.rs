//! Reading banks.

use exam_core::ids::BankId;

use super::{BankItem, BankRow, BankUnit};
use crate::store::{Store, StoreError, on, parse_column};

#[derive(sqlx::FromRow)]
struct Row {
    unit_version_no: i64,
    item_type: String,
    topic: String,
    difficulty: String,
    categories: String,
    practice_scopes: String,
    shared: String,
    item_version_no: i64,
    item_no: i64,
    content: String,
    content_hash: Vec<u8>,
    pinned: i64,
    key_bits: i64,
}

impl Store {
    /// What exams may draw from one revision of a bank, in order.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn bank_units(
        &self,
        bank_id: BankId,
        revision: i64,
    ) -> Result<Vec<BankUnit>, StoreError> {
        const SQL: &str = "-- bank_units
            SELECT v.unit_version_no, v.item_type, v.topic, v.difficulty, v.categories,
                v.practice_scopes, v.shared,
                i.item_version_no, i.item_no, i.content, i.content_hash, i.pinned, k.key_bits
            FROM bank_import AS n
            JOIN unit_version AS v ON v.import_no = n.import_no
            JOIN item_version AS i ON i.unit_version_no = v.unit_version_no
            JOIN item_key AS k ON k.item_version_no = i.item_version_no
            WHERE n.bank_id = $1 AND v.pool = 'exam' AND n.approved_revision <= $2
                AND (v.withdrawn_revision IS NULL OR v.withdrawn_revision > $2)
                AND NOT EXISTS (SELECT 1 FROM unit_version AS w
                    JOIN bank_import AS m ON m.import_no = w.import_no
                    WHERE w.version > 1 AND w.unit_no = v.unit_no AND w.version > v.version
                        AND m.approved_revision <= $2)
            ORDER BY v.unit_version_no, i.position";
        let rows: Vec<Row> = on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(bank_id.to_string())
            .bind(revision)
            .fetch_all(pool)
            .await)
        .map_err(StoreError::in_query("bank_units"))?;
        let mut units: Vec<BankUnit> = Vec::new();
        for row in rows {
            if units.last().is_none_or(|unit| unit.unit_version_no != row.unit_version_no) {
                units.push(BankUnit {
                    unit_version_no: row.unit_version_no,
                    item_type: row.item_type,
                    topic: row.topic,
                    difficulty: row.difficulty,
                    categories: row.categories,
                    practice_scopes: row.practice_scopes,
                    shared: row.shared,
                    items: Vec::new(),
                });
            }
            let unit = units.last_mut().expect("one was just pushed");
            unit.items.push(BankItem {
                item_version_no: row.item_version_no,
                item_no: row.item_no,
                content: row.content,
                content_hash: row.content_hash,
                pinned: row.pinned,
                key_bits: row.key_bits,
            });
        }
        Ok(units)
    }

    /// All banks with their counts, by name.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn bank_list(&self) -> Result<Vec<BankRow>, StoreError> {
        const SQL: &str = "-- bank_list
            SELECT b.bank_id, b.name, b.revision,
                count(CASE WHEN n.state = 'approved' AND i.item_version_no IS NOT NULL THEN 1 END),
                count(CASE WHEN n.state = 'draft' AND i.item_version_no IS NOT NULL THEN 1 END)
            FROM bank AS b
            LEFT JOIN bank_import AS n ON n.bank_id = b.bank_id
            LEFT JOIN unit_version AS v ON v.import_no = n.import_no
                AND v.withdrawn_revision IS NULL
                AND NOT EXISTS (SELECT 1 FROM unit_version AS w
                    JOIN bank_import AS m ON m.import_no = w.import_no
                    WHERE w.version > 1 AND w.unit_no = v.unit_no AND w.version > v.version AND m.state = n.state)
            LEFT JOIN item_version AS i ON i.unit_version_no = v.unit_version_no
            GROUP BY b.bank_id, b.name, b.revision ORDER BY b.name";
        let rows: Vec<(String, String, i64, i64, i64)> =
            on!(self.readers(), pool => sqlx::query_as(SQL).fetch_all(pool).await)
                .map_err(StoreError::in_query("bank_list"))?;
        rows.into_iter()
            .map(|(bank_id, name, revision, approved_items, draft_items)| {
                Ok(BankRow {
                    bank_id: parse_column("bank", &name, &bank_id)?,
                    name,
                    revision,
                    approved_items,
                    draft_items,
                })
            })
            .collect()
    }
}
