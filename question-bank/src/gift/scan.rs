//! The parts of a question: title, stem, answers in braces, and what follows them.

use crate::foreign::{Found, NotHeld};
use crate::html::{self, Plain};

/// How a text is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Markup {
    /// As it stands, or HTML where it has tags.
    #[default]
    Auto,
    Html,
    Plain,
    Markdown,
}

/// A question in its parts, still escaped but for what has become plain text.
#[derive(Debug)]
pub(super) struct Question {
    pub markup: Markup,
    pub title: String,
    before: Plain,
    after: Plain,
    /// What stands in the braces.
    pub body: String,
}

/// Why a text is no question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotAQuestion {
    /// It has no braces: it only shows something.
    Description,
    /// A brace is not closed, or closes nothing.
    Braces,
    /// It has several gaps.
    Gaps,
}

impl NotAQuestion {
    pub(super) fn said(self) -> NotHeld {
        let (code, message) = match self {
            Self::Description => ("type_unsupported", "没有答案的说明文字不是试题"),
            Self::Braces => ("gift_damaged", "花括号没有成对，或文字中的花括号没有转义"),
            Self::Gaps => ("type_unsupported", "一题有多处填空，不能作为选择题导入"),
        };
        (code, message.to_owned())
    }
}

/// Takes a question apart.
pub(super) fn question(text: &str) -> Result<Question, NotAQuestion> {
    let rest = text.trim();
    let titled = rest.strip_prefix("::").and_then(|rest| Some(rest.split_at(find(rest, "::")?)));
    let (title, rest) = match titled {
        Some((title, rest)) => (unescaped(title.trim()), rest[2..].trim_start()),
        None => (String::new(), rest),
    };
    let (markup, rest) = markup_of(rest);
    let open = find(rest, "{").ok_or(NotAQuestion::Description)?;
    let inside = &rest[open + 1..];
    let close = find(inside, "}").ok_or(NotAQuestion::Braces)?;
    if find(&rest[..open], "}").is_some() || find(&inside[..close], "{").is_some() {
        return Err(NotAQuestion::Braces);
    }
    let after = &inside[close + 1..];
    if find(after, "{").is_some() {
        return Err(NotAQuestion::Gaps);
    }
    Ok(Question {
        markup,
        title,
        before: plain(&rest[..open], markup),
        after: plain(after, markup),
        body: inside[..close].trim().to_owned(),
    })
}

impl Question {
    /// What is asked, with a gap where the answers stand inside the sentence.
    pub(super) fn stem(&self, found: &mut Found) -> String {
        let (before, after) = (found.text(self.before.clone()), found.text(self.after.clone()));
        match (before.is_empty(), after.is_empty()) {
            (_, true) => before,
            (true, false) => format!("____ {after}"),
            (false, false) => format!("{before} ____ {after}"),
        }
    }
}

/// `[html]` and its like at the beginning of a text.
pub(super) fn markup_of(text: &str) -> (Markup, &str) {
    for (name, markup) in [
        ("[html]", Markup::Html),
        ("[plain]", Markup::Plain),
        ("[moodle]", Markup::Auto),
        ("[markdown]", Markup::Markdown),
    ] {
        if let Some(rest) = text.trim_start().strip_prefix(name) {
            return (markup, rest);
        }
    }
    (Markup::Auto, text)
}

/// A text as it is read.
pub(super) fn plain(text: &str, markup: Markup) -> Plain {
    let text = unescaped(text.trim());
    match markup {
        Markup::Auto if html::is_html(&text) => html::plain(&text),
        Markup::Html => html::plain(&text),
        Markup::Markdown => html::markdown(&text),
        Markup::Auto | Markup::Plain => Plain { text, ..Plain::default() },
    }
}

/// Where `what` stands first without a backslash before it.
pub(super) fn find(text: &str, what: &str) -> Option<usize> {
    find_any(text, &[what])
}

/// Where any of `what` stands first without a backslash before it.
pub(super) fn find_any(text: &str, what: &[&str]) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if what.iter().any(|what| text[at..].starts_with(what)) {
            return Some(at);
        }
    }
    None
}

/// The text without its backslashes.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some(c @ ('~' | '=' | '#' | '{' | '}' | ':' | '\\' | '-' | '>')) => out.push(c),
                // A backslash of its own, as in a formula.
                Some(c) => out.extend(['\\', c]),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}
