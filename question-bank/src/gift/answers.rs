//! What stands in the braces: right and wrong, options, pairs, or what cannot be held.

use super::scan::{Markup, Question, find, find_any, markup_of, plain, unescaped};
use crate::foreign::{Found, NotHeld, Weighted, choose, pair};
use crate::html::Plain;
use crate::raw::RawUnit;
use crate::wording::judge_options;

const ESSAY: &str = "问答题不是客观题，不能导入";
const NUMBER: &str = "数值题不能作为选择题导入";
const SHORT: &str = "简答或填空题不能作为选择题导入";
const DAMAGED: &str = "花括号内的答案无法识别：每个答案应以 = 或 ~ 开头";

fn unsupported(message: &str) -> NotHeld {
    ("type_unsupported", message.to_owned())
}

/// One answer as it stands.
struct Answer<'a> {
    right: bool,
    /// The share of points that it gives, in percent; may be below zero.
    weight: Option<f64>,
    text: &'a str,
    why: &'a str,
}

/// Gives a unit what stands in the braces.
pub(super) fn read(
    question: &Question,
    unit: &mut RawUnit,
    found: &mut Found,
) -> Result<(), NotHeld> {
    let markup = question.markup;
    let (body, general) = match find(&question.body, "####") {
        Some(at) => (question.body[..at].trim(), question.body[at + 4..].trim()),
        None => (question.body.trim(), ""),
    };
    found.explain(None, marked(general, markup));
    if body.is_empty() {
        return Err(unsupported(ESSAY));
    }
    if let Some(rest) = body.strip_prefix('#') {
        return Err(if rest.trim().is_empty() { unsupported(ESSAY) } else { unsupported(NUMBER) });
    }
    if let Some(right) = truth(body) {
        let whys = body.split_once('#').map_or("", |(_, whys)| whys);
        // The first is said to who is wrong, the second to who is right.
        let (wrong, why_right) = whys.split_once('#').unwrap_or((whys, ""));
        let words = |says: bool| Some(if says { "正确" } else { "错误" });
        found.explain(words(!right), marked(wrong, markup));
        found.explain(words(right), marked(why_right, markup));
        unit.r#type = "judge".to_owned();
        unit.options = judge_options();
        unit.key = vec![if right { "A" } else { "B" }.to_owned()];
        return Ok(());
    }
    let answers = split(body)?;
    if answers.iter().all(|answer| answer.right) {
        if answers.iter().any(|answer| find(answer.text, "->").is_none()) {
            return Err(unsupported(SHORT));
        }
        let pairs = answers.iter().filter_map(|answer| {
            let (stem, option) = answer.text.split_at(find(answer.text, "->")?);
            Some((marked(stem, markup), unescaped(option[2..].trim())))
        });
        pair(unit, found, pairs.collect());
        return Ok(());
    }
    // Marked `=`: one of them is enough. Weights alone: all that give points belong together.
    let many = answers.iter().all(|answer| !answer.right);
    let weighted = |answer: &Answer<'_>| Weighted {
        text: marked(answer.text, markup),
        percent: answer.weight.unwrap_or(if answer.right { 100.0 } else { 0.0 }),
        why: marked(answer.why, markup),
    };
    choose(unit, found, many, answers.iter().map(weighted).collect())?;
    Ok(())
}

/// Whether the body says that the statement is right or wrong.
pub(super) fn truth(body: &str) -> Option<bool> {
    match body.split('#').next().unwrap_or("").trim().to_uppercase().as_str() {
        "T" | "TRUE" => Some(true),
        "F" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A text that may say itself how it is written.
fn marked(text: &str, markup: Markup) -> Plain {
    let (own, text) = markup_of(text);
    plain(text, if own == Markup::Auto { markup } else { own })
}

/// Cuts before each `=` and `~` that has no backslash before it.
fn split(body: &str) -> Result<Vec<Answer<'_>>, NotHeld> {
    let mut answers = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let right = match rest.as_bytes()[0] {
            b'=' => true,
            b'~' => false,
            _ => return Err(("gift_damaged", DAMAGED.to_owned())),
        };
        rest = &rest[1..];
        let next = find_any(rest, &["=", "~"]);
        let (piece, after) = rest.split_at(next.unwrap_or(rest.len()));
        rest = after;
        let (piece, weight) = weighted(piece.trim());
        let (text, why) =
            find(piece, "#").map_or((piece, ""), |at| (&piece[..at], &piece[at + 1..]));
        answers.push(Answer { right, weight, text: text.trim(), why: why.trim() });
    }
    Ok(answers)
}

/// `%50%text` as its text and weight.
fn weighted(piece: &str) -> (&str, Option<f64>) {
    let parts = piece.strip_prefix('%').and_then(|rest| rest.split_once('%'));
    match parts.and_then(|(weight, text)| Some((text, weight.trim().parse().ok()?))) {
        Some((text, weight)) => (text.trim_start(), Some(weight)),
        None => (piece, None),
    }
}
