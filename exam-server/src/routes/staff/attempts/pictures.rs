//! The pictures of an attempt. Whoever sees one may see the attempt; what is taken away is marked.

use std::io::{Cursor, Write};

use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use zip::write::SimpleFileOptions;

use super::evidence::JUDGES;
use super::{attempt_of, checked_reason};
use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::invigilation::{look_is_noted, taken_is_noted};
use crate::problem::{ApiError, Problem};
use crate::routes::Path;
use crate::routes::staff::paging::any_role;
use crate::snapshots::{Print, Shown, show};
use crate::store::SnapshotRow;

/// How a picture is shown.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PictureQuery {
    /// Whether a small one will do.
    #[serde(default)]
    small: bool,
}

/// Why pictures are taken away.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PicturesQuery {
    /// 1 to 500 characters.
    reason: String,
}

/// A picture as a response, which nobody keeps.
pub(in crate::routes) fn picture_response(shown: Shown) -> Result<Response, ApiError> {
    match shown {
        Shown::Picture(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg")),
                (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
            ];
            Ok((headers, bytes).into_response())
        }
        Shown::Deleted => {
            Err(ApiError::Gone { code: "deleted", detail: "its time is over: it was deleted" })
        }
        Shown::Unreadable => {
            Err(ApiError::Gone { code: "unreadable", detail: "it is not what was kept" })
        }
    }
}

/// Who took it away, and when, as it is written over a picture.
fn mark(app: &App, member: &StaffMember) -> String {
    let now = jiff::Timestamp::from_millisecond(app.clock.now().as_ms()).unwrap_or_default();
    let now = jiff::tz::offset(8).to_datetime(now).strftime("%Y-%m-%d %H:%M").to_string();
    format!("{} {now}", member.staff.login)
}

/// Shows a snapshot
#[utoipa::path(get, path = "/attempts/{attempt_id}/snapshots/{place}", tag = "staff",
    params(("attempt_id" = String, Path, description = "the attempt"),
        ("place" = i64, Path, description = "which, from 1"), PictureQuery),
    responses((status = 200, content_type = "image/jpeg"), (status = 404, body = Problem),
        (status = 410, body = Problem)))]
pub(super) async fn picture(
    State(app): State<App>,
    member: StaffMember,
    Path((id, place)): Path<(String, i64)>,
    Query(query): Query<PictureQuery>,
) -> Result<Response, ApiError> {
    any_role(&member, &JUDGES)?;
    let attempt = attempt_of(&app, &member, &id).await?;
    let row = app.store.snapshot_at(attempt.key.attempt_no, place).await?;
    let row = row.ok_or(ApiError::NotFound("snapshot"))?;
    let print = if query.small { Print::Small } else { Print::Plain };
    // A wall of small ones is one look.
    let (action, object) = if query.small {
        ("exam.wall", attempt.exam_id.to_string())
    } else {
        ("attempt.watch", id)
    };
    look_is_noted(&app, &member.staff, action, &object).await?;
    picture_response(show(&app, attempt.attempt_id, &row, print).await?)
}

/// Takes the pictures of an attempt away
///
/// A ZIP. Each is marked with who took it and when, and the audit says so with the reason.
#[utoipa::path(get, path = "/attempts/{attempt_id}/snapshots.zip", tag = "staff",
    params(("attempt_id" = String, Path, description = "the attempt"), PicturesQuery),
    responses((status = 200, content_type = "application/zip"), (status = 404, body = Problem)))]
pub(super) async fn pictures(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
    Query(query): Query<PicturesQuery>,
) -> Result<Response, ApiError> {
    any_role(&member, &JUDGES)?;
    let reason = checked_reason(query.reason)?;
    let attempt = attempt_of(&app, &member, &id).await?;
    taken_is_noted(&app, &member.staff, "attempt.pictures", &id, &reason).await?;
    let mark = mark(&app, &member);
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    // A JPEG is packed as well as it can be.
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for row in app.store.snapshots_of(attempt.key.attempt_no).await? {
        let shown = show(&app, attempt.attempt_id, &row, Print::Marked(mark.clone())).await?;
        let Shown::Picture(bytes) = shown else { continue };
        let named = archive.start_file(file_name(&row), stored);
        named.and_then(|()| Ok(archive.write_all(&bytes)?)).map_err(|_| ApiError::Internal)?;
    }
    let archive = archive.finish().map_err(|_| ApiError::Internal)?.into_inner();
    let name = format!("attachment; filename=\"{id}.zip\"");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::CONTENT_DISPOSITION, HeaderValue::try_from(name).map_err(|_| ApiError::Internal)?),
    ];
    Ok((headers, archive).into_response())
}

fn file_name(row: &SnapshotRow) -> String {
    format!("{:02}-{}.jpg", row.place, row.received_at_ms)
}
