//! What officers do for candidates.

use assessment::one_time_code::{OneTimeCode, RESET_CODE_VALID};
use axum::Json;
use axum::extract::State;
use exam_core::ids::CandidateId;
use exam_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::chance::system_rng;
use crate::keys::token_hash;
use crate::problem::{ApiError, Problem};
use crate::routes::{Body, Path};
use crate::store::{AuditEntry, CodePurpose, Role};

/// Why a code is issued.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetBody {
    /// 1 to 500 characters.
    reason: String,
}

/// A code, shown once.
#[derive(Serialize, ToSchema)]
pub(super) struct ResetReply {
    /// Opens "set a new password" and nothing else, once.
    code: String,
    #[schema(value_type = i64)]
    expires_at_ms: Timestamp,
}

/// Issues a one-time code for a candidate who forgot the password
///
/// It ends older codes. Sign-ins and running attempts go on.
#[utoipa::path(post, path = "/candidates/{candidate_id}/reset", tag = "staff",
    params(("candidate_id" = String, Path, description = "the candidate")),
    request_body = ResetBody,
    responses((status = 200, body = ResetReply), (status = 404, body = Problem)))]
pub(super) async fn reset(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
    Body(body): Body<ResetBody>,
) -> Result<Json<ResetReply>, ApiError> {
    member.must_be(Role::Officer)?;
    let not_found = || ApiError::NotFound("candidate");
    if body.reason.trim().is_empty() || body.reason.chars().count() > 500 {
        return Err(ApiError::field("reason", "bad_length", "say why, in 1 to 500 characters"));
    }
    let id: CandidateId = id.parse().map_err(|_| not_found())?;
    let candidate = app.store.candidate_find(id, member.scope()).await?.ok_or_else(not_found)?;
    let code = OneTimeCode::fresh(&mut system_rng());
    let now = app.clock.now();
    let expires_at_ms = now + RESET_CODE_VALID;
    let audit = AuditEntry {
        at: now,
        actor: member.staff.staff_id.to_string(),
        action: "candidate.reset".to_owned(),
        object: candidate.candidate_id.to_string(),
        reason: body.reason,
        before: "{}".to_owned(),
        after: serde_json::json!({ "expires_at_ms": expires_at_ms }).to_string(),
    };
    let hash = token_hash(code.as_str());
    let codes = [(candidate.candidate_no, hash)];
    app.store
        .one_time_code_issue(CodePurpose::Reset, &codes, now, expires_at_ms, Some(&audit))
        .await?;
    Ok(Json(ResetReply { code: code.to_string(), expires_at_ms }))
}
