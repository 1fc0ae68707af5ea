//! Looks through a workbook's parts before anything is built from them.
//!
//! Sizes in an archive are claims, so every part is unpacked once and counted. What the reader
//! behind this would believe blindly is refused here: entities, counts to reserve memory by,
//! encodings that would hide both.

use std::io::Read;

use memchr::memmem;
use zip::result::ZipError;

use super::NotATable;
use crate::archive::{self, NotAnArchive};

/// The most parts; an honest workbook has some dozens, and one for each picture.
const PARTS_MAX: usize = 1_000;

/// The most bytes of all parts, unpacked.
const UNPACKED_BYTES_MAX: u64 = 256 << 20;

/// The most bytes of parts that a reader holds in memory whole: lists of sheets, styles, themes.
const SMALL_PART_BYTES_MAX: u64 = 16 << 20;

/// The most different texts: each costs some 70 bytes of memory however short it is. A bank of
/// 100,000 items has about a million.
const STRINGS_MAX: u64 = 1_000_000;

/// The most merged areas of a workbook.
const MERGED_MAX: u64 = 20_000;

/// How much of a part is unpacked at a time.
const CHUNK: usize = 64 << 10;

/// How much of a chunk is seen again with the next one: longer than anything looked for. One byte
/// before it is kept too, to know what stands before an element's name.
const SEEN_AGAIN: usize = 64;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Pictures.
    pub pictures: usize,
    /// Whether there are merged areas.
    pub merged: bool,
    /// The bytes of the largest part, unpacked: any of them may be named as a sheet.
    pub largest_part: u64,
    /// The part with the texts, where some of them are raised or lowered.
    pub raised: Option<String>,
}

/// Unpacks and counts everything once.
pub(super) fn look_through(bytes: &[u8]) -> Result<Seen, NotATable> {
    let mut archive = archive::open(bytes, PARTS_MAX).map_err(|why| match why {
        NotAnArchive::Damaged(why) => NotATable::Damaged(why),
        NotAnArchive::Password => NotATable::Password,
        NotAnArchive::TooManyParts => NotATable::Excessive("部件过多"),
        NotAnArchive::Name(_) => NotATable::Damaged("部件名称不合法".to_owned()),
    })?;
    let names = archive::names(&archive);
    let is_main = |name: &String| name.to_ascii_lowercase().ends_with("workbook.xml");
    if !names.iter().any(is_main) {
        let document = names.iter().any(|name| name == "word/document.xml");
        return Err(if document { NotATable::Document } else { NotATable::OtherWorkbook });
    }
    let mut seen = Seen::default();
    let mut counts = Counts::default();
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(damaged)?;
        let name = part.name().map_err(damaged)?.into_owned();
        let raised_before = counts.raised;
        counts.part(&name.to_ascii_lowercase(), &mut part)?;
        if name.starts_with("xl/media/") && !name.ends_with('/') {
            seen.pictures += 1;
        }
        if counts.raised && !raised_before {
            seen.raised = Some(name);
        }
    }
    seen.merged = counts.merged > 0;
    seen.largest_part = counts.largest_part;
    Ok(seen)
}

fn damaged(error: ZipError) -> NotATable {
    NotATable::Damaged(error.to_string())
}

#[derive(Default)]
struct Counts {
    unpacked: u64,
    strings: u64,
    merged: u64,
    raised: bool,
    largest_part: u64,
}

impl Counts {
    fn part(&mut self, name: &str, part: &mut impl Read) -> Result<(), NotATable> {
        let xml = ["xml", "rels"].iter().any(|ending| name.ends_with(ending));
        let strings = name.ends_with("sharedstrings.xml");
        let large = strings || name.contains("worksheets/");
        let mut size = 0;
        let mut chunk = Vec::with_capacity(CHUNK + SEEN_AGAIN + 1);
        loop {
            let read = part.take(CHUNK as u64).read_to_end(&mut chunk);
            let read = read.map_err(|error| NotATable::Damaged(error.to_string()))? as u64;
            size += read;
            self.unpacked += read;
            if self.unpacked > UNPACKED_BYTES_MAX {
                return Err(NotATable::Excessive("解压后超过 256 MB"));
            }
            if xml {
                if !large && size > SMALL_PART_BYTES_MAX {
                    return Err(NotATable::Excessive("部件过大"));
                }
                self.xml(&chunk, size == read, read == 0, strings)?;
            }
            if read == 0 {
                self.largest_part = self.largest_part.max(size);
                return Ok(());
            }
            chunk.drain(..chunk.len().saturating_sub(SEEN_AGAIN + 1));
        }
    }

    /// Looks at a piece of a part; what begins in its last bytes is seen again with the next.
    fn xml(
        &mut self,
        chunk: &[u8],
        first: bool,
        last: bool,
        strings: bool,
    ) -> Result<(), NotATable> {
        if chunk.contains(&0) || (first && !is_utf8(chunk)) {
            return Err(NotATable::Damaged("内部文本不是 UTF-8".to_owned()));
        }
        let end = if last { chunk.len() } else { chunk.len().saturating_sub(SEEN_AGAIN) };
        let found = |what: &[u8]| memmem::find(chunk, what).is_some();
        if found(b"<!DOCTYPE") || found(b"<!ENTITY") {
            return Err(NotATable::Damaged("含有文档类型声明".to_owned()));
        }
        if strings {
            self.strings += elements(chunk, end, b"si");
            let claims = memmem::find_iter(chunk, b"uniqueCount").map(|at| claimed(&chunk[at..]));
            if self.strings.max(claims.max().unwrap_or(0)) > STRINGS_MAX {
                return Err(NotATable::Excessive("文字过多"));
            }
            self.raised |= found(b"vertAlign");
        }
        self.merged += elements(chunk, end, b"mergeCell");
        if self.merged > MERGED_MAX {
            return Err(NotATable::Excessive("合并单元格过多"));
        }
        Ok(())
    }
}

/// How many elements of this name begin before `end`.
fn elements(chunk: &[u8], end: usize, name: &[u8]) -> u64 {
    let begins = |at: &usize| {
        let before = at.checked_sub(1).map(|at| chunk[at]);
        let after = chunk.get(at + name.len());
        *at < end
            && matches!(before, Some(b'<' | b':'))
            && matches!(after, Some(b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n'))
    };
    memmem::find_iter(chunk, name).filter(begins).count() as u64
}

/// The number that an attribute at the beginning of `text` claims.
fn claimed(text: &[u8]) -> u64 {
    let digits = text.iter().take(SEEN_AGAIN).skip_while(|byte| !byte.is_ascii_digit());
    digits
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |sum: u64, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

/// Whether a part says nothing about its encoding but UTF-8.
fn is_utf8(start: &[u8]) -> bool {
    let start = &start[..start.len().min(200)];
    let declaration = memmem::find(start, b"?>").map_or(&start[..0], |end| &start[..end]);
    let Some(at) = memmem::find(declaration, b"encoding") else {
        return !start.starts_with(b"\xff\xfe") && !start.starts_with(b"\xfe\xff");
    };
    let named = declaration[at..].to_ascii_lowercase();
    [b"utf-8".as_slice(), b"utf8", b"us-ascii"]
        .iter()
        .any(|name| memmem::find(&named, name).is_some())
}
