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
    let body = to_bytes(request.into_body(), bytes_max);
    tokio::time::timeout(FILE_WITHIN, body)
        .await
        .map_err(|_| ApiError::BadRequest("the file came too slowly".into()))?
        .map_err(|_| ApiError::TooBig)
}
