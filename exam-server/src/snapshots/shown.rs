//! Photographs as they are shown: opened, compared with what was kept, and printed.

use std::sync::Arc;

use axum::body::Bytes;
use exam_core::ids::{AttemptId, CandidateId};
use moka::future::Cache;
use proctor::photo;
use proctor::print;

use super::{NotKept, photos};
use crate::app::App;
use crate::store::SnapshotRow;

/// How many bytes of small pictures a node remembers: some 10,000 of them.
const SMALL_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How a photograph is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Print {
    /// Small, for a wall.
    Small,
    /// As it was kept.
    Plain,
    /// With words all over it, to be taken away.
    Marked(String),
}

/// What a photograph is shown as.
#[derive(Clone, Debug)]
pub enum Shown {
    /// A JPEG.
    Picture(Bytes),
    /// It was deleted.
    Deleted,
    /// It is not what was kept, or gone.
    Unreadable,
}

/// Small pictures that were shown before.
#[derive(Clone, Debug)]
pub struct Album(Cache<i64, Bytes>);

impl Default for Album {
    fn default() -> Self {
        let weight = |_: &i64, picture: &Bytes| u32::try_from(picture.len()).unwrap_or(u32::MAX);
        Self(Cache::builder().weigher(weight).max_capacity(SMALL_BYTES_MAX).build())
    }
}

/// Shows the registry's photograph of a candidate, of which the digest is known.
///
/// # Errors
/// Trouble with the photo store.
pub async fn show_portrait(
    app: &App,
    candidate: CandidateId,
    sha256: &[u8],
) -> Result<Shown, NotKept> {
    let sealed = app.photos.read(&photos::portrait_name(candidate, sha256)).await?;
    let bytes = sealed.and_then(|sealed| app.keys.open(&sealed));
    let whole = bytes.filter(|bytes| photo::digest(bytes)[..] == *sha256);
    Ok(whole.map_or(Shown::Unreadable, |bytes| Shown::Picture(bytes.into())))
}

/// Shows a photograph.
///
/// # Errors
/// [`NotKept::Busy`] when too many are printed at once, and trouble with the photo store.
pub async fn show(
    app: &App,
    attempt: AttemptId,
    row: &SnapshotRow,
    print: Print,
) -> Result<Shown, NotKept> {
    if row.deleted_at_ms.is_some() {
        return Ok(Shown::Deleted);
    }
    if print == Print::Small
        && let Some(known) = app.album.0.get(&row.snapshot_no).await
    {
        return Ok(Shown::Picture(known));
    }
    let name = photos::name(attempt, &row.request_id, &row.kept_sha256);
    let sealed = app.photos.read(&name).await?;
    let bytes = sealed.and_then(|sealed| app.keys.open(&sealed));
    let bytes = bytes.filter(|bytes| photo::digest(bytes)[..] == row.kept_sha256[..]);
    let Some(bytes) = bytes else {
        tracing::error!(snapshot = row.snapshot_no, "a snapshot is not what was kept");
        return Ok(Shown::Unreadable);
    };
    let small = print == Print::Small;
    let bytes = Arc::new(bytes);
    let work = move || match print {
        Print::Plain => Ok(bytes.to_vec()),
        Print::Small => print::small(&bytes),
        Print::Marked(words) => print::marked(&bytes, &words),
    };
    let Ok(printed) = app.darkroom.print(work).await.map_err(|super::Busy| NotKept::Busy)? else {
        return Ok(Shown::Unreadable);
    };
    let printed = Bytes::from(printed);
    if small {
        app.album.0.insert(row.snapshot_no, printed.clone()).await;
    }
    Ok(Shown::Picture(printed))
}
