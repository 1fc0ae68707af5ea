//! Password hashing on threads of its own, so that a sign-in storm leaves a core for saves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::sync::oneshot;

/// How far the hashing threads step back behind everything else.
const NICENESS: i32 = 10;

/// How many hashes may wait for a thread: half a second of work of one core at 17 ms each.
pub const WAITING_MAX: usize = 32;

/// The pool has more waiting than it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be hashed")]
pub struct TooMany;

enum Job {
    Hash { password: Vec<u8>, done: oneshot::Sender<String> },
    Verify { password: Vec<u8>, hash: Option<String>, done: oneshot::Sender<bool> },
}

/// The hashing threads: one fewer than there are cores, but at least one.
#[derive(Clone)]
pub struct Hasher {
    jobs: mpsc::Sender<Job>,
    waiting: Arc<AtomicUsize>,
    threads: usize,
    /// What a password of nobody is compared with, so that an unknown id takes as long.
    nobody: Arc<str>,
}

impl Hasher {
    /// Starts the threads.
    ///
    /// # Panics
    /// When the system cannot start a thread, or cannot hash at all.
    #[must_use]
    pub fn start() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.saturating_sub(1).max(1);
        let (jobs, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        let waiting = Arc::new(AtomicUsize::new(0));
        for number in 0..threads {
            let (queue, waiting) = (Arc::clone(&queue), Arc::clone(&waiting));
            std::thread::Builder::new()
                .name(format!("hasher-{number}"))
                .spawn(move || work(&queue, &waiting))
                .expect("the system can start a thread");
        }
        let nobody = hash(b"nobody has this password").into();
        Self { jobs, waiting, threads, nobody }
    }

    /// How many hashes wait or run.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many hash at once.
    #[must_use]
    pub const fn threads(&self) -> usize {
        self.threads
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// [`TooMany`] when too many wait.
    pub async fn hash(&self, password: &[u8]) -> Result<String, TooMany> {
        let (done, hashed) = oneshot::channel();
        self.enqueue(Job::Hash { password: password.to_vec(), done })?;
        hashed.await.map_err(|_| TooMany)
    }

    /// Compares a password with a stored hash; without one, with nobody's, which takes as long
    /// and never fits.
    ///
    /// # Errors
    /// [`TooMany`] when too many wait.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, TooMany> {
        let known = hash.is_some();
        let hash = Some(hash.unwrap_or(&self.nobody).to_owned());
        let (done, fits) = oneshot::channel();
        self.enqueue(Job::Verify { password: password.as_bytes().to_vec(), hash, done })?;
        fits.await.map(|fits| fits && known).map_err(|_| TooMany)
    }

    fn enqueue(&self, job: Job) -> Result<(), TooMany> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX + self.threads {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(TooMany);
        }
        self.jobs.send(job).map_err(|_| TooMany)
    }
}

fn work(queue: &Mutex<mpsc::Receiver<Job>>, waiting: &AtomicUsize) {
    // On Linux this is the calling thread alone. Where it is not allowed, hashing runs as it is.
    let _ = rustix::process::setpriority_process(None, NICENESS);
    loop {
        let job = queue.lock().expect("a hashing thread does not panic").recv();
        let Ok(job) = job else { return };
        // Counted down before the answer leaves, so that nobody sees a queue that is done.
        match job {
            Job::Hash { password, done } => {
                let hashed = hash(&password);
                waiting.fetch_sub(1, Ordering::Relaxed);
                let _ = done.send(hashed);
            }
            Job::Verify { password, hash, done } => {
                let fits = verify(&password, hash);
                waiting.fetch_sub(1, Ordering::Relaxed);
                let _ = done.send(fits);
            }
        }
    }
}

/// Hashes with argon2id, 19 MiB, 2 passes, 1 lane: OWASP's minimum, 17 ms of a core.
fn hash(password: &[u8]) -> String {
    Argon2::default().hash_password(password).expect("the system has randomness").to_string()
}

fn verify(password: &[u8], hash: Option<String>) -> bool {
    let Some(hash) = hash else { return false };
    let Ok(hash) = PasswordHash::new(&hash) else { return false };
    Argon2::default().verify_password(password, &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let hasher = Hasher::start();
        let hash = hasher.hash(b"Correct1horse").await.expect("nobody else waits");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(hasher.verify("Correct1horse", Some(&hash)).await, Ok(true));
        assert_eq!(hasher.verify("correct1horse", Some(&hash)).await, Ok(false));
        assert_eq!(hasher.verify("nobody has this password", None).await, Ok(false));
        assert_eq!(hasher.verify("x", Some("not a hash")).await, Ok(false));
        assert_eq!(hasher.waiting(), 0);
    }

    #[tokio::test]
    async fn l19_a_storm_of_sign_ins_is_bounded() {
        let hasher = Hasher::start();
        let storm = (0..300).map(|_| hasher.verify("storm", None));
        let refused = futures_util::future::join_all(storm).await;
        let refused = refused.iter().filter(|outcome| **outcome == Err(TooMany)).count();
        assert!(refused >= 300 - 2 * (WAITING_MAX + hasher.threads()), "{refused}");
    }
}
