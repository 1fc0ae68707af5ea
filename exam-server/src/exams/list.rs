//! What a candidate sees of exams before sitting one.

use std::collections::BTreeMap;
use std::sync::Arc;

use exam_core::audience::{Block, Facts, row_of};
use exam_core::blueprint::Blueprint;
use exam_core::exam::{Consent, ExamKind, Proctoring, Tries, WithoutCamera};
use exam_core::ids::{AttemptId, ExamId};
use exam_core::policy::{Button, PastAttempt, Standing, deadline, standing};
use exam_core::session::GRACE;
use exam_core::time::{Span, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::score::verdict_of;
use super::{Exams, Revision};
use crate::app::App;
use crate::problem::ApiError;
use crate::store::{AttemptSummary, PersonRow, StoreError};

/// An exam on a candidate's list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExamView {
    #[schema(value_type = String)]
    exam_id: ExamId,
    title: String,
    #[schema(value_type = String)]
    kind: ExamKind,
    slots: u32,
    #[schema(value_type = i64)]
    time_allowed_ms: Span,
    /// Hundredths.
    total_points: u32,
    /// Hundredths.
    pass_points: u32,
    #[schema(value_type = i64)]
    opens_at_ms: Timestamp,
    #[schema(value_type = i64)]
    closes_at_ms: Timestamp,
    /// What the one button says.
    #[schema(value_type = String)]
    button: Button,
    /// What stands in the way.
    #[schema(value_type = Option<String>)]
    blocked_by: Option<Block>,
    attempts_used: u32,
    /// Null where they are unlimited.
    attempts_allowed: Option<u32>,
    /// Hundredths of the attempt that counts; null before the first, and where the exam shows
    /// only the verdict.
    best_points: Option<i64>,
    #[schema(value_type = Option<String>)]
    open_attempt_id: Option<AttemptId>,
}

/// What a candidate agrees to.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeView {
    version: String,
    text: String,
    /// Of the text, in hexadecimal.
    sha256: String,
    consents: Vec<ConsentView>,
    /// When time would be up for a start right now; null where none is possible.
    #[schema(value_type = Option<i64>)]
    ends_at_ms_if_started_now: Option<Timestamp>,
    /// How the exam is watched; null where it is not.
    proctoring: Option<ProctoringView>,
}

/// A consent that is asked for beside the notice, and may be refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentView {
    /// What for, such as `snapshots`.
    kind: String,
    /// Changes with the text.
    version: String,
    /// What is agreed to.
    text: String,
    /// Of the text, in hexadecimal; stored with the start.
    sha256: String,
}

/// SHA-256 of a text that is agreed to, in hexadecimal.
pub(super) fn text_hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

impl From<&Consent> for ConsentView {
    fn from(consent: &Consent) -> Self {
        Self {
            kind: consent.kind.clone(),
            version: consent.version.clone(),
            text: consent.text.clone(),
            sha256: text_hash(&consent.text),
        }
    }
}

/// How an exam is watched, as candidates are told.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProctoringView {
    /// How many photographs are asked for at least.
    snapshots: u32,
    /// What happens without a camera: `flag`, `supervised` or `on_site`.
    #[schema(value_type = String)]
    without_camera: WithoutCamera,
    /// Where the exam is sat without one, and whom to turn to.
    place: String,
    /// Days for which photographs are kept after the end.
    keep_days: i64,
    /// Days within which a candidate may object to a decision.
    appeal_days: i64,
}

impl From<&Proctoring> for ProctoringView {
    fn from(proctoring: &Proctoring) -> Self {
        Self {
            snapshots: proctoring.snapshots,
            without_camera: proctoring.without_camera,
            place: proctoring.place.clone(),
            keep_days: proctoring.keep.whole_days(),
            appeal_days: proctoring.appeal.whole_days(),
        }
    }
}

/// A candidate's history, by exam.
pub(super) struct History(BTreeMap<ExamId, Vec<AttemptSummary>>);

impl History {
    pub(super) async fn load(app: &App, candidate_no: i64) -> Result<Self, StoreError> {
        let mut lists = app.store.attempt_list_of(&[candidate_no]).await?;
        Ok(Self::of_list(lists.remove(&candidate_no).unwrap_or_default()))
    }

    pub(super) fn of_list(summaries: Vec<AttemptSummary>) -> Self {
        let mut by_exam: BTreeMap<ExamId, Vec<AttemptSummary>> = BTreeMap::new();
        for summary in summaries {
            by_exam.entry(summary.exam_id).or_default().push(summary);
        }
        Self(by_exam)
    }

    pub(super) fn of(&self, exam_id: ExamId) -> Vec<PastAttempt> {
        let past = |summary: &AttemptSummary| PastAttempt {
            attempt_id: summary.attempt_id,
            started_at: summary.started_at,
            closed_at: summary.closed_at,
            voided: summary.phase == "voided",
            cut_short: summary.closed_by.as_deref() == Some("void") && summary.phase != "voided",
            score: summary.points.zip(summary.verdict.as_deref().and_then(verdict_of)),
        };
        self.0.get(&exam_id).into_iter().flatten().map(past).collect()
    }

    fn has_passed(&self, exam_id: ExamId) -> bool {
        let summaries = self.0.get(&exam_id).into_iter().flatten();
        summaries.into_iter().any(|summary| summary.verdict.as_deref() == Some("passed"))
    }
}

/// Who the candidate is, as audiences ask.
pub(super) struct Person {
    activated: bool,
    facts: Vec<Facts>,
}

impl Person {
    pub(super) async fn load(app: &App, candidate_no: i64) -> Result<Self, ApiError> {
        let mut found = app.store.person_find(&[candidate_no]).await?;
        Ok(Self::of_row(found.remove(&candidate_no).ok_or(ApiError::NotSignedIn)?))
    }

