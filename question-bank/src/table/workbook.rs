//! Workbooks (`.xlsx`), streamed cell by cell.

use std::collections::HashMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use super::merged::Merged;
use super::{COLUMNS_MAX, Cell, Form, NotATable, Part, ROWS_MAX, Row, TEXT_BYTES_MAX};
use super::{OLD_WORKBOOK, guard, raised};

/// The most sheets.
const SHEETS_MAX: usize = 200;

/// The most bytes of all sheets, were each as long as the longest: several may name one part, and
/// then it is read as often.
const SHEETS_BYTES_MAX: u64 = 1 << 30;

/// Reads all visible sheets.
pub(super) fn read(bytes: &[u8], take: &mut dyn FnMut(Part<'_>)) -> Result<(), NotATable> {
    if bytes.starts_with(OLD_WORKBOOK) {
        // With a password a new workbook is wrapped as an old one. Names in it are UTF-16.
        let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let locked = memchr::memmem::find(bytes, &name).is_some();
        return Err(if locked { NotATable::Password } else { NotATable::OtherWorkbook });
    }
    let seen = guard::look_through(bytes)?;
    let raised = match &seen.raised {
        Some(part) => raised::read(bytes, part)?,
        None => HashMap::new(),
    };
    let mut workbook = guarded(|| Xlsx::new(Cursor::new(bytes)))?.map_err(damaged)?;
    let sheets: Vec<_> = workbook.sheets_metadata().to_vec();
    let all_as_long = seen.largest_part.saturating_mul(sheets.len() as u64);
    if sheets.len() > SHEETS_MAX || all_as_long > SHEETS_BYTES_MAX {
        return Err(NotATable::Excessive("工作表过多"));
    }
    if seen.pictures > 0 {
        take(Part::Pictures(seen.pictures));
    }
    let mut so_far = SoFar::default();
    for sheet in sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet) {
        let name: String = sheet.name.chars().take(100).collect();
        if sheet.visible != SheetVisible::Visible {
            take(Part::Hidden(name));
            continue;
        }
        take(Part::Sheet(Some(name)));
        let merged = if seen.merged {
            guarded(|| workbook.merge_cells_by_sheet_name(&sheet.name))?.map_err(damaged)?
        } else {
            vec![]
        };
        let merged = Merged::new(merged);
        read_sheet(&mut workbook, &sheet.name, merged, &raised, &mut so_far, take)?;
    }
    Ok(())
}

/// What has been taken of a file.
#[derive(Default)]
struct SoFar {
    rows: usize,
    text_bytes: usize,
}

fn read_sheet(
    workbook: &mut Xlsx<Cursor<&[u8]>>,
    name: &str,
    mut merged: Merged,
    raised: &HashMap<String, String>,
    so_far: &mut SoFar,
    take: &mut dyn FnMut(Part<'_>),
) -> Result<(), NotATable> {
    let broken =
        |row: u32, error: &XlsxError| Part::Broken { row, reason: error.to_string().into() };
    let mut reader = match guarded(|| workbook.worksheet_cells_reader(name))? {
        Ok(reader) => reader,
        Err(error) => {
            take(broken(0, &error));
            return Ok(());
        }
    };
    let percent: Vec<bool> = reader
        .styles()
        .iter()
        .map(|style| style.number_format.as_ref().is_some_and(|f| f.format_code.contains('%')))
        .collect();
    let mut outside = false;
    let mut row = Row::default();
    let mut end = |row: &mut Row, so_far: &mut SoFar, take: &mut dyn FnMut(Part<'_>)| {
        let mut row = std::mem::take(row);
        if row.cells.iter().all(|cell| cell.text.is_empty()) {
            return Ok(());
        }
        merged.fill(&mut row);
        so_far.rows += 1;
        so_far.text_bytes += row.cells.iter().map(|cell| cell.text.len()).sum::<usize>();
        if so_far.rows > ROWS_MAX {
            return Err(NotATable::TooManyRows);
        }
        if so_far.text_bytes > TEXT_BYTES_MAX {
            return Err(NotATable::Excessive("文字过多"));
        }
        take(Part::Row(row));
        Ok(())
    };
    loop {
        let (cell, style) = match guarded(|| reader.next_cell_with_style_id())? {
            Ok(Some(next)) => next,
            Ok(None) => return end(&mut row, so_far, take),
            Err(error) => {
                let last = row.number;
                end(&mut row, so_far, take)?;
                take(broken(last, &error));
                return Ok(());
            }
        };
        let (number, column) = cell.get_position();
        let (number, column) = (number.saturating_add(1), column as usize);
        if number != row.number {
            end(&mut row, so_far, take)?;
            row.number = number;
        }
        if column >= COLUMNS_MAX {
            if !outside && !matches!(cell.get_value(), DataRef::Empty) {
                let column = u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1);
                take(Part::Outside { row: number, column });
                outside = true;
            }
            continue;
        }
        let cell = as_read(cell.get_value(), percent.get(style) == Some(&true), raised);
        if row.cells.len() <= column {
            row.cells.resize_with(column + 1, Cell::default);
        }
        row.cells[column] = cell;
    }
}

