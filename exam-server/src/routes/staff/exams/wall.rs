//! The wall of an exam, and its door.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use exam_core::ids::ExamId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::invigilation::{WallView, look_is_noted};
use crate::problem::{ApiError, Problem};
use crate::routes::staff::attempts::checked_reason;
use crate::routes::staff::paging::given;
use crate::routes::{Body, Path};
use crate::store::{AuditEntry, Role, WallFilter};

/// The most parts that a wall is shared in.
const PARTS_MAX: i64 = 100;

/// Which attempts a wall shows.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct WallQuery {
    /// Of candidates of this institution.
    institution_id: Option<String>,
    /// Which part, from 1, where several invigilators share the attempts.
    #[serde(default = "one")]
    part: i64,
    /// Into how many parts they are shared.
    #[serde(default = "one")]
    parts: i64,
    /// `version` of the look before; then only what has changed is told.
    since: Option<String>,
}

const fn one() -> i64 {
    1
}

/// Who stands at the door of an exam.
#[derive(Serialize, ToSchema)]
pub(super) struct AdmissionList {
    /// Those who wait come first.
    admissions: Vec<AdmissionView>,
    now_ms: i64,
}

/// Somebody who has no camera, at an exam that is then sat under somebody's eyes.
#[derive(Serialize, ToSchema)]
pub(super) struct AdmissionView {
    candidate_id: String,
    candidate: String,
    institution: String,
    /// When they stood at the door last.
    asked_at_ms: i64,
    /// When they were let in; null while they wait.
    admitted_at_ms: Option<i64>,
    /// Until when they may start.
    until_ms: Option<i64>,
}

/// Who is let in, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdmitBody {
    candidate_id: String,
    /// 1 to 500 characters.
    reason: String,
}

fn exam_of(id: &str) -> Result<ExamId, ApiError> {
    id.parse().map_err(|_| ApiError::NotFound("exam"))
}

/// Shows the attempts that run
///
/// Up to 500; those with the gravest incidents are for the page to show first. Asked again with
/// `since`, it tells what has changed.
#[utoipa::path(get, path = "/exams/{exam_id}/wall", tag = "staff",
    params(("exam_id" = String, Path, description = "the exam"), WallQuery),
    responses((status = 200, body = WallView), (status = 403, body = Problem)))]
pub(super) async fn wall(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
    Query(query): Query<WallQuery>,
) -> Result<Json<WallView>, ApiError> {
    member.must_be(Role::Invigilator)?;
    let parts = query.parts.clamp(1, PARTS_MAX);
    let filter = WallFilter {
        exam_id: exam_of(&id)?,
        scope: member.scope().clone(),
        institution_id: given(query.institution_id),
        part: (query.part.clamp(1, parts)) - 1,
        parts,
    };
    look_is_noted(&app, &member.staff, "exam.wall", &id).await?;
    Ok(Json(app.walls.look(&app, &filter, query.since.as_deref()).await?))
}

/// Lists who stands at the door
///
/// Candidates without a camera, at exams that are then sat under somebody's eyes; for twelve hours.
#[utoipa::path(get, path = "/exams/{exam_id}/admissions", tag = "staff",
    params(("exam_id" = String, Path, description = "the exam")),
    responses((status = 200, body = AdmissionList), (status = 403, body = Problem)))]
pub(super) async fn admissions(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
) -> Result<Json<AdmissionList>, ApiError> {
    member.must_be(Role::Invigilator)?;
    let now = app.clock.now();
    let rows = app.store.admission_list(exam_of(&id)?, member.scope(), now).await?;
    let view = |row: crate::store::AdmissionRow| AdmissionView {
        candidate_id: row.candidate_id,
        candidate: row.candidate,
        institution: row.institution,
        asked_at_ms: row.asked_at_ms,
        admitted_at_ms: row.admitted_at_ms,
        until_ms: row.until_ms,
    };
    let admissions = rows.into_iter().map(view).collect();
    Ok(Json(AdmissionList { admissions, now_ms: now.as_ms() }))
}

/// Lets a candidate in
///
/// For twelve hours, within which the candidate may start without photographs.
#[utoipa::path(post, path = "/exams/{exam_id}/admissions", tag = "staff",
    params(("exam_id" = String, Path, description = "the exam")),
    request_body = AdmitBody,
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn admit(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
    Body(body): Body<AdmitBody>,
) -> Result<StatusCode, ApiError> {
    member.must_be(Role::Invigilator)?;
    let reason = checked_reason(body.reason)?;
    let exam_id = exam_of(&id)?;
    let exam = app.exams.current(&app, exam_id).await?;
    let watched = exam.is_some_and(|exam| exam.exam.proctoring.is_some());
    let candidate = body.candidate_id.parse().map_err(|_| ApiError::NotFound("candidate"))?;
    if !watched {
        return Err(ApiError::NotFound("exam"));
    }
    let entry = AuditEntry {
        at: app.clock.now(),
        actor: member.staff.staff_id.to_string(),
        action: "exam.admit".to_owned(),
        object: body.candidate_id,
        reason,
        before: "{}".to_owned(),
        after: serde_json::json!({ "exam_id": id }).to_string(),
    };
    if app.store.admission_give(exam_id, candidate, member.scope(), &entry).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::NotFound("candidate"))
    }
}
