//! Formats of bank files, told by what is in them.

use std::str::FromStr;

use exam_core::item::Unknown;

use crate::check::Imported;
use crate::item::Defaults;
use crate::{json, sheet, table};

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The loss-free one, `exam-bank/1`.
    Json,
    /// A workbook of tables.
    Xlsx,
    /// One table as text.
    Csv,
}

impl Format {
    /// All formats with their names.
    pub const NAMES: [(Self, &'static str); 3] =
        [(Self::Json, "json"), (Self::Xlsx, "xlsx"), (Self::Csv, "csv")];

    /// The format that a file is in: what it holds decides, its name does not.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
        if table::is_workbook(bytes) {
            Self::Xlsx
        } else if text.starts_with(b"{") || text.starts_with(b"[") {
            Self::Json
        } else {
            Self::Csv
        }
    }
}

impl FromStr for Format {
    type Err = Unknown;

    fn from_str(name: &str) -> Result<Self, Unknown> {
        let named = Self::NAMES.into_iter().find(|(_, known)| *known == name);
        named.map(|(format, _)| format).ok_or(Unknown { what: "bank format" })
    }
}

/// Reads a bank file and names every problem; without a format, what it holds tells.
#[must_use]
pub fn read(bytes: &[u8], file: &str, format: Option<Format>, defaults: &Defaults) -> Imported {
    match format.unwrap_or_else(|| Format::of(bytes)) {
        Format::Json => json::read(bytes, file, defaults),
        Format::Xlsx if !table::is_workbook(bytes) => {
            Imported::refused(file, "workbook_kind", "不是 .xlsx 工作簿")
        }
        Format::Xlsx | Format::Csv => sheet::read(bytes, file, defaults),
    }
}
