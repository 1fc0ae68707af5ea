//! Exams as authors and operators work with them: what there is, a check, a publication.

mod extend;
mod results;
mod simulate;
mod wall;

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use exam_core::exam::Exam;
use exam_core::ids::ExamId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paging::any_role;
use super::refusals::refused;
use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::commands::exam::{self, Publication};
use crate::commands::{Desk, Refused};
use crate::problem::{ApiError, Problem};
use crate::routes::{Body, Path};
use crate::store::{ExamCount, ExamRow, Role, StoreError, json_column};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, publish))
        .routes(routes!(show))
        .routes(routes!(check))
        .routes(routes!(simulate::simulate))
        .routes(routes!(extend::extend))
        .routes(routes!(extend::show))
        .routes(routes!(results::results))
        .routes(routes!(wall::wall))
        .routes(routes!(wall::admissions, wall::admit))
}

/// Who defines exams.
const DEFINERS: [Role; 2] = [Role::Author, Role::Operator];

/// All exams.
#[derive(Serialize, ToSchema)]
pub(super) struct ExamList {
    /// The newest first.
    exams: Vec<ExamEntry>,
}

/// One of them, with how its attempts stand.
#[derive(Serialize, ToSchema)]
pub(super) struct ExamEntry {
    exam_id: String,
    title: String,
    /// The cycle's name.
    cycle: String,
    /// `public_knowledge` or `professional`.
    kind: String,
    /// `published` or `withdrawn`.
    state: String,
    /// Counts publications.
    revision: i64,
    opens_at_ms: i64,
    closes_at_ms: i64,
    /// Attempts that are open, of candidates within the member's scope.
    open: i64,
    /// Attempts that are closed.
    closed: i64,
    /// Of those, passed.
    passed: i64,
}

/// One exam as it was published last.
#[derive(Serialize, ToSchema)]
pub(super) struct ExamDetail {
    exam_id: String,
    title: String,
    revision: i64,
    /// The exam file, as JSON: may be changed and published as the next revision.
    #[schema(value_type = Object)]
    definition: serde_json::Value,
}

async fn exam_of(app: &App, row: &ExamRow) -> Result<Exam, StoreError> {
    let found = app.store.exam_definition(row.exam_id, row.revision).await?;
    let missing = || StoreError::bad_row("exam_revision", row.exam_id, "no such revision");
    let (definition, _) = found.ok_or_else(missing)?;
    json_column("exam_revision", row.exam_id, &definition)
}

/// Lists all exams
#[utoipa::path(get, path = "/exams", tag = "exams",
    responses((status = 200, body = ExamList), (status = 403, body = Problem)))]
pub(super) async fn list(
    State(app): State<App>,
    member: StaffMember,
) -> Result<Json<ExamList>, ApiError> {
    let counts = app.store.exam_counts(member.scope()).await?;
    let counts: HashMap<String, ExamCount> =
        counts.into_iter().map(|count| (count.exam_id.clone(), count)).collect();
    let mut exams = Vec::new();
    for row in app.store.exam_list().await?.into_iter().rev() {
        let exam = exam_of(&app, &row).await?;
        let exam_id = row.exam_id.to_string();
        let count = counts.get(&exam_id);
        exams.push(ExamEntry {
            title: row.title,
            cycle: exam.cycle,
            kind: row.kind,
            state: row.state,
            revision: row.revision,
            opens_at_ms: exam.opens_at.as_ms(),
            closes_at_ms: exam.closes_at.as_ms(),
            open: count.map_or(0, |count| count.open),
            closed: count.map_or(0, |count| count.closed),
            passed: count.map_or(0, |count| count.passed),
            exam_id,
        });
    }
    Ok(Json(ExamList { exams }))
}

