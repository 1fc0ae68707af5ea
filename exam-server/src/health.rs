//! Whether the database answers, and whether anybody may be closed by deadline.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use exam_core::time::{Span, Timestamp};

use crate::clock::Clock;

/// How long the database must have answered without a break before anybody is closed.
const ANSWERS_FOR: Span = Span::from_seconds(2);

/// How long a last answer counts; signs of life are stored every two seconds.
const ANSWER_COUNTS_FOR: Span = Span::from_seconds(7);

/// What is known of the database and of this node.
#[derive(Debug)]
pub struct Health {
    /// The server's own, because it runs on through a suspend: an answer from before it counts for
    /// nothing, or attempts would be closed before the time that they lost is given back.
    clock: Clock,
    answers: Mutex<Answers>,
    started: AtomicBool,
    draining: AtomicBool,
    /// Held while a sign of life is compared and stored.
    pub(crate) beating: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Answers {
    since: Option<Timestamp>,
    newest: Option<Timestamp>,
}

impl Answers {
    /// Whether the newest answer still counts at `now`.
    fn are_fresh(&self, now: Timestamp) -> bool {
        self.newest.is_some_and(|newest| now.since(newest) <= ANSWER_COUNTS_FOR)
    }
}

impl Health {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            answers: Mutex::default(),
            started: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            beating: tokio::sync::Mutex::default(),
        }
    }

    /// The database has answered what was asked at `asked`, and everybody has been given back what
    /// an outage before it took. An answer that took long says nothing about now; and after a break
    /// the count begins when it has come, because others may have failed while it was on its way.
    pub fn database_answered(&self, asked: Timestamp) {
        let now = self.clock.now();
        let mut answers = self.answers.lock().expect("no holder panics");
        if !answers.are_fresh(asked) || answers.since.is_none() {
            answers.since = Some(now);
        }
        answers.newest = Some(asked);
    }

    /// The database has failed to answer.
    pub fn database_failed(&self) {
        self.answers.lock().expect("no holder panics").since = None;
    }

    /// Whether the database answers now, and no outage is left to be given back.
    #[must_use]
    pub fn database_answers(&self) -> bool {
        let answers = self.answers.lock().expect("no holder panics");
        answers.since.is_some() && answers.are_fresh(self.clock.now())
    }

    /// Whether it has answered without a break for so long that closing is safe.
    #[must_use]
    pub fn answers_steadily(&self) -> bool {
        let now = self.clock.now();
        let answers = self.answers.lock().expect("no holder panics");
        answers.since.is_some_and(|since| now.since(since) >= ANSWERS_FOR) && answers.are_fresh(now)
    }

    /// The clock was turned while the database answered: what was known of it still is. For tests.
    #[cfg(feature = "turned-clock")]
    pub fn database_answered_while_turned(&self, forward: Span) {
        let mut answers = self.answers.lock().expect("no holder panics");
        answers.since = answers.since.map(|since| since + forward);
        answers.newest = answers.newest.map(|newest| newest + forward);
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

    /// Whether this node is going away.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Whether this node takes requests.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.has_started() && !self.draining.load(Ordering::Relaxed) && self.database_answers()
    }
}

#[cfg(all(test, feature = "turned-clock"))]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_long_on_its_way_does_not_make_up_for_a_failure_meanwhile() {
        let (clock, health) = health();
        health.database_answered(clock.now());
        let asked = clock.now();
        clock.turn(Span::from_seconds(3));
        health.database_failed();
        health.database_answered(asked);
        assert!(!health.answers_steadily(), "nobody has had time to send again");
        clock.turn(ANSWERS_FOR);
        assert!(health.answers_steadily());
    }

    fn health() -> (Clock, Health) {
        let clock = Clock::standing_at(Timestamp::from_ms(1_000_000));
        (clock.clone(), Health::new(clock))
    }

    #[test]
    fn nobody_is_closed_until_the_database_answers_steadily() {
        let (clock, health) = health();
        assert!(!health.answers_steadily());
        health.database_answered(clock.now());
        assert!(health.database_answers() && !health.answers_steadily());
        clock.turn(ANSWERS_FOR);
        assert!(health.answers_steadily());
        health.database_failed();
        assert!(!health.database_answers());
        health.database_answered(clock.now());
        assert!(!health.answers_steadily(), "the count begins anew");
    }

    #[test]
    fn an_old_answer_counts_for_nothing() {
        let (clock, health) = health();
        health.database_answered(clock.now());
        clock.turn(ANSWER_COUNTS_FOR + Span::from_ms(1));
        assert!(!health.database_answers() && !health.answers_steadily());
        health.database_answered(clock.now());
        assert!(!health.answers_steadily(), "a silence is a break");
    }

    #[test]
    fn an_answer_that_took_long_says_nothing_about_now() {
        let (clock, health) = health();
        let asked = clock.now();
        clock.turn(Span::from_minutes(1));
        health.database_answered(asked);
        assert!(!health.database_answers());
    }

    #[test]
    fn an_answer_from_before_a_suspend_counts_for_nothing() {
        let (clock, health) = health();
        health.database_answered(clock.now());
        clock.turn(Span::from_seconds(3));
        assert!(health.answers_steadily());
        clock.turn(Span::from_minutes(60)); // As the boot clock does through a suspend.
        assert!(!health.answers_steadily());
    }
}
