//! Units as the questions of systems that know single choices, statements and pairs.
//!
//! What they have no word for is said once an item: finer types, difficulty, pool, and groups
//! around a case, whose items stand alone there and repeat it.

use std::collections::{HashMap, HashSet};

use exam_core::item::{Choose, Difficulty, ItemType, OptionSet, Pool};

use super::losses::Losses;
use crate::foreign::topic_of;
use crate::item::{Item, ItemOption, Media, Unit};
use crate::pins::pinned;
use crate::wording::options::id_at;

/// A text with the pictures that it may name.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub text: &'a str,
    pub media: &'a [Media],
}

/// A question of another system.
pub(super) struct Question<'a> {
    /// Its own in the whole file.
    pub code: String,
    /// The code of its unit, which warnings name.
    pub unit: &'a str,
    pub tags: &'a [String],
    /// The case that it repeats.
    pub case: Option<Said<'a>>,
    pub stem: Said<'a>,
    pub explanation: String,
    /// Whether options keep the author's order.
    pub in_order: bool,
    pub asks: Asks<'a>,
}

/// What a question asks for.
pub(super) enum Asks<'a> {
    /// Whether the statement is right, and it is or is not.
    Truth(bool),
    /// One of the options, or all that are right.
    Choice { many: bool, options: &'a [ItemOption], key: OptionSet },
    /// The option that belongs to each stem. A pair without a stem only offers its option.
    Pairs(Vec<(Option<Said<'a>>, &'a ItemOption)>),
}

/// Shares of the points that Moodle knows, in percent, by how many options are right.
const SHARES: [&str; 10] =
    ["100", "50", "33.33333", "25", "20", "16.66667", "14.28571", "12.5", "11.11111", "10"];

/// How many options can share all points in shares of ten and five percent, the least ones.
const SHARED_MAX: usize = 20;

/// The share of the points of each right option, in percent, by its place. Moodle refuses shares
/// that it does not know, so those of more than ten options are not even.
pub(super) fn shares(key: OptionSet) -> HashMap<usize, &'static str> {
    let right = key.len() as usize;
    let even = right.checked_sub(1).and_then(|at| SHARES.get(at));
    let tens = SHARED_MAX.saturating_sub(right);
    let share = |number| even.copied().unwrap_or(if number < tens { "10" } else { "5" });
    key.positions().enumerate().map(|(number, place)| (place, share(number))).collect()
}

/// Hands over each question with the path of its category where another one begins.
pub(super) fn each<'a>(
    units: &'a [Unit],
    losses: &mut Losses<'_>,
    take: &mut dyn FnMut(Option<&str>, Question<'a>, &mut Losses<'_>),
) {
    let whole = units.iter().filter(|unit| !is_split(unit));
    let mut codes: HashSet<String> = whole.map(|unit| unit.code.clone()).collect();
    let mut topic = None;
    for unit in units {
        note_losses(unit, losses);
        let mut category =
            (topic.replace(&unit.topic) != Some(&unit.topic)).then(|| category(&unit.topic));
        if category.as_deref().is_some_and(|path| topic_of(path) != unit.topic) {
            losses.note(&unit.code, "topic_changed", "分类中的个别字符不能原样保存");
        }
        let mut question = |question, losses: &mut Losses<'_>| {
            take(category.take().as_deref(), question, losses);
        };
        if !is_split(unit) {
            question(whole_of(unit), losses);
            continue;
        }
        for (number, item) in (1..).zip(&unit.items) {
            let code = own_code(&mut codes, unit, item, number);
            if code != item.code {
                let message = format!("小题编号 {} 与其他试题相同，已改为 {code}", item.code);
                losses.note(&unit.code, "code_changed", message);
            }
            question(one_of(unit, item, code), losses);
        }
    }
}

fn category(topic: &str) -> String {
    format!("$course$/top/{topic}")
}

/// Whether the items of a group become questions of their own: they share a case, or there is no
/// second one, and a single pair is nothing to match.
fn is_split(unit: &Unit) -> bool {
    unit.item_type.in_groups() && (unit.item_type != ItemType::B1 || unit.items.len() == 1)
}

fn own_code(codes: &mut HashSet<String>, unit: &Unit, item: &Item, number: usize) -> String {
    let mut code = item.code.clone();
    let mut tries = number;
    while !codes.insert(code.clone()) {
        code = format!("{}-{tries}", unit.code);
        tries += 1;
    }
    code
}

