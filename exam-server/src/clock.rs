//! The server's clock: the one place that reads the time.
//!
//! `CLOCK_BOOTTIME` runs on through a suspend and is moved by nobody; added to it is an offset
//! that is fixed at start. On PostgreSQL the offset follows the database's clock, so that all
//! nodes agree; on SQLite it stays, and a wall clock that steps is noticed, not followed.
//!
//! Whoever waits for a time waits by this clock too, so that a test can turn it: then a turn wakes
//! the waiting, and hours pass in milliseconds.

mod alarm;
mod turning;

pub use alarm::{Alarm, Interval, TookTooLong};

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::task::Poll;

use exam_core::time::{Span, Timestamp};
use rustix::time::{ClockId, clock_gettime};
use turning::Turning;

/// A wall clock that leaves ours by more than this freezes closing on SQLite.
const WALL_STEP_MAX_MS: i64 = 30_000;

/// A database clock that leaves ours by more than this freezes closing on PostgreSQL.
const DATABASE_SKEW_MAX_MS: i64 = 250;

/// The most the offset moves at one correction, so that no timer jumps.
const SLEW_MS: i64 = 50;

/// Server time. Cheap to clone; all clones are one clock.
#[derive(Clone, Debug)]
pub struct Clock {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Server time = boot time + this.
    offset_ms: AtomicI64,
    /// The latest time given out, so that a correction never turns time back.
    latest_ms: AtomicI64,
    /// What a test does to the clock; empty in a release.
    turning: Turning,
    /// Whether another clock disagrees so much that nobody may be closed.
    frozen: AtomicBool,
}

fn read_ms(id: ClockId) -> i64 {
    let time = clock_gettime(id);
    time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
}

impl Clock {
    /// A clock that starts at the machine's wall clock.
    #[must_use]
    pub fn start() -> Self {
        Self::starting_at(Timestamp::from_ms(read_ms(ClockId::Realtime)))
    }

    /// A clock that starts at `now`: the database's time, where it has one.
    #[must_use]
    pub fn starting_at(now: Timestamp) -> Self {
        Self::made_of(now, Turning::none())
    }

    /// A clock that shows `now` until it is turned, and takes the machine's wall clock for right;
    /// for tests.
    #[cfg(feature = "turned-clock")]
    #[must_use]
    pub fn standing_at(now: Timestamp) -> Self {
        Self::made_of(now, Turning::standing_still(now.as_ms()))
    }

    fn made_of(now: Timestamp, turning: Turning) -> Self {
        let boot_ms = if turning.stands_still() { 0 } else { read_ms(ClockId::Boottime) };
        Self {
            shared: Arc::new(Shared {
                offset_ms: AtomicI64::new(now.as_ms() - boot_ms),
                latest_ms: AtomicI64::new(now.as_ms()),
                turning,
                frozen: AtomicBool::new(false),
            }),
        }
    }

    /// Time since the machine started: what runs on through a suspend.
    fn boot_ms(&self) -> i64 {
        if self.stands_still() { 0 } else { read_ms(ClockId::Boottime) }
    }

    /// Whether only turns move this clock; never in a release.
    fn stands_still(&self) -> bool {
        self.shared.turning.stands_still()
    }

