//! `attempt show|redraw|verify`: the proof that everything can be rebuilt from the journal.

use std::collections::HashMap;
use std::sync::Arc;

use exam_core::draw::Plan;
use exam_core::ids::{AttemptId, ExamId};
use exam_core::paper::Paper;
use exam_core::session::{Frame, Seq, Session};
use serde::Serialize;

use super::progress::Progress;
use super::{Desk, Refused};
use crate::exams::{Revision, read_exposure, score_session, seen_in};
use crate::live::sitting::phase_name;
use crate::protocol::AttemptState;
use crate::store::{Attempt, Scope, StoreError};

/// An attempt as its journal has it.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// The exam.
    pub exam_id: ExamId,
    /// Where it stands.
    pub state: AttemptState,
    /// Its frames.
    pub frames: Vec<Frame>,
}

/// A paper that was drawn again.
#[derive(Debug, Serialize)]
pub struct Redrawn {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// How many slots it has.
    pub slots: usize,
    /// Always true: a difference is refused.
    pub identical: bool,
}

/// Attempts that were rebuilt and compared.
#[derive(Debug, Serialize)]
pub struct Verified {
    /// How many.
    pub attempts: usize,
    /// How many of them were closed and scored again.
    pub scored: usize,
}

async fn find(desk: &Desk, id: &str) -> anyhow::Result<Attempt> {
    let unknown = || Refused::because(format!("there is no attempt {id:?}"));
    let id: AttemptId = id.parse().map_err(|_| unknown())?;
    Ok(desk.store.attempt_find(id, &Scope::All).await?.ok_or_else(unknown)?)
}

/// Folds an attempt's journal, and returns its frames too.
pub(super) async fn replay(
    desk: &Desk,
    attempt: &Attempt,
) -> Result<(Session, Vec<String>), StoreError> {
    let frames = desk.store.journal_frames(attempt.key, Seq(0)).await?;
    let frames: Vec<String> = frames.into_iter().map(|(_, body)| body).collect();
    let session = Session::replay(attempt.attempt_id, frames.iter().map(String::as_bytes))
        .map_err(|source| StoreError::Journal { attempt: attempt.attempt_id, source })?;
    Ok((session, frames))
}

/// Shows an attempt as its journal has it.
///
/// # Errors
/// [`Refused`] for an unknown one; otherwise trouble.
pub async fn show(desk: &Desk, id: &str) -> anyhow::Result<Shown> {
    let attempt = find(desk, id).await?;
    let (session, frames) = replay(desk, &attempt).await?;
    let frames = frames.iter().map(|frame| serde_json::from_str(frame));
    Ok(Shown {
        attempt_id: attempt.attempt_id,
        exam_id: attempt.exam_id,
        state: AttemptState::of(&session, desk.now()),
        frames: frames.collect::<Result<_, _>>()?,
    })
}

async fn paper_of(desk: &Desk, attempt: &Attempt) -> anyhow::Result<String> {
    let paper = desk.store.paper_find(attempt.key.attempt_no).await?;
    paper.ok_or_else(|| Refused::because("the attempt has no paper").into())
}

/// Draws an attempt's paper again from its seed and compares it byte for byte.
///
/// # Errors
/// [`Refused`] for an unknown attempt, or where the papers differ.
pub async fn redraw(desk: &Desk, id: &str) -> anyhow::Result<Redrawn> {
    let attempt = find(desk, id).await?;
    let revision = Revision::load(&desk.store, attempt.exam_id, attempt.exam_revision).await?;
    let stored = paper_of(desk, &attempt).await?;
    let slots = redraw_paper(desk, &attempt, &revision, &stored).await?;
    Ok(Redrawn { attempt_id: attempt.attempt_id, slots, identical: true })
}

