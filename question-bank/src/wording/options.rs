//! Options: a column each, or all in one cell.

use crate::raw::RawOption;

/// What stands after the letter of an option.
const MARKS: [char; 8] = ['.', '．', '、', ':', '：', ')', '）', '·'];

/// The id of the option at `place`.
pub(crate) fn id_at(place: usize) -> String {
    u8::try_from(place)
        .ok()
        .filter(|place| *place < 26)
        .map_or_else(|| (place + 1).to_string(), |place| char::from(b'A' + place).to_string())
}

/// Options of columns, in order; `None` where the columns are all empty. An empty one between
/// others stays, so that somebody hears of it.
pub(crate) fn of_columns(mut texts: Vec<String>) -> Option<Vec<RawOption>> {
    let last = texts.iter().rposition(|text| !text.is_empty())?;
    texts.truncate(last + 1);
    Some(numbered(texts))
}

/// Options that stand in one cell, a line each, or with `###`, `|` or `A.` between them.
pub(crate) fn of_cell(cell: &str) -> Vec<RawOption> {
    let lines: Vec<&str> = cell.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let split_at = |between: &str| -> Vec<String> {
        cell.split(between)
            .map(str::trim)
            .filter(|piece| !piece.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let pieces = if cell.contains("###") {
        split_at("###")
    } else if lines.len() > 1 {
        joined(&lines)
    } else if let Some(pieces) = at_marks(cell) {
        pieces
    } else if cell.contains('|') {
        split_at("|")
    } else if cell.contains('；') {
        split_at("；")
    } else {
        split_at(";")
    };
    numbered(pieces)
}

/// Lines that begin with a letter are options and others go on; without letters each is one.
fn joined(lines: &[&str]) -> Vec<String> {
    if unspaced(lines[0], "A").is_none() {
        return lines.iter().map(|line| (*line).to_owned()).collect();
    }
    let mut pieces: Vec<String> = Vec::new();
    for line in lines {
        let next = id_at(pieces.len());
        match pieces.last_mut() {
            Some(last) if unspaced(line, &next).is_none() => {
                // Several on one line are told apart below; anything else belongs to the last.
                last.push('\n');
                last.push_str(line);
            }
            _ => pieces.push((*line).to_owned()),
        }
    }
    pieces.iter().flat_map(|piece| at_marks_after(piece, pieces.len())).collect()
}

/// A line such as `C.丙 D.丁` where letters go on.
fn at_marks_after(piece: &str, lines: usize) -> Vec<String> {
    let first = (0..26).find(|place| unmarked(piece, &id_at(*place)).is_some()).unwrap_or(0);
    let pieces = cut(piece, first);
    if pieces.len() > 1 && lines < 26 { pieces } else { vec![piece.to_owned()] }
}

/// A text such as `A.甲 B.乙` cut before each letter; `None` without at least two.
fn at_marks(text: &str) -> Option<Vec<String>> {
    unmarked(text.trim(), "A")?;
    Some(cut(text.trim(), 0)).filter(|pieces| pieces.len() > 1)
}

/// Cuts before each letter that is next and has a mark, beginning with the one at `first`.
fn cut(text: &str, first: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let (mut start, mut next) = (0, first + 1);
    for (at, c) in text.char_indices() {
        let before = text[..at].chars().next_back();
        let alone = before.is_some_and(|c| !c.is_alphanumeric() || !c.is_ascii());
        if alone && letter(c) == Some(next) && unmarked(&text[at..], &id_at(next)).is_some() {
            // `（B）`: its bracket goes with the letter.
            let piece = text[start..at].strip_suffix(['(', '（']).unwrap_or(&text[start..at]);
            pieces.push(piece.trim().to_owned());
            (start, next) = (at, next + 1);
        }
    }
    pieces.push(text[start..].trim().to_owned());
    pieces
}

/// The place of a letter in the alphabet, full width or not.
pub(crate) fn letter(c: char) -> Option<usize> {
    let c = match c {
        'Ａ'..='Ｚ' => char::from_u32(c as u32 - 'Ａ' as u32 + 'A' as u32)?,
        c => c.to_ascii_uppercase(),
    };
    c.is_ascii_uppercase().then(|| c as usize - 'A' as usize)
}

/// What follows the letter `id` and its mark; `None` where `text` does not begin so.
pub(crate) fn unmarked<'a>(text: &'a str, id: &str) -> Option<&'a str> {
    let mut chars = text.trim_start().chars();
    let named = id_at(letter(chars.next()?)?) == id;
    let rest = chars.as_str().trim_start();
    let rest = rest.strip_prefix(MARKS).filter(|_| named)?;
    // A mark that was typed, and read once more by a scanner: `A.．`.
    Some(rest.strip_prefix(['．', '、', '：']).unwrap_or(rest).trim())
}

