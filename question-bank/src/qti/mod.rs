//! QTI 2.1, 2.2 and 3.0: items, and packages of them.
//!
//! QTI 3 spells the names of QTI 2 with hyphens and a prefix; both are read under the names of
//! QTI 2.

mod body;
mod declared;
mod package;

use std::sync::Arc;

use crate::archive::is_archive;
use crate::check::{Imported, Intake};
use crate::decode::decode;
use crate::foreign::{Found, number_items};
use crate::hash::derived_code;
use crate::item::Defaults;
use crate::problem::Severity;
use crate::raw::{Place, RawItem, RawUnit};
use crate::wording::NO_TOPIC;
use crate::xml::{self, Element, Node, NotXml};
use body::Interaction;
use declared::Declared;

/// Reads an item, a file of several, or a package, and names every problem, not only the first.
#[must_use]
pub fn read(bytes: &[u8], file: &str, defaults: &Defaults) -> Imported {
    let mut reader = Reader { intake: Intake::new(file, defaults), group: None, untold: false };
    if is_archive(bytes) {
        package::read(bytes, &mut reader);
    } else {
        let read = decode(bytes).map_err(NotXml::from).and_then(|text| xml::document(&text));
        match read {
            Ok(root) => reader.document(None, &named_as_before(root), &[], &mut |_| None),
            Err(why) => reader.refuse_document(None, &why),
        }
    }
    reader.end()
}

/// Whether this is an archive with a manifest, or with nothing that an office program writes.
pub(crate) fn is_package(bytes: &[u8]) -> bool {
    let has = |what: &[u8]| memchr::memmem::find(bytes, what).is_some();
    is_archive(bytes)
        && (has(b"imsmanifest.xml")
            || !(has(b"[Content_Types].xml") || has(b"workbook.xml") || has(b"content.xml"))
                && has(b".xml"))
}

/// Whether this is the name of a document of QTI.
pub(crate) fn is_root(name: &str) -> bool {
    matches!(
        unprefixed(name).as_str(),
        "assessmentItem" | "assessmentTest" | "assessmentSection" | "assessmentStimulus"
    )
}

/// `qti-choice-interaction` as `choiceInteraction`.
fn unprefixed(name: &str) -> String {
    let Some(rest) = name.strip_prefix("qti-") else { return name.to_owned() };
    unhyphened(rest)
}

/// `response-identifier` as `responseIdentifier`.
fn unhyphened(name: &str) -> String {
    let mut parts = name.split('-');
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let mut chars = part.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    out
}

/// The tree under the names of QTI 2.
fn named_as_before(mut element: Element) -> Element {
    let new = element.name.starts_with("qti-");
    element.name = unprefixed(&element.name);
    if new {
        for (name, _) in &mut element.attributes {
            *name = unhyphened(name);
        }
    }
    element.children = element
        .children
        .into_iter()
        .map(|node| match node {
            Node::Element(child) => Node::Element(named_as_before(child)),
            text @ Node::Text(_) => text,
        })
        .collect();
    element
}

/// Finds a picture by where an item says it comes from.
type Pictures<'a> = &'a mut dyn FnMut(&str) -> Option<Arc<[u8]>>;

/// A case that items share, by the name they refer to it with.
struct Stimulus {
    href: String,
    body: Element,
}

struct Reader<'a> {
    intake: Intake<'a>,
    /// The group that goes on while items refer to the same stimulus.
    group: Option<(String, RawUnit)>,
    untold: bool,
}

