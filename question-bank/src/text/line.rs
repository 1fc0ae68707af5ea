//! What a line of a pasted text is.

use std::borrow::Cow;

use crate::wording::options::{letter, unmarked};
use crate::wording::words::{self, Column, TypeWord};

/// What stands behind the number of a question.
const NUMBER_MARKS: [char; 7] = ['.', '．', '、', ':', '：', ')', '）'];

/// The most digits of a question's number.
const NUMBER_DIGITS_MAX: usize = 4;

/// The most characters of a heading above answers.
const HEADING_CHARS_MAX: usize = 24;

/// The most characters of a field's name.
const NAME_CHARS_MAX: usize = 8;

/// A line, or a piece of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Empty,
    /// `一、单选题`.
    Type(TypeWord, &'a str),
    /// `第一章 循环系统`.
    Chapter(&'a str),
    /// `（1～3题共用题干）`, with the numbers that it names.
    Shared(Shared),
    /// `参考答案`, with nothing behind it.
    Keys,
    /// `答案：B`, `【解析】…`.
    Field(Column, &'a str),
    /// `12．…`.
    Number(u32, &'a str),
    /// `题干：…`, without a number.
    Question(&'a str),
    /// `A．…`, with its place in the alphabet.
    Option(usize),
    Text,
}

/// What a group shares, and the numbers of its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shared {
    pub options: bool,
    pub numbers: Option<(u32, u32)>,
}

/// What a line is, ends trimmed.
pub(super) fn line_of(line: &str) -> Line<'_> {
    if line.is_empty() || is_rule(line) || is_page_number(line) {
        return Line::Empty;
    }
    if heads_keys(line) {
        return Line::Keys;
    }
    if let Some(rest) = question_of(line) {
        return Line::Question(rest);
    }
    if let Some(shared) = shared_of(line) {
        return Line::Shared(shared);
    }
    if let Some((column, rest)) = field_of(line) {
        return if rest.is_empty() && column == Column::Answer && !line.ends_with(['】', ']']) {
            Line::Keys
        } else {
            Line::Field(column, rest)
        };
    }
    if let Some(word) = type_of(line) {
        return Line::Type(word, line);
    }
    if let Some((number, rest)) = number_of(line) {
        return Line::Number(number, rest);
    }
    if let Some(place) = option_of(line) {
        return Line::Option(place);
    }
    match chapter_of(line) {
        Some(name) => Line::Chapter(name),
        None => Line::Text,
    }
}

/// A line without the marks of Markdown: `## 单选题`, `**1. …**`, `- A. …`.
pub(super) fn unmarked_down(line: &str) -> Cow<'_, str> {
    let line = line.trim();
    let bare = line.trim_start_matches('#');
    let heads = bare.len() < line.len() && bare.starts_with([' ', '*']);
    let line = if heads { bare.trim_start() } else { line };
    if let Some((bold, rest)) = line.strip_prefix("**").and_then(|rest| rest.split_once("**")) {
        return Cow::Owned(format!("{bold}{rest}").trim().to_owned());
    }
    let item = ["- ", "* "].iter().find_map(|mark| line.strip_prefix(mark)).map(str::trim_start);
    Cow::Borrowed(item.filter(|item| option_of(item).is_some()).unwrap_or(line))
}

/// Gives options that have nothing but white space behind their letters the mark that others have.
/// A line alone may begin with a letter; one that is followed by the next letter is an option.
pub(super) fn mark_spaced_options(lines: &mut [Cow<'_, str>]) {
    let spaced = |line: &str| {
        let first = line.chars().next().filter(|c| matches!(c, 'A'..='Z' | 'Ａ'..='Ｚ'))?;
        let behind = line[first.len_utf8()..].strip_prefix([' ', '\t', '\u{3000}'])?.trim_start();
        // `A . 甲` has its mark.
        (!behind.is_empty() && option_of(line).is_none()).then_some((letter(first)?, first))
    };
    let filled: Vec<usize> = (0..lines.len()).filter(|at| !lines[*at].is_empty()).collect();
    let mut next = None;
    for (place, at) in filled.iter().enumerate() {
        let here = spaced(&lines[*at]);
        let Some((option, first)) = here else {
            next = None;
            continue;
        };
        let follows = filled.get(place + 1).and_then(|at| spaced(&lines[*at]));
        let begins = option == 0 && follows.is_some_and(|(option, _)| option == 1);
        if begins || next == Some(option) {
            let text = lines[*at][first.len_utf8()..].trim_start();
            lines[*at] = Cow::Owned(format!("{first}. {text}"));
            next = Some(option + 1);
        } else {
            next = None;
        }
    }
}

/// A line that only divides.
fn is_rule(line: &str) -> bool {
    line.len() >= 3 && line.chars().all(|c| matches!(c, '-' | '=' | '*' | '_' | '—' | '─'))
}

/// `第 2 页`, `=== 第1页 ===`, `第1页，共40页`.
fn is_page_number(line: &str) -> bool {
    let bare = line.trim_matches(|c: char| matches!(c, '=' | '-' | '—' | ' '));
    let number = |text: &str| {
        let text = text.trim();
        !text.is_empty() && text.len() <= 5 && text.chars().all(|c| c.is_ascii_digit())
    };
    let Some((page, rest)) = bare.strip_prefix('第').and_then(|rest| rest.split_once('页'))
    else {
        return false;
    };
    let rest = rest.trim_start_matches([',', '，', '/', ' ', '、']);
    let all = rest.strip_prefix('共').and_then(|rest| rest.strip_suffix('页'));
    number(page) && (rest.is_empty() || all.is_some_and(number))
}

/// What `题干：` or `【题目】` stands before.
pub(super) fn question_of(line: &str) -> Option<&str> {
    let names = ["题干", "题目"];
    let named = names.iter().find_map(|name| line.strip_prefix(name)?.strip_prefix([':', '：']));
    let bracketed = || {
        let rest = line.strip_prefix('【')?;
        names.iter().find_map(|name| rest.strip_prefix(name)?.strip_prefix('】'))
    };
    named.or_else(bracketed).map(|rest| rest.trim_start_matches([':', '：']).trim())
}

/// `参考答案及解析`, `【答案与解析】`, `第一卷 参考答案（教师用）`: answers that stand together follow.
fn heads_keys(line: &str) -> bool {
    const OF: [&str; 5] = ["答案", "参考答案", "标准答案", "正确答案", "试题答案"];
    const AND: [&str; 8] =
        ["及解析", "与解析", "和解析", "及详解", "与详解", "及答案解析", "详解", "部分"];
    if line.chars().count() > HEADING_CHARS_MAX {
        return false;
    }
    let line = line.trim_end_matches([':', '：']);
    let whole = line.strip_prefix(['【', '[']).and_then(|rest| rest.strip_suffix(['】', ']']));
    let bare = match line.strip_suffix([')', '）']).and_then(|rest| rest.rsplit_once(['(', '（']))
    {
        Some((before, _)) => before.trim(),
        None => whole.unwrap_or(line),
    };
    let noted = bare.len() < line.len() && whole.is_none();
    let volume = bare.strip_prefix('第').and_then(|rest| rest.split_once(['卷', '章', '套']));
    let of_volume = volume.is_some_and(|(number, _)| number.chars().count() <= 4);
    let bare = volume.filter(|_| of_volume).map_or(bare, |(_, rest)| rest).trim();
    OF.iter().filter_map(|of| bare.strip_prefix(of)).any(|rest| match rest {
        // By itself it is a field, which may have its answer on the next line.
        "" => noted || of_volume,
        rest => AND.contains(&rest),
    })
}

/// The pieces of a line: an answer or an explanation may stand behind what comes before.
pub(super) fn pieces(line: &str) -> Vec<&str> {
    let mut starts = vec![0];
    for (at, c) in line.char_indices().skip(1) {
        let before = line[..at].chars().next_back();
        let begins = matches!(c, '【' | '[') || before.is_some_and(char::is_whitespace);
        let stopped = matches!(before, Some('。' | '；' | ';'));
        let here = &line[at..];
        if (begins || stopped)
            && field_of(here).is_some_and(|(column, rest)| {
                let may = match column {
                    Column::Explanation => true,
                    Column::Answer | Column::Difficulty => begins,
                    _ => false,
                };
                may && !rest.is_empty()
            })
        {
            starts.push(at);
        }
    }
    starts.push(line.len());
    starts.windows(2).map(|ends| line[ends[0]..ends[1]].trim()).collect()
}

/// A question's number and what follows it.
pub(super) fn number_of(line: &str) -> Option<(u32, &str)> {
    let bare = line.strip_prefix("第").unwrap_or(line);
    let (bracketed, bare) = match bare.strip_prefix(['(', '（', '[', '【']) {
        // `【题目2】`.
        Some(rest) if line.starts_with('【') => {
            let named = ["题目", "试题", "题"].iter().find_map(|name| rest.strip_prefix(name));
            (true, named.unwrap_or(rest))
        }
        Some(rest) => (true, rest),
        None => (false, bare),
    };
    let digits: String = bare.chars().map_while(digit).take(NUMBER_DIGITS_MAX + 1).collect();
    if digits.is_empty() || digits.len() > NUMBER_DIGITS_MAX {
        return None;
    }
    let behind = bare.char_indices().nth(digits.len()).map_or("", |(at, _)| &bare[at..]);
    let rest = if bracketed {
        behind.strip_prefix([')', '）', ']', '】'])?.trim_start_matches(NUMBER_MARKS)
    } else if line.starts_with('第') {
        behind.strip_prefix('题')?.trim_start_matches(NUMBER_MARKS)
    } else {
        let rest = behind.trim_start().strip_prefix(NUMBER_MARKS)?;
        // `1.5 mg` is a dose.
        if rest.starts_with(|c| digit(c).is_some()) && behind.starts_with('.') {
            return None;
        }
        rest
    };
    Some((digits.parse().ok()?, rest.trim()))
}

/// An ASCII digit, full width or not.
fn digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_digit(c as u32 - '０' as u32, 10),
        _ => None,
    }
}

