//! The body of an item: what is read, and where the candidate chooses.

use super::declared::{Declared, Response};
use crate::foreign::{Found, NotHeld, Weighted, choose, pair};
use crate::html::{self, Plain};
use crate::raw::RawUnit;
use crate::wording::judge_options;
use crate::xml::{Element, Node};

/// A body taken apart.
pub(super) struct Body {
    /// What stands outside of the interactions.
    pub shared: String,
    pub interactions: Vec<Interaction>,
    /// Identifiers of options with what the options say.
    pub named: Vec<(String, String)>,
}

/// A place where the candidate chooses.
pub(super) enum Interaction {
    Choice { prompt: Plain, many: bool, weighted: bool, inline: bool, options: Vec<Weighted> },
    Match { prompt: Plain, weighted: bool, pairs: Vec<(Plain, String)> },
}

/// The most choices of an interaction that are looked at.
const CHOICES_MAX: usize = 100;

/// Interactions of the standard that are no choice among options, with words for authors.
const UNSUPPORTED: [(&str, &str); 16] = [
    ("textEntryInteraction", "填空"),
    ("extendedTextInteraction", "问答"),
    ("orderInteraction", "排序"),
    ("associateInteraction", "自由配对"),
    ("gapMatchInteraction", "拖放填空"),
    ("hottextInteraction", "文中选词"),
    ("hotspotInteraction", "图上选点"),
    ("selectPointInteraction", "图上标点"),
    ("graphicOrderInteraction", "图上排序"),
    ("graphicAssociateInteraction", "图上配对"),
    ("graphicGapMatchInteraction", "图上拖放"),
    ("positionObjectInteraction", "图上摆放"),
    ("sliderInteraction", "滑块"),
    ("drawingInteraction", "绘图"),
    ("uploadInteraction", "上传文件"),
    ("mediaInteraction", "播放媒体"),
];

/// Takes a body apart; one without interactions only shows something.
pub(super) fn read(
    body: &Element,
    declared: &Declared,
    found: &mut Found,
) -> Result<Body, NotHeld> {
    let mut walk =
        Walk { declared, found, shared: String::new(), interactions: vec![], named: vec![] };
    walk.through(body)?;
    let Walk { shared, mut interactions, named, .. } = walk;
    if interactions.len() > 1 {
        name_gaps(&mut interactions);
    }
    Ok(Body { shared: found.text(html::plain(&shared)), interactions, named })
}

/// Gaps of one sentence have no question of their own: they are counted.
fn name_gaps(interactions: &mut [Interaction]) {
    let gaps = interactions.iter_mut().filter_map(|interaction| match interaction {
        Interaction::Choice { prompt, inline: true, .. } => Some(prompt),
        _ => None,
    });
    for (number, prompt) in (1..).zip(gaps) {
        prompt.text = format!("第 {number} 空");
    }
}

/// A body on the way through it.
struct Walk<'a> {
    declared: &'a Declared,
    found: &'a mut Found,
    /// What is read, as HTML, without the interactions.
    shared: String,
    interactions: Vec<Interaction>,
    named: Vec<(String, String)>,
}

impl Walk<'_> {
    fn through(&mut self, element: &Element) -> Result<(), NotHeld> {
        for node in &element.children {
            match node {
                Node::Text(text) => push_text(&mut self.shared, text),
                Node::Element(child) => self.element(child)?,
            }
        }
        Ok(())
    }

    fn element(&mut self, child: &Element) -> Result<(), NotHeld> {
        match child.name.as_str() {
            "choiceInteraction" => self.choice(child)?,
            "inlineChoiceInteraction" => {
                self.shared.push_str(" ____ ");
                self.choice(child)?;
            }
            "matchInteraction" => {
                let matching = matching(child, self.declared, self.found)?;
                self.interactions.push(matching);
            }
            "feedbackBlock" | "feedbackInline" => {
                self.found.explain(None, rich(child));
                if child.has("endAttemptInteraction") {
                    self.hint();
                }
            }
            "endAttemptInteraction" => self.hint(),
            "rubricBlock" if is_for_candidates(child) => self.through(child)?,
            "rubricBlock" => {
                if !rich(child).text.is_empty() {
                    self.found.note("rubric_lost", "只给评分人或教师看的说明不能保存");
                }
            }
            "templateBlock" | "templateInline" | "printedVariable" => return Err(variables()),
            "customInteraction" | "portableCustomInteraction" => {
                return Err(("type_unsupported", "自定义题型不能导入".to_owned()));
            }
            name => {
                if let Some((_, words)) = UNSUPPORTED.iter().find(|(known, _)| *known == name) {
                    let message = format!("{words}题（{name}）不能作为选择题导入");
                    return Err(("type_unsupported", message));
                }
                if let Some(kind) = outside_text(child) {
                    let message = format!("题目依赖的外部文件（{kind}）不能导入");
                    self.found.need("object_lost", message);
                    return Ok(());
                }
                open_tag(&mut self.shared, child);
                if !is_picture(child) {
                    self.through(child)?;
                }
                close_tag(&mut self.shared, child);
            }
        }
        Ok(())
    }

    fn choice(&mut self, element: &Element) -> Result<(), NotHeld> {
        let says = |name: &str, value: &Element| {
            value.attribute(name).is_some_and(|says| says.eq_ignore_ascii_case("true"))
        };
        if says("shuffle", element) && element.elements().any(|option| says("fixed", option)) {
            self.found.note_order();
        }
        for option in choices(element) {
            let identifier = option.attribute("identifier").unwrap_or_default();
            self.named.push((identifier.to_owned(), rich(option).text));
        }
        let choice = choice(element, self.declared)?;
        self.interactions.push(choice);
        Ok(())
    }

    fn hint(&mut self) {
        self.found.note("hints_lost", "提示不能保存");
    }
}

