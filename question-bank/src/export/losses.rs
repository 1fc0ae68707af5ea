//! What a format cannot hold, as warnings.

use std::collections::HashSet;

use crate::check::PROBLEMS_MAX;
use crate::item::Unit;
use crate::problem::Problem;

/// Collects warnings, each kind once an item.
pub(super) struct Losses<'a> {
    file: &'a str,
    problems: Vec<Problem>,
    said: HashSet<(String, &'static str)>,
    unlisted: usize,
}

impl<'a> Losses<'a> {
    pub(super) fn new(file: &'a str) -> Self {
        Self { file, problems: Vec::new(), said: HashSet::new(), unlisted: 0 }
    }

    /// Says once what of `item` is lost or changed.
    pub(super) fn note(&mut self, item: &str, code: &'static str, message: impl Into<String>) {
        if !self.said.insert((item.to_owned(), code)) {
            return;
        }
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem::warning(self.file, Some(item), code, message));
        } else {
            self.unlisted += 1;
        }
    }

    /// Says something of the whole file.
    pub(super) fn note_file(&mut self, code: &'static str, message: impl Into<String>) {
        self.problems.push(Problem::warning(self.file, None, code, message));
    }

    /// Says it where a text of the unit holds a character that XML has no place for.
    pub(super) fn note_characters(&mut self, unit: &Unit) {
        if texts(unit).any(|text| text.chars().any(|c| !super::xml::is_held(c))) {
            let message = "含有 XML 不能保存的字符，已换成 \u{fffd}";
            self.note(&unit.code, "character_lost", message);
        }
    }

    pub(super) fn end(mut self) -> Vec<Problem> {
        if self.unlisted > 0 {
            let message = format!("另有 {} 处不能原样保存，未列出", self.unlisted);
            self.problems.push(Problem::warning(self.file, None, "more_problems", message));
        }
        self.problems
    }
}

/// Every text of a unit.
fn texts(unit: &Unit) -> impl Iterator<Item = &str> {
    let shared = [&unit.code, &unit.topic, &unit.shared_stem].into_iter().chain(&unit.tags);
    let practices = unit.practices.categories.iter().chain(&unit.practices.practice_scopes);
    let options = unit.shared_options.iter().chain(unit.items.iter().flat_map(|i| &i.options));
    let options = options.flat_map(|option| [&option.id, &option.text]);
    let media = unit.shared_media.iter().chain(unit.items.iter().flat_map(|i| &i.media));
    let items = unit.items.iter().flat_map(|item| [&item.code, &item.stem, &item.explanation]);
    shared
        .chain(practices)
        .chain(options)
        .chain(items)
        .chain(media.map(|media| &media.words))
        .map(String::as_str)
}
