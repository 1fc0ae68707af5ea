//! Tables as text with separators, in whatever encoding an office program wrote them.

use crate::decode::decode;

use super::{CELL_BYTES_MAX, COLUMNS_MAX, Cell, Form, NotATable, ROWS_MAX, Row};

/// Reads a table. The encoding is told by its mark, by being UTF-8, or by what Chinese office
/// programs write; the separator by the first line.
pub(super) fn read(bytes: &[u8], take: &mut dyn FnMut(Row)) -> Result<(), NotATable> {
    let text = decode(bytes).map_err(NotATable::NotText)?;
    // Before anything makes copies of it. In quotes a cell may be longer than it looks here.
    let breaks = [char::from(separator(&text)), '\r'];
    for (number, line) in (1..).zip(text.split('\n')) {
        if line.split(breaks).any(|cell| cell.len() > CELL_BYTES_MAX) {
            return Err(NotATable::CellTooLong(number));
        }
    }
    let text = if text.contains('\n') { text } else { text.replace('\r', "\n") };
    // A quote that is never closed swallows the rest of the file into one cell.
    let open = text.bytes().filter(|byte| *byte == b'"').count() % 2 == 1;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(&text))
        .from_reader(text.as_bytes());
    let mut rows = 0;
    let mut number = 0;
    let mut record = csv::StringRecord::new();
    // The text is UTF-8 and rows may differ in length: nothing else can go wrong.
    while let Ok(true) = reader.read_record(&mut record) {
        number = record.position().map_or(0, csv::Position::line);
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        rows += 1;
        if rows > ROWS_MAX {
            return Err(NotATable::TooManyRows);
        }
        if record.len() > COLUMNS_MAX {
            return Err(NotATable::TooManyColumns(number));
        }
        if record.iter().any(|text| text.len() > CELL_BYTES_MAX) {
            let unclosed = NotATable::QuoteUnclosed(number);
            return Err(if open { unclosed } else { NotATable::CellTooLong(number) });
        }
        let cell = |text: &str| Cell { text: text.trim().to_owned(), form: Form::Text };
        let row = Row { number, cells: record.iter().map(cell).collect() };
        if row.cells.iter().any(|cell| !cell.text.is_empty()) {
            take(row);
        }
    }
    if open {
        return Err(NotATable::QuoteUnclosed(u32::try_from(number).unwrap_or(u32::MAX)));
    }
    Ok(())
}

fn separator(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or("");
    let count = |separator: u8| first.bytes().filter(|byte| *byte == separator).count();
    [b',', b';', b'\t'].into_iter().max_by_key(|s| (count(*s), *s == b',')).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::NotText;

    fn rows(bytes: &[u8]) -> Result<Vec<Row>, NotATable> {
        let mut rows = Vec::new();
        read(bytes, &mut |row| rows.push(row)).map(|()| rows)
    }

    fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
        let texts = |row: Row| row.cells.into_iter().map(|cell| cell.text).collect();
        rows(bytes).expect("a table").into_iter().map(texts).collect()
    }

    #[test]
    fn x11_tables_of_every_office_program_are_read() {
        let expected = vec![vec!["姓名", "医院"], vec!["林知行", "第一人民医院"]];
        let text = "姓名,医院\n林知行,第一人民医院\n";
        let gbk = encoding_rs::GB18030.encode(text).0.into_owned();
        let bom = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        for bytes in [
            text.as_bytes().to_vec(),
            bom,
            gbk,
            text.replace(',', ";").into_bytes(),
            text.replace(',', "\t").into_bytes(),
            text.replace('\n', "\r\n").into_bytes(),
            text.replace('\n', "\r").into_bytes(),
        ] {
            assert_eq!(cells(&bytes), expected);
        }
    }

    #[test]
    fn x11_what_is_no_table_says_why() {
        assert_eq!(rows(b"a,b\n1,\0\n"), Err(NotATable::NotText(NotText::Nul)));
        assert_eq!(rows(b"a,b\n\"1,2\n3,4\n"), Err(NotATable::QuoteUnclosed(2)));
        assert_eq!(rows(&b"a,".repeat(1_000_000)), Err(NotATable::TooManyColumns(1)));
        assert_eq!(rows(&b"a\n".repeat(ROWS_MAX + 1)), Err(NotATable::TooManyRows));
        assert_eq!(cells(b""), Vec::<Vec<String>>::new());
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_does() {
        let rows = rows(b"a\n\"two\nlines\"\nb\n").expect("a table");
        assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 2, 4]);
    }
}
