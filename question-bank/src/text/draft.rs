//! A question in the making, and a group of them.

use std::collections::HashMap;

use exam_core::item::ItemType;

use super::keys::Key;
use super::stem::taken_apart;
use crate::hash::derived_code;
use crate::raw::{Damage, Field, Place, RawItem, RawOption, RawUnit};
use crate::wording::options::letter;
use crate::wording::words::{self, Column, TypeWord};
use crate::wording::{NO_TOPIC, answer, inferred, judge_key, options};

/// Where the next line without a mark belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Stem,
    Options,
    Answer,
    Explanation,
    /// A field that has one line.
    Field,
}

/// A question as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub section: usize,
    pub heading: Option<(TypeWord, String)>,
    line: u32,
    pub number: Option<u32>,
    stem: String,
    options: String,
    answer: Option<String>,
    explanation: String,
    difficulty: Option<String>,
    pool: Option<String>,
    code: String,
    topic: String,
    tags: Vec<String>,
    categories: Vec<String>,
    practice_scopes: Vec<String>,
    part: Part,
    /// Whether it began with nothing but its number.
    bare: bool,
    /// Whether it may be no question at all.
    doubted: bool,
    damage: Vec<Damage>,
}

impl Draft {
    pub(super) fn new(
        line: u32,
        number: Option<u32>,
        section: usize,
        topic: String,
        heading: Option<&(TypeWord, String)>,
        stem: &str,
    ) -> Self {
        let (stem, heading) = (stem.to_owned(), heading.cloned());
        let bare = number.is_some() && stem.is_empty();
        Self { section, heading, line, number, stem, topic, bare, ..Self::default() }
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answer.is_some()
    }

    /// A text that is a question only if options or an answer follow.
    pub(super) fn doubted(self) -> Self {
        Self { doubted: true, ..self }
    }

    pub(super) fn is_doubtful(&self) -> bool {
        self.doubted && !self.is_answered() && !self.has_options()
    }

    /// The line where it begins, and its text.
    pub(super) fn place_and_text(&mut self) -> (u32, String) {
        (self.line, std::mem::take(&mut self.stem))
    }

    /// Whether the question itself may still come under its name.
    pub(super) fn awaits_stem(&self) -> bool {
        self.bare && !self.is_answered() && !self.has_options()
    }

    /// Gives it its question; what stood in that place is handed back.
    pub(super) fn name_stem(&mut self, stem: &str) -> String {
        self.bare = false;
        self.part = Part::Stem;
        std::mem::replace(&mut self.stem, stem.to_owned())
    }

    pub(super) fn has_options(&self) -> bool {
        !self.options.is_empty()
    }

    /// A line that begins with an option's letter.
    pub(super) fn option(&mut self, place: usize, text: &str) {
        let belongs = matches!(self.part, Part::Stem | Part::Options);
        if belongs && (place == 0 || self.has_options()) {
            let bare = text.strip_prefix(['(', '（']).unwrap_or(text);
            add_line(&mut self.options, bare);
            self.part = Part::Options;
        } else {
            self.go_on(text);
        }
    }

    /// A field of the question.
    pub(super) fn field(&mut self, column: Column, text: &str) {
        let text = text.to_owned();
        self.part = Part::Field;
        match column {
            Column::Answer => {
                self.part = Part::Answer;
                let (answer, why) = without_note(&text);
                if !why.is_empty() {
                    add_line(&mut self.explanation, why);
                }
                self.answer = Some(answer.to_owned());
            }
            Column::Explanation => {
                self.part = Part::Explanation;
                add_line(&mut self.explanation, &text);
            }
            Column::Difficulty | Column::Facility => {
                let named = words::difficulty_of(&text);
                let named = named.or_else(|| words::difficulty_of_facility(&text));
                self.difficulty =
                    Some(named.map_or(text, |difficulty| difficulty.name().to_owned()));
            }
            Column::Type => {
                if let Some(word) = words::type_of(&text) {
                    self.heading = Some((word, text));
                }
            }
            Column::Topic => self.topic = text,
            Column::Tags => self.tags.extend(words::names_of(&text)),
            Column::Category => self.categories.extend(words::names_of(&text)),
            Column::PracticeScope => self.practice_scopes.extend(words::names_of(&text)),
            Column::Pool => {
                let pool = words::pool_of(&text);
                self.pool = Some(pool.map_or(text, |pool| pool.name().to_owned()));
            }
            Column::Code => self.code = text,
            _ => {}
        }
    }

    /// A line without a mark of its own.
    pub(super) fn go_on(&mut self, text: &str) {
        match self.part {
            Part::Stem => add_line(&mut self.stem, text),
            Part::Options => add_line(&mut self.options, text),
            Part::Answer if self.answer.as_deref() == Some("") => {
                self.answer = Some(text.to_owned());
            }
            Part::Answer | Part::Explanation | Part::Field => add_line(&mut self.explanation, text),
        }
    }

    /// The answer, wherever it stands. One in the question becomes a gap.
    fn answer(&mut self, keys: &HashMap<(usize, u32), Key>) -> String {
        let key = self.number.and_then(|number| keys.get(&(self.section, number)).cloned());
        let key = key.map(|key| {
            if let Some(own) = self.answer.as_deref().filter(|own| !key.says(own)) {
                let message = format!("题下的答案「{own}」与后面的答案「{}」不同", key.answer);
                self.damage.push(Damage { field: Field::Key, code: "key_conflict", message });
            }
            if self.explanation.is_empty() {
                self.explanation = key.explanation;
            }
            key.answer
        });
        let inside = || taken_apart(&self.stem);
        if let Some(answer) = self.answer.take().or(key) {
            // The same answer twice is one.
            if let Some((stem, again)) = inside()
                && answer::folded(&again) == answer::folded(&answer)
            {
                self.stem = stem;
            }
            return answer;
        }
        match inside() {
            Some((stem, answer)) => {
                self.stem = stem;
                answer
            }
            None => String::new(),
        }
    }

