//! What an item says, as a hash: the same content is the same item wherever it comes from.

use exam_core::item::{Choose, ItemType};
use sha2::{Digest, Sha256};

use crate::item::{Item, ItemOption, Media, Unit};
use crate::raw::RawUnit;

/// White space folded, ends trimmed. Never NFKC: in medicine `10⁹` is not `109`.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Content(Sha256);

impl Content {
    fn text(&mut self, text: &str) {
        let text = folded(text);
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text.as_bytes());
    }

    fn media(&mut self, media: &[Media]) {
        for Media { picture, .. } in media {
            self.0.update(picture);
        }
    }

    /// Options as a set: their order is the author's habit, not content.
    fn options(&mut self, options: &[ItemOption], right: impl Fn(usize) -> bool) {
        let mut texts: Vec<(String, bool)> = options
            .iter()
            .enumerate()
            .map(|(position, option)| (folded(&option.text), right(position)))
            .collect();
        texts.sort();
        for (text, right) in texts {
            self.text(&text);
            self.0.update([u8::from(right)]);
        }
    }
}

/// SHA-256 over what an item asks, its options as a set, what is right, and what its group shares.
#[must_use]
pub fn content_hash(unit: &Unit, item: &Item) -> [u8; 32] {
    let mut content = Content(Sha256::new());
    content.text(unit.item_type.name());
    content.text(&unit.shared_stem);
    content.text(&item.stem);
    content.options(unit.options_of(item), |position| item.key.has(position));
    content.media(&unit.shared_media);
    content.media(&item.media);
    content.0.finalize().into()
}

/// Twelve hexadecimal digits over texts.
pub(crate) fn text_hash(texts: &[&str]) -> String {
    let mut content = Content(Sha256::new());
    for text in texts {
        content.text(text);
    }
    content.0.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// A code out of what a unit asks: mending its key or its explanation makes a new version of it,
/// not a new item.
pub(crate) fn derived_code(unit: &RawUnit) -> String {
    let many =
        unit.r#type.parse().is_ok_and(|item_type: ItemType| item_type.choose() == Choose::Many);
    let mut texts = vec![if many { "many" } else { "one" }, unit.stem.as_str()];
    let mut options: Vec<&str> = unit.options.iter().map(|option| option.text.as_str()).collect();
    options.sort_unstable();
    texts.extend(options);
    texts.extend(unit.items.iter().map(|item| item.stem.as_str()));
    format!("h{}", text_hash(&texts))
}

/// SHA-256 over everything of a unit that a new version would change.
#[must_use]
pub fn version_hash(unit: &Unit) -> [u8; 32] {
    let mut content = Content(Sha256::new());
    for text in [unit.item_type.name(), &unit.topic, unit.difficulty.name(), unit.pool.name()] {
        content.text(text);
    }
    for tag in &unit.tags {
        content.text(tag);
    }
    let practices = &unit.practices;
    if !practices.are_all() {
        content.0.update([u8::MAX]); // No length begins so.
        for list in [&practices.categories, &practices.practice_scopes] {
            content.0.update((list.len() as u64).to_be_bytes());
            list.iter().for_each(|name| content.text(name));
        }
    }
    content.text(&unit.shared_stem);
    for option in &unit.shared_options {
        content.text(&option.text);
    }
    content.media(&unit.shared_media);
    for item in &unit.items {
        content.media(&item.media);
        content.text(&item.code);
        content.text(&item.stem);
        for option in &item.options {
            content.text(&option.text);
        }
        content.0.update(item.key.bits().to_be_bytes());
        content.text(&item.explanation);
    }
    content.0.finalize().into()
}
