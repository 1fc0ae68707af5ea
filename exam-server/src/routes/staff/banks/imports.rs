//! Files that become drafts, and what becomes of the drafts.

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use exam_core::item::Pool;
use question_bank::format::{Format, Reading};
use question_bank::item::{Defaults, Unit};
use question_bank::json;
use question_bank::mend::{MENDS_MAX, Mend};
use question_bank::problem::Problem as FileProblem;
use question_bank::similar::Pair;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};

use super::{BankReason, DONE, act, bank_of, by_rule, may_read};
use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::banks::{self, Wish};
use crate::problem::{ApiError, Problem};
use crate::routes::staff::uploads::file_of;
use crate::routes::{Body, Path};
use crate::store::{ImportRow, Role};

/// The biggest file.
const FILE_BYTES_MAX: usize = 64 << 20;

/// How many files are read at once: each may take a core and a gigabyte.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// How a file is imported.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportQuery {
    /// The file's name, for reports and history.
    file: String,
    /// The format; without one, what the file holds tells.
    #[serde(default)]
    format: Option<String>,
    /// `exam` or `practice`, for items whose file does not say.
    #[serde(default)]
    pool: Option<String>,
    /// Only say what would become of it.
    #[serde(default)]
    dry_run: bool,
    /// Take the good items although others are bad.
    #[serde(default)]
    skip_bad: bool,
    /// Cells of a table that say something else than in the file, as JSON:
    /// `[{"sheet":"单选题","row":3,"column":7,"text":"B"}]`, counted from 1, without a sheet in CSV.
    #[serde(default)]
    mends: Option<String>,
}

/// What became of a file.
#[derive(Serialize, ToSchema)]
pub(super) struct ImportReply {
    /// Items in the file.
    items: usize,
    /// Items that are drafts now, or would be.
    accepted: usize,
    /// Items that are not.
    rejected: usize,
    /// Items that were there already.
    unchanged: usize,
    /// By which it is approved; null where nothing changed.
    import_no: Option<i64>,
    /// Everything that is wrong or odd: severity, file, sheet, row, column, item, code, message.
    #[schema(value_type = Vec<Object>)]
    problems: Vec<FileProblem>,
    /// Items that say nearly the same: first, second, similarity, same, `in_bank`.
    #[schema(value_type = Vec<Object>)]
    similar: Vec<Pair>,
    /// Whether there may be more of them: only so many are looked for and listed.
    similar_more: bool,
    /// The units of the file that stand in `similar`, in format exam-bank/1.
    #[schema(value_type = Vec<Object>)]
    similar_units: serde_json::Value,
}

/// Imports a file as drafts
///
/// The body is the file. With one error nothing is stored, unless `skip_bad` takes the rest; the
/// answer lists every problem either way. The same file again changes nothing.
#[utoipa::path(post, path = "/banks/{bank_id}/imports", tag = "banks",
    params(("bank_id" = String, Path, description = "the bank"), ImportQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = ImportReply), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 413, body = Problem)))]
pub(super) async fn import(
    State(app): State<App>,
    member: StaffMember,
    Path(bank_id): Path<String>,
    Query(query): Query<ImportQuery>,
    request: Request,
) -> Result<Json<ImportReply>, ApiError> {
    member.must_be(Role::Author)?;
    let bank = bank_of(&app, &bank_id).await?;
    let unknown = |field| move |_| ApiError::field(field, "unknown", "not one that is known");
    let format: Option<Format> =
        query.format.as_deref().map(str::parse).transpose().map_err(unknown("format"))?;
    let pool: Option<Pool> =
        query.pool.as_deref().map(str::parse).transpose().map_err(unknown("pool"))?;
    let defaults = pool.map_or_else(Defaults::default, |pool| Defaults { pool });
    let mends = mends_of(query.mends.as_deref())?;
    let reading = Reading { format, defaults, mends };
    let wish = Wish { dry_run: query.dry_run, skip_bad: query.skip_bad, reading };
    let Ok(_permit) = AT_ONCE.try_acquire() else { return Err(ApiError::Busy) };
    let bytes = file_of(request, FILE_BYTES_MAX).await?;
    let act = act(&app, &member, "import");
    let outcome =
        banks::import(&act, bank.bank_id, &query.file, bytes.into(), wish, |_, _| {}).await?;
    Ok(Json(ImportReply {
        items: outcome.items,
        accepted: outcome.accepted,
        rejected: outcome.rejected,
        unchanged: outcome.unchanged,
        import_no: outcome.import_no,
        problems: outcome.problems,
        similar: outcome.similar,
        similar_more: outcome.similar_more,
        similar_units: units_json(&outcome.similar_units),
    }))
}

