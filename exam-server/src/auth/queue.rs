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

/// What to do with a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Hash now.
    Now,
    /// Come back later.
    Wait {
        /// The place in the queue, from 1.
        position: u64,
        /// When to come back.
        retry_ms: u64,
        /// Keeps the place.
        ticket: String,
    },
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
    /// Whose turn it is, given the ticket somebody brought back.
    #[must_use]
    pub fn turn(&self, hasher: &Hasher, keys: &Keys, ticket: Option<&str>) -> Turn {
        let room = WAITING_MAX.saturating_sub(hasher.waiting()) as u64;
        let mut numbers = self.0.lock().expect("no holder panics");
        numbers.advance(hasher.threads() as u64, room);
        let held = ticket.and_then(|ticket| number_of(keys, ticket));
        let held = held.filter(|number| *number <= numbers.issued);
        let nobody_waits = numbers.admitted >= numbers.issued;
        match held {
            Some(number) if number <= numbers.admitted && room > 0 => Turn::Now,
            None if nobody_waits && room > 0 => Turn::Now,
            held => {
                let number = held.unwrap_or_else(|| {
                    numbers.issued += 1;
                    numbers.issued
                });
                let position = number.saturating_sub(numbers.admitted).max(1);
                let retry_ms = retry_ms(position * HASH_MS / hasher.threads() as u64);
                Turn::Wait { position, retry_ms, ticket: ticket_of(keys, number) }
            }
        }
    }
}

impl Numbers {
    /// Admits as many as the threads have had time for, so that a ticket whose holder never comes
    /// back holds up nobody.
    fn advance(&mut self, threads: u64, room: u64) {
        let elapsed = self.advanced_at.elapsed();
        let hashed = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX) * threads / HASH_MS;
        if hashed > 0 {
            self.advanced_at += Duration::from_millis(hashed * HASH_MS / threads);
            self.admitted = (self.admitted + hashed.min(room)).min(self.issued);
        }
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
        assert_eq!(queue.turn(&hasher, &keys, None), Turn::Now);
        let storm: Vec<_> = (0..200).map(|_| hasher.verify("storm", None)).collect();
        let mut storm = Box::pin(futures_util::future::join_all(storm));
        assert!(futures_util::poll!(storm.as_mut()).is_pending());
        let Turn::Wait { position, ticket, .. } = queue.turn(&hasher, &keys, None) else {
            panic!("the threads have enough to do");
        };
        assert_eq!(position, 1);
        let Turn::Wait { position, .. } = queue.turn(&hasher, &keys, None) else {
            panic!("a second one waits behind the first");
        };
        assert_eq!(position, 2);
        let again = queue.turn(&hasher, &keys, Some(&ticket));
        assert!(matches!(again, Turn::Wait { position: 1, .. } | Turn::Now), "{again:?}");
        storm.await;
        tokio::time::sleep(Duration::from_millis(2 * HASH_MS)).await;
        assert_eq!(queue.turn(&hasher, &keys, Some(&ticket)), Turn::Now);
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
