use std::io::{Cursor, Write};

use exam_core::item::ItemType;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

fn read_bytes(bytes: &[u8]) -> Imported {
    read(bytes, "qti", &Defaults::default())
}

fn codes(read: &Imported) -> Vec<&'static str> {
    read.problems.iter().map(|problem| problem.code).collect()
}

/// An item of QTI 2 with one choice.
fn item(identifier: &str, declared: &str, body: &str) -> String {
    format!(
        "<assessmentItem xmlns=\"http://www.imsglobal.org/xsd/imsqti_v2p1\" identifier=\"{identifier}\" \
        title=\"t\" adaptive=\"false\" timeDependent=\"false\">\n\
        <responseDeclaration identifier=\"R\" {declared}</responseDeclaration>\n\
        <itemBody>{body}</itemBody>\n\
        <responseProcessing template=\"http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct\"/>\n\
        </assessmentItem>"
    )
}

const ONE: &str = "cardinality=\"single\" baseType=\"identifier\"><correctResponse><value>B</value></correctResponse>";
const CHOICE: &str = "<p>看图</p><choiceInteraction responseIdentifier=\"R\" shuffle=\"true\" maxChoices=\"1\">\
    <prompt>选 10<sup>9</sup></prompt><simpleChoice identifier=\"A\">甲</simpleChoice>\
    <simpleChoice identifier=\"B\">乙<feedbackInline outcomeIdentifier=\"F\" identifier=\"B\">对</feedbackInline></simpleChoice>\
    </choiceInteraction>";

fn package(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).expect("a part");
        archive.write_all(text.as_bytes()).expect("it is written");
    }
    archive.finish().expect("an archive").into_inner()
}

#[test]
fn an_item_of_version_2_is_read() {
    let read = read_bytes(item("Q-1", ONE, CHOICE).as_bytes());
    assert_eq!(codes(&read), ["settings_lost", "topic_missing"], "{:?}", read.problems);
    let unit = &read.units[0];
    assert_eq!((unit.code.as_str(), unit.item_type), ("Q-1", ItemType::Single));
    assert_eq!(unit.items[0].stem, "看图\n选 10⁹");
    assert_eq!(unit.items[0].options[1].text, "乙");
    assert_eq!(unit.items[0].key.bits(), 0b10);
    assert_eq!(unit.items[0].explanation, "「乙」：对");
}

#[test]
fn an_item_of_version_3_is_read() {
    let text = r#"<?xml version="1.0" encoding="UTF-8"?>
<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="N-1" title="t">
<qti-response-declaration identifier="R" cardinality="multiple" base-type="identifier">
<qti-mapping lower-bound="0"><qti-map-entry map-key="A" mapped-value="1"/><qti-map-entry map-key="C" mapped-value="1"/>
<qti-map-entry map-key="B" mapped-value="-1"/></qti-mapping></qti-response-declaration>
<qti-item-body><qti-choice-interaction response-identifier="R" max-choices="0"><qti-prompt>哪些</qti-prompt>
<qti-simple-choice identifier="A">甲</qti-simple-choice><qti-simple-choice identifier="B">乙</qti-simple-choice>
<qti-simple-choice identifier="C">丙</qti-simple-choice></qti-choice-interaction></qti-item-body>
<qti-modal-feedback outcome-identifier="F" identifier="x" show-hide="show"><qti-content-body>因为</qti-content-body></qti-modal-feedback>
</qti-assessment-item>"#;
    let read = read_bytes(text.as_bytes());
    assert_eq!(
        codes(&read),
        ["settings_lost", "topic_missing", "weights_lost"],
        "{:?}",
        read.problems
    );
    let unit = &read.units[0];
    assert_eq!((unit.item_type, unit.items[0].key.bits()), (ItemType::Multiple, 0b101));
    assert_eq!(unit.items[0].explanation, "因为");
}

