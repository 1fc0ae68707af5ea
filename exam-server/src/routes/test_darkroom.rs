//! Letting all that works on photographs stand still, for tests. Absent from a release build, and answered
//! only where the environment asks for it.

use std::sync::Mutex;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde::Deserialize;

use super::test_clock::may_be_asked;
use crate::app::App;
use crate::problem::ApiError;
use crate::routes::Body;
use crate::snapshots::{Busy, Held};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldBody {
    held: bool,
}

static HELD: Mutex<Option<Held>> = Mutex::new(None);

pub(super) fn routes() -> Router<App> {
    Router::new().route("/test/darkroom", post(hold))
}

async fn hold(State(app): State<App>, Body(body): Body<HoldBody>) -> Result<StatusCode, ApiError> {
    may_be_asked()?;
    let held = body.held.then(|| app.darkroom.hold()).transpose();
    let held = held.map_err(|Busy| ApiError::Busy)?;
    *HELD.lock().expect("nobody panics with it") = held;
    Ok(StatusCode::NO_CONTENT)
}