/// The place in the alphabet of the option that a line begins with.
fn option_of(line: &str) -> Option<usize> {
    let bare = line.strip_prefix(['(', '（']).unwrap_or(line);
    let place = letter(bare.chars().next()?)?;
    let id = crate::wording::options::id_at(place);
    unmarked(bare, &id).map(|_| place)
}

/// A field's name and what it says: `答案：B`, `【答案】B`, `答案 B`.
pub(super) fn field_of(line: &str) -> Option<(Column, &str)> {
    let known = |name: &str| {
        let column = if name == "答" { Some(Column::Answer) } else { words::column_of(name) };
        column.filter(|column| {
            !matches!(column, Column::Stem | Column::Option(_) | Column::Options | Column::Media)
        })
    };
    let marks = [':', '：'];
    for (open, close) in [('【', '】'), ('[', ']')] {
        // Looked for no further than a name goes: a line may be millions of brackets.
        let named = line.strip_prefix(open).and_then(|rest| {
            let mut name = rest.char_indices().take(NAME_CHARS_MAX + 1);
            let (end, _) = name.find(|(_, c)| *c == close)?;
            Some((&rest[..end], &rest[end + close.len_utf8()..]))
        });
        if let Some((name, rest)) = named {
            let column = known(name.trim_end_matches(marks))?;
            return Some((column, rest.trim_start().trim_start_matches(marks).trim()));
        }
    }
    let end = line
        .char_indices()
        .take(NAME_CHARS_MAX + 1)
        .find(|(_, c)| marks.contains(c) || c.is_whitespace())
        .map_or(line.len(), |(at, _)| at);
    let (name, rest) = line.split_at(end);
    if name.is_empty() || name.chars().next().is_some_and(|c| c.is_ascii()) {
        return None;
    }
    let column = known(name)?;
    let marked = rest.trim_start().starts_with(marks);
    // Without a mark only an answer is one, or the heading above many.
    (marked || column == Column::Answer)
        .then(|| (column, rest.trim_start().trim_start_matches(marks).trim()))
}