#[test]
fn a_match_is_a_group_with_shared_options() {
    let body = "<matchInteraction responseIdentifier=\"R\" maxAssociations=\"2\"><prompt>配对</prompt>\
        <simpleMatchSet><simpleAssociableChoice identifier=\"x\">一</simpleAssociableChoice>\
        <simpleAssociableChoice identifier=\"y\">二</simpleAssociableChoice></simpleMatchSet>\
        <simpleMatchSet><simpleAssociableChoice identifier=\"p\">甲</simpleAssociableChoice>\
        <simpleAssociableChoice identifier=\"q\">乙</simpleAssociableChoice>\
        <simpleAssociableChoice identifier=\"r\">丙</simpleAssociableChoice></simpleMatchSet></matchInteraction>";
    let declared = "cardinality=\"multiple\" baseType=\"directedPair\"><correctResponse>\
        <value>x q</value><value>y  p</value></correctResponse>";
    let read = read_bytes(item("M", declared, body).as_bytes());
    let unit = &read.units[0];
    assert_eq!((unit.item_type, unit.items.len()), (ItemType::B1, 2));
    assert_eq!(unit.shared_options.len(), 3);
    assert_eq!((unit.items[0].key.bits(), unit.items[1].key.bits()), (0b010, 0b001));
    assert_eq!(unit.items[0].stem, "配对\n一");
}

#[test]
fn a_package_is_read_in_the_order_of_its_manifest() {
    let stimulus = "<qti-assessment-stimulus identifier=\"S\"><qti-stimulus-body><p>病例</p></qti-stimulus-body></qti-assessment-stimulus>";
    let with = |identifier: &str| {
        item(identifier, ONE, CHOICE).replace(
            "<itemBody>",
            "<assessmentStimulusRef identifier=\"S\" href=\"../stimuli/s.xml\"/><itemBody>",
        )
    };
    let manifest = "<manifest><resources>\
        <resource identifier=\"s\" type=\"imsqti_stimulus_xmlv3p0\" href=\"stimuli/s.xml\"/>\
        <resource identifier=\"b\" type=\"imsqti_item_xmlv2p1\" href=\"items/b.xml\"/>\
        <resource identifier=\"a\" type=\"imsqti_item_xmlv2p1\" href=\"items/a.xml\"/>\
        <resource identifier=\"c\" type=\"imsqti_item_xmlv2p1\" href=\"items/c.xml\"/>\
        <resource identifier=\"t\" type=\"imsqti_test_xmlv2p1\" href=\"test.xml\"/></resources></manifest>";
    let parts = [
        ("imsmanifest.xml", manifest),
        ("stimuli/s.xml", stimulus),
        ("items/a.xml", &with("a")),
        ("items/b.xml", &with("b")),
        ("items/c.xml", &item("c", ONE, CHOICE)),
        ("test.xml", "<assessmentTest/>"),
    ];
    let bytes = package(&parts);
    assert!(is_package(&bytes));
    let read = read_bytes(&bytes);
    assert_eq!(codes(&read), ["settings_lost", "topic_missing"], "{:?}", read.problems);
    assert_eq!((read.items, read.units.len()), (3, 2));
    let [group, alone] = read.units.as_slice() else { panic!("two units") };
    assert_eq!((group.item_type, group.shared_stem.as_str()), (ItemType::A3, "病例"));
    let codes_of: Vec<&str> = group.items.iter().map(|item| item.code.as_str()).collect();
    assert_eq!(codes_of, ["b", "a"]);
    assert_eq!(alone.code, "c");
    assert_eq!(alone.source.sheet.as_deref(), Some("items/c.xml"));
}

