//! Reviews of attempts that were watched: what is to be looked at, and what people decided.

use exam_core::ids::AttemptId;
use exam_core::time::Timestamp;
use sqlx::{AssertSqlSafe, PgConnection};

use super::audit::bind_audit;
use super::conditions::{Conditions, Value, bind_all, like};
use super::lists::{Slice, equals, within};
use super::{AttemptKey, AuditEntry, Scope, Store, StoreError, in_transaction, on, parse_column};

/// A step of a review to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStep {
    /// Whose.
    pub attempt_no: i64,
    /// At which exam.
    pub exam_id: String,
    /// Which, from 1: one more than were known.
    pub step: i64,
    /// When.
    pub at: Timestamp,
    /// Who; `None` where the candidate took it.
    pub staff_id: Option<String>,
    /// What.
    pub kind: &'static str,
    /// Why.
    pub reason: String,
    /// Where the review stands after it.
    pub state: &'static str,
}

/// A step of a review.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StepRow {
    /// Which, from 1.
    pub step: i64,
    /// When, in server milliseconds.
    pub at_ms: i64,
    /// Who; `None` where the candidate took it.
    pub staff_id: Option<String>,
    /// That member's name.
    pub staff: Option<String>,
    /// The name they sign in with, which nobody else has.
    pub login: Option<String>,
    /// What.
    pub kind: String,
    /// Why.
    pub reason: String,
}

/// What is to be looked at in an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// Whose.
    pub attempt_no: i64,
    /// At which exam.
    pub exam_id: String,
    /// Of the gravest incident: 0 none, 1 note, 2 look, 3 first.
    pub severity: i64,
    /// JSON.
    pub incidents: String,
    /// Snapshots that were due.
    pub asked: i64,
    /// Of those, that came.
    pub taken: i64,
    /// When it was found out.
    pub at: Timestamp,
}

/// An attempt that is over and that nobody has gathered the evidence of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unassessed {
    /// Its numbers in this database.
    pub key: AttemptKey,
    /// Its id.
    pub attempt_id: AttemptId,
}

/// Which reviews; an empty field asks for nothing.
#[derive(Clone, Debug)]
pub struct ReviewFilter {
    /// Of candidates within these institutions.
    pub scope: Scope,
    /// At this exam, by id.
    pub exam_id: Option<String>,
    /// Of candidates whose name holds this.
    pub text: Option<String>,
    /// That stand so.
    pub states: Vec<String>,
    /// With an incident at least so grave.
    pub severity: i64,
}

/// What a severity counts beside the number of an attempt, so that both fit into a number of 53 bits.
const RANK: i64 = 1 << 48;

/// A review in a list.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ReviewListed {
    /// The attempt's number in this database.
    pub attempt_no: i64,
    /// The attempt's id.
    pub attempt_id: String,
    /// The exam's id.
    pub exam_id: String,
    /// The exam's title.
    pub exam: String,
    /// The candidate's name.
    pub candidate: String,
    /// The institution's name.
    pub institution: String,
    /// When the attempt was closed, in server milliseconds.
    pub closed_at_ms: Option<i64>,
    /// Of the gravest incident.
    pub severity: i64,
    /// JSON.
    pub incidents: String,
    /// Snapshots that were due.
    pub asked: i64,
    /// Of those, that came.
    pub taken: i64,
    /// Where it stands.
    pub state: String,
    /// When it changed last.
    pub changed_at_ms: i64,
}

impl ReviewListed {
    /// Its place in a list: the graver and the newer, the higher.
    #[must_use]
    pub const fn rank(&self) -> i64 {
        self.severity * RANK + self.attempt_no
    }
}

/// Writes a step; nothing where there is one of its number.
pub(super) const STEP: &str = "-- review_step_add
INSERT INTO review_step (attempt_no, step, at_ms, staff_id, kind, reason)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";

/// Says where a review stands.
pub(super) const STATE: &str = "-- review_stands
INSERT INTO review (attempt_no, exam_id, severity, incidents, asked, taken, state, steps, changed_at_ms)
VALUES ($1, $2, 0, '[]', 0, 0, $3, $4, $5)
ON CONFLICT (attempt_no) DO UPDATE SET state = excluded.state, steps = excluded.steps,
    changed_at_ms = excluded.changed_at_ms";

/// Whether a step of this number is there.
macro_rules! is_step_taken {
    ($tx:expr, $new:expr) => {{
        let new: &$crate::store::NewStep = $new;
        let found: Option<i64> = sqlx::query_scalar($crate::store::review::STEP_TAKEN)
            .bind(new.attempt_no)
            .bind(new.step)
            .fetch_optional(&mut *$tx)
            .await
            .map_err($crate::store::StoreError::in_query("review_step_taken"))?;
        found.is_some()
    }};
}
pub(super) use is_step_taken;

