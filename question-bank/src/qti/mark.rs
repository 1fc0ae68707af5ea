//! Items that this project wrote itself.
//!
//! Their manifest says as LOM what QTI has no element for, and their texts stand exactly as they
//! are, spaces and all. Anything that is not quite as it was written is read like any other item.

use std::collections::BTreeMap;

use super::Stimulus;
use crate::export::picture_name;
use crate::raw::{RawItem, RawOption, RawPicture};
use crate::xml::{Element, Node};

/// What items name as the program that wrote them.
pub(crate) const TOOL: &str = "exam-bank";
/// The version of how they are written.
pub(crate) const TOOL_VERSION: &str = "1";
/// The catalogue of the authors' codes, types, topics and pools.
pub(crate) const CATALOG: &str = "exam-bank/1";
/// What a classification by 执业类别 is for, in LOM's words.
pub(crate) const CATEGORY: &str = "educational level";
/// What a classification by 执业范围 is for, in LOM's words.
pub(crate) const SCOPE: &str = "competency";
/// The class of what holds pictures that no text names.
pub(crate) const PICTURES_CLASS: &str = "pictures";
/// How ids of pictures begin; the number from 1 follows.
pub(crate) const PICTURE_ID: &str = "picture-";

/// What a manifest says of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Label {
    pub code: String,
    pub item_type: String,
    pub topic: String,
    pub difficulty: Option<String>,
    pub tags: Vec<String>,
    pub categories: Vec<String>,
    pub practice_scopes: Vec<String>,
    pub pool: Option<String>,
    /// The code of its group.
    pub group: Option<String>,
}

impl Label {
    /// What a resource of a manifest says, if this project wrote it.
    pub(super) fn of(resource: &Element) -> Option<Self> {
        let lom = resource.child("metadata")?.child("lom")?;
        let educational = lom.child("educational")?;
        let part = lom.child("relation").and_then(|relation| relation.child("resource"));
        let difficulty = educational.child("difficulty").and_then(|word| word.child("value"));
        let general = lom.child("general")?;
        let tags = general.all("keyword").filter_map(|tag| Some(tag.child("string")?.text()));
        Some(Self {
            code: entry(general)?,
            item_type: educational.child("learningResourceType")?.child("value")?.text(),
            topic: paths(lom, "discipline").next()??,
            difficulty: difficulty.map(|value| match value.text().as_str() {
                "difficult" => "hard".to_owned(),
                same => same.to_owned(),
            }),
            tags: tags.collect(),
            categories: paths(lom, CATEGORY).collect::<Option<_>>()?,
            practice_scopes: paths(lom, SCOPE).collect::<Option<_>>()?,
            pool: Some(paths(lom, "security level").next()??),
            group: part.and_then(entry),
        })
    }
}

/// The code in the catalogue of this project.
fn entry(element: &Element) -> Option<String> {
    let ours = |identifier: &&Element| {
        identifier.child("catalog").is_some_and(|catalog| catalog.text() == CATALOG)
    };
    Some(element.all("identifier").find(ours)?.child("entry")?.text())
}

/// The paths of all classifications for `purpose`, parted by slashes.
fn paths(lom: &Element, purpose: &str) -> impl Iterator<Item = Option<String>> {
    let wanted = move |class: &&Element| {
        let value = class.child("purpose").and_then(|word| word.child("value"));
        value.is_some_and(|value| value.text() == purpose)
    };
    let entry = |taxon: &Element| Some(taxon.child("entry")?.child("string")?.text());
    lom.all("classification").filter(wanted).map(move |class| {
        let parts = class.child("taxonPath")?.all("taxon").map(entry);
        Some(parts.collect::<Option<Vec<_>>>()?.join("/"))
    })
}

/// An item as it was written.
pub(super) struct Marked {
    pub item: RawItem,
    /// The case that it shares, with its pictures.
    pub case: Option<(String, Vec<RawPicture>)>,
}

/// Reads an item that this project wrote; `None` where it is not quite one.
pub(super) fn read(label: &Label, root: &Element, stimuli: &[Stimulus]) -> Option<Marked> {
    let ours = root.attribute("toolName") == Some(TOOL)
        && root.attribute("toolVersion") == Some(TOOL_VERSION);
    let body = root.child("itemBody").filter(|_| ours)?;
    let mut interactions = body.elements();
    let interaction = interactions.next().filter(|first| first.name == "choiceInteraction")?;
    if interactions.next().is_some() {
        return None;
    }
    let mut pictures = BTreeMap::new();
    let stem = exact(interaction.child("prompt")?, &mut pictures)?;
    let mut options = Vec::new();
    let mut ids = Vec::new();
    for choice in interaction.elements().filter(|child| child.name != "prompt") {
        let identifier =
            choice.attribute("identifier").filter(|_| choice.name == "simpleChoice")?;
        let id = choice.attribute("label").unwrap_or(identifier).to_owned();
        ids.push((identifier, id.clone()));
        options.push(RawOption { id, text: exact(choice, &mut pictures)? });
    }
    let declared = root.child("responseDeclaration")?.child("correctResponse")?;
    let key = declared.all("value").map(|value| {
        let value = value.text();
        ids.iter().find(|(identifier, _)| *identifier == value.trim()).map(|(_, id)| id.clone())
    });
    let explanation = match root.child("modalFeedback") {
        Some(feedback) => exact(
            feedback.child("contentBody").unwrap_or(feedback).child("div")?,
            &mut BTreeMap::new(),
        )?,
        None => String::new(),
    };
    let href = root.child("assessmentStimulusRef").and_then(|shared| shared.attribute("href"));
    let case = match href {
        Some(href) => {
            let stimulus = stimuli.iter().find(|known| known.href == href)?;
            let mut pictures = BTreeMap::new();
            let text = exact(stimulus.body.child("div")?, &mut pictures)?;
            Some((text, in_order(pictures)?))
        }
        None => None,
    };
    let item = RawItem {
        code: label.code.clone(),
        stem,
        options,
        key: key.collect::<Option<_>>()?,
        explanation,
        media: in_order(pictures)?,
        ..RawItem::default()
    };
    Some(Marked { item, case })
}

/// Pictures by their number from 1, if none is left out.
fn in_order(pictures: BTreeMap<usize, RawPicture>) -> Option<Vec<RawPicture>> {
    let whole = pictures.keys().copied().eq(1..=pictures.len());
    whole.then(|| pictures.into_values().collect())
}

/// A text to the letter, and the pictures in it; `None` where it holds anything else.
fn exact(element: &Element, pictures: &mut BTreeMap<usize, RawPicture>) -> Option<String> {
    let mut out = String::new();
    for node in &element.children {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Element(child) => match child.name.as_str() {
                "br" => out.push('\n'),
                "img" => {
                    let number = picture(child, pictures)?;
                    out.push_str(&picture_name(number.checked_sub(1)?));
                }
                "span" if child.attribute("class") == Some(PICTURES_CLASS) => {
                    for shown in child.all("img") {
                        picture(shown, pictures)?;
                    }
                }
                _ => return None,
            },
        }
    }
    Some(out)
}

fn picture(element: &Element, pictures: &mut BTreeMap<usize, RawPicture>) -> Option<usize> {
    let number = element.attribute("id")?.strip_prefix(PICTURE_ID)?.parse().ok()?;
    let name = element.attribute("src")?.to_owned();
    let words = element.attribute("alt").unwrap_or_default().to_owned();
    pictures.insert(number, RawPicture { name, words, bytes: None });
    Some(number)
}
