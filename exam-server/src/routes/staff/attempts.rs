//! What invigilators do to running attempts. Every act is audited with its reason.

mod evidence;
pub(super) mod list;
mod pictures;

pub(super) use evidence::JUDGES;
pub(in crate::routes) use pictures::picture_response;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use exam_core::ids::AttemptId;
use exam_core::session::Command;
use exam_core::time::Span;
use serde::Deserialize;
use tokio::sync::OwnedMutexGuard;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::live::sitting::Sitting;
use crate::problem::{ApiError, Problem};
use crate::protocol::AttemptState;
use crate::routes::{Body, Path};
use crate::store::{Attempt, AuditEntry, Role};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(show))
        .routes(routes!(extend))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(lock))
        .routes(routes!(unlock))
        .routes(routes!(end))
        .routes(routes!(message))
        .routes(routes!(evidence::watch))
        .routes(routes!(evidence::review))
        .routes(routes!(pictures::picture))
        .routes(routes!(pictures::pictures))
}

/// The longest reason.
const REASON_CHARS_MAX: usize = 500;

/// The longest message to a candidate.
const MESSAGE_CHARS_MAX: usize = 500;

/// Why something is done.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonBody {
    /// 1 to 500 characters.
    pub(super) reason: String,
}

/// How much time is added, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtendBody {
    /// More than zero, at most a day.
    added_ms: i64,
    /// 1 to 500 characters.
    reason: String,
}

/// How long the clock is stopped, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PauseBody {
    /// More than zero, at most a day; then the session resumes by itself.
    for_ms: i64,
    /// 1 to 500 characters.
    reason: String,
}

/// What a candidate is told.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageBody {
    /// 1 to 500 characters.
    text: String,
}

pub(super) fn checked_reason(reason: String) -> Result<String, ApiError> {
    let length = reason.trim().chars().count();
    if (1..=REASON_CHARS_MAX).contains(&length) {
        Ok(reason)
    } else {
        Err(ApiError::field("reason", "bad_length", "say why, in 1 to 500 characters"))
    }
}

pub(super) fn checked_span(field: &'static str, ms: i64) -> Result<Span, ApiError> {
    let day = exam_core::session::PAUSE_MAX.as_ms();
    if (1..=day).contains(&ms) {
        Ok(Span::from_ms(ms))
    } else {
        Err(ApiError::field(field, "out_of_range", "more than zero and at most a day"))
    }
}

/// The attempt, if it is within the member's scope.
async fn attempt_of(app: &App, member: &StaffMember, id: &str) -> Result<Arc<Attempt>, ApiError> {
    let not_found = || ApiError::NotFound("attempt");
    let id: AttemptId = id.parse().map_err(|_| not_found())?;
    let attempt = app.store.attempt_find(id, member.scope()).await?.ok_or_else(not_found)?;
    Ok(Arc::new(attempt))
}

/// The attempt, if it is within the member's scope, with its session at the journal's end.
async fn sitting_of(
    app: &App,
    member: &StaffMember,
    id: &str,
) -> Result<(Arc<Attempt>, OwnedMutexGuard<Sitting>), ApiError> {
    let attempt = attempt_of(app, member, id).await?;
    let mut sitting = app.sittings.take(app, &attempt).await?;
    sitting.catch_up(app).await?;
    Ok((attempt, sitting))
}

/// Carries out a command in the member's name; the audit row is written with it.
async fn act(
    app: &App,
    member: &StaffMember,
    id: &str,
    action: &str,
    reason: &str,
    command: Command,
) -> Result<Json<AttemptState>, ApiError> {
    member.must_be(Role::Invigilator)?;
    let (attempt, mut sitting) = sitting_of(app, member, id).await?;
    let audit = AuditEntry {
        at: app.clock.now(),
        actor: member.staff.staff_id.to_string(),
        action: action.to_owned(),
        object: attempt.attempt_id.to_string(),
        reason: reason.to_owned(),
        before: String::new(), // Filled in with the act itself.
        after: String::new(),
    };
    sitting.command(app, &command, Some(&audit.into())).await?;
    Ok(Json(AttemptState::of(sitting.session(), app.clock.now())))
}

