//! What a journal holds.

use serde::{Deserialize, Serialize};

use super::Slot;
use crate::ids::{DeviceId, StaffId};
use crate::item::OptionSet;
use crate::paper::SlotShape;
use crate::time::{Span, Timestamp};

/// One thing that happened to a session. `at` is server time and never decreases in a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// The attempt began; always the first event.
    Started {
        /// When.
        at: Timestamp,
        /// When time is up.
        deadline: Timestamp,
        /// What each slot shows.
        slots: Vec<SlotShape>,
    },
    /// A device became the holder.
    Opened {
        /// When.
        at: Timestamp,
        /// Which device.
        device: DeviceId,
    },
    /// The holder gave, changed or cleared a response.
    Saved {
        /// When it was received.
        at: Timestamp,
        /// The holder's number of it.
        n: u64,
        /// Which slot.
        slot: Slot,
        /// The options, in the order shown; none clears the slot.
        #[serde(rename = "r", with = "crate::letters")]
        response: OptionSet,
        /// The device's claim of when it was given; evidence only.
        #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
        client_at: Option<Timestamp>,
        /// The first arrival a node vouched for, where it was earlier than `at`.
        #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
        arrived_at: Option<Timestamp>,
    },
    /// The holder marked a slot to come back to, or took the mark away.
    Marked {
        /// When it was received.
        at: Timestamp,
        /// The holder's number of it.
        n: u64,
        /// Which slot.
        slot: Slot,
        /// Whether it is marked now.
        on: bool,
    },
    /// The holder noticed something about its surroundings.
    Signalled {
        /// When it was received.
        at: Timestamp,
        /// The holder's number of it.
        n: u64,
        /// What it noticed.
        kind: SignalKind,
    },
    /// Time was added.
    Extended {
        /// When.
        at: Timestamp,
        /// How much.
        added: Span,
        /// Who gave it.
        by: By,
        /// Why.
        reason: String,
    },
    /// The clock was stopped.
    Paused {
        /// When.
        at: Timestamp,
        /// The time that was left.
        remaining: Span,
        /// When it resumes by itself.
        until: Timestamp,
        /// Who stopped it.
        by: By,
        /// Why.
        reason: String,
    },
    /// The clock runs again.
    Resumed {
        /// When.
        at: Timestamp,
        /// When time is up now.
        deadline: Timestamp,
        /// Who, or the end of the pause.
        by: By,
    },
    /// Responses wait for an invigilator.
    Locked {
        /// When.
        at: Timestamp,
        /// Who.
        by: By,
        /// Why.
        reason: String,
    },
    /// Responses count again.
    Unlocked {
        /// When.
        at: Timestamp,
        /// Who.
        by: By,
        /// Why.
        reason: String,
    },
    /// The end. Nothing after it changes a response.
    Closed {
        /// When.
        at: Timestamp,
        /// What closed it.
        by: ClosedBy,
        /// The holder's number of its submit, where that closed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        n: Option<u64>,
        /// Who closed it, where a person did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        staff: Option<StaffId>,
        /// Why, where a person did.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// A closed attempt was declared void.
    Voided {
        /// When.
        at: Timestamp,
        /// Who.
        by: By,
        /// Why.
        reason: String,
    },
    /// An attempt that was void counts again.
    Reinstated {
        /// When.
        at: Timestamp,
        /// Who.
        by: By,
        /// Why.
        reason: String,
    },
    /// The candidate was told something.
    Told {
        /// When.
        at: Timestamp,
        /// Who told it.
        by: By,
        /// What.
        text: String,
    },
}

impl Event {
    /// When it happened, in server time.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        match *self {
            Self::Started { at, .. }
            | Self::Opened { at, .. }
            | Self::Saved { at, .. }
            | Self::Marked { at, .. }
            | Self::Signalled { at, .. }
            | Self::Extended { at, .. }
            | Self::Paused { at, .. }
            | Self::Resumed { at, .. }
            | Self::Locked { at, .. }
            | Self::Unlocked { at, .. }
            | Self::Closed { at, .. }
            | Self::Voided { at, .. }
            | Self::Reinstated { at, .. }
            | Self::Told { at, .. } => at,
        }
    }
}

/// Who did something that a candidate did not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A person at a desk.
    Staff(StaffId),
    /// The server gave back the time of its own outage.
    Outage,
    /// The clock did, at the end of a pause.
    Clock,
}

/// What closed a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBy {
    /// The candidate handed in.
    Submit,
    /// Time was up.
    Deadline,
    /// An invigilator ended it.
    Invigilator,
    /// It was declared void while it ran.
    Void,
}

impl ClosedBy {
    /// Its name in the protocol and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Deadline => "deadline",
            Self::Invigilator => "invigilator",
            Self::Void => "void",
        }
    }
}

/// What a device noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// The page was hidden.
    Hidden,
    /// The page is seen again.
    Shown,
    /// The page lost the focus.
    Blurred,
    /// The page has the focus again.
    Focused,
    /// A call came in.
    Call,
    /// The camera went away.
    CameraLost,
    /// The camera is back.
    CameraBack,
    /// The network went away.
    Offline,
    /// The network is back.
    Online,
}
