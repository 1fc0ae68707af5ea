//! What phones were told is safe, and the judgement whether it was.
//!
//! The comparison is with the journal itself, message by message: looking at the last response of
//! each slot would not notice a lost one that was overwritten later.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use exam_core::ids::AttemptId;
use exam_core::letters::letters_of;
use exam_core::session::{Event, Frame, Seq};
use exam_server::commands::Desk;
use exam_server::store::Scope;

/// A save as its phone sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Save {
    /// The phone's number of it.
    pub n: u64,
    /// The slot.
    pub slot: u16,
    /// The option's letter.
    pub option: &'static str,
    /// The time the phone claims, which no other save claims.
    pub mark: u64,
    /// Whether the server ever refused it for now: a later one may then have replaced it.
    pub refused_once: bool,
}

/// The acknowledged saves of each attempt, in order.
pub type Acknowledged = HashMap<String, Vec<Save>>;

/// Where all phones of a scenario write down what was acknowledged.
#[derive(Default)]
pub struct Ledger {
    acknowledged: Mutex<Acknowledged>,
    count: AtomicU64,
}

impl Ledger {
    /// Notes acknowledged saves of an attempt.
    ///
    /// # Panics
    /// When another holder panicked.
    pub fn note(&self, attempt: &str, saves: impl IntoIterator<Item = Save>) {
        let mut all = self.acknowledged.lock().expect("no holder panics");
        let own = match all.get_mut(attempt) {
            Some(own) => own,
            None => all.entry(attempt.to_owned()).or_default(),
        };
        let before = own.len();
        own.extend(saves);
        self.count.fetch_add((own.len() - before) as u64, Ordering::Relaxed);
    }

    /// How many saves were acknowledged so far.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// What was acknowledged so far.
    ///
    /// # Panics
    /// When another holder panicked.
    pub fn copy(&self) -> Acknowledged {
        self.acknowledged.lock().expect("no holder panics").clone()
    }
}

/// What became of acknowledged saves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// How many were acknowledged.
    pub acknowledged: u64,
    /// How many of them the journal does not hold.
    pub lost: u64,
    /// How many the journal holds more than once.
    pub doubled: u64,
    /// How many were stored after a newer one, as a node would that slept over its fence.
    pub stale: u64,
    /// How many attempts end more than once.
    pub closed_twice: u64,
}

impl Judged {
    /// All that went wrong.
    #[must_use]
    pub const fn wrong(&self) -> u64 {
        self.lost + self.doubled + self.stale + self.closed_twice
    }
}

/// The frames of an attempt, as the database holds them.
///
/// # Panics
/// When the database does not answer, or a frame cannot be read.
pub async fn frames_of(desk: &Desk, attempt: &str) -> Vec<Frame> {
    let id: AttemptId = attempt.parse().expect("an attempt's id");
    let Some(found) = desk.store.attempt_find(id, &Scope::All).await.expect("it answers") else {
        return Vec::new();
    };
    let frames = desk.store.journal_frames(found.key, Seq(0)).await.expect("it answers");
    frames.iter().map(|(_, body)| serde_json::from_str(body).expect("a frame")).collect()
}

/// Compares what was acknowledged with the journals.
pub async fn judge(desk: &Desk, acknowledged: &Acknowledged) -> Judged {
    let mut judged = Judged::default();
    for (attempt, saves) in acknowledged {
        let frames = frames_of(desk, attempt).await;
        judge_one(&mut judged, saves, frames.iter().flat_map(|frame| &frame.events));
    }
    judged
}

fn judge_one<'a>(judged: &mut Judged, saves: &[Save], events: impl Iterator<Item = &'a Event>) {
    let mut stored: HashMap<u64, (u16, String)> = HashMap::new();
    let mut newest_of_slot: HashMap<u16, u64> = HashMap::new();
    let mut closings = 0;
    let mut newest = 0;
    let refused: HashSet<u64> =
        saves.iter().filter(|save| save.refused_once).map(|save| save.n).collect();
    for event in events {
        match event {
            Event::Saved { n, slot, response, .. } => {
                let before = stored.insert(*n, (slot.0, letters_of(*response)));
                judged.doubled += u64::from(before.is_some());
                newest_of_slot.insert(slot.0, *n);
                // Phones send in order; only what was refused for now may come after a newer one.
                judged.stale += u64::from(*n < newest && !refused.contains(n));
                newest = newest.max(*n);
            }
            Event::Closed { .. } => closings += 1,
            _ => {}
        }
    }
    judged.closed_twice += u64::from(closings > 1);
    for save in saves {
        judged.acknowledged += 1;
        let held = match stored.get(&save.n) {
            Some((slot, option)) => *slot == save.slot && option == save.option,
            // Refused for now and sent again after a newer one of the same slot had been stored.
            None => {
                save.refused_once
                    && newest_of_slot.get(&save.slot).is_some_and(|newest| *newest > save.n)
            }
        };
        judged.lost += u64::from(!held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use exam_core::letters::option_set_of;
    use exam_core::session::Slot;
    use exam_core::time::Timestamp;

    fn save(n: u64, slot: u16, option: &'static str) -> Save {
        Save { n, slot, option, mark: n, refused_once: false }
    }

    fn saved(n: u64, slot: u16, option: &str) -> Event {
        Event::Saved {
            at: Timestamp::from_ms(0),
            n,
            slot: Slot(slot),
            response: option_set_of(option).expect("letters"),
            client_at: None,
            arrived_at: None,
        }
    }

    fn judged(saves: &[Save], events: &[Event]) -> Judged {
        let mut judged = Judged::default();
        judge_one(&mut judged, saves, events.iter());
        judged
    }

    #[test]
    fn a_save_that_was_overwritten_later_is_missed_all_the_same() {
        let saves = [save(1, 3, "a"), save(2, 3, "b")];
        assert_eq!(judged(&saves, &[saved(1, 3, "a"), saved(2, 3, "b")]).wrong(), 0);
        assert_eq!(judged(&saves, &[saved(2, 3, "b")]).lost, 1);
        assert_eq!(judged(&saves, &[saved(1, 3, "a"), saved(2, 3, "c")]).lost, 1);
    }

    #[test]
    fn a_save_that_comes_after_a_newer_one_is_counted() {
        let saves = [save(1, 3, "a"), save(2, 4, "b")];
        assert_eq!(judged(&saves, &[saved(2, 4, "b"), saved(1, 3, "a")]).stale, 1);
    }

    #[test]
    fn a_save_that_is_stored_twice_is_counted() {
        let events = [saved(1, 3, "a"), saved(1, 3, "a")];
        assert_eq!(judged(&[save(1, 3, "a")], &events).doubled, 1);
    }
}
