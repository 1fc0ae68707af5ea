//! Responses as letters in the order shown: `ac` is the first and the third option.

use serde::{Deserialize, Deserializer, Serializer};

use crate::item::{OPTIONS_MAX, OptionSet};

const LETTERS: &[u8; OPTIONS_MAX] = b"abcdefghijklmnopqrstuvwxyz";

/// The letters of the options in `set`, rising.
#[must_use]
pub fn letters_of(set: OptionSet) -> String {
    set.positions().map(|position| char::from(LETTERS[position])).collect()
}

/// The set that `letters` names; `None` for anything but distinct letters from `a` to `z`.
#[must_use]
pub fn option_set_of(letters: &str) -> Option<OptionSet> {
    letters.bytes().try_fold(OptionSet::EMPTY, |set, letter| {
        let position = usize::from(letter.checked_sub(b'a')?);
        (position < OPTIONS_MAX && !set.has(position)).then(|| set.with(position))
    })
}

pub(crate) fn serialize<S: Serializer>(set: &OptionSet, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&letters_of(*set))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<OptionSet, D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
    option_set_of(&text).ok_or_else(|| serde::de::Error::custom("not a list of option letters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_written_as_its_letters() {
        let set = OptionSet::EMPTY.with(2).with(0);
        assert_eq!(letters_of(set), "ac");
        assert_eq!(option_set_of("ca"), Some(set));
        assert_eq!(option_set_of(""), Some(OptionSet::EMPTY));
    }

    #[test]
    fn anything_but_distinct_letters_is_refused() {
        for text in ["aa", "A", "a b", "ä", "{"] {
            assert_eq!(option_set_of(text), None, "{text}");
        }
    }
}
