//! Questions as authors write them in a word processor: `1．…`, `A．…`, `答案：B`, `【解析】…` under
//! headings such as `一、单选题`, with `（1～3题共用题干）` above groups.

mod draft;
mod keys;
mod line;
mod stem;

use std::collections::HashMap;

use exam_core::item::ItemType;

use crate::check::{Imported, Intake};
use crate::decode::decode;
use crate::item::Defaults;
use crate::problem::Severity;
use crate::raw::Place;
use crate::wording::NO_TOPIC;
use crate::wording::words::{Column, TypeWord, type_of};
use draft::{Draft, Group};
use keys::Key;
use line::{Line, Shared, line_of, mark_spaced_options, pieces, unmarked_down};

/// Reads a file and names every problem, not only the first. An item with an error is left out.
#[must_use]
pub fn read(bytes: &[u8], file: &str, defaults: &Defaults) -> Imported {
    let text = match decode(bytes) {
        Ok(text) => text,
        Err(why) => return Imported::refused(file, why.code(), why.to_string()),
    };
    let mut reader = Reader::new(Intake::new(file, defaults));
    let mut lines: Vec<_> = text.lines().map(unmarked_down).collect();
    mark_spaced_options(&mut lines);
    for (number, line) in (1..).zip(&lines) {
        for piece in pieces(line) {
            reader.line(number, piece);
        }
    }
    reader.end()
}

/// Whether a text looks like this format: numbered questions with options, or with answers.
#[must_use]
pub(crate) fn is_text(text: &str) -> bool {
    let (mut numbered, mut headed) = (false, false);
    let mut tells = |piece: &str| match line_of(piece) {
        Line::Number(_, rest) => {
            numbered = true;
            headed || stem::taken_apart(rest).is_some()
        }
        Line::Question(_) => {
            numbered = true;
            false
        }
        Line::Type(..) | Line::Shared(_) => {
            headed = true;
            false
        }
        Line::Option(0) | Line::Field(Column::Answer, _) => numbered || headed,
        _ => false,
    };
    let mut lines: Vec<_> = text.lines().map(unmarked_down).collect();
    mark_spaced_options(&mut lines);
    lines.iter().any(|line| pieces(line).into_iter().any(&mut tells))
}

/// Where answers go whose heading names no type: to whatever question has their number.
const SECTIONS_ALL: usize = usize::MAX;

/// What has been read, in the order of the file.
enum Entry {
    Alone(Box<Draft>),
    Group(Group),
}

struct Reader<'a> {
    intake: Intake<'a>,
    /// The type that the heading gives.
    heading: Option<(TypeWord, String)>,
    topic: String,
    /// Counts headings, since each may number its questions from 1.
    section: usize,
    draft: Option<Draft>,
    group: Option<Group>,
    entries: Vec<Entry>,
    /// Answers that stand together, by section and number.
    keys: HashMap<(usize, u32), Key>,
    in_keys: bool,
    /// The newest of them.
    newest_key: Option<(usize, u32)>,
    /// The last number of a list inside the question at hand.
    listed: Option<u32>,
    /// The number of the newest question of the section.
    newest: u32,
    after_empty: bool,
}

impl<'a> Reader<'a> {
    fn new(intake: Intake<'a>) -> Self {
        Self {
            intake,
            heading: None,
            topic: String::new(),
            section: 0,
            draft: None,
            group: None,
            entries: Vec::new(),
            keys: HashMap::new(),
            in_keys: false,
            newest_key: None,
            listed: None,
            newest: 0,
            after_empty: false,
        }
    }

    fn line(&mut self, number: u32, text: &str) {
        let line = line_of(text);
        if self.in_keys {
            self.key_line(number, text, &line);
            return;
        }
        if matches!(line, Line::Number(..) | Line::Text) && self.answers_all(number, text) {
            return;
        }
        match line {
            Line::Empty => self.after_empty = true,
            Line::Type(word, name) => {
                self.end_group();
                self.heading = Some((word, name.to_owned()));
                self.section += 1;
                self.newest = 0;
            }
            Line::Chapter(name) if self.draft.is_none() || self.after_empty => {
                self.end_group();
                name.clone_into(&mut self.topic);
            }
            Line::Shared(shared) => {
                self.end_group();
                self.group = Some(self.group_of(number, shared));
            }
            Line::Keys => {
                self.end_group();
                self.in_keys = true;
                self.section = SECTIONS_ALL;
            }
            Line::Number(question, rest) if self.begins(question) => {
                self.begin(number, Some(question), rest);
            }
            Line::Question(rest) => match self.draft.as_mut().filter(|draft| draft.awaits_stem()) {
                Some(draft) => {
                    let before = draft.name_stem(rest);
                    if !before.is_empty() {
                        self.ignore(number, &before);
                    }
                }
                None => self.begin(number, None, rest),
            },
            Line::Field(column, rest) => self.field(number, column, rest, text),
            Line::Option(place) => self.option(number, place, text),
            Line::Number(..) | Line::Chapter(_) | Line::Text => self.text(number, text),
        }
        if !text.is_empty() {
            self.after_empty = false;
        }
    }

