//! What a candidate may see, rendered once per item and then only copied.
//!
//! Nothing here has a key, an explanation or a weight: what is not in these types cannot reach a
//! candidate.

use serde::Serialize;

use crate::ids::{AttemptId, GroupVersionNo, ItemVersionNo};
use crate::item::{Choose, ItemType};
use crate::paper::{OptionOrder, Paper, PaperSlot};

/// A picture or another medium of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Its id; behind the address that [`render_paper`] is given it is fetched.
    pub id: String,
    /// Its media type.
    pub mime: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// What it shows, in words.
    pub alt: String,
}

/// An item as a candidate sees it, options in the author's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownItem {
    /// The question.
    pub stem: String,
    /// The options; empty where the group has them.
    pub options: Vec<String>,
    /// Its media.
    pub media: Vec<Media>,
}

/// A group as a candidate sees it, options in the author's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownGroup {
    /// The shared case; empty for B1.
    pub stem: String,
    /// The shared options; empty for A3 and A4.
    pub options: Vec<String>,
    /// The shared media, which each of its slots shows before its own.
    pub media: Vec<Media>,
}

/// An item or a group rendered: JSON texts ready to be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    stem: Box<str>,
    options: Vec<Box<str>>,
    media: Vec<ShownMedium>,
}

/// A medium rendered but for its address: `{"id":…,"url":"` and `ID","mime":…}`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ShownMedium {
    before: Box<str>,
    after: Box<str>,
}

#[derive(Serialize)]
struct Details<'a> {
    mime: &'a str,
    width: u32,
    height: u32,
    alt: &'a str,
}

impl From<&Media> for ShownMedium {
    fn from(medium: &Media) -> Self {
        let Media { id, mime, width, height, alt } = medium;
        let details = json(&Details { mime, width: *width, height: *height, alt });
        let id = json(id);
        Self {
            before: format!("{{\"id\":{id},\"url\":\"").into(),
            after: format!("{},{}", &id[1..], &details[1..]).into(),
        }
    }
}

fn json(value: &impl Serialize) -> Box<str> {
    serde_json::to_string(value).expect("texts are JSON").into()
}

impl From<&ShownItem> for Fragment {
    fn from(item: &ShownItem) -> Self {
        Self {
            stem: json(&item.stem),
            options: item.options.iter().map(json).collect(),
            media: item.media.iter().map(ShownMedium::from).collect(),
        }
    }
}

impl From<&ShownGroup> for Fragment {
    fn from(group: &ShownGroup) -> Self {
        Self {
            stem: json(&group.stem),
            options: group.options.iter().map(json).collect(),
            media: group.media.iter().map(ShownMedium::from).collect(),
        }
    }
}

/// A part of a paper that is not rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRendered {
    /// An item.
    #[error("item version {0} is not rendered")]
    Item(ItemVersionNo),
    /// A group.
    #[error("group version {0} is not rendered")]
    Group(GroupVersionNo),
}

/// Looks fragments up.
pub trait Fragments {
    /// The fragment of an item.
    fn item(&self, version: ItemVersionNo) -> Option<&Fragment>;
    /// The fragment of a group.
    fn group(&self, version: GroupVersionNo) -> Option<&Fragment>;
}

/// The paper as the protocol's GET paper has it. A medium's address is `media_base` and its id;
/// the base needs no escapes in JSON.
///
/// # Errors
/// [`NotRendered`] names the first part that has no fragment.
pub fn render_paper(
    attempt: AttemptId,
    title: &str,
    paper: &Paper,
    fragments: &impl Fragments,
    media_base: &str,
) -> Result<Vec<u8>, NotRendered> {
    let mut out = Out(Vec::with_capacity(paper.slots.len() * 640 + 256));
    out.text("{\"attempt_id\":\"");
    out.text(&attempt.to_string());
    out.text("\",\"title\":");
    out.text(&json(&title));
    out.text(",\"groups\":[");
    for (place, group) in paper.groups.iter().enumerate() {
        let fragment = fragments.group(group.version).ok_or(NotRendered::Group(group.version))?;
        out.comma(place);
        out.text("{\"group\":");
        out.number(place + 1);
        out.text(",\"kind\":\"");
        out.text(group.kind.name());
        out.text("\",\"stem\":");
        out.text(&fragment.stem);
        out.options(fragment, group.order.as_ref());
        out.text("}");
    }
    out.text("],\"slots\":[");
    for (place, slot) in paper.slots.iter().enumerate() {
        let fragment = fragments.item(slot.item).ok_or(NotRendered::Item(slot.item))?;
        out.comma(place);
        out.slot(place + 1, slot, fragment);
        let group = slot.group.and_then(|group| paper.groups.get(usize::from(group)));
        let shared = group.and_then(|group| fragments.group(group.version));
        let media = shared.into_iter().chain([fragment]).flat_map(|fragment| &fragment.media);
        out.media(media, media_base);
        out.text("}");
    }
    out.text("]}");
    Ok(out.0)
}

struct Out(Vec<u8>);

