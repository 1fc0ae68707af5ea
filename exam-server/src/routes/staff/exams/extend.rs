//! Extra time for a hall, an institution, or everybody at an exam.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use exam_core::ids::{AttemptId, BulkId, ExamId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::chance::system_rng;
use crate::problem::{ApiError, Problem};
use crate::routes::staff::attempts::{checked_reason, checked_span};
use crate::routes::staff::paging::{PAGE_MAX, given, page_of};
use crate::routes::{Body, Path};
use crate::store::{AttemptFilter, AuditEntry, BulkItem, BulkProgress, NewBulk, Role, Slice};

/// How much time is added, to whom, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BulkBody {
    /// More than zero, at most a day.
    added_ms: i64,
    /// 1 to 500 characters.
    reason: String,
    /// Only to candidates of this institution.
    #[serde(default)]
    institution_id: Option<String>,
    /// Only to these attempts.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    attempt_ids: Option<Vec<AttemptId>>,
    /// Only says how many attempts it would be.
    #[serde(default)]
    dry_run: bool,
}

/// A job that was begun.
#[derive(Serialize, ToSchema)]
pub(super) struct BulkReply {
    /// Null for a dry run.
    bulk_id: Option<String>,
    /// How many open attempts it is for.
    attempts: usize,
}

/// Adds time to all open attempts of an exam within the member's scope
///
/// Done one after the other, also after a restart; each attempt has its own outcome and audit row.
#[utoipa::path(post, path = "/exams/{exam_id}/extend", tag = "exams", request_body = BulkBody,
    params(("exam_id" = String, Path, description = "the exam")),
    responses((status = 200, body = BulkReply), (status = 202, body = BulkReply),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn extend(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
    Body(body): Body<BulkBody>,
) -> Result<(StatusCode, Json<BulkReply>), ApiError> {
    member.must_be(Role::Invigilator)?;
    let exam_id: ExamId = id.parse().map_err(|_| ApiError::NotFound("exam"))?;
    let reason = checked_reason(body.reason)?;
    let added = checked_span("added_ms", body.added_ms)?;
    let open = ["running", "paused", "locked"];
    let mut filter = AttemptFilter::at_exam(member.scope(), exam_id.to_string(), &open);
    filter.institution_id = given(body.institution_id);
    let mut attempts: Vec<AttemptId> = Vec::new();
    let mut before = i64::MAX;
    loop {
        let rows = app.store.attempt_list(&filter, Slice::behind(before, PAGE_MAX)).await?;
        let Some(last) = rows.last() else { break };
        before = last.attempt_no;
        attempts.extend(rows.iter().filter_map(|row| row.attempt_id.parse::<AttemptId>().ok()));
    }
    if let Some(wanted) = &body.attempt_ids {
        attempts.retain(|id| wanted.contains(id));
    }
    let count = attempts.len();
    if body.dry_run || count == 0 {
        return Ok((StatusCode::OK, Json(BulkReply { bulk_id: None, attempts: count })));
    }
    let now = app.clock.now();
    let bulk_id = BulkId::fresh(now, &mut system_rng());
    let by = member.staff.staff_id;
    let audit = AuditEntry {
        at: now,
        actor: by.to_string(),
        action: "exam.extend".to_owned(),
        object: exam_id.to_string(),
        reason: reason.clone(),
        before: "{}".to_owned(),
        after: serde_json::json!({ "bulk_id": bulk_id, "added_ms": added, "attempts": count })
            .to_string(),
    };
    let new = NewBulk { bulk_id, added, by, reason, at: now, attempts };
    app.store.bulk_keep(&new, &audit).await?;
    app.bulks.wake();
    let reply = BulkReply { bulk_id: Some(bulk_id.to_string()), attempts: count };
    Ok((StatusCode::ACCEPTED, Json(reply)))
}

/// Which attempts of a job.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct BulkQuery {
    /// `next` of the page before.
    #[serde(default)]
    after: String,
    /// At most 200; 50 where it is left out.
    limit: Option<i64>,
}

/// How far a job has come.
#[derive(Serialize, ToSchema)]
pub(super) struct BulkView {
    #[serde(flatten)]
    progress: BulkProgress,
    /// What became of each.
    items: Vec<BulkItem>,
    /// Where the next page begins; null behind the last.
    next: Option<String>,
}

/// Shows how far a job has come
#[utoipa::path(get, path = "/bulk/{bulk_id}", tag = "exams",
    params(("bulk_id" = String, Path, description = "the job"), BulkQuery),
    responses((status = 200, body = BulkView), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
    Query(query): Query<BulkQuery>,
) -> Result<Json<BulkView>, ApiError> {
    member.must_be(Role::Invigilator)?;
    let not_found = || ApiError::NotFound("job");
    let id: BulkId = id.parse().map_err(|_| not_found())?;
    let progress = app.store.bulk_progress(id).await?.ok_or_else(not_found)?;
    let limit = page_of(query.limit);
    let mut items = app.store.bulk_items(id, &query.after, limit + 1).await?;
    let more = items.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if more {
        items.pop();
    }
    let next = items.last().filter(|_| more).map(|item| item.attempt_id.clone());
    Ok(Json(BulkView { progress, items, next }))
}
