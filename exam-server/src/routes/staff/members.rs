//! Staff as operators look after them.

use axum::Json;
use axum::extract::State;
use exam_core::ids::{InstitutionId, StaffId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::refusals::refused_field;
use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::commands::Desk;
use crate::commands::staff::{self, Added};
use crate::problem::{ApiError, Problem};
use crate::routes::{Body, Path};
use crate::store::{AuditEntry, Role, Scope, Staff, StaffChange};

/// All staff.
#[derive(Serialize, ToSchema)]
pub(super) struct MemberList {
    /// By login.
    members: Vec<MemberView>,
}

/// A member of staff.
#[derive(Serialize, ToSchema)]
pub(super) struct MemberView {
    staff_id: String,
    login: String,
    name: String,
    #[schema(value_type = Vec<String>)]
    roles: Vec<Role>,
    /// Ids of institutions; null for all.
    #[schema(value_type = Option<Vec<String>>)]
    institutions: Option<Vec<InstitutionId>>,
    /// Whether the one-time link was used.
    enrolled: bool,
    disabled: bool,
    /// Goes back with a change.
    version: i64,
}

impl From<Staff> for MemberView {
    fn from(staff: Staff) -> Self {
        Self {
            staff_id: staff.staff_id.to_string(),
            login: staff.login,
            name: staff.name,
            roles: staff.roles,
            institutions: match staff.scope {
                Scope::All => None,
                Scope::Institutions(list) => Some(list),
            },
            enrolled: staff.password_hash.is_some(),
            disabled: staff.disabled_at.is_some(),
            version: staff.version,
        }
    }
}

/// Lists staff
#[utoipa::path(get, path = "/members", tag = "staff",
    responses((status = 200, body = MemberList), (status = 403, body = Problem)))]
pub(super) async fn list(
    State(app): State<App>,
    member: StaffMember,
) -> Result<Json<MemberList>, ApiError> {
    member.must_be(Role::Operator)?;
    let members = app.store.staff_all().await?.into_iter().map(MemberView::from).collect();
    Ok(Json(MemberList { members }))
}

/// A member of staff to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMemberBody {
    /// 1 to 64 letters, digits and `. _ - @`.
    login: String,
    name: String,
    #[schema(value_type = Vec<String>)]
    roles: Vec<Role>,
    /// Ids of institutions; left out for all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    institutions: Option<Vec<InstitutionId>>,
}

/// A one-time enrolment token, shown once.
#[derive(Serialize, ToSchema)]
pub(super) struct EnrolmentReply {
    staff_id: String,
    /// Opens the enrolment, once.
    enrolment_token: String,
    expires_at_ms: i64,
}

impl From<Added> for EnrolmentReply {
    fn from(added: Added) -> Self {
        Self {
            staff_id: added.staff_id.to_string(),
            enrolment_token: added.enrolment_token,
            expires_at_ms: added.enrolment_expires_at_ms.as_ms(),
        }
    }
}

fn scope_of(institutions: Option<Vec<InstitutionId>>) -> Scope {
    institutions.map_or(Scope::All, Scope::Institutions)
}