    /// Whether a numbered line begins a question, and does not belong to a list inside one.
    fn begins(&mut self, question: u32) -> bool {
        let Some(draft) = self.draft.as_ref().filter(|draft| !draft.is_doubtful()) else {
            return true;
        };
        if draft.is_answered() || draft.has_options() {
            return true;
        }
        let next = self.newest + 1;
        let goes_on = self.listed.is_some_and(|last| question == last + 1);
        if goes_on || (question == 1 && next != 1) {
            self.listed = Some(question);
            return false;
        }
        question == next
    }

    fn begin(&mut self, line: u32, question: Option<u32>, rest: &str) {
        self.end_draft();
        let over = |group: &Group| question.is_some_and(|question| group.is_over(question));
        if self.group.as_ref().is_some_and(over) {
            self.end_group();
        }
        self.listed = None;
        self.newest = question.unwrap_or(self.newest);
        let rest = line::question_of(rest).unwrap_or(rest);
        self.draft = Some(self.draft_of(line, question, rest));
    }

    fn draft_of(&self, line: u32, number: Option<u32>, stem: &str) -> Draft {
        let heading = self.heading.as_ref();
        Draft::new(line, number, self.section, self.topic.clone(), heading, stem)
    }

    fn group_of(&self, line: u32, shared: Shared) -> Group {
        let item_type = match &self.heading {
            Some((TypeWord::Known(item_type), _)) if item_type.in_groups() => *item_type,
            _ if shared.options => ItemType::B1,
            _ => ItemType::A3,
        };
        // The line above the group knows better than the heading above the section.
        let item_type = match (shared.options, item_type) {
            (true, _) => ItemType::B1,
            (false, ItemType::B1) => ItemType::A3,
            (false, item_type) => item_type,
        };
        Group::new(line, item_type, shared.numbers, self.topic.clone())
    }

    fn field(&mut self, line: u32, column: Column, rest: &str, text: &str) {
        if column == Column::Topic && self.draft.is_none() {
            rest.clone_into(&mut self.topic);
            return;
        }
        // `答案：1.A 2.B` speaks of all questions of the section.
        let pairs = if column == Column::Answer { keys::pairs(rest) } else { vec![] };
        if !pairs.is_empty() && keys::are_plain(&pairs) && self.newest > 0 {
            self.learn(line, pairs);
            return;
        }
        match &mut self.draft {
            Some(draft) => draft.field(column, rest),
            None => self.ignore(line, text),
        }
    }

    fn option(&mut self, line: u32, place: usize, text: &str) {
        let heads_group = matches!(self.heading, Some((TypeWord::Known(ItemType::B1), _)));
        if heads_group
            && place == 0
            && self.draft.as_ref().is_none_or(|draft| draft.is_answered() || self.after_empty)
        {
            // Options above their questions, without a line that says for which.
            let new =
                self.group.as_ref().is_none_or(|group| group.has_items() || self.draft.is_some());
            if new {
                self.end_group();
                self.group = Some(self.group_of(line, Shared { options: true, numbers: None }));
            }
        }
        match (&mut self.draft, &mut self.group) {
            (Some(draft), _) => draft.option(place, text),
            (None, Some(group)) => group.lead(text),
            (None, None) => self.ignore(line, text),
        }
    }

    fn text(&mut self, line: u32, text: &str) {
        let cases = matches!(self.heading, Some((TypeWord::Known(ItemType::A3 | ItemType::A4), _)));
        let complete =
            self.draft.as_ref().is_none_or(|draft| draft.is_answered() && self.after_empty);
        let open =
            self.group.as_ref().is_some_and(|group| !group.has_items() && self.draft.is_none());
        if cases && complete && !open {
            // A case without a line that says for which questions.
            let unended = self.group.as_ref().is_some_and(|group| group.expects_more(self.newest));
            if !unended {
                self.end_group();
                self.group = Some(self.group_of(line, Shared { options: false, numbers: None }));
            }
        }
        let chosen = matches!(&self.heading, Some((TypeWord::Known(item_type), _))
            if !item_type.in_groups());
        match (&mut self.draft, &mut self.group) {
            (Some(draft), _) => draft.go_on(text),
            (None, Some(group)) => group.lead(text),
            // Under a heading, and empty lines around it: a question without a number, unless
            // neither options nor an answer follow.
            (None, None) if chosen && self.after_empty => {
                self.draft = Some(self.draft_of(line, None, text).doubted());
            }
            (None, None) => self.ignore(line, text),
        }
    }

    /// `1.C 2.A` without a heading, behind questions of these numbers that have no answers.
    fn answers_all(&mut self, line: u32, text: &str) -> bool {
        let pairs = keys::pairs(text);
        let known = |(number, _): &(u32, String)| *number <= self.newest;
        let all = pairs.len() > 1
            && pairs.iter().all(known)
            && keys::are_plain(&pairs)
            && self.draft.as_ref().is_some_and(|draft| !draft.is_answered());
        if all {
            self.learn(line, pairs);
        }
        all
    }

