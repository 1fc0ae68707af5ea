//! `purge`: photographs whose time is over are deleted, and files that no attempt has any more.

use std::collections::HashMap;
use std::pin::pin;

use exam_core::exam::Exam;
use exam_core::ids::ExamId;
use exam_core::time::{Span, Timestamp};
use futures_util::StreamExt;
use serde::Serialize;

use super::Desk;
use super::progress::Progress;
use crate::snapshots::{Photos, Stored, own, portrait_name, snapshot_name};
use crate::store::{KeptSnapshots, Scope, SnapshotRow};

/// How many attempts are read at a time.
const PAGE: i64 = 500;

/// A file without a row may be a photograph that is being noted just now.
const BEING_NOTED: Span = Span::from_days(1);

/// What was deleted, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Purged {
    /// Whether nothing was deleted, and only said what would be.
    pub dry_run: bool,
    /// Attempts whose photographs' time is over.
    pub attempts: usize,
    /// Their photographs.
    pub snapshots: usize,
    /// Attempts whose time is over and whose photographs stay for a review or an objection.
    pub held: usize,
    /// Files that no attempt has.
    pub orphans: usize,
    /// Bytes of all these files.
    pub bytes: u64,
}

/// Deletes what is to be deleted; with `dry_run` it only says so. Each attempt has a row in the audit,
/// and its photographs keep theirs, with when they were taken, what they showed and when they were
/// deleted.
///
/// # Errors
/// [`NotOurs`](crate::snapshots::NotOurs) for another database's photo store; trouble with the database
/// or the photo store. What was deleted until then is.
pub async fn purge(
    desk: &Desk,
    photos: &Photos,
    dry_run: bool,
    quiet: bool,
) -> anyhow::Result<Purged> {
    own(&desk.store, photos, false).await?;
    let mut purged = Purged { dry_run, ..Purged::default() };
    let mut keeps = Keeps::default();
    let total = usize::try_from(desk.store.snapshots_kept_count().await?).unwrap_or(0);
    let mut progress = Progress::begin("attempts", total, quiet);
    let (mut after, mut seen) = (0, 0);
    loop {
        let page = desk.store.snapshots_kept(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.attempt_no;
        for attempt in page {
            seen += 1;
            purge_attempt(desk, photos, &attempt, &mut keeps, &mut purged).await?;
        }
        progress.done(seen);
    }
    progress.finish();
    purge_orphans(desk, photos, &mut purged).await?;
    if !dry_run && purged.orphans > 0 {
        let entry = desk.audit(None, "photos.purge", "orphans", &purged);
        desk.store.audit_append(&entry).await?;
    }
    Ok(purged)
}

/// How long the photographs of an exam are kept, and how long its candidates may object.
#[derive(Default)]
struct Keeps(HashMap<(ExamId, i64), Option<(Span, Span)>>);

impl Keeps {
    /// Nothing where the exam does not say: then nothing is deleted.
    async fn of(
        &mut self,
        desk: &Desk,
        attempt: &KeptSnapshots,
    ) -> anyhow::Result<Option<(Span, Span)>> {
        let key = (attempt.exam_id, attempt.exam_revision);
        if let Some(known) = self.0.get(&key) {
            return Ok(*known);
        }
        let found = desk.store.exam_definition(key.0, key.1).await?;
        let exam = found.map(|(text, _)| serde_json::from_str::<Exam>(&text)).transpose()?;
        let proctoring = exam.and_then(|exam| exam.proctoring);
        let spans = proctoring.map(|one| (one.keep, one.appeal));
        self.0.insert(key, spans);
        Ok(spans)
    }
}

/// Whether a review still needs the pictures.
fn is_held(attempt: &KeptSnapshots, appeal: Span, now: Timestamp) -> bool {
    match attempt.state.as_deref() {
        Some("void_proposed" | "appealed") => true,
        Some("suspicious" | "violation" | "void") => {
            attempt.changed_at.is_some_and(|changed_at| now <= changed_at + appeal)
        }
        _ => false,
    }
}

async fn purge_attempt(
    desk: &Desk,
    photos: &Photos,
    attempt: &KeptSnapshots,
    keeps: &mut Keeps,
    purged: &mut Purged,
) -> anyhow::Result<()> {
    let now = desk.now();
    let Some((keep, appeal)) = keeps.of(desk, attempt).await? else { return Ok(()) };
    if now <= attempt.closed_at + keep {
        return Ok(());
    }
    if is_held(attempt, appeal, now) {
        purged.held += 1;
        return Ok(());
    }
    let rows = desk.store.snapshots_of(attempt.attempt_no).await?;
    let rows: Vec<SnapshotRow> =
        rows.into_iter().filter(|row| row.deleted_at_ms.is_none()).collect();
    let bytes = rows.iter().map(|row| row.bytes.unsigned_abs()).sum::<u64>();
    let after = serde_json::json!({ "snapshots": rows.len(), "closed_at_ms": attempt.closed_at,
        "kept_ms": keep });
    let entry = desk.audit(None, "attempt.purge", attempt.attempt_id, &after);
    // Noted before they are gone: what somebody proposes or objects to in this moment keeps its pictures.
    if !purged.dry_run && !desk.store.snapshots_deleted(attempt, &rows, &entry).await? {
        purged.held += 1;
        return Ok(());
    }
    purged.attempts += 1;
    purged.snapshots += rows.len();
    purged.bytes += bytes;
    for row in rows.iter().filter(|_| !purged.dry_run) {
        let name = snapshot_name(attempt.attempt_id, &row.request_id, &row.kept_sha256);
        if let Err(trouble) = photos.delete(&name).await {
            // A file that nobody has: deleted with the others of that kind, now or in the next night.
            tracing::warn!(%trouble, "a picture was not deleted");
        }
    }
    Ok(())
}

async fn purge_orphans(desk: &Desk, photos: &Photos, purged: &mut Purged) -> anyhow::Result<()> {
    let old = desk.now() - BEING_NOTED;
    let mut orphans: Vec<Stored> = Vec::new();
    let mut files = pin!(photos.list().await?);
    while let Some(file) = files.next().await {
        let file = file?;
        if let Some(candidate) = file.portrait() {
            let shown = desk.store.candidate_shown_by_id(candidate).await?;
            let portrait = shown.and_then(|shown| shown.portrait);
            let name = portrait.map(|sha256| portrait_name(candidate, &sha256));
            if file.written_at <= old && name.as_ref() != Some(&file.name) {
                orphans.push(file);
            }
            continue;
        }
        let Some((attempt, request)) = file.snapshot() else { continue };
        if file.written_at > old {
            continue;
        }
        let attempt = desk.store.attempt_find(attempt, &Scope::All).await?;
        let row = match attempt {
            Some(attempt) => desk.store.snapshot_find(attempt.key.attempt_no, &request).await?,
            None => None,
        };
        if row.is_none_or(|row| row.deleted_at_ms.is_some()) {
            orphans.push(file);
        }
    }
    for file in orphans {
        purged.orphans += 1;
        purged.bytes += file.bytes;
        if !purged.dry_run {
            photos.delete(&file.name).await?;
        }
    }
    Ok(())
}