/// Units as their format spells them.
fn units_json(units: &[Unit]) -> serde_json::Value {
    let bank: serde_json::Value =
        serde_json::from_str(&json::write(units, &[])).expect("a bank is JSON");
    bank["units"].clone()
}

/// # Errors
/// [`ApiError`] for what is no list of corrections, or too long a one.
fn mends_of(json: Option<&str>) -> Result<Vec<Mend>, ApiError> {
    let Some(json) = json else { return Ok(Vec::new()) };
    let bad = |message: String| ApiError::field("mends", "invalid", message);
    let mends: Vec<Mend> = serde_json::from_str(json).map_err(|error| bad(error.to_string()))?;
    if mends.len() > MENDS_MAX {
        return Err(bad(format!("more than {MENDS_MAX} cells: correct the file")));
    }
    Ok(mends)
}

/// The imports of a bank.
#[derive(Serialize, ToSchema)]
pub(super) struct ImportList {
    /// The newest first.
    imports: Vec<ImportRow>,
}

/// Lists the imports of a bank
#[utoipa::path(get, path = "/banks/{bank_id}/imports", tag = "banks",
    params(("bank_id" = String, Path, description = "the bank")),
    responses((status = 200, body = ImportList), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(app): State<App>,
    member: StaffMember,
    Path(bank_id): Path<String>,
) -> Result<Json<ImportList>, ApiError> {
    may_read(&member)?;
    let bank = bank_of(&app, &bank_id).await?;
    Ok(Json(ImportList { imports: app.store.bank_imports(bank.bank_id).await? }))
}

/// How much was approved.
#[derive(Serialize, ToSchema)]
pub(super) struct ApprovedReply {
    units: u64,
}

/// Approves the drafts of an import
///
/// By somebody else than whoever imported them. They are drawn by exams that are published from
/// then on.
#[utoipa::path(post, path = "/banks/{bank_id}/imports/{import_no}/approve", tag = "banks",
    params(("bank_id" = String, Path, description = "the bank"),
        ("import_no" = i64, Path, description = "the import")),
    request_body = BankReason,
    responses((status = 200, body = ApprovedReply), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn approve(
    State(app): State<App>,
    member: StaffMember,
    Path((bank_id, import_no)): Path<(String, i64)>,
    Body(body): Body<BankReason>,
) -> Result<Json<ApprovedReply>, ApiError> {
    member.must_be(Role::Approver)?;
    let reason = body.checked()?;
    let bank = bank_of(&app, &bank_id).await?;
    let act = act(&app, &member, &reason);
    let after = serde_json::json!({ "import": import_no, "revision": bank.revision + 1 });
    let audit = act.audit("bank.approve", bank.bank_id, &after);
    let approved =
        app.store.bank_approve(bank.bank_id, Some(import_no), act.by, act.now, &audit).await;
    Ok(Json(ApprovedReply { units: approved.map_err(by_rule)? }))
}

/// Rejects the drafts of an import
///
/// They stay in the history and are never drawn.
#[utoipa::path(post, path = "/banks/{bank_id}/imports/{import_no}/reject", tag = "banks",
    params(("bank_id" = String, Path, description = "the bank"),
        ("import_no" = i64, Path, description = "the import")),
    request_body = BankReason,
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn reject(
    State(app): State<App>,
    member: StaffMember,
    Path((bank_id, import_no)): Path<(String, i64)>,
    Body(body): Body<BankReason>,
) -> Result<StatusCode, ApiError> {
    member.must_be(Role::Approver)?;
    let reason = body.checked()?;
    let bank = bank_of(&app, &bank_id).await?;
    let act = act(&app, &member, &reason);
    let audit = act.audit("bank.reject", bank.bank_id, &serde_json::json!({ "import": import_no }));
    app.store
        .bank_reject(bank.bank_id, import_no, act.by, act.now, &audit)
        .await
        .map_err(by_rule)?;
    Ok(DONE)
}
