//! Reads a request's body and stamps the arrival of its last byte, before anything can wait.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::auth::extract::Arrived;
use crate::problem::ApiError;
use crate::protocol::MESSAGE_BYTES_MAX;

/// How long a body may take. A phone on 50 kbit/s sends 64 KiB in half of it.
const BODY_WITHIN: Duration = Duration::from_secs(20);

/// Whether a request brings a file: its handler reads it, once it knows who sends it.
fn brings_file(request: &Request) -> bool {
    let path = request.uri().path();
    let is_import = path.starts_with("/api/v1/staff/") && path.ends_with("/imports");
    let is_snapshot = path.starts_with("/api/v1/attempts/") && path.contains("/snapshots/");
    is_import || is_snapshot
}

pub(super) async fn stamp(State(app): State<App>, request: Request, next: Next) -> Response {
    if brings_file(&request) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let claimed = parts.headers.get(header::CONTENT_LENGTH);
    let claimed = claimed.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if claimed.is_some_and(|length| length > MESSAGE_BYTES_MAX) {
        return ApiError::TooBig.into_response();
    }
    let read = tokio::time::timeout(BODY_WITHIN, to_bytes(body, MESSAGE_BYTES_MAX)).await;
    let arrived = Arrived { at: app.clock.now() };
    let bytes = match read {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return ApiError::TooBig.into_response(),
        Err(_) => return ApiError::BadRequest("the body came too slowly".into()).into_response(),
    };
    let mut request = Request::from_parts(parts, Body::from(bytes));
    request.extensions_mut().insert(arrived);
    next.run(request).await
}
