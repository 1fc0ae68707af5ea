//! Moodle XML: a `quiz` of `question`s of many types.

use std::sync::Arc;

use percent_encoding::percent_decode_str;

use crate::check::Imported;
use crate::decode::decode;
use crate::foreign::{Found, Importer, NotHeld, Weighted, choose, decoded, pair};
use crate::html::{self, PICTURE, Plain, Shown};
use crate::item::Defaults;
use crate::raw::{Place, RawUnit};
use crate::wording::judge_options;
use crate::xml::{self, Element, NotXml};

/// Types that Moodle and its plug-ins have, with the words that authors know them by.
const TYPES: [(&str, &str); 14] = [
    ("shortanswer", "简答题"),
    ("numerical", "数值题"),
    ("essay", "问答题"),
    ("cloze", "完形填空题"),
    ("multianswer", "完形填空题"),
    ("calculated", "计算题"),
    ("calculatedsimple", "计算题"),
    ("calculatedmulti", "计算选择题"),
    ("gapselect", "选词填空题"),
    ("ddwtos", "拖放填空题"),
    ("ddimageortext", "拖放题"),
    ("ddmarker", "拖放标记题"),
    ("ordering", "排序题"),
    ("randomsamatch", "随机匹配题"),
];

/// What Moodle says to a response as a whole.
const COMBINED: [&str; 3] = ["correctfeedback", "partiallycorrectfeedback", "incorrectfeedback"];

/// Reads a file and names every problem, not only the first. An item with an error is left out.
#[must_use]
pub fn read(bytes: &[u8], file: &str, defaults: &Defaults) -> Imported {
    let mut importer = Importer::new(file, defaults);
    let outcome = decode(bytes).map_err(NotXml::from).and_then(|text| match xml::root_of(&text) {
        Some(root) if root != "quiz" => {
            let shown: String = root.chars().take(60).collect();
            let message =
                format!("XML 文件的根元素 {shown:?} 不是 Moodle 题库（quiz），也不是 QTI");
            importer.fail(&Place::default(), "xml_kind", message);
            Ok(())
        }
        _ => xml::children(&text, &mut |element| read_element(&mut importer, &element)),
    });
    if let Err(why) = outcome {
        let place = Place { row: why.line(), ..Place::default() };
        importer.fail(&place, why.code(), why.to_string());
    }
    importer.finish()
}

fn read_element(importer: &mut Importer<'_>, element: &Element) {
    if element.name != "question" {
        return;
    }
    match element.attribute("type") {
        Some("category") => {
            importer.enter(&element.text_at(&["category", "text"]).unwrap_or_default());
        }
        Some("description") => importer.leave_description(&place_of(element)),
        kind => read_question(importer, element, kind.unwrap_or("")),
    }
}

fn place_of(element: &Element) -> Place {
    Place { row: Some(element.line), ..Place::default() }
}

fn read_question(importer: &mut Importer<'_>, element: &Element, kind: &str) {
    let mut found = Found::default();
    let stem = element.child("questiontext").map(rich).unwrap_or_default();
    let place = place_of(element);
    let mut unit = RawUnit {
        code: element.text_at(&["idnumber"]).unwrap_or_default(),
        topic: importer.topic(&place),
        tags: tags(element),
        stem: found.text(stem),
        place,
        ..RawUnit::default()
    };
    add_old_picture(element, &mut unit, &mut found);
    let says = |name: &str| element.child(name).map(Element::text).unwrap_or_default();
    let points = says("defaultgrade").trim().parse::<f64>();
    if !says("name").trim().is_empty() || points.is_ok_and(|points| (points - 1.0).abs() > 1e-9) {
        importer.leave_settings(&unit.place);
    }
    if let Some(why) = element.child("generalfeedback") {
        found.explain(None, rich(why));
    }
    if element.text_at(&["hidden"]).as_deref() == Some("1") {
        found.note("question_hidden", "该题在原系统中已隐藏，请核对后再批准");
    }
    if element.child("hint").is_some_and(|hint| !hint.text().trim().is_empty()) {
        found.note("hints_lost", "提示不能保存");
    }
    if COMBINED.into_iter().any(|name| is_authors(says(name).trim())) {
        found.note("feedback_lost", "针对整题作答结果的反馈不能保存");
    }
    if matches!(says("shuffleanswers").trim(), "0" | "false") {
        found.note_order();
    }
    let held = match kind {
        "multichoice" => multichoice(element, &mut unit, &mut found),
        "truefalse" => truefalse(element, &mut unit, &mut found),
        "matching" | "ddmatch" => matching(element, &mut unit, &mut found),
        kind => Err(unsupported(kind)),
    };
    match held {
        Ok(()) => importer.take(unit, found, |source| file_of(element, source)),
        Err(why) => importer.refuse(unit, why),
    }
}

