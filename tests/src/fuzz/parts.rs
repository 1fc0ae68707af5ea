//! Workbooks from text, so that a mutator gets past the archive's check sums.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// What stands before the name of a part.
const MARK: &str = "%%%";

/// The most parts that are packed; the reader's own limit has tests of its own.
const PARTS_MAX: usize = 40;

/// Parts of a smallest workbook, for what an input does not bring itself.
const USUAL: [(&str, &str); 4] = [
    ("[Content_Types].xml", include_str!("parts/content_types.xml")),
    ("_rels/.rels", include_str!("parts/rels.xml")),
    ("xl/workbook.xml", include_str!("parts/workbook.xml")),
    ("xl/_rels/workbook.xml.rels", include_str!("parts/workbook_rels.xml")),
];

/// Packs `%%%name` lines with what follows them into a workbook; `None` for any other input.
pub(super) fn workbook(input: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(input).ok()?;
    let text = text.strip_prefix(MARK)?;
    let parts: Vec<(&str, &str)> = text
        .split("\n%%%")
        .map(|part| part.split_once('\n').unwrap_or((part, "")))
        .take(PARTS_MAX)
        .collect();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let usual = USUAL.iter().filter(|(name, _)| parts.iter().all(|(other, _)| other != name));
    for (name, text) in usual.chain(&parts) {
        zip.start_file(*name, options).ok()?; // A name twice is refused by the writer.
        zip.write_all(text.as_bytes()).ok()?;
    }
    Some(zip.finish().ok()?.into_inner())
}
