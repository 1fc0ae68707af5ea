//! The loss-free format, `exam-bank/1`.

use serde::{Deserialize, Serialize};

use crate::check::{Imported, Intake};
use crate::item::{Defaults, Item, ItemOption, Unit};
use crate::raw::RawUnit;

/// The format's name, its first field.
const FORMAT: &str = "exam-bank/1";

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
pub fn read(bytes: &[u8], file: &str, defaults: &Defaults) -> Imported {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let bank: RawBank = match serde_json::from_slice(bytes) {
        Ok(bank) => bank,
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let message =
                format!("不是 {FORMAT} 格式的题库文件：第 {line} 行第 {column} 列：{error}");
            return Imported::refused(file, "json_damaged", message);
        }
    };
    if bank.format != FORMAT {
        let message = format!("文件格式为 {:?}，应为 {FORMAT}", bank.format);
        return Imported::refused(file, "json_format", message);
    }
    let mut intake = Intake::new(file, defaults);
    for raw in bank.units {
        intake.take(raw);
    }
    intake.finish()
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
        read(changed.as_bytes(), "bank.json", &Defaults::default())
            .problems
            .iter()
            .map(|problem| problem.code)
            .collect()
    }

    #[test]
    fn a_bank_is_read_whole_and_written_in_one_spelling() {
        let read_once = read(BANK.as_bytes(), "bank.json", &Defaults::default());
        assert!(read_once.problems.is_empty(), "{:?}", read_once.problems);
        assert_eq!((read_once.items, read_once.accepted, read_once.units.len()), (4, 4, 3));
        let written = write(&read_once.units);
        let again = read(written.as_bytes(), "bank.json", &Defaults::default());
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
            (r#""explanation":"因为""#, r#""media":["胸片.png"]"#, "media_missing"),
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
    fn a_bad_item_keeps_no_other_out() {
        let changed = BANK.replacen(r#""key":["B"]"#, r#""key":["F"]"#, 1);
        let imported = read(changed.as_bytes(), "bank.json", &Defaults::default());
        assert_eq!((imported.items, imported.accepted), (4, 3));
    }

    #[test]
    fn what_is_no_bank_is_one_problem() {
        for bytes in
            [&b""[..], b"PK\x03\x04", b"{}", b"[1]", b"\xff\xfe", br#"{"format":"x","units":[]}"#]
        {
            let imported = read(bytes, "bank.json", &Defaults::default());
            assert_eq!((imported.units.len(), imported.problems.len()), (0, 1));
        }
    }
}
