//! What candidates reached on items, added up by what the items say.

use exam_core::ids::AttemptId;
use exam_core::measured::Measured;
use sqlx::AssertSqlSafe;

use super::import::rows;
use crate::store::{Store, StoreError, in_transaction, on, parse_column, rows_of_many};

/// One item's answers; the item by its content hash in hexadecimal.
type Row = (String, i64, i64);

fn read((content, answers, earned): Row) -> (String, Measured) {
    let answers = u32::try_from(answers).unwrap_or(u32::MAX);
    (content, Measured { answers, earned_permille: earned.unsigned_abs() })
}

impl Store {
    /// Everything that was measured, by content hash in hexadecimal.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn measured_all(&self) -> Result<Vec<(String, Measured)>, StoreError> {
        const SQL: &str = "-- measured_all
            SELECT content, answers, earned_permille FROM item_measured";
        let rows: Vec<Row> = on!(self.readers(), pool => sqlx::query_as(SQL).fetch_all(pool).await)
            .map_err(StoreError::in_query("measured_all"))?;
        Ok(rows.into_iter().map(read).collect())
    }

    /// What was measured of these contents.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn measured_of(
        &self,
        contents: &[String],
    ) -> Result<Vec<(String, Measured)>, StoreError> {
        let rows: Vec<Row> = rows_of_many!(
            self,
            contents,
            "text",
            "measured_of",
            "content, answers, earned_permille",
            "FROM item_measured WHERE content IN",
            "ORDER BY content"
        )?;
        Ok(rows.into_iter().map(read).collect())
    }

    /// The last attempt that was measured; 0 before the first.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn measured_upto(&self) -> Result<i64, StoreError> {
        const SQL: &str = "-- measured_upto
            SELECT attempt_no FROM measured_upto";
        let found: Option<i64> =
            on!(self.readers(), pool => sqlx::query_scalar(SQL).fetch_optional(pool).await)
                .map_err(StoreError::in_query("measured_upto"))?;
        Ok(found.unwrap_or(0))
    }

    /// How many attempts there are behind `after`.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn attempts_behind(&self, after: i64) -> Result<i64, StoreError> {
        const SQL: &str = "-- attempts_behind
            SELECT count(*) FROM attempt WHERE attempt_no > $1";
        on!(self.readers(), pool => sqlx::query_scalar(SQL).bind(after).fetch_one(pool).await)
            .map_err(StoreError::in_query("attempts_behind"))
    }

    /// The next attempts behind `after` that can be measured, in order: those before the oldest one
    /// that is open.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn measured_next(
        &self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, AttemptId)>, StoreError> {
        const SQL: &str = "-- measured_next
            SELECT attempt_no, attempt_id FROM attempt
            WHERE attempt_no > $1 AND attempt_no < coalesce(
                (SELECT min(attempt_no) FROM attempt WHERE closed_at_ms IS NULL),
                9223372036854775807)
            ORDER BY attempt_no LIMIT $2";
        let rows: Vec<(i64, String)> = on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(after)
            .bind(limit)
            .fetch_all(pool)
            .await)
        .map_err(StoreError::in_query("measured_next"))?;
        rows.into_iter().map(|(no, id)| Ok((no, parse_column("attempt", no, &id)?))).collect()
    }

    /// Adds what the attempts behind `after` and up to `upto` reached.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when somebody else has measured them meanwhile.
    pub async fn measured_add(
        &self,
        after: i64,
        upto: i64,
        measured: &[(String, Measured)],
    ) -> Result<(), StoreError> {
        const FIRST: &str = "-- measured_upto_keep
            INSERT INTO measured_upto (one, attempt_no) VALUES (1, 0) ON CONFLICT (one) DO NOTHING";
        const MOVE: &str = "-- measured_upto_move
            UPDATE measured_upto SET attempt_no = $2 WHERE attempt_no = $1";
        let failed = StoreError::in_query("measured_add");
        in_transaction!(self, "measured_add", tx => {
            sqlx::query(FIRST).execute(&mut *tx).await.map_err(&failed)?;
            let moved = sqlx::query(MOVE)
                .bind(after)
                .bind(upto)
                .execute(&mut *tx)
                .await
                .map_err(&failed)?
                .rows_affected();
            if moved == 0 {
                return Err(StoreError::Refused("another one measures at the same time"));
            }
            for slice in measured.chunks(SLICE) {
                let sql = format!(
                    "-- item_measured_add
                    INSERT INTO item_measured (content, answers, earned_permille) VALUES {}
                    ON CONFLICT (content) DO UPDATE SET
                        answers = item_measured.answers + excluded.answers,
                        earned_permille = item_measured.earned_permille + excluded.earned_permille",
                    rows(slice.len(), 3)
                );
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for (content, Measured { answers, earned_permille }) in slice {
                    let earned = i64::try_from(*earned_permille).unwrap_or(i64::MAX);
                    query = query.bind(content).bind(i64::from(*answers)).bind(earned);
                }
                query.execute(&mut *tx).await.map_err(&failed)?;
            }
        });
        Ok(())
    }
}

/// How many items one statement counts.
const SLICE: usize = 500;
