//! The words that Chinese exam systems use in their tables, and what they mean here.
//!
//! Only words are folded (NFKC, white space, brackets), never what an item says.

use exam_core::item::{Difficulty, ItemType, Pool};
use unicode_normalization::UnicodeNormalization;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Code,
    Type,
    Stem,
    /// The option of this place in the alphabet.
    Option(usize),
    /// All options in one cell.
    Options,
    Answer,
    Explanation,
    /// How hard, in words or from 1 to 5.
    Difficulty,
    /// The share of right answers, from 0 to 1.
    Facility,
    Topic,
    Tags,
    /// 执业类别 of those whom it may be asked.
    Category,
    /// 执业范围 of those whom it may be asked.
    PracticeScope,
    /// What ties the rows of a group.
    Group,
    /// The case that they share.
    Shared,
    Pool,
    Media,
    /// Known, and of no use here: blueprints give points, files are numbered by themselves.
    Unused,
}

const HEADERS: [(Column, &[&str]); 16] = [
    (
        Column::Code,
        &[
            "编号",
            "试题编号",
            "题目编号",
            "试题ID",
            "题目ID",
            "ID",
            "编码",
            "试题编码",
            "题号",
            "原题号",
            "CODE",
            "QUESTIONID",
        ],
    ),
    (
        Column::Type,
        &[
            "题型",
            "题目类型",
            "试题类型",
            "类型",
            "题类",
            "试题题型",
            "题型名称",
            "TYPE",
            "QUESTIONTYPE",
        ],
    ),
    (
        Column::Stem,
        &[
            "题干",
            "题目",
            "试题",
            "题目内容",
            "试题内容",
            "问题",
            "试题题干",
            "题目题干",
            "题干内容",
            "题目描述",
            "QUESTION",
            "STEM",
            "CONTENT",
            "QUESTIONTEXT",
            "TITLE",
        ],
    ),
    (
        Column::Options,
        &[
            "选项",
            "选项内容",
            "备选项",
            "备选答案",
            "候选项",
            "答案选项",
            "可选项",
            "OPTIONS",
            "CHOICES",
        ],
    ),
    (
        Column::Answer,
        &[
            "答案",
            "正确答案",
            "参考答案",
            "标准答案",
            "正确选项",
            "试题答案",
            "题目答案",
            "正确项",
            "答案内容",
            "ANSWER",
            "CORRECTANSWER",
            "CORRECTANSWERS",
            "ANSWERS",
            "CORRECT",
            "KEY",
        ],
    ),
    (
        Column::Explanation,
        &[
            "解析",
            "试题解析",
            "答案解析",
            "题目解析",
            "详解",
            "解析说明",
            "答案说明",
            "试题分析",
            "题目详解",
            "EXPLANATION",
            "ANALYSIS",
            "EXPLAIN",
            "RATIONALE",
        ],
    ),
    (
        Column::Difficulty,
        &[
            "难度",
            "难易程度",
            "难易度",
            "难度等级",
            "试题难度",
            "题目难度",
            "难度级别",
            "DIFFICULTY",
            "DIFFICULTYLEVEL",
            "LEVEL",
        ],
    ),
    (Column::Facility, &["难度系数", "难度值"]),
    (
        Column::Topic,
        &[
            "章节",
            "分类",
            "专业",
            "科目",
            "题库名",
            "题库名称",
            "学科",
            "课程",
            "题目分类",
            "试题分类",
            "所属分类",
            "所属章节",
            "所属科目",
            "所属专业",
            "所属专业分支",
            "所属题库",
            "题库",
            "CATEGORY",
            "SUBJECT",
            "CHAPTER",
            "TOPIC",
        ],
    ),
    (Column::Tags, &["知识点", "标签", "考点", "关键词", "关键字", "TAGS", "KEYWORDS"]),
    (Column::Category, &["执业类别", "适用执业类别", "适用类别"]),
    (Column::PracticeScope, &["执业范围", "适用执业范围", "适用范围"]),
    (Column::Group, &["题组", "题组号", "题组编号", "大题编号", "材料编号", "分组"]),
    (
        Column::Shared,
        &[
            "材料",
            "共用题干",
            "材料内容",
            "案例",
            "病例",
            "背景材料",
            "大题题干",
            "题组题干",
            "材料题干",
            "案例题干",
        ],
    ),
    (Column::Pool, &["用途", "题库用途", "POOL"]),
    (
        Column::Media,
        &["图片", "附图", "配图", "题目图片", "试题图片", "媒体", "附件", "音频", "视频"],
    ),
];

/// Columns that are left out without a word.
const UNUSED: [&str; 22] = [
    "序号",
    "序",
    "分值",
    "分数",
    "得分",
    "每题分数",
    "题目分数",
    "答题时间",
    "时限",
    "建议用时",
    "录入人",
    "出题人",
    "命题人",
    "作者",
    "创建人",
    "创建时间",
    "录入时间",
    "更新时间",
    "审核人",
    "审核状态",
    "状态",
    "备注",
];

