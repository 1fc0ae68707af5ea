//! The web app as it was built from `web/`: the phones' page at `/`, the console at `/console`.
//!
//! A release carries the files in itself; a build for development reads them where they lie. Without
//! them the server serves everything else.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use super::coding::takes;
use crate::app::App;
use crate::problem::ApiError;

#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Built;

/// Files with a hash of their content in their name.
const ASSETS: &str = "assets/";

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(phone))
        .route("/console", get(console))
        .route("/{name}", get(beside))
        .route("/assets/{*path}", get(asset))
}

async fn phone(State(app): State<App>, headers: HeaderMap) -> Response {
    match file("index.html", &headers) {
        Ok(page) => page,
        Err(_) => super::pages::home(State(app)).await.into_response(),
    }
}

async fn console(headers: HeaderMap) -> Result<Response, ApiError> {
    file("console.html", &headers)
}

/// A file beside the pages, such as their icon and the worker that shows them offline, or one by
/// which others see whose site this is.
async fn beside(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    match app.config.verification_files.get(&name) {
        Some(content) => Ok(content.clone().into_response()),
        None => file(&name, &headers),
    }
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    file(&format!("{ASSETS}{path}"), &headers)
}

/// Whether there is a web app.
pub(super) fn is_built() -> bool {
    Built::get("index.html").is_some()
}

fn kind_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "json" => "application/json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// A file in the smallest form that was built and that the browser takes.
fn file(path: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let small = [("br", "br"), ("gzip", "gz")].into_iter().find_map(|(coding, ending)| {
        let found = Built::get(&format!("{path}.{ending}"));
        found.filter(|_| takes(headers, coding)).map(|found| (found, Some(coding)))
    });
    let found = small.or_else(|| Built::get(path).map(|found| (found, None)));
    let (found, coding) = found.ok_or(ApiError::NotFound("page"))?;
    let mut response = found.data.into_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind_of(path)));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    if path.starts_with(ASSETS) {
        let for_ever = HeaderValue::from_static("public, max-age=31536000, immutable");
        headers.insert(header::CACHE_CONTROL, for_ever);
    }
    Ok(response)
}
