//! Units as the database keeps them.

use exam_core::audience::Practices;
use exam_core::item::{OPTIONS_MAX, OptionSet};
use question_bank::hash::{content_hash, version_hash};
use question_bank::item::{Item, ItemOption, Media, Source, Unit};
use question_bank::picture::Picture;
use question_bank::pins::pinned;
use question_bank::search;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::store::{
    NewItem, NewMedia, NewUnit, Store, StoreError, UnitVersion, json_column, parse_column,
};

/// What a candidate may see of an item, or of a group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredContent {
    /// The question, or a group's shared case.
    pub stem: String,
    /// Option texts in the author's order; empty where the group has them.
    pub options: Vec<String>,
    /// Media.
    pub media: Vec<StoredMedia>,
}

/// A stored medium.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredMedia {
    /// Its id: SHA-256 in hexadecimal.
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

/// Pictures by their hash.
pub type Pictures<'a> = FxHashMap<[u8; 32], &'a Picture>;

fn texts(options: &[ItemOption]) -> Vec<String> {
    options.iter().map(|option| option.text.clone()).collect()
}

fn stored_media(media: &[Media], pictures: &Pictures<'_>) -> Vec<StoredMedia> {
    let stored = |medium: &Media| {
        let picture = pictures.get(&medium.picture)?;
        Some(StoredMedia {
            id: hex::encode(medium.picture),
            mime: picture.kind.mime().to_owned(),
            width: picture.width,
            height: picture.height,
            alt: medium.words.clone(),
        })
    };
    media.iter().filter_map(stored).collect()
}

fn json_of(names: &[String]) -> String {
    serde_json::to_string(names).expect("texts are JSON")
}

/// A unit as it is imported.
pub fn new_unit(unit: &Unit, pictures: &Pictures<'_>, file: &str) -> NewUnit {
    let json = |value: &StoredContent| serde_json::to_string(value).expect("texts are JSON");
    let shared = StoredContent {
        stem: unit.shared_stem.clone(),
        options: texts(&unit.shared_options),
        media: stored_media(&unit.shared_media, pictures),
    };
    let item = |item: &Item| {
        let content = StoredContent {
            stem: item.stem.clone(),
            options: texts(&item.options),
            media: stored_media(&item.media, pictures),
        };
        NewItem {
            code: item.code.clone(),
            content: json(&content),
            content_hash: content_hash(unit, item).to_vec(),
            pinned: pinned(unit, item).0.bits().into(),
            key_bits: item.key.bits().into(),
            explanation: item.explanation.clone(),
        }
    };
    NewUnit {
        code: unit.code.clone(),
        item_type: unit.item_type.name().to_owned(),
        topic: unit.topic.clone(),
        difficulty: unit.difficulty.name().to_owned(),
        tags: json_of(&unit.tags),
        categories: json_of(&unit.practices.categories),
        practice_scopes: json_of(&unit.practices.practice_scopes),
        pool: unit.pool.name().to_owned(),
        shared: json(&shared),
        content_hash: version_hash(unit).to_vec(),
        tokens: search::tokens(unit),
        source: source_json(&unit.source, file).to_string(),
        items: unit.items.iter().map(item).collect(),
    }
}

/// A picture as it is kept.
pub(super) fn new_media(picture: &Picture) -> NewMedia {
    NewMedia {
        media_id: hex::encode(picture.hash),
        mime: picture.kind.mime(),
        width: picture.width.into(),
        height: picture.height.into(),
        bytes: picture.bytes.clone(),
    }
}

/// Where a unit stands in its file.
fn source_json(source: &Source, file: &str) -> serde_json::Value {
    let mut json = serde_json::json!({ "file": file });
    if let Some(sheet) = &source.sheet {
        json["sheet"] = sheet.as_str().into();
    }
    if let Some(row) = source.row {
        json["row"] = row.into();
    }
    json
}

/// The text of an item of a group whose shared pictures are shown before its own: `[图1]` becomes
/// `[图3]` behind two.
#[must_use]
pub fn shifted(text: &str, by: usize, own: usize) -> String {
    let mut text = text.to_owned();
    // From the last on, so that no number is moved twice.
    for number in (1..=own).rev().filter(|_| by > 0) {
        text = text.replace(&format!("[图{number}]"), &format!("[图{}]", number + by));
    }
    text
}

