//! GIFT, Moodle's text format: `::title:: stem { =right ~wrong #why }`.

mod answers;
mod scan;

use exam_core::item::ItemType;

use crate::check::{Imported, Intake};
use crate::decode::decode;
use crate::hash::derived_code;
use crate::item::Defaults;
use crate::problem::Severity;
use crate::raw::{Damage, Field, Place, RawItem, RawUnit};
use crate::wording::{NO_TOPIC, judge_options};
use answers::{Answers, Choice};
use scan::{NotAQuestion, Question, unescaped};

/// Reads a file and names every problem, not only the first. An item with an error is left out.
#[must_use]
pub fn read(bytes: &[u8], file: &str, defaults: &Defaults) -> Imported {
    let text = match decode(bytes) {
        Ok(text) => text,
        Err(why) => return Imported::refused(file, why.code(), why.to_string()),
    };
    let mut reader = Reader {
        intake: Intake::new(file, defaults),
        topic: String::new(),
        tags: Vec::new(),
        code: String::new(),
        said_topic: false,
    };
    for (line, block) in blocks(&text) {
        reader.block(line, block);
    }
    reader.intake.finish()
}

/// Whether a text looks like this format: answers in braces, marked right or wrong.
#[must_use]
pub(crate) fn is_gift(text: &str) -> bool {
    blocks(text).any(|(_, block)| {
        let block = without_comments(block);
        block.trim_start().starts_with("$CATEGORY:")
            || scan::question(&block).is_ok_and(|question| {
                let body = question.body.trim_start();
                body.starts_with(['=', '~', '#']) || answers::truth(body).is_some()
            })
    })
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
    let line = |line: &str| if line.trim_start().starts_with("//") { "\n" } else { line }.to_owned();
    block.split_inclusive('\n').map(line).collect()
}

struct Reader<'a> {
    intake: Intake<'a>,
    topic: String,
    /// What a comment above the next question says of it.
    tags: Vec<String>,
    code: String,
    said_topic: bool,
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
                self.topic = topic_of(path.trim());
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
            topic: self.topic(),
            place,
            ..RawUnit::default()
        };
        let question = match scan::question(text) {
            Ok(question) => question,
            Err(NotAQuestion::Description) => {
                let message = "没有答案的说明文字不是试题，未读取";
                let place = &unit.place;
                self.intake.remark(Severity::Warning, place, None, "description_ignored", message);
                return;
            }
            Err(why) => {
                let (code, message) = why.said();
                self.refuse(unit, text, code, message);
                return;
            }
        };
        unit.stem = question.stem();
        match answers::read(&question) {
            Ok(answers) => {
                self.fill(&mut unit, &question, answers);
                if unit.code.is_empty() {
                    unit.code = derived_code(&unit);
                }
                let code = unit.code.clone();
                for (number, item) in (1..).zip(&mut unit.items) {
                    item.code = format!("{code}-{number}");
                }
                self.intake.take(unit);
            }
            Err(what) => self.refuse(unit, text, what.code(), what.message()),
        }
    }

    fn topic(&mut self) -> String {
        if self.topic.is_empty() {
            if !self.said_topic {
                self.said_topic = true;
                let message = format!("没有 $CATEGORY 的试题已归入「{NO_TOPIC}」");
                let place = Place::default();
                self.intake.remark(Severity::Warning, &place, None, "topic_missing", message);
            }
            return NO_TOPIC.to_owned();
        }
        self.topic.clone()
    }

    fn fill(&mut self, unit: &mut RawUnit, question: &Question, answers: Answers) {
        unit.explanation = answers.explanation;
        let mut notes = question.lost();
        notes.extend(answers.lost);
        unit.media.extend(question.pictures());
        unit.media.extend(answers.pictures);
        match answers.choice {
            Choice::Judge(right) => {
                unit.r#type = ItemType::Judge.name().to_owned();
                unit.options = judge_options();
                unit.key = vec![if right { "A" } else { "B" }.to_owned()];
            }
            Choice::Options { many, options, right } => {
                let item_type = if many { ItemType::Multiple } else { ItemType::Single };
                unit.r#type = item_type.name().to_owned();
                unit.key = right.into_iter().map(|place| options[place].id.clone()).collect();
                unit.options = options;
            }
            Choice::Pairs { options, items } => {
                unit.r#type = ItemType::B1.name().to_owned();
                unit.items = items
                    .into_iter()
                    .map(|(stem, right)| RawItem {
                        stem,
                        key: vec![options[right].id.clone()],
                        place: unit.place.clone(),
                        ..RawItem::default()
                    })
                    .collect();
                unit.options = options;
                // What stands above the pairs only says what to do.
                let instruction = std::mem::take(&mut unit.stem);
                if let [first, ..] = unit.items.as_mut_slice()
                    && !instruction.is_empty()
                {
                    first.stem = format!("{instruction}\n{}", first.stem);
                }
            }
        }
        for (code, message, needed) in notes {
            if needed {
                unit.place.damage.push(Damage { field: Field::Whole, code, message });
            } else {
                self.intake.remark(Severity::Warning, &unit.place, None, code, message);
            }
        }
    }

    /// An item that cannot be held: it counts, and says why.
    fn refuse(&mut self, mut unit: RawUnit, text: &str, code: &'static str, message: String) {
        if unit.stem.is_empty() {
            unit.stem = text.chars().take(200).collect();
        }
        if unit.code.is_empty() {
            unit.code = derived_code(&unit);
        }
        self.intake.refuse(&unit, code, message);
    }
}

/// A category as a topic: `$course$/top/内科/心血管` is `内科/心血管`.
fn topic_of(path: &str) -> String {
    let skipped = |part: &&str| !part.is_empty() && !part.starts_with('$') && *part != "top";
    // A slash that belongs to a name is doubled.
    let path = path.replace("//", "\u{0}");
    let parts: Vec<String> =
        path.split('/').map(str::trim).filter(skipped).map(|part| part.replace('\u{0}', "／")).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests;
