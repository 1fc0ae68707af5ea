//! Which connections of this node belong to which attempt, so that they can be told things.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use exam_core::session::Seq;
use rustc_hash::FxHashMap;
use tokio::sync::mpsc;

use crate::store::AttemptKey;

/// How many pushes wait for one connection. They are hints and rare messages; one that finds no
/// room is made up for by the comparison of heads every five seconds.
const OUTBOX_MAX: usize = 16;

/// How many parts the registry has, so that connections seldom wait for each other.
const SHARDS: usize = 16;

/// Something for a connection to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Push {
    /// The journal has moved, or time was turned.
    Moved,
    /// An invigilator says something.
    Message(String),
    /// The server stops.
    Stopping,
    /// The sign-in with this token hash was revoked.
    Revoked(Vec<u8>),
}

#[derive(Debug)]
struct Entry {
    id: u64,
    key: AttemptKey,
    seq: Arc<AtomicU64>,
    outbox: mpsc::Sender<Push>,
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
    seq: Arc<AtomicU64>,
}

impl Place {
    /// Notes how far the connection has folded its journal.
    pub fn folded(&self, seq: Seq) {
        self.seq.store(seq.0, Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut shard = self.registry.shard(self.attempt_no);
        if let Some(entries) = shard.get_mut(&self.attempt_no) {
            entries.retain(|entry| entry.id != self.id);
            if entries.is_empty() {
                shard.remove(&self.attempt_no);
            }
        }
    }
}

impl Registry {
    /// Enters a connection.
    #[must_use]
    pub fn enter(self: &Arc<Self>, key: AttemptKey) -> (Place, mpsc::Receiver<Push>) {
        let (outbox, pushes) = mpsc::channel(OUTBOX_MAX);
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let seq = Arc::new(AtomicU64::new(0));
        let entry = Entry { id, key, seq: Arc::clone(&seq), outbox };
        self.shard(key.attempt_no).entry(key.attempt_no).or_default().push(entry);
        let place = Place { registry: Arc::clone(self), attempt_no: key.attempt_no, id, seq };
        (place, pushes)
    }

    /// Tells the connections of an attempt that lag behind `seq`.
    pub fn moved(&self, attempt_no: i64, seq: Seq) {
        for entry in self.shard(attempt_no).get(&attempt_no).into_iter().flatten() {
            if entry.seq.load(Ordering::Relaxed) < seq.0 {
                let _ = entry.outbox.try_send(Push::Moved);
            }
        }
    }

    /// Pushes something to every connection of an attempt.
    pub fn push(&self, attempt_no: i64, push: &Push) {
        for entry in self.shard(attempt_no).get(&attempt_no).into_iter().flatten() {
            let _ = entry.outbox.try_send(push.clone());
        }
    }

    /// Pushes something to every connection of this node.
    pub fn push_to_all(&self, push: &Push) {
        for shard in &self.shards {
            let shard = shard.lock().expect("no holder of the registry panics");
            for entry in shard.values().flatten() {
                let _ = entry.outbox.try_send(push.clone());
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
        assert!(pushes.try_recv().is_err());
        registry.moved(7, Seq(4));
        assert_eq!(pushes.try_recv(), Ok(Push::Moved));
        registry.moved(8, Seq(9));
        assert!(pushes.try_recv().is_err());
    }

    #[test]
    fn a_connection_that_leaves_is_forgotten() {
        let registry = Arc::new(Registry::default());
        let (place, _pushes) = registry.enter(KEY);
        let (other, _more) = registry.enter(KEY);
        assert_eq!((registry.len(), registry.attempts()), (2, vec![KEY]));
        drop(place);
        assert_eq!(registry.len(), 1);
        drop(other);
        assert!(registry.is_empty() && registry.attempts().is_empty());
    }
}
