use std::io::Cursor;

use base64::prelude::{BASE64_STANDARD, Engine};
use exam_core::audience::Practices;
use exam_core::item::{Difficulty, ItemType, OptionSet, Pool};
use image::{ImageFormat, RgbImage};
use proptest::prelude::*;

use super::*;
use crate::check::Imported;
use crate::format::{self, Format, Reading};
use crate::item::{Defaults, Item, ItemOption, Source};

/// A bank of every type with pictures, and texts that look like everything else.
const BANK: &str = r##"{"format":"exam-bank/1","pictures":{"one":"<one>","two":"<two>"},"units":[
    {"code":"S-1","type":"single","topic":"公共知识/法律法规","difficulty":"easy","pool":"exam","tags":["血压","a b"],
     "stem":"高血压（    ）\n\n  ]]> {x} ~ = # :: P<0.05 &amp; \"q\" 'r' \\n 🩺 ","options":[{"id":"A","text":"=1+1"},{"id":"B","text":"95% &nbsp; <b>"},{"id":"C","text":"%50%c"},{"id":"D","text":"[html]d -> e"}],
     "key":["B"],"explanation":"因为：\n//甲 \t= 乙\n以上"},
    {"code":"1 号/é<x>","type":"A1","topic":"临床","difficulty":"hard","categories":["临床","口腔"],"practice_scopes":["内科专业"],"pool":"practice","stem":"问","options":[{"id":"1","text":"甲"},{"id":"二 <","text":"乙"}],"key":["1"]},
    {"code":"A2-1","type":"A2","topic":"临床","difficulty":"unset","pool":"exam","stem":"病例","options":[{"id":"A","text":"甲"},{"id":"B","text":"以上都对"}],"key":["B"],"explanation":"故选B项"},
    {"code":"M-1","type":"multiple","topic":"临床/内科","difficulty":"medium","pool":"exam","stem":"见[图2]，包括","media":[{"picture":"one","words":"胸片\n\"正\"位"},"two"],
     "options":[{"id":"A","text":"[图1]"},{"id":"B","text":"乙"},{"id":"C","text":"见[图1]"}],"key":["A","C"]},
    {"code":"X-1","type":"X","topic":"临床/内科","difficulty":"unset","pool":"exam","stem":"多选","media":["one"],
     "options":[{"id":"A","text":"甲"},{"id":"B","text":"乙"},{"id":"C","text":"丙"},{"id":"D","text":"丁"}],"key":["A","B","D"]},
    {"code":"J-1","type":"judge","topic":"临床/内科","difficulty":"easy","pool":"exam","stem":"TRUE {TRUE}?","options":[{"id":"A","text":"正确"},{"id":"B","text":"错误"}],"key":["B"],"explanation":"不对"},
    {"code":"C-1","type":"A3","topic":"临床/外科","difficulty":"medium","pool":"exam","tags":["t"],"stem":"患者，男。\n体温 39℃","media":[{"picture":"two","words":"腹部"}],"items":[
      {"code":"C-1-1","stem":"诊断","options":[{"id":"A","text":"甲"},{"id":"B","text":"乙"}],"key":["A"],"explanation":"一"},
      {"code":"S-1","stem":"治疗[图1]","media":["one"],"options":[{"id":"A","text":"丙"},{"id":"B","text":"丁"}],"key":["B"]}]},
    {"code":"C-2","type":"A4","topic":"临床/外科","difficulty":"unset","pool":"exam","stem":"又一病例","items":[
      {"code":"x","stem":"检查","options":[{"id":"A","text":"甲"},{"id":"B","text":"乙"}],"key":["A"]}]},
    {"code":"B-1","type":"B1","topic":"临床/外科","difficulty":"unset","pool":"exam","options":[{"id":"A","text":"甲"},{"id":"B","text":"乙<1"},{"id":"C","text":"丙"}],
     "items":[{"code":"B-1-1","stem":"一","key":["B"],"explanation":"甲乙"},{"code":"B-1-2","stem":"二","key":["B"]},{"code":"z","stem":"三","key":["A"],"media":["two"]}]},
    {"code":"B-2","type":"B1","topic":"药理","difficulty":"unset","pool":"exam","stem":"共用说明","options":[{"id":"A","text":"甲"},{"id":"B","text":"乙"}],
     "items":[{"code":"B-2-1","stem":"一","key":["A"]}]}
]}"##;