/// Why an item whose numbers or texts are drawn anew each time is not taken.
pub(super) fn variables() -> NotHeld {
    ("type_unsupported", "含变量的试题不能导入".to_owned())
}

/// Whether a rubric is read by candidates, too; one that does not say is.
fn is_for_candidates(rubric: &Element) -> bool {
    rubric
        .attribute("view")
        .is_none_or(|view| view.split_whitespace().any(|who| who == "candidate"))
}

/// What an object shows that is neither picture nor recording.
fn outside_text(element: &Element) -> Option<String> {
    let kind = element.attribute("type").filter(|_| element.name == "object")?;
    let known = ["image/", "audio/", "video/"].iter().any(|known| kind.starts_with(known));
    (!known).then(|| kind.chars().take(60).collect())
}

fn response<'a>(element: &Element, declared: &'a Declared) -> Result<&'a Response, NotHeld> {
    let name = element.attribute("responseIdentifier").unwrap_or_default();
    declared.get(name).ok_or_else(|| {
        let shown: String = name.chars().take(60).collect();
        ("key_missing", format!("没有声明答案 {shown:?}"))
    })
}

fn prompt(element: &Element) -> Plain {
    element.child("prompt").map(rich).unwrap_or_default()
}

fn choices(element: &Element) -> impl Iterator<Item = &Element> {
    element
        .elements()
        .filter(|child| matches!(child.name.as_str(), "simpleChoice" | "inlineChoice"))
}

fn choice(element: &Element, declared: &Declared) -> Result<Interaction, NotHeld> {
    let response = response(element, declared)?;
    if choices(element).count() > CHOICES_MAX || response.size() > CHOICES_MAX {
        return Err(("options_count", format!("选项不超过 {CHOICES_MAX} 个")));
    }
    let option = |option: &Element| {
        let identifier = option.attribute("identifier").unwrap_or_default();
        Weighted {
            text: rich(option),
            percent: response.percent(identifier),
            why: option.child("feedbackInline").map(rich).unwrap_or_default(),
        }
    };
    let many = response.cardinality == "multiple";
    let mut options: Vec<Weighted> = choices(element).map(option).collect();
    // A choice between right and wrong is a statement to judge, in our words.
    if let ([first, second], false) = (options.as_mut_slice(), many)
        && (first.text.text.as_str(), second.text.text.as_str()) == ("True", "False")
    {
        "正确".clone_into(&mut first.text.text);
        "错误".clone_into(&mut second.text.text);
    }
    Ok(Interaction::Choice {
        prompt: prompt(element),
        many,
        weighted: response.is_weighted(),
        inline: element.name == "inlineChoiceInteraction",
        options,
    })
}

fn matching(
    element: &Element,
    declared: &Declared,
    found: &mut Found,
) -> Result<Interaction, NotHeld> {
    let response = response(element, declared)?;
    let sets: Vec<&Element> = element.all("simpleMatchSet").collect();
    let [stems, options] = sets.as_slice() else {
        return Err(("qti_damaged", "配对题应有两组选项".to_owned()));
    };
    let named = |set: &Element| -> Vec<(String, Plain)> {
        let choices = set.all("simpleAssociableChoice");
        choices
            .map(|choice| {
                (choice.attribute("identifier").unwrap_or_default().to_owned(), rich(choice))
            })
            .collect()
    };
    let (stems, options) = (named(stems), named(options));
    if stems.len().max(options.len()).max(response.size()) > CHOICES_MAX {
        return Err(("group_bad", format!("配对题不超过 {CHOICES_MAX} 项")));
    }
    let right = response.pairs();
    if right.is_empty() {
        return Err(("key_missing", "配对题没有答案".to_owned()));
    }
    let options: Vec<(String, String)> =
        options.into_iter().map(|(identifier, option)| (identifier, found.text(option))).collect();
    let mut pairs = Vec::with_capacity(stems.len() + options.len());
    // All options, in their order, whether anything belongs to them or not.
    for (_, option) in &options {
        pairs.push((Plain::default(), option.clone()));
    }
    for (identifier, stem) in stems {
        let of = right.iter().filter(|(first, _)| *first == identifier);
        let [second] = of.map(|(_, second)| second).collect::<Vec<_>>()[..] else {
            let message = "配对题的每一项应恰有一个答案".to_owned();
            return Err(("key_not_one", message));
        };
        let option = options.iter().find(|(known, _)| known == second);
        let option = option.map(|(_, option)| option.clone());
        let option = option.ok_or(("key_outside", "配对题的答案不在选项中".to_owned()))?;
        pairs.push((stem, option));
    }
    Ok(Interaction::Match { prompt: prompt(element), weighted: response.is_weighted(), pairs })
}

