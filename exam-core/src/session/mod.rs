//! The life of one attempt, from its start to its close.
//!
//! Everything here is a pure function: no clock, no randomness, no I/O. [`Session::decide`] turns
//! a command into an event; [`Session::evolve`] folds an event into the state. The server
//! journals what lies between the two, so replaying a journal always rebuilds the same session.

mod decide;
mod device;
mod event;
mod frame;
mod state;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use decide::{Command, GRACE, Message, MessageBody, N_AHEAD_MAX, Refusal, SETTLE, Writer};
pub use decide::{EVENTS_MAX, OPENS_MAX, PAUSE_MAX, READY_SLACK};
pub use event::{By, ClosedBy, Event, SignalKind};
pub use frame::{Corrupt, Digest, Frame, Receipt, first_frame};
pub use state::{Phase, SessionState};

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use crate::ids::{AttemptId, DeviceId};
use crate::item::OptionSet;
use crate::paper::SlotShape;
use crate::time::{Span, Timestamp};
use device::Devices;

/// The number of a frame in its journal, from 1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The number of the frame after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl std::fmt::Display for Seq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The place of a question in its paper, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(pub u16);

/// Which device set a slot or its mark last, an index into the session's devices, and with which
/// `n`: packed, because a session keeps two for each of its slots.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct SetBy(NonZeroU64);

impl SetBy {
    /// The largest `n` that finds room; a client's ends at 2⁵³ − 1.
    const N_MAX: u64 = (1 << 55) - 1;

    fn new(device: u8, n: u64) -> Self {
        let packed = n.min(Self::N_MAX) << 8 | u64::from(device);
        Self(NonZeroU64::MIN.saturating_add(packed))
    }

    const fn device(self) -> u8 {
        ((self.0.get() - 1) & 0xff) as u8
    }

    const fn n(self) -> u64 {
        (self.0.get() - 1) >> 8
    }
}

impl std::fmt::Debug for SetBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "n {} of device {}", self.n(), self.device())
    }
}

/// One slot as the journal has left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SlotState {
    shape: SlotShape,
    #[serde(with = "crate::letters")]
    response: OptionSet,
    set_by: Option<SetBy>,
    marked: bool,
    marked_by: Option<SetBy>,
}

/// What a candidate was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// How many times the candidate was told something, with this one.
    pub number: u32,
    /// What.
    pub text: String,
    /// How often the session had been opened by then: the next one may not have heard it.
    pub opens: u32,
}

/// A session as the fold of its journal. A few hundred bytes and 32 a slot; a clone is a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    attempt: AttemptId,
    started_at: Timestamp,
    state: SessionState,
    locked: bool,
    voided: bool,
    holder: Option<u8>,
    epoch: Seq,
    devices: Devices,
    slots: Vec<SlotState>,
    /// Who added time last, so that a connection that missed it can say so.
    extended_by: Option<By>,
    /// What the candidate was told last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told: Option<Box<Told>>,
    /// Until when outages have been given back, at first the start, so that two nodes that notice
    /// the same one, or one that is interrupted and begins again, give it back once.
    credited_until: Timestamp,
    opens: u32,
    events: u32,
    last_at: Timestamp,
    seq: Seq,
    digest: Digest,
    closing: Option<(Seq, Digest)>,
}

impl Session {
    /// The attempt this is the session of.
    #[must_use]
    pub const fn attempt(&self) -> AttemptId {
        self.attempt
    }

    /// Where the session stands.
    #[must_use]
    pub const fn state(&self) -> &SessionState {
        &self.state
    }

