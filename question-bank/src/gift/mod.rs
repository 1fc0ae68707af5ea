//! GIFT, Moodle's text format: `::title:: stem { =right ~wrong #why }`.

mod answers;
mod scan;

use crate::check::Imported;
use crate::decode::decode;
use crate::foreign::{Found, Importer, NotHeld};
use crate::item::Defaults;
use crate::raw::{Place, RawUnit};
use scan::{Markup, NotAQuestion, unescaped};

/// Reads a file and names every problem, not only the first. An item with an error is left out.
#[must_use]
pub fn read(bytes: &[u8], file: &str, defaults: &Defaults) -> Imported {
    let text = match decode(bytes) {
        Ok(text) => text,
        Err(why) => return Imported::refused(file, why.code(), why.to_string()),
    };
    let mut reader =
        Reader { importer: Importer::new(file, defaults), tags: Vec::new(), code: String::new() };
    for (line, block) in blocks(&text) {
        reader.block(line, block);
    }
    reader.importer.finish()
}

/// Whether a text looks like this format: answers in braces, marked right or wrong.
#[must_use]
pub(crate) fn is_gift(text: &str) -> bool {
    blocks(text).any(|(_, block)| {
        let noted = ["// [id:", "// [tag:", "// question:"];
        if block.lines().any(|line| noted.iter().any(|note| line.starts_with(note))) {
            return true;
        }
        let block = without_comments(block);
        block.trim_start().starts_with("$CATEGORY:")
            || is_marked(&block)
            || scan::question(&block).is_ok_and(|question| {
                let body = question.body.trim_start();
                body.starts_with(['=', '~', '#']) || answers::truth(body).is_some()
            })
    })
}

/// Whether a block begins as only this format does: `::title::` or `[html]`.
fn is_marked(block: &str) -> bool {
    let titled = block.trim_start().strip_prefix("::").is_some_and(|rest| rest.contains("::"));
    titled || scan::markup_of(block).0 != Markup::Auto
}

/// Pieces between empty lines, with the line from 1 at which each begins.
fn blocks(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let mut lines = (1_u32..).zip(text.split_inclusive('\n')).peekable();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let (number, line) = lines.next()?;
            let start = at;
            at += line.len();
            if line.trim().is_empty() {
                continue;
            }
            while let Some((_, line)) = lines.next_if(|(_, line)| !line.trim().is_empty()) {
                at += line.len();
            }
            return Some((number, &text[start..at]));
        }
    })
}

/// The block with its comment lines emptied.
fn without_comments(block: &str) -> String {
    let line =
        |line: &str| if line.trim_start().starts_with("//") { "\n" } else { line }.to_owned();
    block.split_inclusive('\n').map(line).collect()
}

struct Reader<'a> {
    importer: Importer<'a>,
    /// What a comment above the next question says of it.
    tags: Vec<String>,
    code: String,
}

impl Reader<'_> {
    fn block(&mut self, line: u32, block: &str) {
        for comment in block.lines().map(str::trim).filter(|line| line.starts_with("//")) {
            self.comment(comment);
        }
        let block = without_comments(block);
        let mut rest = block.as_str();
        let mut line = line;
        // The line of the first text, not of a comment above it.
        loop {
            let (first, after) = rest.split_once('\n').unwrap_or((rest, ""));
            if let Some(path) = first.trim_start().strip_prefix("$CATEGORY:") {
                self.importer.enter(path.trim());
            } else if !first.trim().is_empty() || after.is_empty() {
                break;
            }
            (rest, line) = (after, line + 1);
        }
        if !rest.trim().is_empty() {
            self.question(line, rest.trim());
        }
    }

    /// `// [id:code] [tag:word]`, as Moodle writes them above a question.
    fn comment(&mut self, comment: &str) {
        for piece in comment.split('[').skip(1) {
            let Some((name, value)) = piece.split(']').next().and_then(|all| all.split_once(':'))
            else {
                continue;
            };
            match name.trim() {
                "id" => self.code = unescaped(value.trim()),
                "tag" => self.tags.push(unescaped(value.trim())),
                _ => {}
            }
        }
    }

    fn question(&mut self, line: u32, text: &str) {
        let place = Place { row: Some(line), ..Place::default() };
        let mut unit = RawUnit {
            code: std::mem::take(&mut self.code),
            tags: std::mem::take(&mut self.tags),
            topic: self.importer.topic(&place),
            place,
            ..RawUnit::default()
        };
        let question = match scan::question(text) {
            Ok(question) => question,
            Err(NotAQuestion::Description) => {
                self.importer.leave_description(&unit.place);
                return;
            }
            Err(why) => {
                self.refuse(unit, text, why.said());
                return;
            }
        };
        if !question.title.is_empty() {
            self.importer.leave_settings(&unit.place);
        }
        let mut found = Found::default();
        unit.stem = question.stem(&mut found);
        match answers::read(&question, &mut unit, &mut found) {
            Ok(()) => self.importer.take(unit, found, |_| None),
            Err(why) => self.refuse(unit, text, why),
        }
    }

    /// An item that cannot be held: it counts, and says why.
    fn refuse(&mut self, mut unit: RawUnit, text: &str, why: NotHeld) {
        if unit.stem.is_empty() {
            unit.stem = text.chars().take(200).collect();
        }
        self.importer.refuse(unit, why);
    }
}

#[cfg(test)]
mod tests;
