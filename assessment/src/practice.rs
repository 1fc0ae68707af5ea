//! What a physician is registered to practise: category, level and scopes.

use serde::{Deserialize, Serialize};

use crate::coded::Coded;
use crate::text;

/// 执业类别, the four of the Physicians Law (医师法).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// 临床
    Clinical,
    /// 口腔
    Dental,
    /// 公共卫生
    PublicHealth,
    /// 中医, which includes 中西医结合 and the medicines of the nationalities.
    ChineseMedicine,
}

/// 医师级别.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 执业医师
    Full,
    /// 执业助理医师
    Assistant,
}

/// Why a text is not a category, level or list of scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PracticeError {
    /// No category was given.
    #[error("no practice category")]
    CategoryMissing,
    /// Not one of the four.
    #[error("unknown practice category")]
    CategoryUnknown,
    /// No level was given.
    #[error("no physician level")]
    LevelMissing,
    /// Neither of the two.
    #[error("unknown physician level")]
    LevelUnknown,
    /// No scope was given.
    #[error("no practice scope")]
    ScopeMissing,
    /// Too many, too long, or with control characters.
    #[error("practice scope is not a list of short names")]
    ScopeMalformed,
}

impl Category {
    /// Every category, in the order of the law.
    pub const ALL: [Self; 4] =
        [Self::Clinical, Self::Dental, Self::PublicHealth, Self::ChineseMedicine];

    /// Its name on screens.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Clinical => "临床",
            Self::Dental => "口腔",
            Self::PublicHealth => "公共卫生",
            Self::ChineseMedicine => "中医",
        }
    }

    /// Reads a category as registers write it: `临床`, `临床类别`, `中西医结合`.
    ///
    /// # Errors
    /// [`PracticeError::CategoryMissing`], [`PracticeError::CategoryUnknown`].
    pub fn parse(text: &str) -> Result<Self, PracticeError> {
        let word = short_word(text).ok_or(PracticeError::CategoryUnknown)?;
        let word = ["执业医师", "医师", "执业类别", "类别", "专业", "医学", "类"]
            .iter()
            .find_map(|tail| word.strip_suffix(tail))
            .unwrap_or(&word);
        match word {
            "" => Err(PracticeError::CategoryMissing),
            "临床" => Ok(Self::Clinical),
            "口腔" => Ok(Self::Dental),
            "公共卫生" | "公卫" => Ok(Self::PublicHealth),
            "中医" | "中西医结合" | "中西医" | "民族医" | "中医药" | "传统" => {
                Ok(Self::ChineseMedicine)
            }
            _ => Err(PracticeError::CategoryUnknown),
        }
    }
}

impl Level {
    /// Both levels.
    pub const ALL: [Self; 2] = [Self::Full, Self::Assistant];

    /// Its name on screens.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Full => "执业医师",
            Self::Assistant => "执业助理医师",
        }
    }

    /// Reads a level as registers write it.
    ///
    /// # Errors
    /// [`PracticeError::LevelMissing`], [`PracticeError::LevelUnknown`].
    pub fn parse(text: &str) -> Result<Self, PracticeError> {
        match short_word(text).as_deref() {
            Some("") => Err(PracticeError::LevelMissing),
            Some("执业医师" | "医师") => Ok(Self::Full),
            Some("执业助理医师" | "助理医师" | "执业助理" | "助理") => {
                Ok(Self::Assistant)
            }
            _ => Err(PracticeError::LevelUnknown),
        }
    }
}

/// The most scopes of one registration; the regulations know at most three or four.
const SCOPES_MAX: usize = 10;
/// The most characters of one scope.
const SCOPE_CHARS_MAX: usize = 50;

