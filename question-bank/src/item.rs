//! Items and groups as an import makes them.

use exam_core::audience::Practices;
use exam_core::item::{Difficulty, ItemType, OptionSet, Pool};
use serde::{Deserialize, Serialize};

/// What is drawn whole: a single item, or a group with its shared stem or options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// The author's code; one code is one unit through all its versions.
    pub code: String,
    /// The type.
    pub item_type: ItemType,
    /// A path such as `公共知识/法律法规`.
    pub topic: String,
    /// How hard the author says it is.
    pub difficulty: Difficulty,
    /// The author's own words for finding it.
    pub tags: Vec<String>,
    /// Whom it may be asked.
    pub practices: Practices,
    /// What it may be used for.
    pub pool: Pool,
    /// The case that the items of an A3 or A4 group share.
    pub shared_stem: String,
    /// The options that the items of a B1 group share.
    pub shared_options: Vec<ItemOption>,
    /// The pictures that the items of a group share.
    pub shared_media: Vec<Media>,
    /// Its items, in order; one where it is no group.
    pub items: Vec<Item>,
    /// Where in its file it stands.
    pub source: Source,
}

/// What an import says of items whose file says nothing.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// What they may be used for.
    pub pool: Pool,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { pool: Pool::Exam }
    }
}

/// Where in its file a unit stands, as far as the format has places. It is no content: the same
/// unit may come from somewhere else next time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The sheet's name.
    pub sheet: Option<String>,
    /// The row from 1; of a group its first.
    pub row: Option<u32>,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The author's code.
    pub code: String,
    /// The question.
    pub stem: String,
    /// Its options; empty where the group has them.
    pub options: Vec<ItemOption>,
    /// What is right, as positions of the options.
    pub key: OptionSet,
    /// Why.
    pub explanation: String,
    /// The pictures it shows, in order; texts call them `[图1]`, `[图2]`.
    pub media: Vec<Media>,
}

/// A picture that something shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// The [`Picture`](crate::picture::Picture)'s hash.
    pub picture: [u8; 32],
    /// What it shows, in words; may be empty.
    pub words: String,
}

/// One option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemOption {
    /// The author's id of it, such as `A`.
    pub id: String,
    /// What it says.
    pub text: String,
}

impl Unit {
    /// The options of one of its items: its own, or the shared ones.
    #[must_use]
    pub fn options_of<'a>(&'a self, item: &'a Item) -> &'a [ItemOption] {
        if item.options.is_empty() { &self.shared_options } else { &item.options }
    }
}
