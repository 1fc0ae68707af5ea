//! Tables of cells, from text with separators or from workbooks.
//!
//! Readers hand over one row at a time and hold everything to a cap, so that a small file cannot
//! ask for a lot of memory.

mod csv;
mod guard;
mod merged;
mod raised;
mod workbook;

#[cfg(test)]
mod hostile;

use std::borrow::Cow;

use crate::archive::is_archive;
use crate::decode::{BYTES_MAX, NotText};

/// The most rows of a table.
pub const ROWS_MAX: usize = 200_000;

/// The most cells of a row.
pub const COLUMNS_MAX: usize = 200;

/// The most bytes of a cell of text: a spreadsheet program keeps 32,767 characters, of three bytes
/// each in Chinese. What comes after makes copies of a cell, and looks through them.
const CELL_BYTES_MAX: usize = 32_767 * 4;

/// The most bytes of text in all cells of a file: a workbook may name one long text often.
const TEXT_BYTES_MAX: usize = 256 << 20;

/// A row with its number, from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// As a spreadsheet program numbers it.
    pub number: u32,
    /// Its cells, from the first column.
    pub cells: Vec<Cell>,
}

/// What is in a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// As a person reads it, ends trimmed.
    pub text: String,
    /// What the spreadsheet program took it for.
    pub form: Form,
}

impl AsRef<str> for Cell {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// What a spreadsheet program takes the content of a cell for. It may have damaged it in doing so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Text.
    #[default]
    Text,
    /// A number; more than 15 digits are lost, and it is shown as a power of ten.
    Number,
    /// A date or time: what was `3-2` may have become one.
    Date,
    /// An error of a formula, such as `#REF!`.
    Error,
}

/// One sheet's name; text has none.
pub type SheetName = Option<String>;

/// What a reader hands over.
pub enum Part<'a> {
    /// A sheet begins.
    Sheet(SheetName),
    /// Its next row that has any text.
    Row(Row),
    /// Cells far right of everything were left out, the first of them here.
    Outside {
        /// The row from 1.
        row: u32,
        /// The column from 1.
        column: u32,
    },
    /// The sheet could not be read any further.
    Broken {
        /// The last row that was read.
        row: u32,
        /// Why.
        reason: Cow<'a, str>,
    },
    /// A hidden sheet was left out.
    Hidden(String),
    /// The workbook has pictures, which are not read.
    Pictures(usize),
}

/// Why a file is no table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATable {
    /// It is a workbook of an old or another kind.
    #[error("只支持 .xlsx 工作簿；请用 Excel 或 WPS 另存为 .xlsx 再导入")]
    OtherWorkbook,
    /// It is no table at all, but what a word processor writes.
    #[error("这是 Word 或 PDF 文档；请复制其中的题目文字，粘贴到文本文件（.txt）后再导入")]
    Document,
    /// It is protected with a password.
    #[error("工作簿设有打开密码，请取消密码后再导入")]
    Password,
    /// It is a damaged workbook.
    #[error("工作簿已损坏或不是 .xlsx 文件：{0}")]
    Damaged(String),
    /// It is a workbook that wants too much.
    #[error("工作簿{0}，请精简后再导入")]
    Excessive(&'static str),
    /// It is no text either.
    #[error(transparent)]
    NotText(NotText),
    /// It has too many rows.
    #[error("超过 {ROWS_MAX} 行，请拆分后再导入")]
    TooManyRows,
    /// A row has too many cells.
    #[error("第 {0} 行超过 {COLUMNS_MAX} 列")]
    TooManyColumns(u32),
    /// A row has a cell that no spreadsheet program would keep.
    #[error("第 {0} 行有超过 {CELL_BYTES_MAX} 字节的单元格")]
    CellTooLong(u32),
    /// A quote is never closed.
    #[error("第 {0} 行起引号没有闭合")]
    QuoteUnclosed(u32),
}

impl NotATable {
    /// What it is, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Excessive(_) => "file_too_big",
            Self::OtherWorkbook => "workbook_kind",
            Self::Document => "document_kind",
            Self::Password => "workbook_password",
            Self::Damaged(_) => "workbook_damaged",
            Self::NotText(why) => why.code(),
            Self::TooManyRows => "too_many_rows",
            Self::TooManyColumns(_) => "too_many_columns",
            Self::CellTooLong(_) => "cell_too_long",
            Self::QuoteUnclosed(_) => "quote_unclosed",
        }
    }
}

/// Whether a file begins as a workbook does, of this kind or an old one.
#[must_use]
pub fn is_workbook(bytes: &[u8]) -> bool {
    is_archive(bytes) || bytes.starts_with(OLD_WORKBOOK)
}

/// How a file of the old kind, or one with a password, begins.
const OLD_WORKBOOK: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Reads a table, part by part: a workbook sheet by sheet, anything else as text.
///
/// # Errors
/// [`NotATable`] says what is wrong with the file as a whole. Parts may have been handed over
/// before.
pub fn read(bytes: &[u8], take: &mut dyn FnMut(Part<'_>)) -> Result<(), NotATable> {
    if bytes.len() > BYTES_MAX {
        return Err(NotATable::NotText(NotText::TooBig));
    }
    if is_workbook(bytes) {
        return workbook::read(bytes, take);
    }
    if bytes.starts_with(b"%PDF-") {
        return Err(NotATable::Document);
    }
    take(Part::Sheet(None));
    csv::read(bytes, &mut |row| take(Part::Row(row)))
}
