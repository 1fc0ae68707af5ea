//! Whose data a caller may see.

use exam_core::ids::InstitutionId;
use serde::{Deserialize, Serialize};

/// What a caller's eyes reach; every function that finds people takes one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything.
    All,
    /// The people of these institutions.
    Institutions(Vec<InstitutionId>),
}

impl Scope {
    /// Whether the people of `institution` are within it.
    #[must_use]
    pub fn covers(&self, institution: InstitutionId) -> bool {
        match self {
            Self::All => true,
            Self::Institutions(list) => list.contains(&institution),
        }
    }
}
