//! A lean HTTP client: one connection, from a source address of one's own.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;

use crate::wire::connect_from;

/// How long one reply may take before it counts as an error.
const REPLY_WITHIN: Duration = Duration::from_secs(30);

/// Somebody who sends one request after another.
pub struct Http {
    server: SocketAddr,
    source: Ipv4Addr,
    token: Option<String>,
    sender: Option<SendRequest<Full<Bytes>>>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// How long the server asks to be left alone, where it is too busy now.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        if !matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            return None;
        }
        let asked = self.json()["retry_ms"].as_u64();
        let header = self.headers.get(header::RETRY_AFTER);
        let seconds = header.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        Some(Duration::from_millis(asked.or(seconds.map(|s| s * 1_000)).unwrap_or(1_000)))
    }
}

impl Http {
    /// Somebody at `source` who talks to `server`; connects with the first request.
    #[must_use]
    pub const fn new(server: SocketAddr, source: Ipv4Addr, token: Option<String>) -> Self {
        Self { server, source, token, sender: None }
    }

    /// Signs requests with `token` from now on.
    pub fn sign_in(&mut self, token: String) {
        self.token = Some(token);
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Hangs up; the next request connects again.
    pub fn hang_up(&mut self) {
        self.sender = None;
    }

    /// GETs from under `/api/v1`.
    ///
    /// # Errors
    /// When there is no reply.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<Reply> {
        self.request(Method::GET, path, None, &[]).await
    }

    /// POSTs JSON to under `/api/v1`.
    ///
    /// # Errors
    /// When there is no reply.
    pub async fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<Reply> {
        self.request(Method::POST, path, Some(body), &[]).await
    }

    /// PUTs a JPEG to under `/api/v1`.
    ///
    /// # Errors
    /// When there is no reply.
    pub async fn put_photo(&mut self, path: &str, photo: Bytes) -> anyhow::Result<Reply> {
        self.send(Method::PUT, path, Some(("image/jpeg", photo)), &[]).await
    }

    /// Sends a request to under `/api/v1`, on a new connection where the last one has ended.
    ///
    /// # Errors
    /// When there is no reply in time.
    pub async fn request(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Reply> {
        let body = body.map(|body| ("application/json", Bytes::from(body.to_string())));
        self.send(method, path, body, headers).await
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<(&str, Bytes)>,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Reply> {
        let within = tokio::time::timeout(REPLY_WITHIN, self.exchange(method, path, body, headers));
        let reply = within.await.unwrap_or_else(|_| Err(anyhow::anyhow!("no reply in time")));
        if reply.is_err() {
            self.sender = None;
        }
        reply.with_context(|| path.to_owned())
    }

    async fn exchange(
        &mut self,
        method: Method,
        path: &str,
        body: Option<(&str, Bytes)>,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Reply> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(header::HOST, self.server.to_string());
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some((kind, body)) => {
                request = request.header(header::CONTENT_TYPE, kind);
                body
            }
            None => Bytes::new(),
        };
        let request = request.body(Full::new(body))?;
        let sender = match self.sender.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        let sender = self.sender.insert(sender);
        sender.ready().await?;
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Reply { status: parts.status, headers: parts.headers, body })
    }

    async fn connect(&self) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        let stream = connect_from(self.source, self.server).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection); // Ends when the sender is dropped, or the server hangs up.
        Ok(sender)
    }
}
