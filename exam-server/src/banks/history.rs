//! Versions of a unit: who did what, and what changed.

use exam_core::ids::BankId;
use question_bank::diff::{self, Change};
use question_bank::item::Unit;
use serde::Serialize;

use super::stored::unit_of;
use crate::store::{Store, StoreError, VersionHistory, json_column};

/// A version with what was done with it and what it changed.
#[derive(Debug, Serialize)]
pub struct Version {
    /// Who did what.
    #[serde(flatten)]
    pub done: VersionHistory,
    /// The file that brought it.
    pub file: String,
    /// What it changed in the version before; nothing for the first.
    pub changes: Vec<Change>,
}

/// All versions of a unit, the oldest first; none for an unknown code.
///
/// # Errors
/// [`StoreError`] when the database is in trouble or a row cannot be read.
pub async fn history(
    store: &Store,
    bank_id: BankId,
    code: &str,
) -> Result<Vec<Version>, StoreError> {
    let rows = store.unit_history(bank_id, code).await?;
    let numbers: Vec<i64> = rows.iter().map(|row| row.unit_version_no).collect();
    let contents = store.unit_versions(&numbers).await?;
    let units: Vec<Unit> = contents.iter().map(unit_of).collect::<Result<_, _>>()?;
    let mut before: Option<&Unit> = None;
    let mut versions = Vec::with_capacity(rows.len());
    for (row, unit) in rows.into_iter().zip(&units) {
        let changes = before.map_or_else(Vec::new, |before| diff::between(before, unit));
        before = Some(unit);
        versions.push(version(row, changes)?);
    }
    Ok(versions)
}

fn version(done: VersionHistory, changes: Vec<Change>) -> Result<Version, StoreError> {
    let source: serde_json::Value =
        json_column("unit_version", done.unit_version_no, &done.source)?;
    let file = source["file"].as_str().unwrap_or_default().to_owned();
    Ok(Version { done, file, changes })
}

/// One version of a unit as its author wrote it; `None` for an unknown one. Without a number, the
/// newest.
///
/// # Errors
/// [`StoreError`] when the database is in trouble or a row cannot be read.
pub async fn unit_at(
    store: &Store,
    bank_id: BankId,
    code: &str,
    version: Option<i64>,
) -> Result<Option<Unit>, StoreError> {
    let rows = store.unit_history(bank_id, code).await?;
    let row = match version {
        Some(version) => rows.iter().find(|row| row.version == version),
        None => rows.last(),
    };
    let Some(row) = row else { return Ok(None) };
    store.unit_versions(&[row.unit_version_no]).await?.first().map(unit_of).transpose()
}
