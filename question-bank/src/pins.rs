//! Options that must keep their places.
//!
//! "以上都对" means the options above it, so it stays where it is. An option or an explanation that
//! names options by letter ("A、C均正确", "故选B") is only true in the author's order, so it pins all.

use exam_core::item::OptionSet;

use crate::item::{Item, Unit};

/// What an option that speaks of all the others contains.
const ABOVE: [&str; 6] = ["以上都", "以上均", "以上各项", "以上全部", "上述都", "上述均"];

/// What stands beside a letter that names an option.
const BEFORE: [&str; 8] = ["选项", "选", "答案为", "答案是", "答案：", "正确答案", "排除", "为"];
const AFTER: [&str; 12] =
    ["项", "、", "和", "与", "均", "都", "正确", "错误", "选项", "两项", "对", "不对"];

/// The pinned positions of `item`, and whether that is because letters are named.
#[must_use]
pub fn pinned(unit: &Unit, item: &Item) -> (OptionSet, bool) {
    let options = unit.options_of(item);
    let count = options.len();
    let named = names_letters(&item.explanation, count)
        || options.iter().any(|option| names_letters(&option.text, count));
    if named {
        return (OptionSet::first(count), true);
    }
    let speaks_of_all = |text: &str| ABOVE.iter().any(|words| text.contains(words));
    let pinned = options.iter().enumerate().filter(|(_, option)| speaks_of_all(&option.text));
    (pinned.fold(OptionSet::EMPTY, |set, (position, _)| set.with(position)), false)
}

/// Whether a text names one of the first `count` letters as an option.
fn names_letters(text: &str, count: usize) -> bool {
    let last = b'A' + u8::try_from(count.clamp(1, 26) - 1).unwrap_or(25);
    let bytes = text.as_bytes();
    (0..bytes.len()).any(|at| {
        let letter = (b'A'..=last).contains(&bytes[at]);
        let alone = |neighbour: Option<&u8>| {
            neighbour.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-')
        };
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        if !letter || !alone(before) || !alone(bytes.get(at + 1)) {
            return false;
        }
        let (front, back) = (&text[..at], &text[at + 1..]);
        BEFORE.iter().any(|words| front.ends_with(words))
            || (AFTER.iter().any(|words| back.starts_with(words)) && !starts_a_word(front))
    })
}

/// Whether the letter belongs to a term such as 维生素A: the character before it is Han.
fn starts_a_word(front: &str) -> bool {
    front.chars().next_back().is_some_and(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_name_options_are_found() {
        for text in ["A、C均正确", "故选B。", "选项D错误", "A和B", "答案为C", "B项正确"]
        {
            assert!(names_letters(text, 5), "{text}");
        }
    }

    #[test]
    fn letters_of_medical_terms_name_nothing() {
        for text in [
            "维生素A缺乏",
            "HBsAg阳性",
            "A型血",
            "乙型肝炎病毒DNA",
            "CT检查与MRI",
            "IgA肾病",
            "甲胎蛋白(AFP)",
            "维生素D和钙",
        ] {
            assert!(!names_letters(text, 5), "{text}");
        }
    }
}
