//! Measuring how hard items proved to be, from the answers of closed attempts.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use exam_core::grading::grade_slot;
use exam_core::ids::{AttemptId, ExamId};
use exam_core::item::OptionSet;
use exam_core::measured::Measured;
use exam_core::paper::Paper;
use exam_core::session::Phase;

use super::{Revision, seen_in};
use crate::store::{Scope, Store, StoreError, json_column};

/// How many attempts are counted in one transaction.
const SLICE: i64 = 200;

/// Counts the answers of all attempts that closed since the last time, up to the oldest one that
/// is open, and returns how many attempts that were. An item that the candidate had seen before is
/// not counted, nor an attempt without any answer, nor a void one.
///
/// # Errors
/// [`StoreError`] when the database is in trouble or a row cannot be read, and
/// [`StoreError::Refused`] when another one measures at the same time.
pub async fn measure(store: &Store, mut progress: impl FnMut(usize)) -> Result<usize, StoreError> {
    let mut upto = store.measured_upto().await?;
    let mut revisions: HashMap<(ExamId, i64), Arc<Revision>> = HashMap::new();
    let mut attempts = 0;
    loop {
        let slice = store.measured_next(upto, SLICE).await?;
        let Some(&(last, _)) = slice.last() else { return Ok(attempts) };
        let mut reached = BTreeMap::new();
        for (_, attempt) in &slice {
            count(store, *attempt, &mut revisions, &mut reached).await?;
        }
        let rows: Vec<(String, Measured)> = reached.into_iter().collect();
        store.measured_add(upto, last, &rows).await?;
        upto = last;
        attempts += slice.len();
        progress(attempts);
    }
}

async fn count(
    store: &Store,
    id: AttemptId,
    revisions: &mut HashMap<(ExamId, i64), Arc<Revision>>,
    reached: &mut BTreeMap<String, Measured>,
) -> Result<(), StoreError> {
    let Some(attempt) = store.attempt_find(id, &Scope::All).await? else { return Ok(()) };
    let Some(session) = store.session_load(attempt.key, id).await? else { return Ok(()) };
    let answered = session.responses().any(|(_, response)| !response.is_empty());
    if session.phase() == Phase::Voided || !session.is_closed() || !answered {
        return Ok(());
    }
    let key = (attempt.exam_id, attempt.exam_revision);
    let revision = match revisions.get(&key) {
        Some(revision) => Arc::clone(revision),
        None => {
            let loaded = Arc::new(Revision::load(store, key.0, key.1).await?);
            revisions.insert(key, Arc::clone(&loaded));
            loaded
        }
    };
    let no = attempt.key.attempt_no;
    let paper = store.paper_find(no).await?;
    let paper = paper.ok_or_else(|| StoreError::bad_row("paper", no, "missing"))?;
    let paper: Paper = json_column("paper", no, &paper)?;
    let mut before = HashSet::new();
    if !paper.seen_from.is_empty() {
        let mut papers = store.paper_list_of(attempt.key.candidate_no, attempt.exam_id).await?;
        papers.retain(|(id, _)| paper.seen_from.contains(id));
        before.extend(seen_in(&revision, &papers)?.items.into_iter().map(|(item, _)| item));
    }
    let mut responses = session.responses().map(|(_, response)| response);
    for slot in &paper.slots {
        let response = responses.next().unwrap_or(OptionSet::EMPTY);
        let worth = slot.points.as_hundredths();
        let known = revision.identity(slot.item).zip(revision.key(slot.item));
        let Some(((item, content), key)) = known.filter(|_| worth > 0) else { continue };
        if !before.contains(&item) {
            let share = grade_slot(slot, key, response).as_hundredths() * 1_000 / worth;
            let share = u16::try_from(share.min(1_000)).unwrap_or(1_000);
            reached.entry(hex::encode(content.0)).or_default().add(share);
        }
    }
    Ok(())
}
