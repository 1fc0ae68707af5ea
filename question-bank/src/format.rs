//! Formats of bank files, told by what is in them.

use std::str::FromStr;

use exam_core::item::Unknown;

use crate::check::Imported;
use crate::decode::beginning;
use crate::item::Defaults;
use crate::mend::Mend;
use crate::{aiken, gift, json, moodle, qti, sheet, table, text, xml};

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The loss-free one, `exam-bank/1`.
    Json,
    /// A workbook of tables.
    Xlsx,
    /// One table as text.
    Csv,
    /// Questions as authors write them in a word processor.
    Text,
    /// Moodle's text format with answers in braces.
    Gift,
    /// Questions with `ANSWER: B`.
    Aiken,
    /// What Moodle exports.
    MoodleXml,
    /// An item or a package of the 1EdTech standard, versions 2.1 to 3.0.
    Qti,
}

impl Format {
    /// All formats with their names.
    pub const NAMES: [(Self, &'static str); 8] = [
        (Self::Json, "json"),
        (Self::Xlsx, "xlsx"),
        (Self::Csv, "csv"),
        (Self::Text, "text"),
        (Self::Gift, "gift"),
        (Self::Aiken, "aiken"),
        (Self::MoodleXml, "moodle-xml"),
        (Self::Qti, "qti"),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let named = Self::NAMES.into_iter().find(|(format, _)| *format == self);
        named.map_or("", |(_, name)| name)
    }

    /// The format that a file is in: what it holds decides, its name does not.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        if qti::is_package(bytes) {
            return Self::Qti;
        }
        if table::is_workbook(bytes) {
            return Self::Xlsx;
        }
        // What is no text is told so by whoever reads tables.
        let text = beginning(bytes);
        let text = text.trim_start();
        if is_json(text) {
            Self::Json
        } else if let Some(root) = Some(text).filter(|t| t.starts_with('<')).and_then(xml::root_of)
        {
            if qti::is_root(&root) { Self::Qti } else { Self::MoodleXml }
        } else if sheet::has_header(text) {
            Self::Csv
        } else if gift::is_gift(text) {
            Self::Gift
        } else if aiken::is_aiken(text) {
            Self::Aiken
        } else if text::is_text(text) {
            Self::Text
        } else {
            Self::Csv
        }
    }
}

/// Whether a text begins as JSON does: no text of an author begins with a brace.
fn is_json(text: &str) -> bool {
    text.starts_with('{')
        || text
            .strip_prefix('[')
            .is_some_and(|rest| rest.trim_start().starts_with(['{', '[', '"', ']']))
}

impl FromStr for Format {
    type Err = Unknown;

    fn from_str(name: &str) -> Result<Self, Unknown> {
        let named = Self::NAMES.into_iter().find(|(_, known)| *known == name);
        named.map(|(format, _)| format).ok_or(Unknown { what: "bank format" })
    }
}

/// How a file is read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Its format; without one, what it holds tells.
    pub format: Option<Format>,
    /// What holds for items that say nothing.
    pub defaults: Defaults,
    /// Cells that say something else than in the file.
    pub mends: Vec<Mend>,
}

/// Reads a bank file and names every problem.
#[must_use]
pub fn read(bytes: &[u8], file: &str, reading: &Reading) -> Imported {
    let defaults = &reading.defaults;
    match reading.format.unwrap_or_else(|| Format::of(bytes)) {
        Format::Json => json::read(bytes, file, defaults),
        Format::Text => text::read(bytes, file, defaults),
        Format::Gift => gift::read(bytes, file, defaults),
        Format::Aiken => aiken::read(bytes, file, defaults),
        Format::MoodleXml => moodle::read(bytes, file, defaults),
        Format::Qti => qti::read(bytes, file, defaults),
        Format::Xlsx if !table::is_workbook(bytes) => {
            Imported::refused(file, "workbook_kind", "不是 .xlsx 工作簿")
        }
        Format::Xlsx | Format::Csv => sheet::read(bytes, file, defaults, &reading.mends),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_holds_tells_its_format() {
        for (text, format) in [
            ("{\"format\":\"exam-bank/1\",\"units\":[]}", Format::Json),
            ("\u{feff}{\"format\": damaged", Format::Json),
            ("题干,选项A,选项B,答案\n1.甲,A. x,B. y,A\n", Format::Csv),
            ("题干\t答案\n甲\tA\n", Format::Csv),
            ("<?xml version='1.0'?>\n<quiz></quiz>", Format::MoodleXml),
            ("Q\nA. x\nB. y\nANSWER: A\n", Format::Aiken),
            ("// c\n\n::t::Q{=a ~b}\n", Format::Gift),
            ("一、单选题\n1．题\nA．甲\nB．乙\n答案：A", Format::Text),
            ("1. {注}题（A）\nA. 甲\nB. 乙", Format::Text),
            ("", Format::Csv),
        ] {
            assert_eq!(Format::of(text.as_bytes()), format, "{text}");
        }
        assert_eq!(Format::of(b"PK\x03\x04"), Format::Xlsx);
        assert_eq!(Format::of(b"\xff\xff"), Format::Csv);
        for (format, name) in Format::NAMES {
            assert_eq!(name.parse(), Ok(format));
        }
    }
}
