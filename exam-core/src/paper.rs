//! What a paper looks like from outside: how many options each slot shows.

use serde::{Deserialize, Serialize};

use crate::item::Choose;

/// What a session needs to know of a slot to accept a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotShape {
    /// How many options the slot shows, at most [`crate::item::OPTIONS_MAX`].
    pub options: u8,
    /// How many of them a response may name.
    pub choose: Choose,
}
