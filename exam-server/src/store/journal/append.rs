//! Committing a batch: one transaction, one sync to disk, however many frames are in it.

use std::collections::HashMap;

use rustc_hash::FxHashSet;
use sqlx::sqlite::SqliteQueryResult;
use sqlx::{Connection, PgConnection, SqliteConnection};

use super::settle::{self, Settlement};
use super::start::{StartColumns, start_rows};

use super::{Append, AttemptKey, Start, Write, Written};
use crate::store::review::{hold_steps, is_step_taken};
use crate::store::{Connections, EvidenceRow, NewStep, StoreError};

/// A batch taken apart by kind; each write remembers its place.
#[derive(Default)]
struct Sorted<'a> {
    appends: Vec<(usize, &'a Append)>,
    starts: Vec<(usize, &'a Start)>,
    evidence: Vec<&'a EvidenceRow>,
    barrier: bool,
    /// Attempts whose step of a review was taken by somebody else: nothing of theirs is written.
    step_taken: FxHashSet<i64>,
}

/// The attempts whose frames were appended.
enum Won {
    All,
    Some(FxHashSet<i64>),
}

impl Won {
    fn has(&self, attempt_no: i64) -> bool {
        match self {
            Self::All => true,
            Self::Some(won) => won.contains(&attempt_no),
        }
    }
}

/// A frame about to be appended.
struct FrameRow<'a> {
    key: AttemptKey,
    expected: i64,
    body: &'a str,
}

impl<'a> Sorted<'a> {
    fn of(batch: &'a [Write]) -> Self {
        let mut sorted = Self::default();
        for (place, write) in batch.iter().enumerate() {
            match write {
                Write::Append(append) => sorted.appends.push((place, append)),
                Write::Start(start) => sorted.starts.push((place, start)),
                Write::Evidence(row) => sorted.evidence.push(row),
                Write::Barrier => sorted.barrier = true,
            }
        }
        // Two nodes that lock in the same order cannot lock each other out.
        sorted.appends.sort_unstable_by_key(|(_, append)| append.key);
        sorted.starts.sort_by_key(|(_, start)| start.candidate_no);
        sorted
    }

    fn only_appends(&self) -> bool {
        self.starts.is_empty()
            && self.evidence.is_empty()
            && !self.barrier
            && self.appends.iter().all(|(_, append)| append.attached.is_none())
    }

    fn starts(&self) -> Vec<&'a Start> {
        self.starts.iter().map(|&(_, start)| start).collect()
    }

    /// The steps of reviews that belong to appends, as their attempts are ordered.
    fn steps(&self) -> Vec<&'a NewStep> {
        let attached = self.appends.iter().filter_map(|(_, append)| append.attached.as_ref());
        let mut steps: Vec<_> = attached.filter_map(|one| one.step.as_ref()).collect();
        steps.sort_unstable_by_key(|step| step.attempt_no);
        steps
    }

    /// The appends that nothing stands in the way of.
    fn free(&self) -> impl Iterator<Item = &'a Append> {
        let taken = |append: &Append| self.step_taken.contains(&append.key.attempt_no);
        self.appends.iter().map(|&(_, append)| append).filter(move |append| !taken(append))
    }

    /// The frames to append: those of the appends, and the first ones of what was started.
    fn frames(&self, started: &HashMap<String, i64>) -> Vec<FrameRow<'a>> {
        let appends = self.free().map(|append| FrameRow {
            key: append.key,
            expected: i64::try_from(append.expected.0).expect("a seq counts frames"),
            body: &append.frame,
        });
        let firsts = self.starts.iter().filter_map(|(_, start)| {
            let attempt_no = *started.get(&start.attempt_id.to_string())?;
            let key = AttemptKey { candidate_no: start.candidate_no, attempt_no };
            Some(FrameRow { key, expected: 0, body: &start.frame })
        });
        appends.chain(firsts).collect()
    }

    /// What must be stored beside the frames of the appends that won.
    fn settlement(&self, won: &Won) -> Settlement<'a> {
        let winners = self.free().filter(|append| won.has(append.key.attempt_no));
        Settlement::of(winners, &self.evidence, self.barrier)
    }

    fn outcome(&self, length: usize, won: &Won, started: &HashMap<String, i64>) -> Vec<Written> {
        let mut outcome = vec![Written::Done; length];
        for (place, append) in &self.appends {
            if self.step_taken.contains(&append.key.attempt_no) {
                outcome[*place] = Written::StepTaken;
            } else if !won.has(append.key.attempt_no) {
                outcome[*place] = Written::Moved;
            }
        }
        for (place, start) in &self.starts {
            outcome[*place] = match started.get(&start.attempt_id.to_string()) {
                Some(&attempt_no) => {
                    Written::Started(AttemptKey { candidate_no: start.candidate_no, attempt_no })
                }
                None => Written::Moved,
            };
        }
        outcome
    }
}

