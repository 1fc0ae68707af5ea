//! Raised and lowered characters: a spreadsheet keeps `10⁹` as `109` with a raised `9`.
//!
//! In medicine that changes the question, so such characters become the ones Unicode has for them.

use std::collections::HashMap;
use std::io::{BufReader, Cursor};

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};
use zip::ZipArchive;

use super::NotATable;
use crate::wording::raised::{lowered, raised};

/// The texts that have raised or lowered characters: as a plain reader gives them, and as they are
/// meant.
pub(super) fn read(bytes: &[u8], part: &str) -> Result<HashMap<String, String>, NotATable> {
    let damaged = |error: &dyn std::fmt::Display| NotATable::Damaged(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let part = archive.by_name(part).map_err(|error| damaged(&error))?;
    let mut xml = Reader::from_reader(BufReader::new(part));
    xml.config_mut().check_end_names = false;
    xml.config_mut().expand_empty_elements = true;
    let mut texts = HashMap::new();
    let mut text = Text::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(|error| damaged(&error))? {
            Event::Start(element) => match element.local_name().as_ref() {
                "si" => text = Text::default(),
                "r" => text.place = Place::Line,
                "rPh" => text.phonetic = true,
                "t" => {
                    let kept = element.attributes().flatten().any(|attribute| {
                        attribute.key.as_ref() == "xml:space" && attribute.value == "preserve"
                    });
                    text.begin(kept);
                }
                "vertAlign" => {
                    let values = element.attributes().flatten().map(|attribute| attribute.value);
                    text.place = values.fold(Place::Line, |place, value| match value.as_ref() {
                        "superscript" => Place::Raised,
                        "subscript" => Place::Lowered,
                        _ => place,
                    });
                }
                _ => {}
            },
            Event::Text(piece) => text.push(&piece.xml10_content()),
            Event::CData(piece) => text.push(&piece.xml10_content()),
            Event::GeneralRef(name) => text.push(&referred(&name)),
            Event::End(element) => match element.local_name().as_ref() {
                "rPh" => text.phonetic = false,
                "t" => text.end(),
                "si" if text.plain != text.meant => {
                    texts.insert(text.plain.trim().to_owned(), text.meant.trim().to_owned());
                }
                _ => {}
            },
            Event::Eof => return Ok(texts),
            _ => {}
        }
    }
}

fn referred(name: &BytesRef<'_>) -> String {
    let predefined = quick_xml::escape::resolve_xml_entity(name.as_ref()).map(str::to_owned);
    let char = || name.resolve_char_ref().ok().flatten().map(String::from);
    predefined.or_else(char).unwrap_or_default()
}

#[derive(Clone, Copy, Default)]
enum Place {
    #[default]
    Line,
    Raised,
    Lowered,
}

/// A text in the making.
#[derive(Default)]
struct Text {
    plain: String,
    meant: String,
    run: Option<String>,
    kept: bool,
    place: Place,
    phonetic: bool,
}

impl Text {
    fn begin(&mut self, kept: bool) {
        self.kept = kept;
        self.run = (!self.phonetic).then(String::new);
    }

    fn push(&mut self, piece: &str) {
        if let Some(run) = &mut self.run {
            run.push_str(piece);
        }
    }

    fn end(&mut self) {
        let Some(run) = self.run.take() else { return };
        // Without `preserve` the plain reader drops white space at the ends, and so do we.
        let run = if self.kept { &run } else { run.trim_matches([' ', '\t', '\r', '\n']) };
        self.plain.push_str(run);
        let moved = match self.place {
            Place::Line => None,
            Place::Raised => run.chars().map(raised).collect::<Option<String>>(),
            Place::Lowered => run.chars().map(lowered).collect(),
        };
        self.meant.push_str(moved.as_deref().unwrap_or(run));
    }
}
