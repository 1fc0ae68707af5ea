//! Scoring, results and papers of attempts.

use std::sync::Arc;

use exam_core::exam::Shows;
use exam_core::grading::{Verdict, grade};
use exam_core::paper::Paper;
use exam_core::session::{Phase, Session};
use exam_core::time::Timestamp;
use exam_core::view::render_paper;

use super::{Exams, Revision};
use crate::app::App;
use crate::live::sitting::closed_by;
use crate::problem::ApiError;
use crate::protocol::{CertificateState, ResultView};
use crate::routes::API;
use crate::store::{Attempt, ResultRow, StoreError, json_column};

impl Exams {
    /// The paper of an attempt.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the paper cannot be read.
    pub async fn paper(&self, app: &App, attempt: &Attempt) -> Result<Paper, StoreError> {
        let no = attempt.key.attempt_no;
        let body = app.store.paper_find(no).await?;
        let body = body.ok_or_else(|| StoreError::bad_row("paper", no, "missing"))?;
        json_column("paper", no, &body)
    }

    /// Scores a closed session.
    ///
    /// # Errors
    /// [`StoreError`] when paper or keys cannot be read, or the session is not closed.
    pub async fn score(
        &self,
        app: &App,
        attempt: &Arc<Attempt>,
        session: &Session,
    ) -> Result<ResultRow, StoreError> {
        let revision = self.revision_of(app, attempt).await?;
        let paper = self.paper(app, attempt).await?;
        score_session(&revision, &paper, attempt, session, app.clock.now())
    }

    /// The result of a closed session as its candidate sees it; `None` while it is open.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn result_view(
        &self,
        app: &App,
        attempt: &Arc<Attempt>,
        session: &Session,
    ) -> Result<Option<ResultView>, StoreError> {
        let (Some(by), Some(receipt)) = (closed_by(session), session.receipt()) else {
            return Ok(None);
        };
        let Some(row) = app.store.result_find(attempt.key.attempt_no).await? else {
            return Ok(None);
        };
        let revision = self.revision_of(app, attempt).await?;
        let shows_points = revision.exam.shows == Shows::Points;
        Ok(Some(ResultView {
            points: shows_points.then_some(row.points.as_hundredths()),
            total_points: row.total_points.as_hundredths(),
            pass_points: row.pass_points.as_hundredths(),
            verdict: row.verdict,
            by: by.name().to_owned(),
            closed_at_ms: receipt.closed_at_ms.as_ms(),
            certificate: CertificateState::None,
            receipt,
        }))
    }

    /// The paper as the protocol has it.
    ///
    /// # Errors
    /// Trouble with the database, or a paper whose items are not in its revision.
    pub async fn paper_json(&self, app: &App, attempt: &Attempt) -> Result<Vec<u8>, ApiError> {
        let revision = self.revision_of(app, attempt).await?;
        let paper = self.paper(app, attempt).await?;
        let title = &revision.exam.title;
        let media_base = format!("{API}/attempts/{}/media/", attempt.attempt_id);
        render_paper(attempt.attempt_id, title, &paper, revision.fragments(), &media_base)
            .map_err(|missing| StoreError::bad_row("paper", attempt.key.attempt_no, missing).into())
    }
}

/// Scores a closed session of `attempt` by the keys of its revision.
///
/// # Errors
/// [`StoreError::BadRow`] for a paper or a row that does not fit the revision, or an open session.
pub fn score_session(
    revision: &Revision,
    paper: &Paper,
    attempt: &Attempt,
    session: &Session,
    now: Timestamp,
) -> Result<ResultRow, StoreError> {
    let no = attempt.key.attempt_no;
    let row = usize::try_from(attempt.audience_row).unwrap_or(usize::MAX);
    let audience = revision.exam.audience.get(row);
    let audience = audience.ok_or_else(|| StoreError::bad_row("attempt", no, "no such row"))?;
    let pass_points = audience.blueprint.pass_points;
    let responses = session.responses().map(|(_, response)| response);
    let score = grade(paper, responses, |item| revision.key(item), pass_points)
        .map_err(|error| StoreError::bad_row("paper", no, error))?;
    let verdict = match (session.phase(), score.verdict) {
        (Phase::Voided, _) => "void",
        (_, verdict) => verdict.name(),
    };
    let receipt = session.receipt().ok_or_else(|| StoreError::bad_row("result", no, "open"))?;
    Ok(ResultRow {
        points: score.points,
        total_points: score.total,
        pass_points,
        verdict: verdict.to_owned(),
        receipt: serde_json::to_string(&receipt).expect("a receipt is JSON"),
        scored_at: now,
    })
}

/// Reads a verdict as stored; a void one is none.
pub(super) fn verdict_of(text: &str) -> Option<Verdict> {
    match text {
        "passed" => Some(Verdict::Passed),
        "failed" => Some(Verdict::Failed),
        _ => None,
    }
}