pub(super) async fn commit_sqlite(
    pool: &Connections,
    batch: &[Write],
) -> Result<Vec<Written>, StoreError> {
    let failed = StoreError::in_query("journal_commit");
    let mut sorted = Sorted::of(batch);
    let mut connection = pool.acquire().await.map_err(&failed)?;
    if sorted.only_appends() {
        // One statement is its own transaction: a commit is one trip to the driver's thread.
        let won = append_sqlite(&mut connection, &sorted.frames(&HashMap::new())).await?;
        return Ok(sorted.outcome(batch.len(), &won, &HashMap::new()));
    }
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.map_err(&failed)?;
    for step in sorted.steps() {
        if is_step_taken!(tx, step) {
            sorted.step_taken.insert(step.attempt_no);
        }
    }
    let started = start_sqlite(&mut tx, &sorted.starts()).await?;
    let won = append_sqlite(&mut tx, &sorted.frames(&started)).await?;
    settle::on_sqlite(&mut tx, &sorted.settlement(&won)).await?;
    tx.commit().await.map_err(&failed)?;
    Ok(sorted.outcome(batch.len(), &won, &started))
}

pub(super) async fn commit_postgres(
    connection: &mut PgConnection,
    batch: &[Write],
) -> Result<Vec<Written>, StoreError> {
    let failed = StoreError::in_query("journal_commit");
    let mut sorted = Sorted::of(batch);
    let nothing = HashMap::new();
    if sorted.only_appends() {
        // One statement is its own transaction, which saves two round trips.
        let won = append_postgres(connection, &sorted.frames(&nothing)).await?;
        return Ok(sorted.outcome(batch.len(), &won, &nothing));
    }
    let mut tx = connection.begin().await.map_err(&failed)?;
    for step in sorted.steps() {
        hold_steps(&mut tx, step.attempt_no).await?;
        if is_step_taken!(tx, step) {
            sorted.step_taken.insert(step.attempt_no);
        }
    }
    let started = start_postgres(&mut tx, &sorted.starts()).await?;
    let won = append_postgres(&mut tx, &sorted.frames(&started)).await?;
    settle::on_postgres(&mut tx, &sorted.settlement(&won)).await?;
    tx.commit().await.map_err(&failed)?;
    Ok(sorted.outcome(batch.len(), &won, &started))
}

