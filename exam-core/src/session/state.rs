//! Where a session can stand.

use serde::{Deserialize, Serialize};

use super::event::ClosedBy;
use crate::time::{Span, Timestamp};

/// Where a session stands. Each state holds only what is true in it, and nothing leads out of
/// `Closed`. A lock is not a state: the clock runs on under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// The clock runs towards `deadline`.
    Running {
        /// When time is up.
        deadline: Timestamp,
    },
    /// An invigilator stopped the clock; resuming gives `remaining` back.
    Paused {
        /// The time that was left.
        remaining: Span,
        /// When the session resumes by itself.
        until: Timestamp,
    },
    /// The end.
    Closed {
        /// When it was closed.
        at: Timestamp,
        /// What closed it.
        by: ClosedBy,
    },
}

/// Where a session stands, in the protocol's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The clock runs and responses count.
    Running,
    /// The clock stands still.
    Paused,
    /// The clock runs, and responses wait for an invigilator.
    Locked,
    /// The end.
    Closed,
    /// The end, and nothing of it counts.
    Voided,
}
