//! Versions of a unit: who did what, and what changed.

use exam_core::ids::BankId;
use question_bank::diff::{self, Change};
use question_bank::item::Unit;
use serde::Serialize;

use super::stored::unit_of;
use crate::store::{Store, StoreError, VersionHistory};

/// A version with what was done with it and what it changed.
#[derive(Debug, Serialize)]
pub struct Version {
    /// Counts the unit's versions from 1.
    pub version: i64,
    /// `draft`, `approved`, `rejected` or `withdrawn`.
    pub state: &'static str,
    /// The import that brought it.
    pub import_no: i64,
    /// Its file.
    pub file: String,
    /// Who imported it, by name.
    pub imported_by: String,
    /// When, in server milliseconds.
    pub imported_at_ms: i64,
    /// Who approved or rejected it.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at_ms: Option<i64>,
    /// Why it was rejected.
    pub rejected_because: Option<String>,
    /// The bank's revision from which it is drawn.
    pub approved_revision: Option<i64>,
    /// Who withdrew it.
    pub withdrawn_by: Option<String>,
    /// When.
    pub withdrawn_at_ms: Option<i64>,
    /// Why.
    pub withdrawn_because: Option<String>,
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

fn version(row: VersionHistory, changes: Vec<Change>) -> Result<Version, StoreError> {
    let no = row.unit_version_no;
    let state = match row.state.as_str() {
        "approved" if row.withdrawn_revision.is_some() => "withdrawn",
        "approved" => "approved",
        "rejected" => "rejected",
        "draft" => "draft",
        other => return Err(StoreError::bad_row("bank_import", row.import_no, other)),
    };
    let source: serde_json::Value = crate::store::json_column("unit_version", no, &row.source)?;
    Ok(Version {
        version: row.version,
        state,
        import_no: row.import_no,
        file: source["file"].as_str().unwrap_or_default().to_owned(),
        imported_by: row.imported_by,
        imported_at_ms: row.imported_at_ms,
        decided_by: row.decided_by,
        decided_at_ms: row.decided_at_ms,
        rejected_because: row.rejected_because,
        approved_revision: row.approved_revision,
        withdrawn_by: row.withdrawn_by,
        withdrawn_at_ms: row.withdrawn_at_ms,
        withdrawn_because: row.withdrawn_because,
        changes,
    })
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
