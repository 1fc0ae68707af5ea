//! Reads what a client still sends when its request is answered, so that it hears the answer.
//!
//! A server that answers early and hangs up resets the connection, and the reset may overtake the
//! answer: the phone sees a broken network where a refusal was said.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::oneshot;

/// What is small arrives with its headers, and hyper reads it by itself.
const SMALL_BYTES: u64 = 8 * 1024;

/// How much more is read, and for how long. Whoever sends more is hung up on.
const REST_BYTES_MAX: usize = 8 * 1024 * 1024;
const REST_WITHIN: Duration = Duration::from_secs(5);

/// A body that comes back when its reader has enough of it.
struct Lent {
    body: Body,
    back: Option<oneshot::Sender<Body>>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(back) = self.back.take() {
            // Nobody waits where the client has gone.
            let _ = back.send(std::mem::take(&mut self.body));
        }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Reads the rest of a body, and says whether that was its end.
async fn read_rest(mut body: Body) -> bool {
    let mut left = REST_BYTES_MAX;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        let length = frame.data_ref().map_or(0, Bytes::len);
        let Some(rest) = left.checked_sub(length) else { return false };
        left = rest;
    }
    true
}

pub(super) async fn hear_out(request: Request, next: Next) -> Response {
    if request.body().size_hint().upper().is_some_and(|bytes| bytes <= SMALL_BYTES) {
        return next.run(request).await;
    }
    let (back, mut returned) = oneshot::channel();
    let request = request.map(|body| Body::new(Lent { body, back: Some(back) }));
    let mut response = next.run(request).await;
    let Ok(body) = returned.try_recv() else { return response };
    if body.is_end_stream() {
        return response;
    }
    let read = tokio::time::timeout(REST_WITHIN, read_rest(body)).await;
    if !matches!(read, Ok(true)) {
        // Otherwise the client would send its next request into a closed connection.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
