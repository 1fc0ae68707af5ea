//! For operators: probes and figures.

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::time::Instant;

use crate::app::App;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
}

/// 200 when this node takes requests. The reasons are told to whoever asks: they are no secret.
async fn ready(State(app): State<App>) -> Response {
    let ready = app.health.is_ready() && app.journal.is_healthy() && !app.clock.is_frozen();
    let body = json!({
        "ready": ready,
        "started": app.health.has_started(),
        "database": app.health.database_answers(),
        "journal": app.journal.is_healthy(),
        "clock": !app.clock.is_frozen(),
    });
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(body)).into_response()
}

async fn figures(State(app): State<App>) -> String {
    metrics::gauge!("exam_connections").set(app.registry.len() as f64);
    metrics::gauge!("exam_sign_ins_waiting").set(app.hasher.waiting() as f64);
    app.metrics.render()
}

/// Counts requests by route and status, and how long they took.
pub(super) async fn measure(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let began = Instant::now();
    let response = next.run(request).await;
    let route = route.unwrap_or_else(|| "none".to_owned());
    let status = response.status().as_str().to_owned();
    metrics::histogram!("exam_request_seconds", "route" => route.clone())
        .record(began.elapsed().as_secs_f64());
    metrics::counter!("exam_requests_total", "route" => route, "status" => status).increment(1);
    response
}
