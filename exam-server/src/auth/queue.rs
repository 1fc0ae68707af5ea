//! The queue before the hashing threads: whoever does not fit gets a number and an honest place.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::hasher::{Hasher, WAITING_MAX};
use crate::keys::Keys;

/// How long one hash takes on one core, measured; it sets when somebody is asked back.
const HASH_MS: u64 = 17;

/// How soon anybody is asked back: often enough to feel alive, seldom enough to cost nothing.
const RETRY_MS_MIN: u64 = 500;

/// How late anybody is asked back, however long the queue.
const RETRY_MS_MAX: u64 = 15_000;

/// Those who would have to wait longer are asked back so much earlier at most, each at a time of
/// their own: a thousand who come back at once hold up the saves.
const RETRY_MS_SPREAD: u64 = 8_000;

/// The queue of one node. Numbers go up; those up to `admitted` may come in.
#[derive(Debug)]
pub struct SignInQueue(Mutex<Numbers>);

#[derive(Debug)]
struct Numbers {
    issued: u64,
    admitted: u64,
    advanced_at: Instant,
}

/// A place in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub position: u64,
    /// When to come back.
    pub retry_ms: u64,
    /// Keeps the place.
    pub ticket: String,
}

/// When somebody whose turn is in `wait_ms` is asked back.
fn retry_ms(wait_ms: u64) -> u64 {
    match wait_ms.checked_sub(RETRY_MS_MAX) {
        Some(beyond) => RETRY_MS_MAX - beyond % RETRY_MS_SPREAD,
        None => wait_ms.max(RETRY_MS_MIN),
    }
}

impl Default for SignInQueue {
    fn default() -> Self {
        Self(Mutex::new(Numbers { issued: 0, admitted: 0, advanced_at: Instant::now() }))
    }
}

impl SignInQueue {
    /// Lets somebody in, given the ticket that was brought back.
    ///
    /// # Errors
    /// The place to wait at, for whom there is no room yet.
    pub fn enter(&self, hasher: &Hasher, keys: &Keys, ticket: Option<&str>) -> Result<(), Place> {
        let threads = hasher.threads() as u64;
        let has_room = hasher.waiting() < WAITING_MAX;
        let mut numbers = self.0.lock().expect("no holder panics");
        numbers.advance(threads);
        match numbers.held(keys, ticket) {
            Some(number) if number <= numbers.admitted && has_room => Ok(()),
            None if numbers.admitted >= numbers.issued && has_room => Ok(()),
            Some(number) => Err(numbers.place(keys, number, threads)),
            None => {
                numbers.issued += 1;
                Err(numbers.place(keys, numbers.issued, threads))
            }
        }
    }

    /// The place of whoever brings back a ticket before its turn; `None` for anybody else.
    #[must_use]
    pub fn still_waits(&self, hasher: &Hasher, keys: &Keys, ticket: Option<&str>) -> Option<Place> {
        let threads = hasher.threads() as u64;
        let mut numbers = self.0.lock().expect("no holder panics");
        numbers.advance(threads);
        let number = numbers.held(keys, ticket)?;
        (number > numbers.admitted).then(|| numbers.place(keys, number, threads))
    }
}

impl Numbers {
    /// Admits as many as the threads have had time for, so that a ticket whose holder never comes
    /// back holds up nobody.
    fn advance(&mut self, threads: u64) {
        let elapsed = self.advanced_at.elapsed();
        let hashed = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX) * threads / HASH_MS;
        if hashed > 0 {
            self.advanced_at += Duration::from_millis(hashed * HASH_MS / threads);
            self.admitted = (self.admitted + hashed).min(self.issued);
        }
    }

    /// The number of a ticket that this queue gave.
    fn held(&self, keys: &Keys, ticket: Option<&str>) -> Option<u64> {
        let number = ticket.and_then(|ticket| number_of(keys, ticket));
        number.filter(|number| *number <= self.issued)
    }

    fn place(&self, keys: &Keys, number: u64, threads: u64) -> Place {
        let position = number.saturating_sub(self.admitted).max(1);
        let retry_ms = retry_ms(position * HASH_MS / threads);
        Place { position, retry_ms, ticket: ticket_of(keys, number) }
    }
}

