//! What people decide about an attempt, and what its candidate says to it.

use std::sync::Arc;

use exam_core::ids::StaffId;
use exam_core::session::Command;
use exam_core::time::{Span, Timestamp};
use proctor::review::{Act, Refusal, Review, State, Step};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::live::sitting::{CommandError, Decision};
use crate::problem::ApiError;
use crate::store::{Attempt, AuditEntry, NewStep, StepRow, StoreError, parse_column};

/// Where a review stands, with all its steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReviewView {
    /// `waiting`, `normal`, `suspicious`, `violation`, `void_proposed`, `void` or `appealed`.
    #[schema(value_type = String)]
    pub state: State,
    /// In their order.
    pub steps: Vec<StepView>,
    /// Until when the candidate may object; null where there is nothing to object to, and after an
    /// objection.
    #[schema(value_type = Option<i64>)]
    pub appeal_until_ms: Option<Timestamp>,
    /// Whether the objection was right; null while there is none, or nobody has decided.
    pub upheld: Option<bool>,
}

/// A step of a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StepView {
    /// Which, from 1.
    pub step: i64,
    /// When.
    pub at_ms: i64,
    /// The name of who took it; null where it was the candidate.
    pub staff: Option<String>,
    /// The name that one signs in with; null where it was the candidate.
    pub login: Option<String>,
    /// What.
    #[schema(value_type = String)]
    pub act: Act,
    /// Why.
    pub reason: String,
}

/// What a member of staff wants to do.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What.
    pub act: Act,
    /// Why.
    pub reason: String,
    /// How many steps the member knows.
    pub known: i64,
}

/// How long a candidate may object where the exam is not watched, and its file says nothing of it.
const APPEAL: Span = Span::from_days(7);

/// A review with its rows.
struct Loaded {
    review: Review,
    rows: Vec<(StepRow, Act)>,
    appeal: Span,
}

fn act_of(row: &StepRow) -> Result<Act, StoreError> {
    let quoted = serde_json::Value::String(row.kind.clone());
    serde_json::from_value(quoted)
        .map_err(|error| StoreError::bad_row("review_step", row.step, error))
}

impl Loaded {
    async fn of(app: &App, attempt: &Attempt) -> Result<Self, StoreError> {
        let revision = app.exams.revision_of(app, attempt).await?;
        let appeal = revision.exam.proctoring.as_ref().map_or(APPEAL, |one| one.appeal);
        let rows = app.store.review_steps(attempt.key.attempt_no).await?;
        let rows = rows.into_iter().map(|row| act_of(&row).map(|act| (row, act)));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let steps = rows.iter().map(|(row, act)| {
            let staff = row.staff_id.as_deref();
            let staff = staff.map(|id| parse_column("review_step", row.step, id)).transpose()?;
            Ok(Step { at: Timestamp::from_ms(row.at_ms), staff, act: *act })
        });
        let steps = steps.collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Self { review: Review::of(&steps), rows, appeal })
    }

    fn view(&self) -> ReviewView {
        let step = |(row, act): &(StepRow, Act)| StepView {
            step: row.step,
            at_ms: row.at_ms,
            staff: row.staff.clone(),
            login: row.login.clone(),
            act: *act,
            reason: row.reason.clone(),
        };
        ReviewView {
            state: self.review.state(),
            steps: self.rows.iter().map(step).collect(),
            appeal_until_ms: self.review.appeal_until(self.appeal),
            upheld: self.review.upheld(),
        }
    }

    /// The next step, with where it leads.
    fn next(&self, attempt: &Attempt, at: Timestamp, by: Option<StaffId>, wish: &Wish) -> NewStep {
        let step = Step { at, staff: by, act: wish.act };
        NewStep {
            attempt_no: attempt.key.attempt_no,
            exam_id: attempt.exam_id.to_string(),
            step: i64::from(self.review.steps()) + 1,
            at,
            staff_id: by.map(|by| by.to_string()),
            kind: wish.act.name(),
            reason: wish.reason.clone(),
            state: self.review.after(&step).state().name(),
        }
    }
}

/// Where the review of an attempt stands.
///
/// # Errors
/// [`StoreError`] when the database is in trouble or a row cannot be read.
pub async fn review_of(app: &App, attempt: &Attempt) -> Result<ReviewView, StoreError> {
    Ok(Loaded::of(app, attempt).await?.view())
}

