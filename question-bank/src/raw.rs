//! What every format is read into before it is checked.

use std::sync::Arc;

use serde::Deserialize;

/// A unit as a file has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawUnit {
    /// The author's code.
    pub code: String,
    /// The name of an item type; anything else is refused by name.
    pub r#type: String,
    /// A path such as `公共知识/法律法规`.
    #[serde(default)]
    pub topic: String,
    /// The name of a difficulty.
    #[serde(default)]
    pub difficulty: Option<String>,
    /// The author's words for finding it.
    #[serde(default)]
    pub tags: Vec<String>,
    /// 执业类别 of those whom it may be asked; empty for everybody.
    #[serde(default)]
    pub categories: Vec<String>,
    /// 执业范围 of those whom it may be asked; empty for everybody.
    #[serde(default)]
    pub practice_scopes: Vec<String>,
    /// The name of a pool.
    #[serde(default)]
    pub pool: Option<String>,
    /// The question, or a group's shared case.
    #[serde(default)]
    pub stem: String,
    /// Its options, or a group's shared ones.
    #[serde(default)]
    pub options: Vec<RawOption>,
    /// Ids of the right options; empty in groups.
    #[serde(default)]
    pub key: Vec<String>,
    /// Why.
    #[serde(default)]
    pub explanation: String,
    /// The pictures it shows.
    #[serde(default)]
    pub media: Vec<RawPicture>,
    /// A group's items.
    #[serde(default)]
    pub items: Vec<RawItem>,
    /// Where it stands.
    #[serde(skip)]
    pub place: Place,
}

/// An item of a group as a file has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawItem {
    /// The author's code.
    pub code: String,
    /// The question.
    pub stem: String,
    /// Its own options.
    #[serde(default)]
    pub options: Vec<RawOption>,
    /// Ids of the right options.
    pub key: Vec<String>,
    /// Why.
    #[serde(default)]
    pub explanation: String,
    /// The pictures it shows.
    #[serde(default)]
    pub media: Vec<RawPicture>,
    /// Where it stands.
    #[serde(skip)]
    pub place: Place,
}

/// An option as a file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawOption {
    /// The author's id of it.
    pub id: String,
    /// What it says.
    pub text: String,
}

/// A picture as a file has it: a name, and its bytes where they came along.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Spelled")]
pub struct RawPicture {
    /// What the file calls it.
    pub name: String,
    /// What it shows, in words.
    pub words: String,
    /// The file's bytes.
    pub bytes: Option<Arc<[u8]>>,
}

/// How the loss-free format spells a picture.
#[derive(Deserialize)]
#[serde(untagged)]
enum Spelled {
    Name(String),
    Whole(Named),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    picture: String,
    #[serde(default)]
    words: String,
}

impl From<Spelled> for RawPicture {
    fn from(spelled: Spelled) -> Self {
        match spelled {
            Spelled::Name(name) => name.into(),
            Spelled::Whole(Named { picture: name, words }) => Self { name, words, bytes: None },
        }
    }
}

impl From<String> for RawPicture {
    fn from(name: String) -> Self {
        Self { name, ..Self::default() }
    }
}

/// Where in its file something stands, as far as the format has places.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The sheet's name.
    pub sheet: Option<Arc<str>>,
    /// The row from 1.
    pub row: Option<u32>,
    /// Which column holds what.
    pub columns: Option<Arc<FieldColumns>>,
    /// What could not even be read of it.
    pub damage: Vec<Damage>,
}

/// A part of an item that could not be read.
#[derive(Clone, Debug)]
pub struct Damage {
    /// Which part.
    pub field: Field,
    /// What it is, for programs.
    pub code: &'static str,
    /// What it is, for authors.
    pub message: String,
}

/// What of an item something is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The whole of it.
    Whole,
    /// Its code.
    Code,
    /// Its type.
    Type,
    /// Its topic.
    Topic,
    /// Its difficulty.
    Difficulty,
    /// Its pool.
    Pool,
    /// The shared case.
    Shared,
    /// The question.
    Stem,
    /// The option at this position.
    Option(usize),
    /// The key.
    Key,
    /// The explanation.
    Explanation,
    /// Pictures.
    Media,
}

/// Pairs of fields and their columns, from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldColumns(pub Vec<(Field, u32)>);

impl FieldColumns {
    /// The column of `field`, from 1; options in one cell all have the first one's.
    #[must_use]
    pub fn of(&self, field: Field) -> Option<u32> {
        let of = |wanted| self.0.iter().find(|(field, _)| *field == wanted).map(|(_, at)| *at);
        of(field).or_else(|| match field {
            Field::Option(_) => of(Field::Option(0)),
            _ => None,
        })
    }
}

impl Place {
    /// The column of `field`, from 1.
    #[must_use]
    pub fn column(&self, field: Field) -> Option<u32> {
        self.columns.as_ref()?.of(field)
    }
}