pub(super) const STEP_TAKEN: &str = "-- review_step_taken
    SELECT step FROM review_step WHERE attempt_no = $1 AND step = $2";

/// Whoever writes a step of a review on PostgreSQL holds this first, until the end of the transaction:
/// what was not taken then is not taken before the frame is there. On SQLite there is one writer.
///
/// # Errors
/// [`StoreError::Driver`] when the database is in trouble.
pub(super) async fn hold_steps(tx: &mut PgConnection, attempt_no: i64) -> Result<(), StoreError> {
    const SQL: &str = "-- review_steps_hold
        SELECT pg_advisory_xact_lock(hashtext('review_step'), ($1 % 2147483647)::int)";
    let held = sqlx::query(SQL).bind(attempt_no).execute(tx).await;
    held.map(drop).map_err(StoreError::in_query("review_steps_hold"))
}

/// Writes a step with what it leads to, on a connection in a transaction; whether it was written.
macro_rules! write_step {
    ($tx:expr, $new:expr) => {{
        let new: &$crate::store::NewStep = $new;
        let done = sqlx::query($crate::store::review::STEP)
            .bind(new.attempt_no)
            .bind(new.step)
            .bind(new.at.as_ms())
            .bind(&new.staff_id)
            .bind(new.kind)
            .bind(&new.reason)
            .execute(&mut *$tx)
            .await
            .map_err($crate::store::StoreError::in_query("review_step_add"))?;
        let written = done.rows_affected() > 0;
        if written {
            sqlx::query($crate::store::review::STATE)
                .bind(new.attempt_no)
                .bind(&new.exam_id)
                .bind(new.state)
                .bind(new.step)
                .bind(new.at.as_ms())
                .execute(&mut *$tx)
                .await
                .map_err($crate::store::StoreError::in_query("review_stands"))?;
        }
        written
    }};
}
pub(super) use write_step;

const TABLES: &str = "review AS v
    JOIN attempt AS a ON a.attempt_no = v.attempt_no
    JOIN candidate AS c ON c.candidate_no = a.candidate_no
    JOIN institution AS i ON i.institution_id = c.institution_id
    JOIN exam AS e ON e.exam_id = v.exam_id";

fn conditions(filter: &ReviewFilter) -> Conditions {
    let mut all = Conditions::new("1 = 1", vec![]);
    within(&filter.scope, "c.institution_id", &mut all);
    equals("v.exam_id", filter.exam_id.as_ref(), &mut all);
    all.any_of("v.state", &filter.states);
    all.and("v.severity >= ?", [Value::Number(filter.severity)]);
    if let Some(text) = &filter.text {
        all.and("c.name LIKE ? ESCAPE '!'", [Value::Text(format!("%{}%", like(text)))]);
    }
    all
}

/// An attempt whose evidence was gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// Whose.
    pub attempt_no: i64,
    /// Its photographs as they were seen, and how many of them had been looked at: what came meanwhile is
    /// gathered again. `None` where that does not matter.
    pub seen: Option<i64>,
}