    fn learn(&mut self, line: u32, pairs: Vec<(u32, String)>) {
        for (question, answer) in pairs {
            let place = (self.section, question);
            self.newest_key = Some(place);
            let known = self.keys.entry(place).or_default();
            if known.answer.is_empty() {
                known.answer = answer;
            } else if !known.says(&answer) {
                // Neither is taken: the item lacks its key.
                known.answer.clear();
                let message = format!("第 {question} 题的答案前后不同：请分题型写明答案");
                let place = Place { row: Some(line), ..Place::default() };
                self.intake.remark(Severity::Error, &place, None, "key_conflict", message);
            }
        }
    }

    fn key_line(&mut self, number: u32, text: &str, line: &Line<'_>) {
        // `单选题：1.A 2.B`.
        if let Some((name, rest)) = text.split_once([':', '：', ' '])
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && type_of(name).is_some()
            && !keys::pairs(rest).is_empty()
        {
            self.section = self.section_after(name);
            self.learn(number, keys::pairs(rest));
            return;
        }
        let newest = self.newest_key.and_then(|place| self.keys.get_mut(&place));
        match (line, newest) {
            (Line::Empty, _) => {}
            (Line::Type(..), _) => {
                self.section = self.section_after(text);
                self.newest_key = None;
            }
            (Line::Field(Column::Explanation, rest), Some(key)) => key.explain(rest),
            (Line::Field(Column::Answer, rest), Some(key)) if keys::pairs(rest).is_empty() => {
                if key.answer.is_empty() {
                    (*rest).clone_into(&mut key.answer);
                }
            }
            (_, newest) => {
                let pairs = match line {
                    Line::Field(Column::Answer, rest) => keys::pairs(rest),
                    _ => keys::pairs(text),
                };
                match newest.filter(|key| !key.explanation.is_empty()) {
                    Some(key) if pairs.is_empty() || !keys::are_plain(&pairs) => key.explain(text),
                    _ if pairs.is_empty() => self.ignore(number, text),
                    _ => self.learn(number, pairs),
                }
            }
        }
    }

    /// The section whose heading names the same type as a heading above answers.
    fn section_after(&self, heading: &str) -> usize {
        let wanted = type_of(heading);
        let drafts = self.entries.iter().flat_map(|entry| match entry {
            Entry::Alone(draft) => std::slice::from_ref(&**draft),
            Entry::Group(group) => group.items.as_slice(),
        });
        let mut sections =
            drafts.filter(|draft| draft.heading.as_ref().map(|(word, _)| *word) == wanted);
        let next = if self.section == SECTIONS_ALL { 1 } else { self.section + 1 };
        sections.next().map_or(next, |draft| draft.section)
    }

    /// Gives answers of no section to the question of their number; where several sections have
    /// it, to the first.
    fn settle_keys(&mut self) {
        let drafts = self.entries.iter().flat_map(|entry| match entry {
            Entry::Alone(draft) => std::slice::from_ref(&**draft),
            Entry::Group(group) => group.items.as_slice(),
        });
        let places = drafts.filter_map(|draft| Some((draft.section, draft.number?)));
        let settled: Vec<_> = places
            .filter_map(|(section, number)| {
                let key = self.keys.remove(&(SECTIONS_ALL, number))?;
                Some(((section, number), key))
            })
            .collect();
        for (place, key) in settled {
            self.keys.entry(place).or_insert(key);
        }
    }

    fn ignore(&mut self, line: u32, text: &str) {
        let shown: String = text.chars().take(40).collect();
        let message = format!("「{shown}」不属于任何试题，未读取");
        let place = Place { row: Some(line), ..Place::default() };
        self.intake.remark(Severity::Warning, &place, None, "line_ignored", message);
    }

    fn end_draft(&mut self) {
        let Some(mut draft) = self.draft.take() else { return };
        if draft.is_doubtful() {
            let (line, text) = draft.place_and_text();
            self.ignore(line, &text);
            return;
        }
        match &mut self.group {
            Some(group) => group.items.push(draft),
            None => self.entries.push(Entry::Alone(Box::new(draft))),
        }
    }

    fn end_group(&mut self) {
        self.end_draft();
        self.listed = None;
        if let Some(group) = self.group.take() {
            self.entries.push(Entry::Group(group));
        }
    }

    fn end(mut self) -> Imported {
        self.end_group();
        self.settle_keys();
        let mut untold = None;
        for entry in self.entries {
            let unit = match entry {
                Entry::Alone(draft) => draft.unit(&self.keys),
                Entry::Group(group) => group.unit(&self.keys),
            };
            if unit.topic == NO_TOPIC {
                untold = untold.or(unit.place.row);
            }
            self.intake.take(unit);
        }
        if let Some(row) = untold {
            let message = format!("没有章节的试题已归入「{NO_TOPIC}」");
            let place = Place { row: Some(row), ..Place::default() };
            self.intake.remark(Severity::Warning, &place, None, "topic_missing", message);
        }
        self.intake.finish()
    }
}

#[cfg(test)]
mod tests;
