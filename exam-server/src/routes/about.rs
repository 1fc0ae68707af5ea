//! Whom this server works for.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(about))
}

/// What stands on the first page.
#[derive(Serialize, ToSchema)]
struct About {
    /// The authority in whose name exams are held; null where none is configured.
    authority: Option<String>,
    /// Whom candidates can turn to, a line each.
    support_lines: Vec<String>,
}

/// Tells whom the server works for
#[utoipa::path(get, path = "/about", tag = "sign-in", responses((status = 200, body = About)))]
async fn about(State(app): State<App>) -> Json<About> {
    let (authority, support_lines) =
        (app.config.authority.clone(), app.config.support_lines.clone());
    Json(About { authority, support_lines })
}
