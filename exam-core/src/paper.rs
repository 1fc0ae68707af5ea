//! A paper: the item versions drawn for one attempt, in order, with the order of their options.
//!
//! A paper is drawn before it is shown and never changes. Its JSON has short names because one is
//! stored with every attempt.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{AttemptId, GroupVersionNo, ItemVersionNo};
use crate::item::{Choose, ItemType, OPTIONS_MAX, OptionSet};
use crate::points::Points;

/// What a session needs to know of a slot to accept a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotShape {
    /// How many options the slot shows, at most [`OPTIONS_MAX`].
    #[serde(rename = "o")]
    pub options: u8,
    /// How many of them a response may name.
    #[serde(rename = "c")]
    pub choose: Choose,
}

/// What a paper was drawn with: 256 bits from the operating system's generator.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(hidden)")
    }
}

impl Serialize for Seed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.as_bytes(), &mut bytes).map_err(serde::de::Error::custom)?;
        Ok(Self(bytes))
    }
}

/// The author's positions of a slot's options, in the order shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OptionOrder {
    positions: [u8; OPTIONS_MAX],
    count: u8,
}

impl OptionOrder {
    /// The author's own order of `count` options; more than [`OPTIONS_MAX`] are cut off.
    #[must_use]
    pub fn as_written(count: u8) -> Self {
        let mut positions = [0; OPTIONS_MAX];
        for (position, place) in (0..).zip(&mut positions) {
            *place = position;
        }
        Self { positions, count: count.min(OPTIONS_MAX as u8) }
    }

    /// The author's positions, in the order shown.
    #[must_use]
    pub fn positions(&self) -> &[u8] {
        &self.positions[..usize::from(self.count)]
    }

    pub(crate) fn positions_mut(&mut self) -> &mut [u8] {
        &mut self.positions[..usize::from(self.count)]
    }

    /// A response in the order shown, as a set in the author's order.
    #[must_use]
    pub fn to_author(&self, response: OptionSet) -> OptionSet {
        let shown = self.positions().iter().enumerate();
        shown
            .filter(|(shown, _)| response.has(*shown))
            .fold(OptionSet::EMPTY, |set, (_, &author)| set.with(usize::from(author)))
    }
}

impl fmt::Debug for OptionOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OptionOrder({:?})", self.positions())
    }
}

/// As letters: `cab` shows the author's third option first.
impl Serialize for OptionOrder {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut letters = [0; OPTIONS_MAX];
        for (letter, position) in letters.iter_mut().zip(self.positions()) {
            *letter = b'a' + position;
        }
        let letters = &letters[..usize::from(self.count)];
        serializer.serialize_str(std::str::from_utf8(letters).expect("letters are ASCII"))
    }
}

impl<'de> Deserialize<'de> for OptionOrder {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let set = crate::letters::option_set_of(&text);
        let whole = set.is_some_and(|set| set == OptionSet::first(text.len()));
        if !whole {
            return Err(serde::de::Error::custom("not an order of options"));
        }
        let mut order = Self::as_written(u8::try_from(text.len()).unwrap_or(0));
        for (place, letter) in order.positions_mut().iter_mut().zip(text.bytes()) {
            *place = letter - b'a';
        }
        Ok(order)
    }
}

/// How a slot with several right options is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoringRule {
    /// All points for exactly the right options, otherwise none.
    AllOrNothing,
    /// A share for each right option, none at all with a wrong one.
    Proportional,
    /// A share for each right option, less one for each wrong one, never below zero.
    MinusWrong,
}

/// A group as it stands in a paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperGroup {
    /// The group's version.
    #[serde(rename = "v")]
    pub version: GroupVersionNo,
    /// Its type: A3, A4 or B1.
    #[serde(rename = "y")]
    pub kind: ItemType,
    /// The order of the options that its items share, where they do.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OptionOrder>,
}

/// One slot of a paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperSlot {
    /// The item version.
    #[serde(rename = "i")]
    pub item: ItemVersionNo,
    /// Its type.
    #[serde(rename = "y")]
    pub item_type: ItemType,
    /// The order of its options.
    #[serde(rename = "o")]
    pub order: OptionOrder,
    /// What it is worth.
    #[serde(rename = "p")]
    pub points: Points,
    /// How it is scored, where several options may be right.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<ScoringRule>,
    /// Its group's place in [`Paper::groups`], from 0.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub group: Option<u16>,
}

/// A drawn paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// What it was drawn with.
    pub seed: Seed,
    /// The exam's revision, which pins the bank revisions and the blueprint.
    #[serde(rename = "exam")]
    pub exam_revision: i64,
    /// The revision of the exposure counts.
    #[serde(rename = "exposure")]
    pub exposure_revision: i64,
    /// The attempts whose items counted as seen.
    #[serde(rename = "seen")]
    pub seen_from: Vec<AttemptId>,
    /// Its groups, in order.
    pub groups: Vec<PaperGroup>,
    /// Its slots, in order.
    pub slots: Vec<PaperSlot>,
}

impl Paper {
    /// What a session needs to know of each slot.
    #[must_use]
    pub fn shape(&self) -> Vec<SlotShape> {
        let shape = |slot: &PaperSlot| SlotShape {
            options: slot.order.count,
            choose: slot.item_type.choose(),
        };
        self.slots.iter().map(shape).collect()
    }

    /// What all slots together are worth.
    #[must_use]
    pub fn total_points(&self) -> Points {
        self.slots.iter().map(|slot| slot.points).sum()
    }

    /// The bytes that are stored, and that a redraw reproduces.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a paper has nothing JSON cannot hold")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_survives_the_way_through_json() {
        let order: OptionOrder = serde_json::from_str("\"cab\"").expect("an order");
        assert_eq!(order.positions(), [2, 0, 1]);
        assert_eq!(serde_json::to_string(&order).expect("letters"), "\"cab\"");
        for bad in ["\"ab?\"", "\"aa\"", "\"ac\"", "\"B\""] {
            assert!(serde_json::from_str::<OptionOrder>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_response_is_read_in_the_authors_order() {
        let order: OptionOrder = serde_json::from_str("\"cab\"").expect("an order");
        let shown_first_and_last = OptionSet::EMPTY.with(0).with(2);
        assert_eq!(order.to_author(shown_first_and_last), OptionSet::EMPTY.with(2).with(1));
        assert_eq!(order.to_author(OptionSet::EMPTY.with(9)), OptionSet::EMPTY);
    }
}