impl Reader<'_> {
    /// Reads a document; `name` is the file's in its package.
    fn document(
        &mut self,
        name: Option<&str>,
        root: &Element,
        stimuli: &[Stimulus],
        pictures: Pictures<'_>,
    ) {
        match root.name.as_str() {
            "assessmentItem" => self.item(name, root, stimuli, pictures),
            // Without a package there is nothing behind its references.
            _ => {
                let place = place_of(name, root.line);
                let message = format!("{} 中没有试题；请导入整个试题包（.zip）", root.name);
                self.intake.remark(Severity::Warning, &place, None, "qti_without_items", message);
            }
        }
    }

    fn refuse_document(&mut self, name: Option<&str>, why: &NotXml) {
        let place = Place { row: why.line(), ..place_of(name, 0) };
        self.intake.remark(Severity::Error, &place, None, why.code(), why.to_string());
    }

    fn item(
        &mut self,
        name: Option<&str>,
        root: &Element,
        stimuli: &[Stimulus],
        pictures: Pictures<'_>,
    ) {
        let mut found = Found::default();
        let mut unit = RawUnit {
            code: root.attribute("identifier").unwrap_or_default().trim().to_owned(),
            topic: self.topic(name, root.line),
            place: place_of(name, root.line),
            ..RawUnit::default()
        };
        let declared = Declared::of(root);
        let body = root.child("itemBody");
        let read = body
            .ok_or(("qti_damaged", "没有 itemBody".to_owned()))
            .and_then(|body| body::read(body, &declared, &mut found));
        let read = match read {
            Ok(read) => read,
            Err((code, message)) => {
                if unit.code.is_empty() {
                    unit.code = derived_code(&unit);
                }
                self.intake.refuse(&unit, code, message);
                return;
            }
        };
        for feedback in root.all("modalFeedback") {
            found.explain(None, body::rich(feedback));
        }
        declared.note(root, &mut found);
        let reference = root.child("assessmentStimulusRef");
        let href = reference.and_then(|reference| reference.attribute("href"));
        let stimulus = href.and_then(|href| stimuli.iter().find(|known| known.href == href));
        if href.is_some() && stimulus.is_none() {
            found.note("stimulus_missing", "共用材料不在文件中");
        }
        self.fill(unit, read, found, stimulus, pictures);
    }

    /// One interaction is an item; several on one page, or a stimulus, make a group.
    fn fill(
        &mut self,
        mut unit: RawUnit,
        read: body::Body,
        mut found: Found,
        stimulus: Option<&Stimulus>,
        pictures: Pictures<'_>,
    ) {
        let body::Body { shared, mut interactions } = read;
        match (stimulus, interactions.len()) {
            (None, 1) => {
                let interaction = interactions.remove(0);
                interaction.give(&mut unit, &mut found, &shared);
                found.give(&mut unit, &mut self.intake, &mut *pictures);
                self.take(unit);
            }
            (stimulus, _) => {
                let case = stimulus.map(|stimulus| found.text(body::rich(&stimulus.body)));
                let code = unit.code.clone();
                let place = unit.place.clone();
                let items: Vec<RawItem> = interactions
                    .into_iter()
                    .map(|interaction| item_of(interaction, &mut found, &place))
                    .collect();
                found.give(&mut unit, &mut self.intake, &mut *pictures);
                let explanation = std::mem::take(&mut unit.explanation);
                let (shared, first) = match case {
                    Some(case) => (case, shared),
                    None => (shared, String::new()),
                };
                self.group(
                    unit,
                    stimulus.map(|s| s.href.as_str()),
                    shared,
                    &first,
                    items,
                    explanation,
                    &code,
                );
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a group in the making")]
    fn group(
        &mut self,
        mut unit: RawUnit,
        href: Option<&str>,
        shared: String,
        first: &str,
        mut items: Vec<RawItem>,
        explanation: String,
        code: &str,
    ) {
        if let [item, ..] = items.as_mut_slice() {
            if !first.is_empty() {
                item.stem = format!("{first}\n{}", item.stem).trim().to_owned();
            }
            if item.explanation.is_empty() {
                item.explanation = explanation;
            }
        }
        let one = items.len() == 1;
        for (number, item) in (1..).zip(&mut items) {
            item.code = if one { code.to_owned() } else { format!("{code}-{number}") };
        }
        if let (Some((open, group)), Some(href)) = (&mut self.group, href)
            && open == href
        {
            group.items.extend(items);
            group.place.damage.append(&mut unit.place.damage);
            group.media.append(&mut unit.media);
            return;
        }
        self.end_group();
        unit.r#type = "A3".to_owned();
        unit.stem = shared;
        unit.items = items;
        match href {
            Some(href) => {
                unit.code = format!("{code}-g");
                self.group = Some((href.to_owned(), unit));
            }
            None => self.take(unit),
        }
    }

    fn take(&mut self, mut unit: RawUnit) {
        if unit.items.is_empty() {
            self.end_group();
        }
        if unit.code.is_empty() {
            unit.code = derived_code(&unit);
        }
        if unit.r#type == "B1" {
            number_items(&mut unit);
        }
        self.intake.take(unit);
    }

    fn end_group(&mut self) {
        if let Some((_, group)) = self.group.take() {
            self.intake.take(group);
        }
    }

    fn topic(&mut self, name: Option<&str>, line: u32) -> String {
        if !std::mem::replace(&mut self.untold, true) {
            let message = format!("没有分类的试题已归入「{NO_TOPIC}」");
            let place = place_of(name, line);
            self.intake.remark(Severity::Warning, &place, None, "topic_missing", message);
        }
        NO_TOPIC.to_owned()
    }

    fn end(mut self) -> Imported {
        self.end_group();
        self.intake.finish()
    }
}

fn item_of(interaction: Interaction, found: &mut Found, place: &Place) -> RawItem {
    let mut unit = RawUnit::default();
    interaction.give(&mut unit, found, "");
    RawItem {
        stem: unit.stem,
        options: unit.options,
        key: unit.key,
        place: Place { damage: vec![], ..place.clone() },
        ..RawItem::default()
    }
}

/// A file of a package stands where others have a sheet.
fn place_of(name: Option<&str>, line: u32) -> Place {
    Place { sheet: name.map(Into::into), row: (line > 0).then_some(line), ..Place::default() }
}

#[cfg(test)]
mod tests;
