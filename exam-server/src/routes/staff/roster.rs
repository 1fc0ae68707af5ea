//! The registry's people, from a table.

use axum::Json;
use axum::extract::{Query, Request, State};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};

use super::refusals::refused_field;
use super::uploads::file_of;
use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::commands::Desk;
use crate::commands::roster;
use crate::problem::{ApiError, Problem};
use crate::store::Role;

/// The biggest roster: 200,000 people.
const FILE_BYTES_MAX: usize = 32 << 20;

/// A roster takes a core and some hundred megabytes.
static AT_ONCE: Semaphore = Semaphore::const_new(1);

/// How a roster is taken.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RosterQuery {
    /// Only says what would be stored.
    #[serde(default)]
    dry_run: bool,
    /// Issues a one-time code for each person.
    #[serde(default)]
    codes: bool,
}

/// What became of a roster.
#[derive(Serialize, ToSchema)]
pub(super) struct RosterReply {
    /// People stored or brought up to date, or who would be.
    people: usize,
    /// Rows that are wrong: row, column, code, message; with any of them nothing is stored.
    #[schema(value_type = Vec<Object>)]
    problems: Vec<assessment::roster::RowProblem>,
    /// Rows that somebody should look at.
    #[schema(value_type = Vec<Object>)]
    warnings: Vec<assessment::roster::RowProblem>,
    /// One-time codes as CSV, shown once; null where none were asked for.
    codes: Option<String>,
}

/// Stores the people of a table
///
/// A workbook or a CSV, as the body. With one bad row nothing is stored.
#[utoipa::path(post, path = "/roster/imports", tag = "candidates", params(RosterQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = RosterReply), (status = 403, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn import(
    State(app): State<App>,
    member: StaffMember,
    Query(query): Query<RosterQuery>,
    request: Request,
) -> Result<Json<RosterReply>, ApiError> {
    member.must_be(Role::Operator)?;
    let Ok(_permit) = AT_ONCE.try_acquire() else { return Err(ApiError::Busy) };
    let bytes = file_of(request, FILE_BYTES_MAX).await?;
    let desk = Desk::of(&app);
    let by = Some(member.staff.staff_id);
    let outcome = if query.dry_run {
        roster::look(&desk, bytes.into()).await
    } else {
        roster::import(&desk, by, bytes.into(), query.codes, None, true).await
    };
    let outcome = outcome.map_err(|error| refused_field("file", error))?;
    Ok(Json(RosterReply {
        people: outcome.people,
        problems: outcome.problems,
        warnings: outcome.warnings,
        codes: outcome.csv,
    }))
}
