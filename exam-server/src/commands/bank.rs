//! `bank …`.

use exam_core::ids::BankId;
use exam_core::measured::Measured;
use question_bank::export::{self, ExportFormat};
use question_bank::format::Reading;
use question_bank::item::Unit;
use question_bank::picture::Picture;
use question_bank::problem::Problem;
use question_bank::similar::Pair;
use question_bank::{format, similar};
use serde::Serialize;

use super::progress::Progress;
use super::{Desk, Refused};
use crate::banks::{self, Act, Measurements, Sought, Version};
use crate::chance::system_rng;
use crate::exams;
use crate::store::{
    BankRow, Cell, ImportRow, Role, Slice, Staff, Standing, StoreError, UnitFilter, UnitVersion,
};

pub use crate::banks::{Imported, Wish};

/// The most units that a search lists.
const LISTED_MAX: i64 = 200;

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
    pub similar: Vec<Pair>,
    /// Whether there may be more of them.
    pub similar_more: bool,
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

/// What a search found.
#[derive(Debug, Serialize)]
pub struct Found {
    /// How many units fit.
    pub units: i64,
    /// How many items they have.
    pub items: i64,
    /// The first of them.
    pub listed: Vec<FoundUnit>,
}

/// One of them.
#[derive(Debug, Serialize)]
pub struct FoundUnit {
    /// Its code.
    pub code: String,
    /// `draft`, `approved` or `withdrawn`.
    pub state: String,
    /// Its type.
    pub item_type: String,
    /// Its topic.
    pub topic: String,
    /// Its difficulty.
    pub difficulty: String,
    /// What candidates reached on it.
    pub measured: Measured,
    /// What it asks, or the case of its group.
    pub text: String,
}

/// Imports a file as drafts: all of it, or nothing, unless told to skip bad items. `quiet` shows no
/// progress.
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
    quiet: bool,
) -> anyhow::Result<Imported> {
    let author = desk.staff(login, Role::Author).await?;
    let act = act(desk, &author, COMMAND_LINE);
    let bank_id = match (find(desk, bank).await?, wish.dry_run) {
        (Some(row), _) => row.bank_id,
        (None, true) => {
            let (_, outcome) = banks::look(file, bytes.to_vec(), &wish, Vec::new()).await?;
            return Ok(outcome);
        }
        (None, false) => {
            let fresh = BankId::fresh(desk.now(), &mut system_rng());
            desk.store.bank_keep(bank, fresh, desk.now()).await?
        }
    };
    let mut bar: Option<Progress> = None;
    let progress = |done, all| {
        bar.get_or_insert_with(|| Progress::begin("units", all, quiet)).done(done);
    };
    let outcome = banks::import(&act, bank_id, file, bytes.to_vec(), wish, progress).await?;
    if let Some(bar) = bar {
        bar.finish();
    }
    Ok(outcome)
}

/// The reason of what is done here, where nobody is asked for one.
const COMMAND_LINE: &str = "command line";

fn act<'a>(desk: &'a Desk, staff: &Staff, reason: &'a str) -> Act<'a> {
    Act { store: &desk.store, by: staff.staff_id, now: desk.clock.now(), reason }
}

async fn find(desk: &Desk, name: &str) -> anyhow::Result<Option<BankRow>> {
    Ok(desk.store.bank_list().await?.into_iter().find(|row| row.name == name))
}

async fn known(desk: &Desk, name: &str) -> anyhow::Result<BankRow> {
    let row = find(desk, name).await?;
    row.ok_or_else(|| Refused::because(format!("there is no bank {name:?}")).into())
}

fn refused(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::Refused(reason) => Refused::because(reason).into(),
        trouble => trouble.into(),
    }
}

/// A file that was written.
#[derive(Debug, Serialize)]
pub struct Written {
    /// Items in it.
    pub items: usize,
    /// What its format cannot hold.
    pub problems: Vec<Problem>,
    /// The file.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

fn written(units: &[Unit], pictures: &[Picture], format: ExportFormat) -> anyhow::Result<Written> {
    let written = export::write(units, pictures, format);
    let written =
        written.map_err(|error| Refused::because(format!("{error}: {}", cause(&error))))?;
    let items = units.iter().map(|unit| unit.items.len()).sum();
    Ok(Written { items, problems: written.problems, bytes: written.bytes })
}

fn cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(String::new, ToString::to_string)
}

