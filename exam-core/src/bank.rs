//! The bank as the draw sees it: units, by type, topic and difficulty.

use std::collections::{BTreeMap, HashMap};

use rustc_hash::FxHashMap;

use crate::audience::Practices;
use crate::blueprint::Section;
use crate::ids::{GroupVersionNo, ItemNo, ItemVersionNo};
use crate::item::{Difficulty, ItemType, OptionSet};

/// SHA-256 over an item's normalised content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash(pub [u8; 32]);

/// One item as the draw sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitItem {
    /// The version that would be drawn.
    pub version: ItemVersionNo,
    /// The item through all its versions.
    pub item: ItemNo,
    /// What it says; two items of one content are one.
    pub content: ContentHash,
    /// How many options it shows.
    pub options: u8,
    /// The options that keep their places.
    pub pinned: OptionSet,
}

/// What is drawn whole: a single item, or a group in its own order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The group's version, for a group.
    pub group: Option<GroupVersionNo>,
    /// The type.
    pub item_type: ItemType,
    /// A path such as `公共知识/法律法规`.
    pub topic: String,
    /// How hard the author says it is.
    pub difficulty: Difficulty,
    /// Whom it may be asked.
    pub practices: Practices,
    /// The share of points a candidate is expected to reach, in thousandths.
    pub expected_permille: u16,
    /// Its items, in order; never empty.
    pub items: Vec<UnitItem>,
}

/// What a candidate is expected to reach on an item of this difficulty while nothing has been
/// measured, in thousandths.
#[must_use]
pub const fn expected_permille(difficulty: Difficulty) -> u16 {
    match difficulty {
        Difficulty::Easy => 850,
        Difficulty::Medium | Difficulty::Unset => 650,
        Difficulty::Hard => 450,
    }
}

/// The units of one bank revision, in cells.
#[derive(Clone, Debug, Default)]
pub struct BankIndex {
    units: Vec<Unit>,
    cells: HashMap<(ItemType, Difficulty), BTreeMap<String, Vec<u32>>>,
    by_item: FxHashMap<ItemNo, u32>,
    by_content: FxHashMap<ContentHash, u32>,
}

impl BankIndex {
    /// Indexes `units`. A unit with an item whose content another unit has already is left out,
    /// so that no paper can hold the same question twice.
    #[must_use]
    pub fn build(units: impl IntoIterator<Item = Unit>) -> Self {
        let mut index = Self::default();
        for unit in units {
            let known = |item: &UnitItem| {
                index.by_content.contains_key(&item.content)
                    || index.by_item.contains_key(&item.item)
            };
            if unit.items.is_empty() || unit.items.iter().any(known) {
                continue;
            }
            let number = u32::try_from(index.units.len()).expect("a bank fits in memory");
            for item in &unit.items {
                index.by_content.insert(item.content, number);
                index.by_item.insert(item.item, number);
            }
            let topics = index.cells.entry((unit.item_type, unit.difficulty)).or_default();
            topics.entry(unit.topic.clone()).or_default().push(number);
            index.units.push(unit);
        }
        index
    }

    /// All units.
    #[must_use]
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// The unit numbered `number`.
    pub(crate) fn unit(&self, number: u32) -> &Unit {
        &self.units[number as usize]
    }

    /// The unit that holds an item, by its identity or by what it says.
    pub(crate) fn find(&self, item: ItemNo, content: Option<&ContentHash>) -> Option<u32> {
        let by_content = || self.by_content.get(content?).copied();
        self.by_item.get(&item).copied().or_else(by_content)
    }

    /// The units a section may draw, by number.
    #[must_use]
    pub fn units_of(&self, section: &Section) -> Vec<u32> {
        self.in_cells_of(section).filter(|&unit| self.is_for(unit, section)).collect()
    }

    /// How many items are left out of a section because they are not for everybody in its audience
    /// row.
    pub(crate) fn items_for_others(&self, section: &Section) -> usize {
        let others = self.in_cells_of(section).filter(|&unit| !self.is_for(unit, section));
        others.map(|unit| self.unit(unit).items.len()).sum()
    }

    /// Whether a unit may be asked of everybody in a section's audience row.
    pub(crate) fn is_for(&self, unit: u32, section: &Section) -> bool {
        self.unit(unit).practices.cover(&section.practices)
    }

    fn in_cells_of(&self, section: &Section) -> impl Iterator<Item = u32> {
        section.cells().flat_map(|cell| self.cell(cell.0, cell.1, cell.2))
    }

    /// The units of one cell, whomever they are for; a topic stands for itself and everything
    /// below it.
    pub fn cell(
        &self,
        item_type: ItemType,
        topic: &str,
        difficulty: Difficulty,
    ) -> impl Iterator<Item = u32> {
        let topics = self.cells.get(&(item_type, difficulty));
        let topics = topics.into_iter().flatten();
        topics
            .filter(move |(name, _)| is_within(name, topic))
            .flat_map(|(_, units)| units.iter().copied())
    }
}

/// Whether `topic` is `above` or stands below it.
#[must_use]
pub fn is_within(topic: &str, above: &str) -> bool {
    topic.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_stands_for_everything_below_it() {
        assert!(is_within("公共知识/法律", "公共知识"));
        assert!(is_within("公共知识", "公共知识"));
        assert!(!is_within("公共知识库/法律", "公共知识"));
        assert!(!is_within("公共知识", "公共知识/法律"));
    }
}
