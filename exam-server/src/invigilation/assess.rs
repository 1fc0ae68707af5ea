//! When an attempt is over, what is to be looked at is gathered once, for the queue of reviews. Any node
//! does it, and twice does no harm.

use exam_core::time::{Span, Timestamp};
use proctor::incidents::gravest;
use proctor::severity::Severity;
use tokio_util::sync::CancellationToken;

use super::case::Case;
use super::incident_views;
use crate::app::App;
use crate::store::{Assessment, Attempt, Gathered};

/// How often it is looked for attempts that are over.
const EVERY: Span = Span::from_seconds(15);

/// How long after its end: the last photograph has been looked at by then.
const AFTER: Span = Span::from_seconds(30);

/// How many in one go.
const TOGETHER: i64 = 100;

/// Gathers, again and again until the server stops.
pub async fn assess(app: App, stopping: CancellationToken) {
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = app.clock.sleep(EVERY) => {}
        }
        loop {
            match assess_some(&app).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "what is to be looked at was not gathered");
                    break;
                }
            }
        }
    }
}

/// Whether there may be more.
async fn assess_some(app: &App) -> anyhow::Result<bool> {
    let now = app.clock.now();
    let due = app.store.review_due(now - AFTER, TOGETHER).await?;
    if due.is_empty() {
        return Ok(false);
    }
    let (mut found, mut gathered) = (Vec::new(), Vec::new());
    for one in &due {
        let attempt_no = one.key.attempt_no;
        let attempt = app.exams.attempt(app, one.attempt_id).await?;
        let Some(attempt) = attempt else { continue };
        if app.exams.revision_of(app, &attempt).await?.exam.proctoring.is_none() {
            gathered.push(Gathered { attempt_no, seen: None });
            continue;
        }
        // One that cannot be read must not stand before all others for ever.
        match Case::of(app, &attempt).await {
            Ok(case) => {
                gathered.push(Gathered { attempt_no, seen: Some(seen(&case)) });
                found.push(assessment(&attempt, &case, now));
            }
            Err(error) if error.is_bad_row() => {
                gathered.push(Gathered { attempt_no, seen: None });
                tracing::error!(%error, attempt.id = %one.attempt_id, "no evidence was gathered");
            }
            Err(error) => return Err(error.into()),
        }
    }
    app.store.review_assess(&found, &gathered, now).await?;
    Ok(due.len() == usize::try_from(TOGETHER).unwrap_or(usize::MAX))
}

/// The photographs of a case, and those of them that were looked at.
fn seen(case: &Case) -> i64 {
    let looked_at = case.snapshots.iter().filter(|one| one.findings.is_some()).count();
    i64::try_from(case.snapshots.len() + looked_at).unwrap_or(i64::MAX)
}

fn assessment(attempt: &Attempt, case: &Case, at: Timestamp) -> Assessment {
    let views = incident_views(&case.incidents);
    Assessment {
        attempt_no: attempt.key.attempt_no,
        exam_id: attempt.exam_id.to_string(),
        severity: rank(gravest(&case.incidents)),
        incidents: serde_json::to_string(&views).expect("incidents are JSON"),
        asked: i64::try_from(case.due()).unwrap_or(i64::MAX),
        taken: i64::try_from(case.snapshots.len()).unwrap_or(i64::MAX),
        at,
    }
}

/// How grave, as it is stored and sorted by.
pub(super) const fn rank(severity: Option<Severity>) -> i64 {
    match severity {
        None => 0,
        Some(Severity::Note) => 1,
        Some(Severity::Look) => 2,
        Some(Severity::First) => 3,
    }
}