fn unsupported(kind: &str) -> NotHeld {
    let known = TYPES.iter().find(|(name, _)| *name == kind).map(|(_, words)| *words);
    let shown: String = kind.chars().take(40).collect();
    let message = match known {
        Some(words) => format!("{words}（{shown}）不能作为选择题导入"),
        None => format!("题型 {shown:?} 无法识别，不能导入"),
    };
    ("type_unsupported", message)
}

/// Moodle 1 had one picture a question, beside its text.
fn add_old_picture(element: &Element, unit: &mut RawUnit, found: &mut Found) {
    let name = element.text_at(&["image"]).unwrap_or_default();
    if name.is_empty() {
        return;
    }
    let data = element.text_at(&["image_base64"]).unwrap_or_default();
    let source = if data.is_empty() { name } else { format!("data:image/png;base64,{data}") };
    let shown = vec![Shown { source, words: String::new() }];
    let picture = Plain { text: PICTURE.to_string(), pictures: shown, lost: vec![] };
    unit.stem = format!("{}\n{}", unit.stem, found.text(picture));
}

/// Whether an author wrote this feedback, and not Moodle by itself.
fn is_authors(feedback: &str) -> bool {
    const OWN: [&str; 4] = ["Your answer is", "您的答案", "您的回答", "你的答案"];
    let text = html::plain(feedback).text;
    !text.is_empty() && !OWN.iter().any(|own| text.starts_with(own))
}

fn tags(element: &Element) -> Vec<String> {
    let tags = element.child("tags").into_iter().flat_map(|tags| tags.all("tag"));
    tags.map(|tag| tag.text().trim().to_owned()).filter(|tag| !tag.is_empty()).collect()
}

/// The text of an element, in whatever way it is written.
fn rich(element: &Element) -> Plain {
    let text = element.text_at(&["text"]).unwrap_or_else(|| {
        // Old files have the text without an element of its own.
        element.text().trim().to_owned()
    });
    match element.attribute("format") {
        Some("plain_text") => Plain { text, ..Plain::default() },
        Some("html") => html::plain(&text),
        Some("markdown") => html::markdown(&text),
        _ if html::is_html(&text) => html::plain(&text),
        _ => Plain { text, ..Plain::default() },
    }
}

/// The picture that a text calls `@@PLUGINFILE@@/name`, from the question that it stands in.
fn file_of(element: &Element, source: &str) -> Option<Arc<[u8]>> {
    let name = source.strip_prefix("@@PLUGINFILE@@/")?;
    let name = percent_decode_str(name.split('?').next()?).decode_utf8().ok()?;
    element.elements().find_map(|child| {
        let named = |file: &&Element| {
            let path = file.attribute("path").unwrap_or("/");
            let file = file.attribute("name").unwrap_or_default();
            format!("{path}{file}").trim_start_matches('/') == name
        };
        if child.name == "file" {
            return Some(child).filter(named).and_then(|file| decoded(&file.text()));
        }
        file_of(child, source)
    })
}

fn percent(answer: &Element) -> f64 {
    answer.attribute("fraction").and_then(|share| share.trim().parse().ok()).unwrap_or(0.0)
}

fn multichoice(element: &Element, unit: &mut RawUnit, found: &mut Found) -> Result<(), NotHeld> {
    let single = element.text_at(&["single"]);
    let many = matches!(single.as_deref(), Some("false" | "0"));
    let answer = |answer: &Element| Weighted {
        text: rich(answer),
        percent: percent(answer),
        why: answer.child("feedback").map(rich).unwrap_or_default(),
    };
    let answers = element.all("answer").map(answer).collect();
    choose(unit, found, many, answers)?;
    Ok(())
}

