//! What was measured of items: how hard they proved to be.

use exam_core::bank::ContentHash;
use exam_core::measured::Measured;
use question_bank::hash::content_hash;
use question_bank::item::Unit;
use rustc_hash::FxHashMap;

use crate::store::{Store, StoreError};

/// What was measured, by what an item says.
#[derive(Clone, Debug, Default)]
pub struct Measurements(FxHashMap<ContentHash, Measured>);

impl Measurements {
    /// All there are.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub async fn all(store: &Store) -> Result<Self, StoreError> {
        Self::of_rows(store.measured_all().await?)
    }

    /// Those of the items of `units`.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub async fn of_units(store: &Store, units: &[Unit]) -> Result<Self, StoreError> {
        let items = units.iter().flat_map(|unit| unit.items.iter().map(move |item| (unit, item)));
        let hashes: Vec<String> =
            items.map(|(unit, item)| hex::encode(content_hash(unit, item))).collect();
        Self::of_rows(store.measured_of(&hashes).await?)
    }

    fn of_rows(rows: Vec<(String, Measured)>) -> Result<Self, StoreError> {
        let read = |(content, measured): (String, Measured)| {
            let hash = hex::decode(&content).ok().and_then(|hash| hash.try_into().ok());
            let hash =
                hash.ok_or_else(|| StoreError::bad_row("item_measured", &content, "no hash"));
            Ok((ContentHash(hash?), measured))
        };
        rows.into_iter().map(read).collect::<Result<_, StoreError>>().map(Self)
    }

    /// What was measured of an item; nothing where nobody answered it.
    #[must_use]
    pub fn get(&self, content: ContentHash) -> Measured {
        self.0.get(&content).copied().unwrap_or_default()
    }

    /// What was measured of all items of a unit together.
    #[must_use]
    pub fn of_unit(&self, unit: &Unit) -> Measured {
        let items = unit.items.iter().map(|item| self.get(ContentHash(content_hash(unit, item))));
        items.fold(Measured::default(), Measured::and)
    }
}
