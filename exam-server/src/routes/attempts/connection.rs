//! The upgrade to a WebSocket.

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::auth::extract::{authenticate, check_origin, own_attempt};
use crate::live::connection;
use crate::problem::{ApiError, Problem};
use crate::protocol::MESSAGE_BYTES_MAX;
use crate::routes::Path;
use crate::store::{Principal, SignIn};

/// The subprotocol.
const PROTOCOL: &str = "exam.v1";

/// The library's default of 128 KiB costs that much a socket and half the throughput.
const READ_BUFFER_BYTES: usize = 2 * 1024;

/// What may wait for a phone that does not read, before the connection ends.
const WRITE_BUFFER_BYTES_MAX: usize = 256 * 1024;

/// Opens the connection of an attempt
///
/// A foreign Origin is 403, a missing subprotocol 400; otherwise the upgrade completes, and a
/// missing sign-in or attempt is told by close code 4401 or 4404.
#[utoipa::path(get, path = "/attempts/{attempt_id}/connection", tag = "attempts",
    params(("attempt_id" = String, Path, description = "the attempt")),
    responses(
        (status = 101, description = "a WebSocket of subprotocol exam.v1"),
        (status = 400, body = Problem), (status = 403, body = Problem)))]
pub(super) async fn connect(
    State(app): State<App>,
    Path(attempt_id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let (mut parts, _) = request.into_parts();
    check_origin(&app, &parts)?;
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &app)
        .await
        .map_err(|_| ApiError::BadRequest("this address is a WebSocket".into()))?;
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX);
    if upgrade.selected_protocol().is_none() {
        return Err(ApiError::BadRequest(format!("ask for the subprotocol {PROTOCOL}")));
    }
    let signed_in = match authenticate(&app, &parts).await {
        Ok((SignIn { principal: Principal::Candidate(no), only_password: false, .. }, hash)) => {
            Some((no, hash))
        }
        Ok(_) | Err(ApiError::NotSignedIn) => None,
        Err(error) => return Err(error),
    };
    let attempt = match &signed_in {
        Some((candidate_no, _)) => own_attempt(&app, *candidate_no, &attempt_id).await?,
        None => None,
    };
    let tracker = app.connections.clone();
    let served = upgrade.on_upgrade(move |socket| {
        tracker.track_future(async move {
            match (signed_in, attempt) {
                (Some((_, token_hash)), Some(attempt)) => {
                    connection::serve(app, socket, attempt, token_hash).await;
                }
                (signed_in, _) => connection::refuse(&app, socket, signed_in.is_some()).await,
            }
        })
    });
    Ok(served.into_response())
}
