//! Whether the database answers, and whether anybody may be closed by deadline.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How long the database must have answered without a break before anybody is closed.
const ANSWERS_FOR: Duration = Duration::from_secs(2);

/// How long a last answer counts; signs of life are stored every two seconds.
const ANSWER_COUNTS_FOR: Duration = Duration::from_secs(7);

/// What is known of the database and of this node.
#[derive(Debug, Default)]
pub struct Health {
    answers: Mutex<Answers>,
    started: AtomicBool,
    draining: AtomicBool,
    /// Held while a sign of life is compared and stored.
    pub(crate) beating: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Answers {
    since: Option<Instant>,
    newest: Option<Instant>,
}

impl Health {
    /// The database has answered.
    pub fn database_answered(&self) {
        let now = Instant::now();
        let mut answers = self.answers.lock().expect("no holder panics");
        let broken = answers.newest.is_none_or(|newest| now - newest > ANSWER_COUNTS_FOR);
        if broken || answers.since.is_none() {
            answers.since = Some(now);
        }
        answers.newest = Some(now);
    }

    /// The database has failed to answer.
    pub fn database_failed(&self) {
        self.answers.lock().expect("no holder panics").since = None;
    }

    /// Whether the database answers now.
    #[must_use]
    pub fn database_answers(&self) -> bool {
        let answers = self.answers.lock().expect("no holder panics");
        answers.since.is_some()
            && answers.newest.is_some_and(|newest| newest.elapsed() <= ANSWER_COUNTS_FOR)
    }

    /// Whether it has answered without a break for so long that closing is safe.
    #[must_use]
    pub fn answers_steadily(&self) -> bool {
        let answers = self.answers.lock().expect("no holder panics");
        answers.since.is_some_and(|since| since.elapsed() >= ANSWERS_FOR)
            && answers.newest.is_some_and(|newest| newest.elapsed() <= ANSWER_COUNTS_FOR)
    }

    /// All is loaded, outages are credited: requests may come.
    pub fn started(&self) {
        self.started.store(true, Ordering::Relaxed);
    }

    /// Whether start-up is over.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.started.load(Ordering::Relaxed)
    }

    /// This node is going away: nobody new should come.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether this node takes requests.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.has_started() && !self.draining.load(Ordering::Relaxed) && self.database_answers()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_is_closed_until_the_database_answers_steadily() {
        let health = Health::default();
        assert!(!health.answers_steadily());
        health.database_answered();
        assert!(health.database_answers() && !health.answers_steadily());
        tokio::time::advance(ANSWERS_FOR).await;
        assert!(health.answers_steadily());
        health.database_failed();
        assert!(!health.database_answers());
        health.database_answered();
        assert!(!health.answers_steadily(), "the count begins anew");
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_answer_counts_for_nothing() {
        let health = Health::default();
        health.database_answered();
        tokio::time::advance(ANSWER_COUNTS_FOR + Duration::from_millis(1)).await;
        assert!(!health.database_answers() && !health.answers_steadily());
        health.database_answered();
        assert!(!health.answers_steadily(), "a silence is a break");
    }
}