    pub(super) fn of_row(row: PersonRow) -> Self {
        let institution = row.institution;
        let facts = row.registrations.into_iter().map(|(category, practice_scope, level)| Facts {
            category,
            practice_scope,
            level,
            institution: institution.clone(),
        });
        Self { activated: row.activated, facts: facts.collect() }
    }
}

/// A candidate before one exam.
pub(super) struct Case {
    pub(super) revision: Arc<Revision>,
    pub(super) row: Result<usize, Block>,
    pub(super) standing: Standing,
    pub(super) attempts: Vec<PastAttempt>,
}

impl Case {
    pub(super) fn blueprint(&self) -> Option<&Blueprint> {
        Some(&self.revision.exam.audience.get(self.row.ok()?)?.blueprint)
    }
}

impl Exams {
    /// Where a candidate stands with one exam.
    pub(super) async fn case(
        &self,
        app: &App,
        revision: Arc<Revision>,
        person: &Person,
        history: &History,
    ) -> Result<Case, ApiError> {
        let now = app.clock.now();
        let exam = &revision.exam;
        let row = row_of(&exam.audience, &person.facts);
        let entitled = match row {
            Err(block) => Err(block),
            Ok(_) if !person.activated => Err(Block::NotActivated),
            Ok(_) if !self.has_passed_required(app, &revision, history).await? => {
                Err(Block::OtherExamFirst)
            }
            Ok(row) => {
                let time_allowed = exam.audience[row].blueprint.time_allowed;
                let ends = deadline(exam, now, time_allowed).map(|deadline| deadline + GRACE);
                let meets = |ends| app.config.maintenance.is_some_and(|w| w.meets(now, ends));
                if ends.is_some_and(meets) { Err(Block::Maintenance) } else { Ok(time_allowed) }
            }
        };
        let attempts = history.of(revision.exam_id);
        let standing = standing(exam, &attempts, entitled, false, now);
        Ok(Case { row, standing, attempts, revision })
    }

    async fn has_passed_required(
        &self,
        app: &App,
        revision: &Revision,
        history: &History,
    ) -> Result<bool, StoreError> {
        let required = &revision.exam.requires_passed;
        if required.is_empty() {
            return Ok(true);
        }
        let published = self.published(app).await?;
        Ok(required.iter().all(|title| {
            let exam = published.iter().find(|row| row.title == *title);
            exam.is_some_and(|row| history.has_passed(row.exam_id))
        }))
    }

    /// The exams of a candidate, those for other people left out.
    ///
    /// # Errors
    /// Trouble with the database.
    pub async fn list_for(&self, app: &App, candidate_no: i64) -> Result<Vec<ExamView>, ApiError> {
        let person = Person::load(app, candidate_no).await?;
        let history = History::load(app, candidate_no).await?;
        let mut views = Vec::new();
        for row in self.published(app).await?.iter() {
            let revision = self.revision(app, row.exam_id, row.revision).await?;
            let case = self.case(app, revision, &person, &history).await?;
            let foreign = case.row == Err(Block::NotInAudience) && case.attempts.is_empty();
            if !foreign {
                views.push(view(&case));
            }
        }
        Ok(views)
    }

    /// What a candidate agrees to before an exam; `None` for an exam that is not theirs.
    ///
    /// # Errors
    /// Trouble with the database.
    pub async fn notice_for(
        &self,
        app: &App,
        candidate_no: i64,
        exam_id: ExamId,
    ) -> Result<Option<NoticeView>, ApiError> {
        let Some(revision) = self.current(app, exam_id).await? else { return Ok(None) };
        let person = Person::load(app, candidate_no).await?;
        let history = History::load(app, candidate_no).await?;
        let case = self.case(app, revision, &person, &history).await?;
        if case.row == Err(Block::NotInAudience) {
            return Ok(None);
        }
        let exam = &case.revision.exam;
        let ends = case.blueprint().and_then(|blueprint| {
            let enter = case.standing.button == Button::Enter;
            deadline(exam, app.clock.now(), blueprint.time_allowed).filter(|_| enter)
        });
        Ok(Some(NoticeView {
            version: exam.notice.version.clone(),
            sha256: text_hash(&exam.notice.text),
            text: exam.notice.text.clone(),
            consents: exam.consents.iter().map(ConsentView::from).collect(),
            ends_at_ms_if_started_now: ends,
            proctoring: exam.proctoring.as_ref().map(ProctoringView::from),
        }))
    }
}

fn view(case: &Case) -> ExamView {
    let exam = &case.revision.exam;
    let blueprint = case.blueprint().or(exam.audience.first().map(|row| &row.blueprint));
    let shows_points = exam.shows == exam_core::exam::Shows::Points;
    ExamView {
        exam_id: case.revision.exam_id,
        title: exam.title.clone(),
        kind: exam.kind,
        slots: blueprint.map_or(0, Blueprint::slots),
        time_allowed_ms: blueprint.map_or(Span::ZERO, |blueprint| blueprint.time_allowed),
        total_points: blueprint.map_or(0, |b| b.total_points().as_hundredths()),
        pass_points: blueprint.map_or(0, |b| b.pass_points.as_hundredths()),
        opens_at_ms: exam.opens_at,
        closes_at_ms: exam.closes_at,
        button: case.standing.button,
        blocked_by: case.standing.blocked_by,
        attempts_used: case.standing.used,
        attempts_allowed: match exam.attempts.allowed {
            Tries::Unlimited => None,
            Tries::AtMost(allowed) => Some(allowed),
        },
        best_points: case.standing.counted_points.filter(|_| shows_points),
        open_attempt_id: case.standing.open_attempt,
    }
}
