//! Starting an attempt: the paper is drawn and stored before anybody sees it.

mod desk;

pub use desk::Desk;

use std::collections::BTreeMap;

use exam_core::draw::Seen;
use exam_core::exam::{SNAPSHOT_CONSENT, WithoutCamera};
use exam_core::ids::AttemptId;
use exam_core::paper::{Paper, Seed};
use exam_core::policy::{Button, deadline};
use exam_core::session::{GRACE, SETTLE, first_frame};
use exam_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::list::{Case, History, Person, text_hash};
use super::{Exams, Revision};
use crate::app::App;
use crate::chance::{random_bytes, system_rng};
use crate::problem::ApiError;
use crate::store::{Start, StoreError, json_column};
use desk::Request;

/// What a candidate agrees to when starting.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartBody {
    /// The version of the notice that was read.
    notice_version: String,
    /// Must be true.
    accepted: bool,
    /// By kind.
    #[serde(default)]
    consents: BTreeMap<String, GivenConsent>,
    /// What the phone has to take photographs with, where the exam asks for some.
    #[serde(default)]
    camera: Option<Camera>,
}

/// What a phone has to take photographs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Camera {
    /// A camera that the page may use.
    Live,
    /// A photograph that was taken before the start.
    File,
    /// Nothing.
    None,
}

impl Camera {
    /// Its name in the protocol and in the database.
    const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::File => "file",
            Self::None => "none",
        }
    }
}

/// A consent that was given or refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenConsent {
    /// The version of the text that was read.
    version: String,
    /// Given or refused.
    given: bool,
}

/// A running attempt.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Started {
    /// The attempt.
    #[schema(value_type = String)]
    pub attempt_id: AttemptId,
    /// When time is up; null in a pause.
    #[schema(value_type = Option<i64>)]
    pub deadline_ms: Option<Timestamp>,
    /// Server time.
    #[schema(value_type = i64)]
    pub now_ms: Timestamp,
    /// Time left.
    #[schema(value_type = i64)]
    pub remaining_ms: Span,
    /// Whether it was started by this request.
    #[serde(skip)]
    pub fresh: bool,
}

/// What a start comes to, before anything is written.
enum Step {
    /// An attempt runs already.
    Resume(AttemptId),
    /// This is to be written; time is up then.
    Write(Box<Start>, Timestamp),
}

impl Started {
    /// What was written just now.
    fn fresh(app: &App, attempt_id: AttemptId, deadline: Timestamp) -> Self {
        metrics::counter!("exam_attempts_started_total").increment(1);
        let now_ms = app.clock.now();
        let remaining_ms = deadline.since(now_ms);
        Self { attempt_id, deadline_ms: Some(deadline), now_ms, remaining_ms, fresh: true }
    }
}

impl Exams {
    async fn resume(&self, app: &App, open: AttemptId) -> Result<Started, ApiError> {
        let attempt = self.attempt(app, open).await?.ok_or(ApiError::Busy)?;
        let mut sitting = app.sittings.take(app, &attempt).await?;
        sitting.catch_up(app).await?;
        sitting.make_durable(app).await?;
        let now_ms = app.clock.now();
        Ok(Started {
            attempt_id: open,
            deadline_ms: sitting.session().deadline(),
            now_ms,
            remaining_ms: sitting.session().remaining(now_ms),
            fresh: false,
        })
    }

    /// Decides on a start, and draws the paper.
    async fn step(
        &self,
        app: &App,
        request: &Request,
        person: &Person,
        history: &History,
    ) -> Result<Step, ApiError> {
        let (candidate_no, body) = (request.candidate_no, &request.body);
        let revision = self.current(app, request.exam_id).await?;
        let revision = revision.ok_or(ApiError::NotFound("exam"))?;
        let case = self.case(app, revision, person, history).await?;
        if let Some(open) = case.standing.open_attempt {
            return Ok(Step::Resume(open));
        }
        let revision = &case.revision;
        may_start(&case)?;
        check_body(revision, body)?;
        may_be_unseen(app, revision, request).await?;
        let (Ok(row), Some(blueprint)) = (case.row, case.blueprint()) else {
            return Err(ApiError::NotFound("exam"));
        };
        let seen = seen_by(app, candidate_no, &case).await?;
        let now = app.clock.now();
        let deadline = deadline(&revision.exam, now, blueprint.time_allowed);
        let deadline = deadline.ok_or_else(|| conflict(Button::Closed))?;
        let paper = revision.plans().by_row[row].draw(&revision.index, Seed(random_bytes()), &seen);
        let frame = first_frame(now, deadline, paper.shape()).to_bytes();
        let start = Start {
            attempt_id: AttemptId::fresh(now, &mut system_rng()),
            candidate_no,
            exam_id: revision.exam_id,
            exam_revision: revision.revision,
            audience_row: i64::try_from(row).expect("rows are few"),
            notice_version: body.notice_version.clone(),
            consents: stored_consents(revision, body),
            started_at: now,
            wake_at: deadline + GRACE + SETTLE,
            known_attempts: i64::try_from(case.attempts.len()).expect("attempts are few"),
            camera: body.camera.map(Camera::name),
            paper: paper.to_json(),
            frame: String::from_utf8(frame).expect("a frame is JSON"),
        };
        Ok(Step::Write(Box::new(start), deadline))
    }
}

