//! What items are found by: every two neighbours of Chinese text, and whole words of other scripts.
//!
//! A text becomes tokens in its own order, and a word that is looked for becomes tokens that must
//! follow each other, so that 血压 is found in 高血压 and 压血 is not. The last sign of a run stands
//! alone as well, so that a single sign is found as the beginning of a token.

use crate::item::Unit;

/// The most words that one search looks for.
pub const WORDS_MAX: usize = 16;

/// The most characters of a search that are looked at.
const QUERY_CHARS_MAX: usize = 200;

/// What one word of a search asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// Tokens that follow each other; never empty.
    pub tokens: Vec<String>,
    /// Whether the last of them need only begin so.
    pub open: bool,
}

/// A stretch of one kind of script.
enum Run {
    /// Chinese, and what is written like it: no spaces between words.
    Dense(Vec<char>),
    /// Letters and digits of other scripts.
    Word(String),
}

/// Scripts that put no spaces between words.
fn is_dense(c: char) -> bool {
    matches!(u32::from(c),
        0x2E80..=0x2FDF | 0x3005..=0x3007 | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Wide letters and digits as narrow ones, in lower case.
fn plain(c: char) -> impl Iterator<Item = char> {
    let narrow = match u32::from(c) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    narrow.to_lowercase()
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut apart = true;
    for c in text.chars().flat_map(plain) {
        let dense = is_dense(c);
        if !dense && !c.is_alphanumeric() {
            apart = true;
            continue;
        }
        match runs.last_mut() {
            Some(Run::Dense(signs)) if dense && !apart => signs.push(c),
            Some(Run::Word(word)) if !dense && !apart => word.push(c),
            _ if dense => runs.push(Run::Dense(vec![c])),
            _ => runs.push(Run::Word(c.into())),
        }
        apart = false;
    }
    runs
}

fn push_tokens(text: &str, out: &mut String) {
    let mut push = |token: &[char]| {
        out.extend(token);
        out.push(' ');
    };
    for run in runs(text) {
        match run {
            Run::Dense(signs) => {
                signs.windows(2).for_each(&mut push);
                push(&signs[signs.len() - 1..]);
            }
            Run::Word(word) => push(&word.chars().collect::<Vec<_>>()),
        }
    }
}

/// The tokens of everything a unit says, with a space between any two, before the first and behind
/// the last.
#[must_use]
pub fn tokens(unit: &Unit) -> String {
    let mut out = String::from(" ");
    let mut push = |text: &str| push_tokens(text, &mut out);
    push(&unit.code);
    push(&unit.topic);
    unit.tags.iter().for_each(|tag| push(tag));
    let practices = &unit.practices;
    practices.categories.iter().chain(&practices.practice_scopes).for_each(|name| push(name));
    push(&unit.shared_stem);
    unit.shared_options.iter().for_each(|option| push(&option.text));
    unit.shared_media.iter().for_each(|media| push(&media.words));
    for item in &unit.items {
        if unit.items.len() > 1 {
            push(&item.code);
        }
        push(&item.stem);
        item.options.iter().for_each(|option| push(&option.text));
        push(&item.explanation);
        item.media.iter().for_each(|media| push(&media.words));
    }
    out
}

/// What a search asks for: a phrase for each stretch of its text. Empty where there is nothing to
/// look for.
#[must_use]
pub fn phrases(query: &str) -> Vec<Phrase> {
    let query: String = query.chars().take(QUERY_CHARS_MAX).collect();
    let phrase = |run| match run {
        Run::Dense(signs) if signs.len() == 1 => {
            Phrase { tokens: vec![String::from(signs[0])], open: true }
        }
        Run::Dense(signs) => Phrase {
            tokens: signs.windows(2).map(|pair| pair.iter().collect()).collect(),
            open: false,
        },
        Run::Word(word) => Phrase { tokens: vec![word], open: true },
    };
    runs(&query).into_iter().map(phrase).take(WORDS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens_of(text: &str) -> String {
        let mut out = String::new();
        push_tokens(text, &mut out);
        out
    }

    fn finds(text: &str, query: &str) -> bool {
        let tokens = format!(" {}", tokens_of(text));
        let holds = |phrase: &Phrase| {
            let end = if phrase.open { "" } else { " " };
            tokens.contains(&format!(" {}{end}", phrase.tokens.join(" ")))
        };
        phrases(query).iter().all(holds)
    }

    #[test]
    fn a_text_becomes_pairs_and_words() {
        assert_eq!(tokens_of("高血压，ＶitＢ12 缺"), "高血 血压 压 vitb12 缺 ");
        assert_eq!(tokens_of(" 。"), "");
    }

    #[test]
    fn what_is_written_is_found_and_nothing_else() {
        let text = "患者血压 160/100 mmHg，诊断为高血压病。维生素B12缺乏";
        for query in [
            "血压",
            "高血压",
            "诊断为高血压病",
            "压",
            "160",
            "MMHG",
            "mm",
            "血压 缺乏",
            "维生素B12",
            "Ｂ１２",
        ] {
            assert!(finds(text, query), "{query}");
        }
        for query in ["压血", "高血压症", "血压缺乏", "kg", "心"] {
            assert!(!finds(text, query), "{query}");
        }
        assert!(phrases(" ，。").is_empty());
    }
}
