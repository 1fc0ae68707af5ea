//! The evidence of an attempt, and what staff decide by it.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use exam_core::ids::StaffId;
use proctor::review::Act;
use proctor::trace::{Entry, What};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{attempt_of, checked_reason};
use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::invigilation::{
    self, Case, IncidentView, ReviewView, Wish, incident_views, look_is_noted,
};
use crate::problem::{ApiError, Problem};
use crate::routes::staff::paging::{any_role, masked_id};
use crate::routes::{Body, Path};
use crate::snapshots::lateness;
use crate::store::{Role, SnapshotRow};

/// Who judges attempts.
pub(in crate::routes::staff) const JUDGES: [Role; 2] = [Role::Invigilator, Role::Officer];

/// All that is known of an attempt beside its answers.
#[derive(Serialize, ToSchema)]
pub(super) struct Evidence {
    attempt_id: String,
    exam_id: String,
    exam: String,
    candidate_id: String,
    candidate: String,
    /// With its middle hidden.
    id_number: String,
    institution: String,
    started_at_ms: i64,
    closed_at_ms: Option<i64>,
    /// `given`, `refused` or `withdrawn`.
    consent: &'static str,
    /// What the phone said of its camera at the start: `live`, `file`, `none`, or null.
    camera: Option<String>,
    /// Snapshots that were due so far.
    asked: usize,
    /// Of those, that came.
    taken: usize,
    /// Whether the registry has a photograph of the candidate.
    portrait: bool,
    /// Days for which pictures are kept after the end; null where the exam is not watched.
    keep_days: Option<i64>,
    incidents: Vec<IncidentView>,
    snapshots: Vec<SnapshotView>,
    /// What happened, without the answers; names of staff are in `staff`.
    #[schema(value_type = Vec<Object>)]
    timeline: Vec<Entry>,
    /// Answers in each minute from the start.
    answers: Vec<u32>,
    /// Names of members of staff by their ids.
    staff: BTreeMap<String, String>,
    review: ReviewView,
}

/// A snapshot.
#[derive(Serialize, ToSchema)]
pub(super) struct SnapshotView {
    /// Which of the attempt's, from 1.
    place: i64,
    request_id: String,
    asked_at_ms: i64,
    received_at_ms: i64,
    /// How much after its time it came.
    late_ms: i64,
    /// Whether it was chosen as a file.
    by_hand: bool,
    /// What the camera called itself, as the phone says.
    camera: String,
    /// What it shows, such as `no_face`; null until it was looked at.
    findings: Option<Vec<String>>,
    /// Whether the picture was deleted.
    deleted: bool,
    /// SHA-256 of the file as it came, in hexadecimal.
    sent_sha256: String,
}

/// A step to take in the review of an attempt.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReviewBody {
    /// `normal`, `suspicious`, `violation`, `propose_void`, `confirm_void`, `decline_void`,
    /// `uphold_appeal` or `dismiss_appeal`.
    #[schema(value_type = String)]
    act: Act,
    /// 1 to 500 characters.
    reason: String,
    /// How many steps of the review the member has seen.
    known: i64,
}

fn snapshot_view(row: SnapshotRow) -> SnapshotView {
    SnapshotView {
        place: row.place,
        late_ms: lateness(row.asked_at_ms, row.received_at_ms).as_ms(),
        by_hand: row.by_hand != 0,
        findings: row
            .findings
            .as_deref()
            .map(|text| serde_json::from_str(text).unwrap_or_default()),
        deleted: row.deleted_at_ms.is_some(),
        sent_sha256: hex::encode(&row.sent_sha256),
        request_id: row.request_id,
        asked_at_ms: row.asked_at_ms,
        received_at_ms: row.received_at_ms,
        camera: row.camera,
    }
}

const fn staff_of(what: &What) -> Option<StaffId> {
    match what {
        What::Extended { staff, .. }
        | What::Paused { staff, .. }
        | What::Resumed { staff }
        | What::Locked { staff, .. }
        | What::Unlocked { staff, .. }
        | What::Told { staff, .. }
        | What::Closed { staff, .. }
        | What::Voided { staff, .. }
        | What::Reinstated { staff, .. } => *staff,
        What::Started | What::Opened { .. } | What::Signal { .. } => None,
    }
}

/// Shows the evidence of an attempt
///
/// Looks are in the audit, once a quarter of an hour.
#[utoipa::path(get, path = "/attempts/{attempt_id}/watch", tag = "staff",
    params(("attempt_id" = String, Path, description = "the attempt")),
    responses((status = 200, body = Evidence), (status = 404, body = Problem)))]
pub(super) async fn watch(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
) -> Result<Json<Evidence>, ApiError> {
    any_role(&member, &JUDGES)?;
    let attempt = attempt_of(&app, &member, &id).await?;
    let case = Case::of(&app, &attempt).await?;
    let review = invigilation::review_of(&app, &attempt).await?;
    let person = app.store.candidate_shown(attempt.key.candidate_no).await?;
    let person = person.ok_or(ApiError::NotFound("candidate"))?;
    let rows = app.store.snapshots_of(attempt.key.attempt_no).await?;
    look_is_noted(&app, &member.staff, "attempt.watch", &id).await?;
    let timeline = case.trace.entries().to_vec();
    let named: BTreeSet<StaffId> = timeline.iter().filter_map(|e| staff_of(&e.what)).collect();
    let mut staff = BTreeMap::new();
    for id in named {
        let found = app.store.staff_get(id).await?;
        staff.insert(id.to_string(), found.map_or_else(String::new, |staff| staff.name));
    }
    Ok(Json(Evidence {
        attempt_id: id,
        exam_id: attempt.exam_id.to_string(),
        exam: case.revision.exam.title.clone(),
        candidate_id: attempt.candidate_id.to_string(),
        id_number: masked_id(&app, &person.id_number_sealed),
        candidate: person.name,
        institution: person.institution,
        started_at_ms: attempt.started_at.as_ms(),
        closed_at_ms: case.trace.ended_at().map(exam_core::time::Timestamp::as_ms),
        consent: match case.consent.withdrawn_at_ms {
            _ if !case.consent.was_given() => "refused",
            Some(_) => "withdrawn",
            None => "given",
        },
        camera: case.consent.camera.clone(),
        asked: case.due(),
        taken: rows.len(),
        portrait: person.portrait.is_some(),
        keep_days: case.keep_days(),
        incidents: incident_views(&case.incidents),
        snapshots: rows.into_iter().map(snapshot_view).collect(),
        timeline,
        answers: case.trace.answers().to_vec(),
        staff,
        review,
    }))
}

/// Takes a step in the review of an attempt
///
/// To void an attempt takes two different people: one proposes it, another confirms it. An objection is
/// decided by somebody who had no part in the review before.
#[utoipa::path(post, path = "/attempts/{attempt_id}/review", tag = "staff",
    params(("attempt_id" = String, Path, description = "the attempt")),
    request_body = ReviewBody,
    responses((status = 200, body = ReviewView), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn review(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
    Body(body): Body<ReviewBody>,
) -> Result<Json<ReviewView>, ApiError> {
    any_role(&member, &JUDGES)?;
    let reason = checked_reason(body.reason)?;
    let attempt = attempt_of(&app, &member, &id).await?;
    let wish = Wish { act: body.act, reason, known: body.known };
    let view = invigilation::act(&app, &attempt, member.staff.staff_id, wish).await?;
    Ok(Json(view))
}