fn may_start(case: &Case) -> Result<(), ApiError> {
    match case.standing.button {
        Button::Enter => Ok(()),
        Button::Blocked if case.row.is_err() => Err(ApiError::NotFound("exam")),
        button => Err(conflict(button)),
    }
}

fn conflict(button: Button) -> ApiError {
    let (code, detail) = match button {
        Button::Resume => ("resume", "an attempt runs"),
        Button::Exempt => ("exempt", "you are exempt from this exam"),
        Button::Passed => ("passed", "you have passed this exam"),
        Button::Blocked => ("blocked", "something stands in the way: see the list of exams"),
        Button::NotOpen => ("not_open", "the exam has not opened yet"),
        Button::Closed => ("closed", "the exam is over"),
        Button::Failed => ("failed", "no tries are left"),
        Button::Enter => ("enter", "try again"),
    };
    ApiError::Conflict { code, detail }
}

fn check_body(revision: &Revision, body: &StartBody) -> Result<(), ApiError> {
    let changed = || ApiError::Conflict { code: "notice_changed", detail: "read the notice again" };
    if !body.accepted {
        return Err(ApiError::field("accepted", "not_accepted", "the notice must be accepted"));
    }
    if body.notice_version != revision.exam.notice.version {
        return Err(changed());
    }
    for (kind, given) in &body.consents {
        let asked = revision.exam.consents.iter().find(|consent| consent.kind == *kind);
        let asked = asked
            .ok_or_else(|| ApiError::field("consents", "not_asked_for", "an unknown consent"))?;
        if asked.version != given.version {
            return Err(changed());
        }
    }
    Ok(())
}

/// A consent as it is stored: what was said to which text.
#[derive(Serialize)]
struct StoredConsent<'a> {
    version: &'a str,
    given: bool,
    sha256: String,
}

/// The consents that were given or refused, as JSON, each with the hash of its text.
fn stored_consents(revision: &Revision, body: &StartBody) -> String {
    let stored = |(kind, given): (&String, &GivenConsent)| {
        let asked = revision.exam.consents.iter().find(|consent| consent.kind == *kind)?;
        let (version, sha256) = (asked.version.as_str(), text_hash(&asked.text));
        Some((kind.clone(), StoredConsent { version, given: given.given, sha256 }))
    };
    let stored: BTreeMap<String, StoredConsent<'_>> =
        body.consents.iter().filter_map(stored).collect();
    serde_json::to_string(&stored).expect("consents are JSON")
}

/// Refuses whom no camera will see, where the exam wants somebody to be there then and nobody has let
/// them in. Nothing has started.
async fn may_be_unseen(app: &App, revision: &Revision, request: &Request) -> Result<(), ApiError> {
    let Some(proctoring) = &revision.exam.proctoring else { return Ok(()) };
    let given = request.body.consents.get(SNAPSHOT_CONSENT).is_some_and(|consent| consent.given);
    let is_seen = given && request.body.camera != Some(Camera::None);
    if is_seen || proctoring.without_camera == WithoutCamera::Flag {
        return Ok(());
    }
    let now = app.clock.now();
    if app.store.admission_ask(revision.exam_id, request.candidate_no, now).await? {
        return Ok(());
    }
    Err(ApiError::Conflict { code: "needs_admission", detail: "an invigilator has to let you in" })
}

/// What the candidate's earlier papers of this exam held.
async fn seen_by(app: &App, candidate_no: i64, case: &Case) -> Result<Seen, StoreError> {
    if case.attempts.is_empty() {
        return Ok(Seen::default());
    }
    let papers = app.store.paper_list_of(candidate_no, case.revision.exam_id).await?;
    seen_in(&case.revision, &papers)
}

/// What these papers held, as the draw counts it.
///
/// # Errors
/// [`StoreError::BadRow`] for a paper that cannot be read.
pub fn seen_in(revision: &Revision, papers: &[(AttemptId, String)]) -> Result<Seen, StoreError> {
    let mut seen = Seen::default();
    for (attempt, body) in papers {
        let paper: Paper = json_column("paper", attempt, body)?;
        seen.attempts.push(*attempt);
        let known = paper.slots.iter().filter_map(|slot| revision.identity(slot.item));
        seen.items.extend(known.map(|(item, content)| (item, Some(content))));
    }
    Ok(seen)
}
