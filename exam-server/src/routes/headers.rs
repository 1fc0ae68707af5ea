//! Headers on every response.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;

/// Scripts, styles and pictures come from here alone; nobody frames our pages.
const CSP: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
     worker-src 'self'; manifest-src 'self'; connect-src 'self'";

/// The policy for pages that were asked for at `host`. Safari's `'self'` meant no WebSocket before
/// version 15, so it is named.
fn policy(host: Option<&HeaderValue>) -> HeaderValue {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".:-[]".contains(c);
    let host = host.and_then(|host| host.to_str().ok()).filter(|host| host.chars().all(plain));
    let text =
        host.map_or_else(|| CSP.to_owned(), |host| format!("{CSP} wss://{host} ws://{host}"));
    HeaderValue::try_from(text).expect("a host of plain letters")
}

pub(super) async fn protect(State(app): State<App>, request: Request, next: Next) -> Response {
    let policy = policy(request.headers().get(header::HOST));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if app.config.tls.is_some() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}
