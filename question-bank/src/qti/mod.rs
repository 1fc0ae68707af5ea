//! QTI 2.1, 2.2 and 3.0: items, and packages of them.
//!
//! QTI 3 spells the names of QTI 2 with hyphens and a prefix; both are read under the names of
//! QTI 2.

mod body;
mod declared;
pub(crate) mod mark;
mod package;

use std::sync::Arc;

use crate::archive::is_archive;
use crate::check::Imported;
use crate::decode::decode;
use crate::foreign::{Found, Importer, NotHeld};
use crate::item::Defaults;
use crate::raw::{Place, RawItem, RawPicture, RawUnit};
use crate::xml::{self, Element, Node, NotXml};
use body::Interaction;
use declared::Declared;
use mark::{Label, Marked};
pub(crate) use package::{MANIFEST_BYTES_MAX, PARTS_MAX};

/// The root of the documents of QTI 1, which Canvas, Blackboard and cartridges still use.
const OLD_ROOT: &str = "questestinterop";

/// Reads an item, a file of several, or a package, and names every problem, not only the first.
#[must_use]
pub fn read(bytes: &[u8], file: &str, defaults: &Defaults) -> Imported {
    let mut reader = Reader { importer: Importer::new(file, defaults), group: None };
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
        "assessmentItem" | "assessmentTest" | "assessmentSection" | "assessmentStimulus" | OLD_ROOT
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
    importer: Importer<'a>,
    /// The group that goes on while items refer to the same stimulus.
    group: Option<(String, RawUnit)>,
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
            OLD_ROOT => self.refuse_old(&place_of(name, root.line)),
            // Without a package there is nothing behind its references.
            _ => {
                let place = place_of(name, root.line);
                let message = format!("{} 中没有试题；请导入整个试题包（.zip）", root.name);
                self.importer.warn(&place, "qti_without_items", message);
            }
        }
    }

    /// QTI 1 has nothing in common with the later versions but its name.
    fn refuse_old(&mut self, place: &Place) {
        let message = "QTI 1.2（Canvas、Blackboard、Common Cartridge 的导出）不能导入；\
            请在原系统导出 QTI 2.1 及以上，或先导入 Moodle 再导出 Moodle XML";
        self.importer.fail(place, "qti_version", message);
    }

    fn refuse_document(&mut self, name: Option<&str>, why: &NotXml) {
        let place = Place { row: why.line(), ..place_of(name, 0) };
        self.importer.fail(&place, why.code(), why.to_string());
    }

    fn item(
        &mut self,
        name: Option<&str>,
        root: &Element,
        stimuli: &[Stimulus],
        pictures: Pictures<'_>,
    ) {
        let mut found = Found::default();
        let place = place_of(name, root.line);
        if root.attribute("title").is_some_and(|title| !title.trim().is_empty()) {
            self.importer.leave_settings(&place);
        }
        let unit = RawUnit {
            code: root.attribute("identifier").unwrap_or_default().trim().to_owned(),
            topic: self.importer.topic(&place),
            place,
            ..RawUnit::default()
        };
        let declared = Declared::of(root);
        let body = root.child("itemBody");
        if root.child("templateProcessing").is_some() {
            self.importer.refuse(unit, body::variables());
            return;
        }
        let read = body
            .ok_or(("qti_damaged", "没有 itemBody".to_owned()))
            .and_then(|body| body::read(body, &declared, &mut found));
        let read = match read {
            Ok(read) => read,
            Err(why) => {
                self.importer.refuse(unit, why);
                return;
            }
        };
        if read.interactions.is_empty() {
            self.importer.leave_description(&unit.place);
            return;
        }
        for feedback in root.all("modalFeedback") {
            let of = feedback.attribute("identifier");
            let option = read.named.iter().find(|(name, _)| Some(name.as_str()) == of);
            let option = option.map(|(_, text)| text.as_str());
            found.explain(option, body::rich(feedback));
        }
        if root.attribute("adaptive") == Some("true") {
            found.note("scoring_unknown", "可多次作答的试题按一次作答、按标准答案计分，请核对");
        }
        declared.note(root, &mut found);
        let reference = root.child("assessmentStimulusRef");
        let href = reference.and_then(|reference| reference.attribute("href"));
        let stimulus = href.and_then(|href| stimuli.iter().find(|known| known.href == href));
        if href.is_some() && stimulus.is_none() {
            found.need("stimulus_missing", "共用材料不在文件中；请导入整个试题包（.zip）");
        }
        self.fill(unit, read, found, stimulus, pictures);
    }

    /// Takes an item that this project wrote, alone or into its group.
    fn marked(
        &mut self,
        name: &str,
        label: &Label,
        line: u32,
        marked: Marked,
        pictures: Pictures<'_>,
    ) {
        let mut found = |mut shown: Vec<RawPicture>| {
            for picture in &mut shown {
                picture.bytes = pictures(&picture.name);
            }
            shown
        };
        let Marked { mut item, case } = marked;
        item.media = found(item.media);
        let place = place_of(Some(name), line);
        let mut unit = RawUnit {
            code: label.group.clone().unwrap_or_else(|| label.code.clone()),
            r#type: label.item_type.clone(),
            topic: label.topic.clone(),
            difficulty: label.difficulty.clone(),
            tags: label.tags.clone(),
            categories: label.categories.clone(),
            practice_scopes: label.practice_scopes.clone(),
            pool: label.pool.clone(),
            place: place.clone(),
            ..RawUnit::default()
        };
        if label.group.is_none() {
            self.end_group();
            let RawItem { stem, options, key, explanation, media, .. } = item;
            self.importer.take_whole(RawUnit { stem, options, key, explanation, media, ..unit });
            return;
        }
        item.place = place;
        let tie = format!("{}:{}", mark::CATALOG, unit.code);
        let shared = unit.r#type == "B1";
        match &mut self.group {
            Some((open, group)) if *open == tie => {
                if shared && item.options == group.options {
                    item.options.clear();
                }
                group.items.push(item);
            }
            _ => {
                self.end_group();
                if shared {
                    unit.options = std::mem::take(&mut item.options);
                }
                if let Some((stem, media)) = case {
                    (unit.stem, unit.media) = (stem, found(media));
                }
                unit.items.push(item);
                self.group = Some((tie, unit));
            }
        }
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
        let body::Body { shared, mut interactions, .. } = read;
        if stimulus.is_none() && interactions.len() == 1 {
            self.end_group();
            match interactions.remove(0).give(&mut unit, &mut found, &shared) {
                Ok(()) => self.importer.take(unit, found, pictures),
                Err(why) => self.importer.refuse(unit, why),
            }
            return;
        }
        // What stands around the interactions is the case, or belongs to the first question.
        let (case, lead) = match stimulus {
            Some(stimulus) => (found.text(body::rich(&stimulus.body)), shared),
            None => (shared, String::new()),
        };
        unit.r#type = "A3".to_owned();
        unit.stem = case;
        let place = unit.place.clone();
        let items: Result<Vec<RawItem>, NotHeld> = interactions
            .into_iter()
            .map(|interaction| item_of(interaction, &mut found, &place))
            .collect();
        match items {
            Ok(items) => unit.items = items,
            Err(why) => {
                self.importer.refuse(unit, why);
                return;
            }
        }
        self.importer.give(&mut unit, found, pictures);
        let explanation = std::mem::take(&mut unit.explanation);
        if let [item, ..] = unit.items.as_mut_slice() {
            item.stem = format!("{lead}\n{}", item.stem).trim().to_owned();
            item.explanation = explanation;
        }
        self.take_group(unit, stimulus.map(|stimulus| stimulus.href.as_str()));
    }

    /// Takes a group, or adds its items to the one that goes on with the same stimulus.
    fn take_group(&mut self, mut unit: RawUnit, href: Option<&str>) {
        if let [item] = unit.items.as_mut_slice() {
            item.code.clone_from(&unit.code);
        }
        for (number, item) in (1..).zip(&mut unit.items).filter(|(_, item)| item.code.is_empty()) {
            item.code = format!("{}-{number}", unit.code);
        }
        match (&mut self.group, href) {
            (Some((open, group)), Some(href)) if open == href => {
                group.items.append(&mut unit.items);
                group.place.damage.append(&mut unit.place.damage);
                group.media.append(&mut unit.media);
            }
            (_, Some(href)) => {
                self.end_group();
                unit.code.push_str("-g");
                self.group = Some((href.to_owned(), unit));
            }
            (_, None) => {
                self.end_group();
                self.importer.take_whole(unit);
            }
        }
    }

    fn end_group(&mut self) {
        if let Some((_, group)) = self.group.take() {
            self.importer.take_whole(group);
        }
    }

    fn end(mut self) -> Imported {
        self.end_group();
        self.importer.finish()
    }
}

fn item_of(interaction: Interaction, found: &mut Found, place: &Place) -> Result<RawItem, NotHeld> {
    let mut unit = RawUnit::default();
    interaction.give(&mut unit, found, "")?;
    Ok(RawItem {
        stem: unit.stem,
        options: unit.options,
        key: unit.key,
        place: Place { damage: vec![], ..place.clone() },
        ..RawItem::default()
    })
}

/// A file of a package stands where others have a sheet.
fn place_of(name: Option<&str>, line: u32) -> Place {
    Place { sheet: name.map(Into::into), row: (line > 0).then_some(line), ..Place::default() }
}

#[cfg(test)]
mod tests;
