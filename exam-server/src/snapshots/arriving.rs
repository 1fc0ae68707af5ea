//! Photographs whose bytes are on their way: one at a time for each attempt, or one candidate could keep
//! every place and nobody else's would come in.

use std::sync::{Arc, Mutex, MutexGuard};

use rustc_hash::FxHashSet;

/// The attempts of which one is on its way to this node.
#[derive(Clone, Debug, Default)]
pub struct Arriving(Arc<Mutex<FxHashSet<i64>>>);

/// One that is on its way.
#[derive(Debug)]
pub struct OnItsWay {
    all: Arriving,
    attempt_no: i64,
}

impl Arriving {
    /// Takes the place of an attempt; `None` while another one has it.
    #[must_use]
    pub fn begin(&self, attempt_no: i64) -> Option<OnItsWay> {
        let is_first = self.attempts().insert(attempt_no);
        is_first.then(|| OnItsWay { all: self.clone(), attempt_no })
    }

    fn attempts(&self) -> MutexGuard<'_, FxHashSet<i64>> {
        self.0.lock().expect("nobody panics with it")
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.all.attempts().remove(&self.attempt_no);
    }
}
