use exam_core::item::ItemType;

use super::*;

fn read_text(text: &str) -> Imported {
    read(text.as_bytes(), "gift.txt", &Defaults::default())
}

fn codes(read: &Imported) -> Vec<&'static str> {
    read.problems.iter().map(|problem| problem.code).collect()
}

#[test]
fn questions_of_every_kind_that_can_be_held_are_read() {
    let text = r#"$CATEGORY: $course$/top/内科/心血管

// question: 1  name: 一
// [id:S-1] [tag:血压] [tag:急诊]
::题一::下列哪项正确？{
=对的 \= 甲#因为甲
~错的乙#不是乙
~丙
####总的说来
}

// truth
::T1::Sunlight is healthy\: yes.{TRUE#wrong why#right why}

Two are right: {~%50%a ~%50%b ~%-100%c}

Match {=Canada -> Ottawa =Italy -> Rome =Japan -> Tokyo = -> Cairo}

Grant is {~buried =entombed ~living} in Grant's tomb.

[html]<p>10<sup>9</sup>?</p>{=<b>yes</b> ~no}
"#;
    let read = read_text(text);
    assert_eq!((read.items, read.accepted), (8, 8), "{:?}", read.problems);
    assert_eq!(codes(&read), ["settings_lost", "weights_lost", "emphasis_lost"]);
    let [one, truth, two, pairs, gap, html] = read.units.as_slice() else { panic!("six units") };
    assert_eq!((one.code.as_str(), one.topic.as_str()), ("S-1", "内科/心血管"));
    assert_eq!(one.tags, ["血压", "急诊"]);
    assert_eq!(one.items[0].options[0].text, "对的 = 甲");
    assert_eq!(one.items[0].explanation, "总的说来\n「对的 = 甲」：因为甲\n「错的乙」：不是乙");
    assert_eq!(one.source.row, Some(5));
    assert_eq!(truth.item_type, ItemType::Judge);
    assert_eq!(truth.items[0].stem, "Sunlight is healthy: yes.");
    assert_eq!(truth.items[0].explanation, "「错误」：wrong why\n「正确」：right why");
    assert_eq!(two.item_type, ItemType::Multiple);
    assert_eq!(two.items[0].key.bits(), 0b011);
    assert_eq!(pairs.item_type, ItemType::B1);
    let texts: Vec<&str> = pairs.shared_options.iter().map(|o| o.text.as_str()).collect();
    assert_eq!(texts, ["Ottawa", "Rome", "Tokyo", "Cairo"]);
    assert_eq!(pairs.items[0].stem, "Match\nCanada");
    assert_eq!(pairs.items[2].key.bits(), 0b100);
    assert_eq!(gap.items[0].stem, "Grant is ____ in Grant's tomb.");
    assert_eq!(html.items[0].stem, "10⁹?");
}

#[test]
fn what_cannot_be_held_is_said_with_its_line() {
    for (text, code) in [
        ("Q {}", "type_unsupported"),
        ("Q {#3.14:0.1}", "type_unsupported"),
        ("Q {=four =4}", "type_unsupported"),
        ("Q {=a =b ~c}", "several_right"),
        ("Q {=a ~b", "gift_damaged"),
        ("Q } {=a ~b}", "gift_damaged"),
        ("Q {a ~b}", "gift_damaged"),
        ("Q {=a ~b} and {=c ~d}", "type_unsupported"),
        ("Q <img src=\"x.png\"> {=a ~b}", "media_missing"),
        ("Q <audio src=\"x.mp3\"></audio> {=a ~b}", "recording_lost"),
        ("Q {=a ~a}", "options_equal"),
    ] {
        let read = read_text(&format!("\n\n{text}\n"));
        assert_eq!((read.items, read.accepted), (1, 0), "{text}");
        let problem = read.problems.iter().find(|problem| problem.code == code);
        assert_eq!(problem.unwrap_or_else(|| panic!("{text}: {:?}", codes(&read))).row, Some(3));
    }
    let read = read_text("Only a text\n\nQ {=a ~%50%b}");
    assert_eq!(codes(&read), ["topic_missing", "description_ignored", "weights_lost"]);
    assert_eq!(codes(&read_text("// nothing")), ["no_items"]);
    let formula = read_text("Solve \\\\(x^2\\=4\\\\) {=2 ~3}");
    assert_eq!(codes(&formula), ["topic_missing", "tex_kept"]);
    assert_eq!(formula.units[0].items[0].stem, "Solve \\(x^2=4\\)");
    let marked = read_text("[markdown]Is it **so**? {=yes ~no}");
    assert_eq!(codes(&marked), ["topic_missing", "markdown_kept"]);
    assert_eq!(marked.units[0].items[0].stem, "Is it **so**?");
}

#[test]
fn it_is_told_from_other_texts() {
    for text in [
        "Q {=a ~b}",
        "$CATEGORY: x\n\nQ {T}",
        "// c\n::t::Q\n{\n=a\n~b\n}\n",
        "::t::Why? {}",
        "// [id:7]\nWhy? {}",
        "[markdown] *x*",
    ] {
        assert!(is_gift(text), "{text}");
    }
    for text in ["1. 题 {注}\nA. x\nB. y", "Q\nA. x\nB. y\nANSWER: A", "{\"format\":1}", ""] {
        assert!(!is_gift(text), "{text}");
    }
}
