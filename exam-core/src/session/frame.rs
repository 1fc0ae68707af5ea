//! Frames: what is appended to a journal, byte for byte, and the digest over them.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::device::Devices;
use super::{Event, Seq, Session, SessionState, SlotState};
use crate::ids::AttemptId;
use crate::item::OptionSet;
use crate::paper::SlotShape;
use crate::time::Timestamp;

/// One append to a journal: events that were committed together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Its number in the journal.
    pub seq: Seq,
    /// What happened, in order; never empty.
    pub events: Vec<Event>,
}

impl Frame {
    /// The bytes that are stored and digested.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a frame has nothing JSON cannot hold")
    }
}

/// A journal that does not fold.
#[derive(Debug, thiserror::Error)]
pub enum Corrupt {
    /// The journal has no frame.
    #[error("the journal is empty")]
    Empty,
    /// A frame's bytes are not a frame.
    #[error("frame {seq} cannot be read")]
    Unreadable {
        /// The frame's expected number.
        seq: Seq,
        /// What was wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A frame is missing or stands twice.
    #[error("frame {actual} stands where {expected} was expected")]
    OutOfOrder {
        /// The number expected.
        expected: Seq,
        /// The number found.
        actual: Seq,
    },
    /// The first frame does not start the attempt, or a later one starts it again.
    #[error("frame {seq} starts the attempt out of turn")]
    StartedTwice {
        /// The frame.
        seq: Seq,
    },
}

/// SHA-256 over a journal so far: h0 = SHA-256(attempt id), h_k = SHA-256(h_{k−1} ‖ frame bytes).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest before the first frame of `attempt`.
    #[must_use]
    pub fn origin(attempt: AttemptId) -> Self {
        Self(Sha256::digest(attempt.to_string()).into())
    }

    /// The digest after one more frame.
    #[must_use]
    pub fn after(self, frame: &[u8]) -> Self {
        Self(Sha256::new().chain_update(self.0).chain_update(frame).finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.as_bytes(), &mut bytes).map_err(serde::de::Error::custom)?;
        Ok(Self(bytes))
    }
}

/// What a candidate keeps of a closed attempt: anyone with the record can recompute the digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// The seq of the closing frame.
    pub last_seq: Seq,
    /// How many slots held a response.
    pub answered: usize,
    /// When it was closed.
    pub closed_at_ms: Timestamp,
    /// The digest at the closing frame.
    pub digest: Digest,
}

/// The first frame of an attempt's journal.
#[must_use]
pub fn first_frame(at: Timestamp, deadline: Timestamp, slots: Vec<SlotShape>) -> Frame {
    Frame { seq: Seq(1), events: vec![Event::Started { at, deadline, slots }] }
}

impl Session {
    /// Begins a session from the first frame of its journal.
    ///
    /// # Errors
    /// [`Corrupt`] when `bytes` are not the first frame of a journal.
    pub fn begin(attempt: AttemptId, bytes: &[u8]) -> Result<Self, Corrupt> {
        let frame = parse(bytes, Seq(1))?;
        let [Event::Started { at, deadline, slots }, rest @ ..] = frame.events.as_slice() else {
            return Err(Corrupt::StartedTwice { seq: frame.seq });
        };
        let empty = |&shape: &SlotShape| SlotState {
            shape,
            response: OptionSet::EMPTY,
            set_by: None,
            marked: false,
            marked_by: None,
        };
        let mut session = Self {
            attempt,
            started_at: *at,
            state: SessionState::Running { deadline: *deadline },
            locked: false,
            voided: false,
            holder: None,
            epoch: Seq(0),
            devices: Devices::default(),
            slots: slots.iter().map(empty).collect(),
            extended_by: None,
            told: None,
            credited_until: *at,
            opens: 0,
            events: 0,
            last_at: *at,
            seq: Seq(0),
            digest: Digest::origin(attempt),
            closing: None,
        };
        for event in rest {
            session.evolve(event, frame.seq);
        }
        session.seal(bytes);
        Ok(session)
    }

    /// Rebuilds a session from all frames of its journal.
    ///
    /// # Errors
    /// [`Corrupt`] names the first frame that does not fold.
    pub fn replay<'a>(
        attempt: AttemptId,
        frames: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, Corrupt> {
        let mut frames = frames.into_iter();
        let mut session = Self::begin(attempt, frames.next().ok_or(Corrupt::Empty)?)?;
        for bytes in frames {
            session.apply(bytes)?;
        }
        Ok(session)
    }

    /// Folds the next frame of the journal in.
    ///
    /// # Errors
    /// [`Corrupt`] when `bytes` are not the frame after the last one; the session is unchanged.
    pub fn apply(&mut self, bytes: &[u8]) -> Result<(), Corrupt> {
        let frame = parse(bytes, self.seq.next())?;
        if frame.events.iter().any(|event| matches!(event, Event::Started { .. })) {
            return Err(Corrupt::StartedTwice { seq: frame.seq });
        }
        for event in &frame.events {
            self.evolve(event, frame.seq);
        }
        self.seal(bytes);
        Ok(())
    }

    /// Counts `bytes`, whose events were folded in already, as the next frame.
    pub fn seal(&mut self, bytes: &[u8]) {
        self.seq = self.seq.next();
        self.digest = self.digest.after(bytes);
        if self.closing.is_none() && self.is_closed() {
            self.closing = Some((self.seq, self.digest));
        }
    }

    /// The receipt, once the session is closed.
    #[must_use]
    pub fn receipt(&self) -> Option<Receipt> {
        let SessionState::Closed { at, .. } = self.state else { return None };
        let (last_seq, digest) = self.closing?;
        Some(Receipt {
            attempt_id: self.attempt,
            last_seq,
            answered: self.answered(),
            closed_at_ms: at,
            digest,
        })
    }
}

fn parse(bytes: &[u8], expected: Seq) -> Result<Frame, Corrupt> {
    let frame: Frame = serde_json::from_slice(bytes)
        .map_err(|source| Corrupt::Unreadable { seq: expected, source })?;
    if frame.seq == expected {
        Ok(frame)
    } else {
        Err(Corrupt::OutOfOrder { expected, actual: frame.seq })
    }
}