fn truefalse(element: &Element, unit: &mut RawUnit, found: &mut Found) -> Result<(), NotHeld> {
    "judge".clone_into(&mut unit.r#type);
    unit.options = judge_options();
    for answer in element.all("answer") {
        let says = rich(answer).text.to_lowercase();
        let letter = match says.as_str() {
            "true" => "A",
            "false" => "B",
            _ => return Err(("judge_options", format!("判断题的答案 {says:?} 无法识别"))),
        };
        if percent(answer) > 0.0 {
            unit.key.push(letter.to_owned());
        }
        if let Some(why) = answer.child("feedback") {
            found.explain(Some(if letter == "A" { "正确" } else { "错误" }), rich(why));
        }
    }
    Ok(())
}

fn matching(element: &Element, unit: &mut RawUnit, found: &mut Found) -> Result<(), NotHeld> {
    let pairs = element.all("subquestion").map(|asked| {
        let option = asked.child("answer").map(rich).unwrap_or_default();
        (rich(asked), found.text(option))
    });
    let pairs = pairs.collect();
    pair(unit, found, pairs);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIZ: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<quiz>
<question type="category"><category><text>$course$/top/内科/心血管</text></category></question>
<question type="multichoice">
  <name><text>一</text></name>
  <questiontext format="html"><text><![CDATA[<p>10<sup>9</sup>/L 是<b>谁</b>？</p>]]></text></questiontext>
  <generalfeedback format="html"><text>总的</text></generalfeedback>
  <defaultgrade>1</defaultgrade><penalty>0.3</penalty><hidden>0</hidden><idnumber>M-1</idnumber>
  <single>true</single>
  <answer fraction="100" format="html"><text>甲 &amp;lt; 5</text><feedback><text>对</text></feedback></answer>
  <answer fraction="0"><text>乙</text></answer>
  <tags><tag><text>血</text></tag></tags>
</question>
<question type="multichoice"><questiontext><text>二</text></questiontext><single>false</single>
  <answer fraction="50"><text>甲</text></answer><answer fraction="50"><text>乙</text></answer>
  <answer fraction="-100"><text>丙</text></answer></question>
<question type="truefalse"><questiontext><text>三</text></questiontext>
  <answer fraction="0"><text>true</text><feedback><text>未必</text></feedback></answer><answer fraction="100"><text>false</text></answer></question>
<question type="matching"><questiontext><text>配对</text></questiontext>
  <subquestion><text>一</text><answer><text>甲</text></answer></subquestion>
  <subquestion><text>二</text><answer><text>乙</text></answer></subquestion>
  <subquestion><text></text><answer><text>丙</text></answer></subquestion></question>
</quiz>"#;

    fn codes(text: &str) -> Vec<&'static str> {
        let read = read(text.as_bytes(), "quiz.xml", &Defaults::default());
        read.problems.iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn questions_of_every_kind_that_can_be_held_are_read() {
        let read = read(QUIZ.as_bytes(), "quiz.xml", &Defaults::default());
        assert_eq!((read.items, read.accepted), (5, 5), "{:?}", read.problems);
        assert_eq!(codes(QUIZ), ["settings_lost", "emphasis_lost", "weights_lost"]);
        let [one, many, judge, pairs] = read.units.as_slice() else { panic!("four units") };
        assert_eq!((one.code.as_str(), one.topic.as_str()), ("M-1", "内科/心血管"));
        assert_eq!(one.items[0].stem, "10⁹/L 是谁？");
        assert_eq!(one.items[0].options[0].text, "甲 < 5");
        assert_eq!(one.items[0].explanation, "总的\n「甲 < 5」：对");
        assert_eq!((one.tags.as_slice(), one.source.row), (&["血".to_owned()][..], Some(4)));
        assert_eq!(many.items[0].key.bits(), 0b011);
        assert_eq!(judge.items[0].key.bits(), 0b10);
        assert_eq!(judge.items[0].explanation, "「正确」：未必");
        assert_eq!((pairs.items.len(), pairs.shared_options.len()), (2, 3));
        assert_eq!(pairs.items[0].stem, "配对\n一");
    }

    #[test]
    fn pictures_come_along() {
        const DOT: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
        let text = format!(
            "<quiz><question type='multichoice'><questiontext format='html'>\
            <text>&lt;img src=\"@@PLUGINFILE@@/a%20b.png\" alt=\"胸片\"&gt;是</text>\
            <file name='a b.png' path='/' encoding='base64'>{DOT}</file></questiontext>\
            <answer fraction='100'><text>&lt;img src=\"data:image/png;base64,{DOT}\"&gt;</text></answer>\
            <answer fraction='0'><text>乙</text></answer></question></quiz>"
        );
        let read = read(text.as_bytes(), "quiz.xml", &Defaults::default());
        assert_eq!((read.accepted, read.pictures.len()), (1, 1), "{:?}", read.problems);
        let item = &read.units[0].items[0];
        assert_eq!((item.stem.as_str(), item.options[0].text.as_str()), ("[图1]是", "[图2]"));
        let old = text.replace("@@PLUGINFILE@@/a%20b.png", "data:image/png;base64,AAAA").replace(
            "<answer fraction='100'>",
            &format!(
                "<image>a.png</image><image_base64>\n{DOT}\n</image_base64><answer fraction='100'>"
            ),
        );
        let old =
            old.replace("&lt;img src=\"data:image/png;base64,AAAA\" alt=\"胸片\"&gt;", "图示");
        let old = super::read(old.as_bytes(), "quiz.xml", &Defaults::default());
        assert_eq!((old.accepted, old.pictures.len()), (1, 1), "{:?}", old.problems);
        assert_eq!(old.units[0].items[0].stem, "图示是\n[图1]");
        assert_eq!(item.media[0].words, "胸片");
        assert!(item.media.iter().all(|media| media.picture == read.pictures[0].hash));
    }

    #[test]
    fn x17_what_cannot_be_held_is_said() {
        for kind in ["cloze", "essay", "calculated", "numerical", "pmatch", ""] {
            let text = format!(
                "<quiz><question type='{kind}'><questiontext><text>{{#1}}</text></questiontext></question></quiz>"
            );
            assert_eq!(codes(&text), ["topic_missing", "type_unsupported"], "{kind}");
        }
        let question = |inner: &str| {
            format!(
                "<quiz><question type='multichoice'><questiontext format='html'><text>x</text>\
                </questiontext>{inner}</question></quiz>"
            )
        };
        let two = "<answer fraction='100'><text>a</text></answer>\
            <answer fraction='100'><text>b</text></answer>";
        assert_eq!(codes(&question(two)), ["topic_missing", "several_right"]);
        let half = "<answer fraction='100'><text>a</text></answer>\
            <answer fraction='50'><text>b</text></answer>";
        assert_eq!(codes(&question(half)), ["topic_missing", "weights_lost"]);
        let none = "<answer fraction='0'><text>a</text></answer>\
            <answer fraction='0'><text>b</text></answer>";
        assert_eq!(codes(&question(none)), ["topic_missing", "key_missing"]);
        let far = "<answer fraction='100'><text>&lt;img src=\"file:///etc/passwd\"></text></answer>\
            <answer fraction='0'><text>b</text></answer>";
        assert_eq!(codes(&question(far)), ["topic_missing", "media_missing"]);
        let right = "<answer fraction='100'><text>a</text></answer>\
            <answer fraction='0'><text>b</text></answer>";
        for (said, code) in [
            ("<shuffleanswers>0</shuffleanswers>", "order_lost"),
            ("<correctfeedback><text>Well done</text></correctfeedback>", "feedback_lost"),
            ("<name><text>n</text></name>", "settings_lost"),
            ("<defaultgrade>2.5</defaultgrade>", "settings_lost"),
        ] {
            let codes = codes(&question(&format!("{right}{said}")));
            assert_eq!(codes, ["topic_missing", code], "{said}");
        }
        let own = "<incorrectfeedback><text>Your answer is incorrect.</text></incorrectfeedback>";
        assert_eq!(codes(&question(&format!("{right}{own}"))), ["topic_missing"]);
        let marked = question(right).replace("format='html'", "format='markdown'");
        let marked = marked.replace("<text>x<", "<text>is **x**<");
        assert_eq!(codes(&marked), ["topic_missing", "markdown_kept"]);
        assert_eq!(codes("<examview><question/></examview>"), ["xml_kind"]);
        assert_eq!(codes("<quiz></quiz>"), ["no_items"]);
        assert_eq!(codes("<quiz><question"), ["xml_damaged"]);
        assert_eq!(codes("<!DOCTYPE x []><quiz/>"), ["xml_doctype"]);
    }
}