    /// Where the session stands, in the protocol's words.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        match (self.voided, &self.state, self.locked) {
            (true, _, _) => Phase::Voided,
            (false, SessionState::Closed { .. }, _) => Phase::Closed,
            (false, SessionState::Paused { .. }, _) => Phase::Paused,
            (false, SessionState::Running { .. }, true) => Phase::Locked,
            (false, SessionState::Running { .. }, false) => Phase::Running,
        }
    }

    /// When the attempt started.
    #[must_use]
    pub const fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// When the newest event happened.
    #[must_use]
    pub const fn last_at(&self) -> Timestamp {
        self.last_at
    }

    /// The number of the last frame folded in.
    #[must_use]
    pub const fn seq(&self) -> Seq {
        self.seq
    }

    /// The seq of the frame that holds the newest open, or 0 before the first.
    #[must_use]
    pub const fn epoch(&self) -> Seq {
        self.epoch
    }

    /// The device that may write now.
    #[must_use]
    pub fn holder(&self) -> Option<DeviceId> {
        self.holder.map(|index| self.devices.id(index))
    }

    /// Whether an invigilator has locked the session; the clock runs on.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        self.locked
    }

    /// The deadline, while the clock runs.
    #[must_use]
    pub const fn deadline(&self) -> Option<Timestamp> {
        match self.state {
            SessionState::Running { deadline } => Some(deadline),
            SessionState::Paused { .. } | SessionState::Closed { .. } => None,
        }
    }

    /// Whether the session has reached its end.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, SessionState::Closed { .. })
    }

    /// The time left at `now`: frozen in a pause, zero after the deadline and after the close.
    #[must_use]
    pub fn remaining(&self, now: Timestamp) -> Span {
        match self.state {
            SessionState::Running { deadline } => deadline.since(now),
            SessionState::Paused { remaining, .. } => remaining,
            SessionState::Closed { .. } => Span::ZERO,
        }
    }

    /// When [`Command::Wake`] has something to do: the end of a pause, or the instant from which
    /// the session may be closed by its deadline. `None` once closed.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        match self.state {
            SessionState::Running { deadline } => Some(deadline + GRACE + SETTLE),
            SessionState::Paused { until, .. } => Some(until),
            SessionState::Closed { .. } => None,
        }
    }

    /// How many slots the paper has.
    #[must_use]
    pub fn slot_count(&self) -> usize {
        self.slots.len()
    }

    /// The responses in slot order, in the order shown; an empty set where there is none.
    pub fn responses(&self) -> impl Iterator<Item = (Slot, OptionSet)> {
        (1..).map(Slot).zip(self.slots.iter().map(|slot| slot.response))
    }

    /// The marked slots, rising.
    pub fn marked(&self) -> impl Iterator<Item = Slot> {
        (1..).map(Slot).zip(&self.slots).filter(|(_, slot)| slot.marked).map(|(slot, _)| slot)
    }

    /// How many slots hold a response.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.slots.iter().filter(|slot| !slot.response.is_empty()).count()
    }

    /// For each device that ever opened the session, the highest `n` the journal has of it.
    #[must_use]
    pub fn acked(&self) -> BTreeMap<DeviceId, u64> {
        self.devices.acked()
    }

    /// How often the session was opened.
    #[must_use]
    pub const fn opens(&self) -> u32 {
        self.opens
    }

    /// Who added time last.
    #[must_use]
    pub const fn extended_by(&self) -> Option<By> {
        self.extended_by
    }

    /// What the candidate was told last.
    #[must_use]
    pub fn told(&self) -> Option<&Told> {
        self.told.as_deref()
    }

    /// Folds `event`, which rides in the frame numbered `seq`, into the state.
    ///
    /// Events come from [`decide`](Self::decide) or from a journal, so each fits the state it
    /// meets; one that does not is ignored, and [`attempt verify`] finds such a journal.
    ///
    /// [`attempt verify`]: Self::replay
    pub fn evolve(&mut self, event: &Event, seq: Seq) {
        self.last_at = self.last_at.max(event.at());
        self.events += 1;
        match *event {
            Event::Started { .. } => {}
            Event::Opened { device, .. } => {
                self.holder = self.devices.index_of_or_add(device);
                self.epoch = seq;
                self.opens += 1;
            }
            Event::Saved { n, slot, response, .. } => {
                let set_by = self.note(n);
                if let Some(slot) = self.slot_mut(slot) {
                    slot.response = response;
                    slot.set_by = set_by;
                }
            }
            Event::Marked { n, slot, on, .. } => {
                let set_by = self.note(n);
                if let Some(slot) = self.slot_mut(slot) {
                    slot.marked = on;
                    slot.marked_by = set_by;
                }
            }
            Event::Signalled { n, .. } => {
                self.note(n);
                if let Some(holder) = self.holder {
                    self.devices.note_signal(holder, n);
                }
            }
            Event::Extended { at, added, by, .. } => {
                self.extended_by = Some(by);
                if by == By::Outage {
                    self.credited_until = at;
                }
                match &mut self.state {
                    SessionState::Running { deadline } => *deadline = *deadline + added,
                    SessionState::Paused { remaining, .. } => *remaining = *remaining + added,
                    SessionState::Closed { .. } => {}
                }
            }
            Event::Paused { remaining, until, .. } => {
                self.state = SessionState::Paused { remaining, until };
            }
            Event::Resumed { deadline, .. } => self.state = SessionState::Running { deadline },
            Event::Locked { .. } => self.locked = true,
            Event::Unlocked { .. } => self.locked = false,
            Event::Closed { at, n, by, .. } => {
                if let Some(n) = n {
                    self.note(n);
                }
                self.voided |= by == ClosedBy::Void;
                self.state = SessionState::Closed { at, by };
            }
            Event::Voided { .. } => self.voided = true,
            Event::Reinstated { .. } => self.voided = false,
            Event::Told { ref text, .. } => {
                let number = self.told.as_ref().map_or(1, |told| told.number + 1);
                self.told = Some(Box::new(Told { number, text: text.clone(), opens: self.opens }));
            }
        }
    }

    fn note(&mut self, n: u64) -> Option<SetBy> {
        let device = self.holder?;
        self.devices.note(device, n);
        Some(SetBy::new(device, n))
    }

    fn slot_mut(&mut self, slot: Slot) -> Option<&mut SlotState> {
        self.slots.get_mut(usize::from(slot.0).checked_sub(1)?)
    }

    fn slot(&self, slot: Slot) -> Option<&SlotState> {
        self.slots.get(usize::from(slot.0).checked_sub(1)?)
    }
}
