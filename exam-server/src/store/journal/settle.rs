//! What is stored with the frames of a batch: a statement a table, however many attempts it is for.

use exam_core::time::Timestamp;
use serde::Serialize;
use sqlx::{PgConnection, SqliteConnection};

use super::Append;
use crate::store::audit::bind_audit;
use crate::store::review::write_step;
use crate::store::{AuditEntry, EvidenceRow, NewStep, StoreError, evidence};

/// The rows of a batch, by table.
#[derive(Default)]
pub(super) struct Settlement<'a> {
    patches: Vec<PatchRow<'a>>,
    results: Vec<Scored<'a>>,
    checkpoints: Vec<(i64, i64, &'a str)>,
    audit: Vec<&'a AuditEntry>,
    steps: Vec<&'a NewStep>,
    evidence: Vec<&'a EvidenceRow>,
    barrier: bool,
}

/// What an attempt's row must say: number, phase, wake-up, and when and by what it was closed.
#[derive(Serialize)]
struct PatchRow<'a>(i64, &'a str, Option<i64>, Option<i64>, Option<&'a str>);

/// A result: number, points, total, what was needed, verdict, receipt, when.
#[derive(Serialize)]
struct Scored<'a>(i64, i64, i64, i64, &'a str, &'a str, i64);

impl<'a> Settlement<'a> {
    /// What belongs to `appends`, and what rides along.
    pub(super) fn of(
        appends: impl Iterator<Item = &'a Append>,
        evidence: &[&'a EvidenceRow],
        barrier: bool,
    ) -> Self {
        let mut settlement = Self { evidence: evidence.to_vec(), barrier, ..Self::default() };
        for append in appends {
            let Some(attached) = &append.attached else { continue };
            let attempt_no = append.key.attempt_no;
            if let Some(patch) = &attached.patch {
                let wake_at = patch.wake_at.map(Timestamp::as_ms);
                let closed_at = patch.closed_at.map(Timestamp::as_ms);
                let row = PatchRow(attempt_no, patch.phase, wake_at, closed_at, patch.closed_by);
                settlement.patches.push(row);
            }
            if let Some(result) = &attached.result {
                settlement.results.push(Scored(
                    attempt_no,
                    i64::from(result.points.as_hundredths()),
                    i64::from(result.total_points.as_hundredths()),
                    i64::from(result.pass_points.as_hundredths()),
                    &result.verdict,
                    &result.receipt,
                    result.scored_at.as_ms(),
                ));
            }
            if let Some(checkpoint) = &attached.checkpoint {
                let seq = i64::try_from(append.expected.next().0).expect("a seq counts frames");
                settlement.checkpoints.push((attempt_no, seq, checkpoint));
            }
            settlement.audit.extend(&attached.audit);
            settlement.steps.extend(&attached.step);
        }
        settlement
    }
}

/// The statements of one database. Rows come as a JSON list of lists.
struct Sql {
    patch: &'static str,
    result: &'static str,
    checkpoint: &'static str,
}

const SQLITE: Sql = Sql {
    patch: "-- attempt_patch
        UPDATE attempt SET phase = j.value ->> 1, wake_at_ms = j.value ->> 2,
            closed_at_ms = coalesce(closed_at_ms, j.value ->> 3),
            closed_by = coalesce(closed_by, j.value ->> 4)
        FROM json_each($1) AS j WHERE attempt_no = j.value ->> 0",
    result: "-- result_store
        INSERT INTO result (attempt_no, points, total_points, pass_points, verdict, receipt,
            scored_at_ms)
        SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4,
            j.value ->> 5, j.value ->> 6
        FROM json_each($1) AS j WHERE true
        ON CONFLICT (attempt_no) DO UPDATE SET points = excluded.points,
            verdict = excluded.verdict, scored_at_ms = excluded.scored_at_ms",
    checkpoint: "-- checkpoint_store
        INSERT INTO checkpoint (attempt_no, seq, body)
        SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2 FROM json_each($1) AS j WHERE true
        ON CONFLICT (attempt_no) DO UPDATE SET seq = excluded.seq, body = excluded.body",
};

const POSTGRES: Sql = Sql {
    patch: "-- attempt_patch
        UPDATE attempt AS a SET phase = j.value ->> 1, wake_at_ms = (j.value ->> 2)::bigint,
            closed_at_ms = coalesce(a.closed_at_ms, (j.value ->> 3)::bigint),
            closed_by = coalesce(a.closed_by, j.value ->> 4)
        FROM json_array_elements($1::json) AS j(value)
        WHERE a.attempt_no = (j.value ->> 0)::bigint",
    result: "-- result_store
        INSERT INTO result (attempt_no, points, total_points, pass_points, verdict, receipt,
            scored_at_ms)
        SELECT (j.value ->> 0)::bigint, (j.value ->> 1)::bigint, (j.value ->> 2)::bigint,
            (j.value ->> 3)::bigint, j.value ->> 4, j.value ->> 5, (j.value ->> 6)::bigint
        FROM json_array_elements($1::json) AS j(value)
        ON CONFLICT (attempt_no) DO UPDATE SET points = excluded.points,
            verdict = excluded.verdict, scored_at_ms = excluded.scored_at_ms",
    checkpoint: "-- checkpoint_store
        INSERT INTO checkpoint (attempt_no, seq, body)
        SELECT (j.value ->> 0)::bigint, (j.value ->> 1)::bigint, j.value ->> 2
        FROM json_array_elements($1::json) AS j(value)
        ON CONFLICT (attempt_no) DO UPDATE SET seq = excluded.seq, body = excluded.body",
};

/// Something to write, so that the commit syncs whatever was written before.
const BARRIER: &str = "-- journal_barrier
UPDATE heartbeat SET beat = beat + 1";

fn json(rows: &impl Serialize) -> String {
    serde_json::to_string(rows).expect("rows of numbers and texts are JSON")
}

macro_rules! settle {
    ($name:ident, $connection:ty, $sql:expr) => {
        /// Stores it.
        ///
        /// # Errors
        /// [`StoreError::Driver`] when the database is in trouble.
        pub(super) async fn $name(
            tx: &mut $connection,
            settlement: &Settlement<'_>,
        ) -> Result<(), StoreError> {
            let Settlement { patches, results, checkpoints, audit, steps, evidence, barrier } =
                settlement;
            let tables = [
                ("attempt_patch", $sql.patch, (!patches.is_empty()).then(|| json(patches))),
                ("result_store", $sql.result, (!results.is_empty()).then(|| json(results))),
                (
                    "checkpoint_store",
                    $sql.checkpoint,
                    (!checkpoints.is_empty()).then(|| json(checkpoints)),
                ),
            ];
            for (name, sql, rows) in tables {
                if let Some(rows) = rows {
                    let done = sqlx::query(sql).bind(rows).execute(&mut *tx).await;
                    done.map_err(StoreError::in_query(name))?;
                }
            }
            for entry in audit {
                bind_audit!(entry)
                    .execute(&mut *tx)
                    .await
                    .map_err(StoreError::in_query("audit_append"))?;
            }
            for step in steps {
                write_step!(tx, step);
            }
            for row in evidence {
                sqlx::query(evidence::INSERT)
                    .bind(row.attempt_no)
                    .bind(&row.device)
                    .bind(row.n)
                    .bind(row.received_at.as_ms())
                    .bind(row.code)
                    .bind(&row.message)
                    .execute(&mut *tx)
                    .await
                    .map_err(StoreError::in_query("evidence_keep"))?;
            }
            if *barrier {
                sqlx::query(BARRIER)
                    .execute(&mut *tx)
                    .await
                    .map_err(StoreError::in_query("journal_barrier"))?;
            }
            Ok(())
        }
    };
}
settle!(on_sqlite, SqliteConnection, SQLITE);
settle!(on_postgres, PgConnection, POSTGRES);
