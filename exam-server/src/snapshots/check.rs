//! What photographs show, told behind the answer: nobody waits for it, and what there is no room for is
//! made up for later.

use exam_core::time::Span;
use image::RgbImage;
use proctor::faces::Face;
use proctor::findings::{Earlier, Finding, findings};
use proctor::looks::{Hash, Looks, Sketch};
use tokio_util::sync::CancellationToken;

use super::compare::compared;
use super::darkroom::Developed;
use super::{Busy, NotOurs, own, photos};
use crate::app::App;
use crate::store::{NewSnapshot, SnapshotRow};

/// How often it is looked for what was put off.
const SWEEP_EVERY: Span = Span::from_seconds(20);

/// How many are made up for in one go.
const SWEEP_ROWS: i64 = 32;

/// After so many that there was no room for, or that broke a decoder, a sweep ends.
const BUSY_MAX: usize = 4;

/// How old a photograph is before another node takes it for forgotten.
const FORGOTTEN_AFTER: Span = Span::from_seconds(60);

/// Has a photograph looked at that was just noted.
pub(super) fn begin(app: &App, snapshot_no: i64, new: NewSnapshot, developed: Developed) {
    let app = app.clone();
    tokio::spawn(async move {
        let Developed { looks, pixels, .. } = developed;
        let kept = app.darkroom.threshold().map(|_| pixels.clone());
        // What is put off is found by the sweep.
        let Ok(faces) = app.darkroom.faces(pixels).await else { return };
        let seen = Seen { looks: &looks, faces: &faces, pixels: kept };
        let done = note(&app, snapshot_no, new.attempt_no, seen, new.sent_sha256).await;
        if let Err(error) = done {
            tracing::warn!(%error, "what a snapshot shows was not noted");
        }
    });
}

/// What was seen of a photograph.
struct Seen<'a> {
    looks: &'a Looks,
    faces: &'a [Face],
    /// Only where it is to be compared.
    pixels: Option<RgbImage>,
}

async fn note(
    app: &App,
    snapshot_no: i64,
    attempt_no: i64,
    seen: Seen<'_>,
    sent_sha256: [u8; 32],
) -> anyhow::Result<()> {
    let rows = app.store.snapshots_of(attempt_no).await?;
    let earlier: Vec<Earlier> =
        rows.into_iter().filter(|row| row.snapshot_no < snapshot_no).filter_map(earlier).collect();
    let mut found = findings(seen.looks, seen.faces, sent_sha256, &earlier);
    found.extend(compared(app, attempt_no, seen.pixels, seen.faces).await?);
    let found = serde_json::to_string(&found).expect("findings are JSON");
    app.store.snapshot_checked(snapshot_no, &found).await?;
    app.store.review_again(attempt_no).await?; // It may have come behind the end.
    Ok(())
}

fn earlier(row: SnapshotRow) -> Option<Earlier> {
    Some(Earlier {
        digest: row.sent_sha256.try_into().ok()?,
        hash: Hash(row.hash.cast_unsigned()),
        sketch: Sketch(row.sketch),
    })
}

/// Takes the photo store, and looks at what was put off, again and again until the server stops.
pub async fn sweep(app: App, stopping: CancellationToken) {
    let mut ailed = false;
    loop {
        let owned = own(&app.store, &app.photos, true).await;
        match &owned {
            Ok(()) => {
                app.photos.found(false);
                if let Err(error) = sweep_once(&app).await {
                    tracing::warn!(%error, "snapshots that were put off were not looked at");
                }
            }
            Err(error) => {
                if error.is::<NotOurs>() {
                    app.photos.found(true);
                }
                if !ailed {
                    tracing::error!(error = format!("{error:#}"), "photographs cannot be kept");
                }
            }
        }
        ailed = owned.is_err();
        tokio::select! {
            () = stopping.cancelled() => return,
            () = app.clock.sleep(SWEEP_EVERY) => {}
        }
    }
}

async fn sweep_once(app: &App) -> anyhow::Result<()> {
    let forgotten = app.clock.now() - FORGOTTEN_AFTER;
    // What cannot be looked at stays, and the next sweep tries it again; others follow behind it.
    let (mut after, mut busy) = (0, 0);
    loop {
        let rows = app.store.snapshots_unchecked(after, SWEEP_ROWS).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.snapshot_no;
        for row in rows.into_iter().filter(|row| row.received_at_ms <= forgotten.as_ms()) {
            if make_up(app, row).await?.is_err() {
                busy += 1;
            }
            if busy == BUSY_MAX {
                return Ok(());
            }
        }
    }
}

/// Looks at a photograph that was put off.
async fn make_up(app: &App, row: SnapshotRow) -> anyhow::Result<Result<(), Busy>> {
    let Some(attempt) = app.store.attempt_id_of(row.attempt_no).await? else { return Ok(Ok(())) };
    let name = photos::name(attempt, &row.request_id, &row.kept_sha256);
    let mut sealed = app.photos.read(&name).await?;
    if sealed.is_none() {
        // It is not lost where all others are away, too; or only came back in this moment.
        if own(&app.store, &app.photos, false).await.is_err() {
            return Ok(Ok(()));
        }
        sealed = app.photos.read(&name).await?;
    }
    let developed = match sealed.and_then(|sealed| app.keys.open(&sealed)) {
        None => None,
        Some(bytes) => match app.darkroom.develop(bytes).await {
            Err(Busy) => return Ok(Err(Busy)),
            Ok(developed) => developed.ok(),
        },
    };
    let Some(Developed { looks, pixels, .. }) = developed else {
        // Noted, or it would stand before all others for ever.
        tracing::error!(snapshot = row.snapshot_no, "a snapshot that was kept cannot be read");
        let unreadable = serde_json::to_string(&[Finding::Unreadable])?;
        app.store.snapshot_checked(row.snapshot_no, &unreadable).await?;
        app.store.review_again(row.attempt_no).await?;
        return Ok(Ok(()));
    };
    let kept = app.darkroom.threshold().map(|_| pixels.clone());
    let Ok(faces) = app.darkroom.faces(pixels).await else { return Ok(Err(Busy)) };
    let sent = row.sent_sha256.clone().try_into().unwrap_or_default();
    let seen = Seen { looks: &looks, faces: &faces, pixels: kept };
    note(app, row.snapshot_no, row.attempt_no, seen, sent).await?;
    Ok(Ok(()))
}
