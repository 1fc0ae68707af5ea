//! Banks: units with their versions, approval, and what a revision holds.

mod approve;
mod find;
mod import;
mod measured;
mod media;
mod read;
mod versions;
mod withdraw;

pub use find::{Cell, Standing, UnitFilter};
pub(super) use import::rows;
pub use media::{MediaRow, NewMedia};
pub use versions::{ImportRow, ItemRow, UnitVersion, VersionHistory};

use exam_core::ids::BankId;

/// A bank with its counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankRow {
    /// The id.
    pub bank_id: BankId,
    /// The name.
    pub name: String,
    /// Counts approvals and withdrawals.
    pub revision: i64,
    /// Items that can be drawn.
    pub approved_items: i64,
    /// Items that wait for approval.
    pub draft_items: i64,
}

/// A unit of a bank revision, as exams use it.
#[derive(Clone, Debug)]
pub struct BankUnit {
    /// The version's number; it names the group in papers.
    pub unit_version_no: i64,
    /// The type's name.
    pub item_type: String,
    /// The topic.
    pub topic: String,
    /// The difficulty's name.
    pub difficulty: String,
    /// 执业类别, as a JSON list.
    pub categories: String,
    /// 执业范围, as a JSON list.
    pub practice_scopes: String,
    /// The shared stem and options, as JSON.
    pub shared: String,
    /// Its items, in order.
    pub items: Vec<BankItem>,
}

/// An item of a bank revision.
#[derive(Clone, Debug)]
pub struct BankItem {
    /// The version's number.
    pub item_version_no: i64,
    /// The item through all its versions.
    pub item_no: i64,
    /// Stem, options and media, as JSON.
    pub content: String,
    /// SHA-256 over the normalised content.
    pub content_hash: Vec<u8>,
    /// Pinned positions as bits.
    pub pinned: i64,
    /// Right options as bits, in the author's order.
    pub key_bits: i64,
}

/// A unit to import.
#[derive(Clone, Debug)]
pub struct NewUnit {
    /// The author's code.
    pub code: String,
    /// The type's name.
    pub item_type: String,
    /// The topic.
    pub topic: String,
    /// The difficulty's name.
    pub difficulty: String,
    /// Tags, as a JSON list.
    pub tags: String,
    /// 执业类别, as a JSON list.
    pub categories: String,
    /// 执业范围, as a JSON list.
    pub practice_scopes: String,
    /// `exam` or `practice`.
    pub pool: String,
    /// The shared stem and options, as JSON.
    pub shared: String,
    /// SHA-256 over everything of the unit that a new version would change.
    pub content_hash: Vec<u8>,
    /// What its texts are found by, between spaces.
    pub tokens: String,
    /// Where it came from, as JSON.
    pub source: String,
    /// Its items, in order.
    pub items: Vec<NewItem>,
}

/// An item to import.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// The author's code.
    pub code: String,
    /// Stem, options and media, as JSON.
    pub content: String,
    /// SHA-256 over the normalised content.
    pub content_hash: Vec<u8>,
    /// Pinned positions as bits.
    pub pinned: i64,
    /// Right options as bits, in the author's order.
    pub key_bits: i64,
    /// Why the key is right.
    pub explanation: String,
}

/// What became of imported units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DraftCounts {
    /// Items of new units and new versions.
    pub added: usize,
    /// Items of units that were there already.
    pub unchanged: usize,
    /// The import's number; none where nothing was added.
    pub import_no: Option<i64>,
}
