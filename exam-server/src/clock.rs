//! The server's clock: the one place that reads the time.
//!
//! `CLOCK_BOOTTIME` runs on through a suspend and is moved by nobody; added to it is an offset
//! that is fixed at start. On PostgreSQL the offset follows the database's clock, so that all
//! nodes agree; on SQLite it stays, and a wall clock that steps is noticed, not followed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use exam_core::time::{Span, Timestamp};
use rustix::time::{ClockId, clock_gettime};

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
    /// How far a test has turned the clock.
    turned_ms: AtomicI64,
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
        let offset_ms = now.as_ms() - read_ms(ClockId::Boottime);
        Self {
            shared: Arc::new(Shared {
                offset_ms: AtomicI64::new(offset_ms),
                latest_ms: AtomicI64::new(now.as_ms()),
                turned_ms: AtomicI64::new(0),
                frozen: AtomicBool::new(false),
            }),
        }
    }

    /// The time now. Never earlier than a time given out before.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let shared = &*self.shared;
        let now = read_ms(ClockId::Boottime)
            + shared.offset_ms.load(Ordering::Relaxed)
            + shared.turned_ms.load(Ordering::Relaxed);
        Timestamp::from_ms(shared.latest_ms.fetch_max(now, Ordering::Relaxed).max(now))
    }

    /// How long from now until `at`, for a timer; zero when it has come.
    #[must_use]
    pub fn until(&self, at: Timestamp) -> std::time::Duration {
        let ms = at.since(self.now()).as_ms();
        std::time::Duration::from_millis(u64::try_from(ms).unwrap_or(0))
    }

    /// Whether another clock disagrees so much that nobody may be closed by deadline.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.shared.frozen.load(Ordering::Relaxed)
    }

    /// Compares with the database's clock, read between `asked` and now, and moves a little
    /// towards it. Returns the disagreement in milliseconds.
    pub fn follow(&self, asked: Timestamp, database: Timestamp) -> i64 {
        let shared = &*self.shared;
        let turned = shared.turned_ms.load(Ordering::Relaxed);
        let middle = asked.as_ms() + self.now().since(asked).as_ms() / 2;
        let skew = database.as_ms() + turned - middle;
        shared.offset_ms.fetch_add(skew.clamp(-SLEW_MS, SLEW_MS), Ordering::Relaxed);
        shared.frozen.store(skew.abs() > DATABASE_SKEW_MAX_MS, Ordering::Relaxed);
        skew
    }

    /// Compares with the machine's wall clock, which is not followed. Returns the disagreement in
    /// milliseconds.
    pub fn watch_wall(&self) -> i64 {
        let shared = &*self.shared;
        let ours = read_ms(ClockId::Boottime) + shared.offset_ms.load(Ordering::Relaxed);
        let step = read_ms(ClockId::Realtime) - ours;
        shared.frozen.store(step.abs() > WALL_STEP_MAX_MS, Ordering::Relaxed);
        step
    }

    /// Turns the clock forward, for tests.
    #[cfg(feature = "turned-clock")]
    pub fn turn(&self, forward: Span) {
        self.shared.turned_ms.fetch_add(forward.as_ms(), Ordering::Relaxed);
    }

    /// How far a test has turned the clock; zero in a release.
    #[must_use]
    pub fn turned(&self) -> Span {
        Span::from_ms(self.shared.turned_ms.load(Ordering::Relaxed))
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
    }

    #[test]
    fn a_timer_for_the_past_is_due_now() {
        let clock = Clock::starting_at(Timestamp::from_ms(1_000_000));
        assert_eq!(clock.until(Timestamp::from_ms(5)), std::time::Duration::ZERO);
        assert!(
            clock.until(clock.now() + Span::from_minutes(1)) > std::time::Duration::from_secs(50)
        );
    }
}
