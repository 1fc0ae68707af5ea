//! What items of other systems have in common: texts that were HTML, and options that each give a
//! share of the points.

mod importer;

use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use exam_core::item::ItemType;

use crate::check::Intake;
use crate::html::{PICTURE, Plain, Shown};
use crate::problem::Severity;
use crate::raw::{Damage, Field, RawItem, RawOption, RawPicture, RawUnit};
use crate::wording::options::id_at;

pub(crate) use importer::{Importer, NotHeld};

/// The most pairs of a question.
const PAIRS_MAX: usize = 100;

/// The most pictures of an item that are looked for in its file.
const PICTURES_MAX: usize = 100;

/// What is found in an item beside its parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    explanation: Vec<String>,
    pictures: Vec<Shown>,
    notes: Vec<Note>,
}

/// Something that a bank cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Note {
    code: &'static str,
    message: String,
    /// Whether the item means something else without it.
    needed: bool,
}

/// An option with its share of the points, in percent; it may be below zero.
pub(crate) struct Weighted {
    pub text: Plain,
    pub percent: f64,
    pub why: Plain,
}

/// Any one of several options is enough.
pub(crate) struct AnyOfSeveral;

impl From<AnyOfSeveral> for NotHeld {
    fn from(_: AnyOfSeveral) -> Self {
        ("several_right", "单选题有多个正确答案、选对任一个即得分，不能导入".to_owned())
    }
}

impl Found {
    /// A text, whose pictures and losses are remembered.
    pub(crate) fn text(&mut self, plain: Plain) -> String {
        for lost in plain.lost {
            self.push(lost.code(), lost.message().to_owned(), lost.is_needed());
        }
        if ["\\(", "\\[", "$$"].iter().any(|mark| plain.text.contains(mark)) {
            self.note("tex_kept", "TeX 公式按原样保留，不会显示为公式，请核对");
        }
        let mut number = self.pictures.len();
        self.pictures.extend(plain.pictures);
        let mut text = String::with_capacity(plain.text.len());
        for c in plain.text.chars() {
            if c == PICTURE {
                number += 1;
                text.push_str(&format!("[图{number}]"));
            } else {
                text.push(c);
            }
        }
        text
    }

    /// Adds to the explanation. What is said of one option names it by its text: by its letter it
    /// would keep the options in the author's order.
    pub(crate) fn explain(&mut self, of: Option<&str>, why: Plain) {
        let why = self.text(why);
        match of {
            _ if why.is_empty() => {}
            Some(option) => self.explanation.push(format!("「{option}」：{why}")),
            None => self.explanation.push(why),
        }
    }

    /// Remembers what cannot be held, and the item can do without.
    pub(crate) fn note(&mut self, code: &'static str, message: impl Into<String>) {
        self.push(code, message.into(), false);
    }

    /// Remembers what cannot be held, and the item is nothing without.
    pub(crate) fn need(&mut self, code: &'static str, message: impl Into<String>) {
        self.push(code, message.into(), true);
    }

    /// Remembers that the author kept options in their places.
    pub(crate) fn note_order(&mut self) {
        self.note("order_lost", "原系统中选项不打乱或位置固定，这里仍可能打乱，请核对");
    }