async fn start_sqlite(
    tx: &mut SqliteConnection,
    starts: &[&Start],
) -> Result<HashMap<String, i64>, StoreError> {
    const ATTEMPT: &str = "-- attempt_start
        INSERT INTO attempt (attempt_id, candidate_no, exam_id, exam_revision, audience_row,
            notice_version, consents, started_at_ms, wake_at_ms, camera, phase)
        SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4,
            j.value ->> 5, j.value ->> 6, j.value ->> 7, j.value ->> 8, j.value ->> 10,
            'running'
        FROM json_each($1) AS j
        WHERE (SELECT count(*) FROM attempt AS a
            WHERE a.candidate_no = j.value ->> 1 AND a.exam_id = j.value ->> 2) = j.value ->> 9
        ON CONFLICT DO NOTHING";
    const STARTED: &str = "-- attempt_started
        SELECT attempt_id, attempt_no FROM attempt WHERE attempt_no BETWEEN $1 AND $2";
    const PAPER: &str = "-- paper_store
        INSERT INTO paper (attempt_no, body)
        SELECT j.value ->> 0, j.value ->> 1 FROM json_each($1) AS j";
    const HEAD: &str = "-- journal_begin
        INSERT INTO journal_head (attempt_no, seq, last_id)
        SELECT j.value ->> 0, 0, 0 FROM json_each($1) AS j";
    if starts.is_empty() {
        return Ok(HashMap::new());
    }
    let failed = StoreError::in_query("attempt_start");
    let done =
        sqlx::query(ATTEMPT).bind(start_rows(starts)).execute(&mut *tx).await.map_err(&failed)?;
    let numbers = numbers_given(&done);
    // Rows that came back one by one would each wake whoever reads them.
    let started: HashMap<String, i64> = if done.rows_affected() == starts.len() as u64 {
        let ids = starts.iter().map(|start| start.attempt_id.to_string());
        ids.zip(numbers).collect()
    } else if numbers.is_empty() {
        return Ok(HashMap::new());
    } else {
        let rows: Vec<(String, i64)> = sqlx::query_as(STARTED)
            .bind(numbers.start())
            .bind(numbers.end())
            .fetch_all(&mut *tx)
            .await
            .map_err(&failed)?;
        rows.into_iter().collect()
    };
    let papers: Vec<(i64, &str)> = starts
        .iter()
        .filter_map(|start| {
            Some((*started.get(&start.attempt_id.to_string())?, start.paper.as_str()))
        })
        .collect();
    let papers = serde_json::to_string(&papers).expect("rows of numbers and texts are JSON");
    sqlx::query(PAPER).bind(&papers).execute(&mut *tx).await.map_err(&failed)?;
    sqlx::query(HEAD).bind(&papers).execute(&mut *tx).await.map_err(&failed)?;
    Ok(started)
}

async fn start_postgres(
    tx: &mut PgConnection,
    starts: &[&Start],
) -> Result<HashMap<String, i64>, StoreError> {
    const ATTEMPT: &str = "-- attempt_start
        INSERT INTO attempt (attempt_id, candidate_no, exam_id, exam_revision, audience_row,
            notice_version, consents, started_at_ms, wake_at_ms, camera, phase)
        SELECT j.attempt_id, j.candidate_no, j.exam_id, j.exam_revision, j.audience_row,
            j.notice_version, j.consents, j.started_at_ms, j.wake_at_ms, j.camera, 'running'
        FROM UNNEST($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[],
            $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[])
            AS j(attempt_id, candidate_no, exam_id, exam_revision, audience_row, notice_version,
                consents, started_at_ms, wake_at_ms, known_attempts, camera)
        WHERE (SELECT count(*) FROM attempt AS a
            WHERE a.candidate_no = j.candidate_no AND a.exam_id = j.exam_id) = j.known_attempts
        ON CONFLICT DO NOTHING
        RETURNING attempt_id, attempt_no";
    const PAPER: &str = "-- paper_store
        INSERT INTO paper (attempt_no, body)
        SELECT j.attempt_no, j.body FROM UNNEST($1::bigint[], $2::text[]) AS j(attempt_no, body)";
    if starts.is_empty() {
        return Ok(HashMap::new());
    }
    let failed = StoreError::in_query("attempt_start");
    let columns = StartColumns::of(starts);
    let rows: Vec<(String, i64)> = sqlx::query_as(ATTEMPT)
        .bind(columns.attempt_id)
        .bind(columns.candidate_no)
        .bind(columns.exam_id)
        .bind(columns.exam_revision)
        .bind(columns.audience_row)
        .bind(columns.notice_version)
        .bind(columns.consents)
        .bind(columns.started_at_ms)
        .bind(columns.wake_at_ms)
        .bind(columns.known_attempts)
        .bind(columns.camera)
        .fetch_all(&mut *tx)
        .await
        .map_err(&failed)?;
    let started: HashMap<_, _> = rows.into_iter().collect();
    let (numbers, bodies): (Vec<i64>, Vec<String>) = starts
        .iter()
        .filter_map(|start| {
            Some((*started.get(&start.attempt_id.to_string())?, start.paper.clone()))
        })
        .unzip();
    sqlx::query(PAPER).bind(numbers).bind(bodies).execute(&mut *tx).await.map_err(&failed)?;
    Ok(started)
}