#[test]
fn x17_what_cannot_be_held_is_said() {
    for (body, code) in [
        ("<extendedTextInteraction responseIdentifier=\"R\"/>", "type_unsupported"),
        ("<p><textEntryInteraction responseIdentifier=\"R\"/></p>", "type_unsupported"),
        ("<customInteraction responseIdentifier=\"R\"/>", "type_unsupported"),
        ("<p><templateInline>x</templateInline></p>", "type_unsupported"),
        ("<choiceInteraction responseIdentifier=\"X\"/>", "key_missing"),
    ] {
        let read = read_bytes(item("q", ONE, body).as_bytes());
        assert_eq!((read.items, read.accepted), (1, 0), "{body}");
        assert!(codes(&read).contains(&code), "{body}: {:?}", codes(&read));
    }
    let unknown = item("q", ONE, CHOICE).replace("match_correct", "my_own");
    assert!(codes(&read_bytes(unknown.as_bytes())).contains(&"scoring_unknown"));
    let custom = item("q", ONE, CHOICE).replace(
        "<responseProcessing template=\"http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct\"/>",
        "<responseProcessing><customOperator class=\"x\"/></responseProcessing>",
    );
    assert!(codes(&read_bytes(custom.as_bytes())).contains(&"scoring_unknown"));
}

#[test]
fn x14_what_a_browser_would_run_is_refused() {
    for prompt in [
        "<script>alert(1)</script>",
        "<img src='x.png' onerror='alert(1)'/>",
        "<p style='background:url(//evil)'>x</p>",
        "<a href='javascript:x'>y</a>",
    ] {
        let body = CHOICE.replace("<p>看图</p>", prompt);
        let read = read_bytes(item("q", ONE, &body).as_bytes());
        assert!(codes(&read).contains(&"active_content"), "{prompt}: {:?}", codes(&read));
        assert_eq!(read.accepted, 0, "{prompt}");
    }
}

#[test]
fn x07_x08_archives_that_lie_or_want_too_much_are_refused() {
    let code = |bytes: &[u8]| codes(&read_bytes(bytes))[0];
    assert_eq!(code(&package(&[("../evil.xml", "<a/>")])), "package_name");
    assert_eq!(code(&package(&[("a\\b.xml", "<a/>")])), "package_name");
    assert_eq!(code(&package(&[("a.txt", "x"), ("b.xml", "<x/>")])), "package_kind");
    assert_eq!(code(b"PK\x03\x04 damaged"), "package_damaged");
    let many = [b"PK\x03\x04".to_vec(), b"PK\x01\x02".repeat(60_000)].concat();
    assert_eq!(code(&many), "file_too_big");
    let bomb = format!("<assessmentItem>{}</assessmentItem>", " ".repeat(17 << 20));
    assert_eq!(code(&package(&[("bomb.xml", &bomb)])), "file_too_big");
    let lost = "<manifest><resources><resource type=\"imsqti_item_xmlv2p1\" href=\"x.xml\"/></resources></manifest>";
    assert_eq!(code(&package(&[("imsmanifest.xml", lost)])), "package_part_missing");
    assert_eq!(code(b"<!DOCTYPE a [<!ENTITY b SYSTEM 'http://127.0.0.1/'>]><assessmentItem>&b;</assessmentItem>"), "xml_doctype");
}

#[test]
fn any_of_several_right_options_is_refused_by_that_name() {
    let two = "cardinality=\"single\" baseType=\"identifier\"><mapping>\
        <mapEntry mapKey=\"A\" mappedValue=\"1\"/><mapEntry mapKey=\"B\" mappedValue=\"1\"/></mapping>";
    let alone = read_bytes(item("q", two, CHOICE).as_bytes());
    assert_eq!((alone.items, alone.accepted), (1, 0));
    assert!(codes(&alone).contains(&"several_right"), "{:?}", codes(&alone));
    assert!(!codes(&alone).contains(&"options_count"), "{:?}", codes(&alone));
    let in_a_group = read_bytes(item("q", two, &CHOICE.repeat(2)).as_bytes());
    assert_eq!(in_a_group.accepted, 0);
    assert!(codes(&in_a_group).contains(&"several_right"), "{:?}", codes(&in_a_group));
}

