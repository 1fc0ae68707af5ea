//! Where the phones of a scenario work: what they share, and how they are started and stopped.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use exam_core::ids::ExamId;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::ledger::Ledger;
use super::phone::Phone;
use super::rng;
use crate::Candidate;

/// How long a phone may take to hand in once the servers run undisturbed.
const HANDED_IN_WITHIN: Duration = Duration::from_secs(60);

/// The claimed time of the first save, in the year 2017; no two saves claim the same, so that each
/// can be found in a trace of what the server writes.
pub const MARKS_FROM: u64 = 1_500_000_000_000;

/// How a scenario's phones behave.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// How many of a hundred sittings use HTTP in place of a socket.
    pub http_percent: u64,
    /// A pause after each acknowledgement.
    pub think: Duration,
}

impl Default for Habits {
    fn default() -> Self {
        Self { http_percent: 0, think: Duration::ZERO }
    }
}

/// What the phones of a scenario share.
pub struct Hall {
    /// What was acknowledged.
    pub ledger: Ledger,
    /// Which sockets carried which attempt: a trace of the server knows them by their port.
    pub ports: Mutex<Vec<(u16, String)>>,
    pub(super) nodes: Vec<SocketAddr>,
    pub(super) exam: ExamId,
    pub(super) habits: Habits,
    pub(super) done: AtomicBool,
    /// The next save's mark.
    pub(super) marks: AtomicU64,
    pub(super) refusals: AtomicU64,
}

impl Hall {
    /// How many saves were refused for now.
    pub fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }
}

/// Phones at work.
pub struct Phones {
    /// What they share.
    pub hall: Arc<Hall>,
    tasks: JoinSet<()>,
}

impl Phones {
    /// Lets one phone for each token save at `nodes` from now on; each has started its attempt
    /// when this returns.
    pub async fn at_work(
        nodes: &[SocketAddr],
        exam: ExamId,
        tokens: &[String],
        habits: Habits,
        seed: u64,
    ) -> Self {
        let hall = Arc::new(Hall {
            ledger: Ledger::default(),
            ports: Mutex::default(),
            nodes: nodes.to_vec(),
            exam,
            habits,
            done: AtomicBool::new(false),
            marks: AtomicU64::new(MARKS_FROM),
            refusals: AtomicU64::new(0),
        });
        let http = crate::client::http();
        let mut tasks = JoinSet::new();
        for (number, token) in (1..).zip(tokens) {
            let candidate = Candidate::with_client(http.clone(), nodes[0], token.clone());
            let phone = Phone::start(candidate, Arc::clone(&hall), rng(seed ^ number)).await;
            tasks.spawn(phone.run());
        }
        Self { hall, tasks }
    }

    /// How many saves were acknowledged so far.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.hall.ledger.count()
    }

    /// Waits until `more` further saves were acknowledged.
    ///
    /// # Panics
    /// When they are not within `patience`.
    pub async fn acknowledge(&self, more: u64, patience: Duration) {
        let until = self.acknowledged() + more;
        let enough = async {
            while self.acknowledged() < until {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        assert!(timeout(patience, enough).await.is_ok(), "too few acknowledgements");
    }

    /// Tells the phones to finish: what is pending is sent until it is acknowledged, and each
    /// hands in and compares its receipt.
    ///
    /// # Panics
    /// When a phone finds something wrong, or cannot finish in time.
    pub async fn finish(mut self) -> Arc<Hall> {
        self.hall.done.store(true, Ordering::Relaxed);
        let all = async {
            while let Some(ended) = self.tasks.join_next().await {
                ended.expect("a phone finds nothing wrong");
            }
        };
        assert!(timeout(HANDED_IN_WITHIN, all).await.is_ok(), "a phone cannot hand in");
        self.hall
    }
}
