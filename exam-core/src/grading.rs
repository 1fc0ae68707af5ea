//! Scoring, in whole hundredths of a point.
//!
//! This is the one place where a response, in the order shown, meets a key, in the author's order.

use crate::ids::ItemVersionNo;
use crate::item::OptionSet;
use crate::paper::{Paper, PaperSlot, ScoringRule};
use crate::points::Points;

/// The right options of an item, in the author's order. It cannot be serialised, so it cannot
/// reach a candidate by accident.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(OptionSet);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(hidden)")
    }
}

impl Key {
    /// The key with these right options; `None` for none, because such an item cannot be scored.
    #[must_use]
    pub const fn new(right: OptionSet) -> Option<Self> {
        if right.is_empty() { None } else { Some(Self(right)) }
    }
}

/// An item of a paper whose key is not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no key for item version {0}")]
pub struct NoKey(pub ItemVersionNo);

/// Whether the points suffice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They do.
    Passed,
    /// They do not.
    Failed,
}

impl Verdict {
    /// Its name in the protocol and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
        }
    }
}

/// The score of a whole paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// What was reached.
    pub points: Points,
    /// What could be reached.
    pub total: Points,
    /// Whether it suffices.
    pub verdict: Verdict,
}

/// What a response to one slot is worth.
///
/// All or nothing: all points for exactly the right options. Proportional: `points × right chosen
/// ÷ right`, nothing at all with a wrong one. Minus wrong: `points × (right chosen − wrong chosen)
/// ÷ right`, never below zero. Fractions of a hundredth are dropped.
#[must_use]
pub fn grade_slot(slot: &PaperSlot, key: Key, response: OptionSet) -> Points {
    let response = slot.order.to_author(response);
    let right = key.0.len();
    let right_chosen = response.and(key.0).len();
    let wrong_chosen = response.without(key.0).len();
    let shares = match slot.rule.unwrap_or(ScoringRule::AllOrNothing) {
        ScoringRule::AllOrNothing if response == key.0 => right,
        ScoringRule::AllOrNothing => 0,
        ScoringRule::Proportional if wrong_chosen == 0 => right_chosen,
        ScoringRule::Proportional => 0,
        ScoringRule::MinusWrong => right_chosen.saturating_sub(wrong_chosen),
    };
    let worth = u64::from(slot.points.as_hundredths()) * u64::from(shares) / u64::from(right);
    Points::from_hundredths(u32::try_from(worth).unwrap_or(u32::MAX))
}

/// Scores `responses`, one for each slot in order; a missing one is empty.
///
/// # Errors
/// [`NoKey`] names the first item whose key is not to be had.
pub fn grade(
    paper: &Paper,
    responses: impl IntoIterator<Item = OptionSet>,
    key_of: impl Fn(ItemVersionNo) -> Option<Key>,
    pass_points: Points,
) -> Result<Score, NoKey> {
    let mut responses = responses.into_iter();
    let mut points = Points::ZERO;
    for slot in &paper.slots {
        let key = key_of(slot.item).ok_or(NoKey(slot.item))?;
        points = points + grade_slot(slot, key, responses.next().unwrap_or(OptionSet::EMPTY));
    }
    let verdict = if points >= pass_points { Verdict::Passed } else { Verdict::Failed };
    Ok(Score { points, total: paper.total_points(), verdict })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::item::ItemType;

    fn slot(item_type: ItemType, rule: Option<ScoringRule>, order: &str) -> PaperSlot {
        PaperSlot {
            item: ItemVersionNo(1),
            item_type,
            order: serde_json::from_str(&format!("\"{order}\"")).expect("an order"),
            points: Points::from_hundredths(200),
            rule,
            group: None,
        }
    }

    fn set(positions: &[usize]) -> OptionSet {
        positions.iter().fold(OptionSet::EMPTY, |set, &position| set.with(position))
    }

    fn worth(rule: ScoringRule, right: &[usize], chosen: &[usize]) -> u32 {
        let slot = slot(ItemType::X, Some(rule), "abcde");
        let key = Key::new(set(right)).expect("a key");
        grade_slot(&slot, key, set(chosen)).as_hundredths()
    }

    #[test]
    fn one_choice_is_right_or_wrong() {
        let slot = slot(ItemType::A1, None, "cab");
        let key = Key::new(set(&[0])).expect("a key");
        assert_eq!(grade_slot(&slot, key, set(&[1])).as_hundredths(), 200, "shown second");
        assert_eq!(grade_slot(&slot, key, set(&[0])).as_hundredths(), 0);
        assert_eq!(grade_slot(&slot, key, OptionSet::EMPTY).as_hundredths(), 0);
    }

    #[test]
    fn each_rule_scores_as_it_says() {
        use ScoringRule::{AllOrNothing, MinusWrong, Proportional};
        for (rule, chosen, points) in [
            (AllOrNothing, &[0, 1, 2][..], 200),
            (AllOrNothing, &[0, 1], 0),
            (AllOrNothing, &[0, 1, 2, 3], 0),
            (Proportional, &[0], 66),
            (Proportional, &[0, 1], 133),
            (Proportional, &[0, 1, 2], 200),
            (Proportional, &[0, 1, 3], 0),
            (MinusWrong, &[0, 1, 3], 66),
            (MinusWrong, &[0, 3], 0),
            (MinusWrong, &[3, 4], 0),
            (MinusWrong, &[], 0),
        ] {
            assert_eq!(worth(rule, &[0, 1, 2], chosen), points, "{rule:?} {chosen:?}");
        }
    }

    proptest! {
        #[test]
        fn grading_is_invariant_under_option_shuffle(
            order in Just((0u8..5).collect::<Vec<_>>()).prop_shuffle(),
            right in 1u32..32,
            chosen in 0u32..32,
            rule in prop::sample::select(vec![
                ScoringRule::AllOrNothing, ScoringRule::Proportional, ScoringRule::MinusWrong,
            ]),
        ) {
            let key = Key::new(OptionSet::from_bits(right)).expect("a key");
            let chosen = OptionSet::from_bits(chosen);
            let plain = slot(ItemType::X, Some(rule), "abcde");
            let letters: String = order.iter().map(|&author| char::from(b'a' + author)).collect();
            let shuffled = slot(ItemType::X, Some(rule), &letters);
            let shown = (0..5).filter(|&shown| chosen.has(usize::from(order[shown])));
            let shown = shown.fold(OptionSet::EMPTY, OptionSet::with);
            prop_assert_eq!(
                grade_slot(&plain, key, chosen),
                grade_slot(&shuffled, key, shown)
            );
        }
    }
}