/// The one item that `body` makes with the usual key.
fn read_body(body: &str) -> Imported {
    read_bytes(item("q", ONE, body).as_bytes())
}

#[test]
fn what_authors_say_in_blocks_is_explanation_and_what_candidates_read_is_question() {
    let body = format!(
        "<rubricBlock view=\"candidate tutor\"><p>先读说明</p></rubricBlock>\
        <rubricBlock view=\"scorer\"><p>给分要点</p></rubricBlock>{CHOICE}\
        <feedbackBlock outcomeIdentifier=\"F\" identifier=\"s\"><p>解答过程</p></feedbackBlock>"
    );
    let read = read_body(&body);
    assert_eq!(codes(&read), ["settings_lost", "topic_missing", "rubric_lost"]);
    let item = &read.units[0].items[0];
    assert_eq!(item.stem, "先读说明\n看图\n选 10⁹");
    assert_eq!(item.explanation, "解答过程\n「乙」：对");
}

#[test]
fn feedback_that_names_an_option_stands_with_it() {
    let text = item("q", ONE, CHOICE).replace(
        "</itemBody>",
        "</itemBody><modalFeedback outcomeIdentifier=\"F\" identifier=\"A\">不是甲</modalFeedback>",
    );
    let read = read_bytes(text.as_bytes());
    assert!(read.units[0].items[0].explanation.contains("「甲」：不是甲"));
}

#[test]
fn items_that_are_drawn_anew_are_refused() {
    let text = item("q", ONE, CHOICE).replace(
        "<itemBody>",
        "<templateProcessing><setCorrectResponse identifier=\"R\"/></templateProcessing><itemBody>",
    );
    let read = read_bytes(text.as_bytes());
    assert_eq!((read.items, read.accepted), (1, 0));
    assert!(codes(&read).contains(&"type_unsupported"));
}

#[test]
fn a_page_that_asks_nothing_is_a_description() {
    let read = read_body("<h1>欢迎</h1>");
    assert_eq!((read.items, read.accepted), (0, 0));
    assert!(codes(&read).contains(&"description_ignored"));
}

#[test]
fn gaps_of_one_sentence_are_counted() {
    let gap = "<inlineChoiceInteraction responseIdentifier=\"R\"><inlineChoice identifier=\"A\">升高\
        </inlineChoice><inlineChoice identifier=\"B\">降低</inlineChoice></inlineChoiceInteraction>";
    let read = read_body(&format!("<p>血钾{gap}，血钠{gap}。</p>"));
    assert_eq!((read.items, read.accepted), (2, 2), "{:?}", read.problems);
    let group = &read.units[0];
    assert_eq!(group.shared_stem, "血钾 ____ ，血钠 ____ 。");
    let stems: Vec<&str> = group.items.iter().map(|item| item.stem.as_str()).collect();
    assert_eq!(stems, ["第 1 空", "第 2 空"]);
    let alone = read_body(&format!("<p>血钾{gap}。</p>"));
    assert_eq!(alone.units[0].items[0].stem, "血钾 ____ 。");
}

#[test]
fn what_lies_outside_of_an_item_is_missed() {
    for (body, code) in [
        ("<object data=\"text.html\" type=\"text/html\"/>", "object_lost"),
        ("<object data=\"a.mp3\" type=\"audio/mpeg\"/>", "recording_lost"),
        ("<object data=\"a.png\" type=\"image/png\"><p>一张\n胸片</p></object>", "media_missing"),
    ] {
        let read = read_body(&format!("{body}{CHOICE}"));
        assert_eq!(read.accepted, 0, "{body}");
        assert!(codes(&read).contains(&code), "{body}: {:?}", codes(&read));
    }
    let kept = CHOICE
        .replace("<simpleChoice identifier=\"B\"", "<simpleChoice fixed=\"true\" identifier=\"B\"");
    assert!(codes(&read_body(&kept)).contains(&"order_lost"));
    let text = item("q", ONE, CHOICE).replace(
        "<itemBody>",
        "<assessmentStimulusRef identifier=\"S\" href=\"s.xml\"/><itemBody>",
    );
    let read = read_bytes(text.as_bytes());
    assert_eq!(read.accepted, 0);
    assert!(codes(&read).contains(&"stimulus_missing"));
}

