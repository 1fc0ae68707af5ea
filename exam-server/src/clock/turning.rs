//! Turning the clock, for tests. In a release none of it is there: the types are empty and what
//! they are asked is answered by constants.

#[cfg(feature = "turned-clock")]
pub use turned::{Sleeper, Turning};
#[cfg(not(feature = "turned-clock"))]
pub use untouched::{Sleeper, Turning};

#[cfg(not(feature = "turned-clock"))]
mod untouched {
    use std::marker::PhantomData;
    use std::task::Context;

    use exam_core::time::Timestamp;

    /// Nobody turns this clock.
    #[derive(Debug)]
    pub struct Turning;

    /// An alarm that only time wakes.
    #[derive(Debug)]
    pub struct Sleeper<'a>(PhantomData<&'a ()>);

    impl Turning {
        pub const fn none() -> Self {
            Self
        }

        pub const fn forward_ms(&self) -> i64 {
            0
        }

        pub const fn stands_still(&self) -> bool {
            false
        }

        pub const fn wall_ms(&self) -> Option<i64> {
            None
        }
    }

    impl<'a> Sleeper<'a> {
        pub const fn new(_turning: &'a Turning) -> Self {
            Self(PhantomData)
        }

        pub const fn wait_for_turn(&mut self, _at: Timestamp, _context: &Context<'_>) -> bool {
            false
        }

        pub const fn wake(&mut self) {}
    }
}

#[cfg(feature = "turned-clock")]
mod turned {
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
    use std::sync::{Mutex, MutexGuard};
    use std::task::{Context, Waker};

    use exam_core::time::Timestamp;

    /// How far a clock was turned, and who sleeps by it.
    #[derive(Debug, Default)]
    pub struct Turning {
        forward_ms: AtomicI64,
        /// Whether only turns move the clock.
        stands_still: AtomicBool,
        /// Where a clock that stands still has the machine's wall clock, before any turn.
        wall_ms: AtomicI64,
        next_id: AtomicU64,
        sleepers: Mutex<HashMap<u64, (Timestamp, Waker)>>,
    }

    /// An alarm that a turn wakes.
    #[derive(Debug)]
    pub struct Sleeper<'a> {
        turning: &'a Turning,
        id: u64,
        asleep: bool,
        /// How far the clock was turned when it fell asleep.
        forward_ms: i64,
    }

    impl Turning {
        pub fn none() -> Self {
            Self::default()
        }

        pub fn standing_still(wall_ms: i64) -> Self {
            Self {
                stands_still: AtomicBool::new(true),
                wall_ms: AtomicI64::new(wall_ms),
                ..Self::default()
            }
        }

        pub fn forward_ms(&self) -> i64 {
            self.forward_ms.load(Ordering::SeqCst)
        }

        pub fn stands_still(&self) -> bool {
            self.stands_still.load(Ordering::Relaxed)
        }

        pub fn wall_ms(&self) -> Option<i64> {
            self.stands_still().then(|| self.wall_ms.load(Ordering::Relaxed))
        }

        pub fn step_wall(&self, ms: i64) {
            self.wall_ms.fetch_add(ms, Ordering::Relaxed);
        }

        /// Turns the clock and wakes everybody who sleeps by it.
        pub fn turn(&self, ms: i64) {
            self.forward_ms.fetch_add(ms, Ordering::SeqCst);
            let sleepers: Vec<Waker> =
                self.sleepers().values().map(|(_, waker)| waker.clone()).collect();
            sleepers.iter().for_each(Waker::wake_by_ref);
        }

        /// The earliest time somebody sleeps until.
        pub fn next_alarm(&self) -> Option<Timestamp> {
            self.sleepers().values().map(|&(at, _)| at).min()
        }

        fn sleepers(&self) -> MutexGuard<'_, HashMap<u64, (Timestamp, Waker)>> {
            self.sleepers.lock().expect("nobody panics with the sleepers")
        }
    }

    impl<'a> Sleeper<'a> {
        pub fn new(turning: &'a Turning) -> Self {
            let id = turning.next_id.fetch_add(1, Ordering::Relaxed);
            Self { turning, id, asleep: false, forward_ms: 0 }
        }

        /// Falls asleep until `at` or the next turn; `true` where the clock was turned since the
        /// last time.
        pub fn wait_for_turn(&mut self, at: Timestamp, context: &Context<'_>) -> bool {
            self.asleep = true;
            self.turning.sleepers().insert(self.id, (at, context.waker().clone()));
            let forward_ms = self.turning.forward_ms();
            std::mem::replace(&mut self.forward_ms, forward_ms) != forward_ms
        }

        pub fn wake(&mut self) {
            if std::mem::take(&mut self.asleep) {
                self.turning.sleepers().remove(&self.id);
            }
        }
    }

    impl Drop for Sleeper<'_> {
        fn drop(&mut self) {
            self.wake();
        }
    }
}
