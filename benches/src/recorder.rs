//! What many candidates measure, gathered in one place: a histogram for each would take 80 KiB of
//! memory a candidate.

use std::sync::Mutex;
use std::time::Duration;

use serde::Serialize;

use crate::latency::{Latencies, Summary};

/// What candidates wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// From the first try to a token, a place in the queue included.
    SignIn,
    /// From the press of the button to the answer that the clock runs.
    Start,
    /// The paper.
    Paper,
    /// From dialling to the session's state.
    Open,
    /// From a tap to its acknowledgement, reconnects included.
    Ack,
    /// From handing in to the result.
    HandIn,
}

impl Wait {
    /// All of them, in a candidate's order.
    pub const ALL: [Self; 6] =
        [Self::SignIn, Self::Start, Self::Paper, Self::Open, Self::Ack, Self::HandIn];

    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Start => "start",
            Self::Paper => "paper",
            Self::Open => "open",
            Self::Ack => "ack",
            Self::HandIn => "hand-in",
        }
    }
}

/// How many parts it has, so that candidates seldom wait for each other.
const SHARDS: usize = 8;

/// Measured waits, of all time and since the last look.
#[derive(Debug, Default)]
pub struct Recorder {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    all: [Latencies; 6],
    /// Acknowledgements since the last look.
    recent: Latencies,
}

impl Recorder {
    /// Notes that the candidate at `place` waited for `took`.
    pub fn note(&self, place: usize, wait: Wait, took: Duration) {
        let mut shard = self.shards[place % SHARDS].lock().expect("no holder panics");
        shard.all[wait as usize].add(took);
        if wait == Wait::Ack {
            shard.recent.add(took);
        }
    }

    /// All waits of one kind so far.
    #[must_use]
    pub fn all(&self, wait: Wait) -> Latencies {
        let mut all = Latencies::default();
        for shard in &self.shards {
            all.merge(&shard.lock().expect("no holder panics").all[wait as usize]);
        }
        all
    }

    /// Acknowledgements since the last call.
    #[must_use]
    pub fn recent_acks(&self) -> Summary {
        let mut recent = Latencies::default();
        for shard in &self.shards {
            let mut shard = shard.lock().expect("no holder panics");
            recent.merge(&shard.recent);
            let _ = shard.recent.take();
        }
        recent.summary()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_are_counted_for_all_time_and_since_the_last_look() {
        let recorder = Recorder::default();
        for place in 0..20 {
            recorder.note(place, Wait::Ack, Duration::from_millis(2));
        }
        assert_eq!(recorder.recent_acks().count, 20);
        recorder.note(3, Wait::Ack, Duration::from_millis(2));
        recorder.note(3, Wait::Start, Duration::from_millis(9));
        assert_eq!(recorder.recent_acks().count, 1);
        assert_eq!(recorder.all(Wait::Ack).summary().count, 21);
        assert_eq!(recorder.all(Wait::Start).summary().count, 1);
    }
}
