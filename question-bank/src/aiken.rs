//! Aiken: a question, its options each on a line of their own, and `ANSWER: B`.
//!
//! The format has no titles, topics, types or explanations. Moodle wants the question on one line;
//! here it may go over several.

use exam_core::item::ItemType;

use crate::check::{Imported, Intake};
use crate::decode::decode;
use crate::hash::derived_code;
use crate::item::Defaults;
use crate::problem::Severity;
use crate::raw::{Place, RawOption, RawUnit};
use crate::wording::options::id_at;
use crate::wording::{NO_TOPIC, answer, inferred, judge_key};

/// What a line of a file is.
enum Line<'a> {
    /// `A. text`: its letter, and the whole line.
    Option(String, &'a str),
    Answer(&'a str),
    Text(&'a str),
    Empty,
}

/// Reads a file and names every problem, not only the first. An item with an error is left out.
#[must_use]
pub fn read(bytes: &[u8], file: &str, defaults: &Defaults) -> Imported {
    let text = match decode(bytes) {
        Ok(text) => text,
        Err(why) => return Imported::refused(file, why.code(), why.to_string()),
    };
    let mut reader = Reader { intake: Intake::new(file, defaults), unit: RawUnit::default() };
    for (number, line) in (1..).zip(text.lines()) {
        reader.line(number, &line_of(line));
    }
    reader.end();
    let mut intake = reader.intake;
    let message = format!("Aiken 格式没有分类，已归入「{NO_TOPIC}」");
    intake.remark(Severity::Warning, &Place::default(), None, "topic_missing", message);
    intake.finish()
}

/// Whether a text looks like this format: options by letter, and then an answer.
#[must_use]
pub(crate) fn is_aiken(text: &str) -> bool {
    let mut options = 0;
    text.lines().any(|line| match line_of(line) {
        Line::Option(..) => {
            options += 1;
            false
        }
        Line::Answer(_) => options >= 2,
        Line::Text(_) | Line::Empty => false,
    })
}

/// `A. text`, `A) text` or `ANSWER: A`; a line that names the answer in another way is text.
fn line_of(line: &str) -> Line<'_> {
    let line = line.trim();
    if line.is_empty() {
        return Line::Empty;
    }
    if let Some(answer) = line.strip_prefix("ANSWER:").or_else(|| line.strip_prefix("Answer:")) {
        return Line::Answer(answer.trim());
    }
    let mut chars = line.chars();
    match (chars.next(), chars.next()) {
        (Some(letter @ 'A'..='Z'), Some('.' | ')')) => Line::Option(letter.to_string(), line),
        _ => Line::Text(line),
    }
}

struct Reader<'a> {
    intake: Intake<'a>,
    /// What has been read of the item at hand.
    unit: RawUnit,
}

impl Reader<'_> {
    fn line(&mut self, number: u32, line: &Line<'_>) {
        if self.unit.place.row.is_none() && !matches!(line, Line::Empty) {
            self.unit.place.row = Some(number);
        }
        match line {
            // A question, too, may begin with a letter: only what is next is an option.
            Line::Option(id, text)
                if !self.unit.stem.is_empty() && *id == id_at(self.unit.options.len()) =>
            {
                let text = text[2..].trim().to_owned(); // Behind the letter and its mark.
                self.unit.options.push(RawOption { id: id.clone(), text });
            }
            Line::Option(_, text) | Line::Text(text) => match self.unit.options.last_mut() {
                Some(option) => {
                    option.text.push('\n');
                    option.text.push_str(text);
                }
                None if self.unit.stem.is_empty() => (*text).clone_into(&mut self.unit.stem),
                None => {
                    self.unit.stem.push('\n');
                    self.unit.stem.push_str(text);
                }
            },
            Line::Answer(text) => {
                let item_type = match self.unit.options.as_slice() {
                    [] => ItemType::Single, // Nothing is inferred from a letter alone.
                    options => inferred(text, options),
                };
                self.unit.r#type = item_type.name().to_owned();
                self.unit.key = match item_type {
                    ItemType::Judge => judge_key(text, &mut self.unit.options),
                    _ => answer::ids(text, &self.unit.options),
                };
                self.take();
            }
            // Options end at an empty line; a question may have some.
            Line::Empty if !self.unit.options.is_empty() => self.end(),
            Line::Empty => {}
        }
    }

    /// What has begun without an answer.
    fn end(&mut self) {
        if self.unit.place.row.is_some() {
            self.unit.r#type = "single".to_owned();
            self.take();
        }
    }

    fn take(&mut self) {
        let mut unit = std::mem::take(&mut self.unit);
        NO_TOPIC.clone_into(&mut unit.topic);
        unit.code = derived_code(&unit);
        self.intake.take(unit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Imported {
        read(text.as_bytes(), "aiken.txt", &Defaults::default())
    }

    #[test]
    fn questions_of_one_and_of_several_lines_are_read() {
        let text = "What is the correct answer\nto this question?\nA. Is it this one?\n\
            B) Maybe this answer?\nANSWER: B\n\n\nWhich LMS?\nA) Moodle\nB) ATutor\nC) Claroline\n\
            ANSWER: A, C\nD. is a vitamin?\nA. Yes\nB. No\nANSWER: A\n";
        let read = read_text(text);
        assert_eq!((read.items, read.accepted), (3, 3), "{:?}", read.problems);
        assert_eq!(read.problems.len(), 1);
        let [first, second, third] = read.units.as_slice() else { panic!("three units") };
        assert_eq!(first.items[0].stem, "What is the correct answer\nto this question?");
        assert_eq!(first.items[0].options[1].text, "Maybe this answer?");
        assert_eq!(first.items[0].key.bits(), 0b10);
        assert_eq!((first.source.row, second.source.row), (Some(1), Some(8)));
        assert_eq!(second.items[0].key.bits(), 0b101);
        assert_eq!(second.item_type.name(), "multiple");
        assert_eq!(third.items[0].stem, "D. is a vitamin?");
        assert!(is_aiken(text));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, code, row) in [
            ("Q\nA. x\nB. y\n\nQ2\nA. x\nB. y\nANSWER: A", "key_missing", 1),
            ("Q\nA. x\nB. y\nANSWER: C", "key_outside", 1),
            ("\nQ\nA. x\nANSWER: A", "options_count", 2),
            ("Q\nANSWER: A", "options_count", 1),
            ("A. x", "options_count", 1),
        ] {
            let read = read_text(text);
            let problem = read.problems.iter().find(|problem| problem.code == code);
            assert_eq!(problem.expect(text).row, Some(row), "{text}");
        }
        for bytes in [&b"\xff\xff\xff"[..], b"a\0b", b""] {
            assert!(read(bytes, "x", &Defaults::default()).units.is_empty());
        }
    }
}
