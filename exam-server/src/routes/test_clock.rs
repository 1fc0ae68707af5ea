//! Turning the clock of a running server, for tests. Absent from a release build, and answered
//! only where the environment asks for it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use exam_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::problem::ApiError;
use crate::routes::Body;
use crate::store::StoreError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TurnBody {
    forward_ms: i64,
}

#[derive(Serialize)]
struct TurnReply {
    now_ms: Timestamp,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/test/clock", post(turn))
}

async fn turn(
    State(app): State<App>,
    Body(body): Body<TurnBody>,
) -> Result<(StatusCode, Json<TurnReply>), ApiError> {
    may_be_asked()?;
    turn_clock(&app, Span::from_ms(body.forward_ms)).await?;
    Ok((StatusCode::OK, Json(TurnReply { now_ms: app.clock.now() })))
}

/// Whether the environment asks for what tests do to a server.
pub(super) fn may_be_asked() -> Result<(), ApiError> {
    match std::env::var_os("EXAM_TEST_CLOCK") {
        Some(_) => Ok(()),
        None => Err(ApiError::NotFound("page")),
    }
}

/// Turns the clock forward as if the server had run on all the while: a sign of life is stored in
/// the same breath, so that the jump is not taken for an outage.
///
/// # Errors
/// Trouble with the database.
pub async fn turn_clock(app: &App, forward: Span) -> Result<(), StoreError> {
    let beating = app.health.beating.lock().await;
    app.clock.turn(forward);
    app.store.heartbeat_beat(app.clock.now()).await?;
    app.health.database_answered_while_turned(forward);
    drop(beating);
    Ok(())
}