/// What stands before the letter or number of an option's own column.
const OPTION_PREFIXES: [&str; 10] = [
    "选项",
    "备选项",
    "备选答案",
    "候选项",
    "答案选项",
    "选项内容",
    "选择项",
    "可选项",
    "答案",
    "OPTION",
];

/// Letters without words around them name options up to here.
const BARE_LETTERS: usize = 10;

/// The word without white space, in one spelling of letters and digits.
pub(crate) fn folded(word: &str) -> String {
    let kept = |c: &char| !c.is_whitespace() && !matches!(c, '*' | '_');
    word.nfkc().filter(kept).collect::<String>().to_uppercase()
}

/// What a header cell means.
pub(crate) fn column_of(header: &str) -> Option<Column> {
    let word = folded(header);
    let unbracketed: String =
        word.chars().filter(|c| !"()[]{}【】〔〕<>《》".contains(*c)).collect();
    named_column(&unbracketed).or_else(|| named_column(&outside_brackets(&word)))
}

fn named_column(word: &str) -> Option<Column> {
    let word = word.trim_matches([':', '.', '、', '-', '_']);
    let named = HEADERS.iter().find(|(_, names)| names.contains(&word)).map(|(column, _)| *column);
    let unused = || UNUSED.contains(&word).then_some(Column::Unused);
    named.or_else(unused).or_else(|| option_column(word))
}

fn option_column(word: &str) -> Option<Column> {
    let place = |text: &str| match text.as_bytes() {
        [letter @ b'A'..=b'Z'] => Some(usize::from(letter - b'A')),
        _ => text
            .parse()
            .ok()
            .filter(|number| (1..=26).contains(number))
            .map(|number: usize| number - 1),
    };
    let bare =
        place(word).filter(|place| word.starts_with(char::is_alphabetic) && *place < BARE_LETTERS);
    let before = || OPTION_PREFIXES.iter().find_map(|prefix| place(word.strip_prefix(prefix)?));
    let after = || {
        let letter = word.strip_suffix("选项").or_else(|| word.strip_suffix("项"))?;
        place(letter).filter(|_| letter.starts_with(char::is_alphabetic))
    };
    bare.or_else(before).or_else(after).map(Column::Option)
}

