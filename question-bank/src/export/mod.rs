//! Banks as files for other systems, and for this one.
//!
//! Pure functions: units and their pictures go in, a file comes out, with a warning for everything
//! that its format cannot hold. JSON and QTI hold all of it.

mod gift;
mod losses;
mod moodle;
mod places;
mod qti;
mod questions;
mod table;
mod xml;

use std::str::FromStr;

use exam_core::item::Unknown;
use rust_xlsxwriter::XlsxError;

use crate::item::Unit;
use crate::json;
use crate::picture::Picture;
use crate::problem::Problem;
pub(crate) use places::name_of as picture_name;

/// A format that banks are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// The loss-free one, `exam-bank/1`.
    Json,
    /// A package of QTI 3.0; what [`crate::qti`] reads back is what was written.
    Qti,
    /// The table that authors fill in; without pictures.
    Xlsx,
    /// What Moodle imports.
    MoodleXml,
    /// Moodle's text format; without pictures.
    Gift,
}

/// A bank as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The file.
    pub bytes: Vec<u8>,
    /// What the format cannot hold of which item; warnings all.
    pub problems: Vec<Problem>,
}

/// Why a bank could not be written.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    /// A workbook cannot hold it, such as a text longer than a cell.
    #[error("the workbook cannot hold the bank")]
    Workbook(#[from] XlsxError),
}

impl ExportFormat {
    /// All formats with their names.
    pub const NAMES: [(Self, &'static str); 5] = [
        (Self::Json, "json"),
        (Self::Qti, "qti"),
        (Self::Xlsx, "xlsx"),
        (Self::MoodleXml, "moodle-xml"),
        (Self::Gift, "gift"),
    ];

    /// Its name in commands and addresses; [`crate::format::Format`] has the same.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Qti => "qti",
            Self::Xlsx => "xlsx",
            Self::MoodleXml => "moodle-xml",
            Self::Gift => "gift",
        }
    }

    /// How names of its files end, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Qti => "zip",
            Self::Xlsx => "xlsx",
            Self::MoodleXml => "xml",
            Self::Gift => "txt",
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Qti => "application/zip",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::MoodleXml => "application/xml; charset=utf-8",
            Self::Gift => "text/plain; charset=utf-8",
        }
    }
}

impl FromStr for ExportFormat {
    type Err = Unknown;

    fn from_str(name: &str) -> Result<Self, Unknown> {
        let named = Self::NAMES.into_iter().find(|(_, known)| *known == name);
        named.map(|(format, _)| format).ok_or(Unknown { what: "export format" })
    }
}

/// Writes units with the pictures that they show. The same units make the same bytes.
///
/// # Errors
/// [`NotWritten`] where the format cannot hold a text at all.
pub fn write(
    units: &[Unit],
    pictures: &[Picture],
    format: ExportFormat,
) -> Result<Exported, NotWritten> {
    let file = format!("bank.{}", format.extension());
    let mut losses = losses::Losses::new(&file);
    let bytes = match format {
        ExportFormat::Json => json::write(units, pictures).into_bytes(),
        ExportFormat::Qti => qti::write(units, pictures, &mut losses),
        ExportFormat::Xlsx => table::write(units, &mut losses)?,
        ExportFormat::MoodleXml => moodle::write(units, pictures, &mut losses).into_bytes(),
        ExportFormat::Gift => gift::write(units, &mut losses).into_bytes(),
    };
    Ok(Exported { bytes, problems: losses.end() })
}

#[cfg(test)]
mod tests;