/// Writes the table that authors fill in as a workbook, with the items of a file or empty.
///
/// # Errors
/// [`Refused`] for a file with errors, or with a text that no cell can hold.
pub fn template(from: Option<(&str, &[u8])>) -> anyhow::Result<Written> {
    let read = from.map(|(file, bytes)| format::read(bytes, file, &Reading::default()));
    let read = read.unwrap_or_default();
    let errors = read.problems.iter().filter(|problem| problem.is_error());
    let reasons: Vec<String> = errors.map(ToString::to_string).collect();
    if !reasons.is_empty() {
        return Err(Refused { reasons }.into());
    }
    written(&read.units, &read.pictures, ExportFormat::Xlsx)
}

/// Writes what fits as a file.
///
/// # Errors
/// [`Refused`] for an unknown bank, where nothing fits, and for what the format cannot hold at all.
pub async fn export(
    desk: &Desk,
    bank: &str,
    sought: &Sought,
    format: ExportFormat,
) -> anyhow::Result<Written> {
    let filter = filter(desk, bank, sought).await?;
    let exported = banks::export(&desk.store, &filter).await?;
    if exported.units.is_empty() {
        return Err(Refused::because("nothing fits").into());
    }
    written(&exported.units, &exported.pictures, format)
}

/// Approves the drafts of a bank, or those of one import, in the name of a second person.
///
/// # Errors
/// [`Refused`] for an unknown bank or member, for whoever imported, and where there are no drafts.
pub async fn approve(
    desk: &Desk,
    bank: &str,
    import_no: Option<i64>,
    login: Option<&str>,
) -> anyhow::Result<Approved> {
    let approver = desk.staff(login, Role::Approver).await?;
    let row = known(desk, bank).await?;
    let after = serde_json::json!({
        "items": row.draft_items, "revision": row.revision + 1, "import": import_no,
    });
    let act = act(desk, &approver, COMMAND_LINE);
    let audit = act.audit("bank.approve", row.bank_id, &after);
    let approved = desk.store.bank_approve(row.bank_id, import_no, act.by, act.now, &audit).await;
    approved.map(|units| Approved { units }).map_err(refused)
}

/// Rejects the drafts of one import.
///
/// # Errors
/// [`Refused`] for an unknown bank, import or member.
pub async fn reject(
    desk: &Desk,
    bank: &str,
    import_no: i64,
    reason: &str,
    login: Option<&str>,
) -> anyhow::Result<()> {
    let approver = desk.staff(login, Role::Approver).await?;
    let row = known(desk, bank).await?;
    let act = act(desk, &approver, reason);
    let audit = act.audit("bank.reject", row.bank_id, &serde_json::json!({ "import": import_no }));
    desk.store.bank_reject(row.bank_id, import_no, act.by, act.now, &audit).await.map_err(refused)
}

/// A bank's revision after something was taken out.
#[derive(Debug, Serialize)]
pub struct Withdrawn {
    /// Exams that are published from now on draw from it.
    pub revision: i64,
}

/// Takes an approved unit out of what is drawn.
///
/// # Errors
/// [`Refused`] for an unknown bank or member, and where nothing of this code can be drawn.
pub async fn withdraw(
    desk: &Desk,
    bank: &str,
    code: &str,
    reason: &str,
    login: Option<&str>,
) -> anyhow::Result<Withdrawn> {
    let approver = desk.staff(login, Role::Approver).await?;
    let row = known(desk, bank).await?;
    let act = act(desk, &approver, reason);
    let audit = act.audit("bank.withdraw", row.bank_id, &serde_json::json!({ "unit": code }));
    let revision = desk.store.unit_withdraw(row.bank_id, code, act.by, act.now, &audit).await;
    revision.map(|revision| Withdrawn { revision }).map_err(refused)
}

/// The imports of a bank, the newest first.
///
/// # Errors
/// [`Refused`] for an unknown bank; trouble with the database.
pub async fn imports(desk: &Desk, bank: &str) -> anyhow::Result<Vec<ImportRow>> {
    let row = known(desk, bank).await?;
    Ok(desk.store.bank_imports(row.bank_id).await?)
}

/// All versions of a unit with what was done and changed, the oldest first.
///
/// # Errors
/// [`Refused`] for an unknown bank or code; trouble with the database.
pub async fn history(desk: &Desk, bank: &str, code: &str) -> anyhow::Result<Vec<Version>> {
    let row = known(desk, bank).await?;
    let versions = banks::history(&desk.store, row.bank_id, code).await?;
    if versions.is_empty() {
        return Err(Refused::because(format!("there is no unit {code:?}")).into());
    }
    Ok(versions)
}