fn png(shade: u8) -> String {
    let mut out = Cursor::new(Vec::new());
    let picture = RgbImage::from_pixel(4, 3, image::Rgb([shade, 0, 0]));
    picture.write_to(&mut out, ImageFormat::Png).expect("it is written");
    BASE64_STANDARD.encode(out.into_inner())
}

fn bank() -> Imported {
    let text = BANK.replace("<one>", &png(1)).replace("<two>", &png(2));
    let bank = json::read(text.as_bytes(), "bank.json", &Defaults::default());
    assert!(bank.problems.iter().all(|p| p.code == "letters_pinned"), "{:?}", bank.problems);
    assert_eq!((bank.units.len(), bank.pictures.len()), (10, 2));
    bank
}

fn written(bank: &Imported, format: ExportFormat) -> Exported {
    let exported = write(&bank.units, &bank.pictures, format).expect("every text fits");
    assert!(exported.problems.iter().all(|problem| !problem.is_error()));
    exported
}

/// Reads a file as an import would that is not told its format.
fn read(exported: &Exported, format: ExportFormat) -> Imported {
    assert_eq!(Format::of(&exported.bytes), format.name().parse().expect("both know it"));
    format::read(&exported.bytes, "bank", &Reading::default())
}

fn codes(problems: &[Problem], item: &str) -> Vec<&'static str> {
    let of = problems.iter().filter(|problem| problem.item.as_deref() == Some(item));
    of.map(|problem| problem.code).collect()
}

/// Where something stood in a file is no content.
fn anywhere(units: &[Unit]) -> Vec<Unit> {
    let units = units.iter().cloned();
    units.map(|unit| Unit { source: Source::default(), ..unit }).collect()
}

#[test]
fn every_format_has_a_name_that_import_knows() {
    for (format, name) in ExportFormat::NAMES {
        assert_eq!((format.name(), name.parse()), (name, Ok(format)));
        assert!(name.parse::<Format>().is_ok(), "{name}");
    }
    assert!("pdf".parse::<ExportFormat>().is_err());
}

#[test]
fn json_and_qti_lose_nothing() {
    let bank = bank();
    for format in [ExportFormat::Json, ExportFormat::Qti] {
        let exported = written(&bank, format);
        assert_eq!(exported.problems, []);
        let back = read(&exported, format);
        assert!(back.problems.iter().all(|p| p.code == "letters_pinned"), "{:?}", back.problems);
        assert_eq!(anywhere(&back.units), anywhere(&bank.units));
        assert_eq!(back.pictures, bank.pictures);
        assert!(written(&back, format) == exported, "{format:?}: the same bytes");
    }
}

#[test]
fn an_empty_bank_is_a_file_without_items() {
    for (format, _) in ExportFormat::NAMES {
        let exported = write(&[], &[], format).expect("nothing is written");
        let format = format.name().parse().ok();
        let back = format::read(&exported.bytes, "bank", &Reading { format, ..Reading::default() });
        assert_eq!((back.units.len(), back.items), (0, 0), "{:?}", back.problems);
    }
}

#[test]
fn what_xml_has_no_character_for_is_said() {
    let mut bank = bank();
    bank.units[0].items[0].stem.push('\u{ffff}');
    bank.units[1].tags.push("\u{1}".to_owned());
    for format in [ExportFormat::Qti, ExportFormat::MoodleXml] {
        let problems = written(&bank, format).problems;
        for code in ["S-1", "1 号/é<x>"] {
            assert!(codes(&problems, code).contains(&"character_lost"), "{format:?}: {code}");
        }
    }
    bank.pictures.pop();
    let problems = written(&bank, ExportFormat::Qti).problems;
    assert!(codes(&problems, "M-1").contains(&"picture_missing"));
}

/// What a question asks, without the spaces that HTML folds.
fn asked(unit: &Unit) -> Vec<(String, Vec<String>, OptionSet)> {
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let asked = |item: &Item| {
        let options = unit.options_of(item).iter().map(|option| folded(&option.text)).collect();
        (folded(&item.stem), options, item.key)
    };
    unit.items.iter().map(asked).collect()
}

