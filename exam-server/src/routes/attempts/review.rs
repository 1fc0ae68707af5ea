//! What the candidate sees of the photographs and of what was decided, and may say to it.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use proctor::review::State as ReviewState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::extract::Candidate;
use crate::invigilation::{self, Case, IncidentView, ReviewView, StepView, incident_views};
use crate::problem::{ApiError, Problem};
use crate::routes::staff::picture_response;
use crate::routes::{Body, Path};
use crate::snapshots::{Print, show};

/// The longest objection.
const APPEAL_CHARS_MAX: usize = 2_000;

/// What was seen and decided, as the candidate may know it.
#[derive(Serialize, ToSchema)]
pub(super) struct OwnReview {
    /// `waiting`, `normal`, `suspicious`, `violation`, `void` or `appealed`. What one member of staff
    /// proposes is nothing yet.
    #[schema(value_type = String)]
    state: ReviewState,
    /// What was decided and said, without the names of staff.
    steps: Vec<StepView>,
    /// What the decision is about; nothing before one is made.
    incidents: Vec<IncidentView>,
    /// The own photographs.
    snapshots: Vec<OwnSnapshot>,
    /// Until when an objection may be made; null where there is nothing to object to, and after one.
    appeal_until_ms: Option<i64>,
    /// Whether the objection was right; null while nobody has decided.
    upheld: Option<bool>,
    /// Days for which photographs are kept after the end; null where the exam is not watched.
    keep_days: Option<i64>,
    /// Whether the consent was taken back.
    withdrawn: bool,
}

/// A photograph.
#[derive(Serialize, ToSchema)]
pub(super) struct OwnSnapshot {
    request_id: String,
    received_at_ms: i64,
}

/// An objection.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AppealBody {
    /// 1 to 2,000 characters.
    text: String,
}

/// What the candidate may know of a review.
fn own(view: &ReviewView) -> (ReviewState, Vec<StepView>) {
    use proctor::review::Act;
    let is_told = |step: &&StepView| !matches!(step.act, Act::ProposeVoid | Act::DeclineVoid);
    let steps: Vec<StepView> = view.steps.iter().filter(is_told).cloned().collect();
    let state = match view.state {
        ReviewState::VoidProposed => {
            let verdict = steps.iter().rev().find_map(|step| step.act.verdict());
            verdict.map_or(ReviewState::Waiting, ReviewState::from)
        }
        state => state,
    };
    // Numbered anew: a gap would tell of what is nothing yet.
    let told =
        (1..).zip(steps).map(|(step, one)| StepView { step, staff: None, login: None, ..one });
    (state, told.collect())
}

/// Shows what was seen and decided about an attempt
#[utoipa::path(get, path = "/attempts/{attempt_id}/review", tag = "attempts",
    params(("attempt_id" = String, Path, description = "the attempt")),
    responses((status = 200, body = OwnReview), (status = 404, body = Problem)))]
pub(super) async fn review(
    State(app): State<App>,
    candidate: Candidate,
    Path(attempt_id): Path<String>,
) -> Result<Json<OwnReview>, ApiError> {
    let attempt = candidate.own(&app, &attempt_id).await?;
    let case = Case::of(&app, &attempt).await?;
    let view = invigilation::review_of(&app, &attempt).await?;
    let (state, steps) = own(&view);
    let decided = !matches!(state, ReviewState::Waiting | ReviewState::Normal);
    let incidents = if decided { incident_views(&case.incidents) } else { Vec::new() };
    let snapshots = case.snapshots.iter().map(|snapshot| OwnSnapshot {
        request_id: snapshot.request_id.clone(),
        received_at_ms: snapshot.received_at_ms,
    });
    Ok(Json(OwnReview {
        state,
        steps,
        incidents,
        snapshots: snapshots.collect(),
        appeal_until_ms: view.appeal_until_ms.map(exam_core::time::Timestamp::as_ms),
        upheld: view.upheld,
        keep_days: case.keep_days(),
        withdrawn: case.consent.withdrawn_at_ms.is_some(),
    }))
}

/// Shows an own photograph
#[utoipa::path(get, path = "/attempts/{attempt_id}/snapshots/{request_id}", tag = "attempts",
    params(("attempt_id" = String, Path, description = "the attempt"),
        ("request_id" = String, Path, description = "what it answered")),
    responses((status = 200, content_type = "image/jpeg"), (status = 404, body = Problem),
        (status = 410, body = Problem)))]
pub(super) async fn picture(
    State(app): State<App>,
    candidate: Candidate,
    Path((attempt_id, request_id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let attempt = candidate.own(&app, &attempt_id).await?;
    let row = app.store.snapshot_find(attempt.key.attempt_no, &request_id).await?;
    let row = row.ok_or(ApiError::NotFound("snapshot"))?;
    picture_response(show(&app, attempt.attempt_id, &row, Print::Plain).await?)
}

/// Objects to what was decided
///
/// Once, within the days that the exam says. Somebody who had no part in it decides.
#[utoipa::path(post, path = "/attempts/{attempt_id}/appeal", tag = "attempts",
    params(("attempt_id" = String, Path, description = "the attempt")),
    request_body = AppealBody,
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn appeal(
    State(app): State<App>,
    candidate: Candidate,
    Path(attempt_id): Path<String>,
    Body(body): Body<AppealBody>,
) -> Result<axum::http::StatusCode, ApiError> {
    if !(1..=APPEAL_CHARS_MAX).contains(&body.text.trim().chars().count()) {
        return Err(ApiError::field("text", "bad_length", "1 to 2,000 characters"));
    }
    let attempt = candidate.own(&app, &attempt_id).await?;
    invigilation::appeal(&app, &attempt, body.text).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