    fn push(&mut self, code: &'static str, message: String, needed: bool) {
        let note = Note { code, message, needed };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Gives all of it to the item. `bytes_of` finds a picture by where it is said to come from.
    fn give(
        self,
        unit: &mut RawUnit,
        intake: &mut Intake<'_>,
        mut bytes_of: impl FnMut(&str) -> Option<Arc<[u8]>>,
    ) {
        unit.explanation = self.explanation.join("\n");
        let many = self.pictures.len() > PICTURES_MAX; // The checks refuse it.
        unit.media.extend(self.pictures.into_iter().map(|Shown { source, words }| {
            let bytes = inline(&source).or_else(|| (!many).then(|| bytes_of(&source))?);
            RawPicture { name: source, words, bytes }
        }));
        for Note { code, message, needed } in self.notes {
            if needed {
                unit.place.damage.push(Damage { field: Field::Whole, code, message });
            } else {
                intake.remark(Severity::Warning, &unit.place, None, code, message);
            }
        }
    }
}

/// A picture that stands in the text itself.
fn inline(source: &str) -> Option<Arc<[u8]>> {
    let (kind, data) = source.strip_prefix("data:image/")?.split_once(',')?;
    kind.ends_with(";base64").then(|| decoded(data))?
}

/// What base64 says; white space in it says nothing.
pub(crate) fn decoded(data: &str) -> Option<Arc<[u8]>> {
    let data: String = data.split_ascii_whitespace().collect();
    BASE64_STANDARD.decode(data).ok().map(Arc::from)
}

/// Gives a unit options, of which one or many are right.
///
/// # Errors
/// [`AnyOfSeveral`] where one is to be chosen and several give all points.
pub(crate) fn choose(
    unit: &mut RawUnit,
    found: &mut Found,
    many: bool,
    answers: Vec<Weighted>,
) -> Result<(), AnyOfSeveral> {
    let most = answers.iter().map(|answer| answer.percent).fold(0.0, f64::max);
    let is_right = |percent: f64| percent > 0.0 && (many || percent >= most);
    let right: Vec<bool> = answers.iter().map(|answer| is_right(answer.percent)).collect();
    if !many && right.iter().filter(|right| **right).count() > 1 {
        return Err(AnyOfSeveral);
    }
    let shares = answers.iter().map(|answer| answer.percent).filter(|percent| *percent > 0.0);
    let uneven = shares.clone().any(|percent| (percent - most).abs() > 0.01);
    let below = answers.iter().any(|answer| answer.percent < 0.0);
    if uneven || below || (!many && most > 0.0 && most < 99.99) {
        found.note("weights_lost", "选项的得分比例不能保存，按考试的计分规则给分");
    }
    unit.r#type = if many { ItemType::Multiple } else { ItemType::Single }.name().to_owned();
    for (place, answer) in answers.into_iter().enumerate() {
        let text = found.text(answer.text);
        found.explain(Some(&text), answer.why);
        unit.options.push(RawOption { id: id_at(place), text });
    }
    let right = right.iter().enumerate().filter(|(_, right)| **right);
    unit.key = right.map(|(place, _)| unit.options[place].id.clone()).collect();
    Ok(())
}

/// Makes a unit a group whose items share their options: each pair is a stem and what belongs to
/// it. A pair without a stem is only one more option.
pub(crate) fn pair(unit: &mut RawUnit, found: &mut Found, pairs: Vec<(Plain, String)>) {
    unit.r#type = ItemType::B1.name().to_owned();
    if pairs.len() > PAIRS_MAX {
        let message = format!("配对题不超过 {PAIRS_MAX} 项");
        found.push("group_bad", message, true);
        return;
    }
    for (stem, option) in pairs {
        let stem = found.text(stem);
        let place = unit.options.iter().position(|known| known.text == option);
        let place = place.unwrap_or_else(|| {
            let id = id_at(unit.options.len());
            unit.options.push(RawOption { id, text: option });
            unit.options.len() - 1
        });
        if !stem.is_empty() {
            let key = vec![unit.options[place].id.clone()];
            let place = unit.place.clone();
            unit.items.push(RawItem { stem, key, place, ..RawItem::default() });
        }
    }
    // What stands above the pairs only says what to do.
    let instruction = std::mem::take(&mut unit.stem);
    if let [first, ..] = unit.items.as_mut_slice()
        && !instruction.is_empty()
    {
        first.stem = format!("{instruction}\n{}", first.stem);
    }
}

/// A category as a topic: `$course$/top/内科/心血管` is `内科/心血管`. A slash that belongs to a
/// name is doubled there.
pub(crate) fn topic_of(path: &str) -> String {
    let skipped = |part: &&str| !part.is_empty() && !part.starts_with('$') && *part != "top";
    let path = path.replace("//", "\u{0}");
    let parts = path.split('/').map(str::trim).filter(skipped);
    parts.map(|part| part.replace('\u{0}', "／")).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_topics() {
        for (path, topic) in [
            ("$course$/top/内科/心血管", "内科/心血管"),
            ("$module$/top/Default for x", "Default for x"),
            ("a//b / c", "a／b/c"),
            ("", ""),
        ] {
            assert_eq!(topic_of(path), topic);
        }
    }
}