/// Shows where an attempt stands
#[utoipa::path(get, path = "/attempts/{attempt_id}", tag = "staff",
    params(("attempt_id" = String, Path, description = "the attempt")),
    responses((status = 200, body = AttemptState), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
) -> Result<Json<AttemptState>, ApiError> {
    member.must_be(Role::Invigilator)?;
    let (_, sitting) = sitting_of(&app, &member, &id).await?;
    Ok(Json(AttemptState::of(sitting.session(), app.clock.now())))
}

/// Adds time
#[utoipa::path(post, path = "/attempts/{attempt_id}/extend", tag = "staff",
    params(("attempt_id" = String, Path, description = "the attempt")),
    request_body = ExtendBody,
    responses((status = 200, body = AttemptState), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn extend(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
    Body(body): Body<ExtendBody>,
) -> Result<Json<AttemptState>, ApiError> {
    let reason = checked_reason(body.reason)?;
    let added = checked_span("added_ms", body.added_ms)?;
    let by = member.staff.staff_id;
    let command = Command::Extend { added, by, reason: reason.clone() };
    act(&app, &member, &id, "attempt.extend", &reason, command).await
}

/// Stops the clock
#[utoipa::path(post, path = "/attempts/{attempt_id}/pause", tag = "staff",
    params(("attempt_id" = String, Path, description = "the attempt")),
    request_body = PauseBody,
    responses((status = 200, body = AttemptState), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn pause(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
    Body(body): Body<PauseBody>,
) -> Result<Json<AttemptState>, ApiError> {
    let reason = checked_reason(body.reason)?;
    let until = app.clock.now() + checked_span("for_ms", body.for_ms)?;
    let by = member.staff.staff_id;
    let command = Command::Pause { until, by, reason: reason.clone() };
    act(&app, &member, &id, "attempt.pause", &reason, command).await
}

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $action:literal,
        |$by:ident, $reason:ident| $command:expr;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(post, path = $path, tag = "staff",
            params(("attempt_id" = String, Path, description = "the attempt")),
            request_body = ReasonBody,
            responses((status = 200, body = AttemptState), (status = 404, body = Problem),
                (status = 409, body = Problem)))]
        pub(super) async fn $name(
            State(app): State<App>,
            member: StaffMember,
            Path(id): Path<String>,
            Body(body): Body<ReasonBody>,
        ) -> Result<Json<AttemptState>, ApiError> {
            let said = checked_reason(body.reason)?;
            let ($by, $reason) = (member.staff.staff_id, said.clone());
            act(&app, &member, &id, $action, &said, $command).await
        }
    )*};
}

acts! {
    /// Lets the clock run again
    resume, "/attempts/{attempt_id}/resume", "attempt.resume",
        |by, _reason| Command::Resume { by };
    /// Makes responses wait
    lock, "/attempts/{attempt_id}/lock", "attempt.lock",
        |by, reason| Command::Lock { by, reason };
    /// Lets responses count again
    unlock, "/attempts/{attempt_id}/unlock", "attempt.unlock",
        |by, reason| Command::Unlock { by, reason };
    /// Ends the attempt now, with what it has
    end, "/attempts/{attempt_id}/end", "attempt.end",
        |by, reason| Command::End { by, reason };
}

/// Says something to the candidate
///
/// It is kept in the journal, and reaches a phone that is away when it comes back.
#[utoipa::path(post, path = "/attempts/{attempt_id}/message", tag = "staff",
    params(("attempt_id" = String, Path, description = "the attempt")),
    request_body = MessageBody,
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn message(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
    Body(body): Body<MessageBody>,
) -> Result<StatusCode, ApiError> {
    if !(1..=MESSAGE_CHARS_MAX).contains(&body.text.trim().chars().count()) {
        return Err(ApiError::field("text", "bad_length", "1 to 500 characters"));
    }
    let by = member.staff.staff_id;
    let command = Command::Tell { by, text: body.text.clone() };
    let told = act(&app, &member, &id, "attempt.message", &body.text, command).await;
    told.map(|_state| StatusCode::NO_CONTENT)
}
