//! What a candidate may read of an attempt.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use exam_core::ids::{AttemptId, ExamId};
use exam_core::session::Seq;
use exam_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::events::is_over;
use crate::app::App;
use crate::auth::extract::Candidate;
use crate::problem::{ApiError, Problem};
use crate::protocol::{AttemptState, Record, RecordFrame, ResultView};
use crate::routes::Path;
use crate::routes::coding::{gzip, takes};
use crate::store::Attempt;

/// A candidate's attempts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct History {
    /// Oldest first.
    attempts: Vec<HistoryEntry>,
}

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HistoryEntry {
    #[schema(value_type = String)]
    attempt_id: AttemptId,
    #[schema(value_type = String)]
    exam_id: ExamId,
    #[schema(value_type = i64)]
    started_at_ms: Timestamp,
    #[schema(value_type = Option<i64>)]
    closed_at_ms: Option<Timestamp>,
    /// `passed`, `failed` or `void`; null while it runs.
    verdict: Option<String>,
    /// Hundredths; null while it runs, and where the exam shows only the verdict.
    points: Option<i64>,
}

/// Lists the candidate's attempts
#[utoipa::path(get, path = "/attempts", tag = "attempts",
    responses((status = 200, body = History), (status = 401, body = Problem)))]
pub(super) async fn list(
    State(app): State<App>,
    candidate: Candidate,
) -> Result<Json<History>, ApiError> {
    let mut attempts = Vec::new();
    let mut lists = app.store.attempt_list_of(&[candidate.no()]).await?;
    for summary in lists.remove(&candidate.no()).unwrap_or_default() {
        let shows_points = app.exams.shows_points(&app, summary.exam_id).await?;
        attempts.push(HistoryEntry {
            attempt_id: summary.attempt_id,
            exam_id: summary.exam_id,
            started_at_ms: summary.started_at,
            closed_at_ms: summary.closed_at,
            verdict: summary.verdict,
            points: summary.points.filter(|_| shows_points),
        });
    }
    Ok(Json(History { attempts }))
}

/// Shows where an attempt stands
#[utoipa::path(get, path = "/attempts/{attempt_id}", tag = "attempts",
    params(("attempt_id" = String, Path, description = "the attempt")),
    responses((status = 200, body = AttemptState), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(app): State<App>,
    candidate: Candidate,
    Path(attempt_id): Path<String>,
) -> Result<Json<AttemptState>, ApiError> {
    let attempt = candidate.own(&app, &attempt_id).await?;
    let mut sitting = app.sittings.take(&app, &attempt).await?;
    sitting.catch_up(&app).await?;
    sitting.make_durable(&app).await?;
    Ok(Json(AttemptState::of(sitting.session(), app.clock.now())))
}

/// Fetches the paper
///
/// Once the attempt is closed the paper is gone, unless the exam allows review.
#[utoipa::path(get, path = "/attempts/{attempt_id}/paper", tag = "attempts",
    params(("attempt_id" = String, Path, description = "the attempt")),
    responses((status = 200, description = "the paper as the protocol has it"),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn paper(
    State(app): State<App>,
    candidate: Candidate,
    Path(attempt_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let attempt = candidate.own(&app, &attempt_id).await?;
    may_be_seen(&app, &attempt).await?;
    let paper = app.exams.paper_json(&app, &attempt).await?;
    let json = (header::CONTENT_TYPE, "application/json");
    let vary = (header::VARY, "accept-encoding");
    if takes(&headers, "gzip") {
        let coding = (header::CONTENT_ENCODING, "gzip");
        return Ok(([json, vary, coding], gzip(&paper)).into_response());
    }
    Ok(([json, vary], paper).into_response())
}

/// Refuses what belongs to the paper of a closed attempt, unless the exam allows review.
pub(super) async fn may_be_seen(app: &App, attempt: &Arc<Attempt>) -> Result<(), ApiError> {
    let closed = {
        let mut sitting = app.sittings.take(app, attempt).await?;
        sitting.catch_up(app).await?;
        is_over(sitting.session().phase())
    };
    if closed && !app.exams.allows_review(app, attempt).await? {
        return Err(ApiError::Conflict { code: "closed", detail: "the attempt is closed" });
    }
    Ok(())
}

/// Shows the result
#[utoipa::path(get, path = "/attempts/{attempt_id}/result", tag = "attempts",
    params(("attempt_id" = String, Path, description = "the attempt")),
    responses((status = 200, body = ResultView), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn result(
    State(app): State<App>,
    candidate: Candidate,
    Path(attempt_id): Path<String>,
) -> Result<Json<ResultView>, ApiError> {
    let attempt = candidate.own(&app, &attempt_id).await?;
    let mut sitting = app.sittings.take(&app, &attempt).await?;
    sitting.catch_up(&app).await?;
    if !is_over(sitting.session().phase()) {
        return Err(not_closed());
    }
    sitting.make_durable(&app).await?;
    let result = app.exams.result_view(&app, &attempt, sitting.session()).await?;
    result.map(Json).ok_or_else(not_closed)
}

/// Fetches the record
///
/// The frames of a closed attempt, so that anybody can recompute the receipt's digest.
#[utoipa::path(get, path = "/attempts/{attempt_id}/record", tag = "attempts",
    params(("attempt_id" = String, Path, description = "the attempt")),
    responses((status = 200, body = Record), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn record(
    State(app): State<App>,
    candidate: Candidate,
    Path(attempt_id): Path<String>,
) -> Result<Json<Record>, ApiError> {
    let attempt = candidate.own(&app, &attempt_id).await?;
    let mut sitting = app.sittings.take(&app, &attempt).await?;
    sitting.catch_up(&app).await?;
    if !is_over(sitting.session().phase()) {
        return Err(not_closed());
    }
    let frames = app.store.journal_frames(attempt.key, Seq(0)).await?;
    let frames = frames.into_iter().map(|(seq, body)| RecordFrame { seq, body }).collect();
    Ok(Json(Record { attempt_id: attempt.attempt_id, frames }))
}

const fn not_closed() -> ApiError {
    ApiError::Conflict { code: "not_closed", detail: "the attempt is not closed yet" }
}
