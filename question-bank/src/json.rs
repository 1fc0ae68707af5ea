//! The loss-free format, `exam-bank/1`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::{Deserialize, Serialize};

use crate::check::{Imported, Intake};
use crate::foreign::decoded;
use crate::item::{Defaults, Item, ItemOption, Media, Unit};
use crate::picture::Picture;
use crate::raw::{RawPicture, RawUnit};

/// The format's name, its first field.
const FORMAT: &str = "exam-bank/1";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBank {
    format: String,
    units: Vec<RawUnit>,
    /// Pictures by name, in base64.
    #[serde(default)]
    pictures: HashMap<String, String>,
}

#[derive(Serialize)]
struct BankOut<'a> {
    format: &'static str,
    units: Vec<UnitOut<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pictures: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct UnitOut<'a> {
    code: &'a str,
    r#type: &'static str,
    topic: &'a str,
    difficulty: &'static str,
    tags: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    categories: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    practice_scopes: &'a [String],
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
    media: Vec<MediaOut<'a>>,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media: Vec<MediaOut<'a>>,
}

#[derive(Serialize)]
struct MediaOut<'a> {
    picture: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    words: &'a str,
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
    let pictures: HashMap<String, Arc<[u8]>> = bank
        .pictures
        .into_iter()
        .filter_map(|(name, data)| Some((name, decoded(&data)?)))
        .collect();
    let find = |media: &mut Vec<RawPicture>| {
        for picture in media {
            picture.bytes = pictures.get(&picture.name).cloned();
        }
    };
    let mut intake = Intake::new(file, defaults);
    for mut raw in bank.units {
        find(&mut raw.media);
        raw.items.iter_mut().for_each(|item| find(&mut item.media));
        intake.take(raw);
    }
    intake.finish()
}

/// Writes units with their pictures in the one spelling that [`read`] gives back.
#[must_use]
pub fn write(units: &[Unit], pictures: &[Picture]) -> String {
    let names: HashMap<[u8; 32], String> =
        pictures.iter().map(|picture| (picture.hash, picture.name())).collect();
    let files = pictures
        .iter()
        .map(|picture| (names[&picture.hash].clone(), BASE64_STANDARD.encode(&picture.bytes)));
    let out = BankOut {
        format: FORMAT,
        units: units.iter().map(|unit| unit_out(unit, &names)).collect(),
        pictures: files.collect(),
    };
    serde_json::to_string_pretty(&out).expect("texts are JSON")
}

fn media_out<'a>(media: &'a [Media], names: &HashMap<[u8; 32], String>) -> Vec<MediaOut<'a>> {
    let out = |media: &'a Media| MediaOut {
        picture: names.get(&media.picture).cloned().unwrap_or_default(),
        words: &media.words,
    };
    media.iter().map(out).collect()
}

fn options_out(options: &[ItemOption]) -> Vec<OptionOut<'_>> {
    options.iter().map(|option| OptionOut { id: &option.id, text: &option.text }).collect()
}

fn key_out<'a>(unit: &'a Unit, item: &'a Item) -> Vec<&'a str> {
    let options = unit.options_of(item);
    item.key.positions().map(|position| options[position].id.as_str()).collect()
}

fn item_out<'a>(unit: &'a Unit, item: &'a Item, names: &HashMap<[u8; 32], String>) -> ItemOut<'a> {
    ItemOut {
        code: &item.code,
        stem: &item.stem,
        options: options_out(&item.options),
        key: key_out(unit, item),
        explanation: &item.explanation,
        media: media_out(&item.media, names),
    }
}

fn unit_out<'a>(unit: &'a Unit, names: &HashMap<[u8; 32], String>) -> UnitOut<'a> {
    let mut out = UnitOut {
        code: &unit.code,
        r#type: unit.item_type.name(),
        topic: &unit.topic,
        difficulty: unit.difficulty.name(),
        tags: &unit.tags,
        categories: &unit.practices.categories,
        practice_scopes: &unit.practices.practice_scopes,
        pool: unit.pool.name(),
        stem: &unit.shared_stem,
        options: options_out(&unit.shared_options),
        key: vec![],
        explanation: "",
        media: media_out(&unit.shared_media, names),
        items: vec![],
    };
    match unit.items.as_slice() {
        [item] if !unit.item_type.in_groups() => {
            out.stem = &item.stem;
            out.options = options_out(&item.options);
            out.key = key_out(unit, item);
            out.explanation = &item.explanation;
            out.media = media_out(&item.media, names);
        }
        items => {
            out.items = items.iter().map(|item| item_out(unit, item, names)).collect();
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
        let written = write(&read_once.units, &read_once.pictures);
        let again = read(written.as_bytes(), "bank.json", &Defaults::default());
        assert_eq!(again.units, read_once.units);
        assert_eq!(write(&again.units, &again.pictures), written);
    }

    #[test]
    fn pictures_come_back_as_they_are() {
        const DOT: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
        let bank = BANK
            .replacen(
                r#""explanation":"因为""#,
                r#""media":["a.png",{"picture":"b","words":"胸片"}]"#,
                1,
            )
            .replacen(r#""stem":"病例""#, r#""stem":"病例","media":["b"]"#, 1)
            .replacen(
                r#""units":["#,
                &format!(r#""pictures":{{"a.png":"{DOT}","b":"{DOT}"}},"units":["#),
                1,
            );
        let once = read(bank.as_bytes(), "bank.json", &Defaults::default());
        assert_eq!((once.accepted, once.pictures.len()), (4, 1), "{:?}", once.problems);
        assert_eq!(once.units[0].items[0].media[1].words, "胸片");
        assert_eq!(once.units[1].shared_media.len(), 1);
        let written = write(&once.units, &once.pictures);
        let again = read(written.as_bytes(), "bank.json", &Defaults::default());
        assert_eq!((&again.units, &again.pictures), (&once.units, &once.pictures));
        assert_eq!(write(&again.units, &again.pictures), written);
        let svg = bank.replace(DOT, "PHN2Zy8+");
        let refused = read(svg.as_bytes(), "bank.json", &Defaults::default());
        assert_eq!(refused.accepted, 2);
        assert!(refused.problems.iter().all(|problem| problem.code == "picture_kind"));
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
