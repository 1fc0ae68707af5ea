//! Answers as authors spell them.

use unicode_normalization::UnicodeNormalization;

use crate::raw::RawOption;

/// What may stand between the letters of an answer.
const BETWEEN: [char; 14] =
    [',', '、', ';', '|', '/', '+', '&', '.', '。', '和', '与', '\n', '\t', ' '];

/// How many more letters than options an answer may have.
const BEYOND: usize = 4;

const RIGHT: [&str; 17] = [
    "对", "√", "✓", "✔", "☑", "正确", "T", "TRUE", "是", "Y", "YES", "1", "V", "真", "对的", "R",
    "RIGHT",
];
const WRONG: [&str; 19] = [
    "错",
    "×",
    "✗",
    "✘",
    "✕",
    "错误",
    "F",
    "FALSE",
    "否",
    "N",
    "NO",
    "0",
    "X",
    "假",
    "非",
    "不正确",
    "不对",
    "错的",
    "WRONG",
];

/// The answer without its heading and brackets, in one spelling of letters and digits.
pub(crate) fn folded(answer: &str) -> String {
    let answer: String = answer.nfkc().collect();
    let mut answer = answer.trim();
    for heading in ["正确答案", "参考答案", "标准答案", "答案", "故选", "选"] {
        answer = answer.strip_prefix(heading).unwrap_or(answer);
    }
    answer.trim_matches([':', '(', ')', '[', ']', '【', '】', '。', ' ', '为']).to_uppercase()
}

/// The ids of the options that `answer` names; what names nothing stands there as it is.
pub(crate) fn ids(answer: &str, options: &[RawOption]) -> Vec<String> {
    let word = folded(answer);
    if word.is_empty() {
        return vec![];
    }
    // A word, too, is nothing but letters.
    let few = options.len() + BEYOND;
    let letters = || {
        let letters = word.chars().filter(|c| !BETWEEN.contains(c));
        letters.map(|c| c.is_ascii_uppercase().then(|| c.to_string())).collect::<Option<Vec<_>>>()
    };
    letters()
        .filter(|letters| letters.len() <= few)
        .or_else(|| by_text(answer, options))
        .or_else(|| by_number(&word, options))
        .unwrap_or_else(|| vec![answer.trim().to_owned()])
}

/// The answer repeats what one option, or each of several, says.
fn by_text(answer: &str, options: &[RawOption]) -> Option<Vec<String>> {
    let one = |text: &str| {
        let text = text.trim();
        let says = |option: &&RawOption| {
            option.text == text || super::options::unmarked(text, &option.id) == Some(&option.text)
        };
        options.iter().find(says).map(|option| option.id.clone())
    };
    one(answer)
        .map(|id| vec![id])
        .or_else(|| answer.split(['\n', ';', '；', '|']).map(one).collect())
}

/// The answer counts options from one: `1,3`, or `13` where there are fewer than ten.
fn by_number(word: &str, options: &[RawOption]) -> Option<Vec<String>> {
    let id = |number: usize| Some(options.get(number.checked_sub(1)?)?.id.clone());
    let parts = || word.split(BETWEEN).filter(|part| !part.is_empty());
    let numbers = parts().map(|part| id(part.parse().ok()?)).collect::<Option<Vec<_>>>();
    let digits = || {
        word.chars().map(|c| id(usize::try_from(c.to_digit(10)?).ok()?)).collect::<Option<Vec<_>>>()
    };
    numbers.or_else(digits)
}

/// Whether `answer` says that a statement is right; letters count in `options`, where those are
/// the two words in either order.
pub(crate) fn is_right(answer: &str, options: &[RawOption]) -> Option<bool> {
    let word = folded(answer);
    let second = match options {
        [] => [true, false],
        [first, second] => [verdict(&first.text)?, verdict(&second.text)?],
        _ => return None,
    };
    match word.as_str() {
        "A" => Some(second[0]),
        "B" => Some(second[1]),
        word => verdict(word),
    }
}

/// What a word for right or wrong says.
pub(crate) fn verdict(word: &str) -> Option<bool> {
    let word = word.trim().to_uppercase();
    let is = |words: &[&str]| words.contains(&word.as_str());
    is(&RIGHT).then_some(true).or(is(&WRONG).then_some(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(texts: &[&str]) -> Vec<RawOption> {
        let option = |(place, text): (usize, &&str)| RawOption {
            id: char::from(b'A' + u8::try_from(place).expect("few options")).to_string(),
            text: (*text).to_owned(),
        };
        texts.iter().enumerate().map(option).collect()
    }

    #[test]
    fn x13_answers_in_every_spelling_name_the_same_options() {
        let five = options(&["甲", "乙", "丙", "丁", "戊"]);
        for answer in [
            "AC",
            "A,C",
            "A、Ｃ",
            "a;c",
            "A C",
            "1,3",
            "13",
            "答案：AC",
            "【AC】",
            "A\nC",
            "甲;丙",
            "A、C。",
        ] {
            assert_eq!(ids(answer, &five), ["A", "C"], "{answer}");
        }
        for answer in ["B", "Ｂ", "2", "（B）", "乙", "B.乙", "B、乙", "正确答案为B"] {
            assert_eq!(ids(answer, &five), ["B"], "{answer}");
        }
        assert_eq!(ids("F", &five), ["F"]);
        assert_eq!(ids("略", &five), ["略"]);
        assert_eq!(ids("7", &five), ["7"]);
        assert_eq!(ids("Question not started", &five), ["Question not started"]);
        assert!(ids(" ", &five).is_empty());
    }

    #[test]
    fn letters_are_options_before_they_are_texts() {
        let blood = options(&["B", "A", "AB", "O"]);
        assert_eq!(ids("A", &blood), ["A"]);
    }

    #[test]
    fn right_and_wrong_have_many_words() {
        for answer in ["对", "√", "正确", "T", "true", "是", "A", "1", "TRUE"] {
            assert_eq!(is_right(answer, &[]), Some(true), "{answer}");
        }
        for answer in ["错", "×", "x", "错误", "F", "否", "B", "0", "FALSE"] {
            assert_eq!(is_right(answer, &[]), Some(false), "{answer}");
        }
        assert_eq!(is_right("A", &options(&["错误", "正确"])), Some(false));
        assert_eq!(is_right("略", &[]), None);
        assert_eq!(is_right("A", &options(&["恰当", "不恰当"])), None);
    }
}