/// Says what no system of this kind holds.
fn note_losses(unit: &Unit, losses: &mut Losses<'_>) {
    let kept = match unit.item_type {
        ItemType::Single | ItemType::Multiple | ItemType::Judge => None,
        ItemType::B1 if !is_split(unit) => None,
        ItemType::X => Some("多选题"),
        _ => Some("单选题"),
    };
    let code = unit.code.as_str();
    if let Some(kept) = kept {
        let message = format!("题型 {} 只能写成{kept}", unit.item_type);
        losses.note(code, "type_lost", message);
    }
    if is_split(unit) {
        let message = "题组不能保存：各小题写成独立的试题，共用部分在每题重复";
        losses.note(code, "group_split", message);
    }
    if unit.difficulty != Difficulty::Unset {
        losses.note(code, "difficulty_lost", "难度不能保存");
    }
    if !unit.practices.are_all() {
        losses.note(code, "practices_lost", "执业类别、执业范围不能保存");
    }
    if unit.pool != Pool::Exam {
        losses.note(code, "pool_lost", "用途不能保存，再导入时须另行指明");
    }
    let options = |options: &[ItemOption]| {
        options.iter().enumerate().any(|(place, option)| option.id != id_at(place))
    };
    if options(&unit.shared_options) || unit.items.iter().any(|item| options(&item.options)) {
        losses.note(code, "option_ids_lost", "选项编号不能保存，按顺序编为 A、B、C……");
    }
    let many = unit.item_type.choose() == Choose::Many;
    if many && unit.items.iter().any(|item| item.key.len() as usize > SHARES.len()) {
        losses.note(code, "shares_uneven", "正确选项超过 10 个，各选项得分不等");
    }
    if !unit.item_type.in_groups() || is_split(unit) {
        return;
    }
    if (1..).zip(&unit.items).any(|(number, item)| item.code != format!("{code}-{number}")) {
        losses.note(code, "item_codes_lost", "配伍题的小题编号不能保存");
    }
    if unit.items.iter().any(|item| !item.explanation.is_empty()) {
        losses.note(code, "explanations_joined", "配伍题各小题的解析已合在一处");
    }
}

/// A unit that is one question.
fn whole_of(unit: &Unit) -> Question<'_> {
    match unit.items.as_slice() {
        [item] if !unit.item_type.in_groups() => one_of(unit, item, unit.code.clone()),
        items => Question {
            code: unit.code.clone(),
            unit: &unit.code,
            tags: &unit.tags,
            case: None,
            stem: Said { text: &unit.shared_stem, media: &unit.shared_media },
            explanation: joined(items),
            in_order: items.iter().any(|item| !pinned(unit, item).0.is_empty()),
            asks: Asks::Pairs(pairs(unit)),
        },
    }
}

fn one_of<'a>(unit: &'a Unit, item: &'a Item, code: String) -> Question<'a> {
    let case = Said { text: &unit.shared_stem, media: &unit.shared_media };
    let asks = match unit.item_type {
        ItemType::Judge => Asks::Truth(item.key.has(0)),
        item_type => Asks::Choice {
            many: item_type.choose() == Choose::Many,
            options: unit.options_of(item),
            key: item.key,
        },
    };
    Question {
        code,
        unit: &unit.code,
        tags: &unit.tags,
        case: Some(case).filter(|case| !case.text.is_empty() || !case.media.is_empty()),
        stem: Said { text: &item.stem, media: &item.media },
        explanation: item.explanation.clone(),
        in_order: !pinned(unit, item).0.is_empty(),
        asks,
    }
}

/// Explanations of several items under their numbers.
fn joined(items: &[Item]) -> String {
    let said = (1..).zip(items).filter(|(_, item)| !item.explanation.is_empty());
    said.map(|(number, item)| format!("{number}. {}", item.explanation))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Pairs such that whoever lists the options as they come lists them in the author's order.
fn pairs(unit: &Unit) -> Vec<(Option<Said<'_>>, &ItemOption)> {
    let options = &unit.shared_options;
    let asked = unit.items.iter().flat_map(|item| {
        let stem = Said { text: &item.stem, media: &item.media };
        item.key.positions().map(move |position| (stem, position))
    });
    let asked: Vec<_> = asked.collect();
    let mut natural: Vec<usize> = Vec::new();
    for place in asked.iter().map(|(_, position)| *position).chain(0..options.len()) {
        if !natural.contains(&place) {
            natural.push(place);
        }
    }
    let used = |place: &usize| asked.iter().any(|(_, position)| position == place);
    let in_order = natural.is_sorted();
    let before = (0..options.len()).filter(|_| !in_order);
    let after = (0..options.len()).filter(|place| in_order && !used(place));
    let offered = |place: usize| (None, &options[place]);
    let asked = asked.iter().map(|(stem, position)| (Some(*stem), &options[*position]));
    before.map(offered).chain(asked).chain(after.map(offered)).collect()
}
