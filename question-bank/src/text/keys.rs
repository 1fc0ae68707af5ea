//! Answers that stand together behind the questions: `1.A 2.B`, `1-5 ABCDA`.

use super::line::number_of;
use crate::wording::answer::{folded, verdict};

/// What may stand between an answer and the next number.
const BETWEEN: [char; 8] = [' ', '\t', '\u{3000}', ',', '，', ';', '；', '|'];

/// The key of one question, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Key {
    pub answer: String,
    pub explanation: String,
}

impl Key {
    /// Whether `answer` is the same one, in whatever spelling.
    pub(super) fn says(&self, answer: &str) -> bool {
        let bare = |answer: &str| folded(answer).replace(BETWEEN, "").replace('、', "");
        bare(&self.answer) == bare(answer)
    }

    /// Adds a line to the explanation.
    pub(super) fn explain(&mut self, line: &str) {
        if !self.explanation.is_empty() {
            self.explanation.push('\n');
        }
        self.explanation.push_str(line);
    }
}

/// The numbers of a line with their answers, one each or one for a range; empty where it has none.
pub(super) fn pairs(line: &str) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    let mut rest = line.trim_start_matches(BETWEEN);
    while let Some((pairs, behind)) = range(rest).or_else(|| single(rest)) {
        found.extend(pairs);
        rest = behind.trim_start_matches(BETWEEN);
    }
    found
}

/// Whether every pair names options by letters, or says right or wrong.
pub(super) fn are_plain(pairs: &[(u32, String)]) -> bool {
    let plain = |answer: &String| {
        let word = folded(answer);
        let letters =
            !word.is_empty() && word.chars().all(|c| matches!(c, 'A'..='H' | ',' | '、' | ' '));
        letters || verdict(&word).is_some_and(|_| !word.starts_with(|c: char| c.is_ascii_digit()))
    };
    pairs.iter().all(|(_, answer)| plain(answer))
}

/// `1-5 ABCDA`, `6～10：BCDEA`: one letter for each number. What follows comes along.
fn range(text: &str) -> Option<(Vec<(u32, String)>, &str)> {
    let (first, behind) = digits(text)?;
    let behind = behind.trim_start().strip_prefix(['-', '—', '－', '~', '～', '至'])?;
    let (last, behind) = digits(behind.trim_start_matches(['-', '—', '－', ' ']))?;
    let behind =
        behind.trim_start_matches(['.', '．', '、', ':', '：', ')', '）', ' ', '\u{3000}', '题']);
    let end = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
    let letters: Vec<char> =
        behind[..end].chars().filter(|c| !BETWEEN.contains(c) && !"、.．。".contains(*c)).collect();
    let count = usize::try_from(last.checked_sub(first)?).ok()? + 1;
    let pairs = (first..).zip(letters.iter().map(char::to_string)).collect();
    (letters.len() == count).then_some((pairs, &behind[end..]))
}

/// `1.A`, `2、BC`, `3 √` or `4D`; the answer goes on up to where another number begins.
fn single(text: &str) -> Option<(Vec<(u32, String)>, &str)> {
    let begins = |text| number_of(text).or_else(|| spaced(text)).or_else(|| glued(text));
    let (number, behind) = begins(text)?;
    let next = |(at, c): &(usize, char)| {
        let here = &behind[*at..];
        let fresh = || !behind[..*at].ends_with(|c: char| c.is_ascii_digit());
        let goes_on = || number_of(here).is_some() || range(here).is_some();
        let apart = || behind[..*at].ends_with(BETWEEN) && glued(here).is_some();
        *at > 0 && c.is_ascii_digit() && fresh() && (goes_on() || apart())
    };
    let end = behind.char_indices().find(next).map_or(behind.len(), |(at, _)| at);
    let answer = behind[..end].trim().trim_end_matches(BETWEEN).trim();
    Some((vec![(number, answer.to_owned())], &behind[end..]))
}

/// `1A`: a number and letters, and nothing else up to the next.
fn glued(text: &str) -> Option<(u32, &str)> {
    let (number, answer) = digits(text)?;
    let letters = answer.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let alone = letters.is_empty() || letters.starts_with(BETWEEN);
    (alone && letters.len() < answer.len()).then_some((number, answer))
}

/// `1 A`: a number, white space and letters.
fn spaced(text: &str) -> Option<(u32, &str)> {
    let (number, behind) = digits(text)?;
    let answer = behind.trim_start();
    (behind.len() > answer.len() && answer.starts_with(|c: char| c.is_alphabetic()))
        .then_some((number, answer))
}

fn digits(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_verdicts_are_plain_and_numbers_are_not() {
        for (line, plain) in
            [("1.A 2.B", true), ("1.对 2.×", true), ("1、3", false), ("1.见讲义", false)]
        {
            assert_eq!(are_plain(&pairs(line)), plain, "{line}");
        }
    }

    #[test]
    fn answers_that_stand_together_are_told_apart() {
        let expected = |pairs: &[(u32, &str)]| -> Vec<(u32, String)> {
            pairs.iter().map(|(number, answer)| (*number, (*answer).to_owned())).collect()
        };
        for (line, pairs_of_it) in [
            ("1.A 2.B 3.C", &[(1, "A"), (2, "B"), (3, "C")][..]),
            ("1、A；2、BCD；3、√", &[(1, "A"), (2, "BCD"), (3, "√")]),
            ("1-5 ABCDA", &[(1, "A"), (2, "B"), (3, "C"), (4, "D"), (5, "A")]),
            ("1～3：ABC  4～5：DE", &[(1, "A"), (2, "B"), (3, "C"), (4, "D"), (5, "E")]),
            ("1.A2.B", &[(1, "A"), (2, "B")]),
            ("12. 对", &[(12, "对")]),
            ("没有答案", &[]),
            ("1-5 ABC", &[]),
            ("5.A 6.B 7-8 CD", &[(5, "A"), (6, "B"), (7, "C"), (8, "D")]),
            ("1 - 3 ABC 4.BD", &[(1, "A"), (2, "B"), (3, "C"), (4, "BD")]),
            ("1. C 2. B", &[(1, "C"), (2, "B")]),
            ("1A 2BCD", &[(1, "A"), (2, "BCD")]),
            ("11.D 12.C", &[(11, "D"), (12, "C")]),
        ] {
            assert_eq!(pairs(line), expected(pairs_of_it), "{line}");
        }
    }
}
