//! Items and groups of a bank.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use exam_core::measured::Measured;
use question_bank::item::Unit;
use question_bank::json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{BankReason, act, bank_of, by_rule, may_read};
use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::banks::{self, Measurements, Sought, Version};
use crate::problem::{ApiError, Problem};
use crate::routes::staff::paging::{next_of, page_of, slice_of};
use crate::routes::{Body, Path};
use crate::store::{BankRow, Cell, Role, UnitFilter, UnitVersion};

/// A page of what is looked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// `next` of the page before.
    #[serde(default)]
    after: i64,
    /// Rows to pass over from there, for a jump to a page.
    #[serde(default)]
    skip: i64,
    /// At most 200; 50 where it is left out.
    limit: Option<i64>,
}

/// A page of units.
#[derive(Serialize, ToSchema)]
pub(super) struct UnitPage {
    units: Vec<UnitView>,
    /// Where the next page begins; null behind the last.
    next: Option<i64>,
}

/// A unit in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct UnitView {
    code: String,
    version: i64,
    /// `draft`, `approved` or `withdrawn`.
    state: String,
    r#type: String,
    topic: String,
    difficulty: String,
    pool: String,
    /// How many answered its items.
    answers: u32,
    /// The mean share of the points that they reached, in thousandths.
    facility_permille: Option<u16>,
    /// What it asks, or the case of its group.
    text: String,
    /// How many items it has.
    items: usize,
}

pub(super) fn filter(bank: &BankRow, sought: &Sought) -> Result<UnitFilter, ApiError> {
    sought
        .filter(bank.bank_id)
        .map_err(|unknown| ApiError::field(unknown.what, "unknown", "not one that is known"))
}

fn view(version: &UnitVersion, unit: Unit, measured: Measured) -> UnitView {
    UnitView {
        version: version.version,
        state: version.state.clone(),
        r#type: unit.item_type.name().to_owned(),
        difficulty: unit.difficulty.name().to_owned(),
        pool: unit.pool.name().to_owned(),
        answers: measured.answers,
        facility_permille: measured.facility(),
        text: banks::asks(&unit).to_owned(),
        items: unit.items.len(),
        code: unit.code,
        topic: unit.topic,
    }
}

/// Finds items and groups
#[utoipa::path(get, path = "/banks/{bank_id}/units", tag = "banks",
    params(("bank_id" = String, Path, description = "the bank"), PageQuery, Sought),
    responses((status = 200, body = UnitPage), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn find(
    State(app): State<App>,
    member: StaffMember,
    Path(bank_id): Path<String>,
    Query(query): Query<PageQuery>,
    Query(sought): Query<Sought>,
) -> Result<Json<UnitPage>, ApiError> {
    may_read(&member)?;
    let bank = bank_of(&app, &bank_id).await?;
    let filter = filter(&bank, &sought)?;
    let limit = page_of(query.limit);
    let slice = slice_of(query.after, query.skip, limit);
    let found = app.store.unit_find(&filter, slice).await?;
    let mut versions = app.store.unit_versions(&found).await?;
    let next = next_of(&mut versions, limit, |version| version.unit_no);
    let units: Vec<Unit> = versions.iter().map(banks::unit_of).collect::<Result<_, _>>()?;
    let measured = Measurements::of_units(&app.store, &units).await?;
    let view = |(version, unit)| {
        let measured = measured.of_unit(&unit);
        view(version, unit, measured)
    };
    Ok(Json(UnitPage { units: versions.iter().zip(units).map(view).collect(), next }))
}

/// Counts by cell.
#[derive(Serialize, ToSchema)]
pub(super) struct CellList {
    /// By topic.
    cells: Vec<Cell>,
}

/// Counts items by type, topic, difficulty and pool
#[utoipa::path(get, path = "/banks/{bank_id}/cells", tag = "banks",
    params(("bank_id" = String, Path, description = "the bank"), Sought),
    responses((status = 200, body = CellList), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn cells(
    State(app): State<App>,
    member: StaffMember,
    Path(bank_id): Path<String>,
    Query(sought): Query<Sought>,
) -> Result<Json<CellList>, ApiError> {
    may_read(&member)?;
    let bank = bank_of(&app, &bank_id).await?;
    let filter = filter(&bank, &sought)?;
    Ok(Json(CellList { cells: app.store.unit_cells(&filter).await? }))
}

/// Which version is meant.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct VersionQuery {
    /// Without it, the newest.
    #[serde(default)]
    version: Option<i64>,
}

/// Shows an item or a group with its keys
///
/// In the loss-free format, with the files of its pictures.
#[utoipa::path(get, path = "/banks/{bank_id}/units/{code}", tag = "banks",
    params(("bank_id" = String, Path, description = "the bank"),
        ("code" = String, Path, description = "the author's code"), VersionQuery),
    responses((status = 200, description = "a bank of one unit in format exam-bank/1"),
        (status = 404, body = Problem)))]