impl Interaction {
    /// Gives the unit stem, options and key; `shared` stands above the prompt.
    ///
    /// # Errors
    /// Where one option is to be chosen and any of several is right.
    pub(super) fn give(
        self,
        unit: &mut RawUnit,
        found: &mut Found,
        shared: &str,
    ) -> Result<(), NotHeld> {
        let joined = |prompt: String| match (shared.is_empty(), prompt.is_empty()) {
            (_, true) => shared.to_owned(),
            (true, false) => prompt,
            (false, false) => format!("{shared}\n{prompt}"),
        };
        match self {
            Self::Choice { prompt, many, weighted, options, .. } => {
                unit.stem = joined(found.text(prompt));
                note_weights(weighted, found);
                choose(unit, found, many, options)?;
                judged(unit);
            }
            Self::Match { prompt, weighted, pairs } => {
                unit.stem = joined(found.text(prompt));
                note_weights(weighted, found);
                pair(unit, found, pairs);
            }
        }
        Ok(())
    }
}

fn note_weights(weighted: bool, found: &mut Found) {
    if weighted {
        found.note("weights_lost", "选项的得分比例不能保存，按考试的计分规则给分");
    }
}

/// A choice between right and wrong is a statement to judge.
fn judged(unit: &mut RawUnit) {
    let texts: Vec<&str> = unit.options.iter().map(|option| option.text.as_str()).collect();
    if let (["正确", "错误"], "single") = (texts.as_slice(), unit.r#type.as_str()) {
        unit.r#type = "judge".to_owned();
        unit.options = judge_options();
    }
}

/// What an element says.
pub(super) fn rich(element: &Element) -> Plain {
    let mut out = String::new();
    inner(element, &mut out);
    html::plain(&out)
}

fn inner(element: &Element, out: &mut String) {
    for node in &element.children {
        match node {
            Node::Text(text) => push_text(out, text),
            Node::Element(child) if child.name.starts_with("feedback") => {}
            Node::Element(child) => {
                open_tag(out, child);
                if !is_picture(child) {
                    inner(child, out);
                }
                close_tag(out, child);
            }
        }
    }
}

fn push_text(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            c => out.push(c),
        }
    }
}

/// Pictures also come as `object`, with words for who cannot see them inside.
fn is_picture(element: &Element) -> bool {
    is_object_of(element, "image/")
}

fn is_object_of(element: &Element, kind: &str) -> bool {
    element.name == "object" && element.attribute("type").is_some_and(|mime| mime.starts_with(kind))
}

fn open_tag(out: &mut String, element: &Element) {
    let picture = is_picture(element);
    let recording = is_object_of(element, "audio/") || is_object_of(element, "video/");
    let name = match element.name.as_str() {
        _ if picture => "img",
        _ if recording => "audio",
        name => name,
    };
    out.push('<');
    out.push_str(name);
    for (attribute, value) in &element.attributes {
        let attribute = if picture && attribute == "data" { "src" } else { attribute.as_str() };
        // Handlers and styles, too: what a browser would run is refused, not cleaned.
        if matches!(attribute, "src" | "href" | "alt" | "style") || attribute.starts_with("on") {
            out.push(' ');
            out.push_str(attribute);
            out.push_str("=\"");
            out.push_str(&value.replace('&', "&amp;").replace('"', "&quot;"));
            out.push('"');
        }
    }
    if picture && element.attribute("alt").is_none() {
        let words = element.text().split_whitespace().collect::<Vec<_>>().join(" ");
        out.push_str(&format!(" alt=\"{}\"", words.replace('&', "&amp;").replace('"', "&quot;")));
    }
    out.push('>');
}

fn close_tag(out: &mut String, element: &Element) {
    if !matches!(element.name.as_str(), "br" | "img" | "hr" | "object") {
        out.push_str("</");
        out.push_str(&element.name);
        out.push('>');
    }
}
