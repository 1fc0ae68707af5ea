//! The queue of attempts that somebody should judge.

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::attempts::JUDGES;
use super::paging::{any_role, given, names, next_of, page_of, slice_of};
use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::problem::{ApiError, Problem};
use crate::store::{ReviewFilter, ReviewListed};

/// Which reviews are looked for; what is left out asks for nothing.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ReviewQuery {
    /// At this exam.
    exam_id: Option<String>,
    /// A part of the candidate's name.
    text: Option<String>,
    /// Where they stand, with commas between: waiting, normal, suspicious, violation, void_proposed,
    /// void, appealed.
    state: Option<String>,
    /// With an incident at least so grave: `note`, `look` or `first`.
    severity: Option<String>,
    /// `next` of the page before.
    before: Option<i64>,
    /// Rows to pass over from there, for a jump to a page.
    #[serde(default)]
    skip: i64,
    /// At most 200; 50 where it is left out.
    limit: Option<i64>,
}

/// A page of reviews.
#[derive(Serialize, ToSchema)]
pub(super) struct ReviewPage {
    /// The gravest first, and of those alike the newest attempt.
    reviews: Vec<ReviewEntry>,
    /// Where the next page begins; null behind the last.
    next: Option<i64>,
    /// Rows of all pages.
    total: i64,
}

/// An attempt that is over, with what is to be looked at.
#[derive(Serialize, ToSchema)]
pub(super) struct ReviewEntry {
    attempt_id: String,
    exam_id: String,
    exam: String,
    candidate: String,
    institution: String,
    closed_at_ms: Option<i64>,
    /// The gravest incident: `note`, `look` or `first`; null where there is none.
    severity: Option<&'static str>,
    /// As with the evidence of the attempt.
    #[schema(value_type = Vec<Object>)]
    incidents: serde_json::Value,
    /// Snapshots that were due.
    asked: i64,
    /// Of those, that came.
    taken: i64,
    state: String,
    changed_at_ms: i64,
}

/// The names of severities, by how they are stored; 0 is none.
const SEVERITIES: [&str; 3] = ["note", "look", "first"];

fn severity_of(stored: i64) -> Option<&'static str> {
    SEVERITIES.get(usize::try_from(stored).ok()?.checked_sub(1)?).copied()
}

fn entry(row: ReviewListed) -> ReviewEntry {
    ReviewEntry {
        attempt_id: row.attempt_id,
        exam_id: row.exam_id,
        exam: row.exam,
        candidate: row.candidate,
        institution: row.institution,
        closed_at_ms: row.closed_at_ms,
        severity: severity_of(row.severity),
        incidents: serde_json::from_str(&row.incidents).unwrap_or_default(),
        asked: row.asked,
        taken: row.taken,
        state: row.state,
        changed_at_ms: row.changed_at_ms,
    }
}

/// Lists attempts that were watched and are over, with what is to be looked at, the gravest first
#[utoipa::path(get, path = "/reviews", tag = "staff", params(ReviewQuery),
    responses((status = 200, body = ReviewPage), (status = 403, body = Problem)))]
pub(super) async fn list(
    State(app): State<App>,
    member: StaffMember,
    Query(query): Query<ReviewQuery>,
) -> Result<Json<ReviewPage>, ApiError> {
    any_role(&member, &JUDGES)?;
    let limit = page_of(query.limit);
    let slice = slice_of(query.before.unwrap_or(i64::MAX), query.skip, limit);
    let least = query.severity.as_deref();
    let severity = SEVERITIES.iter().position(|name| Some(*name) == least).map_or(0, |at| at + 1);
    let filter = ReviewFilter {
        scope: member.scope().clone(),
        exam_id: given(query.exam_id),
        text: given(query.text),
        states: names(query.state),
        severity: i64::try_from(severity).unwrap_or(0),
    };
    let total = app.store.review_count(&filter).await?;
    let mut rows = app.store.review_list(&filter, slice).await?;
    let next = next_of(&mut rows, limit, ReviewListed::rank);
    Ok(Json(ReviewPage { reviews: rows.into_iter().map(entry).collect(), next, total }))
}