impl Out {
    fn text(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: usize) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = number;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.0.extend_from_slice(&digits[at..]);
    }

    fn comma(&mut self, place: usize) {
        if place > 0 {
            self.text(",");
        }
    }

    /// Options in the order shown, lettered in that order.
    fn options(&mut self, fragment: &Fragment, order: Option<&OptionOrder>) {
        self.text(",\"options\":[");
        let shown = order.map_or(&[][..], OptionOrder::positions);
        for (place, (letter, &author)) in (b'a'..).zip(shown).enumerate() {
            self.comma(place);
            self.text("{\"id\":\"");
            self.0.push(letter);
            self.text("\",\"text\":");
            self.text(fragment.options.get(usize::from(author)).map_or("\"\"", |text| text));
            self.text("}");
        }
        self.text("]");
    }

    fn slot(&mut self, number: usize, slot: &PaperSlot, fragment: &Fragment) {
        self.text("{\"slot\":");
        self.number(number);
        self.text(",\"type\":\"");
        self.text(slot.item_type.name());
        self.text("\",\"group\":");
        match slot.group {
            Some(group) => self.number(usize::from(group) + 1),
            None => self.text("null"),
        }
        self.text(",\"stem\":");
        self.text(&fragment.stem);
        let own_options = slot.item_type != ItemType::B1;
        self.options(fragment, own_options.then_some(&slot.order));
        self.text(",\"points\":");
        self.number(slot.points.as_hundredths() as usize);
        self.text(match slot.item_type.choose() {
            Choose::One => ",\"choose\":\"one\",\"media\":",
            Choose::Many => ",\"choose\":\"many\",\"media\":",
        });
    }

    fn media<'a>(&mut self, media: impl Iterator<Item = &'a ShownMedium>, base: &str) {
        self.text("[");
        for (place, medium) in media.enumerate() {
            self.comma(place);
            self.text(&medium.before);
            self.text(base);
            self.text(&medium.after);
        }
        self.text("]");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::{PaperGroup, Seed};
    use crate::points::Points;

    struct Bank {
        item: Fragment,
        group: Fragment,
    }

    impl Fragments for Bank {
        fn item(&self, version: ItemVersionNo) -> Option<&Fragment> {
            (version.0 < 9).then_some(&self.item)
        }
        fn group(&self, _: GroupVersionNo) -> Option<&Fragment> {
            Some(&self.group)
        }
    }

    fn medium(id: &str, alt: &str) -> Media {
        Media { id: id.into(), mime: "image/png".into(), width: 2, height: 3, alt: alt.into() }
    }

    fn bank() -> Bank {
        let item = ShownItem {
            stem: "谁说 \"不\"？\n".into(),
            options: vec!["甲".into(), "乙".into()],
            media: vec![medium("m1", "胸片 \"1\"")],
        };
        let group = ShownGroup {
            stem: String::new(),
            options: vec!["丙".into(), "丁".into()],
            media: vec![medium("m2", "")],
        };
        Bank { item: (&item).into(), group: (&group).into() }
    }

    fn slot(item: i64, item_type: ItemType, group: Option<u16>) -> PaperSlot {
        PaperSlot {
            item: ItemVersionNo(item),
            item_type,
            order: serde_json::from_str("\"ba\"").expect("an order"),
            points: Points::from_hundredths(150),
            rule: None,
            group,
        }
    }

    fn paper(slots: Vec<PaperSlot>) -> Paper {
        let order = serde_json::from_str("\"ba\"").expect("an order");
        let group =
            PaperGroup { version: GroupVersionNo(1), kind: ItemType::B1, order: Some(order) };
        Paper {
            seed: Seed([0; 32]),
            exam_revision: 1,
            exposure_revision: 0,
            seen_from: vec![],
            groups: vec![group],
            slots,
        }
    }

    #[test]
    fn a_paper_is_rendered_as_the_protocol_has_it() {
        let attempt = AttemptId::from_uuid(uuid::Uuid::from_u128(5));
        let slots = vec![slot(1, ItemType::Multiple, None), slot(2, ItemType::B1, Some(0))];
        let bytes =
            render_paper(attempt, "公共\"知识", &paper(slots), &bank(), "/m/").expect("rendered");
        let value: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        let shown = |id: &str, alt: &str| {
            serde_json::json!({"id": id, "url": format!("/m/{id}"), "mime": "image/png",
                "width": 2, "height": 3, "alt": alt})
        };
        let own = shown("m1", "胸片 \"1\"");
        let expected = serde_json::json!({
            "attempt_id": attempt, "title": "公共\"知识",
            "groups": [{"group": 1, "kind": "B1", "stem": "",
                "options": [{"id": "a", "text": "丁"}, {"id": "b", "text": "丙"}]}],
            "slots": [
                {"slot": 1, "type": "multiple", "group": null, "stem": "谁说 \"不\"？\n",
                    "options": [{"id": "a", "text": "乙"}, {"id": "b", "text": "甲"}],
                    "points": 150, "choose": "many", "media": [own]},
                {"slot": 2, "type": "B1", "group": 1, "stem": "谁说 \"不\"？\n", "options": [],
                    "points": 150, "choose": "one", "media": [shown("m2", ""), own]},
            ],
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn a_missing_part_is_named() {
        let attempt = AttemptId::from_uuid(uuid::Uuid::from_u128(5));
        let missing =
            render_paper(attempt, "", &paper(vec![slot(9, ItemType::A1, None)]), &bank(), "/m/");
        assert_eq!(missing, Err(NotRendered::Item(ItemVersionNo(9))));
    }
}
