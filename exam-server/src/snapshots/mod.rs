//! Photographs of candidates: when they are asked for, how they are taken in, looked at and kept.
//!
//! This is a machine beside the exam. It reads what the exam stores and writes only its own tables and
//! the photo store; whatever fails in it, no answer is slower for it and no attempt changes.

mod arriving;
mod check;
mod compare;
mod darkroom;
mod owner;
mod photos;
mod shown;
mod watch;

pub use arriving::{Arriving, OnItsWay};
pub use check::sweep;
#[cfg(feature = "turned-clock")]
pub use darkroom::Held;
pub use darkroom::{Busy, Darkroom, Likeness};
pub use owner::{NotOurs, own};
pub use photos::name as snapshot_name;
pub use photos::{PhotoTrouble, Photos, S3Access, Stored, portrait_name};
pub use shown::{Album, Print, Shown, show, show_portrait};
pub use watch::{Begun, Request, Watch};

use std::sync::Arc;

use exam_core::time::{Span, Timestamp};
use proctor::photo::{self, NotAPhoto};
use proctor::request::RequestId;

use crate::app::App;
use crate::store::{Attempt, NewSnapshot, Noted, StoreError};

/// How long a photograph may take to be decoded and written anew, which takes 10 ms.
const DEVELOPED_WITHIN: Span = Span::from_seconds(10);

/// A photograph that came.
#[derive(Debug)]
pub struct Sent {
    /// What it answers.
    pub request: RequestId,
    /// When that was asked.
    pub asked_at: Timestamp,
    /// When it came.
    pub received_at: Timestamp,
    /// Whether it was chosen as a file.
    pub by_hand: bool,
    /// What the camera calls itself, as the phone says.
    pub camera: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why a photograph was not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// It is none.
    #[error(transparent)]
    NotAPhoto(#[from] NotAPhoto),
    /// Another one answered the same request.
    #[error("another photograph answered this request")]
    Taken,
    /// The consent was taken back while it came.
    #[error("the consent was taken back")]
    Withdrawn,
    /// There is too much to do; it may be sent again.
    #[error("too much to do")]
    Busy,
    /// The photo store is in trouble; it may be sent again.
    #[error(transparent)]
    Photos(#[from] PhotoTrouble),
    /// The database is in trouble; it may be sent again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes a photograph in: looks at it from outside, decodes it, writes it anew, keeps it sealed, notes
/// it, and has it looked at. The same file again changes nothing.
///
/// # Errors
/// [`NotKept`] says why nothing was kept.
pub async fn take(app: &App, attempt: &Arc<Attempt>, sent: Sent) -> Result<(), NotKept> {
    photo::look(&sent.bytes)?;
    let sent_sha256 = photo::digest(&sent.bytes);
    let request = sent.request.to_string();
    if let Some(before) = app.store.snapshot_find(attempt.key.attempt_no, &request).await? {
        return if before.sent_sha256 == sent_sha256 { Ok(()) } else { Err(NotKept::Taken) };
    }
    let developed = app.darkroom.develop(sent.bytes);
    let developed = app.clock.timeout(DEVELOPED_WITHIN, developed).await;
    let developed = developed.map_err(|_| NotKept::Busy)?.map_err(|Busy| NotKept::Busy)??;
    let kept_sha256 = photo::digest(&developed.kept.bytes);
    let name = photos::name(attempt.attempt_id, &request, &kept_sha256);
    app.photos.keep(&name, app.keys.seal(&developed.kept.bytes)).await?;
    let new = NewSnapshot {
        attempt_no: attempt.key.attempt_no,
        request_id: request,
        asked_at: sent.asked_at,
        received_at: sent.received_at,
        by_hand: sent.by_hand,
        camera: sent.camera,
        sent_sha256,
        kept_sha256,
        bytes: i64::try_from(developed.kept.bytes.len()).unwrap_or(i64::MAX),
        width: developed.kept.width.into(),
        height: developed.kept.height.into(),
        hash: developed.looks.hash.0,
        sketch: developed.looks.sketch.0.clone(),
    };
    match app.store.snapshot_note(attempt.attempt_id, &new).await? {
        Noted::New(snapshot_no) => {
            metrics::counter!("exam_snapshots_total").increment(1);
            check::begin(app, snapshot_no, new, developed);
            Ok(())
        }
        Noted::Before(before) if before.sent_sha256 == sent_sha256 => Ok(()),
        Noted::Before(_) => Err(NotKept::Taken),
        Noted::Withdrawn => {
            app.photos.delete(&name).await?; // What cannot be deleted is an orphan, which a purge finds.
            Err(NotKept::Withdrawn)
        }
    }
}

/// How much later than its request a photograph came; zero within the request's life.
#[must_use]
pub fn lateness(asked_at_ms: i64, received_at_ms: i64) -> Span {
    let asked_at = Timestamp::from_ms(asked_at_ms);
    Timestamp::from_ms(received_at_ms).since(asked_at + proctor::request::LIFE)
}
