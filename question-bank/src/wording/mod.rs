//! How authors spell types, options and answers, in tables as in texts.

pub(crate) mod answer;
pub(crate) mod options;
pub(crate) mod raised;
pub(crate) mod words;

use exam_core::item::ItemType;

use crate::raw::RawOption;

/// The topic of items whose file names none.
pub const NO_TOPIC: &str = "未分类";

/// The type that an answer without one speaks of.
pub(crate) fn inferred(answer: &str, listed: &[RawOption]) -> ItemType {
    if (listed.is_empty() || judge_words(listed)) && answer::is_right(answer, listed).is_some() {
        return ItemType::Judge;
    }
    match answer::ids(answer, listed).len() {
        0 | 1 => ItemType::Single,
        _ => ItemType::Multiple,
    }
}

/// The key of a statement that is right or wrong; its options come to stand in our words and order.
pub(crate) fn judge_key(answer: &str, listed: &mut Vec<RawOption>) -> Vec<String> {
    let right = answer::is_right(answer, listed);
    if judge_words(listed) {
        *listed = judge_options();
    }
    match right {
        Some(right) => vec![if right { "A" } else { "B" }.to_owned()],
        None => answer::ids(answer, listed),
    }
}

/// Whether options are right and wrong in any words and order, or left out.
fn judge_words(options: &[RawOption]) -> bool {
    let verdicts: Vec<_> = options.iter().map(|option| answer::verdict(&option.text)).collect();
    matches!(verdicts.as_slice(), [] | [Some(true), Some(false)] | [Some(false), Some(true)])
}

pub(crate) fn judge_options() -> Vec<RawOption> {
    let option = |(place, text): (usize, &str)| RawOption {
        id: options::id_at(place),
        text: text.to_owned(),
    };
    ["正确", "错误"].into_iter().enumerate().map(option).collect()
}
