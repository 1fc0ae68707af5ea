//! The journal writer: one task that commits what has gathered, and starts again.
//!
//! There is no timer: the sync to disk is the pacing. While one batch is being committed the next
//! one gathers, so a lone save waits for nobody and a thousand share one sync.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustc_hash::FxHashSet;
use tokio::sync::{mpsc, oneshot};
use tracing::{debug, warn};

use crate::health::Health;
use crate::store::{Append, EvidenceRow, Start, Store, StoreError, Write, Written};

/// How many writes may wait. Beyond that the phone is told to try again: at 100 µs a frame on the
/// slowest disk measured this is a tenth of a second of work.
const QUEUE_MAX: usize = 4_096;

/// How many writes one transaction takes.
const BATCH_MAX: usize = 1_000;

/// How many bytes of frames and papers one transaction takes.
const BATCH_BYTES_MAX: usize = 1 << 20;

/// Why a write was not committed, or is not known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Too many writes wait already; nothing was written.
    #[error("the journal writer is busy")]
    Busy,
    /// The database failed; only the journal itself can say what was written.
    #[error("the outcome of the commit is unknown")]
    Unknown,
}

struct Job {
    write: Write,
    /// How many commits had failed when this was decided, where it must not follow another one.
    unless_failed_since: Option<u64>,
    done: Option<oneshot::Sender<Result<Written, WriteError>>>,
}

/// What will have become of a write.
#[derive(Debug)]
pub struct Outcome(oneshot::Receiver<Result<Written, WriteError>>);

impl Outcome {
    /// Waits for the disk. Dropping the wait loses nothing.
    ///
    /// # Errors
    /// [`WriteError`] when nothing is known to be written.
    pub async fn written(&mut self) -> Result<Written, WriteError> {
        (&mut self.0).await.unwrap_or(Err(WriteError::Unknown)) // The writer has ended.
    }
}

/// The way to the journal writer. Cheap to clone.
#[derive(Clone)]
pub struct JournalWriter {
    jobs: mpsc::Sender<Job>,
    healthy: Arc<AtomicBool>,
    failures: Arc<AtomicU64>,
}

impl JournalWriter {
    /// Starts the writer's task. It ends when the last handle is gone and all is written.
    #[must_use]
    pub fn spawn(store: Store, health: Arc<Health>) -> (Self, tokio::task::JoinHandle<()>) {
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        let healthy = Arc::new(AtomicBool::new(true));
        let failures = Arc::new(AtomicU64::new(0));
        let task = Task {
            store,
            queue,
            health,
            healthy: Arc::clone(&healthy),
            failures: Arc::clone(&failures),
            held_back: Vec::new(),
        };
        (Self { jobs, healthy, failures }, tokio::spawn(task.run()))
    }

    /// Whether the newest batch was committed.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed)
    }

    /// How many commits have failed.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Appends a frame. The frame is durable when this returns `Done`.
    ///
    /// With `unless_failed_since` it is not appended once more commits than that have failed: a
    /// close by the clock waits behind a save that arrived in time, and must not follow when that
    /// one failed, because its phone is about to send it again.
    ///
    /// # Errors
    /// [`WriteError`] when nothing is known to be written.
    pub async fn append(
        &self,
        append: Append,
        unless_failed_since: Option<u64>,
    ) -> Result<Written, WriteError> {
        self.enqueue(Write::Append(append), unless_failed_since)?.written().await
    }

    /// Hands a frame to the writer, which says later what became of it.
    ///
    /// # Errors
    /// [`WriteError::Busy`] when too many wait already; nothing is written then.
    pub fn submit(&self, append: Append) -> Result<Outcome, WriteError> {
        self.enqueue(Write::Append(append), None)
    }

    /// Whether another write may wait now.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.jobs.capacity() > 0
    }

    /// Hands the start of an attempt to the writer, which says later what became of it.
    ///
    /// # Errors
    /// [`WriteError::Busy`] when too many wait already; nothing is written then.
    pub fn submit_start(&self, start: Box<Start>) -> Result<Outcome, WriteError> {
        self.enqueue(Write::Start(start), None)
    }

    /// Returns once something was committed that began after this call: whatever was read before
    /// is on disk then.
    ///
    /// # Errors
    /// [`WriteError`] when nothing is known to be written.
    pub async fn barrier(&self) -> Result<(), WriteError> {
        self.enqueue(Write::Barrier, None)?.written().await.map(|_| ())
    }

    /// Keeps a message that came too late. Nobody waits for it, and a full queue drops it.
    pub fn keep_evidence(&self, row: EvidenceRow) {
        let _ = self.jobs.try_send(Job {
            write: Write::Evidence(Box::new(row)),
            unless_failed_since: None,
            done: None,
        });
    }

    fn enqueue(
        &self,
        write: Write,
        unless_failed_since: Option<u64>,
    ) -> Result<Outcome, WriteError> {
        let (done, outcome) = oneshot::channel();
        let job = Job { write, unless_failed_since, done: Some(done) };
        self.jobs.try_send(job).map_err(|_| WriteError::Busy)?;
        Ok(Outcome(outcome))
    }
}