pub(super) async fn show(
    State(app): State<App>,
    member: StaffMember,
    Path((bank_id, code)): Path<(String, String)>,
    Query(query): Query<VersionQuery>,
) -> Result<Response, ApiError> {
    may_read(&member)?;
    let bank = bank_of(&app, &bank_id).await?;
    let unit = banks::unit_at(&app.store, bank.bank_id, &code, query.version).await?;
    let unit = unit.ok_or(ApiError::NotFound("unit"))?;
    let units = [unit];
    let pictures = banks::pictures_of(&app.store, &units).await?;
    let text = json::write(&units, &pictures);
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// The versions of a unit.
#[derive(Serialize, ToSchema)]
pub(super) struct VersionList {
    /// The oldest first, each with who did what, and what it changed in the one before.
    #[schema(value_type = Vec<Object>)]
    versions: Vec<Version>,
}

/// Lists the versions of an item or a group
#[utoipa::path(get, path = "/banks/{bank_id}/units/{code}/versions", tag = "banks",
    params(("bank_id" = String, Path, description = "the bank"),
        ("code" = String, Path, description = "the author's code")),
    responses((status = 200, body = VersionList), (status = 404, body = Problem)))]
pub(super) async fn versions(
    State(app): State<App>,
    member: StaffMember,
    Path((bank_id, code)): Path<(String, String)>,
) -> Result<Json<VersionList>, ApiError> {
    may_read(&member)?;
    let bank = bank_of(&app, &bank_id).await?;
    let versions = banks::history(&app.store, bank.bank_id, &code).await?;
    if versions.is_empty() {
        return Err(ApiError::NotFound("unit"));
    }
    Ok(Json(VersionList { versions }))
}

/// The bank's revision after a unit was withdrawn.
#[derive(Serialize, ToSchema)]
pub(super) struct WithdrawnReply {
    /// Exams that are published from now on draw from it.
    revision: i64,
}

/// Withdraws an item or a group
///
/// Exams that were published before draw it until they are published again.
#[utoipa::path(post, path = "/banks/{bank_id}/units/{code}/withdraw", tag = "banks",
    params(("bank_id" = String, Path, description = "the bank"),
        ("code" = String, Path, description = "the author's code")),
    request_body = BankReason,
    responses((status = 200, body = WithdrawnReply), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn withdraw(
    State(app): State<App>,
    member: StaffMember,
    Path((bank_id, code)): Path<(String, String)>,
    Body(body): Body<BankReason>,
) -> Result<Json<WithdrawnReply>, ApiError> {
    member.must_be(Role::Approver)?;
    let reason = body.checked()?;
    let bank = bank_of(&app, &bank_id).await?;
    let act = act(&app, &member, &reason);
    let audit = act.audit("bank.withdraw", bank.bank_id, &serde_json::json!({ "unit": code }));
    let withdrawn = app.store.unit_withdraw(bank.bank_id, &code, act.by, act.now, &audit).await;
    Ok(Json(WithdrawnReply { revision: withdrawn.map_err(by_rule)? }))
}
