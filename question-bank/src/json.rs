//! The loss-free format, `exam-bank/1`.

use exam_core::item::{Choose, Difficulty, ItemType, OPTIONS_MAX, OptionSet, Pool};
use serde::{Deserialize, Serialize};

use crate::item::{Item, ItemOption, Unit};
use crate::pins::pinned;
use crate::problem::Problem;

/// The format's name, its first field.
const FORMAT: &str = "exam-bank/1";

/// The most characters of a stem, a case or an explanation.
const TEXT_CHARS_MAX: usize = 20_000;

/// The most characters of an option.
const OPTION_CHARS_MAX: usize = 4_000;

/// The most characters of a code, a topic or a tag.
const NAME_CHARS_MAX: usize = 200;

/// The most items of a group.
const GROUP_ITEMS_MAX: usize = 20;

/// What was read of a file.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// Units that passed every check, in the order of the file.
    pub units: Vec<Unit>,
    /// Everything that is wrong or odd.
    pub problems: Vec<Problem>,
    /// How many items the file has.
    pub items: usize,
    /// How many of them are in `units`.
    pub accepted: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBank {
    format: String,
    units: Vec<RawUnit>,
}

#[derive(Serialize)]
struct BankOut<'a> {
    format: &'static str,
    units: Vec<UnitOut<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUnit {
    code: String,
    r#type: String,
    #[serde(default)]
    topic: String,
    #[serde(default)]
    difficulty: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    pool: Option<String>,
    #[serde(default)]
    stem: String,
    #[serde(default)]
    options: Vec<RawOption>,
    #[serde(default)]
    key: Vec<String>,
    #[serde(default)]
    explanation: String,
    #[serde(default)]
    items: Vec<RawItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawItem {
    code: String,
    stem: String,
    #[serde(default)]
    options: Vec<RawOption>,
    key: Vec<String>,
    #[serde(default)]
    explanation: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOption {
    id: String,
    text: String,
}

#[derive(Serialize)]
struct UnitOut<'a> {
    code: &'a str,
    r#type: &'static str,
    topic: &'a str,
    difficulty: &'static str,
    tags: &'a [String],
    pool: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    stem: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<OptionOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    key: Vec<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    explanation: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<ItemOut<'a>>,
}

#[derive(Serialize)]
struct ItemOut<'a> {
    code: &'a str,
    stem: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<OptionOut<'a>>,
    key: Vec<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    explanation: &'a str,
}

#[derive(Serialize)]
struct OptionOut<'a> {
    id: &'a str,
    text: &'a str,
}

/// Reads a bank and names every problem, not only the first. A unit with an error is left out.
#[must_use]
pub fn read(bytes: &[u8], file: &str) -> Imported {
    let mut imported = Imported::default();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let bank: RawBank = match serde_json::from_slice(bytes) {
        Ok(bank) => bank,
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let message =
                format!("不是 {FORMAT} 格式的题库文件：第 {line} 行第 {column} 列：{error}");
            imported.problems.push(Problem::error(file, None, "json_damaged", message));
            return imported;
        }
    };
    if bank.format != FORMAT {
        let message = format!("文件格式为 {:?}，应为 {FORMAT}", bank.format);
        imported.problems.push(Problem::error(file, None, "json_format", message));
        return imported;
    }
    let mut codes = std::collections::HashSet::new();
    for raw in bank.units {
        let count = raw.items.len().max(1);
        imported.items += count;
        let mut checks = Checks { file, item: raw.code.clone(), problems: Vec::new() };
        if !codes.insert(raw.code.clone()) {
            checks.error("code_twice", "编号与前面的试题重复，请改为唯一编号");
        }
        let unit = checks.unit(raw);
        let refused = checks.problems.iter().any(Problem::is_error);
        imported.problems.append(&mut checks.problems);
        if let Some(unit) = unit.filter(|_| !refused) {
            imported.accepted += count;
            imported.units.push(unit);
        }
    }
    imported
}

/// Writes units in the one spelling that [`read`] gives back.
#[must_use]
pub fn write(units: &[Unit]) -> String {
    let out = BankOut { format: FORMAT, units: units.iter().map(unit_out).collect() };
    serde_json::to_string_pretty(&out).expect("texts are JSON")
}

