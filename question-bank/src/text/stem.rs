//! An answer that its author wrote into the question: `下列正确的是（ B ）`.

use crate::wording::answer::verdict;

/// The gap that stays where an answer stood.
const GAP: &str = "（　　）";

/// The question with a gap instead of its answer, and the answer. Only the last pair of brackets
/// that holds nothing but letters, or a word for right or wrong, is one.
pub(super) fn taken_apart(stem: &str) -> Option<(String, String)> {
    let mut found = None;
    let mut open = None;
    for (at, c) in stem.char_indices() {
        match c {
            '(' | '（' => open = Some((at, c)),
            ')' | '）' => {
                if let Some((begin, bracket)) = open.take() {
                    let inside = stem[begin + bracket.len_utf8()..at].trim();
                    if is_answer(inside) {
                        found = Some((begin, at + c.len_utf8(), inside.to_owned()));
                    }
                }
            }
            _ => {}
        }
    }
    let (begin, end, answer) = found?;
    Some((format!("{}{GAP}{}", &stem[..begin], &stem[end..]), answer))
}

fn is_answer(inside: &str) -> bool {
    let letter = |c: char| matches!(c, 'A'..='H' | 'Ａ'..='Ｈ');
    let between = |c: char| matches!(c, ',' | '，' | '、' | ' ' | '\u{3000}');
    let letters = !inside.is_empty()
        && inside.chars().all(|c| letter(c) || between(c))
        && inside.chars().any(letter);
    letters
        || (matches!(inside, "√" | "×" | "对" | "错" | "正确" | "错误")
            && verdict(inside).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_the_question_becomes_a_gap() {
        for (stem, question, answer) in [
            ("下列正确的是（ B ）", "下列正确的是（　　）", "B"),
            ("下列(AB)正确", "下列（　　）正确", "AB"),
            ("维生素（A）缺乏可致（ C ）。", "维生素（A）缺乏可致（　　）。", "C"),
            ("青霉素须皮试。（√）", "青霉素须皮试。（　　）", "√"),
        ] {
            assert_eq!(taken_apart(stem), Some((question.to_owned(), answer.to_owned())));
        }
        for stem in ["下列正确的是（  ）", "血型（Rh 阴性）", "题（见图）"] {
            assert_eq!(taken_apart(stem), None, "{stem}");
        }
    }
}