fn ticket_of(keys: &Keys, number: u64) -> String {
    let tag = keys.lookup_hash("queue", &number.to_string());
    format!("{number}.{}", hex::encode(&tag[..8]))
}

fn number_of(keys: &Keys, ticket: &str) -> Option<u64> {
    let number = ticket.split_once('.')?.0.parse().ok()?;
    (ticket_of(keys, number) == ticket).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_ticket_keeps_its_place_and_is_let_in_in_turn() {
        let (queue, keys) = (SignInQueue::default(), Keys::derive(&[1; 32]));
        let hasher = Hasher::start();
        assert_eq!(queue.enter(&hasher, &keys, None), Ok(()));
        let storm: Vec<_> = (0..200).map(|_| hasher.verify("storm", None)).collect();
        let mut storm = Box::pin(futures_util::future::join_all(storm));
        assert!(futures_util::poll!(storm.as_mut()).is_pending());
        let Err(Place { position, ticket, .. }) = queue.enter(&hasher, &keys, None) else {
            panic!("the threads have enough to do");
        };
        assert_eq!(position, 1);
        let Err(Place { position, .. }) = queue.enter(&hasher, &keys, None) else {
            panic!("a second one waits behind the first");
        };
        assert_eq!(position, 2);
        let again = queue.enter(&hasher, &keys, Some(&ticket));
        assert!(matches!(again, Err(Place { position: 1, .. }) | Ok(())), "{again:?}");
        storm.await;
        tokio::time::sleep(Duration::from_millis(2 * HASH_MS)).await;
        assert_eq!(queue.enter(&hasher, &keys, Some(&ticket)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_that_everybody_left_is_gone_when_its_time_is_over() {
        let mut numbers = Numbers { issued: 1_000, admitted: 0, advanced_at: Instant::now() };
        tokio::time::advance(Duration::from_millis(100 * HASH_MS)).await;
        numbers.advance(2);
        assert_eq!(numbers.admitted, 200);
        tokio::time::advance(Duration::from_millis(400 * HASH_MS)).await;
        numbers.advance(2);
        assert_eq!(numbers.admitted, 1_000);
    }

    #[tokio::test]
    async fn only_a_ticket_before_its_turn_still_waits() {
        let (queue, keys, hasher) =
            (SignInQueue::default(), Keys::derive(&[1; 32]), Hasher::start());
        queue.0.lock().expect("no holder panics").issued = 100_000;
        let (first, last) = (ticket_of(&keys, 1), ticket_of(&keys, 100_000));
        tokio::time::sleep(Duration::from_millis(2 * HASH_MS)).await;
        assert_eq!(queue.still_waits(&hasher, &keys, Some(&first)), None);
        assert!(queue.still_waits(&hasher, &keys, Some(&last)).is_some());
        for other in [None, Some("1.00"), Some(&*ticket_of(&keys, 100_001))] {
            assert_eq!(queue.still_waits(&hasher, &keys, other), None, "{other:?}");
        }
    }

    #[tokio::test]
    async fn a_made_up_ticket_is_no_ticket() {
        let keys = Keys::derive(&[1; 32]);
        assert_eq!(number_of(&keys, &ticket_of(&keys, 7)), Some(7));
        for ticket in ["", "7", "7.", "7.0000000000000000", "x.y"] {
            assert_eq!(number_of(&keys, ticket), None, "{ticket}");
        }
    }

    #[test]
    fn a_long_queue_does_not_come_back_all_at_once() {
        let mut seconds = std::collections::BTreeMap::new();
        for position in 1..=2_000 {
            let retry_ms = retry_ms(position * HASH_MS);
            assert!((RETRY_MS_MIN..=RETRY_MS_MAX).contains(&retry_ms), "{retry_ms}");
            *seconds.entry(retry_ms / 1_000).or_insert(0) += 1;
        }
        assert!(seconds.values().all(|count| *count < 300), "{seconds:?}");
    }
}