/// What differs: finer types, difficulty, pool, ids of options; cases stand in the stems; items of
/// pairs have numbers for codes, and the explanations of pairs are not read.
fn means_the_same(format: ExportFormat, pictures: bool) {
    let bank = bank();
    let exported = written(&bank, format);
    let back = read(&exported, format);
    let errors: Vec<_> = back.problems.iter().filter(|p| p.is_error()).collect();
    assert_eq!(errors, Vec::<&Problem>::new());
    let found: Vec<_> =
        back.units.iter().map(|unit| (unit.code.as_str(), unit.item_type)).collect();
    let single = ItemType::Single;
    let multiple = ItemType::Multiple;
    let mut codes = vec![("S-1", single), ("1 号/é<x>", single), ("A2-1", single)];
    codes.extend([("M-1", multiple), ("X-1", multiple), ("J-1", ItemType::Judge)]);
    codes.extend([("C-1-1", single), ("C-1-2", single), ("x", single)]);
    codes.extend([("B-1", ItemType::B1), ("B-2-1", single)]);
    assert_eq!(found, codes);
    let of = |bank: &Imported, code: &str| {
        bank.units.iter().find(|unit| unit.code == code).cloned().expect("it is there")
    };
    for code in ["S-1", "1 号/é<x>", "A2-1", "M-1", "X-1", "J-1", "B-1"] {
        let (unit, read) = (of(&bank, code), of(&back, code));
        assert_eq!((&unit.topic, &unit.tags), (&read.topic, &read.tags));
        let mut same = asked(&unit);
        if pictures {
            // Pictures have the numbers of the order they come in; those that no text names follow.
            let renamed = |text: &str| match text {
                "见[图2]，包括" => "见[图1]，包括".to_owned(),
                "[图1]" => "[图2]".to_owned(),
                "多选" => "多选 [图1]".to_owned(),
                "三" => "三 [图1]".to_owned(),
                text => text.to_owned(),
            };
            for (stem, options, _) in &mut same {
                *stem = renamed(stem);
                options.iter_mut().for_each(|option| *option = renamed(option));
            }
        }
        assert_eq!(asked(&read), same, "{code}");
        if unit.item_type != ItemType::B1 {
            let (why, read) = (&unit.items[0].explanation, &read.items[0].explanation);
            let folded = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(folded(read), folded(why), "{code}");
        }
    }
    let case = of(&back, "C-1-2").items[0].stem.clone();
    let shown = if pictures { "\n[图1]\n治疗[图2]" } else { "\n治疗[图1]" };
    assert_eq!(case, format!("患者，男。\n体温 39℃{shown}"));
    for (code, lost) in [
        ("S-1", vec!["difficulty_lost"]),
        ("1 号/é<x>", vec!["type_lost", "difficulty_lost", "pool_lost", "option_ids_lost"]),
        ("C-1", vec!["type_lost", "group_split", "difficulty_lost", "code_changed"]),
        ("B-1", vec!["item_codes_lost", "explanations_joined"]),
        ("B-2", vec!["type_lost", "group_split"]),
    ] {
        let said = self::codes(&exported.problems, code);
        for lost in lost {
            assert!(said.contains(&lost), "{code}: {lost} of {said:?}");
        }
    }
    let left_out = self::codes(&exported.problems, "M-1").contains(&"pictures_left_out");
    assert_eq!((left_out, back.pictures.len()), (!pictures, if pictures { 2 } else { 0 }));
}

#[test]
fn moodle_xml_reads_back_to_what_means_the_same() {
    means_the_same(ExportFormat::MoodleXml, true);
}

#[test]
fn gift_reads_back_to_what_means_the_same() {
    means_the_same(ExportFormat::Gift, false);
}

#[test]
fn gift_says_what_it_has_no_spelling_for() {
    let mut bank = bank();
    bank.units[0].code = "S[1]".to_owned();
    bank.units[0].tags.push("a]b".to_owned());
    bank.units[8].shared_options[0].text = "甲->乙".to_owned();
    bank.units[3].topic = "临床//内科".to_owned();
    let problems = written(&bank, ExportFormat::Gift).problems;
    let said = codes(&problems, "S[1]");
    assert!(["code_lost", "tag_lost", "spaces_lost"].iter().all(|code| said.contains(code)));
    assert!(codes(&problems, "B-1").contains(&"arrow_changed"));
    assert!(codes(&problems, "M-1").contains(&"topic_changed"));
}

