//! The recipe of a paper: how many items of which type, topic and difficulty, and what they are
//! worth.

mod check;
mod stock;

pub(crate) use check::Sizes;
pub use check::{Shortfall, check};
pub use stock::{CellStock, SectionStock, stock};

use serde::{Deserialize, Serialize};

use crate::audience::Practices;
use crate::item::{Difficulty, ItemType};
use crate::paper::ScoringRule;
use crate::points::Points;
use crate::time::Span;

/// The most slots a paper may have.
pub const SLOTS_MAX: u32 = 500;

/// The most time a paper may allow.
pub const TIME_ALLOWED_MAX: Span = Span::from_minutes(24 * 60);

/// One quota: so many items of one type, from these topics and difficulties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// What it is called.
    pub title: String,
    /// The type of its items.
    pub item_type: ItemType,
    /// Topics; each stands for itself and everything below it.
    pub topics: Vec<String>,
    /// Difficulties as the authors state them.
    pub difficulties: Vec<Difficulty>,
    /// Who will be asked its items, as the audience row says: what is not for all of them is not
    /// drawn.
    #[serde(default)]
    pub practices: Practices,
    /// How many items.
    pub count: u32,
    /// What each is worth.
    pub points: Points,
    /// How an item with several right options is scored.
    pub rule: Option<ScoringRule>,
}

impl Section {
    /// Its cells of type × topic × difficulty.
    pub fn cells(&self) -> impl Iterator<Item = (ItemType, &str, Difficulty)> {
        self.topics.iter().flat_map(|topic| {
            self.difficulties.iter().map(|&difficulty| (self.item_type, topic.as_str(), difficulty))
        })
    }
}

/// A recipe that is well-formed: made only by the exam file's check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blueprint {
    /// From the start to the deadline.
    pub time_allowed: Span,
    /// What is needed to pass.
    pub pass_points: Points,
    /// Whether the units of a section are shuffled.
    pub shuffle_items: bool,
    /// Whether options are shuffled, pinned ones excepted.
    pub shuffle_options: bool,
    /// Its quotas, in the order of the paper; no two of them overlap.
    pub sections: Vec<Section>,
}

impl Blueprint {
    /// How many slots a paper has.
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.sections.iter().map(|section| section.count).sum()
    }

    /// What a paper is worth.
    #[must_use]
    pub fn total_points(&self) -> Points {
        let worth = |section: &Section| section.points.as_hundredths() * section.count;
        Points::from_hundredths(self.sections.iter().map(worth).sum())
    }
}