fn options_out(options: &[ItemOption]) -> Vec<OptionOut<'_>> {
    options.iter().map(|option| OptionOut { id: &option.id, text: &option.text }).collect()
}

fn key_out<'a>(unit: &'a Unit, item: &'a Item) -> Vec<&'a str> {
    let options = unit.options_of(item);
    item.key.positions().map(|position| options[position].id.as_str()).collect()
}

fn item_out<'a>(unit: &'a Unit, item: &'a Item) -> ItemOut<'a> {
    ItemOut {
        code: &item.code,
        stem: &item.stem,
        options: options_out(&item.options),
        key: key_out(unit, item),
        explanation: &item.explanation,
    }
}

fn unit_out(unit: &Unit) -> UnitOut<'_> {
    let mut out = UnitOut {
        code: &unit.code,
        r#type: unit.item_type.name(),
        topic: &unit.topic,
        difficulty: unit.difficulty.name(),
        tags: &unit.tags,
        pool: unit.pool.name(),
        stem: &unit.shared_stem,
        options: options_out(&unit.shared_options),
        key: vec![],
        explanation: "",
        items: vec![],
    };
    match unit.items.as_slice() {
        [item] if !unit.item_type.in_groups() => {
            out.stem = &item.stem;
            out.options = options_out(&item.options);
            out.key = key_out(unit, item);
            out.explanation = &item.explanation;
        }
        items => {
            out.items = items.iter().map(|item| item_out(unit, item)).collect();
        }
    }
    out
}

/// Checks one unit and remembers what is wrong with it.
struct Checks<'a> {
    file: &'a str,
    item: String,
    problems: Vec<Problem>,
}

