//! What waits for one connection. It is looked into several times with every save, so that a look
//! into an empty one is a read of one flag.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use exam_core::session::Seq;

/// How many pushes wait for one connection. They are hints; one that finds no
/// room is made up for by the comparison of heads every five seconds.
const PUSHES_MAX: usize = 16;

/// Something for a connection to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Push {
    /// The journal has moved, or time was turned.
    Moved,
    /// The consent to photographs was taken back.
    Unwatched,
    /// The server stops.
    Stopping,
    /// The sign-ins with these token hashes were revoked.
    Revoked(Arc<[Vec<u8>]>),
}

/// What one connection and those who tell it things share.
#[derive(Debug, Default)]
pub struct Mailbox {
    /// How far the connection has folded its journal.
    folded: AtomicU64,
    /// Whether the attempt has no other connection on this node.
    alone: AtomicBool,
    /// Whether something waits.
    full: AtomicBool,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    pushes: VecDeque<Push>,
    reader: Option<Waker>,
}

/// The end of a mailbox that its connection reads.
#[derive(Debug)]
pub struct Pushes {
    mailbox: Arc<Mailbox>,
    /// Who is woken, as the mailbox knows it.
    reader: Option<Waker>,
}

impl Mailbox {
    /// How far the connection has folded its journal.
    #[must_use]
    pub fn folded(&self) -> Seq {
        Seq(self.folded.load(Ordering::Relaxed))
    }

    /// Notes how far the connection has folded its journal.
    pub fn note_folded(&self, seq: Seq) {
        self.folded.store(seq.0, Ordering::Relaxed);
    }

    /// Whether the attempt has no other connection on this node.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.alone.load(Ordering::Acquire)
    }

    /// Notes whether the attempt has another connection on this node.
    pub fn note_alone(&self, alone: bool) {
        self.alone.store(alone, Ordering::Release);
    }

    /// Puts `push` in, unless there is no room, and wakes the connection.
    pub fn put(&self, push: Push) {
        let mut waiting = self.waiting();
        if waiting.pushes.len() < PUSHES_MAX {
            waiting.pushes.push_back(push);
            self.full.store(true, Ordering::Release);
        }
        if let Some(reader) = &waiting.reader {
            reader.wake_by_ref();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("no holder of a mailbox panics")
    }
}

impl Pushes {
    /// The reading end of `mailbox`; it has one only.
    #[must_use]
    pub fn of(mailbox: Arc<Mailbox>) -> Self {
        Self { mailbox, reader: None }
    }

    /// The next push. Dropping the wait loses nothing.
    pub async fn next(&mut self) -> Push {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// What waits already.
    pub fn take(&mut self) -> Option<Push> {
        if !self.mailbox.full.load(Ordering::Acquire) {
            return None;
        }
        let mut waiting = self.mailbox.waiting();
        let push = waiting.pushes.pop_front();
        self.mailbox.full.store(!waiting.pushes.is_empty(), Ordering::Release);
        push
    }

    fn poll_next(&mut self, context: &Context<'_>) -> Poll<Push> {
        let is_known = |reader: &Waker| reader.will_wake(context.waker());
        if !self.reader.as_ref().is_some_and(is_known) {
            // Before the look: what is put in after it wakes the new reader.
            self.reader = Some(context.waker().clone());
            self.mailbox.waiting().reader = Some(context.waker().clone());
        }
        self.take().map_or(Poll::Pending, Poll::Ready)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, poll};

    use super::*;

    #[tokio::test]
    async fn a_push_wakes_whoever_waits_for_it() {
        let mailbox = Arc::new(Mailbox::default());
        let mut pushes = Pushes::of(Arc::clone(&mailbox));
        assert!(poll!(pushes.next().boxed()).is_pending());
        let put_later = tokio::spawn(async move {
            tokio::task::yield_now().await;
            mailbox.put(Push::Moved);
            mailbox.put(Push::Stopping);
        });
        // Another task than the one that looked first.
        let read = tokio::spawn(async move { (pushes.next().await, pushes.next().await) });
        assert_eq!(read.await.expect("no panic"), (Push::Moved, Push::Stopping));
        put_later.await.expect("no panic");
    }

    #[test]
    fn a_full_mailbox_takes_no_more() {
        let mailbox = Arc::new(Mailbox::default());
        let mut pushes = Pushes::of(Arc::clone(&mailbox));
        for number in 0..PUSHES_MAX + 3 {
            let hash = vec![u8::try_from(number).expect("few")];
            mailbox.put(Push::Revoked([hash].into()));
        }
        let taken: Vec<Push> = std::iter::from_fn(|| pushes.take()).collect();
        assert_eq!(taken.len(), PUSHES_MAX);
        assert_eq!(taken[0], Push::Revoked([vec![0]].into()));
        assert_eq!(pushes.take(), None);
    }
}