/// The type that a heading names.
fn type_of(line: &str) -> Option<TypeWord> {
    let bare = line.trim_matches(['【', '】', '[', ']', '：', ':']);
    let bare = match bare.rsplit_once(['·', '•']) {
        Some((_, last)) if line.starts_with('【') => last.trim(),
        _ => bare,
    };
    let bare = match (bare.strip_prefix('第'), bare.find("部分")) {
        (Some(_), Some(at)) => bare[at + "部分".len()..].trim_start_matches([' ', '：', ':', '　']),
        _ => bare,
    };
    // A letter alone is an option, half a word, or behind a number an answer.
    let word = number_of(bare).map_or(bare, |(_, word)| word);
    let named =
        (word.chars().count() > 1 || line.starts_with('【')).then(|| words::type_of(bare))?;
    // A heading of a kind that nobody knows still ends what stood before it.
    named.or_else(|| heads_section(bare).then_some(TypeWord::Choice))
}

/// `四、综合应用题（共 20 分）`.
fn heads_section(line: &str) -> bool {
    let rest = line.trim_start_matches(|c| "一二三四五六七八九十".contains(c));
    let Some(name) = rest.strip_prefix(['、', '.', '．']).filter(|_| rest.len() < line.len())
    else {
        return false;
    };
    let name = name.split(['(', '（', ':', '：']).next().unwrap_or(name).trim();
    name.ends_with('题') && name.chars().count() <= NAME_CHARS_MAX
}

