//! Attempts in a list: those that run, with how they stand, and those that are over.

use axum::Json;
use axum::extract::{Query, State};
use exam_core::session::Session;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::problem::{ApiError, Problem};
use crate::routes::staff::paging::{any_role, given, masked_id, names, next_of, page_of, slice_of};
use crate::store::{AttemptFilter, AttemptKey, AttemptListed, Role, StoreError, parse_column};

/// Who looks after attempts, and who sees results.
pub(in crate::routes::staff) const READERS: [Role; 3] =
    [Role::Invigilator, Role::Officer, Role::Operator];

/// Which attempts are looked for; what is left out asks for nothing.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AttemptQuery {
    /// At this exam.
    exam_id: Option<String>,
    /// Of this candidate.
    candidate_id: Option<String>,
    /// Of candidates of this institution.
    institution_id: Option<String>,
    /// A part of the candidate's name.
    text: Option<String>,
    /// Phases, with commas between them: running, paused, locked, closed, voided.
    phase: Option<String>,
    /// Verdicts, with commas between them: passed, failed, void.
    verdict: Option<String>,
    /// `next` of the page before.
    before: Option<i64>,
    /// Rows to pass over from there, for a jump to a page.
    #[serde(default)]
    skip: i64,
    /// At most 200; 50 where it is left out.
    limit: Option<i64>,
}

/// A page of attempts.
#[derive(Serialize, ToSchema)]
pub(super) struct AttemptPage {
    /// The newest first.
    attempts: Vec<AttemptEntry>,
    /// Where the next page begins; null behind the last.
    next: Option<i64>,
    /// Rows of all pages.
    total: i64,
    now_ms: i64,
}

/// An attempt in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct AttemptEntry {
    attempt_id: String,
    exam_id: String,
    exam: String,
    candidate_id: String,
    candidate: String,
    /// With its middle hidden.
    id_number: String,
    institution: String,
    started_at_ms: i64,
    /// `running`, `paused`, `locked`, `closed` or `voided`.
    phase: String,
    closed_at_ms: Option<i64>,
    /// `submit`, `deadline`, `invigilator` or `void`.
    closed_by: Option<String>,
    /// In hundredths, like all points.
    points: Option<i64>,
    total_points: Option<i64>,
    pass_points: Option<i64>,
    /// `passed`, `failed` or `void`.
    verdict: Option<String>,
    /// How it stands, while it is open.
    live: Option<Live>,
}

/// How an open attempt stands.
#[derive(Serialize, ToSchema)]
pub(super) struct Live {
    /// Null in a pause.
    deadline_ms: Option<i64>,
    remaining_ms: i64,
    slots: usize,
    answered: usize,
    /// The newest entry of its journal.
    last_at_ms: i64,
    /// How often a device opened it.
    opens: u32,
}

impl AttemptQuery {
    fn filter(self, member: &StaffMember) -> AttemptFilter {
        AttemptFilter {
            scope: member.scope().clone(),
            exam_id: given(self.exam_id),
            candidate_id: given(self.candidate_id),
            institution_id: given(self.institution_id),
            text: given(self.text),
            phases: names(self.phase),
            verdicts: names(self.verdict),
        }
    }
}

fn live_of(app: &App, session: &Session) -> Live {
    Live {
        deadline_ms: session.deadline().map(exam_core::time::Timestamp::as_ms),
        remaining_ms: session.remaining(app.clock.now()).as_ms(),
        slots: session.slot_count(),
        answered: session.answered(),
        last_at_ms: session.last_at().as_ms(),
        opens: session.opens(),
    }
}

async fn entry(app: &App, row: AttemptListed) -> Result<AttemptEntry, StoreError> {
    let live = if row.closed_at_ms.is_none() {
        let key = AttemptKey { candidate_no: row.candidate_no, attempt_no: row.attempt_no };
        let id = parse_column("attempt", row.attempt_no, &row.attempt_id)?;
        let session = app.store.session_load(key, id).await?;
        session.map(|session| live_of(app, &session))
    } else {
        None
    };
    Ok(AttemptEntry {
        id_number: masked_id(app, &row.id_number_sealed),
        attempt_id: row.attempt_id,
        exam_id: row.exam_id,
        exam: row.exam,
        candidate_id: row.candidate_id,
        candidate: row.candidate,
        institution: row.institution,
        started_at_ms: row.started_at_ms,
        phase: row.phase,
        closed_at_ms: row.closed_at_ms,
        closed_by: row.closed_by,
        points: row.points,
        total_points: row.total_points,
        pass_points: row.pass_points,
        verdict: row.verdict,
        live,
    })
}

/// Lists attempts, the newest first
///
/// Those that are open with how they stand: time left, answers, the newest entry of the journal.
#[utoipa::path(get, path = "/attempts", tag = "staff", params(AttemptQuery),
    responses((status = 200, body = AttemptPage), (status = 403, body = Problem)))]
pub(super) async fn list(
    State(app): State<App>,
    member: StaffMember,
    Query(query): Query<AttemptQuery>,
) -> Result<Json<AttemptPage>, ApiError> {
    any_role(&member, &READERS)?;
    let limit = page_of(query.limit);
    let slice = slice_of(query.before.unwrap_or(i64::MAX), query.skip, limit);
    let filter = query.filter(&member);
    let total = app.store.attempt_count(&filter).await?;
    let mut rows = app.store.attempt_list(&filter, slice).await?;
    let next = next_of(&mut rows, limit, |row| row.attempt_no);
    let mut attempts = Vec::with_capacity(rows.len());
    for row in rows {
        attempts.push(entry(&app, row).await?);
    }
    Ok(Json(AttemptPage { attempts, next, total, now_ms: app.clock.now().as_ms() }))
}
