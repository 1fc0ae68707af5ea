//! Answers that stand together behind the questions: `1.A 2.B`, `1-5 ABCDA`.

use super::line::number_of;

/// What may stand between an answer and the next number.
const BETWEEN: [char; 8] = [' ', '\t', '\u{3000}', ',', '，', ';', '；', '|'];

/// The numbers of a line with their answers; empty where it has none.
pub(super) fn pairs(line: &str) -> Vec<(u32, String)> {
    ranges(line).unwrap_or_else(|| singles(line))
}

/// `1-5 ABCDA 6～10：BCDEA`: one letter for each number.
fn ranges(line: &str) -> Option<Vec<(u32, String)>> {
    let mut found = Vec::new();
    let mut rest = line.trim_start_matches(BETWEEN);
    while !rest.is_empty() {
        let (first, behind) = digits(rest)?;
        let behind = behind.trim_start().strip_prefix(['-', '—', '－', '~', '～', '至'])?;
        let (last, behind) = digits(behind.trim_start_matches(['-', '—', '－', ' ']))?;
        let behind = behind
            .trim_start_matches(['.', '．', '、', ':', '：', ')', '）', ' ', '\u{3000}', '题']);
        let end = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let letters: Vec<char> = behind[..end]
            .chars()
            .filter(|c| !BETWEEN.contains(c) && !"、.．。".contains(*c))
            .collect();
        let count = usize::try_from(last.checked_sub(first)?).ok()? + 1;
        if letters.len() != count {
            return None;
        }
        found.extend((first..).zip(letters.into_iter().map(String::from)));
        rest = behind[end..].trim_start_matches(BETWEEN);
    }
    Some(found).filter(|found| !found.is_empty())
}

/// `1.A 2.BC 3、√`.
fn singles(line: &str) -> Vec<(u32, String)> {
    let mut found: Vec<(u32, String)> = Vec::new();
    let mut rest = line.trim_start_matches(BETWEEN);
    while let Some((number, behind)) = number_of(rest).or_else(|| spaced(rest)) {
        // The answer goes on up to where another number with a mark begins.
        let end = behind
            .char_indices()
            .find(|(at, c)| c.is_ascii_digit() && *at > 0 && number_of(&behind[*at..]).is_some())
            .map_or(behind.len(), |(at, _)| at);
        let answer = behind[..end].trim().trim_end_matches(BETWEEN).trim();
        found.push((number, answer.to_owned()));
        rest = behind[end..].trim_start_matches(BETWEEN);
    }
    found
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
        ] {
            assert_eq!(pairs(line), expected(pairs_of_it), "{line}");
        }
    }
}
