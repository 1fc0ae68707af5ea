//! What stands in the braces: right and wrong, options, pairs, or what cannot be held.

use super::scan::{Markup, Question, find, markup_of, noted, plain, unescaped};
use crate::raw::RawOption;
use crate::wording::options::id_at;

/// The answers of a question.
pub(super) struct Answers {
    pub choice: Choice,
    pub explanation: String,
    pub pictures: Vec<String>,
    /// Code, message, and whether the item cannot do without it.
    pub lost: Vec<(&'static str, String, bool)>,
}

/// What a candidate chooses from.
pub(super) enum Choice {
    /// Whether the statement is right.
    Judge(bool),
    Options {
        many: bool,
        options: Vec<RawOption>,
        /// Places of the right ones.
        right: Vec<usize>,
    },
    /// Stems, each with the place of its option.
    Pairs { options: Vec<RawOption>, items: Vec<(String, usize)> },
}

/// What a file can say and a bank of choices cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotHeld {
    Essay,
    Number,
    Short,
    /// Any one of several is right.
    AnyOfSeveral,
    Damaged,
}

impl NotHeld {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Essay | Self::Number | Self::Short => "type_unsupported",
            Self::AnyOfSeveral => "several_right",
            Self::Damaged => "gift_damaged",
        }
    }

    pub(super) fn message(self) -> String {
        match self {
            Self::Essay => "问答题不是客观题，不能导入",
            Self::Number => "数值题不能作为选择题导入",
            Self::Short => "简答或填空题不能作为选择题导入",
            Self::AnyOfSeveral => "单选题有多个正确答案、选对任一个即得分，不能导入",
            Self::Damaged => "花括号内的答案无法识别：每个答案应以 = 或 ~ 开头",
        }
        .to_owned()
    }
}

/// One answer as it stands.
struct Answer<'a> {
    right: bool,
    /// The share of points that it gives, in percent; may be below zero.
    weight: Option<f64>,
    text: &'a str,
    why: &'a str,
}

/// Reads what stands in the braces.
pub(super) fn read(question: &Question) -> Result<Answers, NotHeld> {
    let (body, general) = match find(&question.body, "####") {
        Some(at) => (question.body[..at].trim(), question.body[at + 4..].trim()),
        None => (question.body.trim(), ""),
    };
    let mut found = Found { markup: question.markup, ..Found::default() };
    let general = found.text(general);
    found.explain(None, &general);
    if body.is_empty() {
        return Err(NotHeld::Essay);
    }
    if let Some(rest) = body.strip_prefix('#') {
        return Err(if rest.trim().is_empty() { NotHeld::Essay } else { NotHeld::Number });
    }
    if let Some(right) = truth(body) {
        let whys = body.split_once('#').map_or("", |(_, whys)| whys);
        for why in whys.split('#') {
            let why = found.text(why);
            found.explain(None, &why);
        }
        return Ok(found.end(Choice::Judge(right)));
    }
    let answers = split(body)?;
    if answers.iter().all(|answer| answer.right && find(answer.text, "->").is_some()) {
        return pairs(&answers, found);
    }
    if answers.iter().all(|answer| answer.right) {
        return Err(NotHeld::Short);
    }
    options(&answers, found)
}

/// Whether the body says that the statement is right or wrong.
pub(super) fn truth(body: &str) -> Option<bool> {
    match body.split('#').next().unwrap_or("").trim().to_uppercase().as_str() {
        "T" | "TRUE" => Some(true),
        "F" | "FALSE" => Some(false),
        _ => None,
    }
}

/// Cuts before each `=` and `~` that has no backslash before it.
fn split(body: &str) -> Result<Vec<Answer<'_>>, NotHeld> {
    let mut answers = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let right = match rest.as_bytes()[0] {
            b'=' => true,
            b'~' => false,
            _ => return Err(NotHeld::Damaged),
        };
        rest = &rest[1..];
        let next = [find(rest, "="), find(rest, "~")].into_iter().flatten().min();
        let (piece, after) = rest.split_at(next.unwrap_or(rest.len()));
        rest = after;
        let (piece, weight) = weighted(piece.trim());
        let (text, why) = find(piece, "#").map_or((piece, ""), |at| (&piece[..at], &piece[at + 1..]));
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

/// What the answers have in common.
#[derive(Default)]
struct Found {
    markup: Markup,
    explanation: Vec<String>,
    pictures: Vec<String>,
    lost: Vec<(&'static str, String, bool)>,
}

impl Found {
    fn text(&mut self, text: &str) -> String {
        let (markup, text) = markup_of(text);
        let markup = if markup == Markup::Auto { self.markup } else { markup };
        let plain = plain(text, markup);
        self.pictures.extend(plain.pictures.iter().cloned());
        for lost in noted(&plain) {
            if !self.lost.contains(&lost) {
                self.lost.push(lost);
            }
        }
        plain.text
    }

    fn explain(&mut self, of: Option<&str>, why: &str) {
        match of {
            _ if why.is_empty() => {}
            // Not by its letter: that would keep the options in the author's order.
            Some(option) => self.explanation.push(format!("「{option}」：{why}")),
            None => self.explanation.push(why.to_owned()),
        }
    }

    fn end(self, choice: Choice) -> Answers {
        let Self { explanation, pictures, lost, .. } = self;
        Answers { choice, explanation: explanation.join("\n"), pictures, lost }
    }
}

fn options(answers: &[Answer<'_>], mut found: Found) -> Result<Answers, NotHeld> {
    let by_mark = answers.iter().filter(|answer| answer.right).count();
    let by_weight = answers.iter().filter(|a| !a.right && a.weight.is_some_and(|w| w > 0.0)).count();
    // Marked `=`: one of them is enough. Weights alone: all that give points belong together.
    let many = by_mark == 0;
    if by_mark > 1 {
        return Err(NotHeld::AnyOfSeveral);
    }
    let right = |answer: &Answer<'_>| {
        answer.right || (many && answer.weight.is_some_and(|weight| weight > 0.0))
    };
    let weights: Vec<f64> =
        answers.iter().filter(|a| right(a)).filter_map(|answer| answer.weight).collect();
    let uneven = weights.windows(2).any(|pair| (pair[0] - pair[1]).abs() > 0.01);
    if uneven || (!many && by_weight > 0) {
        let message = "选项的得分比例不能保存，按考试的计分规则给分".to_owned();
        found.lost.push(("weights_lost", message, false));
    }
    let mut listed = Vec::with_capacity(answers.len());
    for (place, answer) in answers.iter().enumerate() {
        let text = found.text(answer.text);
        let why = found.text(answer.why);
        found.explain(Some(&text), &why);
        listed.push(RawOption { id: id_at(place), text });
    }
    let right = (0..answers.len()).filter(|place| right(&answers[*place])).collect();
    Ok(found.end(Choice::Options { many, options: listed, right }))
}

fn pairs(answers: &[Answer<'_>], mut found: Found) -> Result<Answers, NotHeld> {
    let mut options: Vec<RawOption> = Vec::new();
    let mut items = Vec::new();
    for answer in answers {
        let at = find(answer.text, "->").ok_or(NotHeld::Damaged)?;
        let stem = found.text(&answer.text[..at]);
        let option = unescaped(answer.text[at + 2..].trim());
        let place = options.iter().position(|known| known.text == option);
        let place = place.unwrap_or_else(|| {
            options.push(RawOption { id: id_at(options.len()), text: option });
            options.len() - 1
        });
        // A pair without a stem is only one more option.
        if !stem.is_empty() {
            items.push((stem, place));
        }
    }
    Ok(found.end(Choice::Pairs { options, items }))
}
