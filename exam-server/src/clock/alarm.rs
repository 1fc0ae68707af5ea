//! Timers that follow the server's clock.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use exam_core::time::{Span, Timestamp};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};

use super::Clock;
use super::turning::Sleeper;

/// How far ahead a timer is armed at most, so that adding it to an instant cannot overflow.
const AHEAD_MAX: Duration = Duration::from_secs(24 * 60 * 60);

pin_project! {
    /// Waits until the clock shows a time. It lives inside the task that waits: no allocation.
    ///
    /// A task that waits again and again keeps one and calls [`Alarm::set`]. Putting it off costs
    /// nothing: the timer below stays where it is, and is moved on when it fires too early.
    #[must_use = "an alarm does nothing unless it is awaited"]
    pub struct Alarm<'a> {
        clock: &'a Clock,
        at: Timestamp,
        #[pin]
        timer: Sleep,
        armed: bool,
        sleeper: Sleeper<'a>,
    }
}

impl<'a> Alarm<'a> {
    pub(super) fn new(clock: &'a Clock, at: Timestamp) -> Self {
        let timer = tokio::time::sleep_until(Instant::now());
        Self { clock, at, timer, armed: false, sleeper: Sleeper::new(&clock.shared.turning) }
    }

    /// Sets the alarm to `at`.
    pub fn set(self: Pin<&mut Self>, at: Timestamp) {
        let this = self.project();
        if at < *this.at {
            *this.armed = false; // What is armed would ring too late.
        }
        *this.at = at;
    }
}

impl Future for Alarm<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        loop {
            // Before the clock is read: a turn in between wakes the task again.
            let turned = this.sleeper.wait_for_turn(*this.at, context);
            if *this.armed && !turned {
                // It rings in time or too early, so there is no need to look at the clock.
                ready!(this.timer.as_mut().poll(context));
                *this.armed = false;
            }
            let left = this.clock.until(*this.at);
            if left.is_zero() {
                this.sleeper.wake();
                *this.armed = false; // A turn may have brought it before the timer.
                return Poll::Ready(());
            }
            if this.clock.stands_still() {
                return Poll::Pending;
            }
            this.timer.as_mut().reset(Instant::now() + left.min(AHEAD_MAX));
            *this.armed = true;
        }
    }
}

/// Ticks at a steady pace; a tick that was missed is not made up for.
#[derive(Debug)]
pub struct Interval<'a> {
    clock: &'a Clock,
    next: Timestamp,
    every: Span,
}

impl<'a> Interval<'a> {
    pub(super) fn new(clock: &'a Clock, every: Span) -> Self {
        Self { clock, next: clock.now(), every }
    }

    /// Waits for the next tick; the first one is due at once. Dropping the wait loses no tick.
    pub async fn tick(&mut self) {
        self.clock.sleep_until(self.next).await;
        let now = self.clock.now();
        let next = self.next + self.every;
        self.next = if next > now { next } else { now + self.every };
    }
}

/// Something took longer than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it took too long")]
pub struct TookTooLong;