fn refused(refusal: Refusal) -> ApiError {
    let (code, detail) = match refusal {
        Refusal::OutOfOrder => ("out_of_order", "this does not follow on where the review stands"),
        Refusal::SamePerson => ("same_person", "somebody else has to do this"),
        Refusal::Appealed => ("appealed", "an objection was made before"),
        Refusal::TooLate => ("too_late", "the time for an objection is over"),
        Refusal::NothingDecided => ("nothing_decided", "there is no decision to object to"),
    };
    ApiError::Conflict { code, detail }
}

/// A member of staff takes a step. A void and its taking back go through the session, and are written
/// with the step.
///
/// # Errors
/// [`ApiError::Stale`] where others took steps meanwhile; [`ApiError::Conflict`] for a step that does
/// not follow, or that somebody else has to take; or trouble.
pub async fn act(
    app: &App,
    attempt: &Arc<Attempt>,
    by: StaffId,
    wish: Wish,
) -> Result<ReviewView, ApiError> {
    let loaded = Loaded::of(app, attempt).await?;
    if i64::from(loaded.review.steps()) != wish.known {
        return Err(ApiError::stale(&loaded.view()));
    }
    loaded.review.may(wish.act, by).map_err(refused)?;
    let now = app.clock.now();
    let step = loaded.next(attempt, now, Some(by), &wish);
    let taken = Step { at: now, staff: Some(by), act: wish.act };
    let audit = AuditEntry {
        at: now,
        actor: by.to_string(),
        action: format!("review.{}", wish.act.name()),
        object: attempt.attempt_id.to_string(),
        reason: wish.reason.clone(),
        before: state_json(loaded.review.state()),
        after: state_json(loaded.review.after(&taken).state()),
    };
    let reason = wish.reason;
    let command = match wish.act {
        Act::ConfirmVoid => Some(Command::Void { by, reason }),
        Act::UpholdAppeal if loaded.review.is_void() => Some(Command::Reinstate { by, reason }),
        _ => None,
    };
    let done = match command {
        None => false,
        Some(command) => {
            let mut sitting = app.sittings.take(app, attempt).await?;
            sitting.catch_up(app).await?;
            let decision = Decision { audit: audit.clone(), step: Some(step.clone()) };
            match sitting.command(app, &command, Some(&decision)).await {
                Err(CommandError::StepTaken) => {
                    return Err(ApiError::stale(&review_of(app, attempt).await?));
                }
                done => done?,
            }
        }
    };
    if !done && !app.store.review_step_add(&step, &audit).await? {
        let current = review_of(app, attempt).await?;
        return Err(ApiError::stale(&current));
    }
    Ok(review_of(app, attempt).await?)
}

fn state_json(state: State) -> String {
    serde_json::json!({ "review": state }).to_string()
}

/// The candidate objects, once.
///
/// # Errors
/// [`ApiError::Conflict`] where there is nothing to object to, it is too late, or it was done before;
/// or trouble.
pub async fn appeal(
    app: &App,
    attempt: &Arc<Attempt>,
    text: String,
) -> Result<ReviewView, ApiError> {
    let loaded = Loaded::of(app, attempt).await?;
    let now = app.clock.now();
    loaded.review.may_appeal(loaded.appeal, now).map_err(refused)?;
    let known = i64::from(loaded.review.steps());
    let wish = Wish { act: Act::Appeal, reason: text, known };
    let step = loaded.next(attempt, now, None, &wish);
    let audit = AuditEntry {
        at: now,
        actor: format!("candidate {}", attempt.candidate_id),
        action: "review.appeal".to_owned(),
        object: attempt.attempt_id.to_string(),
        reason: step.reason.clone(),
        before: state_json(loaded.review.state()),
        after: state_json(State::Appealed),
    };
    if !app.store.review_step_add(&step, &audit).await? {
        // Somebody took a step in the same moment: whether there is still something to object to, and
        // whether it was done on another device, is said of how it stands now.
        let now_stands = Loaded::of(app, attempt).await?;
        now_stands.review.may_appeal(now_stands.appeal, now).map_err(refused)?;
        return Err(ApiError::Busy);
    }
    Ok(review_of(app, attempt).await?)
}
