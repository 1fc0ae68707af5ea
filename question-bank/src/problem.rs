//! What an import has to say about a file: where, what, and what to do about it.

use serde::Serialize;

/// Whether a problem keeps an item out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The item, or the file, is refused.
    Error,
    /// It is taken, and somebody should look.
    Warning,
}

/// One thing that is wrong, or odd, with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// The item's code, where it has one.
    pub item: Option<String>,
    /// What it is, for programs.
    pub code: &'static str,
    /// What it is and what to do, for authors, who read it on screen: in Chinese.
    pub message: String,
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
        Self {
            severity: Severity::Error,
            file: file.to_owned(),
            sheet: None,
            row: None,
            column: None,
            item: item.map(str::to_owned),
            code,
            message: message.into(),
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