#[test]
fn version_1_is_refused_by_its_name() {
    let old = "<questestinterop><item ident=\"i\"/></questestinterop>";
    assert!(crate::qti::is_root("questestinterop"));
    assert_eq!(codes(&read_bytes(old.as_bytes())), ["qti_version"]);
    let manifest = "<manifest><resources><resource identifier=\"a\" href=\"a.xml\" \
        type=\"imsqti_xmlv1p2/imscc_xmlv1p1/assessment\"/></resources></manifest>";
    let cartridge = package(&[("imsmanifest.xml", manifest), ("a.xml", old)]);
    assert_eq!(codes(&read_bytes(&cartridge)), ["qti_version"]);
    assert_eq!(codes(&read_bytes(&package(&[("a.xml", old)]))), ["qti_version"]);
}

#[test]
fn right_and_wrong_in_english_are_said_in_our_words() {
    let body = "<choiceInteraction responseIdentifier=\"R\"><prompt>题</prompt>\
        <simpleChoice identifier=\"A\">True <feedbackInline>否</feedbackInline></simpleChoice>\
        <simpleChoice identifier=\"B\">False</simpleChoice></choiceInteraction>";
    let read = read_body(body);
    let unit = &read.units[0];
    assert_eq!((unit.item_type, unit.items[0].key.bits()), (ItemType::Judge, 0b10));
    assert_eq!(unit.items[0].explanation, "「正确」：否");
}

#[test]
fn options_of_a_match_keep_their_pictures_and_tell_their_losses() {
    let option = |identifier: &str, says: &str| {
        format!(
            "<simpleAssociableChoice identifier=\"{identifier}\">{says}</simpleAssociableChoice>"
        )
    };
    let body = |one: &str, two: &str| {
        format!(
            "<matchInteraction responseIdentifier=\"R\"><simpleMatchSet>{}{}</simpleMatchSet>\
            <simpleMatchSet>{}{}</simpleMatchSet></matchInteraction>",
            option("x", "一"),
            option("y", "二"),
            option("p", one),
            option("q", two)
        )
    };
    let declared = "cardinality=\"multiple\" baseType=\"directedPair\"><correctResponse><value>x q</value>\
        <value>y p</value></correctResponse><mapping><mapEntry mapKey=\"x q\" mappedValue=\"1\"/>\
        <mapEntry mapKey=\"y p\" mappedValue=\"0.5\"/></mapping>";
    let parts = [
        ("m.xml", item("m", declared, &body("<img src=\"a.png\"/>", "<img src=\"b.png\"/>"))),
        ("n.xml", item("n", declared, &body("<b>甲</b>", "乙"))),
        (
            "o.xml",
            item("o", "cardinality=\"multiple\" baseType=\"directedPair\">", &body("甲", "乙")),
        ),
    ];
    let parts: Vec<(&str, &str)> =
        parts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let read = read_bytes(&package(&parts));
    let of = |name: &str| -> Vec<&str> {
        let of_part = read.problems.iter().filter(|problem| problem.sheet.as_deref() == Some(name));
        of_part.map(|problem| problem.code).collect()
    };
    assert!(of("m.xml").contains(&"media_missing"), "{:?}", of("m.xml"));
    assert!(!of("m.xml").contains(&"options_count"), "{:?}", of("m.xml"));
    assert_eq!(of("n.xml"), ["emphasis_lost", "weights_lost"]);
    assert_eq!(of("o.xml"), ["key_missing"]);
    assert_eq!((read.items, read.accepted), (5, 2));
}
