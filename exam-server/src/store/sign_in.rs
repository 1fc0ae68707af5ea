//! Sign-ins: opaque tokens that can be revoked at once, kept as hashes.

use std::collections::HashMap;

use exam_core::ids::StaffId;
use exam_core::time::Timestamp;
use serde::Deserialize;

use super::{Pool, Store, StoreError, in_transaction, json_rows, on, parse_column};

/// Who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A candidate, by number.
    Candidate(i64),
    /// A member of staff.
    Staff(StaffId),
}

/// A sign-in as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Who.
    pub principal: Principal,
    /// Whether it opens nothing but "set a new password".
    pub only_password: bool,
    /// When it ends; a running attempt keeps it alive longer.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow, Deserialize)]
struct Row {
    /// In hexadecimal.
    token_hash: String,
    candidate_no: Option<i64>,
    staff_id: Option<String>,
    only_password: i64,
    expires_at_ms: i64,
}

impl Store {
    /// Stores a sign-in under the hash of its token.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn sign_in_create(
        &self,
        token_hash: &[u8],
        sign_in: &SignIn,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const SQL: &str = "-- sign_in_create
            INSERT INTO sign_in (token_hash, candidate_no, staff_id, only_password, created_at_ms,
                expires_at_ms)
            VALUES ($1, $2, $3, $4, $5, $6)";
        let (candidate_no, staff_id) = match sign_in.principal {
            Principal::Candidate(candidate_no) => (Some(candidate_no), None),
            Principal::Staff(staff_id) => (None, Some(staff_id.to_string())),
        };
        on!(self.writer(), pool => sqlx::query(SQL)
            .bind(token_hash)
            .bind(candidate_no)
            .bind(staff_id)
            .bind(i64::from(sign_in.only_password))
            .bind(now.as_ms())
            .bind(sign_in.expires_at.as_ms())
            .execute(pool)
            .await
            .map(|_| ()))
        .map_err(StoreError::in_query("sign_in_create"))
    }

    /// Looks up a sign-in, as [`sign_ins_find`](Self::sign_ins_find) does.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the row cannot be read.
    pub async fn sign_in_find(
        &self,
        token_hash: &[u8],
        now: Timestamp,
        slack_ms: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        Ok(self.sign_ins_find(&[token_hash.to_vec()], now, slack_ms).await?.remove(token_hash))
    }

    /// Looks up sign-ins that are good at `now`, by the hashes of their tokens: not revoked, and
    /// not expired unless an attempt of their candidate still runs or ended within `slack_ms`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn sign_ins_find(
        &self,
        token_hashes: &[Vec<u8>],
        now: Timestamp,
        slack_ms: i64,
    ) -> Result<HashMap<Vec<u8>, SignIn>, StoreError> {
        macro_rules! sql {
            ($columns:literal, $hashes:literal) => {
                concat!(
                    "-- sign_ins_find
            SELECT ",
                    $columns,
                    " FROM sign_in AS s LEFT JOIN staff AS t ON t.staff_id = s.staff_id
            WHERE s.token_hash IN (",
                    $hashes,
                    ") AND s.revoked_at_ms IS NULL AND t.disabled_at_ms IS NULL
                AND (s.expires_at_ms > $2 OR EXISTS (SELECT 1 FROM attempt AS a
                    WHERE a.candidate_no = s.candidate_no AND a.started_at_ms <= s.expires_at_ms
                        AND (a.closed_at_ms IS NULL OR a.closed_at_ms > $3)))"
                )
            };
        }
        // On SQLite as one JSON text, as `rows_of_many` does.
        const SQLITE: &str = sql!(
            "json_group_array(json_array(hex(s.token_hash), s.candidate_no, s.staff_id,
                s.only_password, s.expires_at_ms))",
            "SELECT unhex(value) FROM json_each($1)"
        );
        const POSTGRES: &str = sql!(
            "encode(s.token_hash, 'hex') AS token_hash, s.candidate_no, s.staff_id,
                s.only_password, s.expires_at_ms",
            "SELECT unnest($1::bytea[])"
        );
        let slack = now.as_ms() - slack_ms;
        let rows: Result<Vec<Row>, sqlx::Error> = match self.readers() {
            Pool::Sqlite(pool) => {
                let hashes: Vec<String> = token_hashes.iter().map(hex::encode).collect();
                let hashes = serde_json::to_string(&hashes).expect("texts are JSON");
                let query = sqlx::query_scalar(SQLITE).bind(hashes).bind(now.as_ms()).bind(slack);
                query.fetch_one(pool).await.and_then(|rows: String| json_rows(&rows))
            }
            Pool::Postgres(pool) => {
                let query = sqlx::query_as(POSTGRES).bind(token_hashes);
                query.bind(now.as_ms()).bind(slack).fetch_all(pool).await
            }
        };
        let rows = rows.map_err(StoreError::in_query("sign_ins_find"))?;
        let sign_in = |row: Row| {
            let principal = match (row.candidate_no, row.staff_id) {
                (Some(candidate_no), None) => Principal::Candidate(candidate_no),
                (None, Some(staff_id)) => {
                    Principal::Staff(parse_column("sign_in", "token", &staff_id)?)
                }
                _ => return Err(StoreError::bad_row("sign_in", "token", "nobody's")),
            };
            let sign_in = SignIn {
                principal,
                only_password: row.only_password != 0,
                expires_at: Timestamp::from_ms(row.expires_at_ms),
            };
            let hash = hex::decode(&row.token_hash);
            let hash = hash.map_err(|error| StoreError::bad_row("sign_in", "token", error))?;
            Ok((hash, sign_in))
        };
        rows.into_iter().map(sign_in).collect()
    }

    /// Ends a sign-in at once.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn sign_in_revoke(
        &self,
        token_hash: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const SQL: &str = "-- sign_in_revoke
            UPDATE sign_in SET revoked_at_ms = coalesce(revoked_at_ms, $2) WHERE token_hash = $1";
        on!(self.writer(), pool => sqlx::query(SQL)
            .bind(token_hash)
            .bind(now.as_ms())
            .execute(pool)
            .await
            .map(|_| ()))
        .map_err(StoreError::in_query("sign_in_revoke"))
    }

    /// The token hashes of sign-ins that were revoked since then.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn sign_in_revoked_since(
        &self,
        since: Timestamp,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        const SQL: &str = "-- sign_in_revoked_since
            SELECT token_hash FROM sign_in WHERE revoked_at_ms >= $1";
        on!(self.readers(), pool => sqlx::query_scalar(SQL)
            .bind(since.as_ms())
            .fetch_all(pool)
            .await)
        .map_err(StoreError::in_query("sign_in_revoked_since"))
    }

    /// How many wrong passwords in a row an identity has seen, and when the last one was.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn sign_in_failures(
        &self,
        identity_hash: &[u8],
    ) -> Result<Option<(i64, Timestamp)>, StoreError> {
        const SQL: &str = "-- sign_in_failures
            SELECT failures, last_at_ms FROM sign_in_failure WHERE identity_hash = $1";
        let row: Option<(i64, i64)> = on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(identity_hash)
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("sign_in_failures"))?;
        Ok(row.map(|(failures, last_at)| (failures, Timestamp::from_ms(last_at))))
    }

    /// Counts a wrong password, or forgets the count after a right one.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn sign_in_note(
        &self,
        identity_hash: &[u8],
        right: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const WRONG: &str = "-- sign_in_note_wrong
            INSERT INTO sign_in_failure (identity_hash, failures, last_at_ms) VALUES ($1, 1, $2)
            ON CONFLICT (identity_hash) DO UPDATE SET
                failures = sign_in_failure.failures + 1, last_at_ms = excluded.last_at_ms";
        const RIGHT: &str = "-- sign_in_note_right
            DELETE FROM sign_in_failure WHERE identity_hash = $1 AND last_at_ms <= $2";
        let sql = if right { RIGHT } else { WRONG };
        let failed = StoreError::in_query("sign_in_note");
        in_transaction!(self, "sign_in_note", tx => {
            sqlx::query(sql)
                .bind(identity_hash)
                .bind(now.as_ms())
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
        });
        Ok(())
    }
}