fn chapter_of(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('第')?;
    let end = rest.find(['章', '节', '篇', '单'])?;
    let number = rest[..end].trim();
    let counts = !number.is_empty()
        && number.chars().all(|c| digit(c).is_some() || "一二三四五六七八九十百零".contains(c));
    counts.then_some(line)
}

/// `（1～3题共用题干）` and its like.
fn shared_of(line: &str) -> Option<Shared> {
    let at = line.find("共用")?;
    let what = &line[at + "共用".len()..];
    let begins = |words: &[&str]| words.iter().any(|word| what.starts_with(word));
    let options = begins(&["备选", "选项", "答案", "下列备选", "下列选项", "以下"]);
    if !options && !begins(&["题干", "病例", "材料", "案例", "病案", "同一", "一个", "下"])
    {
        return None;
    }
    // A heading, not a sentence that speaks of sharing.
    if line.chars().count() > 40 {
        return None;
    }
    let numbers: Vec<u32> = line[..at]
        .split(|c| digit(c).is_none())
        .filter_map(|digits| digits.chars().map_while(digit).collect::<String>().parse().ok())
        .collect();
    let numbers = match numbers.as_slice() {
        [first, .., last] if first <= last => Some((*first, *last)),
        _ => None,
    };
    Some(Shared { options, numbers })
}