async fn filter(desk: &Desk, bank: &str, sought: &Sought) -> anyhow::Result<UnitFilter> {
    let bank_id = known(desk, bank).await?.bank_id;
    sought.filter(bank_id).map_err(|unknown| Refused::because(unknown.to_string()).into())
}

/// What fits.
///
/// # Errors
/// [`Refused`] for an unknown bank, type, difficulty or pool; trouble with the database.
pub async fn look_for(desk: &Desk, bank: &str, sought: &Sought) -> anyhow::Result<Found> {
    let filter = filter(desk, bank, sought).await?;
    let cells = desk.store.unit_cells(&filter).await?;
    let listed = desk.store.unit_find(&filter, Slice::behind(0, LISTED_MAX)).await?;
    Ok(Found {
        units: cells.iter().map(|cell| cell.units).sum(),
        items: cells.iter().map(|cell| cell.items).sum(),
        listed: found(desk, &listed).await?,
    })
}

/// Versions as a search lists them.
async fn found(desk: &Desk, versions: &[i64]) -> anyhow::Result<Vec<FoundUnit>> {
    let versions = desk.store.unit_versions(versions).await?;
    let units: Vec<Unit> = versions.iter().map(banks::unit_of).collect::<Result<_, _>>()?;
    let measurements = Measurements::of_units(&desk.store, &units).await?;
    let unit = |(version, unit): (UnitVersion, Unit)| FoundUnit {
        state: version.state,
        item_type: unit.item_type.name().to_owned(),
        difficulty: unit.difficulty.name().to_owned(),
        measured: measurements.of_unit(&unit),
        text: banks::asks(&unit).to_owned(),
        code: unit.code,
        topic: unit.topic,
    };
    Ok(versions.into_iter().zip(units).map(unit).collect())
}

/// How many units and items a bank has by type, topic, difficulty and pool.
///
/// # Errors
/// [`Refused`] for an unknown bank, type, difficulty or pool; trouble with the database.
pub async fn cells(desk: &Desk, bank: &str, sought: &Sought) -> anyhow::Result<Vec<Cell>> {
    let filter = filter(desk, bank, sought).await?;
    Ok(desk.store.unit_cells(&filter).await?)
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct MeasuredBanks {
    /// How many attempts were counted now.
    pub attempts: usize,
    /// Units of the bank, if one was named, that proved harder or easier than their authors say.
    pub off: Vec<FoundUnit>,
}

/// How many units are looked at at once.
const SLICE: usize = 1_000;

/// Counts the answers of attempts that closed since the last time, and says which units of `bank`
/// are not as hard as their authors say.
///
/// # Errors
/// [`Refused`] for an unknown bank, or while another one measures; trouble with the database.
pub async fn measure(
    desk: &Desk,
    bank: Option<&str>,
    quiet: bool,
) -> anyhow::Result<MeasuredBanks> {
    let bank = match bank {
        Some(bank) => Some(known(desk, bank).await?),
        None => None,
    };
    let waiting = desk.store.attempts_behind(desk.store.measured_upto().await?).await?;
    let mut bar = Progress::begin("attempts", usize::try_from(waiting)?, quiet);
    let attempts = exams::measure(&desk.store, |done| bar.done(done)).await.map_err(refused)?;
    bar.finish();
    let mut off = Vec::new();
    if let Some(bank) = bank {
        let filter = UnitFilter::all(bank.bank_id, Standing::Approved);
        let versions = desk.store.unit_find(&filter, Slice::ALL).await?;
        for slice in versions.chunks(SLICE) {
            let units = found(desk, slice).await?;
            off.extend(units.into_iter().filter(|unit| {
                let measured = unit.measured.difficulty();
                measured.is_some_and(|measured| measured.name() != unit.difficulty)
            }));
        }
    }
    Ok(MeasuredBanks { attempts, off })
}

/// Looks at a whole file: problems, pairs that say nearly the same, and how keys are spread.
///
/// # Errors
/// When the file cannot be handed to its reader.
pub async fn check(file: &str, bytes: &[u8]) -> anyhow::Result<Checked> {
    let (read, outcome) = banks::look(file, bytes.to_vec(), &Wish::default(), Vec::new()).await?;
    Ok(Checked {
        items: outcome.items,
        similar: outcome.similar,
        similar_more: outcome.similar_more,
        key_spread: [4, 5].map(|options| similar::key_spread(&read.units, options)),
        problems: outcome.problems,
    })
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