/// Adds a member of staff
///
/// The token opens the enrolment, in which the member sets a password and a second factor.
#[utoipa::path(post, path = "/members", tag = "staff", request_body = NewMemberBody,
    responses((status = 200, body = EnrolmentReply), (status = 403, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn add(
    State(app): State<App>,
    member: StaffMember,
    Body(body): Body<NewMemberBody>,
) -> Result<Json<EnrolmentReply>, ApiError> {
    member.must_be(Role::Operator)?;
    checked_name(&body.name)?;
    let by = Some(member.staff.staff_id);
    let scope = scope_of(body.institutions);
    let desk = Desk::of(&app);
    let added = staff::add_as(&desk, by, &body.login, &body.name, &body.roles, scope).await;
    Ok(Json(added.map_err(|error| refused_field("login", error))?.into()))
}

fn checked_name(name: &str) -> Result<(), ApiError> {
    if (1..=50).contains(&name.trim().chars().count()) {
        Ok(())
    } else {
        Err(ApiError::field("name", "bad_length", "1 to 50 characters"))
    }
}

/// What a member of staff is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberBody {
    /// The version that was read before.
    version: i64,
    name: String,
    #[schema(value_type = Vec<String>)]
    roles: Vec<Role>,
    /// Ids of institutions; null for all.
    #[schema(value_type = Option<Vec<String>>)]
    institutions: Option<Vec<InstitutionId>>,
    /// Whether the member cannot sign in.
    disabled: bool,
    /// 1 to 500 characters.
    reason: String,
}

async fn staff_of(app: &App, id: &str) -> Result<Staff, ApiError> {
    let not_found = || ApiError::NotFound("member");
    let id: StaffId = id.parse().map_err(|_| not_found())?;
    let all = app.store.staff_all().await?;
    all.into_iter().find(|staff| staff.staff_id == id).ok_or_else(not_found)
}

fn audit_of(
    app: &App,
    member: &StaffMember,
    action: &str,
    object: &Staff,
    reason: String,
    after: &impl Serialize,
) -> AuditEntry {
    let before = serde_json::json!({
        "name": object.name, "roles": object.roles, "scope": object.scope,
        "disabled": object.disabled_at.is_some(),
    });
    AuditEntry {
        at: app.clock.now(),
        actor: member.staff.staff_id.to_string(),
        action: action.to_owned(),
        object: object.staff_id.to_string(),
        reason,
        before: before.to_string(),
        after: serde_json::to_string(after).unwrap_or_else(|_| "{}".to_owned()),
    }
}

/// Changes a member of staff
///
/// Whoever is disabled is signed out. The last operator stays one, and nobody disables themselves.
#[utoipa::path(put, path = "/members/{staff_id}", tag = "staff", request_body = MemberBody,
    params(("staff_id" = String, Path, description = "the member")),
    responses((status = 200, body = MemberView), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn change(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
    Body(body): Body<MemberBody>,
) -> Result<Json<MemberView>, ApiError> {
    member.must_be(Role::Operator)?;
    let reason = super::attempts::checked_reason(body.reason)?;
    checked_name(&body.name)?;
    if body.roles.is_empty() {
        return Err(ApiError::field("roles", "missing", "name at least one role"));
    }
    let staff = staff_of(&app, &id).await?;
    let stays_operator = !body.disabled && body.roles.contains(&Role::Operator);
    if staff.staff_id == member.staff.staff_id && !stays_operator {
        let detail = "nobody takes the role of operator from themselves";
        return Err(ApiError::Conflict { code: "own_role", detail });
    }
    let change = StaffChange {
        name: body.name.trim().to_owned(),
        roles: body.roles,
        scope: scope_of(body.institutions),
        disabled: body.disabled,
    };
    let after = serde_json::json!({
        "name": change.name, "roles": change.roles, "scope": change.scope,
        "disabled": change.disabled,
    });
    let audit = audit_of(&app, &member, "staff.change", &staff, reason, &after);
    let now = app.clock.now();
    if !app.store.staff_change(staff.staff_id, body.version, &change, now, &audit).await? {
        let current = MemberView::from(staff_of(&app, &id).await?);
        return Err(ApiError::stale(&current));
    }
    Ok(Json(staff_of(&app, &id).await?.into()))
}

/// Why a new link is issued.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RenewBody {
    /// 1 to 500 characters.
    reason: String,
}

/// Issues a new enrolment link
///
/// For whoever lost the password or the second factor: both are good no longer, and neither are
/// recovery codes and sign-ins.
#[utoipa::path(post, path = "/members/{staff_id}/renew", tag = "staff", request_body = RenewBody,
    params(("staff_id" = String, Path, description = "the member")),
    responses((status = 200, body = EnrolmentReply), (status = 404, body = Problem)))]
pub(super) async fn renew(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
    Body(body): Body<RenewBody>,
) -> Result<Json<EnrolmentReply>, ApiError> {
    member.must_be(Role::Operator)?;
    let reason = super::attempts::checked_reason(body.reason)?;
    let staff = staff_of(&app, &id).await?;
    let (token, hash) = staff::enrolment_token();
    let now = app.clock.now();
    let expires_at = now + staff::ENROLMENT_LASTS;
    let after = serde_json::json!({ "expires_at_ms": expires_at });
    let audit = audit_of(&app, &member, "staff.renew", &staff, reason, &after);
    app.store.staff_renew(staff.staff_id, &hash, expires_at, now, &audit).await?;
    Ok(Json(EnrolmentReply {
        staff_id: staff.staff_id.to_string(),
        enrolment_token: token,
        expires_at_ms: expires_at.as_ms(),
    }))
}
