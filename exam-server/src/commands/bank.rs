//! `bank import|approve|check|list|template`.

use exam_core::ids::{BankId, StaffId};
use question_bank::format::{self, Format};
use question_bank::hash::{content_hash, version_hash};
use question_bank::item::{Defaults, Item, Unit};
use question_bank::pins::pinned;
use question_bank::problem::{Problem, Severity};
use question_bank::{check, similar, template};
use serde::Serialize;

use super::progress::Progress;
use super::{Desk, Refused};
use crate::chance::system_rng;
use crate::exams::StoredContent;
use crate::store::{BankRow, NewItem, NewUnit, Role};

/// How an import was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// Nothing is stored.
    pub dry_run: bool,
    /// Good items are taken although others are bad.
    pub skip_bad: bool,
    /// No progress is shown.
    pub quiet: bool,
    /// The file's format; without one, what it holds tells.
    pub format: Option<Format>,
    /// What holds for items whose file says nothing.
    pub defaults: Defaults,
}

/// What became of a file.
#[derive(Debug, Serialize)]
pub struct Imported {
    /// Items in the file.
    pub items: usize,
    /// Items that are drafts now, or would be.
    pub accepted: usize,
    /// Items that are not.
    pub rejected: usize,
    /// Items that were there already.
    pub unchanged: usize,
    /// Everything that is wrong or odd.
    pub problems: Vec<Problem>,
}

/// What became of drafts.
#[derive(Debug, Serialize)]
pub struct Approved {
    /// How many units.
    pub units: u64,
}

/// What a look at a whole file found.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// Items in the file.
    pub items: usize,
    /// Pairs of items that say nearly the same.
    pub similar: Vec<(String, String, f64)>,
    /// How often each of four, and of five, positions is right.
    pub key_spread: [Vec<usize>; 2],
    /// Everything that is wrong or odd.
    pub problems: Vec<Problem>,
}

/// All banks.
#[derive(Debug, Serialize)]
pub struct BankList {
    /// By name.
    pub banks: Vec<BankEntry>,
}

/// One of them.
#[derive(Debug, Serialize)]
pub struct BankEntry {
    /// Its name.
    pub name: String,
    /// Counts approvals and withdrawals.
    pub revision: i64,
    /// Items that can be drawn.
    pub approved: i64,
    /// Items that wait for approval.
    pub drafts: i64,
}

/// Imports a file as drafts: all of it, or nothing, unless told to skip bad items.
///
/// # Errors
/// [`Refused`] for an unknown member of staff; trouble with the database. What is wrong with the
/// file is no error: it stands in the answer.
pub async fn import(
    desk: &Desk,
    bank: &str,
    file: &str,
    bytes: &[u8],
    login: Option<&str>,
    wish: Wish,
) -> anyhow::Result<Imported> {
    let author = desk.staff(login, Role::Author).await?;
    let mut read = format::read(bytes, file, wish.format, &wish.defaults);
    refuse_pictures(&mut read, file);
    let bad = read.problems.iter().any(|problem| problem.severity == Severity::Error);
    let mut outcome = Imported {
        items: read.items,
        accepted: 0,
        rejected: read.items,
        unchanged: 0,
        problems: read.problems,
    };
    if read.units.is_empty() || (bad && !wish.skip_bad) {
        return Ok(outcome);
    }
    outcome.accepted = read.accepted;
    outcome.rejected = read.items - read.accepted;
    if wish.dry_run {
        return Ok(outcome);
    }
    let units: Vec<NewUnit> = read.units.iter().map(|unit| new_unit(unit, file)).collect();
    let bank_id = bank_of(desk, bank).await?;
    let entry = desk.audit(
        Some(author.staff_id),
        "bank.import",
        bank_id,
        &serde_json::json!({
            "bank": bank, "file": file, "items": outcome.accepted,
        }),
    );
    let mut progress = Progress::begin("items", units.len(), wish.quiet);
    let now = desk.now();
    let counts = desk
        .store
        .bank_import(bank_id, &units, author.staff_id, now, &entry, |done| progress.done(done))
        .await?;
    progress.finish();
    outcome.accepted = counts.added;
    outcome.unchanged = counts.unchanged;
    Ok(outcome)
}

/// Pictures are read, but not kept yet: an item that shows some is refused, not robbed of them.
fn refuse_pictures(read: &mut check::Imported, file: &str) {
    let shows = |unit: &Unit| {
        !unit.shared_media.is_empty() || unit.items.iter().any(|item| !item.media.is_empty())
    };
    for unit in read.units.extract_if(.., |unit| shows(unit)) {
        read.accepted -= unit.items.len();
        read.problems.push(Problem {
            sheet: unit.source.sheet,
            row: unit.source.row,
            ..Problem::error(file, Some(&unit.code), "media_unsupported", "带图片的试题暂不能入库")
        });
    }
}