/// Appends frames whose expected end is the journal's end, and returns their attempts. A trigger
/// moves the heads in the same statement.
async fn append_sqlite(
    connection: &mut SqliteConnection,
    frames: &[FrameRow<'_>],
) -> Result<Won, StoreError> {
    // A key of the object is "attempt:expected", so that a body is read as it stands and no row is
    // parsed for itself. The left table is the outer one of a CROSS JOIN.
    const APPEND: &str = "-- journal_append
        INSERT INTO journal_frame (attempt_no, seq, previous_id, body)
        SELECT h.attempt_no, h.seq + 1, h.last_id, j.atom
        FROM json_each($1) AS j
        CROSS JOIN journal_head AS h ON h.attempt_no = CAST(j.key AS INTEGER)
            AND h.seq = CAST(substr(j.key, instr(j.key, ':') + 1) AS INTEGER)";
    const WON: &str = "-- journal_won
        SELECT attempt_no FROM journal_frame WHERE id BETWEEN $1 AND $2";
    if frames.is_empty() {
        return Ok(Won::Some(FxHashSet::default()));
    }
    let failed = StoreError::in_query("journal_append");
    let done = sqlx::query(APPEND)
        .bind(object_of(frames))
        .execute(&mut *connection)
        .await
        .map_err(&failed)?;
    if done.rows_affected() == frames.len() as u64 {
        return Ok(Won::All);
    }
    let numbers = numbers_given(&done);
    if numbers.is_empty() {
        return Ok(Won::Some(FxHashSet::default()));
    }
    let won: Vec<i64> = sqlx::query_scalar(WON)
        .bind(numbers.start())
        .bind(numbers.end())
        .fetch_all(connection)
        .await
        .map_err(&failed)?;
    Ok(Won::Some(won.into_iter().collect()))
}

/// The numbers that an INSERT gave its rows, in order: those of one statement follow each other,
/// because nobody else holds the write lock.
fn numbers_given(done: &SqliteQueryResult) -> std::ops::RangeInclusive<i64> {
    let count = i64::try_from(done.rows_affected()).expect("a batch is small");
    let last = done.last_insert_rowid();
    last - count + 1..=last
}

/// The frames as one JSON object of bodies by "attempt:expected".
fn object_of(frames: &[FrameRow<'_>]) -> String {
    use std::io::Write as _;
    let bytes = frames.iter().map(|row| row.body.len() + row.body.len() / 4 + 32).sum();
    let mut object = Vec::with_capacity(bytes);
    object.push(b'{');
    for (place, row) in frames.iter().enumerate() {
        if place > 0 {
            object.push(b',');
        }
        let _ = write!(object, "\"{}:{}\":", row.key.attempt_no, row.expected);
        serde_json::to_writer(&mut object, row.body).expect("a text is JSON");
    }
    object.push(b'}');
    String::from_utf8(object).expect("JSON is text")
}

/// Appends frames whose number is the next one of the journal, and returns their attempts.
async fn append_postgres(
    connection: &mut PgConnection,
    frames: &[FrameRow<'_>],
) -> Result<Won, StoreError> {
    // A subquery that gives a value is looked up row by row. An EXISTS may become a hash of the
    // whole journal, built again with every commit.
    const APPEND: &str = "-- journal_append
        INSERT INTO journal_frame (candidate_no, attempt_no, seq, body)
        SELECT j.candidate_no, j.attempt_no, j.expected + 1, j.body
        FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])
            AS j(candidate_no, attempt_no, expected, body)
        WHERE j.expected = COALESCE((SELECT f.seq FROM journal_frame AS f
            WHERE f.candidate_no = j.candidate_no AND f.attempt_no = j.attempt_no
                AND f.seq = j.expected), 0)
        ON CONFLICT DO NOTHING
        RETURNING attempt_no";
    if frames.is_empty() {
        return Ok(Won::Some(FxHashSet::default()));
    }
    let bodies: Vec<&str> = frames.iter().map(|row| row.body).collect();
    let won: Vec<i64> = sqlx::query_scalar(APPEND)
        .bind(frames.iter().map(|row| row.key.candidate_no).collect::<Vec<_>>())
        .bind(frames.iter().map(|row| row.key.attempt_no).collect::<Vec<_>>())
        .bind(frames.iter().map(|row| row.expected).collect::<Vec<_>>())
        .bind(bodies)
        .fetch_all(connection)
        .await
        .map_err(StoreError::in_query("journal_append"))?;
    if won.len() == frames.len() {
        return Ok(Won::All);
    }
    Ok(Won::Some(won.into_iter().collect()))
}
