//! The list of exams, the notice, and starting.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use exam_core::ids::ExamId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::extract::Candidate;
use crate::exams::{ExamView, NoticeView, StartBody, Started};
use crate::problem::{ApiError, Problem};
use crate::routes::{Body, Path};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(notice)).routes(routes!(start))
}

/// The exams of a candidate.
#[derive(Serialize, ToSchema)]
struct ExamList {
    exams: Vec<ExamView>,
}

fn exam_id_of(text: &str) -> Result<ExamId, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound("exam"))
}

/// Lists the candidate's exams
#[utoipa::path(get, path = "/exams", tag = "exams",
    responses((status = 200, body = ExamList), (status = 401, body = Problem)))]
async fn list(State(app): State<App>, candidate: Candidate) -> Result<Json<ExamList>, ApiError> {
    let exams = app.exams.list_for(&app, candidate.no()).await?;
    Ok(Json(ExamList { exams }))
}

/// Shows what is agreed to before an exam
#[utoipa::path(get, path = "/exams/{exam_id}/notice", tag = "exams",
    params(("exam_id" = String, Path, description = "the exam")),
    responses((status = 200, body = NoticeView), (status = 404, body = Problem)))]
async fn notice(
    State(app): State<App>,
    candidate: Candidate,
    Path(exam_id): Path<String>,
) -> Result<Json<NoticeView>, ApiError> {
    let exam_id = exam_id_of(&exam_id)?;
    let notice = app.exams.notice_for(&app, candidate.no(), exam_id).await?;
    notice.map(Json).ok_or(ApiError::NotFound("exam"))
}

/// Starts an attempt
///
/// The clock starts here. While an attempt at this exam runs, that one is returned with 200.
#[utoipa::path(post, path = "/exams/{exam_id}/attempts", tag = "exams",
    params(("exam_id" = String, Path, description = "the exam")),
    request_body = StartBody,
    responses((status = 201, body = Started), (status = 200, body = Started),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn start(
    State(app): State<App>,
    candidate: Candidate,
    Path(exam_id): Path<String>,
    Body(body): Body<StartBody>,
) -> Result<(StatusCode, Json<Started>), ApiError> {
    let exam_id = exam_id_of(&exam_id)?;
    let started = app.exams.start(&app, candidate.no(), exam_id, body).await?;
    let status = if started.fresh { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(started)))
}
