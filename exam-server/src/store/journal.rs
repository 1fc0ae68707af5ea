//! The journal: appending frames in batches, and loading sessions.

mod append;
mod load;
mod settle;
mod start;

use exam_core::ids::{AttemptId, ExamId};
use exam_core::points::Points;
use exam_core::session::Seq;
use exam_core::time::Timestamp;

use std::sync::MutexGuard;

use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};

use super::{AuditEntry, EvidenceRow, NewStep, Store, StoreError};

/// An attempt as the journal knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptKey {
    /// Leads the key, so that the journal can be sharded by candidate.
    pub candidate_no: i64,
    /// The attempt's number in this database.
    pub attempt_no: i64,
}

/// One frame to append, with all that must be stored together with it.
#[derive(Clone, Debug)]
pub struct Append {
    /// Whose journal.
    pub key: AttemptKey,
    /// The end the session knew; the frame gets the next number.
    pub expected: Seq,
    /// The frame's bytes.
    pub frame: String,
    /// What else, where there is something; most saves have nothing.
    pub attached: Option<Box<Attached>>,
}

/// What is stored together with a frame.
#[derive(Clone, Debug, Default)]
pub struct Attached {
    /// What the attempt's row says from now on, where that changes.
    pub patch: Option<AttemptPatch>,
    /// The result, where the frame closes the attempt.
    pub result: Option<ResultRow>,
    /// The audit row, where a person decided it.
    pub audit: Option<AuditEntry>,
    /// The step of a review that it is, where it is one.
    pub step: Option<NewStep>,
    /// The session folded up to this frame, now and then.
    pub checkpoint: Option<String>,
}

/// What lists and the closing worker know of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptPatch {
    /// The phase's name.
    pub phase: &'static str,
    /// When the session has something to do by itself; none once closed.
    pub wake_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// What closed it.
    pub closed_by: Option<&'static str>,
}

/// The score of a closed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultRow {
    /// What was reached.
    pub points: Points,
    /// What could be reached.
    pub total_points: Points,
    /// What was needed.
    pub pass_points: Points,
    /// `passed`, `failed` or `void`.
    pub verdict: String,
    /// The receipt, as JSON.
    pub receipt: String,
    /// When it was scored.
    pub scored_at: Timestamp,
}

/// An attempt to start: its row, its paper and its first frame.
#[derive(Clone, Debug)]
pub struct Start {
    /// The new attempt's id.
    pub attempt_id: AttemptId,
    /// Whose.
    pub candidate_no: i64,
    /// At what.
    pub exam_id: ExamId,
    /// The exam's revision the paper was drawn from.
    pub exam_revision: i64,
    /// The audience row whose blueprint was used.
    pub audience_row: i64,
    /// The notice that was agreed to.
    pub notice_version: String,
    /// The consents given or refused, as JSON.
    pub consents: String,
    /// When the clock started.
    pub started_at: Timestamp,
    /// When the session has something to do by itself.
    pub wake_at: Timestamp,
    /// How many attempts at this exam the rules counted; another number means a race was lost.
    pub known_attempts: i64,
    /// What the phone said of its camera.
    pub camera: Option<&'static str>,
    /// The paper, as JSON.
    pub paper: String,
    /// The first frame's bytes.
    pub frame: String,
}

/// One thing for the journal writer to commit.
#[derive(Clone, Debug)]
pub enum Write {
    /// Append a frame.
    Append(Append),
    /// Start an attempt.
    Start(Box<Start>),
    /// Keep a message that came too late.
    Evidence(Box<EvidenceRow>),
    /// Commit something, so that what was read before is on disk.
    Barrier,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is durable.
    Done,
    /// Another writer moved the journal, or started an attempt, first; nothing was written.
    Moved,
    /// The step of a review that belongs to the frame was taken by somebody else first; nothing was
    /// written.
    StepTaken,
    /// The attempt was started under this key.
    Started(AttemptKey),
}

impl Store {
    /// Commits a batch in one transaction and returns what became of each write, in order.
    ///
    /// A batch holds at most one append and one start of an attempt or candidate. A write that
    /// lost a race hurts none of the others.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when nothing is known to be committed; whether something was is
    /// then for the journal itself to say.
    pub async fn journal_commit(&self, batch: &[Write]) -> Result<Vec<Written>, StoreError> {
        #[cfg(feature = "turned-clock")]
        let fault = self.faults.before_commit().await?;
        let written = match self.reach(&self.journal) {
            super::Pool::Sqlite(pool) => append::commit_sqlite(pool, batch).await,
            super::Pool::Postgres(pool) => {
                let mut connection = self.journal_connection(pool).await?;
                let written = append::commit_postgres(&mut connection, batch).await;
                if written.is_ok() {
                    *self.held() = Some(connection);
                }
                written
            }
        };
        #[cfg(feature = "turned-clock")]
        super::Faults::after_commit(fault)?;
        written
    }

    /// The connection that the last commit left, or another one. After a commit that failed, or was
    /// given up, it has gone back to its pool, which looks whether it still lives.
    async fn journal_connection(
        &self,
        pool: &PgPool,
    ) -> Result<PoolConnection<Postgres>, StoreError> {
        let held = if pool.is_closed() { None } else { self.held().take() };
        match held {
            Some(connection) => Ok(connection),
            None => pool.acquire().await.map_err(StoreError::in_query("journal_commit")),
        }
    }

    pub(super) fn held(&self) -> MutexGuard<'_, Option<PoolConnection<Postgres>>> {
        self.held.lock().expect("nobody panics with it")
    }
}
