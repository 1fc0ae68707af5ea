//! What an import has to say about a file: where, what, and what to do about it.

mod english;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Mutex;

use serde::{Deserialize, Deserializer, Serialize};

/// One of the names that `docs/bank-files.md` and programs know.
pub type Code = &'static str;

/// Whether a problem keeps an item out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The item, or the file, is refused.
    Error,
    /// It is taken, and somebody should look.
    Warning,
}

/// One thing that is wrong, or odd, with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Whether it keeps the item out.
    pub severity: Severity,
    /// The file's name as the caller gave it.
    pub file: String,
    /// The sheet's name, where the format has sheets.
    pub sheet: Option<String>,
    /// The row from 1, where the format has rows.
    pub row: Option<u32>,
    /// The column from 1, where the format has columns.
    pub column: Option<u32>,
    /// What stands in that cell, where row and column are known.
    #[serde(default)]
    pub cell: Option<String>,
    /// The item's code, where it has one.
    pub item: Option<String>,
    /// What it is, for programs.
    #[serde(deserialize_with = "code_of_a_list")]
    pub code: Code,
    /// What it is and what to do, for authors, who read it on screen: in Chinese.
    pub message: String,
    /// The same in English, without the particulars.
    #[serde(default)]
    pub english: String,
}

impl Problem {
    /// An error of an item, or of the whole file.
    #[must_use]
    pub fn error(
        file: &str,
        item: Option<&str>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let english = english::of(code);
        debug_assert!(english.is_some(), "{code} has no words in English");
        Self {
            severity: Severity::Error,
            file: file.to_owned(),
            sheet: None,
            row: None,
            column: None,
            cell: None,
            item: item.map(str::to_owned),
            code,
            message: message.into(),
            english: english.unwrap_or_default().to_owned(),
        }
    }

    /// A warning about an item.
    #[must_use]
    pub fn warning(
        file: &str,
        item: Option<&str>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(file, item, code, message) }
    }

    /// Whether it keeps the item, or the file, out.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = if self.is_error() { "error" } else { "warning" };
        write!(f, "{severity} {}", self.file)?;
        if let Some(sheet) = &self.sheet {
            write!(f, " [{sheet}]")?;
        }
        match (self.row, self.column) {
            (Some(row), Some(column)) => write!(f, " {}{row}", column_letters(column))?,
            (Some(row), None) => write!(f, " row {row}")?,
            (None, Some(column)) => write!(f, " column {}", column_letters(column))?,
            (None, None) => {}
        }
        if let Some(item) = &self.item {
            write!(f, " ({item})")?;
        }
        write!(f, " {}: {}", self.code, self.message)
    }
}

/// The most codes that are remembered: many times what the importers know.
const CODES_MAX: usize = 1_000;

/// A code that came from another process. Each is remembered once, and for good.
fn code_of_a_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let code = String::deserialize(deserializer)?;
    let mut known = KNOWN.lock().expect("no holder panics");
    if let Some(known) = known.get(code.as_str()) {
        return Ok(known);
    }
    if known.len() >= CODES_MAX {
        return Err(serde::de::Error::custom("too many codes"));
    }
    let code: &'static str = Box::leak(code.into_boxed_str());
    known.insert(code);
    Ok(code)
}

/// A column as spreadsheets name it: 1 is `A`, 28 is `AB`.
fn column_letters(mut column: u32) -> String {
    let mut letters = Vec::new();
    while column > 0 {
        letters.push(char::from(b'A' + u8::try_from((column - 1) % 26).unwrap_or(0)));
        column = (column - 1) / 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_cell_as_a_spreadsheet_does() {
        let problem = Problem {
            sheet: Some("单选题".to_owned()),
            row: Some(12),
            column: Some(28),
            ..Problem::error("题库.xlsx", Some("S12"), "key_missing", "没有答案")
        };
        assert_eq!(
            problem.to_string(),
            "error 题库.xlsx [单选题] AB12 (S12) key_missing: 没有答案"
        );
    }
}