impl Store {
    /// Writes a step as the next one of its review, with its audit row; `false` where somebody was
    /// quicker.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn review_step_add(
        &self,
        new: &NewStep,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let written = in_transaction!(self, "review_step_add", steps of new.attempt_no, tx => {
            let written = write_step!(tx, new);
            if written {
                bind_audit!(audit)
                    .execute(&mut *tx)
                    .await
                    .map_err(StoreError::in_query("audit_append"))?;
            }
            written
        });
        Ok(written)
    }

    /// The steps of a review, in their order.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn review_steps(&self, attempt_no: i64) -> Result<Vec<StepRow>, StoreError> {
        const SQL: &str = "-- review_steps
            SELECT v.step, v.at_ms, v.staff_id, s.name AS staff, s.login, v.kind, v.reason
            FROM review_step AS v LEFT JOIN staff AS s ON s.staff_id = v.staff_id
            WHERE v.attempt_no = $1 ORDER BY v.step";
        // The writer's own view: another connection may not show its last commit yet.
        on!(self.writer(), pool => sqlx::query_as(SQL).bind(attempt_no).fetch_all(pool).await)
            .map_err(StoreError::in_query("review_steps"))
    }

    /// Where the review of an attempt stands; `None` while there is none.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn review_state(&self, attempt_no: i64) -> Result<Option<String>, StoreError> {
        const SQL: &str = "-- review_state
            SELECT state FROM review WHERE attempt_no = $1";
        on!(self.readers(), pool => {
            sqlx::query_scalar(SQL).bind(attempt_no).fetch_optional(pool).await
        })
        .map_err(StoreError::in_query("review_state"))
    }

    /// Notes what is to be looked at in attempts, and that it was found out for all of `gathered`,
    /// watched or not.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn review_assess(
        &self,
        found: &[Assessment],
        gathered: &[Gathered],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        const FOUND: &str = "-- review_assess
            INSERT INTO review (attempt_no, exam_id, severity, incidents, asked, taken, state, steps,
                changed_at_ms)
            VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, $7)
            ON CONFLICT (attempt_no) DO UPDATE SET severity = excluded.severity,
                incidents = excluded.incidents, asked = excluded.asked, taken = excluded.taken";
        const GATHERED: &str = "-- attempt_assessed
            UPDATE attempt SET assessed_at_ms = $2 WHERE attempt_no = $1 AND ($3 IS NULL
                OR $3 = (SELECT count(*) + count(findings) FROM snapshot WHERE attempt_no = $1))";
        let failed = StoreError::in_query("review_assess");
        in_transaction!(self, "review_assess", tx => {
            // Attempts before reviews, as everybody who writes both has it.
            for one in gathered {
                sqlx::query(GATHERED)
                    .bind(one.attempt_no)
                    .bind(at.as_ms())
                    .bind(one.seen)
                    .execute(&mut *tx)
                    .await
                    .map_err(&failed)?;
            }
            for one in found {
                sqlx::query(FOUND)
                    .bind(one.attempt_no)
                    .bind(&one.exam_id)
                    .bind(one.severity)
                    .bind(&one.incidents)
                    .bind(one.asked)
                    .bind(one.taken)
                    .bind(one.at.as_ms())
                    .execute(&mut *tx)
                    .await
                    .map_err(&failed)?;
            }
        });
        Ok(())
    }

    /// Has the evidence of an attempt gathered again, if it is over.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn review_again(&self, attempt_no: i64) -> Result<(), StoreError> {
        const SQL: &str = "-- review_again
            UPDATE attempt SET assessed_at_ms = NULL
            WHERE attempt_no = $1 AND assessed_at_ms IS NOT NULL";
        on!(self.writer(), pool => sqlx::query(SQL).bind(attempt_no).execute(pool).await.map(|_| ()))
            .map_err(StoreError::in_query("review_again"))
    }

    /// Attempts that were closed before `before` and whose evidence is to be gathered, the oldest
    /// first.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn review_due(
        &self,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<Unassessed>, StoreError> {
        const SQL: &str = "-- review_due
            SELECT candidate_no, attempt_no, attempt_id FROM attempt
            WHERE assessed_at_ms IS NULL AND closed_at_ms IS NOT NULL AND closed_at_ms < $1
            ORDER BY attempt_no LIMIT $2";
        let rows: Vec<(i64, i64, String)> = on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(before.as_ms())
            .bind(limit)
            .fetch_all(pool)
            .await)
        .map_err(StoreError::in_query("review_due"))?;
        rows.into_iter()
            .map(|(candidate_no, attempt_no, id)| {
                let key = AttemptKey { candidate_no, attempt_no };
                Ok(Unassessed { key, attempt_id: parse_column("attempt", attempt_no, &id)? })
            })
            .collect()
    }

    /// How many reviews there are.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn review_count(&self, filter: &ReviewFilter) -> Result<i64, StoreError> {
        self.count("review_count", TABLES, conditions(filter)).await
    }

    /// Reviews, the gravest first, and of those alike the newest attempt; a slice goes on behind a
    /// [`ReviewListed::rank`].
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn review_list(
        &self,
        filter: &ReviewFilter,
        slice: Slice,
    ) -> Result<Vec<ReviewListed>, StoreError> {
        let mut all = conditions(filter);
        let behind = [slice.behind / RANK, slice.behind % RANK].map(Value::Number);
        all.and("(v.severity, v.attempt_no) < (?, ?)", behind);
        let limits = slice.limits(&mut all);
        let sql = format!(
            "-- review_list
            SELECT v.attempt_no, a.attempt_id, v.exam_id, e.title AS exam, c.name AS candidate,
                i.name AS institution, a.closed_at_ms, v.severity, v.incidents, v.asked, v.taken,
                v.state, v.changed_at_ms
            FROM {TABLES} WHERE {} ORDER BY v.severity DESC, v.attempt_no DESC {limits}",
            all.sql
        );
        on!(self.readers(), pool => {
            bind_all!(sqlx::query_as(AssertSqlSafe(sql)), all.values).fetch_all(pool).await
        })
        .map_err(StoreError::in_query("review_list"))
    }
}
