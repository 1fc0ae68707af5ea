//! Exporting what is in a bank.

use question_bank::item::Unit;
use question_bank::picture::{Kind, Picture};
use rustc_hash::FxHashSet;

use super::stored::unit_of;
use crate::store::{Slice, Store, StoreError, UnitFilter};

/// How many versions are read at once.
const SLICE: usize = 1_000;

/// Units with the pictures that they show.
#[derive(Debug, Default)]
pub struct Exported {
    /// In the order in which they came into the bank.
    pub units: Vec<Unit>,
    /// Each once.
    pub pictures: Vec<Picture>,
}

/// Everything that fits a filter.
///
/// # Errors
/// [`StoreError`] when the database is in trouble or a row cannot be read.
pub async fn export(store: &Store, filter: &UnitFilter) -> Result<Exported, StoreError> {
    let mut units = Vec::new();
    let versions = store.unit_find(filter, Slice::ALL).await?;
    for slice in versions.chunks(SLICE) {
        for version in store.unit_versions(slice).await? {
            units.push(unit_of(&version)?);
        }
    }
    let pictures = pictures_of(store, &units).await?;
    Ok(Exported { units, pictures })
}

/// The pictures that units show, each once.
///
/// # Errors
/// [`StoreError`] when the database is in trouble or a row cannot be read.
pub async fn pictures_of(store: &Store, units: &[Unit]) -> Result<Vec<Picture>, StoreError> {
    let mut known = FxHashSet::default();
    let mut pictures = Vec::new();
    for unit in units {
        let own = unit.items.iter().flat_map(|item| &item.media);
        for medium in unit.shared_media.iter().chain(own) {
            if known.insert(medium.picture) {
                pictures.push(picture(store, medium.picture).await?);
            }
        }
    }
    Ok(pictures)
}

async fn picture(store: &Store, hash: [u8; 32]) -> Result<Picture, StoreError> {
    let id = hex::encode(hash);
    let bad = |what| StoreError::bad_row("media", &id, what);
    let row = store.media_find(&id).await?.ok_or_else(|| bad("missing"))?;
    let kind = match row.mime.as_str() {
        "image/png" => Kind::Png,
        "image/jpeg" => Kind::Jpeg,
        _ => return Err(bad("its kind")),
    };
    let side = |pixels| u32::try_from(pixels).map_err(|_| bad("its size"));
    Ok(Picture { hash, kind, width: side(row.width)?, height: side(row.height)?, bytes: row.bytes })
}
