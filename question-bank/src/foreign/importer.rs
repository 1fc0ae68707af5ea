//! What the readers of other systems' formats do alike with each item: its topic, its code, and
//! whether it is taken, refused or only a description.

use std::sync::Arc;

use super::{Found, topic_of};
use crate::check::{Imported, Intake};
use crate::hash::derived_code;
use crate::item::Defaults;
use crate::problem::Severity;
use crate::raw::{Place, RawUnit};
use crate::wording::NO_TOPIC;

/// Why an item is not taken: a code for programs, and words for authors.
pub(crate) type NotHeld = (&'static str, String);

/// Takes the items of one file.
pub(crate) struct Importer<'a> {
    intake: Intake<'a>,
    /// The topic of what follows; empty where none was named.
    topic: String,
    said_topic: bool,
    said_settings: bool,
}

impl<'a> Importer<'a> {
    pub(crate) fn new(file: &'a str, defaults: &Defaults) -> Self {
        Self {
            intake: Intake::new(file, defaults),
            topic: String::new(),
            said_topic: false,
            said_settings: false,
        }
    }

    /// A category begins: what follows belongs to it.
    pub(crate) fn enter(&mut self, category: &str) {
        self.topic = topic_of(category);
    }

    /// The topic of an item; that there is none is said once a file.
    pub(crate) fn topic(&mut self, place: &Place) -> String {
        if !self.topic.is_empty() {
            return self.topic.clone();
        }
        if !std::mem::replace(&mut self.said_topic, true) {
            let message = format!("没有分类的试题已归入「{NO_TOPIC}」");
            self.warn(place, "topic_missing", message);
        }
        NO_TOPIC.to_owned()
    }

    /// Names and points, which other systems give to items and blueprints decide here; said once a
    /// file.
    pub(crate) fn leave_settings(&mut self, place: &Place) {
        if !std::mem::replace(&mut self.said_settings, true) {
            let message = "试题的名称、分值、题号样式等设置不保存；分值由命题蓝图决定";
            self.warn(place, "settings_lost", message);
        }
    }

    /// Takes an item with what was found in it. `bytes_of` finds a picture by where it is said to
    /// come from.
    pub(crate) fn take(
        &mut self,
        mut unit: RawUnit,
        found: Found,
        bytes_of: impl FnMut(&str) -> Option<Arc<[u8]>>,
    ) {
        found.give(&mut unit, &mut self.intake, bytes_of);
        self.take_whole(unit);
    }

    /// Takes an item that holds all that was found.
    pub(crate) fn take_whole(&mut self, mut unit: RawUnit) {
        coded(&mut unit);
        self.intake.take(unit);
    }

    /// Gives what was found to an item that is not yet taken.
    pub(crate) fn give(
        &mut self,
        unit: &mut RawUnit,
        found: Found,
        bytes_of: impl FnMut(&str) -> Option<Arc<[u8]>>,
    ) {
        found.give(unit, &mut self.intake, bytes_of);
    }

    /// An item that cannot be held: it counts, and says why.
    pub(crate) fn refuse(&mut self, mut unit: RawUnit, (code, message): NotHeld) {
        coded(&mut unit);
        self.intake.refuse(&unit, code, message);
    }

    /// Text that stands among the questions and asks nothing.
    pub(crate) fn leave_description(&mut self, place: &Place) {
        self.warn(place, "description_ignored", "没有答案的说明文字不是试题，未读取");
    }

    pub(crate) fn warn(&mut self, place: &Place, code: &'static str, message: impl Into<String>) {
        self.intake.remark(Severity::Warning, place, None, code, message);
    }

    /// The file, or a part of it, cannot be read.
    pub(crate) fn fail(&mut self, place: &Place, code: &'static str, message: impl Into<String>) {
        self.intake.remark(Severity::Error, place, None, code, message);
    }

    pub(crate) fn finish(self) -> Imported {
        self.intake.finish()
    }
}

/// Codes for a unit and its items, where the file gives none.
fn coded(unit: &mut RawUnit) {
    if unit.code.is_empty() {
        unit.code = derived_code(unit);
    }
    let code = unit.code.clone();
    for (number, item) in (1..).zip(&mut unit.items) {
        if item.code.is_empty() {
            item.code = format!("{code}-{number}");
        }
    }
}
