//! Importing files as drafts.

use std::collections::HashSet;

use exam_core::ids::BankId;
use question_bank::check;
use question_bank::format::Reading;
use question_bank::item::Unit;
use question_bank::problem::Problem;
use question_bank::similar::{self, Fingerprint, Pair};
use serde::Serialize;

use super::stored::{Pictures, new_media, new_unit, unit_of};
use super::{Act, BankError, child};
use crate::store::{NewUnit, Slice, Standing, Store, UnitFilter};

/// The most pairs of nearly equal items that are told.
const PAIRS_MAX: usize = 1_000;

/// How an import was asked for.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Nothing is stored.
    pub dry_run: bool,
    /// Good items are taken although others are bad.
    pub skip_bad: bool,
    /// How the file is read.
    pub reading: Reading,
}

/// What became of a file.
#[derive(Debug, Default, Serialize)]
pub struct Imported {
    /// Items in the file.
    pub items: usize,
    /// Items that are drafts now, or would be.
    pub accepted: usize,
    /// Items that are not.
    pub rejected: usize,
    /// Items that were there already.
    pub unchanged: usize,
    /// The import's number, by which it is approved; none where nothing changed.
    pub import_no: Option<i64>,
    /// Everything that is wrong or odd.
    pub problems: Vec<Problem>,
    /// Items that say nearly the same as others of the file or the bank, the first thousand.
    pub similar: Vec<Pair>,
    /// Whether there may be more of them.
    pub similar_more: bool,
    /// The units of the file that stand in these pairs.
    #[serde(skip)]
    pub similar_units: Vec<Unit>,
}

/// Imports a file as drafts: all of it, or nothing, unless told to skip bad items. `progress` hears
/// of units done and units in all.
///
/// # Errors
/// [`BankError`]. What is wrong with the file is no error: it stands in the answer.
pub async fn import(
    act: &Act<'_>,
    bank_id: BankId,
    file: &str,
    bytes: Vec<u8>,
    wish: Wish,
    mut progress: impl FnMut(usize, usize),
) -> Result<Imported, BankError> {
    let known = fingerprints(act.store, bank_id).await?;
    let (read, mut outcome) = look(file, bytes, &wish, known).await?;
    if outcome.accepted == 0 {
        return Ok(outcome);
    }
    let pictures: Pictures<'_> =
        read.pictures.iter().map(|picture| (picture.hash, picture)).collect();
    let units: Vec<NewUnit> =
        read.units.iter().map(|unit| new_unit(unit, &pictures, file)).collect();
    if wish.dry_run {
        outcome.unchanged = act.store.bank_unchanged(bank_id, &units).await?;
        outcome.accepted -= outcome.unchanged;
        return Ok(outcome);
    }
    let audit = act.audit(
        "bank.import",
        bank_id,
        &serde_json::json!({
            "file": file, "items": outcome.accepted, "mended_cells": wish.reading.mends.len(),
        }),
    );
    for picture in &read.pictures {
        act.store.media_keep(&new_media(picture)).await?;
    }
    let progress = |done| progress(done, units.len());
    let counts = act.store.bank_import(bank_id, &units, act.by, act.now, &audit, progress).await?;
    outcome.accepted = counts.added;
    outcome.unchanged = counts.unchanged;
    outcome.import_no = counts.import_no;
    Ok(outcome)
}

/// Reads a file and says what an import would: problems, and what is nearly the same as another item
/// of the file, or as one that is `known`.
///
/// # Errors
/// [`BankError`].
pub async fn look(
    file: &str,
    bytes: Vec<u8>,
    wish: &Wish,
    known: Vec<Fingerprint>,
) -> Result<(check::Imported, Imported), BankError> {
    let read = child::read(bytes, file, &wish.reading).await.map_err(BankError::Reader)?;
    let bad = read.problems.iter().any(Problem::is_error);
    let taken = !read.units.is_empty() && (!bad || wish.skip_bad);
    let accepted = if taken { read.accepted } else { 0 };
    let compare = move || {
        let mut alike = similar::pairs(&read.units, known);
        alike.more |= alike.pairs.len() > PAIRS_MAX;
        alike.pairs.truncate(PAIRS_MAX);
        let units = units_in(&read.units, &alike.pairs);
        (read, alike, units)
    };
    let compared = tokio::task::spawn_blocking(compare).await;
    let (mut read, alike, similar_units) =
        compared.map_err(|error| BankError::Reader(std::io::Error::other(error)))?;
    let outcome = Imported {
        items: read.items,
        accepted,
        rejected: read.items - accepted,
        problems: std::mem::take(&mut read.problems),
        similar: alike.pairs,
        similar_more: alike.more,
        similar_units,
        ..Imported::default()
    };
    Ok((read, outcome))
}

/// The units of a file that are in pairs.
fn units_in(units: &[Unit], pairs: &[Pair]) -> Vec<Unit> {
    let codes: HashSet<&str> = pairs
        .iter()
        .flat_map(|pair| [(!pair.in_bank).then_some(&*pair.first), Some(&*pair.second)])
        .flatten()
        .collect();
    let is_in = |unit: &&Unit| unit.items.iter().any(|item| codes.contains(&*item.code));
    units.iter().filter(is_in).cloned().collect()
}

/// How many versions are read at once.
const SLICE: usize = 1_000;

/// What there is in a bank already.
async fn fingerprints(store: &Store, bank_id: BankId) -> Result<Vec<Fingerprint>, BankError> {
    let filter = UnitFilter::all(bank_id, Standing::Newest);
    let versions = store.unit_find(&filter, Slice::ALL).await?;
    let mut known = Vec::with_capacity(versions.len());
    for slice in versions.chunks(SLICE) {
        for version in store.unit_versions(slice).await? {
            let unit: Unit = unit_of(&version)?;
            known.extend(unit.items.iter().map(|item| Fingerprint::of(&unit, item)));
        }
    }
    Ok(known)
}
