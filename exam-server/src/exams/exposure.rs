//! Freezing how often each item version was used, and planning with it.

use std::collections::HashMap;

use exam_core::bank::BankIndex;
use exam_core::draw::{Exposure, Plan};
use exam_core::exam::Exam;
use exam_core::ids::ItemVersionNo;
use exam_core::paper::Paper;
use tracing::warn;

use super::Revision;
use super::revision::Plans;
use crate::app::App;
use crate::store::{ExposureRow, Store, StoreError, json_column};

/// How often at most a revision of exposure is frozen.
const FREEZE_EVERY_MS: i64 = 60_000;

/// How many papers one query counts.
const PAGE: i64 = 2_000;

/// Reads a frozen revision; none is revision 0, in which nothing was used.
///
/// # Errors
/// [`StoreError::BadRow`] for counts that cannot be read.
pub fn read(row: Option<&ExposureRow>) -> Result<Exposure, StoreError> {
    let Some(row) = row else { return Ok(Exposure::default()) };
    let pairs: Vec<(i64, u32)> = json_column("exposure", row.revision, &row.counts)?;
    let counts = pairs.into_iter().map(|(no, uses)| (ItemVersionNo(no), uses)).collect();
    Ok(Exposure { revision: row.revision, counts })
}

/// Plans every audience row of an exam.
pub(super) fn plans(
    exam: &Exam,
    revision: i64,
    index: &BankIndex,
    row: Option<&ExposureRow>,
) -> Result<Plans, StoreError> {
    let exposure = read(row)?;
    let by_row =
        exam.audience
            .iter()
            .map(|audience| {
                Plan::new(index, revision, &exposure, &audience.blueprint, exam.exposure_cap)
                    .map_err(|short| {
                        let first = short.first().map_or_else(String::new, ToString::to_string);
                        StoreError::bad_row("exam_revision", &exam.title, first)
                    })
            })
            .collect::<Result<Vec<_>, _>>()?;
    Ok(Plans {
        exposure,
        frozen_at_ms: row.map_or(0, |row| row.at.as_ms()),
        last_attempt_no: row.map_or(0, |row| row.last_attempt_no),
        by_row,
    })
}

/// Freezes a new revision of every published exam whose newest one is old enough and behind.
pub async fn refresh(app: &App) -> Result<(), StoreError> {
    for row in app.exams.published(app).await?.iter() {
        let revision = app.exams.revision(app, row.exam_id, row.revision).await?;
        refresh_one(app, &revision).await?;
    }
    Ok(())
}

async fn refresh_one(app: &App, revision: &Revision) -> Result<(), StoreError> {
    let now = app.clock.now();
    let current = revision.plans();
    if now.as_ms() - current.frozen_at_ms < FREEZE_EVERY_MS {
        return Ok(());
    }
    let (added, last_attempt_no) =
        count_since(&app.store, revision, current.last_attempt_no).await?;
    if added.is_empty() {
        return Ok(());
    }
    let mut counts = current.exposure.counts.clone();
    for (item, uses) in added {
        *counts.entry(item).or_default() += uses;
    }
    let mut pairs: Vec<(i64, u32)> = counts.iter().map(|(item, uses)| (item.0, *uses)).collect();
    pairs.sort_unstable();
    let frozen = ExposureRow {
        revision: current.exposure.revision + 1,
        at: now,
        last_attempt_no,
        counts: serde_json::to_string(&pairs).expect("numbers are JSON"),
    };
    app.store.exposure_freeze(revision.exam_id, &frozen).await?;
    // Another node may have frozen this number first: its counts are the ones to use.
    let newest = app.store.exposure_find(revision.exam_id, None).await?;
    let plans = plans(&revision.exam, revision.revision, &revision.index, newest.as_ref())?;
    revision.replace_plans(plans);
    Ok(())
}

/// Uses of item versions in papers after the attempt numbered `after`, and the newest attempt.
async fn count_since(
    store: &Store,
    revision: &Revision,
    mut after: i64,
) -> Result<(HashMap<ItemVersionNo, u32>, i64), StoreError> {
    let mut counts = HashMap::new();
    loop {
        let page = store.paper_list_after(revision.exam_id, after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok((counts, after)) };
        after = *last;
        for (attempt_no, body) in &page {
            match serde_json::from_str::<Paper>(body) {
                Ok(paper) => {
                    for slot in paper.slots {
                        *counts.entry(slot.item).or_default() += 1;
                    }
                }
                Err(error) => warn!(attempt_no, %error, "a paper was not counted"),
            }
        }
    }
}
