//! One revision of an exam with all that drawing, showing and scoring need.

use std::sync::{Arc, RwLock};

use exam_core::bank::{BankIndex, ContentHash, Unit, UnitItem, expected_permille};
use exam_core::draw::{Exposure, Plan};
use exam_core::exam::Exam;
use exam_core::grading::Key;
use exam_core::ids::{BankId, ExamId, GroupVersionNo, ItemNo, ItemVersionNo};
use exam_core::item::{Difficulty, ItemType, OptionSet};
use exam_core::view::{Fragment, Fragments, Media, ShownGroup, ShownItem};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::store::{BankItem, BankUnit, Store, StoreError, json_column, parse_column};

/// An item's stored content: what a candidate may see.
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
    /// Its id.
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

/// One revision of an exam, ready to use.
pub struct Revision {
    /// The exam's id.
    pub exam_id: ExamId,
    /// The revision's number.
    pub revision: i64,
    /// The exam as it was published.
    pub exam: Exam,
    /// What it draws from.
    pub index: BankIndex,
    shown: Shown,
    keys: FxHashMap<ItemVersionNo, Key>,
    identities: FxHashMap<ItemVersionNo, (ItemNo, ContentHash)>,
    /// A plan for each audience row, made for the newest exposure.
    plans: RwLock<Arc<Plans>>,
}

/// Plans of one exposure revision, one for each audience row.
pub struct Plans {
    /// The counts they were made for.
    pub exposure: Exposure,
    /// When those were frozen, in server milliseconds.
    pub frozen_at_ms: i64,
    /// Papers up to this attempt are counted.
    pub last_attempt_no: i64,
    /// By audience row.
    pub by_row: Vec<Plan>,
}

#[derive(Default)]
struct Shown {
    items: FxHashMap<ItemVersionNo, Fragment>,
    groups: FxHashMap<GroupVersionNo, Fragment>,
}

impl Fragments for Shown {
    fn item(&self, version: ItemVersionNo) -> Option<&Fragment> {
        self.items.get(&version)
    }

    fn group(&self, version: GroupVersionNo) -> Option<&Fragment> {
        self.groups.get(&version)
    }
}

impl Revision {
    /// Reads a revision and makes it ready.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read, or its banks cannot fill its blueprints.
    pub async fn load(store: &Store, exam_id: ExamId, revision: i64) -> Result<Self, StoreError> {
        let definition = store.exam_definition(exam_id, revision).await?;
        let definition = definition
            .ok_or_else(|| StoreError::bad_row("exam_revision", exam_id, "no such revision"))?;
        let exam: Exam = json_column("exam_revision", exam_id, &definition)?;
        let banks = store.exam_banks(exam_id, revision).await?;
        let Loading { units, shown, keys, identities } = Loading::of(store, &banks).await?;
        let index = BankIndex::build(units);
        let newest = store.exposure_find(exam_id, None).await?;
        let plans = super::exposure::plans(&exam, revision, &index, newest.as_ref())?;
        let plans = RwLock::new(Arc::new(plans));
        Ok(Self { exam_id, revision, exam, index, shown, keys, identities, plans })
    }

    /// The plans of the newest exposure.
    #[must_use]
    pub fn plans(&self) -> Arc<Plans> {
        Arc::clone(&self.plans.read().expect("no holder panics"))
    }

    /// Puts plans of a newer exposure in force.
    pub fn replace_plans(&self, plans: Plans) {
        *self.plans.write().expect("no holder panics") = Arc::new(plans);
    }

    /// Looks fragments up.
    #[must_use]
    pub fn fragments(&self) -> &impl Fragments {
        &self.shown
    }

    /// The key of an item.
    #[must_use]
    pub fn key(&self, version: ItemVersionNo) -> Option<Key> {
        self.keys.get(&version).copied()
    }

    /// Which item a version is of, and what it says.
    #[must_use]
    pub fn identity(&self, version: ItemVersionNo) -> Option<(ItemNo, ContentHash)> {
        self.identities.get(&version).copied()
    }
}

#[derive(Default)]
struct Loading {
    units: Vec<Unit>,
    shown: Shown,
    keys: FxHashMap<ItemVersionNo, Key>,
    identities: FxHashMap<ItemVersionNo, (ItemNo, ContentHash)>,
}

/// What can be drawn from these bank revisions.
///
/// # Errors
/// [`StoreError`] when they cannot be read.
pub async fn index_of(store: &Store, banks: &[(BankId, i64)]) -> Result<BankIndex, StoreError> {
    Ok(BankIndex::build(Loading::of(store, banks).await?.units))
}

impl Loading {
    async fn of(store: &Store, banks: &[(BankId, i64)]) -> Result<Self, StoreError> {
        let mut loading = Self::default();
        for &(bank_id, bank_revision) in banks {
            for unit in store.bank_units(bank_id, bank_revision).await? {
                loading.add(&unit)?;
            }
        }
        Ok(loading)
    }

    fn add(&mut self, unit: &BankUnit) -> Result<(), StoreError> {
        let no = unit.unit_version_no;
        let item_type: ItemType = parse_column("unit_version", no, &unit.item_type)?;
        let difficulty: Difficulty = parse_column("unit_version", no, &unit.difficulty)?;
        let shared: StoredContent = json_column("unit_version", no, &unit.shared)?;
        let group = item_type.in_groups().then_some(GroupVersionNo(no));
        let shared_options = shared.options.len();
        if let Some(group) = group {
            let shown = ShownGroup { stem: shared.stem, options: shared.options };
            self.shown.groups.insert(group, Fragment::from(&shown));
        }
        let mut items = Vec::with_capacity(unit.items.len());
        for item in &unit.items {
            items.push(self.add_item(item, shared_options)?);
        }
        self.units.push(Unit {
            group,
            item_type,
            topic: unit.topic.clone(),
            difficulty,
            expected_permille: expected_permille(difficulty),
            items,
        });
        Ok(())
    }

    fn add_item(&mut self, item: &BankItem, shared_options: usize) -> Result<UnitItem, StoreError> {
        let no = item.item_version_no;
        let bad = |what: &str| StoreError::bad_row("item_version", no, what);
        let content: StoredContent = json_column("item_version", no, &item.content)?;
        let options =
            if content.options.is_empty() { shared_options } else { content.options.len() };
        let bits = |bits: i64| u32::try_from(bits).map(OptionSet::from_bits).ok();
        let key = bits(item.key_bits).and_then(Key::new).ok_or_else(|| bad("no key"))?;
        let pinned = bits(item.pinned).ok_or_else(|| bad("no pinned positions"))?;
        let hash =
            <[u8; 32]>::try_from(item.content_hash.as_slice()).map_err(|_| bad("no hash"))?;
        let version = ItemVersionNo(no);
        let unit_item = UnitItem {
            version,
            item: ItemNo(item.item_no),
            content: ContentHash(hash),
            options: u8::try_from(options).map_err(|_| bad("too many options"))?,
            pinned,
        };
        let media = content.media.into_iter().map(|medium| Media {
            url: format!("/api/v1/media/{}", medium.id),
            id: medium.id,
            mime: medium.mime,
            width: medium.width,
            height: medium.height,
            alt: medium.alt,
        });
        let shown =
            ShownItem { stem: content.stem, options: content.options, media: media.collect() };
        self.shown.items.insert(version, Fragment::from(&shown));
        self.keys.insert(version, key);
        self.identities.insert(version, (unit_item.item, unit_item.content));
        Ok(unit_item)
    }
}
