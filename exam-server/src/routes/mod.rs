//! The routes; a file's path is the URL's.

mod about;
mod arrival;
pub mod attempts;
pub mod coding;
mod detach;
pub mod exams;
mod extract_body;
mod extract_path;
mod headers;
mod hear_out;
pub mod operate;
mod overload;
mod pages;
pub mod sign_in;
pub mod staff;
#[cfg(feature = "turned-clock")]
mod test_clock;
#[cfg(feature = "turned-clock")]
mod test_darkroom;
mod web;

pub use extract_body::{Body, Newcomer};
pub use extract_path::Path;
#[cfg(feature = "turned-clock")]
pub use test_clock::turn_clock;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::problem::ApiError;
use axum::response::IntoResponse;

/// The description of the whole interface.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Examination engine",
        version = env!("CARGO_PKG_VERSION"),
        contact(),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        description = "Candidates sit timed papers; staff look after them. Errors are problem \
            details (RFC 9457) with a `code`. Times are milliseconds of server UTC, points are \
            hundredths. Sign in, then put the token into Authorize."
    ),
    modifiers(&Token),
    security(("token" = [])),
)]
struct Description;

/// How a client says who it is.
struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// Where the candidate protocol lives.
pub const API: &str = "/api/v1";

/// All routes, and their description.
#[must_use]
pub fn describe() -> OpenApiRouter<App> {
    let api = OpenApiRouter::new()
        .merge(about::routes())
        .merge(sign_in::routes())
        .merge(exams::routes())
        .merge(attempts::routes())
        .merge(staff::routes());
    OpenApiRouter::with_openapi(Description::openapi()).nest(API, api)
}

/// The router of a running server.
pub fn router(app: App) -> Router {
    let (router, openapi) = describe().split_for_parts();
    let router = router.merge(pages::routes(openapi)).merge(web::routes()).merge(operate::routes());
    // Before the fallbacks: what is merged after them answers a wrong method by itself.
    #[cfg(feature = "turned-clock")]
    let router = router.merge(test_clock::routes()).merge(test_darkroom::routes());
    let router = router
        .fallback(async || ApiError::NotFound("page"))
        .method_not_allowed_fallback(async || ApiError::WrongMethod);
    router
        .layer(from_fn(detach::detach))
        .layer(from_fn_with_state(app.clone(), arrival::stamp))
        .layer(from_fn_with_state(app.clone(), overload::admit))
        .layer(from_fn(hear_out::hear_out))
        .layer(from_fn_with_state(app.clone(), headers::protect))
        .layer(from_fn(operate::measure))
        .layer(CatchPanicLayer::custom(|_| ApiError::Internal.into_response()))
        .with_state(app)
}