    /// Options, type, key and the rest; `shared` are the options of a group.
    fn raw(mut self, keys: &HashMap<(usize, u32), Key>, shared: &[RawOption]) -> RawUnit {
        let answer = self.answer(keys);
        let mut listed = options::of_cell(&self.options);
        let (item_type, type_name) = match &self.heading {
            Some((TypeWord::Known(item_type), _)) => (Some(*item_type), String::new()),
            Some((TypeWord::Written, name)) => (None, name.clone()),
            Some((TypeWord::Choice, _)) | None => (Some(inferred(&answer, &listed)), String::new()),
        };
        let key = match item_type {
            Some(ItemType::Judge) => judge_key(&answer, &mut listed),
            Some(ItemType::B1) if listed.is_empty() => answer::ids(&answer, shared),
            _ => answer::ids(&answer, &listed),
        };
        let topic = if self.topic.is_empty() { NO_TOPIC.to_owned() } else { self.topic };
        let mut unit = RawUnit {
            code: self.code,
            r#type: item_type.map_or(type_name, |item_type| item_type.name().to_owned()),
            topic,
            difficulty: self.difficulty,
            tags: self.tags,
            categories: self.categories,
            practice_scopes: self.practice_scopes,
            pool: self.pool,
            stem: self.stem.trim().to_owned(),
            options: listed,
            key,
            explanation: self.explanation.trim().to_owned(),
            place: Place { row: Some(self.line), damage: self.damage, ..Place::default() },
            ..RawUnit::default()
        };
        if unit.code.is_empty() {
            unit.code = derived_code(&unit);
        }
        unit
    }

    /// An item that is no part of a group.
    pub(super) fn unit(self, keys: &HashMap<(usize, u32), Key>) -> RawUnit {
        self.raw(keys, &[])
    }
}

/// Questions that share a case or options.
#[derive(Debug)]
pub(super) struct Group {
    pub items: Vec<Draft>,
    item_type: ItemType,
    line: u32,
    numbers: Option<(u32, u32)>,
    topic: String,
    shared: String,
}

impl Group {
    pub(super) fn new(
        line: u32,
        item_type: ItemType,
        numbers: Option<(u32, u32)>,
        topic: String,
    ) -> Self {
        Self { items: vec![], item_type, line, numbers, topic, shared: String::new() }
    }

    /// A line of the case, or of the options.
    pub(super) fn lead(&mut self, text: &str) {
        let option = self.item_type == ItemType::B1;
        let bare = if option { text.strip_prefix(['(', '（']).unwrap_or(text) } else { text };
        add_line(&mut self.shared, bare);
    }

    pub(super) fn has_items(&self) -> bool {
        !self.items.is_empty()
    }

    /// Whether the question of this number stands behind the group.
    pub(super) fn is_over(&self, question: u32) -> bool {
        self.numbers.is_some_and(|(first, last)| !(first..=last).contains(&question))
    }

    /// Whether the group goes on behind the question of this number.
    pub(super) fn expects_more(&self, newest: u32) -> bool {
        self.numbers.is_some_and(|(_, last)| newest < last)
    }

    pub(super) fn unit(self, keys: &HashMap<(usize, u32), Key>) -> RawUnit {
        let item_type = self.item_type;
        let (stem, options) = match item_type {
            ItemType::B1 => (String::new(), options::of_cell(&self.shared)),
            _ => (self.shared.trim().to_owned(), vec![]),
        };
        let topic = if self.topic.is_empty() { NO_TOPIC.to_owned() } else { self.topic };
        let mut unit = RawUnit {
            r#type: item_type.name().to_owned(),
            topic,
            stem,
            options,
            place: Place { row: Some(self.line), ..Place::default() },
            ..RawUnit::default()
        };
        for mut draft in self.items {
            draft.heading = Some((TypeWord::Known(item_type), String::new()));
            let raw = draft.raw(keys, &unit.options);
            unit.difficulty = unit.difficulty.or(raw.difficulty);
            unit.pool = unit.pool.or(raw.pool);
            for (list, names) in [
                (&mut unit.tags, raw.tags),
                (&mut unit.categories, raw.categories),
                (&mut unit.practice_scopes, raw.practice_scopes),
            ] {
                for name in names {
                    if !list.contains(&name) {
                        list.push(name);
                    }
                }
            }
            unit.items.push(RawItem {
                code: String::new(),
                stem: raw.stem,
                options: raw.options,
                key: raw.key,
                explanation: raw.explanation,
                media: raw.media,
                place: raw.place,
            });
        }
        unit.code = derived_code(&unit);
        for (number, item) in (1..).zip(&mut unit.items) {
            item.code = format!("{}-{number}", unit.code);
        }
        unit
    }
}

/// `C　因为……`: letters, and behind white space something that is none.
fn without_note(text: &str) -> (&str, &str) {
    let letters =
        |word: &str| word.chars().all(|c| letter(c).is_some() || c.is_ascii_punctuation());
    match text.split_once([' ', '\u{3000}']) {
        Some((answer, note))
            if letters(answer) && !note.trim_start().starts_with(|c| letter(c).is_some()) =>
        {
            (answer, note.trim())
        }
        _ => (text, ""),
    }
}

fn add_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}
