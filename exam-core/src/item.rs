//! What the rules know of a question: its type, difficulty, pool, and sets of its options.
//!
//! Texts and explanations live in the bank; the rules only ever count and compare.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The most options an item may have: one for each letter from `a` to `z`.
pub const OPTIONS_MAX: usize = 26;

/// A text that names nothing in the list it was looked up in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what}")]
pub struct Unknown {
    /// What was looked for, such as `item type`.
    pub what: &'static str,
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident, $what:literal, { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in files, in the database and in the protocol.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.name()) }
        }

        impl FromStr for $name {
            type Err = Unknown;
            fn from_str(text: &str) -> Result<Self, Unknown> {
                match text { $($text => Ok(Self::$variant),)* _ => Err(Unknown { what: $what }) }
            }
        }
    };
}

named! {
    /// The types of items. `A1` to `X` are the medical ones and are used only when a file names
    /// them; 单选题 is `single`, 多选题 and 不定项 are `multiple`, 判断题 is `judge`.
    ItemType, "item type", {
        /// One best answer to a plain question.
        A1 = "A1",
        /// One best answer to a short case.
        A2 = "A2",
        /// Several questions on one case.
        A3 = "A3",
        /// Several questions on a case that unfolds.
        A4 = "A4",
        /// Several questions that share a list of options.
        B1 = "B1",
        /// Any number of right options.
        X = "X",
        /// 单选题: one right option.
        Single = "single",
        /// 多选题: any number of right options.
        Multiple = "multiple",
        /// 判断题: right or wrong.
        Judge = "judge",
    }
}

named! {
    /// How hard the author says an item is. `Unset` is a value of its own: a blueprint that wants
    /// such items names it.
    Difficulty, "difficulty", {
        /// 易
        Easy = "easy",
        /// 中
        Medium = "medium",
        /// 难
        Hard = "hard",
        /// Not stated.
        Unset = "unset",
    }
}

impl Difficulty {
    /// How hard an item is on which candidates reach so much of the points on average, in
    /// thousandths. The limits are those of teaching: easy from 0.7 on, hard below 0.4.
    #[must_use]
    pub const fn of_facility(permille: u16) -> Self {
        match permille {
            700.. => Self::Easy,
            ..400 => Self::Hard,
            _ => Self::Medium,
        }
    }
}

named! {
    /// What an item may be used for. The pools never mix.
    Pool, "pool", {
        /// Exams only.
        Exam = "exam",
        /// Practice with explanations only.
        Practice = "practice",
    }
}

named! {
    /// How many options a response may name.
    Choose, "choice", {
        /// Exactly one.
        One = "one",
        /// One or more.
        Many = "many",
    }
}

impl ItemType {
    /// How many options a response to such an item may name.
    #[must_use]
    pub const fn choose(self) -> Choose {
        match self {
            Self::X | Self::Multiple => Choose::Many,
            Self::A1 | Self::A2 | Self::A3 | Self::A4 | Self::B1 | Self::Single | Self::Judge => {
                Choose::One
            }
        }
    }

    /// Whether such items come in groups that are drawn whole and keep their order.
    #[must_use]
    pub const fn in_groups(self) -> bool {
        matches!(self, Self::A3 | Self::A4 | Self::B1)
    }
}

/// A set of an item's options; bit `i` stands for the option at position `i`, from 0.
///
/// What a position means depends on where the set is used: a key counts in the author's order, a
/// response in the order shown. [`crate::grading`] is the one place where the two meet.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(from = "u32", into = "u32")]
pub struct OptionSet(u32);

impl From<u32> for OptionSet {
    fn from(bits: u32) -> Self {
        Self::from_bits(bits)
    }
}

impl From<OptionSet> for u32 {
    fn from(set: OptionSet) -> Self {
        set.bits()
    }
}

impl OptionSet {
    /// No option.
    pub const EMPTY: Self = Self(0);

    /// The set whose bits are `bits`; bits beyond [`OPTIONS_MAX`] are dropped.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & ((1 << OPTIONS_MAX) - 1))
    }

    /// Bit `i` is set when option `i` is in the set.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The set of the first `count` options.
    #[must_use]
    pub const fn first(count: usize) -> Self {
        let count = if count > OPTIONS_MAX { OPTIONS_MAX } else { count };
        Self((1 << count) - 1)
    }

    /// This set with the option at `position` in it; a position beyond [`OPTIONS_MAX`] is ignored.
    #[must_use]
    pub const fn with(self, position: usize) -> Self {
        if position < OPTIONS_MAX { Self(self.0 | 1 << position) } else { self }
    }

    /// Whether the option at `position` is in the set.
    #[must_use]
    pub const fn has(self, position: usize) -> bool {
        position < OPTIONS_MAX && self.0 & 1 << position != 0
    }

    /// How many options are in the set.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether no option is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The options that are in both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The options of this set that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The positions in the set, rising.
    pub fn positions(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        // Steps from member to member: a loop over all 26 places is unrolled by the optimiser
        // into something it cannot finish compiling.
        std::iter::from_fn(move || {
            let position = rest.trailing_zeros();
            (rest != 0).then(|| {
                rest &= rest - 1;
                position as usize
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_the_way_through_text() {
        for &item_type in ItemType::ALL {
            assert_eq!(item_type.name().parse(), Ok(item_type));
        }
        assert!("a1".parse::<ItemType>().is_err());
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = OptionSet::EMPTY.with(0).with(25).with(99);
        assert_eq!(set.positions().collect::<Vec<_>>(), [0, 25]);
        assert_eq!(set.len(), 2);
        assert_eq!(OptionSet::first(26).len(), 26);
        assert_eq!(OptionSet::first(3).without(OptionSet::EMPTY.with(1)).bits(), 0b101);
    }
}
