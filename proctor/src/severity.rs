//! How soon somebody should look at what was noticed.

use serde::{Deserialize, Serialize};

/// How soon somebody should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// To be looked at.
    Look,
    /// To be looked at first.
    First,
}
