//! Lookups that gather: while one query is under way, those that come share the next one.
//!
//! A lone lookup asks at once and waits for nobody. When thousands of phones come back, a query
//! and its way to the database and back serve as many of them as came meanwhile.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::oneshot;

/// How many one query looks up: a few milliseconds of a reader's work.
const TOGETHER_MAX: usize = 100;

/// What is looked up together.
pub trait Lookup: Send + Sync + 'static {
    /// What is asked for.
    type Key: Clone + Debug + Eq + Hash + Send + Sync + 'static;
    /// What is found for it.
    type Found: Send + 'static;
    /// What can go wrong.
    type Error: Send + 'static;

    /// Finds what there is of `keys`, in one query.
    fn find(
        &self,
        keys: &[Self::Key],
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Found>, Self::Error>> + Send;
}

/// A lookup whose questions gather. Cheap to clone.
pub struct Gather<L: Lookup> {
    line: Arc<Mutex<Line<L>>>,
    lookup: Arc<L>,
}

struct Line<L: Lookup> {
    /// Whether a query is under way.
    asks: bool,
    waiting: Vec<Question<L>>,
}

struct Question<L: Lookup> {
    key: L::Key,
    answer: oneshot::Sender<Option<L::Found>>,
}

/// Whoever asks. Those who came meanwhile are asked for when this ends, however it ends.
struct Turn<L: Lookup>(Gather<L>);

impl<L: Lookup> Clone for Gather<L> {
    fn clone(&self) -> Self {
        Self { line: Arc::clone(&self.line), lookup: Arc::clone(&self.lookup) }
    }
}

impl<L: Lookup> Debug for Gather<L> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Gather").finish_non_exhaustive()
    }
}

impl<L: Lookup> Gather<L> {
    /// Gathers what `lookup` is asked.
    pub fn new(lookup: L) -> Self {
        let line = Line { asks: false, waiting: Vec::new() };
        Self { line: Arc::new(Mutex::new(line)), lookup: Arc::new(lookup) }
    }

    fn line(&self) -> MutexGuard<'_, Line<L>> {
        self.line.lock().expect("nobody panics with the line")
    }

    /// Finds `key`; `None` where there is nothing.
    ///
    /// # Errors
    /// What the lookup says.
    pub async fn find(&self, key: L::Key) -> Result<Option<L::Found>, L::Error> {
        let waits = {
            let mut line = self.line();
            if std::mem::replace(&mut line.asks, true) {
                let (answer, answered) = oneshot::channel();
                line.waiting.push(Question { key: key.clone(), answer });
                Some(answered)
            } else {
                None
            }
        };
        let Some(answered) = waits else {
            let _turn = Turn(self.clone());
            return self.find_alone(&key).await;
        };
        match answered.await {
            Ok(found) => Ok(found),
            // The query failed: everybody hears what became of their own.
            Err(_) => self.find_alone(&key).await,
        }
    }

    async fn find_alone(&self, key: &L::Key) -> Result<Option<L::Found>, L::Error> {
        Ok(self.lookup.find(std::slice::from_ref(key)).await?.remove(key))
    }

    /// Answers those whose turn it is, in one query.
    async fn find_together(&self, questions: Vec<Question<L>>) {
        let keys: Vec<L::Key> = questions.iter().map(|question| question.key.clone()).collect();
        let Ok(mut found) = self.lookup.find(&keys).await else { return };
        for Question { key, answer } in questions {
            let _ = answer.send(found.remove(&key)); // Nobody waits any more: the phone has hung up.
        }
    }
}

impl<L: Lookup> Drop for Turn<L> {
    fn drop(&mut self) {
        let mut line = self.0.line();
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            line.waiting.clear(); // They ask for themselves, should anything still run.
            line.asks = false;
            return;
        };
        if line.waiting.is_empty() {
            line.asks = false;
            return;
        }
        // Two of one key do not share an answer: the second one's turn is the next.
        let mut keys = HashSet::new();
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        for question in line.waiting.drain(..) {
            if taken.len() < TOGETHER_MAX && keys.insert(question.key.clone()) {
                taken.push(question);
            } else {
                left.push(question);
            }
        }
        line.waiting = left;
        drop(line);
        let turn = Self(self.0.clone());
        runtime.spawn(async move { turn.0.find_together(taken).await });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    /// Finds even numbers, when it is let; fails at thirteen.
    struct Evens {
        queries: AtomicUsize,
        gate: Semaphore,
    }

    impl Lookup for Arc<Evens> {
        type Key = u32;
        type Found = u32;
        type Error = &'static str;

        async fn find(&self, keys: &[u32]) -> Result<HashMap<u32, u32>, &'static str> {
            self.gate.acquire().await.expect("it is open").forget();
            self.queries.fetch_add(1, Ordering::Relaxed);
            if keys.contains(&13) {
                return Err("thirteen");
            }
            Ok(keys.iter().filter(|key| *key % 2 == 0).map(|key| (*key, key / 2)).collect())
        }
    }

    fn evens() -> (Arc<Evens>, Gather<Arc<Evens>>) {
        let evens = Arc::new(Evens { queries: AtomicUsize::new(0), gate: Semaphore::new(0) });
        (Arc::clone(&evens), Gather::new(evens))
    }

    async fn ask(gather: &Gather<Arc<Evens>>, keys: &[u32]) -> Vec<tokio::task::JoinHandle<Asked>> {
        let mut asked = Vec::new();
        for key in keys.iter().copied() {
            let gather = gather.clone();
            asked.push(tokio::spawn(async move { gather.find(key).await }));
            tokio::task::yield_now().await; // It asks before the next one does.
        }
        asked
    }

    type Asked = Result<Option<u32>, &'static str>;

    #[tokio::test]
    async fn those_who_come_during_a_query_share_the_next() {
        let (evens, gather) = evens();
        let asked = ask(&gather, &[2, 4, 5, 6, 4]).await;
        evens.gate.add_permits(3); // The first one; the next three; the second of one key.
        let mut found = Vec::new();
        for answer in asked {
            found.push(answer.await.expect("it ends").expect("it is found"));
        }
        assert_eq!(found, [Some(1), Some(2), None, Some(3), Some(2)]);
        assert_eq!(evens.queries.load(Ordering::Relaxed), 3);
        evens.gate.add_permits(1);
        assert_eq!(gather.find(8).await, Ok(Some(4)), "and then a lone one asks at once");
    }

    #[tokio::test]
    async fn one_who_hangs_up_or_fails_hurts_nobody() {
        let (evens, gather) = evens();
        let asked = ask(&gather, &[2, 13, 4]).await;
        asked[0].abort();
        evens.gate.add_permits(3); // Two together, which fail, and then each alone.
        let mut asked = asked.into_iter().skip(1);
        let mut next = async || asked.next().expect("there are two").await.expect("it ends");
        assert_eq!(next().await, Err("thirteen"));
        assert_eq!(next().await, Ok(Some(2)));
    }
}
