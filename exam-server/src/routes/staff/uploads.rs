//! Files as the bodies of requests.

use std::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;

use crate::problem::ApiError;

/// How long a file may take.
const FILE_WITHIN: Duration = Duration::from_secs(300);

/// The file that a request brings.
///
/// # Errors
/// [`ApiError::TooBig`] beyond `bytes_max`, and [`ApiError::BadRequest`] where it comes too slowly.
pub(in crate::routes) async fn file_of(
    request: Request,
    bytes_max: usize,
) -> Result<Bytes, ApiError> {
    file_within(request, bytes_max, FILE_WITHIN).await
}

/// As [`file_of`], within another time.
///
/// # Errors
/// As with [`file_of`].
pub(in crate::routes) async fn file_within(
    request: Request,
    bytes_max: usize,
    within: Duration,
) -> Result<Bytes, ApiError> {
    let body = to_bytes(request.into_body(), bytes_max);
    tokio::time::timeout(within, body)
        .await
        .map_err(|_| ApiError::BadRequest("the file came too slowly".into()))?
        .map_err(|_| ApiError::TooBig)
}