/// Reads 执业范围: one name or several, separated by `、`, commas, semicolons or line breaks.
///
/// # Errors
/// [`PracticeError::ScopeMissing`], [`PracticeError::ScopeMalformed`].
pub fn parse_scopes(text: &str) -> Result<Vec<String>, PracticeError> {
    if text.len() > text::FIELD_BYTES_MAX {
        return Err(PracticeError::ScopeMalformed);
    }
    let mut scopes: Vec<String> = Vec::new();
    for part in text.split(['、', ',', '，', ';', '；', '\n', '\r']) {
        let scope = part.trim();
        if !scope.is_empty() && !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    let sensible = |scope: &String| {
        scope.chars().count() <= SCOPE_CHARS_MAX && !scope.chars().any(text::is_forbidden)
    };
    match scopes.len() {
        0 => Err(PracticeError::ScopeMissing),
        1..=SCOPES_MAX if scopes.iter().all(sensible) => Ok(scopes),
        _ => Err(PracticeError::ScopeMalformed),
    }
}

/// `text` without blanks, or `None` when it is too long to be a word.
fn short_word(text: &str) -> Option<String> {
    (text.len() <= text::FIELD_BYTES_MAX).then(|| text::compact(text))
}

impl Coded for PracticeError {
    fn code(&self) -> &'static str {
        match self {
            Self::CategoryMissing => "category_missing",
            Self::CategoryUnknown => "category_unknown",
            Self::LevelMissing => "level_missing",
            Self::LevelUnknown => "level_unknown",
            Self::ScopeMissing => "scope_missing",
            Self::ScopeMalformed => "scope_malformed",
        }
    }

    fn message(&self) -> &'static str {
        match self {
            Self::CategoryMissing => "请填写执业类别",
            Self::CategoryUnknown => "执业类别应为临床、口腔、公共卫生或中医",
            Self::LevelMissing => "请填写医师级别",
            Self::LevelUnknown => "医师级别应为执业医师或执业助理医师",
            Self::ScopeMissing => "请填写执业范围",
            Self::ScopeMalformed => "执业范围最多10项,每项不超过50个字,用顿号分隔",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn categories_are_read_as_registers_write_them() {
        for category in Category::ALL {
            assert_eq!(Category::parse(category.label()), Ok(category));
        }
        assert_eq!(Category::parse(" 临床 类别 "), Ok(Category::Clinical));
        assert_eq!(Category::parse("临床执业医师"), Ok(Category::Clinical));
        assert_eq!(Category::parse("公卫医师"), Ok(Category::PublicHealth));
        assert_eq!(Category::parse("中西医结合"), Ok(Category::ChineseMedicine));
        assert_eq!(Category::parse("兽医"), Err(PracticeError::CategoryUnknown));
        assert_eq!(Category::parse(""), Err(PracticeError::CategoryMissing));
    }

    #[test]
    fn levels_are_read_as_registers_write_them() {
        for level in Level::ALL {
            assert_eq!(Level::parse(level.label()), Ok(level));
        }
        assert_eq!(Level::parse("助理医师"), Ok(Level::Assistant));
        assert_eq!(Level::parse("主任医师"), Err(PracticeError::LevelUnknown));
        assert_eq!(Level::parse("\u{3000}"), Err(PracticeError::LevelMissing));
    }

    #[test]
    fn scopes_are_a_list_without_repeats() {
        let scopes = parse_scopes("内科专业、急救医学专业；内科专业\n").unwrap();
        assert_eq!(scopes, ["内科专业", "急救医学专业"]);
        assert_eq!(parse_scopes("、 、"), Err(PracticeError::ScopeMissing));
        assert_eq!(parse_scopes(&"科".repeat(51)), Err(PracticeError::ScopeMalformed));
        assert_eq!(parse_scopes("内科\u{202E}专业"), Err(PracticeError::ScopeMalformed));
        let many: Vec<String> = (0..11).map(|n| format!("范围{n}")).collect();
        assert_eq!(parse_scopes(&many.join("、")), Err(PracticeError::ScopeMalformed));
    }

    proptest! {
        #[test]
        fn random_text_never_panics(text in ".*") {
            let _ = (Category::parse(&text), Level::parse(&text), parse_scopes(&text));
        }
    }
}