    /// The time now. Never earlier than a time given out before.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let shared = &*self.shared;
        let now =
            self.boot_ms() + shared.offset_ms.load(Ordering::Relaxed) + shared.turning.forward_ms();
        let latest = shared.latest_ms.load(Ordering::Relaxed);
        if now <= latest {
            return Timestamp::from_ms(latest); // Most times: no write that other cores wait for.
        }
        Timestamp::from_ms(shared.latest_ms.fetch_max(now, Ordering::Relaxed).max(now))
    }

    /// How long from now until `at`, for a timer; zero when it has come.
    #[must_use]
    pub fn until(&self, at: Timestamp) -> std::time::Duration {
        let ms = at.since(self.now()).as_ms();
        std::time::Duration::from_millis(u64::try_from(ms).unwrap_or(0))
    }

    /// Waits until the clock shows `at`.
    pub fn sleep_until(&self, at: Timestamp) -> Alarm<'_> {
        Alarm::new(self, at)
    }

    /// Waits for `span`.
    pub fn sleep(&self, span: Span) -> Alarm<'_> {
        self.sleep_until(self.now() + span)
    }

    /// Ticks now and then after every `span`.
    #[must_use]
    pub fn interval(&self, every: Span) -> Interval<'_> {
        Interval::new(self, every)
    }

    /// Lets `work` take `span` at most. What is ready at once costs no look at the clock.
    ///
    /// # Errors
    /// [`TookTooLong`]; `work` is dropped where it stands then.
    pub async fn timeout<T>(
        &self,
        span: Span,
        work: impl Future<Output = T>,
    ) -> Result<T, TookTooLong> {
        let mut work = pin!(work);
        let first = std::future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context)));
        if let Poll::Ready(done) = first.await {
            return Ok(done);
        }
        tokio::select! {
            biased; // What has come just in time has come.
            done = work => Ok(done),
            () = self.sleep(span) => Err(TookTooLong),
        }
    }

    /// Whether another clock disagrees so much that nobody may be closed by deadline.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.shared.frozen.load(Ordering::Relaxed)
    }

    /// Compares with the database's clock, read at some moment between `asked` and now, and moves a
    /// little towards it. Returns the disagreement in milliseconds: only what lies outside those
    /// two, for a database that is slow to answer is not wrong.
    pub fn follow(&self, asked: Timestamp, database: Timestamp) -> i64 {
        let shared = &*self.shared;
        let turned = shared.turning.forward_ms();
        let (asked, answered) = (asked.as_ms(), self.now().as_ms());
        let database = database.as_ms() + turned;
        let skew = database - database.clamp(asked, answered.max(asked));
        shared.offset_ms.fetch_add(skew.clamp(-SLEW_MS, SLEW_MS), Ordering::Relaxed);
        if skew.abs() > DATABASE_SKEW_MAX_MS {
            shared.frozen.store(true, Ordering::Relaxed);
        } else if answered - asked <= DATABASE_SKEW_MAX_MS {
            shared.frozen.store(false, Ordering::Relaxed);
        }
        skew
    }

    /// Compares with the machine's wall clock, which is not followed. Returns the disagreement in
    /// milliseconds.
    pub fn watch_wall(&self) -> i64 {
        let shared = &*self.shared;
        let ours = self.boot_ms() + shared.offset_ms.load(Ordering::Relaxed);
        let wall = shared.turning.wall_ms().unwrap_or_else(|| read_ms(ClockId::Realtime));
        let step = wall - ours;
        shared.frozen.store(step.abs() > WALL_STEP_MAX_MS, Ordering::Relaxed);
        step
    }

    /// Turns the clock forward and wakes those who wait by it, for tests.
    #[cfg(feature = "turned-clock")]
    pub fn turn(&self, forward: Span) {
        self.shared.turning.turn(forward.as_ms());
    }

    /// The earliest time somebody waits for, for tests that turn from one to the next.
    #[cfg(feature = "turned-clock")]
    #[must_use]
    pub fn next_alarm(&self) -> Option<Timestamp> {
        self.shared.turning.next_alarm()
    }

    /// Sets the machine's wall clock forward or back under a clock that stands still, for tests.
    #[cfg(feature = "turned-clock")]
    pub fn step_wall(&self, ms: i64) {
        self.shared.turning.step_wall(ms);
    }

    /// How far a test has turned the clock; zero in a release.
    #[must_use]
    pub fn turned(&self) -> Span {
        Span::from_ms(self.shared.turning.forward_ms())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_is_slewed_and_never_turns_time_back() {
        let clock = Clock::starting_at(Timestamp::from_ms(1_000_000));
        let before = clock.now();
        let skew = clock.follow(before, before - Span::from_seconds(3));
        assert!(skew <= -2_900, "{skew}");
        assert!(clock.now() >= before);
        assert!(clock.is_frozen());
        clock.follow(clock.now(), clock.now());
        assert!(!clock.is_frozen());
    }

    #[test]
    fn a_slow_answer_is_no_disagreement_and_proves_no_agreement() {
        let clock = Clock::starting_at(Timestamp::from_ms(1_000_000));
        let slow = || clock.now() - Span::from_seconds(2);
        assert_eq!(clock.follow(slow(), clock.now() - Span::from_ms(10)), 0);
        assert!(!clock.is_frozen());
        assert!(clock.follow(slow(), clock.now() + Span::from_seconds(3)) > 2_900);
        assert!(clock.is_frozen());
        clock.follow(slow(), clock.now() - Span::from_ms(10));
        assert!(clock.is_frozen(), "it may still disagree");
        clock.follow(clock.now(), clock.now());
        assert!(!clock.is_frozen());
    }

    #[test]
    fn a_timer_for_the_past_is_due_now() {
        let clock = Clock::starting_at(Timestamp::from_ms(1_000_000));
        assert_eq!(clock.until(Timestamp::from_ms(5)), std::time::Duration::ZERO);
        assert!(
            clock.until(clock.now() + Span::from_minutes(1)) > std::time::Duration::from_secs(50)
        );
    }

    #[tokio::test]
    async fn an_alarm_rings_when_its_time_has_come_and_can_be_put_off() {
        let clock = Clock::starting_at(Timestamp::from_ms(1_000_000));
        let began = clock.now();
        let mut alarm = pin!(clock.sleep_until(began + Span::from_ms(20)));
        alarm.as_mut().await;
        assert!(clock.now() >= began + Span::from_ms(20));
        alarm.as_mut().set(began + Span::from_ms(60));
        assert!(futures_util::poll!(alarm.as_mut()).is_pending());
        alarm.as_mut().set(began + Span::from_ms(90));
        alarm.as_mut().await;
        assert!(clock.now() >= began + Span::from_ms(90), "it was put off");
        alarm.as_mut().set(clock.now() + Span::from_minutes(60));
        assert!(futures_util::poll!(alarm.as_mut()).is_pending());
        alarm.as_mut().set(clock.now() + Span::from_ms(10));
        let rang = tokio::time::timeout(std::time::Duration::from_secs(10), alarm).await;
        assert!(rang.is_ok(), "it was brought forward");
    }

    #[tokio::test]
    async fn what_takes_too_long_is_given_up() {
        let clock = Clock::starting_at(Timestamp::from_ms(1_000_000));
        let span = Span::from_ms(5);
        assert_eq!(clock.timeout(span, std::future::ready(7)).await, Ok(7));
        let never = std::future::pending::<()>();
        assert_eq!(clock.timeout(span, never).await, Err(TookTooLong));
    }

    #[tokio::test]
    async fn a_missed_tick_is_not_made_up_for() {
        let clock = Clock::starting_at(Timestamp::from_ms(1_000_000));
        let mut ticks = clock.interval(Span::from_ms(20));
        ticks.tick().await;
        tokio::time::sleep(std::time::Duration::from_millis(70)).await;
        ticks.tick().await;
        let late = clock.now();
        ticks.tick().await;
        assert!(clock.now() >= late + Span::from_ms(15), "one at once, and then a pause");
    }

    #[cfg(feature = "turned-clock")]
    #[tokio::test]
    async fn a_turn_wakes_those_whose_time_it_brings() {
        for clock in [Clock::standing_at(Timestamp::from_ms(1_000_000)), Clock::start()] {
            let began = clock.now();
            let mut short = pin!(clock.sleep(Span::from_minutes(1)));
            let mut long = pin!(clock.sleep(Span::from_minutes(120)));
            assert!(futures_util::poll!(short.as_mut()).is_pending());
            assert!(futures_util::poll!(long.as_mut()).is_pending());
            assert!(clock.next_alarm().is_some_and(|at| at < began + Span::from_minutes(2)));
            clock.turn(Span::from_minutes(61));
            let patience = std::time::Duration::from_secs(10);
            tokio::time::timeout(patience, short).await.expect("a turn wakes it");
            assert!(futures_util::poll!(long.as_mut()).is_pending());
            clock.turn(Span::from_minutes(61));
            tokio::time::timeout(patience, long.as_mut()).await.expect("and the other one");
            assert_eq!(clock.next_alarm(), None);
            // What is set anew for a time that has come does not wait for the old one.
            long.as_mut().set(clock.now());
            tokio::time::timeout(patience, long).await.expect("it rings at once");
        }
    }

    #[cfg(feature = "turned-clock")]
    #[test]
    fn a_clock_that_stands_still_notices_a_step_of_the_wall_clock() {
        let clock = Clock::standing_at(Timestamp::from_ms(1_000_000));
        assert_eq!(clock.now(), Timestamp::from_ms(1_000_000));
        clock.turn(Span::from_minutes(60));
        assert_eq!((clock.watch_wall(), clock.is_frozen()), (0, false));
        clock.step_wall(-3_600_000);
        assert_eq!((clock.watch_wall(), clock.is_frozen()), (-3_600_000, true));
        clock.step_wall(3_600_000);
        assert_eq!((clock.watch_wall(), clock.is_frozen()), (0, false));
    }
}