struct Task {
    store: Store,
    queue: mpsc::Receiver<Job>,
    health: Arc<Health>,
    healthy: Arc<AtomicBool>,
    failures: Arc<AtomicU64>,
    /// Jobs whose attempt or candidate has one in the batch already; they go first in the next.
    held_back: Vec<Job>,
}

impl Task {
    async fn run(mut self) {
        loop {
            let batch = self.gather().await;
            if batch.is_empty() {
                return;
            }
            self.commit(batch).await;
        }
    }

    /// Waits for one job and takes what else is there.
    async fn gather(&mut self) -> Vec<Job> {
        let mut batch = Batch::default();
        for job in std::mem::take(&mut self.held_back) {
            self.held_back.extend(batch.offer(job));
        }
        if batch.jobs.is_empty() {
            match self.queue.recv().await {
                Some(job) => self.held_back.extend(batch.offer(job)),
                None => return batch.jobs,
            }
        }
        while batch.has_room() && self.held_back.len() < BATCH_MAX {
            match self.queue.try_recv() {
                Ok(job) => self.held_back.extend(batch.offer(job)),
                Err(_) => break,
            }
        }
        batch.jobs
    }

    async fn commit(&self, mut jobs: Vec<Job>) {
        let failures = self.failures.load(Ordering::Relaxed);
        let overtaken = |job: &mut Job| job.unless_failed_since.is_some_and(|n| n != failures);
        for job in jobs.extract_if(.., overtaken) {
            let _ = job.done.map(|done| done.send(Err(WriteError::Busy)));
        }
        if jobs.is_empty() {
            return;
        }
        let (writes, waiting): (Vec<Write>, Vec<_>) =
            jobs.into_iter().map(|job| (job.write, job.done)).unzip();
        metrics::histogram!("exam_journal_batch_writes").record(writes.len() as f64);
        let outcome = self.commit_or_halve(&writes).await;
        for (done, outcome) in waiting.into_iter().zip(outcome) {
            if let Some(done) = done {
                let _ = done.send(outcome); // Nobody waits any more: the phone has hung up.
            }
        }
    }

    /// Commits `writes`; where a lock was not to be had, tries halves, so that one stuck attempt
    /// does not hold up the others.
    async fn commit_or_halve(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        let mut outcome = Vec::with_capacity(writes.len());
        let mut parts = vec![writes];
        while let Some(part) = parts.pop() {
            match self.store.journal_commit(part).await {
                Ok(written) => {
                    // That the database answers again is said by the next sign of life, which
                    // first gives back what an outage took.
                    self.healthy.store(true, Ordering::Relaxed);
                    outcome.extend(written.into_iter().map(Ok));
                }
                Err(trouble) if trouble.is_lock_timeout() && part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(trouble) => {
                    self.note(&trouble);
                    outcome.extend(part.iter().map(|_| Err(WriteError::Unknown)));
                }
            }
        }
        outcome
    }

    fn note(&self, trouble: &StoreError) {
        metrics::counter!("exam_journal_commit_failures").increment(1);
        self.failures.fetch_add(1, Ordering::Relaxed);
        // Phones now hold what could not be stored: nobody is closed until they have had time.
        let was_healthy = self.healthy.swap(false, Ordering::Relaxed);
        self.health.database_failed();
        let error = trouble as &dyn std::error::Error;
        if was_healthy {
            warn!(error, "a journal batch was not committed; the next ones that fail are counted");
        } else {
            debug!(error, "a journal batch was not committed");
        }
    }
}

/// A batch in the making: at most one write of an attempt, and one start of a candidate.
#[derive(Default)]
struct Batch {
    jobs: Vec<Job>,
    attempts: FxHashSet<i64>,
    candidates: FxHashSet<i64>,
    bytes: usize,
}

impl Batch {
    fn has_room(&self) -> bool {
        self.jobs.len() < BATCH_MAX && self.bytes < BATCH_BYTES_MAX
    }

    /// Takes `job`, or gives it back where it must wait for the next batch.
    fn offer(&mut self, job: Job) -> Option<Job> {
        let fits = self.has_room()
            && match &job.write {
                Write::Append(append) => self.attempts.insert(append.key.attempt_no),
                Write::Start(start) => self.candidates.insert(start.candidate_no),
                Write::Evidence(_) | Write::Barrier => true,
            };
        if !fits {
            return Some(job);
        }
        self.bytes += match &job.write {
            Write::Append(append) => append.frame.len(),
            Write::Start(start) => start.frame.len() + start.paper.len(),
            Write::Evidence(row) => row.message.len(),
            Write::Barrier => 0,
        };
        self.jobs.push(job);
        None
    }
}
