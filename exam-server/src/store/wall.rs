//! What a wall of invigilators shows: attempts that run, and what is new of them.

use std::collections::HashMap;

use exam_core::ids::ExamId;
use sqlx::AssertSqlSafe;

use super::conditions::{Conditions, Value, bind_all};
use super::lists::{equals, within};
use super::{Scope, Store, StoreError, on, rows_of_many};

/// Which attempts a wall shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WallFilter {
    /// At this exam.
    pub exam_id: ExamId,
    /// Of candidates within these institutions.
    pub scope: Scope,
    /// Of candidates of this institution, by id.
    pub institution_id: Option<String>,
    /// Which part of them, from 0, where several invigilators share them.
    pub part: i64,
    /// Into how many parts they are shared.
    pub parts: i64,
}

/// An attempt on a wall.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct WallRow {
    /// Its number in this database.
    pub attempt_no: i64,
    /// Its candidate's number.
    pub candidate_no: i64,
    /// Its id.
    pub attempt_id: String,
    /// The exam's revision.
    pub exam_revision: i64,
    /// The audience row whose blueprint was used.
    pub audience_row: i64,
    /// When the clock started, in server milliseconds.
    pub started_at_ms: i64,
    /// The consents given or refused, as JSON.
    pub consents: String,
    /// What the phone said of its camera.
    pub camera: Option<String>,
    /// When the consent to photographs was taken back.
    pub withdrawn_at_ms: Option<i64>,
    /// The candidate's id.
    pub candidate_id: String,
    /// The candidate's name.
    pub candidate: String,
    /// The institution's name.
    pub institution: String,
}

/// What rules want to know of a photograph; its fields stand in the order of the query's columns.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct SnapshotSeen {
    /// The number in this database.
    pub snapshot_no: i64,
    /// Whose.
    pub attempt_no: i64,
    /// Which of the attempt's, from 1.
    pub place: i64,
    /// What it answers.
    pub request_id: String,
    /// When it came, in server milliseconds.
    pub received_at_ms: i64,
    /// Whether it was chosen as a file, 0 or 1.
    pub by_hand: i64,
    /// What the camera called itself.
    pub camera: String,
    /// What it shows, as JSON; `None` until it was looked at.
    pub findings: Option<String>,
}

impl Store {
    /// The open attempts of a wall, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn wall_rows(
        &self,
        filter: &WallFilter,
        limit: i64,
    ) -> Result<Vec<WallRow>, StoreError> {
        let mut all = Conditions::new("a.closed_at_ms IS NULL", vec![]);
        equals("a.exam_id", Some(&filter.exam_id.to_string()), &mut all);
        within(&filter.scope, "c.institution_id", &mut all);
        equals("c.institution_id", filter.institution_id.as_ref(), &mut all);
        let part = [Value::Number(filter.parts), Value::Number(filter.part)];
        all.and("a.attempt_no % ? = ?", part);
        let limit = all.parameter(Value::Number(limit));
        let sql = format!(
            "-- wall_rows
            SELECT a.attempt_no, a.candidate_no, a.attempt_id, a.exam_revision, a.audience_row,
                a.started_at_ms, a.consents, a.camera, w.at_ms AS withdrawn_at_ms,
                c.candidate_id, c.name AS candidate, i.name AS institution
            FROM attempt AS a
            JOIN candidate AS c ON c.candidate_no = a.candidate_no
            JOIN institution AS i ON i.institution_id = c.institution_id
            LEFT JOIN consent_withdrawn AS w ON w.attempt_no = a.attempt_no
            WHERE {} ORDER BY a.attempt_no LIMIT {limit}",
            all.sql
        );
        on!(self.readers(), pool => {
            bind_all!(sqlx::query_as(AssertSqlSafe(sql)), all.values).fetch_all(pool).await
        })
        .map_err(StoreError::in_query("wall_rows"))
    }

    /// The photographs of attempts, by attempt, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn snapshots_seen(
        &self,
        attempts: &[i64],
    ) -> Result<HashMap<i64, Vec<SnapshotSeen>>, StoreError> {
        let rows: Vec<SnapshotSeen> = rows_of_many!(
            self,
            attempts,
            "bigint",
            "snapshots_seen",
            "s.snapshot_no, s.attempt_no, s.place, s.request_id, s.received_at_ms, s.by_hand,
                s.camera, s.findings",
            "FROM snapshot AS s WHERE s.attempt_no IN",
            "ORDER BY s.attempt_no, s.place"
        )?;
        let mut lists: HashMap<i64, Vec<SnapshotSeen>> = HashMap::new();
        for row in rows {
            lists.entry(row.attempt_no).or_default().push(row);
        }
        Ok(lists)
    }

    /// The attempts among these whose photographs changed: how many there are, and how many of them
    /// were looked at.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn snapshots_counted(
        &self,
        attempts: &[i64],
    ) -> Result<HashMap<i64, (i64, i64)>, StoreError> {
        const SQLITE: &str = "-- snapshots_counted
            SELECT attempt_no, count(*), count(findings) FROM snapshot
            WHERE attempt_no IN (SELECT value FROM json_each($1)) GROUP BY attempt_no";
        const POSTGRES: &str = "-- snapshots_counted
            SELECT attempt_no, count(*), count(findings) FROM snapshot
            WHERE attempt_no = ANY ($1::bigint[]) GROUP BY attempt_no";
        let rows: Vec<(i64, i64, i64)> = match self.readers() {
            super::Pool::Sqlite(pool) => {
                let list = serde_json::to_string(attempts).expect("numbers are JSON");
                sqlx::query_as(SQLITE).bind(list).fetch_all(pool).await
            }
            super::Pool::Postgres(pool) => {
                sqlx::query_as(POSTGRES).bind(attempts).fetch_all(pool).await
            }
        }
        .map_err(StoreError::in_query("snapshots_counted"))?;
        Ok(rows.into_iter().map(|(no, all, seen)| (no, (all, seen))).collect())
    }
}
