//! How hard items proved to be: the facility of classical test theory, the mean share of an item's
//! points that candidates reached.

use serde::{Deserialize, Serialize};

use crate::bank::expected_permille;
use crate::item::Difficulty;

/// So many answers the author's word counts for, against those that were measured.
const PRIOR_ANSWERS: u64 = 20;

/// From so many answers on a facility is worth naming: its standard error is below 0.1.
pub const ANSWERS_MIN: u32 = 30;

/// What candidates reached on something, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// How many answered it, an empty answer included.
    pub answers: u32,
    /// The shares of the points that they reached, in thousandths, added up.
    pub earned_permille: u64,
}

impl Measured {
    /// Counts one answer that reached `permille` of the points.
    pub const fn add(&mut self, permille: u16) {
        self.answers += 1;
        self.earned_permille += permille as u64;
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            answers: self.answers + other.answers,
            earned_permille: self.earned_permille + other.earned_permille,
        }
    }

    /// The mean share of the points, in thousandths; `None` before anybody answered.
    #[must_use]
    pub fn facility(self) -> Option<u16> {
        let mean = self.earned_permille.checked_div(self.answers.into())?;
        u16::try_from(mean.min(1_000)).ok()
    }

    /// What a candidate is expected to reach, in thousandths: what was measured, drawn towards what
    /// the author says as long as few have answered.
    #[must_use]
    pub fn expected(self, difficulty: Difficulty) -> u16 {
        let stated = u64::from(expected_permille(difficulty));
        let sum = self.earned_permille + stated * PRIOR_ANSWERS;
        let mean = sum / (u64::from(self.answers) + PRIOR_ANSWERS);
        u16::try_from(mean.min(1_000)).unwrap_or(1_000)
    }

    /// The difficulty that was measured, where enough have answered.
    #[must_use]
    pub fn difficulty(self) -> Option<Difficulty> {
        let facility = self.facility().filter(|_| self.answers >= ANSWERS_MIN)?;
        Some(Difficulty::of_facility(facility))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_answers_outweigh_the_author() {
        let mut measured = Measured::default();
        assert_eq!(measured.facility(), None);
        assert_eq!(measured.expected(Difficulty::Easy), 850);
        for number in 0..1_000 {
            measured.add(if number % 4 == 0 { 1_000 } else { 0 });
        }
        assert_eq!(measured.facility(), Some(250));
        assert_eq!(measured.difficulty(), Some(Difficulty::Hard));
        assert_eq!(measured.expected(Difficulty::Easy), 261, "(250,000 + 20 × 850) ÷ 1,020");
    }

    #[test]
    fn few_answers_name_no_difficulty() {
        let few = Measured { answers: ANSWERS_MIN - 1, earned_permille: 0 };
        assert_eq!((few.difficulty(), few.facility()), (None, Some(0)));
        let enough = Measured { answers: ANSWERS_MIN, earned_permille: 0 };
        assert_eq!(enough.difficulty(), Some(Difficulty::Hard));
    }
}
