//! What officers do for candidates.

use assessment::date::Date;
use assessment::one_time_code::{OneTimeCode, RESET_CODE_VALID};
use assessment::resident_id::ResidentId;
use axum::Json;
use axum::extract::{Query, State};
use axum::response::Response;
use exam_core::ids::CandidateId;
use exam_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::attempts::{JUDGES, picture_response};
use super::paging::{any_role, given, masked_id, next_of, page_of, slice_of};

use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::chance::system_rng;
use crate::invigilation::look_is_noted;
use crate::keys::token_hash;
use crate::problem::{ApiError, Problem};
use crate::routes::{Body, Path};
use crate::snapshots::show_portrait;
use crate::store::{AuditEntry, CandidateFilter, CandidateListed, CodePurpose, Role};

/// Who looks candidates up.
const READERS: [Role; 3] = [Role::Officer, Role::Invigilator, Role::Operator];

/// Which candidates are looked for; what is left out asks for nothing.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CandidateQuery {
    /// A part of the name, a whole ID number, or the number of a registration.
    text: Option<String>,
    /// At this institution.
    institution_id: Option<String>,
    /// `next` of the page before.
    #[serde(default)]
    after: i64,
    /// Rows to pass over from there, for a jump to a page.
    #[serde(default)]
    skip: i64,
    /// At most 200; 50 where it is left out.
    limit: Option<i64>,
}

/// A page of candidates.
#[derive(Serialize, ToSchema)]
pub(super) struct CandidatePage {
    candidates: Vec<CandidateView>,
    /// Where the next page begins; null behind the last.
    next: Option<i64>,
    /// Rows of all pages.
    total: i64,
}

/// A candidate in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct CandidateView {
    candidate_id: String,
    name: String,
    /// With its middle hidden.
    id_number: String,
    institution_id: String,
    institution: String,
    /// Whether the registration is activated.
    activated: bool,
    /// `roster`, `demo` or `rehearsal`.
    origin: String,
    /// Whether a password was set.
    has_password: bool,
    attempts: i64,
}

/// Looks candidates up
#[utoipa::path(get, path = "/candidates", tag = "candidates", params(CandidateQuery),
    responses((status = 200, body = CandidatePage), (status = 403, body = Problem)))]
pub(super) async fn list(
    State(app): State<App>,
    member: StaffMember,
    Query(query): Query<CandidateQuery>,
) -> Result<Json<CandidatePage>, ApiError> {
    any_role(&member, &READERS)?;
    let mut filter = CandidateFilter {
        scope: member.scope().clone(),
        text: given(query.text),
        candidate_no: None,
        institution_id: given(query.institution_id),
    };
    if let Some(id) = filter.text.as_deref().and_then(|text| whole_id(&app, text)) {
        let hash = app.keys.lookup_hash("id_number", id.canonical());
        let Some(account) = app.store.account_find(&hash).await? else {
            return Ok(Json(CandidatePage { candidates: vec![], next: None, total: 0 }));
        };
        filter.candidate_no = Some(account.candidate_no);
        filter.text = None;
    }
    let limit = page_of(query.limit);
    let total = app.store.candidate_count(&filter).await?;
    let slice = slice_of(query.after, query.skip, limit);
    let mut rows = app.store.candidate_list(&filter, slice).await?;
    let next = next_of(&mut rows, limit, |row| row.candidate_no);
    let view = |row: CandidateListed| CandidateView {
        id_number: masked_id(&app, &row.id_number_sealed),
        candidate_id: row.candidate_id,
        name: row.name,
        institution_id: row.institution_id,
        institution: row.institution,
        activated: row.activated == 1,
        origin: row.origin,
        has_password: row.has_password == 1,
        attempts: row.attempts,
    };
    Ok(Json(CandidatePage { candidates: rows.into_iter().map(view).collect(), next, total }))
}

/// A text that is an ID number.
fn whole_id(app: &App, text: &str) -> Option<ResidentId> {
    ResidentId::parse(text, Date::in_china(app.clock.now())).ok()
}

/// Institutions within the member's scope.
#[derive(Serialize, ToSchema)]
pub(super) struct InstitutionList {
    /// By name.
    institutions: Vec<InstitutionView>,
}

/// An institution.
#[derive(Serialize, ToSchema)]
pub(super) struct InstitutionView {
    institution_id: String,
    name: String,
}

/// Lists institutions
#[utoipa::path(get, path = "/institutions", tag = "candidates",
    responses((status = 200, body = InstitutionList), (status = 401, body = Problem)))]
pub(super) async fn institutions(
    State(app): State<App>,
    member: StaffMember,
) -> Result<Json<InstitutionList>, ApiError> {
    let rows = app.store.institution_list(member.scope()).await?;
    let view = |(institution_id, name)| InstitutionView { institution_id, name };
    Ok(Json(InstitutionList { institutions: rows.into_iter().map(view).collect() }))
}

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
#[utoipa::path(post, path = "/candidates/{candidate_id}/reset", tag = "candidates",
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
    let reason = super::attempts::checked_reason(body.reason)?;
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
        reason,
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

/// Shows the photograph that the registry has of a candidate
#[utoipa::path(get, path = "/candidates/{candidate_id}/portrait", tag = "candidates",
    params(("candidate_id" = String, Path, description = "the candidate")),
    responses((status = 200, content_type = "image/jpeg"), (status = 404, body = Problem),
        (status = 410, body = Problem)))]
pub(super) async fn portrait(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    any_role(&member, &JUDGES)?;
    let not_found = || ApiError::NotFound("portrait");
    let id = id.parse().map_err(|_| not_found())?;
    let person = app.store.candidate_shown_by_id(id).await?.ok_or_else(not_found)?;
    let covered = person.institution_id.parse().is_ok_and(|own| member.scope().covers(own));
    let sha256 = person.portrait.filter(|_| covered).ok_or_else(not_found)?;
    look_is_noted(&app, &member.staff, "candidate.portrait", &id.to_string()).await?;
    picture_response(show_portrait(&app, id, &sha256).await?)
}
