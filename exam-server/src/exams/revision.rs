//! One revision of an exam with all that drawing, showing and scoring need.

use std::sync::{Arc, RwLock};

use exam_core::audience::Practices;
use exam_core::bank::{BankIndex, ContentHash, Unit, UnitItem};
use exam_core::draw::{Exposure, Plan};
use exam_core::exam::Exam;
use exam_core::grading::Key;
use exam_core::ids::{BankId, ExamId, GroupVersionNo, ItemNo, ItemVersionNo};
use exam_core::item::{Difficulty, ItemType, OptionSet};
use exam_core::measured::Measured;
use exam_core::paper::Paper;
use exam_core::view::{Fragment, Fragments, Media, ShownGroup, ShownItem};
use rustc_hash::FxHashMap;

use crate::banks::{Measurements, StoredContent, StoredMedia, shifted};
use crate::store::{BankItem, BankUnit, Store, StoreError, json_column, parse_column};

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
    /// Which items and groups show a medium.
    media: FxHashMap<String, Vec<Shows>>,
}

/// Something that shows a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    Item(ItemVersionNo),
    Group(GroupVersionNo),
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
        let (definition, measured) = definition
            .ok_or_else(|| StoreError::bad_row("exam_revision", exam_id, "no such revision"))?;
        let exam: Exam = json_column("exam_revision", exam_id, &definition)?;
        let banks = store.exam_banks(exam_id, revision).await?;
        let measured: Vec<Frozen> = json_column("exam_revision", exam_id, &measured)?;
        let measured: FxHashMap<i64, Measured> = measured.into_iter().collect();
        let frozen = |item: &UnitItem| measured.get(&item.version.0).copied().unwrap_or_default();
        let Loading { units, shown, keys, identities } = Loading::of(store, &banks, frozen).await?;
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

    /// Whether anything shows this medium.
    #[must_use]
    pub fn has_media(&self, media_id: &str) -> bool {
        self.shown.media.contains_key(media_id)
    }

    /// Whether a paper shows this medium.
    #[must_use]
    pub fn shows_media(&self, paper: &Paper, media_id: &str) -> bool {
        let shown = self.shown.media.get(media_id).into_iter().flatten();
        shown.copied().any(|shows| match shows {
            Shows::Item(version) => paper.slots.iter().any(|slot| slot.item == version),
            Shows::Group(version) => paper.groups.iter().any(|group| group.version == version),
        })
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

/// What the items of a group share, counted.
struct Shares {
    options: usize,
    media: usize,
}

#[derive(Default)]
struct Loading {
    units: Vec<Unit>,
    shown: Shown,
    keys: FxHashMap<ItemVersionNo, Key>,
    identities: FxHashMap<ItemVersionNo, (ItemNo, ContentHash)>,
}

/// What was measured of an item's version when an exam was published.
type Frozen = (i64, Measured);

/// What can be drawn from these bank revisions, as hard as it has proved to be by now.
///
/// # Errors
/// [`StoreError`] when they cannot be read.
pub async fn index_of(
    store: &Store,
    banks: &[(BankId, i64)],
    measured: &Measurements,
) -> Result<BankIndex, StoreError> {
    let of = |item: &UnitItem| measured.get(item.content);
    Ok(BankIndex::build(Loading::of(store, banks, of).await?.units))
}

/// What was measured of the items of an index, to be published with an exam: a paper is drawn again
/// by what was known then.
#[must_use]
pub fn frozen(index: &BankIndex, measured: &Measurements) -> String {
    let items = index.units().iter().flat_map(|unit| &unit.items);
    let known = items.map(|item| (item.version.0, measured.get(item.content)));
    let known: Vec<Frozen> = known.filter(|(_, measured)| measured.answers > 0).collect();
    serde_json::to_string(&known).expect("numbers are JSON")
}

impl Loading {
    async fn of(
        store: &Store,
        banks: &[(BankId, i64)],
        measured: impl Fn(&UnitItem) -> Measured,
    ) -> Result<Self, StoreError> {
        let mut loading = Self::default();
        for &(bank_id, bank_revision) in banks {
            for unit in store.bank_units(bank_id, bank_revision).await? {
                loading.add(&unit, &measured)?;
            }
        }
        Ok(loading)
    }

    fn add(
        &mut self,
        unit: &BankUnit,
        measured: &impl Fn(&UnitItem) -> Measured,
    ) -> Result<(), StoreError> {
        let no = unit.unit_version_no;
        let item_type: ItemType = parse_column("unit_version", no, &unit.item_type)?;
        let difficulty: Difficulty = parse_column("unit_version", no, &unit.difficulty)?;
        let shared: StoredContent = json_column("unit_version", no, &unit.shared)?;
        let group = item_type.in_groups().then_some(GroupVersionNo(no));
        let shares = Shares { options: shared.options.len(), media: shared.media.len() };
        let media = self.media_of(shared.media, Shows::Group(GroupVersionNo(no)));
        if let Some(group) = group {
            let shown = ShownGroup { stem: shared.stem, options: shared.options, media };
            self.shown.groups.insert(group, Fragment::from(&shown));
        }
        let mut items = Vec::with_capacity(unit.items.len());
        for item in &unit.items {
            items.push(self.add_item(item, &shares)?);
        }
        self.units.push(Unit {
            group,
            item_type,
            topic: unit.topic.clone(),
            difficulty,
            practices: Practices {
                categories: json_column("unit_version", no, &unit.categories)?,
                practice_scopes: json_column("unit_version", no, &unit.practice_scopes)?,
            },
            expected_permille: items
                .iter()
                .map(measured)
                .fold(Measured::default(), Measured::and)
                .expected(difficulty),
            items,
        });
        Ok(())
    }

    fn media_of(&mut self, media: Vec<StoredMedia>, shows: Shows) -> Vec<Media> {
        let medium = |StoredMedia { id, mime, width, height, alt }| {
            self.shown.media.entry(id.clone()).or_default().push(shows);
            Media { id, mime, width, height, alt }
        };
        media.into_iter().map(medium).collect()
    }

    fn add_item(&mut self, item: &BankItem, shares: &Shares) -> Result<UnitItem, StoreError> {
        let no = item.item_version_no;
        let bad = |what: &str| StoreError::bad_row("item_version", no, what);
        let content: StoredContent = json_column("item_version", no, &item.content)?;
        let options =
            if content.options.is_empty() { shares.options } else { content.options.len() };
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
        let own = content.media.len();
        let text = |text: &str| shifted(text, shares.media, own);
        let shown = ShownItem {
            stem: text(&content.stem),
            options: content.options.iter().map(|option| text(option)).collect(),
            media: self.media_of(content.media, Shows::Item(version)),
        };
        self.shown.items.insert(version, Fragment::from(&shown));
        self.keys.insert(version, key);
        self.identities.insert(version, (unit_item.item, unit_item.content));
        Ok(unit_item)
    }
}
