//! Workbooks that want to harm: each is a clear error, or read for what is honest in it.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
const RELS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const BOOK_RELS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;

/// A workbook of these parts beside the usual ones.
fn workbook(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let usual = [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", RELS),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", BOOK_RELS),
    ];
    let usual = usual.iter().filter(|(name, _)| parts.iter().all(|(other, _)| other != name));
    for (name, text) in usual.chain(parts) {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a part");
        zip.write_all(text.as_bytes()).expect("memory");
    }
    zip.finish().expect("an archive").into_inner()
}

fn sheet(inside: &str) -> String {
    format!(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{inside}</worksheet>"#
    )
}

fn cell(place: &str, text: &str) -> String {
    format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

/// The rows of a workbook's sheets, and whether one of them broke.
fn rows(bytes: &[u8]) -> Result<(Vec<Row>, bool), NotATable> {
    let (mut rows, mut broken) = (Vec::new(), false);
    read(bytes, &mut |part| match part {
        Part::Row(row) => rows.push(row),
        Part::Broken { .. } => broken = true,
        _ => {}
    })?;
    Ok((rows, broken))
}

fn rows_of_sheet(inside: &str) -> Result<(Vec<Row>, bool), NotATable> {
    rows(&workbook(&[("xl/worksheets/sheet1.xml", &sheet(inside))]))
}

#[test]
fn x01_x02_cells_at_the_end_of_the_world_cost_nothing() {
    let data = format!(
        r#"<dimension ref="A1:XFD1048576"/><sheetData><row r="1">{}{}</row><row r="1048576">{}</row></sheetData>"#,
        cell("A1", "题干"),
        cell("XFD1", "求解器"),
        cell("XFD1048576", "x")
    );
    let (rows, broken) = rows_of_sheet(&data).expect("a table");
    assert_eq!((rows.len(), rows[0].cells.len(), broken), (1, 1, false));
}

#[test]
fn x03_what_a_sheet_says_of_its_size_is_not_believed() {
    for dimension in
        ["A1", "A1:B2", "XFD1048576:A1", "C3:A1", "nonsense", "", "A0:A0", "A99999999999"]
    {
        let data = format!(
            r#"<dimension ref="{dimension}"/><sheetData><row r="1">{}{}</row><row r="3">{}</row></sheetData>"#,
            cell("A1", "甲"),
            cell("C1", "乙"),
            cell("A3", "丙")
        );
        match rows_of_sheet(&data) {
            Ok((rows, false)) => assert_eq!(rows.len(), 2, "{dimension}"),
            Ok((_, true)) | Err(NotATable::Damaged(_)) => {}
            Err(other) => panic!("{dimension}: {other}"),
        }
    }
    for honest in ["A1", "A1:B2"] {
        let data = format!(
            r#"<dimension ref="{honest}"/><sheetData><row r="9">{}</row></sheetData>"#,
            cell("D9", "甲")
        );
        assert_eq!(rows_of_sheet(&data).expect("a table").0.len(), 1, "{honest}");
    }
}

#[test]
fn x05_lists_of_texts_are_bounded_and_may_be_missing() {
    let named = sheet(r#"<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData>"#);
    let missing = workbook(&[("xl/worksheets/sheet1.xml", &named)]);
    assert!(rows(&missing).expect("a workbook").1, "the sheet is reported as broken");
    let claims = r#"<sst uniqueCount="9999999999999"><si><t>x</t></si></sst>"#;
    let claimed =
        workbook(&[("xl/worksheets/sheet1.xml", &named), ("xl/sharedStrings.xml", claims)]);
    assert_eq!(rows(&claimed), Err(NotATable::Excessive("文字过多")));
    let many = format!("<sst>{}</sst>", "<si/>".repeat(1_000_001));
    let many = workbook(&[("xl/worksheets/sheet1.xml", &named), ("xl/sharedStrings.xml", &many)]);
    assert_eq!(rows(&many), Err(NotATable::Excessive("文字过多")));
    let long = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(300 << 20));
    let long = workbook(&[("xl/worksheets/sheet1.xml", &named), ("xl/sharedStrings.xml", &long)]);
    assert_eq!(rows(&long), Err(NotATable::Excessive("解压后超过 256 MB")));
}

#[test]
fn x05_one_long_text_named_often_is_bounded() {
    let text = format!("<sst><si><t>{}</t></si></sst>", "长".repeat(10_000));
    let named: String = (1..20_000)
        .map(|row| format!(r#"<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>"#))
        .collect();
    let named = sheet(&format!("<sheetData>{named}</sheetData>"));
    let file = workbook(&[("xl/worksheets/sheet1.xml", &named), ("xl/sharedStrings.xml", &text)]);
    assert_eq!(rows(&file), Err(NotATable::Excessive("文字过多")));
}

#[test]
fn x06_too_many_merged_areas_or_sheets_are_refused() {
    let merged = r#"<mergeCell ref="A1:A2"/>"#.repeat(100_000);
    let data = format!("<sheetData/><mergeCells>{merged}</mergeCells>");
    assert_eq!(rows_of_sheet(&data), Err(NotATable::Excessive("合并单元格过多")));
    let sheets: String = (1..100_000)
        .map(|n| format!(r#"<sheet name="S{n}" sheetId="{n}" r:id="rId1"/>"#))
        .collect();
    let book = WORKBOOK.replace(r#"<sheet name="S" sheetId="1" r:id="rId1"/>"#, &sheets);
    let file = workbook(&[
        ("xl/workbook.xml", &book),
        ("xl/worksheets/sheet1.xml", &sheet("<sheetData/>")),
    ]);
    assert_eq!(rows(&file), Err(NotATable::Excessive("工作表过多")));
    let long = WORKBOOK.replace("name=\"S\"", &format!("name=\"{}\"", "名".repeat(10_000)));
    let file = workbook(&[
        ("xl/workbook.xml", &long),
        ("xl/worksheets/sheet1.xml", &sheet("<sheetData/>")),
    ]);
    assert_eq!(rows(&file).expect("a workbook").0.len(), 0);
}

#[test]
fn x07_archives_that_lie_are_refused() {
    let bomb = "0".repeat(300 << 20);
    let bomb = workbook(&[("xl/media/image1.png", &bomb)]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(rows(&bomb), Err(NotATable::Excessive("解压后超过 256 MB")));
    let names: Vec<String> = (0..2_000).map(|n| format!("xl/x{n}.xml")).collect();
    let parts: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(rows(&workbook(&parts)), Err(NotATable::Excessive("部件过多")));
    let honest = workbook(&[(
        "xl/worksheets/sheet1.xml",
        &sheet(&format!("<sheetData><row r=\"1\">{}</row></sheetData>", cell("A1", "甲"))),
    )]);
    assert_eq!(rows(&honest).expect("a workbook").0.len(), 1);
    let mut trailing = honest.clone();
    trailing.extend_from_slice(&[b'x'; 1_000]);
    assert!(matches!(rows(&trailing), Ok(_) | Err(NotATable::Damaged(_))));
    let cut = &honest[..honest.len() / 2];
    assert!(matches!(rows(cut), Err(NotATable::Damaged(_))));
    assert!(matches!(rows(b"PK\x03\x04"), Err(NotATable::Damaged(_))));
    for at in 0..honest.len() {
        let mut wrong = honest.clone();
        wrong[at] ^= 0x55;
        let _ = rows(&wrong); // Any answer but a crash will do.
    }
}

#[test]
fn x07_entries_on_top_of_each_other_are_refused() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["a.xml", "b.xml"] {
        zip.start_file(name, SimpleFileOptions::default()).expect("a part");
        zip.write_all(b"<a>some text</a>").expect("memory");
    }
    let mut file = zip.finish().expect("an archive").into_inner();
    // The second entry of the directory points at the first's data.
    let second = memchr::memmem::rfind(&file, b"PK\x01\x02").expect("a directory");
    file[second + 42..second + 46].fill(0);
    assert!(matches!(rows(&file), Err(NotATable::Damaged(_))));
}

#[test]
fn x07_a_password_is_asked_to_be_taken_off() {
    let mut old = OLD_WORKBOOK.to_vec();
    old.resize(4096, 0);
    assert_eq!(rows(&old), Err(NotATable::OtherWorkbook));
    old.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(rows(&old), Err(NotATable::Password));
}

#[test]
fn x04_other_kinds_of_documents_are_told_from_workbooks() {
    assert_eq!(rows(b"%PDF-1.7\n1 0 obj"), Err(NotATable::Document));
    for (part, why) in [
        ("word/document.xml", NotATable::Document),
        ("content.xml", NotATable::OtherWorkbook), // .ods
        ("xl/workbook.bin", NotATable::OtherWorkbook),
    ] {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(part, SimpleFileOptions::default()).expect("a part");
        let file = zip.finish().expect("an archive").into_inner();
        assert_eq!(rows(&file), Err(why), "{part}");
    }
}

#[test]
fn x08_names_that_climb_out_are_refused() {
    for name in ["../../etc/passwd", "/etc/passwd", "xl/../../x"] {
        let file = workbook(&[(name, "x")]);
        assert!(matches!(rows(&file), Err(NotATable::Damaged(_))), "{name}");
    }
}

#[test]
fn x05_x08_declarations_and_other_encodings_are_refused() {
    let data = "<sheetData/>";
    for part in [
        format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{}", sheet(data)),
        format!("<?xml version=\"1.0\" encoding=\"GB18030\"?>{}", sheet(data)),
        format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{}", sheet(data)),
        format!("{}\0", sheet(data)),
    ] {
        let file = workbook(&[("xl/worksheets/sheet1.xml", &part)]);
        assert!(matches!(rows(&file), Err(NotATable::Damaged(_))), "{part}");
    }
}

#[test]
fn a_file_that_is_too_big_is_refused_before_it_is_read() {
    assert_eq!(
        rows(&vec![b'a'; BYTES_MAX + 1]),
        Err(NotATable::NotText(crate::decode::NotText::TooBig))
    );
}

#[test]
fn a_sheet_that_is_damaged_from_its_start_names_no_row() {
    let file = workbook(&[("xl/worksheets/sheet1.xml", "<worksheet/>")]);
    let imported = crate::format::read(&file, "file", &crate::format::Reading::default());
    let problem = &imported.problems[0];
    assert_eq!((problem.code, problem.row), ("sheet_damaged", None), "rows count from 1");
    assert!(!problem.message.contains("第 0 行"), "{}", problem.message);
}

#[test]
fn x06_many_sheets_that_are_one_long_part_are_refused() {
    let sheets: String =
        (1..=100).map(|n| format!(r#"<sheet name="S{n}" sheetId="{n}" r:id="rId1"/>"#)).collect();
    let main = WORKBOOK.replace(r#"<sheet name="S" sheetId="1" r:id="rId1"/>"#, &sheets);
    let long = sheet(&" ".repeat(20 << 20));
    let file = workbook(&[("xl/workbook.xml", &main), ("xl/worksheets/sheet1.xml", &long)]);
    assert!(file.len() < 1 << 20, "a small file");
    assert_eq!(rows(&file), Err(NotATable::Excessive("工作表过多")));
}

#[test]
fn x11_a_line_without_an_end_is_refused() {
    let line = "a line without an end ".repeat(1 << 16);
    assert_eq!(rows(line.as_bytes()), Err(NotATable::CellTooLong(1)));
}