/// The cell as a person reads it.
fn as_read(value: &DataRef<'_>, percent: bool, raised: &HashMap<String, String>) -> Cell {
    let text = |text: &str| {
        let text = text.trim();
        Cell { text: raised.get(text).map_or(text, String::as_str).to_owned(), form: Form::Text }
    };
    let number = |value: f64| Cell { text: number_text(value, percent), form: Form::Number };
    match value {
        DataRef::Empty => Cell::default(),
        DataRef::String(value) => text(value),
        DataRef::SharedString(value) => text(value),
        #[expect(clippy::cast_precision_loss)]
        DataRef::Int(value) => number(*value as f64),
        DataRef::Float(value) => number(*value),
        DataRef::Bool(value) => {
            Cell { text: if *value { "TRUE" } else { "FALSE" }.to_owned(), form: Form::Text }
        }
        DataRef::DateTime(value) => {
            let (year, month, day, hour, minute, second, _) = value.to_ymd_hms_milli();
            let mut text = format!("{year:04}-{month:02}-{day:02}");
            if (hour, minute, second) != (0, 0, 0) {
                text += &format!(" {hour:02}:{minute:02}:{second:02}");
            }
            Cell { text, form: Form::Date }
        }
        DataRef::DateTimeIso(value) | DataRef::DurationIso(value) => {
            Cell { text: value.clone(), form: Form::Date }
        }
        DataRef::Error(error) => Cell { text: error.to_string(), form: Form::Error },
    }
}

/// A number as a spreadsheet shows it: 15 digits, no more are kept; a larger one as a power of ten,
/// so that nobody takes invented digits for an ID number.
fn number_text(value: f64, percent: bool) -> String {
    const DIGITS_KEPT: f64 = 1e15;
    let shown = if percent { value * 100.0 } else { value };
    let sign = if percent { "%" } else { "" };
    if shown.abs() >= DIGITS_KEPT {
        return format!("{shown:.5E}{sign}");
    }
    let rounded: f64 = format!("{shown:.14e}").parse().unwrap_or(shown);
    format!("{rounded}{sign}")
}

/// Runs a call of the workbook reader, which panics on some damaged files.
fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, NotATable> {
    catch_unwind(AssertUnwindSafe(call))
        .map_err(|_| NotATable::Damaged("内部结构不合法".to_owned()))
}

fn damaged(error: XlsxError) -> NotATable {
    match error {
        XlsxError::Password => NotATable::Password,
        other => NotATable::Damaged(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_a_person_reads_them() {
        for (value, percent, text) in [
            (2.0, false, "2"),
            (0.1 + 0.2, false, "0.3"),
            (37.5, false, "37.5"),
            (-4.0, false, "-4"),
            (0.95, true, "95%"),
            (0.07, true, "7%"),
            (410_102_198_803_071_488.0, false, "4.10102E17"),
        ] {
            assert_eq!(number_text(value, percent), text);
        }
    }
}