async fn redraw_paper(
    desk: &Desk,
    attempt: &Attempt,
    revision: &Revision,
    stored: &str,
) -> anyhow::Result<usize> {
    let paper: Paper = serde_json::from_str(stored)?;
    let exposure = match paper.exposure_revision {
        0 => None,
        number => desk.store.exposure_find(attempt.exam_id, Some(number)).await?,
    };
    let exposure = read_exposure(exposure.as_ref())?;
    let all = desk.store.paper_list_of(attempt.key.candidate_no, attempt.exam_id).await?;
    let counted = |id: &AttemptId| paper.seen_from.contains(id);
    let seen: Vec<_> = all.into_iter().filter(|(id, _)| counted(id)).collect();
    let seen = seen_in(revision, &seen)?;
    let row = usize::try_from(attempt.audience_row)?;
    let blueprint = &revision.exam.audience[row].blueprint;
    let cap = revision.exam.exposure_cap;
    let plan = Plan::new(&revision.index, attempt.exam_revision, &exposure, blueprint, cap)
        .map_err(|short| Refused { reasons: short.iter().map(ToString::to_string).collect() })?;
    let redrawn = plan.draw(&revision.index, paper.seed, &seen);
    if redrawn.to_json() != stored {
        let reason = format!("attempt {}: the redrawn paper differs", attempt.attempt_id);
        return Err(Refused::because(reason).into());
    }
    Ok(paper.slots.len())
}

/// Rebuilds attempts from their journals and compares everything that was derived: the session
/// with its checkpoint, the row, the paper, the receipt and the score. Without an id all
/// attempts.
///
/// # Errors
/// [`Refused`] with everything that differs.
pub async fn verify(desk: &Desk, id: Option<&str>, quiet: bool) -> anyhow::Result<Verified> {
    let attempts = match id {
        Some(id) => vec![find(desk, id).await?.attempt_id],
        None => desk.store.attempt_ids().await?,
    };
    let mut verified = Verified { attempts: 0, scored: 0 };
    let mut reasons = Vec::new();
    let mut revisions: HashMap<(ExamId, i64), Arc<Revision>> = HashMap::new();
    let mut progress = Progress::begin("attempts", attempts.len(), quiet);
    for id in attempts {
        let Some(attempt) = desk.store.attempt_find(id, &Scope::All).await? else { continue };
        let key = (attempt.exam_id, attempt.exam_revision);
        let revision = match revisions.get(&key) {
            Some(revision) => Arc::clone(revision),
            None => {
                let loaded = Arc::new(Revision::load(&desk.store, key.0, key.1).await?);
                revisions.insert(key, Arc::clone(&loaded));
                loaded
            }
        };
        match verify_one(desk, &attempt, &revision).await {
            Ok(scored) => verified.scored += usize::from(scored),
            Err(error) => reasons.push(format!("attempt {id}: {error:#}")),
        }
        verified.attempts += 1;
        progress.done(verified.attempts);
    }
    progress.finish();
    if reasons.is_empty() { Ok(verified) } else { Err(Refused { reasons }.into()) }
}

async fn verify_one(desk: &Desk, attempt: &Attempt, revision: &Revision) -> anyhow::Result<bool> {
    let (session, frames) = replay(desk, attempt).await?;
    let loaded = desk.store.session_load(attempt.key, attempt.attempt_id).await?;
    anyhow::ensure!(loaded.as_ref() == Some(&session), "the checkpoint is not the journal's fold");
    let head = desk.store.journal_head(attempt.key).await?;
    anyhow::ensure!(head.0 as usize == frames.len(), "the head is not the journal's end");
    let row = desk.store.attempt_row_phase(attempt.key.attempt_no).await?;
    let phase = phase_name(session.phase());
    anyhow::ensure!(row.as_deref() == Some(phase), "the row says {row:?}, the journal {phase}");
    let stored = paper_of(desk, attempt).await?;
    redraw_paper(desk, attempt, revision, &stored).await?;
    let result = desk.store.result_find(attempt.key.attempt_no).await?;
    if !session.is_closed() {
        anyhow::ensure!(result.is_none(), "an open attempt has a result");
        return Ok(false);
    }
    let result = result.ok_or_else(|| anyhow::anyhow!("a closed attempt has no result"))?;
    let paper: Paper = serde_json::from_str(&stored)?;
    let again = score_session(revision, &paper, attempt, &session, result.scored_at)?;
    anyhow::ensure!(again == result, "the stored result is not what the journal scores");
    Ok(true)
}