/// As [`unmarked`], and white space counts as a mark: only for texts that all begin so.
fn unspaced<'a>(text: &'a str, id: &str) -> Option<&'a str> {
    let spaced = || {
        let mut chars = text.chars();
        let named = id_at(letter(chars.next()?)?) == id;
        chars.as_str().strip_prefix([' ', '\t', '\u{3000}']).filter(|_| named).map(str::trim)
    };
    unmarked(text, id).or_else(spaced)
}

/// Options with their ids; letters that the texts repeat go.
fn numbered(texts: Vec<String>) -> Vec<RawOption> {
    let repeated = texts.iter().enumerate().all(|(place, text)| {
        text.is_empty() || unspaced(text, &id_at(place)).is_some_and(|rest| !rest.is_empty())
    });
    let option = |(place, text): (usize, String)| {
        let id = id_at(place);
        let text = if repeated { unspaced(&text, &id).unwrap_or("").to_owned() } else { text };
        RawOption { id, text }
    };
    texts.into_iter().enumerate().map(option).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(options: &[RawOption]) -> Vec<&str> {
        options.iter().map(|option| option.text.as_str()).collect()
    }

    #[test]
    fn options_in_one_cell_are_told_apart() {
        for cell in [
            "甲\n乙\n丙",
            "A.甲\nB.乙\nC.丙",
            "A 甲\nB 乙\nC 丙",
            "甲###乙###丙",
            "甲|乙|丙",
            "A.甲 B.乙 C.丙",
            "A、甲B、乙C、丙",
            "Ａ．甲　Ｂ．乙　Ｃ．丙",
            "A）甲 （B）乙 （C）丙",
            "A.．甲\nB.．乙\nC.．丙",
            "A. 甲\nB. 乙  C. 丙",
            "甲；乙；丙",
            "甲;乙;丙",
        ] {
            let options = of_cell(cell);
            assert_eq!(texts(&options), ["甲", "乙", "丙"], "{cell}");
            assert_eq!(options[2].id, "C");
        }
    }

    #[test]
    fn letters_inside_an_option_are_text() {
        assert_eq!(texts(&of_cell("A.HBsAg阳性\nB.抗-HBs阳性")), ["HBsAg阳性", "抗-HBs阳性"]);
        assert_eq!(texts(&of_cell("A.第一行\n第二行\nB.乙")), ["第一行\n第二行", "乙"]);
    }

    #[test]
    fn repeated_letters_go_and_gaps_stay() {
        let columns = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let options = of_columns(columns(&["A.甲", "B. 乙", ""])).expect("options");
        assert_eq!(texts(&options), ["甲", "乙"]);
        let options = of_columns(columns(&["甲", "", "丙"])).expect("options");
        assert_eq!(texts(&options), ["甲", "", "丙"]);
        let options = of_cell("A.维生素 B 族\nB.叶酸");
        assert_eq!(texts(&options), ["维生素 B 族", "叶酸"]);
        let options = of_columns(columns(&["A型血", "B型血"])).expect("options");
        assert_eq!(texts(&options), ["A型血", "B型血"]);
        assert_eq!(of_columns(columns(&["", ""])), None);
    }
}