fn letter(place: usize) -> String {
    debug_assert!(place < OPTIONS_MAX, "an item has a letter for each option");
    char::from(b'A' + u8::try_from(place).unwrap_or(0)).to_string()
}

fn options_of(texts: Vec<String>) -> Vec<ItemOption> {
    let option = |(place, text)| ItemOption { id: letter(place), text };
    texts.into_iter().enumerate().map(option).collect()
}

fn media_of(no: i64, media: Vec<StoredMedia>) -> Result<Vec<Media>, StoreError> {
    let medium = |stored: StoredMedia| {
        let hash = hex::decode(&stored.id).ok().and_then(|hash| hash.try_into().ok());
        let hash = hash.ok_or_else(|| StoreError::bad_row("item_version", no, "a medium's id"))?;
        Ok(Media { picture: hash, words: stored.alt })
    };
    media.into_iter().map(medium).collect()
}

/// A version as its author wrote it, options lettered from `A`.
///
/// # Errors
/// [`StoreError::BadRow`] for a row that cannot be.
pub fn unit_of(version: &UnitVersion) -> Result<Unit, StoreError> {
    let no = version.unit_version_no;
    let shared: StoredContent = json_column("unit_version", no, &version.shared)?;
    let source: serde_json::Value = json_column("unit_version", no, &version.source)?;
    let mut items = Vec::with_capacity(version.items.len());
    for item in &version.items {
        let item_no = item.item_version_no;
        let content: StoredContent = json_column("item_version", item_no, &item.content)?;
        let key = u32::try_from(item.key_bits)
            .map_err(|_| StoreError::bad_row("item_key", item_no, "no key"))?;
        items.push(Item {
            code: item.code.clone(),
            stem: content.stem,
            options: options_of(content.options),
            key: OptionSet::from_bits(key),
            explanation: item.explanation.clone(),
            media: media_of(item_no, content.media)?,
        });
    }
    Ok(Unit {
        code: version.code.clone(),
        item_type: parse_column("unit_version", no, &version.item_type)?,
        topic: version.topic.clone(),
        difficulty: parse_column("unit_version", no, &version.difficulty)?,
        tags: json_column("unit_version", no, &version.tags)?,
        practices: Practices {
            categories: json_column("unit_version", no, &version.categories)?,
            practice_scopes: json_column("unit_version", no, &version.practice_scopes)?,
        },
        pool: parse_column("unit_version", no, &version.pool)?,
        shared_stem: shared.stem,
        shared_options: options_of(shared.options),
        shared_media: media_of(no, shared.media)?,
        items,
        source: Source {
            sheet: source["sheet"].as_str().map(str::to_owned),
            row: source["row"].as_u64().and_then(|row| u32::try_from(row).ok()),
        },
    })
}

/// What a unit asks, for lists: the case of a group, or the question.
#[must_use]
pub fn asks(unit: &Unit) -> &str {
    match unit.items.first() {
        Some(item) if unit.shared_stem.is_empty() => &item.stem,
        _ => &unit.shared_stem,
    }
}

/// How many versions are read and indexed at once.
const SLICE: usize = 500;

/// Makes anew what texts are found by, of every version, in a database that has none of it.
///
/// # Errors
/// [`StoreError`] when the database is in trouble or a row cannot be read.
pub async fn rebuild_search(store: &Store) -> Result<(), StoreError> {
    for slice in store.unit_version_numbers().await?.chunks(SLICE) {
        let versions = store.unit_versions(slice).await?;
        let tokens = |version: &UnitVersion| {
            Ok((version.unit_version_no, search::tokens(&unit_of(version)?)))
        };
        let tokens: Vec<(i64, String)> =
            versions.iter().map(tokens).collect::<Result<_, StoreError>>()?;
        store.unit_search_keep(&tokens).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::shifted;

    #[test]
    fn pictures_of_an_item_are_counted_behind_those_of_its_group() {
        assert_eq!(shifted("见[图1]和[图2]", 2, 2), "见[图3]和[图4]");
        assert_eq!(shifted("见[图1][图9]", 0, 1), "见[图1][图9]");
    }
}
