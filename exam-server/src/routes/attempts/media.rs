//! Pictures of a paper's items.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::read::may_be_seen;
use crate::app::App;
use crate::auth::extract::Candidate;
use crate::problem::{ApiError, Problem};
use crate::routes::Path;

/// An id names its bytes, so what was fetched once stays right; but on this phone only.
const KEPT: HeaderValue = HeaderValue::from_static("private, max-age=86400, immutable");

/// Fetches a picture of the paper
///
/// Those of its own paper alone, and as long as the paper itself can be fetched.
#[utoipa::path(get, path = "/attempts/{attempt_id}/media/{media_id}", tag = "attempts",
    params(("attempt_id" = String, Path, description = "the attempt"),
        ("media_id" = String, Path, description = "the medium, as the paper names it")),
    responses((status = 200, description = "the picture", content_type = "image/*"),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn media(
    State(app): State<App>,
    candidate: Candidate,
    Path((attempt_id, media_id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let attempt = candidate.own(&app, &attempt_id).await?;
    if !app.exams.shows_media(&app, &attempt, &media_id).await? {
        return Err(ApiError::NotFound("medium"));
    }
    may_be_seen(&app, &attempt).await?;
    picture(&app, &media_id, KEPT).await
}

/// A picture as it is kept.
pub(in crate::routes) async fn picture(
    app: &App,
    media_id: &str,
    kept: HeaderValue,
) -> Result<Response, ApiError> {
    let media = app.exams.media(app, media_id).await?.ok_or(ApiError::NotFound("medium"))?;
    let mime = HeaderValue::from_str(&media.mime).map_err(|_| ApiError::Internal)?;
    let headers = [(header::CONTENT_TYPE, mime), (header::CACHE_CONTROL, kept)];
    Ok((headers, media.bytes.clone()).into_response())
}