async fn bank_of(desk: &Desk, name: &str) -> anyhow::Result<BankId> {
    let fresh = BankId::fresh(desk.now(), &mut system_rng());
    Ok(desk.store.bank_keep(name, fresh, desk.now()).await?)
}

fn new_unit(unit: &Unit, file: &str) -> NewUnit {
    let texts = |options: &[question_bank::item::ItemOption]| {
        options.iter().map(|option| option.text.clone()).collect()
    };
    let shared = StoredContent {
        stem: unit.shared_stem.clone(),
        options: texts(&unit.shared_options),
        media: vec![],
    };
    let item = |item: &Item| {
        let content =
            StoredContent { stem: item.stem.clone(), options: texts(&item.options), media: vec![] };
        NewItem {
            code: item.code.clone(),
            content: serde_json::to_string(&content).expect("texts are JSON"),
            content_hash: content_hash(unit, item).to_vec(),
            pinned: pinned(unit, item).0.bits().into(),
            key_bits: item.key.bits().into(),
            explanation: item.explanation.clone(),
        }
    };
    NewUnit {
        code: unit.code.clone(),
        item_type: unit.item_type.name().to_owned(),
        topic: unit.topic.clone(),
        difficulty: unit.difficulty.name().to_owned(),
        tags: serde_json::to_string(&unit.tags).expect("texts are JSON"),
        pool: unit.pool.name().to_owned(),
        shared: serde_json::to_string(&shared).expect("texts are JSON"),
        content_hash: version_hash(unit).to_vec(),
        source: source_of(unit, file).to_string(),
        items: unit.items.iter().map(item).collect(),
    }
}

/// Where a unit stands in its file.
fn source_of(unit: &Unit, file: &str) -> serde_json::Value {
    let mut source = serde_json::json!({ "file": file });
    if let Some(sheet) = &unit.source.sheet {
        source["sheet"] = sheet.as_str().into();
    }
    if let Some(row) = unit.source.row {
        source["row"] = row.into();
    }
    source
}

/// Writes the table that authors fill in as a workbook, with the items of a file or empty.
///
/// # Errors
/// [`Refused`] for a file with errors, or with a text that no cell can hold.
pub fn template(from: Option<(&str, &[u8])>) -> anyhow::Result<Vec<u8>> {
    let read = from.map(|(file, bytes)| format::read(bytes, file, None, &Defaults::default()));
    let mut read = read.unwrap_or_default();
    if let Some((file, _)) = from {
        refuse_pictures(&mut read, file); // A table has no cells for them.
    }
    let errors = read.problems.iter().filter(|problem| problem.is_error());
    let reasons: Vec<String> = errors.map(ToString::to_string).collect();
    if !reasons.is_empty() {
        return Err(Refused { reasons }.into());
    }
    template::write(&read.units).map_err(|error| Refused::because(error.to_string()).into())
}

/// Approves every draft of a bank in the name of a second person.
///
/// # Errors
/// [`Refused`] for an unknown bank or member, for whoever imported, and where there are no drafts.
pub async fn approve(desk: &Desk, bank: &str, login: Option<&str>) -> anyhow::Result<Approved> {
    let approver: StaffId = desk.staff(login, Role::Approver).await?.staff_id;
    let known = desk.store.bank_list().await?;
    let row = known.into_iter().find(|row| row.name == bank);
    let row = row.ok_or_else(|| Refused::because(format!("there is no bank {bank:?}")))?;
    let after = serde_json::json!({ "items": row.draft_items, "revision": row.revision + 1 });
    let entry = desk.audit(Some(approver), "bank.approve", row.bank_id, &after);
    match desk.store.bank_approve(row.bank_id, approver, desk.now(), &entry).await {
        Ok(units) => Ok(Approved { units }),
        Err(crate::store::StoreError::Refused(reason)) => Err(Refused::because(reason).into()),
        Err(trouble) => Err(trouble.into()),
    }
}

/// Looks at a whole file: problems, pairs that say nearly the same, and how keys are spread.
#[must_use]
pub fn check(file: &str, bytes: &[u8]) -> Checked {
    let mut read = format::read(bytes, file, None, &Defaults::default());
    refuse_pictures(&mut read, file);
    let similar = similar::pairs(&read.units).into_iter();
    Checked {
        items: read.items,
        similar: similar.map(|pair| (pair.first, pair.second, pair.similarity)).collect(),
        key_spread: [4, 5].map(|options| similar::key_spread(&read.units, options)),
        problems: read.problems,
    }
}

/// Lists all banks.
///
/// # Errors
/// Trouble with the database.
pub async fn list(desk: &Desk) -> anyhow::Result<BankList> {
    let entry = |row: BankRow| BankEntry {
        name: row.name,
        revision: row.revision,
        approved: row.approved_items,
        drafts: row.draft_items,
    };
    Ok(BankList { banks: desk.store.bank_list().await?.into_iter().map(entry).collect() })
}
