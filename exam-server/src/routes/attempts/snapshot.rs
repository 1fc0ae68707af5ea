//! Photographs that are asked for.

use std::time::Duration;

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use exam_core::time::Timestamp;
use proctor::photo::{BYTES_MAX, NotAPhoto};
use proctor::request::{Arrival, RequestId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::extract::Candidate;
use crate::live::mailbox::Push;
use crate::problem::{ApiError, Problem};
use crate::routes::Path;
use crate::routes::staff::uploads::file_within;
use crate::snapshots::{self, NotKept, Sent, Watch};

/// How a photograph was made.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct SnapshotQuery {
    /// Whether it was chosen as a file, because the browser has no camera for pages.
    #[serde(default)]
    by_hand: bool,
    /// What the camera calls itself; at most 100 characters are kept.
    #[serde(default)]
    camera: String,
}

/// How long a photograph may take, as the phone's own patience.
const WITHIN: Duration = Duration::from_secs(60);

/// The longest name of a camera that is kept.
const CAMERA_CHARS_MAX: usize = 100;

/// Takes a snapshot that was asked for
///
/// A JPEG of at most 2 MiB. It is decoded, turned upright and written anew without anything else in it.
/// The same file again is answered alike; another one for the same request is refused.
#[utoipa::path(put, path = "/attempts/{attempt_id}/snapshots/{request_id}", tag = "attempts",
    params(("attempt_id" = String, Path, description = "the attempt"),
        ("request_id" = String, Path, description = "the request"), SnapshotQuery),
    request_body(content = Vec<u8>, content_type = "image/jpeg"),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 410, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 503, body = Problem)))]
pub(super) async fn put(
    State(app): State<App>,
    candidate: Candidate,
    Path((attempt_id, request_id)): Path<(String, String)>,
    Query(query): Query<SnapshotQuery>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let attempt = candidate.own(&app, &attempt_id).await?;
    let id: RequestId = request_id.parse().map_err(|_| ApiError::NoSuchRequest)?;
    let watch = Watch::of(&app, &attempt).await?.ok_or(ApiError::NoSuchRequest)?;
    let asked_at = watch.asked(id, app.clock.now()).ok_or(ApiError::NoSuchRequest)?;
    is_in_time(asked_at, app.clock.now())?;
    if !is_jpeg(request.headers()) {
        return Err(ApiError::Photo(NotAPhoto::NotJpeg));
    }
    let Some(_on_its_way) = app.arriving.begin(attempt.key.attempt_no) else {
        return Err(ApiError::Busy);
    };
    let bytes = file_within(request, BYTES_MAX, WITHIN).await?;
    // It is here when its last byte is.
    let received_at = app.clock.now();
    is_in_time(asked_at, received_at)?;
    let camera = query.camera.chars().take(CAMERA_CHARS_MAX).filter(|c| !c.is_control()).collect();
    let by_hand = query.by_hand;
    let sent = Sent { request: id, asked_at, received_at, by_hand, camera, bytes: bytes.into() };
    snapshots::take(&app, &attempt, sent).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn is_in_time(asked_at: Timestamp, at: Timestamp) -> Result<(), ApiError> {
    match Arrival::of(asked_at, at) {
        Arrival::TooLate => {
            Err(ApiError::Gone { code: "too_late", detail: "it was asked for too long ago" })
        }
        _ => Ok(()),
    }
}

fn is_jpeg(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_none_or(|kind| kind.split(';').next().unwrap_or("").trim() == "image/jpeg")
}

impl From<NotKept> for ApiError {
    fn from(reason: NotKept) -> Self {
        match reason {
            NotKept::NotAPhoto(reason) => Self::Photo(reason),
            NotKept::Withdrawn => Self::NoSuchRequest,
            NotKept::Taken => Self::Conflict {
                code: "already_taken",
                detail: "another photograph answered this request",
            },
            NotKept::Busy | NotKept::Photos(_) => Self::Busy,
            NotKept::Store(error) => error.into(),
        }
    }
}

/// A request that lives.
#[derive(Serialize, ToSchema)]
pub(super) struct DueSnapshot {
    request_id: String,
    /// Until when the photograph should be there.
    #[schema(value_type = i64)]
    until_ms: Timestamp,
}

/// The requests that live.
#[derive(Serialize, ToSchema)]
pub(super) struct DueList {
    /// Whether photographs are asked for in this attempt, now or later.
    watched: bool,
    /// In their order.
    due: Vec<DueSnapshot>,
}

/// Lists the snapshots that are asked for now
///
/// For phones without a socket, which are told nothing by themselves. What was answered is left out.
#[utoipa::path(get, path = "/attempts/{attempt_id}/snapshots", tag = "attempts",
    params(("attempt_id" = String, Path, description = "the attempt")),
    responses((status = 200, body = DueList), (status = 404, body = Problem)))]
pub(super) async fn due(
    State(app): State<App>,
    candidate: Candidate,
    Path(attempt_id): Path<String>,
) -> Result<Json<DueList>, ApiError> {
    let attempt = candidate.own(&app, &attempt_id).await?;
    let watch = Watch::of(&app, &attempt).await?;
    let now = app.clock.now();
    let watched = watch.as_ref().is_some_and(|watch| watch.goes_on(now));
    let mut living = watch.map_or_else(Vec::new, |watch| watch.living(now));
    // In a pause and under a lock nothing is asked for.
    if !living.is_empty() && !app.store.attempt_runs(attempt.key.attempt_no).await? {
        living.clear();
    }
    let mut due = Vec::new();
    for request in living {
        let request_id = request.id.to_string();
        if app.store.snapshot_find(attempt.key.attempt_no, &request_id).await?.is_none() {
            due.push(DueSnapshot { request_id, until_ms: request.until() });
        }
    }
    Ok(Json(DueList { watched, due }))
}

/// Takes the consent to snapshots back
///
/// From now on none is asked for. Those that came are kept as long as the exam says.
#[utoipa::path(post, path = "/attempts/{attempt_id}/consents/snapshots/withdraw", tag = "attempts",
    params(("attempt_id" = String, Path, description = "the attempt")),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn withdraw(
    State(app): State<App>,
    candidate: Candidate,
    Path(attempt_id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let attempt = candidate.own(&app, &attempt_id).await?;
    let consent = app.store.consent_find(attempt.key.attempt_no).await?;
    if !consent.is_some_and(|consent| consent.was_given()) {
        let detail = "there is no consent to take back";
        return Err(ApiError::Conflict { code: "no_consent", detail });
    }
    app.store.consent_withdraw(attempt.key.attempt_no, app.clock.now()).await?;
    app.registry.push(attempt.key.attempt_no, &Push::Unwatched);
    Ok(StatusCode::NO_CONTENT)
}