#[cfg(test)]
mod tests {
    use exam_core::item::ItemType;

    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let known = |item_type| TypeWord::Known(item_type);
        for (line, expected) in [
            ("1．题", Line::Number(1, "题")),
            ("12、题", Line::Number(12, "题")),
            ("（3）题", Line::Number(3, "题")),
            ("第4题：题", Line::Number(4, "题")),
            ("【题目5】", Line::Number(5, "")),
            ("１０．题", Line::Number(10, "题")),
            ("1.A", Line::Number(1, "A")),
            ("2、X", Line::Number(2, "X")),
            ("1.5 mg 静注", Line::Text),
            ("2026年5月", Line::Text),
            ("A．甲", Line::Option(0)),
            ("（B）乙", Line::Option(1)),
            ("Ｃ、丙", Line::Option(2)),
            ("B超示胆囊结石", Line::Text),
            ("一、单选题（每题1分）", Line::Type(known(ItemType::Single), "一、单选题（每题1分）")),
            ("A3/A4型题", Line::Type(known(ItemType::A3), "A3/A4型题")),
            ("【B1型题】", Line::Type(known(ItemType::B1), "【B1型题】")),
            ("第二部分 多项选择题", Line::Type(known(ItemType::Multiple), "第二部分 多项选择题")),
            ("答案：B", Line::Field(Column::Answer, "B")),
            ("【答案】ABC", Line::Field(Column::Answer, "ABC")),
            ("正确答案 B", Line::Field(Column::Answer, "B")),
            ("答：错", Line::Field(Column::Answer, "错")),
            ("【解析】因为", Line::Field(Column::Explanation, "因为")),
            ("难度：易", Line::Field(Column::Difficulty, "易")),
            ("参考答案", Line::Keys),
            ("参考答案及解析", Line::Keys),
            ("【答案与解析】", Line::Keys),
            ("第 1 卷参考答案", Line::Keys),
            ("参考答案（教师用）", Line::Keys),
            ("【答案】", Line::Field(Column::Answer, "")),
            ("四、综合应用题（20分）", Line::Type(TypeWord::Choice, "四、综合应用题（20分）")),
            ("【专项练习·单选题】", Line::Type(known(ItemType::Single), "【专项练习·单选题】")),
            ("---", Line::Empty),
            ("=== 第2页 ===", Line::Empty),
            ("第1页，共40页", Line::Empty),
            ("第2页的图", Line::Text),
            ("题干：患者", Line::Question("患者")),
            ("【题目】", Line::Question("")),
            ("题目要求", Line::Text),
            ("第三章 呼吸系统", Line::Chapter("第三章 呼吸系统")),
            ("第三天出现高热", Line::Text),
            ("", Line::Empty),
        ] {
            assert_eq!(line_of(line), expected, "{line}");
        }
        for (line, options, numbers) in [
            ("（1～3题共用题干）", false, Some((1, 3))),
            ("(4-6题共用备选答案)", true, Some((4, 6))),
            ("【共用题干】", false, None),
            ("7、8题共用选项", true, Some((7, 8))),
        ] {
            assert_eq!(line_of(line), Line::Shared(Shared { options, numbers }), "{line}");
        }
    }

    #[test]
    fn letters_in_a_row_are_options_without_marks() {
        let marked = |lines: &[&'static str]| -> Vec<String> {
            let mut lines: Vec<_> = lines.iter().map(|line| Cow::Borrowed(*line)).collect();
            mark_spaced_options(&mut lines);
            lines.into_iter().map(Cow::into_owned).collect()
        };
        assert_eq!(
            marked(&["题", "A 甲", "", "B\t乙", "C　丙", "答案：A"]),
            ["题", "A. 甲", "", "B. 乙", "C. 丙", "答案：A"]
        );
        for lines in [
            ["A 型行为", "易患冠心病", "B 型"],
            ["B 甲", "A 乙", "C 丙"],
            ["A. 甲", "B. 乙", "A 丙"],
        ] {
            assert_eq!(marked(&lines), lines);
        }
    }

    #[test]
    fn marks_of_markdown_make_no_difference() {
        for (line, bare) in [
            ("## 一、单选题", "一、单选题"),
            ("**1. 题干**", "1. 题干"),
            ("**答案：** B", "答案： B"),
            ("- A. 甲", "A. 甲"),
            ("* B：乙", "B：乙"),
            ("- 甲", "- 甲"),
            ("#1 号染色体", "#1 号染色体"),
        ] {
            assert_eq!(unmarked_down(line), bare);
        }
    }

    #[test]
    fn an_answer_may_stand_behind_what_comes_before() {
        assert_eq!(pieces("D．丁  答案：B 解析：因为"), ["D．丁", "答案：B", "解析：因为"]);
        assert_eq!(pieces("题干【答案】C"), ["题干", "【答案】C"]);
        assert_eq!(pieces("【答案】D。解析：因为"), ["【答案】D。", "解析：因为"]);
        assert_eq!(pieces("无误；答案：见下"), ["无误；答案：见下"]);
        assert_eq!(pieces("下列答案：正确的是"), ["下列答案：正确的是"]);
    }
}
