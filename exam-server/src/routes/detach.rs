//! Lets a phone hang up without cancelling what it has asked for halfway.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::ApiError;

/// Runs the request in a task of its own, which the connection only awaits. A transaction that is
/// dropped between its BEGIN and the reply would otherwise poison its connection.
pub(super) async fn detach(request: Request, next: Next) -> Response {
    let handled = tokio::spawn(next.run(request)).await;
    handled.unwrap_or_else(|_| ApiError::Internal.into_response())
}