impl Checks<'_> {
    fn error(&mut self, code: &'static str, message: impl Into<String>) {
        self.problems.push(Problem::error(self.file, Some(&self.item), code, message));
    }

    fn unit(&mut self, raw: RawUnit) -> Option<Unit> {
        let item_type: Option<ItemType> = raw.r#type.parse().ok();
        if item_type.is_none() {
            self.error("type_unknown", format!("题型 {:?} 无法识别", raw.r#type));
        }
        let difficulty = match raw.difficulty.as_deref() {
            None => Some(Difficulty::Unset),
            Some(text) => text.parse().ok(),
        };
        if difficulty.is_none() {
            self.error("difficulty_unknown", "难度应为 easy、medium、hard 或不填");
        }
        let pool = raw.pool.as_deref().map_or(Some(Pool::Exam), |text| text.parse().ok());
        if pool.is_none() {
            self.error("pool_unknown", "题库用途应为 exam 或 practice");
        }
        for (name, what) in [(&raw.code, "编号"), (&raw.topic, "知识点")] {
            if name.trim().is_empty() || name.chars().count() > NAME_CHARS_MAX {
                self.error("name_bad", format!("{what}不能为空，且不超过 {NAME_CHARS_MAX} 个字"));
            }
        }
        let (item_type, difficulty, pool) = (item_type?, difficulty?, pool?);
        let mut unit = Unit {
            code: raw.code.clone(),
            item_type,
            topic: raw.topic,
            difficulty,
            tags: raw.tags,
            pool,
            shared_stem: String::new(),
            shared_options: vec![],
            items: vec![],
        };
        let items = if item_type.in_groups() {
            self.text("共用题干", &raw.stem, item_type != ItemType::B1);
            unit.shared_stem = raw.stem;
            unit.shared_options = self.options(raw.options, item_type == ItemType::B1);
            if !raw.key.is_empty() || !(1..=GROUP_ITEMS_MAX).contains(&raw.items.len()) {
                let message = format!("题组应有 1 至 {GROUP_ITEMS_MAX} 道小题，答案写在小题上");
                self.error("group_bad", message);
            }
            raw.items
        } else {
            if !raw.items.is_empty() {
                self.error("group_bad", "只有 A3、A4、B1 型题可以有小题");
            }
            let RawUnit { code, stem, options, key, explanation, .. } = raw;
            vec![RawItem { code, stem, options, key, explanation }]
        };
        for item in items {
            let own_options = item_type != ItemType::B1;
            let item = self.item_of(&unit, item, own_options);
            unit.items.push(item);
        }
        self.warn_of_pins(&unit);
        Some(unit)
    }

    fn item_of(&mut self, unit: &Unit, raw: RawItem, own_options: bool) -> Item {
        self.text("题干", &raw.stem, true);
        self.text("解析", &raw.explanation, false);
        let options = self.options(raw.options, own_options);
        let shown = if own_options { &options } else { &unit.shared_options };
        let mut key = OptionSet::EMPTY;
        for id in &raw.key {
            match shown.iter().position(|option| option.id == *id) {
                Some(position) if key.has(position) => {
                    self.error("key_repeated", format!("答案 {id} 重复"));
                }
                Some(position) => key = key.with(position),
                None => self.error("key_outside", format!("答案 {id} 不在选项中")),
            }
        }
        match (unit.item_type.choose(), key.len()) {
            (_, 0) => self.error("key_missing", "没有答案"),
            (Choose::One, 2..) => self.error("key_not_one", "单选题只能有一个答案"),
            _ => {}
        }
        let judge = ["正确", "错误"];
        let texts = options.iter().map(|option| option.text.as_str());
        if unit.item_type == ItemType::Judge && !texts.eq(judge) {
            self.error("judge_options", "判断题的选项应为「正确」「错误」");
        }
        Item { code: raw.code, stem: raw.stem, options, key, explanation: raw.explanation }
    }

    fn options(&mut self, raw: Vec<RawOption>, wanted: bool) -> Vec<ItemOption> {
        let count = raw.len();
        if wanted && !(2..=OPTIONS_MAX).contains(&count) {
            self.error("options_count", format!("应有 2 至 {OPTIONS_MAX} 个选项，现有 {count} 个"));
        }
        if !wanted && count > 0 {
            self.error("options_misplaced", "选项应写在共用选项处，或写在小题上，不能两处都写");
        }
        let mut ids = std::collections::HashSet::new();
        let mut texts = std::collections::HashSet::new();
        let mut options = Vec::with_capacity(count);
        for RawOption { id, text } in raw {
            if id.trim().is_empty() || !ids.insert(id.clone()) {
                self.error("option_id", "选项编号为空或重复");
            }
            if !texts.insert(text.trim().to_owned()) {
                self.error("options_equal", format!("两个选项内容相同：{}", text.trim()));
            }
            if text.chars().count() > OPTION_CHARS_MAX {
                self.error("text_too_long", format!("选项超过 {OPTION_CHARS_MAX} 个字"));
            }
            self.text("选项", &text, true);
            options.push(ItemOption { id, text });
        }
        options
    }

    fn text(&mut self, what: &str, text: &str, wanted: bool) {
        if wanted && text.trim().is_empty() {
            self.error("text_missing", format!("{what}为空"));
        }
        if text.chars().count() > TEXT_CHARS_MAX {
            self.error("text_too_long", format!("{what}超过 {TEXT_CHARS_MAX} 个字"));
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            self.error("control_characters", format!("{what}含有控制字符"));
        }
        if is_active(text) {
            self.error("active_content", format!("{what}含有脚本等可执行内容"));
        }
    }

    fn warn_of_pins(&mut self, unit: &Unit) {
        for item in &unit.items {
            if pinned(unit, item).1 {
                let message = "选项或解析按字母提到了选项，该题选项不打乱";
                let warning =
                    Problem::warning(self.file, Some(&item.code), "letters_pinned", message);
                self.problems.push(warning);
            }
        }
    }
}

/// Whether a text holds what a browser would run. Such an item is refused, not cleaned: nobody
/// asks a question in scripts.
fn is_active(text: &str) -> bool {
    const TAGS: [&str; 6] = ["<script", "<iframe", "<object", "<embed", "<svg", "<base"];
    const WORDS: [&str; 3] = ["javascript:", "data:text", "vbscript:"];
    let text = text.to_ascii_lowercase();
    let handler = text.match_indices(" on").any(|(at, _)| {
        let rest = &text[at + 3..];
        let name = rest.bytes().take_while(u8::is_ascii_lowercase).count();
        name > 2 && rest[name..].trim_start().starts_with('=') && text[..at].contains('<')
    });
    handler || TAGS.iter().chain(&WORDS).any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANK: &str = r#"{"format":"exam-bank/1","units":[
        {"code":"S1","type":"single","topic":"公共知识","difficulty":"easy","pool":"exam",
         "stem":"题干","options":[{"id":"A","text":"甲"},{"id":"B","text":"乙"}],"key":["B"],
         "explanation":"因为"},
        {"code":"C1","type":"A3","topic":"临床","tags":["x"],"stem":"病例","items":[
          {"code":"C1-1","stem":"诊断","options":[{"id":"A","text":"甲"},{"id":"B","text":"乙"}],
           "key":["A"]}]},
        {"code":"B1","type":"B1","topic":"临床",
         "options":[{"id":"A","text":"甲"},{"id":"B","text":"乙"}],
         "items":[{"code":"B1-1","stem":"一","key":["A"]},{"code":"B1-2","stem":"二","key":["B"]}]}
    ]}"#;

    fn codes(from: &str, to: &str) -> Vec<&'static str> {
        let changed = BANK.replacen(from, to, 1);
        assert_ne!(changed, BANK, "{from} stands in the bank");
        read(changed.as_bytes(), "bank.json").problems.iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn a_bank_is_read_whole_and_written_in_one_spelling() {
        let read_once = read(BANK.as_bytes(), "bank.json");
        assert!(read_once.problems.is_empty(), "{:?}", read_once.problems);
        assert_eq!((read_once.items, read_once.accepted, read_once.units.len()), (4, 4, 3));
        let written = write(&read_once.units);
        let again = read(written.as_bytes(), "bank.json");
        assert_eq!(again.units, read_once.units);
        assert_eq!(write(&again.units), written);
    }

    #[test]
    fn x13_every_bad_item_has_its_code() {
        for (from, to, code) in [
            (r#""key":["B"]"#, r#""key":["A","B"]"#, "key_not_one"),
            (r#""key":["B"]"#, r#""key":["F"]"#, "key_outside"),
            (r#""key":["B"]"#, r#""key":[]"#, "key_missing"),
            (r#""text":"乙"}],"key":["B"]"#, r#""text":"甲"}],"key":["B"]"#, "options_equal"),
            (r#","topic":"公共知识""#, "", "name_bad"),
            (r#""type":"single""#, r#""type":"简答""#, "type_unknown"),
            (r#""difficulty":"easy""#, r#""difficulty":"容易""#, "difficulty_unknown"),
            (r#""code":"C1","#, r#""code":"S1","#, "code_twice"),
            (r#""stem":"题干""#, r#""stem":" ""#, "text_missing"),
            (r#""type":"single""#, r#""type":"judge""#, "judge_options"),
        ] {
            let found = codes(from, to);
            assert!(found.contains(&code), "{to}: {found:?}");
        }
    }

    #[test]
    fn x14_what_a_browser_would_run_is_refused() {
        for stem in [
            "<script>alert(1)</script>",
            "<IMG src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "<iframe src='//evil'>",
            "<svg onload=alert(1)>",
        ] {
            assert!(is_active(stem), "{stem}");
        }
        assert!(!is_active("血压 < 140 mmHg，on = 开"));
    }

    #[test]
    fn a_bad_item_keeps_no_other_out() {
        let changed = BANK.replacen(r#""key":["B"]"#, r#""key":["F"]"#, 1);
        let imported = read(changed.as_bytes(), "bank.json");
        assert_eq!((imported.items, imported.accepted), (4, 3));
    }

    #[test]
    fn what_is_no_bank_is_one_problem() {
        for bytes in
            [&b""[..], b"PK\x03\x04", b"{}", b"[1]", b"\xff\xfe", br#"{"format":"x","units":[]}"#]
        {
            let imported = read(bytes, "bank.json");
            assert_eq!((imported.units.len(), imported.problems.len()), (0, 1));
        }
    }
}
