//! The decisions of people, for whoever answers for them.

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::paging::{given, next_of, page_of, slice_of};
use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::problem::{ApiError, Problem};
use crate::store::{AuditFilter, AuditListed, Role};

/// What is looked for; what is left out asks for nothing.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// How the action begins, such as `attempt.`.
    action: Option<String>,
    /// The login of whoever did it; `operator` at the command line.
    actor: Option<String>,
    /// The id of what it was done to.
    object: Option<String>,
    /// Not before.
    from_ms: Option<i64>,
    /// Not after.
    to_ms: Option<i64>,
    /// `next` of the page before.
    before: Option<i64>,
    /// Rows to pass over from there, for a jump to a page.
    #[serde(default)]
    skip: i64,
    /// At most 200; 50 where it is left out.
    limit: Option<i64>,
}

/// A page of decisions.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditPage {
    /// The newest first.
    entries: Vec<AuditView>,
    /// Where the next page begins; null behind the last.
    next: Option<i64>,
    /// Rows of all pages.
    total: i64,
}

/// A decision.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditView {
    /// Its place in the chain.
    audit_no: i64,
    at_ms: i64,
    /// A login, or `operator` at the command line.
    actor: String,
    actor_name: Option<String>,
    action: String,
    object: String,
    reason: String,
    #[schema(value_type = Object)]
    before: serde_json::Value,
    #[schema(value_type = Object)]
    after: serde_json::Value,
    /// Whether it is chained to those before it.
    sealed: bool,
}

fn view(row: AuditListed) -> AuditView {
    let json = |text: &str| serde_json::from_str(text).unwrap_or(serde_json::Value::Null);
    AuditView {
        audit_no: row.audit_no,
        at_ms: row.at_ms,
        actor: row.actor,
        actor_name: row.actor_name,
        action: row.action,
        object: row.object,
        reason: row.reason,
        before: json(&row.before),
        after: json(&row.after),
        sealed: row.sealed == 1,
    }
}

/// Lists decisions, the newest first
#[utoipa::path(get, path = "/audit", tag = "staff", params(AuditQuery),
    responses((status = 200, body = AuditPage), (status = 403, body = Problem)))]
pub(super) async fn list(
    State(app): State<App>,
    member: StaffMember,
    Query(query): Query<AuditQuery>,
) -> Result<Json<AuditPage>, ApiError> {
    member.must_be(Role::Operator)?;
    let filter = AuditFilter {
        action: given(query.action),
        actor: given(query.actor),
        object: given(query.object),
        from_ms: query.from_ms,
        to_ms: query.to_ms,
    };
    let limit = page_of(query.limit);
    let total = app.store.audit_count(&filter).await?;
    let slice = slice_of(query.before.unwrap_or(i64::MAX), query.skip, limit);
    let mut rows = app.store.audit_list(&filter, slice).await?;
    let next = next_of(&mut rows, limit, |row| row.audit_no);
    Ok(Json(AuditPage { entries: rows.into_iter().map(view).collect(), next, total }))
}
