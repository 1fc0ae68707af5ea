//! Names of people, spelt one way.
//!
//! The same name arrives from a registry, a spreadsheet and a phone with different dots and
//! spaces. One spelling is kept: composed (NFC), the middle dot of transcribed names as U+00B7
//! without spaces around it, no space next to a Han character, one space between other words,
//! and no zero-width characters. Rare characters, extensions and private use included, stay as
//! they are. Traditional and simplified characters are different names: the roster's spelling
//! decides.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::coded::Coded;
use crate::text;

/// The fewest characters of a name.
pub const NAME_CHARS_MIN: usize = 2;
/// The most characters of a name. The longest transcribed names on identity cards have about 30.
pub const NAME_CHARS_MAX: usize = 50;

/// A person's name in its one spelling; two are equal when they name alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonName(String);

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonNameError {
    /// Nothing was given.
    #[error("no name")]
    Missing,
    /// A single character.
    #[error("name has fewer than {NAME_CHARS_MIN} characters")]
    TooShort,
    /// Longer than a name can be.
    #[error("name has more than {NAME_CHARS_MAX} characters")]
    TooLong,
    /// A control character, or one that turns the direction of the text.
    #[error("name has a control character")]
    ControlCharacter,
}

impl PersonName {
    /// Reads a name as typed and gives it its one spelling.
    ///
    /// # Errors
    /// A [`PersonNameError`].
    pub fn parse(text: &str) -> Result<Self, PersonNameError> {
        if text.len() > text::FIELD_BYTES_MAX {
            return Err(PersonNameError::TooLong);
        }
        let text = text.trim();
        if text.chars().any(text::is_forbidden) {
            return Err(PersonNameError::ControlCharacter);
        }
        let name = one_spelling(text);
        match name.chars().count() {
            0 => Err(PersonNameError::Missing),
            n if n < NAME_CHARS_MIN => Err(PersonNameError::TooShort),
            n if n > NAME_CHARS_MAX => Err(PersonNameError::TooLong),
            _ => Ok(Self(name)),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name for screens: the surname, and a star for each other character, three at most.
    #[must_use]
    pub fn masked(&self) -> String {
        let shown = self.surname_chars();
        let hidden = (self.0.chars().count() - shown).min(3);
        self.0.chars().take(shown).chain(std::iter::repeat_n('*', hidden)).collect()
    }

    fn surname_chars(&self) -> usize {
        let compound = COMPOUND_SURNAMES.iter().any(|surname| self.0.starts_with(surname));
        if compound && self.0.chars().count() > 2 { 2 } else { 1 }
    }
}

/// The dot between the parts of a transcribed name.
const MIDDLE_DOT: char = '\u{B7}';

/// What keyboards and registries put in its place.
const DOTS: [char; 10] = ['·', '•', '‧', '・', '･', '．', '.', '∙', '⋅', '﹒'];

/// Surnames of two characters that still occur.
const COMPOUND_SURNAMES: [&str; 24] = [
    "欧阳", "上官", "司马", "诸葛", "司徒", "东方", "皇甫", "尉迟", "公孙", "令狐", "慕容", "宇文",
    "长孙", "夏侯", "轩辕", "端木", "百里", "南宫", "闻人", "申屠", "独孤", "呼延", "澹台", "淳于",
];

fn one_spelling(text: &str) -> String {
    let visible = text.chars().filter(|c| !text::is_invisible(*c));
    let dotted: String =
        visible.nfc().map(|c| if DOTS.contains(&c) { MIDDLE_DOT } else { c }).collect();
    let mut name = String::with_capacity(dotted.len());
    for word in dotted.split_whitespace() {
        let needs_space = match (name.chars().next_back(), word.chars().next()) {
            (Some(before), Some(after)) => !stands_alone(before) && !stands_alone(after),
            _ => false,
        };
        if needs_space {
            name.push(' ');
        }
        name.push_str(word);
    }
    name
}

/// Whether a character needs no space beside it.
fn stands_alone(c: char) -> bool {
    c == MIDDLE_DOT || text::is_han(c)
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonName({})", self.masked())
    }
}

impl Coded for PersonNameError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "name_missing",
            Self::TooShort => "name_too_short",
            Self::TooLong => "name_too_long",
            Self::ControlCharacter => "name_control_character",
        }
    }

    fn message(&self) -> &'static str {
        match self {
            Self::Missing => "请填写姓名",
            Self::TooShort => "姓名至少2个字",
            Self::TooLong => "姓名最多50个字",
            Self::ControlCharacter => "姓名中含有不可见的控制字符,请重新输入",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> PersonName {
        PersonName::parse(text).unwrap()
    }

    #[test]
    fn l11_spaces_and_dots_do_not_make_another_name() {
        assert_eq!(name("张 三"), name("张三"));
        assert_eq!(name("\u{3000}王\u{3000}磊 \u{200B}"), name("王磊"));
        for dot in DOTS {
            assert_eq!(name(&format!("买买提{dot}艾力")), name("买买提·艾力"), "{dot:?}");
        }
        assert_eq!(name("买买提 • 艾力").as_str(), "买买提\u{B7}艾力");
        assert_eq!(name("Anna  Maria"), name(" Anna Maria"));
        assert_ne!(name("Anna Maria"), name("AnnaMaria"));
    }

    #[test]
    fn l11_rare_characters_are_kept_and_traditional_ones_are_another_name() {
        assert_eq!(name("𠮷 田").as_str(), "𠮷田");
        assert_eq!(name("王\u{E863}").as_str(), "王\u{E863}");
        assert_eq!(name("王\u{30000}").as_str(), "王\u{30000}");
        assert_ne!(name("張三"), name("张三"));
    }

    #[test]
    fn l12_a_name_has_2_to_50_characters() {
        let han = |n: usize| PersonName::parse(&"王".repeat(n));
        assert_eq!(han(1), Err(PersonNameError::TooShort));
        assert!(han(2).is_ok());
        assert!(han(50).is_ok());
        assert_eq!(han(51), Err(PersonNameError::TooLong));
        assert_eq!(han(10_000), Err(PersonNameError::TooLong));
        assert_eq!(PersonName::parse(" \u{200B} "), Err(PersonNameError::Missing));
        assert_eq!(PersonName::parse("𠮷"), Err(PersonNameError::TooShort));
    }

    #[test]
    fn l12_a_right_to_left_override_or_control_character_is_refused() {
        for bad in ["王\u{202E}磊", "王\u{2066}磊", "王\0磊", "王\u{1B}[31m磊", "王\r\n磊"]
        {
            assert_eq!(PersonName::parse(bad), Err(PersonNameError::ControlCharacter), "{bad:?}");
        }
    }

    #[test]
    fn a_masked_name_keeps_the_surname() {
        assert_eq!(name("王磊").masked(), "王*");
        assert_eq!(name("王小明").masked(), "王**");
        assert_eq!(name("欧阳娜娜").masked(), "欧阳**");
        assert_eq!(name("欧阳").masked(), "欧*");
        assert_eq!(name("买买提·艾力").masked(), "买***");
        assert_eq!(format!("{:?}", name("王小明")), "PersonName(王**)");
    }

    proptest! {
        #[test]
        fn random_text_never_panics_and_one_spelling_is_final(text in ".*") {
            if let Ok(name) = PersonName::parse(&text) {
                prop_assert_eq!(PersonName::parse(name.as_str()).unwrap(), name.clone());
                prop_assert!(name.masked().contains('*'));
            }
        }
    }
}
