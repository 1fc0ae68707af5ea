//! GIFT: `::code:: stem { =right ~wrong ####why }`.

use super::losses::Losses;
use super::questions::{self, Asks, Question, Said, shares};
use crate::item::Unit;

/// Says that a text is no HTML: otherwise `P<0.05` ends at its sign.
const PLAIN: &str = "[plain]";

/// Words in brackets that say how a text is written.
const MARKUPS: [&str; 4] = ["[html]", PLAIN, "[moodle]", "[markdown]"];

/// Writes a text of questions.
pub(super) fn write(units: &[Unit], losses: &mut Losses<'_>) -> String {
    let mut out = String::new();
    for unit in units {
        let mut media = unit.items.iter().map(|item| &item.media);
        if !unit.shared_media.is_empty() || media.any(|media| !media.is_empty()) {
            losses.note(&unit.code, "pictures_left_out", "GIFT 不能保存图片，图片未写入");
        }
    }
    questions::each(units, losses, &mut |path, question, losses| {
        if let Some(path) = path {
            out.push_str(&format!("$CATEGORY: {}\n\n", one_line(path)));
        }
        let mut writer = Writer { out: &mut out, losses, unit: question.unit };
        writer.question(&question);
    });
    out
}

struct Writer<'a, 'b> {
    out: &'a mut String,
    losses: &'a mut Losses<'b>,
    unit: &'a str,
}

impl Writer<'_, '_> {
    fn question(&mut self, question: &Question<'_>) {
        self.comment(question);
        let title = escaped(&one_line(&question.code));
        self.out.push_str(&format!("::{title}::"));
        let mut stem = String::new();
        if let Some(case) = question.case {
            stem.push_str(case.text);
            stem.push('\n');
        }
        stem.push_str(question.stem.text);
        // Not every reader takes a markup of nothing.
        let told = if stem.is_empty() { "" } else { PLAIN };
        let stem = self.text(&stem);
        self.out.push_str(&format!("{told}{stem}{{"));
        match &question.asks {
            Asks::Truth(true) => self.out.push_str("TRUE"),
            Asks::Truth(false) => self.out.push_str("FALSE"),
            Asks::Choice { many, options, key } => {
                let shares = shares(*key);
                for (place, option) in options.iter().enumerate() {
                    let text = self.option(&option.text);
                    // The first number between percent signs is the share, whatever follows it.
                    let told = text.starts_with('%');
                    let mark = match shares.get(&place) {
                        Some(share) if *many => format!("~%{share}%"),
                        Some(_) if told => "=%100%".to_owned(),
                        Some(_) => "=".to_owned(),
                        None if told => "~%0%".to_owned(),
                        None => "~".to_owned(),
                    };
                    self.out.push_str(&format!("\n\t{mark}{text}"));
                }
            }
            Asks::Pairs(pairs) => {
                for (stem, option) in pairs {
                    let stem = stem.map(|Said { text, .. }| self.half(text)).unwrap_or_default();
                    let told = told.is_empty() && !stem.is_empty();
                    let stem = if told || is_told(&stem) { format!("{PLAIN}{stem}") } else { stem };
                    let option = self.half(&option.text);
                    self.out.push_str(&format!("\n\t={stem} -> {option}"));
                }
            }
        }
        if !question.explanation.is_empty() {
            let why = self.option(&question.explanation);
            let why = if told.is_empty() { format!("{PLAIN}{why}") } else { why };
            self.out.push_str(&format!("\n\t####{why}"));
        }
        self.out.push_str(if matches!(question.asks, Asks::Truth(_)) {
            "}\n\n"
        } else {
            "\n}\n\n"
        });
    }

    /// `// [id:code] [tag:word]`, which has no way to escape a bracket.
    fn comment(&mut self, question: &Question<'_>) {
        let held = |text: &str| {
            text == text.trim() && !text.contains(['[', ']', '\\', '\n', '\r']) && !text.is_empty()
        };
        let mut words = Vec::new();
        if held(&question.code) {
            words.push(format!("[id:{}]", question.code));
        } else {
            self.losses.note(self.unit, "code_lost", "编号中有方括号等字符，不能保存");
        }
        for tag in question.tags {
            if held(tag) {
                words.push(format!("[tag:{tag}]"));
            } else {
                self.losses.note(self.unit, "tag_lost", "标签中有方括号等字符，不能保存");
            }
        }
        if !words.is_empty() {
            self.out.push_str(&format!("// {}\n", words.join(" ")));
        }
    }

    fn text(&mut self, text: &str) -> String {
        if text.starts_with([' ', '\t']) || text.ends_with([' ', '\t']) {
            self.losses.note(self.unit, "spaces_lost", "文字首尾的空格不能保存");
        }
        escaped(text)
    }

    /// A text that may begin as if it said how it is written.
    fn option(&mut self, text: &str) -> String {
        let text = self.text(text);
        if is_told(&text) { format!("{PLAIN}{text}") } else { text }
    }

    /// One side of a pair.
    fn half(&mut self, text: &str) -> String {
        if text.contains("->") {
            self.losses.note(self.unit, "arrow_changed", "配伍题中的 -> 已改为 →");
        }
        self.text(&text.replace("->", "→"))
    }
}

/// Whether a text begins as if it said how it is written.
fn is_told(text: &str) -> bool {
    MARKUPS.iter().any(|markup| text.trim_start().starts_with(markup))
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '~' | '=' | '#' | '{' | '}' | ':' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}
