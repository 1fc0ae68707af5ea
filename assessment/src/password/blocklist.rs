//! Passwords everybody tries first.
//!
//! The list holds whole passwords and words, lower case, without symbols. A password is common
//! when it stands there, or when a word that stands there is all it has besides a few digits
//! before or after: `Zhangwei1987`, `123password`, `Admin@888`.

use std::collections::HashSet;
use std::sync::LazyLock;

/// One entry a line, sorted, each once.
const LIST: &str = include_str!("common_passwords.txt");

static ENTRIES: LazyLock<HashSet<&str>> = LazyLock::new(|| LIST.lines().collect());

/// The most digits beside a word that add nothing: a year.
const FEW_DIGITS: usize = 4;

/// The most symbols in a common password that add nothing: `P@ssw0rd!`.
const FEW_SYMBOLS: usize = 3;

/// Whether `text` is a common password, give or take case, a few symbols and a few digits.
pub(super) fn is_common(text: &str) -> bool {
    let is_symbol = |c: &char| c.is_ascii_punctuation() || *c == ' ';
    if text.chars().filter(is_symbol).count() > FEW_SYMBOLS {
        return false;
    }
    let folded = text.replace(|c| is_symbol(&c), "").to_lowercase();
    let word = folded.trim_matches(|c: char| c.is_ascii_digit());
    let (before, after) = folded.split_once(word).expect("a text contains its middle");
    let known_word = word.is_empty() || ENTRIES.contains(word);
    ENTRIES.contains(folded.as_str()) || (known_word && adds_nothing(before) && adds_nothing(after))
}

/// Whether `digits` are few, count up or down, or repeat a piece of at most three.
fn adds_nothing(digits: &str) -> bool {
    let digits = digits.as_bytes();
    let steps =
        |step: u8| digits.windows(2).all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0');
    let repeats = |piece: usize| digits.iter().zip(&digits[piece..]).all(|(a, b)| a == b);
    digits.len() <= FEW_DIGITS || steps(1) || steps(9) || (1..=3).any(repeats)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_folded_and_without_repeats() {
        let entries: Vec<&str> = LIST.lines().collect();
        assert!((1_000..=3_000).contains(&entries.len()), "{}", entries.len());
        for pair in entries.windows(2) {
            assert!(pair[0] < pair[1], "{} before {}", pair[0], pair[1]);
        }
        let folded = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        assert!(entries.iter().all(|entry| entry.len() >= 3 && entry.chars().all(folded)));
    }

    #[test]
    fn every_entry_is_common_in_any_case() {
        for entry in LIST.lines() {
            assert!(is_common(entry), "{entry}");
            assert!(is_common(&entry.to_uppercase()), "{entry}");
        }
    }

    #[test]
    fn a_common_word_with_a_few_digits_is_common() {
        for text in [
            "Zhangwei1987",
            "123password",
            "Admin@888",
            "Woaini5201314",
            "a12345678",
            "Qwe!123123123",
        ] {
            assert!(is_common(text), "{text}");
        }
    }

    #[test]
    fn a_word_with_many_irregular_digits_is_not() {
        for text in
            ["zhangwei72905", "admin83741", "xk7admin", "admin-by-the-lake-7", "湖边4号柳树"]
        {
            assert!(!is_common(text), "{text}");
        }
    }
}
