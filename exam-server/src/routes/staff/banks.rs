//! Question banks: import, approval, search, history.

mod files;
mod imports;
mod units;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use exam_core::ids::BankId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paging::any_role;
use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::banks::{Act, BankError};
use crate::chance::system_rng;
use crate::problem::{ApiError, Problem};
use crate::routes::attempts::picture;
use crate::routes::{Body, Path};
use crate::store::{BankRow, Role, StoreError};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(create))
        .routes(routes!(media))
        .routes(routes!(imports::import))
        .routes(routes!(imports::list))
        .routes(routes!(imports::approve))
        .routes(routes!(imports::reject))
        .routes(routes!(units::find))
        .routes(routes!(units::cells))
        .routes(routes!(units::show))
        .routes(routes!(units::versions))
        .routes(routes!(units::withdraw))
        .routes(routes!(files::export))
        .routes(routes!(files::template))
}

/// The longest name of a bank.
const NAME_CHARS_MAX: usize = 100;

/// Who may see items with their keys.
const READERS: [Role; 3] = [Role::Author, Role::Approver, Role::Operator];

impl From<BankError> for ApiError {
    fn from(error: BankError) -> Self {
        match error {
            BankError::Store(StoreError::Refused(detail)) => {
                Self::Conflict { code: "refused", detail }
            }
            BankError::Store(error) => error.into(),
            BankError::Reader(source) => {
                tracing::error!(%source, "a bank file could not be read");
                Self::Internal
            }
        }
    }
}

/// What the store refuses by a rule is a conflict, not trouble.
fn by_rule(error: StoreError) -> ApiError {
    BankError::Store(error).into()
}

fn may_read(member: &StaffMember) -> Result<(), ApiError> {
    any_role(member, &READERS)
}

/// The bank of an address.
async fn bank_of(app: &App, id: &str) -> Result<BankRow, ApiError> {
    let not_found = || ApiError::NotFound("bank");
    let id: BankId = id.parse().map_err(|_| not_found())?;
    let known = app.store.bank_list().await?;
    known.into_iter().find(|row| row.bank_id == id).ok_or_else(not_found)
}

fn act<'a>(app: &'a App, member: &StaffMember, reason: &'a str) -> Act<'a> {
    Act { store: &app.store, by: member.staff.staff_id, now: app.clock.now(), reason }
}

/// All banks.
#[derive(Serialize, ToSchema)]
pub(super) struct BankList {
    /// By name.
    banks: Vec<BankView>,
}

/// One of them.
#[derive(Serialize, ToSchema)]
pub(super) struct BankView {
    #[schema(value_type = String)]
    bank_id: BankId,
    name: String,
    /// Counts approvals and withdrawals.
    revision: i64,
    /// Items that can be drawn.
    approved_items: i64,
    /// Items that wait for approval.
    draft_items: i64,
}

/// Lists all banks
#[utoipa::path(get, path = "/banks", tag = "banks",
    responses((status = 200, body = BankList), (status = 403, body = Problem)))]
pub(super) async fn list(
    State(app): State<App>,
    member: StaffMember,
) -> Result<Json<BankList>, ApiError> {
    may_read(&member)?;
    let view = |row: BankRow| BankView {
        bank_id: row.bank_id,
        name: row.name,
        revision: row.revision,
        approved_items: row.approved_items,
        draft_items: row.draft_items,
    };
    Ok(Json(BankList { banks: app.store.bank_list().await?.into_iter().map(view).collect() }))
}

/// A bank to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BankBody {
    /// 1 to 100 characters.
    name: String,
}

/// A bank's id.
#[derive(Serialize, ToSchema)]
pub(super) struct BankMade {
    #[schema(value_type = String)]
    bank_id: BankId,
}

/// Makes a bank
///
/// One of this name that is there already is given.
#[utoipa::path(post, path = "/banks", tag = "banks", request_body = BankBody,
    responses((status = 200, body = BankMade), (status = 403, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn create(
    State(app): State<App>,
    member: StaffMember,
    Body(body): Body<BankBody>,
) -> Result<Json<BankMade>, ApiError> {
    member.must_be(Role::Author)?;
    let name = body.name.trim();
    if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) {
        return Err(ApiError::field("name", "bad_length", "1 to 100 characters"));
    }
    let now = app.clock.now();
    let bank_id = app.store.bank_keep(name, BankId::fresh(now, &mut system_rng()), now).await?;
    Ok(Json(BankMade { bank_id }))
}

/// Why something is done to a bank.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BankReason {
    /// 1 to 500 characters.
    reason: String,
}

impl BankReason {
    fn checked(self) -> Result<String, ApiError> {
        super::attempts::checked_reason(self.reason)
    }
}

/// Fetches a picture of an item
#[utoipa::path(get, path = "/media/{media_id}", tag = "banks",
    params(("media_id" = String, Path, description = "the medium")),
    responses((status = 200, description = "the picture", content_type = "image/*"),
        (status = 404, body = Problem)))]
pub(super) async fn media(
    State(app): State<App>,
    member: StaffMember,
    Path(media_id): Path<String>,
) -> Result<Response, ApiError> {
    may_read(&member)?;
    picture(&app, &media_id, HeaderValue::from_static("private, max-age=3600")).await
}

/// Nothing to say.
const DONE: StatusCode = StatusCode::NO_CONTENT;