fn outside_brackets(word: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::new();
    for c in word.chars() {
        match c {
            '(' | '[' | '{' | '【' | '〔' | '<' => depth += 1,
            ')' | ']' | '}' | '】' | '〕' | '>' => depth = depth.saturating_sub(1),
            c if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

/// What the name of a type means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TypeWord {
    /// A type that is known.
    Known(ItemType),
    /// A choice among options; the answer tells whether of one or of several.
    Choice,
    /// No choice among options: nothing that could be scored here.
    Written,
}

const TYPES: [(TypeWord, &[&str]); 11] = [
    (
        TypeWord::Known(ItemType::Single),
        &["单选", "单项选择", "单项", "最佳选择", "单项单选", "SINGLE", "SINGLECHOICE"],
    ),
    (
        TypeWord::Known(ItemType::Multiple),
        &[
            "多选",
            "多项选择",
            "多项",
            "不定项",
            "不定项选择",
            "不定项多选",
            "MULTIPLE",
            "MULTIPLECHOICE",
            "MULTI",
        ],
    ),
    (
        TypeWord::Known(ItemType::Judge),
        &[
            "判断",
            "是非",
            "判断对错",
            "判断正误",
            "正误判断",
            "对错",
            "JUDGE",
            "TRUEFALSE",
            "TF",
            "BOOLEAN",
        ],
    ),
    (TypeWord::Known(ItemType::A1), &["A1", "A1/A2", "A1A2", "A"]),
    (TypeWord::Known(ItemType::A2), &["A2"]),
    (TypeWord::Known(ItemType::A3), &["A3", "A3/A4", "A3A4", "A3-A4"]),
    (TypeWord::Known(ItemType::A4), &["A4"]),
    (TypeWord::Known(ItemType::B1), &["B1", "B", "配伍", "配伍选择", "共用备选答案", "共用选项"]),
    (TypeWord::Known(ItemType::X), &["X"]),
    (TypeWord::Choice, &["选择", "客观"]),
    (
        TypeWord::Written,
        &[
            "填空",
            "简答",
            "问答",
            "论述",
            "名词解释",
            "案例分析",
            "病例分析",
            "计算",
            "写作",
            "连线",
            "排序",
            "操作",
            "K",
            "主观",
        ],
    ),
];

/// The type that a cell or a sheet names.
pub(crate) fn type_of(word: &str) -> Option<TypeWord> {
    let word = folded(word);
    let word =
        word.trim_start_matches(|c: char| "一二三四五六七八九十0123456789、.:()".contains(c));
    let word = word.split(['(', '[', '【']).next().unwrap_or(word);
    let word = ["型选择题", "型题", "题型", "题", "型"]
        .iter()
        .find_map(|end| word.strip_suffix(end))
        .unwrap_or(word);
    TYPES.iter().find(|(_, names)| names.contains(&word)).map(|(meaning, _)| *meaning)
}

/// How hard the author says it is; `None` for a word that says nothing.
pub(crate) fn difficulty_of(word: &str) -> Option<Difficulty> {
    let word = folded(word);
    let word = word.strip_suffix("题").unwrap_or(&word);
    Some(match word {
        "易" | "较易" | "容易" | "简单" | "较简单" | "很简单" | "低" | "初级" | "EASY" | "1"
        | "2" => Difficulty::Easy,
        "中" | "中等" | "一般" | "普通" | "适中" | "中级" | "MEDIUM" | "NORMAL" | "3" => {
            Difficulty::Medium
        }
        "难" | "较难" | "很难" | "困难" | "高" | "高级" | "HARD" | "4" | "5" => {
            Difficulty::Hard
        }
        "未知" | "未定" | "UNSET" => Difficulty::Unset,
        _ => return None,
    })
}

/// How hard an item is that this share of candidates answers rightly (难度系数); limits as in
/// teaching: from 0.7 easy, below 0.4 hard.
pub(crate) fn difficulty_of_facility(word: &str) -> Option<Difficulty> {
    let share: f64 = folded(word).parse().ok().filter(|share| (0.0..=1.0).contains(share))?;
    Some(Difficulty::of_facility((share * 1_000.0) as u16))
}

/// The names that a text lists: tags, or practices.
pub(crate) fn names_of(text: &str) -> impl Iterator<Item = String> {
    let between = |c: char| matches!(c, ',' | '，' | ';' | '；' | '、' | '|' | '\n');
    text.split(between).map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty())
}

/// What an item may be used for.
pub(crate) fn pool_of(word: &str) -> Option<Pool> {
    Some(match folded(word).as_str() {
        "考试" | "正式" | "正式考试" | "EXAM" => Pool::Exam,
        "练习" | "模拟" | "自测" | "PRACTICE" => Pool::Practice,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_many_systems_are_understood() {
        for (header, column) in [
            ("题干（必填）", Column::Stem),
            ("*题目内容", Column::Stem),
            ("选项  D", Column::Option(3)),
            ("选项Ｂ", Column::Option(1)),
            ("选项(C)", Column::Option(2)),
            ("选项1", Column::Option(0)),
            ("E", Column::Option(4)),
            ("A选项", Column::Option(0)),
            ("备选答案", Column::Options),
            ("正 确 答 案", Column::Answer),
            ("答案A", Column::Option(0)),
            ("难易程度（易/中/难）", Column::Difficulty),
            ("难度系数", Column::Facility),
            ("【题型】", Column::Type),
            ("序号", Column::Unused),
            ("共用题干", Column::Shared),
            ("option_a", Column::Option(0)),
            ("Correct Answer", Column::Answer),
        ] {
            assert_eq!(column_of(header), Some(column), "{header}");
        }
        for header in ["姓名", "", "1", "题干解释说明栏", "Z"] {
            assert_eq!(column_of(header), None, "{header}");
        }
    }

    #[test]
    fn names_of_types_are_understood_and_others_are_not() {
        for (word, item_type) in [
            ("单选题", ItemType::Single),
            ("单项选择题", ItemType::Single),
            ("一、单选题（每题1分）", ItemType::Single),
            ("多选", ItemType::Multiple),
            ("不定项选择题", ItemType::Multiple),
            ("判断题", ItemType::Judge),
            ("Ａ１型题", ItemType::A1),
            ("A3/A4型题", ItemType::A3),
            ("a2", ItemType::A2),
            ("B型题", ItemType::B1),
            ("配伍选择题", ItemType::B1),
            ("X型题", ItemType::X),
        ] {
            assert_eq!(type_of(word), Some(TypeWord::Known(item_type)), "{word}");
        }
        assert_eq!(type_of("选择题"), Some(TypeWord::Choice));
        for word in ["填空题", "简答", "论述题", "案例分析题"] {
            assert_eq!(type_of(word), Some(TypeWord::Written), "{word}");
        }
        for word in ["Sheet1", "", "题库"] {
            assert_eq!(type_of(word), None, "{word}");
        }
    }

    #[test]
    fn difficulty_has_words_grades_and_shares() {
        assert_eq!(difficulty_of("较易"), Some(Difficulty::Easy));
        assert_eq!(difficulty_of("3"), Some(Difficulty::Medium));
        assert_eq!(difficulty_of("困难题"), Some(Difficulty::Hard));
        assert_eq!(difficulty_of("0.65"), None);
        assert_eq!(difficulty_of_facility("0.65"), Some(Difficulty::Medium));
        assert_eq!(difficulty_of_facility("1.2"), None);
    }
}