/// Shows an exam as it was published last
#[utoipa::path(get, path = "/exams/{exam_id}", tag = "exams",
    params(("exam_id" = String, Path, description = "the exam")),
    responses((status = 200, body = ExamDetail), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
) -> Result<Json<ExamDetail>, ApiError> {
    any_role(&member, &DEFINERS)?;
    let not_found = || ApiError::NotFound("exam");
    let id: ExamId = id.parse().map_err(|_| not_found())?;
    let rows = app.store.exam_list().await?;
    let row = rows.into_iter().find(|row| row.exam_id == id).ok_or_else(not_found)?;
    let found = app.store.exam_source(row.exam_id, row.revision).await?;
    let source = found.ok_or_else(not_found)?;
    Ok(Json(ExamDetail {
        exam_id: row.exam_id.to_string(),
        title: row.title,
        revision: row.revision,
        definition: exam::to_json(&source).map_err(refused)?,
    }))
}

/// An exam file to check.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckBody {
    /// The exam file, TOML or JSON.
    definition: String,
}

/// What stands in the way of an exam, and whom it would reach.
#[derive(Serialize, ToSchema)]
pub(super) struct CheckReply {
    /// Whether nothing stands in the way.
    ready: bool,
    /// Everything that does.
    reasons: Vec<String>,
    /// Slots of each audience row's papers; empty where the file was not understood.
    slots: Vec<u32>,
    /// Candidates that each audience row fits.
    candidates: Vec<usize>,
}

/// Says everything that stands in the way of publishing
#[utoipa::path(post, path = "/exams/check", tag = "exams", request_body = CheckBody,
    responses((status = 200, body = CheckReply), (status = 403, body = Problem)))]
pub(super) async fn check(
    State(app): State<App>,
    member: StaffMember,
    Body(body): Body<CheckBody>,
) -> Result<Json<CheckReply>, ApiError> {
    any_role(&member, &DEFINERS)?;
    let checked = exam::check(&Desk::of(&app), &body.definition, app.config.maintenance).await;
    Ok(Json(match checked {
        Ok(checked) => CheckReply {
            ready: true,
            reasons: vec![],
            slots: checked.slots,
            candidates: checked.candidates,
        },
        Err(error) => match error.downcast::<Refused>() {
            Ok(Refused { reasons }) => {
                CheckReply { ready: false, reasons, slots: vec![], candidates: vec![] }
            }
            Err(trouble) => return Err(refused(trouble)),
        },
    }))
}

/// An exam file to publish.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PublishBody {
    /// The exam file, TOML or JSON.
    definition: String,
    /// The revision that was read before it was changed; 0 for a new exam.
    revision: i64,
    /// 1 to 500 characters.
    reason: String,
}

/// A published exam.
#[derive(Serialize, ToSchema)]
pub(super) struct PublishReply {
    exam_id: String,
}

/// Publishes an exam, or the next revision of one with the same title and cycle
///
/// Attempts that run keep the revision they were drawn from.
#[utoipa::path(post, path = "/exams", tag = "exams", request_body = PublishBody,
    responses((status = 200, body = PublishReply), (status = 403, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn publish(
    State(app): State<App>,
    member: StaffMember,
    Body(body): Body<PublishBody>,
) -> Result<Json<PublishReply>, ApiError> {
    any_role(&member, &DEFINERS)?;
    let reason = super::attempts::checked_reason(body.reason)?;
    let publication = Publication {
        text: &body.definition,
        maintenance: app.config.maintenance,
        by: Some(member.staff.staff_id),
        reason: &reason,
        expected: Some(body.revision),
    };
    match exam::publish_as(&Desk::of(&app), &publication).await {
        Ok(published) => {
            app.exams.forget_list();
            Ok(Json(PublishReply { exam_id: published.exam_id.to_string() }))
        }
        Err(error) => match error.downcast::<StoreError>() {
            Ok(StoreError::Refused(detail)) => Err(ApiError::Conflict { code: "stale", detail }),
            Ok(trouble) => Err(trouble.into()),
            Err(error) => Err(refused(error)),
        },
    }
}