#[test]
fn shares_of_many_right_options_are_those_that_moodle_knows() {
    let option = |place: usize| ItemOption { id: id_of(place), text: format!("选项 {place}") };
    for right in 1..=24 {
        let mut bank = bank();
        bank.units.truncate(4);
        let item = &mut bank.units.last_mut().expect("there are some").items[0];
        item.options = (0..26).map(option).collect();
        item.key = OptionSet::first(right);
        let shares = questions::shares(item.key);
        let sum: f64 = shares.values().map(|share| share.parse::<f64>().expect("a number")).sum();
        assert!((sum - 100.0).abs() < 0.001 || right > 20, "{right}: {sum}");
        for format in [ExportFormat::MoodleXml, ExportFormat::Gift] {
            let exported = written(&bank, format);
            let said = codes(&exported.problems, "M-1");
            assert_eq!(said.contains(&"shares_uneven"), right > 10);
            let back = read(&exported, format);
            assert_eq!(back.units[3].items[0].key, OptionSet::first(right), "{right}");
        }
    }
}

fn id_of(place: usize) -> String {
    crate::wording::options::id_at(place)
}

#[test]
fn a_workbook_holds_all_but_pictures_and_says_what_comes_back_otherwise() {
    let bank = bank();
    let exported = written(&bank, ExportFormat::Xlsx);
    assert!(memchr::memmem::find(&exported.bytes, b"<f>").is_none());
    let back = read(&exported, ExportFormat::Xlsx);
    assert_eq!(back.units.len(), 10, "{:?}", back.problems);
    assert_eq!(back.units[0].items[0].options[0].text, "=1+1");
    for (code, said) in [
        ("S-1", &["fields_changed"][..]),   // A space at the end.
        ("1 号/é<x>", &["fields_changed"]), // Ids of options.
        ("A2-1", &[]),
        ("M-1", &["pictures_left_out"]),
        ("C-1", &["pictures_left_out"]),
        ("C-2", &[]),
        ("B-1", &["pictures_left_out"]),
        ("B-2", &[]),
    ] {
        assert_eq!(codes(&exported.problems, code), said, "{code}: {:?}", exported.problems);
    }
    let without = |units: &[Unit]| {
        let mut units = anywhere(units);
        for unit in &mut units {
            unit.shared_media.clear();
            unit.items.iter_mut().for_each(|item| item.media.clear());
        }
        units
    };
    assert_eq!(without(&back.units)[2..], without(&bank.units)[2..]);
}

/// Texts out of what formats give a meaning to.
fn texts() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        " ",
        "  ",
        "\t",
        "\n",
        "\n\n",
        "甲",
        "a",
        "<",
        ">",
        "&",
        "&amp;",
        "&#10;",
        "\"",
        "'",
        "]]>",
        "<b>",
        "<br/>",
        "[图1]",
        "[图2]",
        "[图3]",
        "=",
        "~",
        "#",
        "####",
        "{",
        "}",
        ":",
        "::",
        "\\",
        "\\n",
        "->",
        "%50%",
        "[html]",
        "//",
        "\u{a0}",
        "\u{fffc}",
        "\u{3000}",
        "🩺",
        "é",
        "A.",
        "１",
        "以上都对",
        "故选B",
        "\u{2028}",
        "-",
        "+1",
        "@",
    ]);
    prop::collection::vec(pieces, 1..8).prop_map(|pieces| format!("{}题", pieces.concat()))
}

fn codes_of_items() -> impl Strategy<Value = String> {
    prop_oneof![texts(), "[A-Za-z0-9._-]{1,12}"]
}

fn practices() -> impl Strategy<Value = Practices> {
    let names = || prop::collection::vec("[甲-癸/、a ]{0,4}[临床口腔]", 0..3);
    (names(), names())
        .prop_map(|(categories, practice_scopes)| Practices { categories, practice_scopes })
}

prop_compose! {
    fn items(options: usize, many: bool)(
        code in codes_of_items(), stem in texts(), explanation in prop_oneof![Just(String::new()), texts()],
        own in prop::collection::vec((texts(), texts()), options), right in 1_u32..(1 << options.max(2)),
        media in 0_usize..4, words in texts(),
    ) -> (Item, usize, String) {
        let option = |(place, (id, text)): (usize, (String, String))| ItemOption {
            id: if right % 2 == 0 { id_of(place) } else { format!("{id}{place}") },
            text: format!("{text}{place}"),
        };
        let options: Vec<_> = own.into_iter().enumerate().map(option).collect();
        let key = OptionSet::from_bits(right);
        let one = key.positions().next().unwrap_or(0);
        let key = if many { key } else { OptionSet::EMPTY.with(one) };
        (Item { code, stem, options, key, explanation, media: vec![] }, media, words)
    }
}

