//! Which connections of this node belong to which attempt, so that they can be told things.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use exam_core::session::Seq;
use rustc_hash::FxHashMap;

use super::mailbox::{Mailbox, Push, Pushes};
use crate::store::AttemptKey;

/// How many parts the registry has, so that connections seldom wait for each other.
const SHARDS: usize = 16;

#[derive(Debug)]
struct Entry {
    id: u64,
    key: AttemptKey,
    mailbox: Arc<Mailbox>,
}

/// The connections of this node, by attempt.
#[derive(Debug, Default)]
pub struct Registry {
    shards: [Mutex<FxHashMap<i64, Vec<Entry>>>; SHARDS],
    next_id: AtomicU64,
}

/// A connection's place in the registry; dropping it leaves.
#[derive(Debug)]
pub struct Place {
    registry: Arc<Registry>,
    attempt_no: i64,
    id: u64,
    mailbox: Arc<Mailbox>,
}

impl Place {
    /// Notes how far the connection has folded its journal.
    pub fn folded(&self, seq: Seq) {
        self.mailbox.note_folded(seq);
    }

    /// Whether the attempt has no other connection on this node that would have to be told.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.mailbox.is_alone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut shard = self.registry.shard(self.attempt_no);
        if let Some(entries) = shard.get_mut(&self.attempt_no) {
            entries.retain(|entry| entry.id != self.id);
            note_alone(entries);
            if entries.is_empty() {
                shard.remove(&self.attempt_no);
            }
        }
    }
}

impl Registry {
    /// Enters a connection.
    #[must_use]
    pub fn enter(self: &Arc<Self>, key: AttemptKey) -> (Place, Pushes) {
        let mailbox = Arc::new(Mailbox::default());
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut shard = self.shard(key.attempt_no);
        let entries = shard.entry(key.attempt_no).or_default();
        entries.push(Entry { id, key, mailbox: Arc::clone(&mailbox) });
        note_alone(entries);
        drop(shard);
        let pushes = Pushes::of(Arc::clone(&mailbox));
        (Place { registry: Arc::clone(self), attempt_no: key.attempt_no, id, mailbox }, pushes)
    }

    /// Tells the connections of an attempt that lag behind `seq`.
    pub fn moved(&self, attempt_no: i64, seq: Seq) {
        for entry in self.shard(attempt_no).get(&attempt_no).into_iter().flatten() {
            if entry.mailbox.folded() < seq {
                entry.mailbox.put(Push::Moved);
            }
        }
    }

    /// Pushes something to every connection of an attempt.
    pub fn push(&self, attempt_no: i64, push: &Push) {
        for entry in self.shard(attempt_no).get(&attempt_no).into_iter().flatten() {
            entry.mailbox.put(push.clone());
        }
    }

    /// Pushes something to every connection of this node.
    pub fn push_to_all(&self, push: &Push) {
        for shard in &self.shards {
            let shard = shard.lock().expect("no holder of the registry panics");
            for entry in shard.values().flatten() {
                entry.mailbox.put(push.clone());
            }
        }
    }

    /// The attempts that have a connection here.
    #[must_use]
    pub fn attempts(&self) -> Vec<AttemptKey> {
        let mut keys = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().expect("no holder of the registry panics");
            keys.extend(shard.values().filter_map(|entries| entries.first().map(|e| e.key)));
        }
        keys
    }

    /// How many connections there are.
    #[must_use]
    pub fn len(&self) -> usize {
        let count = |shard: &Mutex<FxHashMap<i64, Vec<Entry>>>| -> usize {
            shard.lock().expect("no holder of the registry panics").values().map(Vec::len).sum()
        };
        self.shards.iter().map(count).sum()
    }

    /// Whether there is no connection.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, attempt_no: i64) -> std::sync::MutexGuard<'_, FxHashMap<i64, Vec<Entry>>> {
        let index = usize::try_from(attempt_no.rem_euclid(SHARDS as i64)).unwrap_or(0);
        self.shards[index].lock().expect("no holder of the registry panics")
    }
}

fn note_alone(entries: &[Entry]) {
    for entry in entries {
        entry.mailbox.note_alone(entries.len() == 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: AttemptKey = AttemptKey { candidate_no: 1, attempt_no: 7 };

    #[test]
    fn a_connection_is_told_of_what_it_has_not_folded() {
        let registry = Arc::new(Registry::default());
        let (place, mut pushes) = registry.enter(KEY);
        place.folded(Seq(3));
        registry.moved(7, Seq(3));
        assert_eq!(pushes.take(), None);
        registry.moved(7, Seq(4));
        assert_eq!(pushes.take(), Some(Push::Moved));
        registry.moved(8, Seq(9));
        assert_eq!(pushes.take(), None);
    }

    #[test]
    fn a_connection_that_leaves_is_forgotten() {
        let registry = Arc::new(Registry::default());
        let (place, _pushes) = registry.enter(KEY);
        assert!(place.is_alone());
        let (other, _more) = registry.enter(KEY);
        assert_eq!((registry.len(), registry.attempts()), (2, vec![KEY]));
        assert!(!place.is_alone() && !other.is_alone());
        drop(place);
        assert!(other.is_alone());
        assert_eq!(registry.len(), 1);
        drop(other);
        assert!(registry.is_empty() && registry.attempts().is_empty());
    }
}