prop_compose! {
    fn units(pictures: Vec<Picture>)(
        place in 0..ItemType::ALL.len(), count in 1_usize..4, width in 2_usize..6,
    )(
        items in prop::collection::vec(
            items(width, matches!(ItemType::ALL[place], ItemType::X | ItemType::Multiple)), count,
        ),
        item_type in Just(ItemType::ALL[place]), code in codes_of_items(), topic in texts(), stem in texts(),
        tags in prop::collection::vec(texts(), 0..3), practices in practices(), hard in 0..4_usize, exam in any::<bool>(), shared in 0_usize..3,
    ) -> Unit {
        let shows = |count: usize, words: &str| -> Vec<crate::item::Media> {
            let media = |picture: &Picture| crate::item::Media { picture: picture.hash, words: words.to_owned() };
            pictures.iter().cycle().take(count).map(media).collect()
        };
        let group = item_type.in_groups();
        let mut unit = Unit {
            code, item_type, topic, difficulty: Difficulty::ALL[hard], tags, practices,
            pool: if exam { Pool::Exam } else { Pool::Practice },
            shared_stem: if group { stem } else { String::new() }, shared_options: vec![],
            shared_media: if group { shows(shared, "共用") } else { vec![] }, items: vec![], source: Source::default(),
        };
        for (number, (mut item, media, words)) in items.into_iter().enumerate() {
            if !group && number > 0 {
                break;
            }
            item.media = shows(media, &words);
            item.code = if group { format!("{}{number}", item.code) } else { unit.code.clone() };
            if item_type == ItemType::B1 {
                let own = std::mem::take(&mut item.options);
                if number == 0 {
                    unit.shared_options = own;
                }
            }
            if item_type == ItemType::Judge {
                let options = [("A", "正确"), ("B", "错误")];
                item.options = options.map(|(id, text)| ItemOption { id: id.to_owned(), text: text.to_owned() }).into();
                item.key = OptionSet::EMPTY.with(number);
            }
            unit.items.push(item);
        }
        unit
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_bank_survives_qti(units in prop::collection::vec(units(bank().pictures), 1..5)) {
        // Only what passes the checks is a bank.
        let checked = json::write(&units, &bank().pictures);
        let bank = json::read(checked.as_bytes(), "bank.json", &Defaults::default());
        prop_assert_eq!(bank.units.len(), units.len(), "{:?}", bank.problems);
        let exported = written(&bank, ExportFormat::Qti);
        prop_assert!(exported.problems.is_empty());
        let back = qti_read(&exported.bytes);
        prop_assert_eq!(anywhere(&back.units), anywhere(&bank.units));
        prop_assert_eq!(&back.pictures, &bank.pictures);
        prop_assert!(written(&back, ExportFormat::Qti) == exported, "the same bytes");
    }

    #[test]
    fn any_bank_is_read_back_from_every_format(units in prop::collection::vec(units(bank().pictures), 1..5)) {
        let checked = json::write(&units, &bank().pictures);
        let bank = json::read(checked.as_bytes(), "bank.json", &Defaults::default());
        for format in [ExportFormat::MoodleXml, ExportFormat::Gift] {
            let exported = written(&bank, format);
            let as_import = format.name().parse().ok();
            let back = format::read(&exported.bytes, "bank", &Reading { format: as_import, ..Reading::default() });
            let items = back.units.iter().map(|unit| unit.items.len()).sum::<usize>();
            // Without its pictures or its code an item may be the same as another.
            let lost = |problem: &&Problem| problem.is_error() && problem.code != "code_twice";
            prop_assert_eq!(back.problems.iter().find(lost), None);
            let twice = back.problems.iter().filter(|problem| problem.is_error()).count();
            prop_assert!(items + twice * 3 >= bank.accepted, "{format:?}");
        }
        let _ = written(&bank, ExportFormat::Xlsx);
    }
}

fn qti_read(bytes: &[u8]) -> Imported {
    crate::qti::read(bytes, "bank.zip", &Defaults::default())
}
