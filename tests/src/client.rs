//! A candidate's phone, as the protocol describes it.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// How long a test waits for one thing.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A candidate who is signed in.
#[derive(Clone)]
pub struct Candidate {
    http: reqwest::Client,
    address: SocketAddr,
    /// The token.
    pub token: String,
    /// The phone's own id.
    pub device: String,
}

/// A connection of a candidate.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The close code, if a close frame came.
    pub code: Option<u16>,
}

impl Candidate {
    /// A candidate with a new phone.
    #[must_use]
    pub fn new(address: SocketAddr, token: String) -> Self {
        Self::with_client(http(), address, token)
    }

    /// A candidate with a new phone that shares an HTTP client with others.
    #[must_use]
    pub fn with_client(http: reqwest::Client, address: SocketAddr, token: String) -> Self {
        let device = uuid::Uuid::from_bytes(crate::database::random()).to_string();
        Self { http, address, token, device }
    }

    /// The same candidate with another phone.
    #[must_use]
    pub fn other_phone(&self) -> Self {
        Self::new(self.address, self.token.clone())
    }

    /// The same phone at another server.
    #[must_use]
    pub fn at(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    /// Sends a request and returns status and JSON body; null where there is none.
    ///
    /// # Panics
    /// When there is no reply.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        self.try_request(method, path, body).await.expect("the server replies")
    }

    /// Sends a request to a server that may be gone.
    ///
    /// # Errors
    /// When there is no whole reply.
    pub async fn try_request(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<(StatusCode, Value), reqwest::Error> {
        let url = format!("http://{}/api/v1{path}", self.address);
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let reply = request.send().await?;
        let status = reply.status();
        let bytes = reply.bytes().await?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    /// GETs JSON that must be there.
    ///
    /// # Panics
    /// When the reply is not 200.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.request(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "GET {path}: {body}");
        body
    }

    /// POSTs JSON.
    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.request(Method::POST, path, Some(body)).await
    }

    /// POSTs a file.
    ///
    /// # Panics
    /// When there is no reply.
    pub async fn upload(&self, path: &str, file: Vec<u8>) -> (StatusCode, Value) {
        let url = format!("http://{}/api/v1{path}", self.address);
        let request = self.http.post(url).bearer_auth(&self.token).body(file);
        let reply = request.send().await.expect("the server replies");
        let status = reply.status();
        (status, reply.json().await.unwrap_or(Value::Null))
    }

    /// PUTs a file.
    ///
    /// # Panics
    /// When there is no reply.
    pub async fn put_file(&self, path: &str, kind: &str, file: Vec<u8>) -> (StatusCode, Value) {
        let url = format!("http://{}/api/v1{path}", self.address);
        let request = self.http.put(url).bearer_auth(&self.token).header("content-type", kind);
        let reply = request.body(file).send().await.expect("the server replies");
        let status = reply.status();
        (status, reply.json().await.unwrap_or(Value::Null))
    }

    /// GETs a file by its whole path, with its media type.
    ///
    /// # Panics
    /// When there is no reply.
    pub async fn download(&self, path: &str) -> (StatusCode, String, Vec<u8>) {
        let url = format!("http://{}{path}", self.address);
        let request = self.http.get(url).bearer_auth(&self.token);
        let reply = request.send().await.expect("the server replies");
        let kind = reply.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        let (status, kind) = (reply.status(), kind.unwrap_or_default().to_owned());
        (status, kind, reply.bytes().await.expect("all of it").into())
    }

    /// Starts an attempt and returns its id.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start(&self, exam: exam_core::ids::ExamId) -> String {
        let body = json!({ "notice_version": "1", "accepted": true });
        let (status, reply) = self.post(&format!("/exams/{exam}/attempts"), body).await;
        assert!(status.is_success(), "{status}: {reply}");
        reply["attempt_id"].as_str().expect("an id").to_owned()
    }

    /// Sends events over HTTP.
    pub async fn events(&self, attempt: &str, events: Value) -> (StatusCode, Value) {
        let body = json!({ "device": self.device, "events": events });
        self.post(&format!("/attempts/{attempt}/events"), body).await
    }

    /// Upgrades to a WebSocket without opening the session.
    ///
    /// # Errors
    /// When the upgrade is refused.
    pub async fn upgrade(&self, attempt: &str) -> Result<Socket, Error> {
        let url = format!("ws://{}/api/v1/attempts/{attempt}/connection", self.address);
        let mut request = url.into_client_request().expect("an address");
        let headers = request.headers_mut();
        let bearer = format!("Bearer {}", self.token);
        headers.insert("authorization", bearer.parse().expect("a header"));
        headers.insert("sec-websocket-protocol", "exam.v1".parse().expect("a header"));
        // As browsers do: a pong that waits for its acknowledgement must not hold back a save.
        let without_nagle = true;
        let (stream, _) = connect_async_with_config(request, None, without_nagle).await?;
        Ok(Socket { stream })
    }

    /// Connects and opens the session; the state has been read.
    ///
    /// # Panics
    /// When the open is refused.
    pub async fn connect(&self, attempt: &str) -> Socket {
        let (socket, state) = self.connect_with(attempt, false).await;
        assert_eq!(state["t"], "state", "{state}");
        socket
    }

    /// Connects and asks to open; returns the first reply too.
    ///
    /// # Panics
    /// When the upgrade is refused.
    pub async fn connect_with(&self, attempt: &str, take_over: bool) -> (Socket, Value) {
        let mut socket = self.upgrade(attempt).await.expect("the upgrade completes");
        socket.send(json!({ "t": "open", "device": self.device, "take_over": take_over })).await;
        let reply = socket.next().await.expect("a first reply");
        (socket, reply)
    }
}

/// A client without TLS or proxies.
#[must_use]
pub fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client")
}

impl Socket {
    /// The port it has here, by which a trace of the server knows it.
    ///
    /// # Panics
    /// When it is a TLS connection.
    #[must_use]
    pub fn port(&self) -> u16 {
        let MaybeTlsStream::Plain(stream) = self.stream.get_ref() else { panic!("plain TCP") };
        stream.local_addr().expect("it is connected").port()
    }

    /// Sends JSON.
    ///
    /// # Panics
    /// When the connection is gone.
    pub async fn send(&mut self, message: Value) {
        self.send_raw(Message::text(message.to_string())).await.expect("the connection is open");
    }

    /// Sends any frame.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send_raw(&mut self, message: Message) -> Result<(), Error> {
        self.stream.send(message).await
    }

    /// The next message.
    ///
    /// # Errors
    /// How the connection ended, where there is none.
    ///
    /// # Panics
    /// When nothing comes in time.
    pub async fn next(&mut self) -> Result<Value, Ended> {
        loop {
            let frame =
                timeout(PATIENCE, self.stream.next()).await.expect("something comes in time");
            match frame {
                Some(Ok(Message::Text(text))) => {
                    return Ok(serde_json::from_str(&text).expect("messages are JSON"));
                }
                Some(Ok(Message::Close(frame))) => {
                    return Err(Ended { code: frame.map(|frame| frame.code.into()) });
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(Ended { code: None }),
            }
        }
    }

    /// The next message of this type; others are passed over.
    ///
    /// # Panics
    /// When the connection ends or nothing comes in time.
    pub async fn expect(&mut self, t: &str) -> Value {
        loop {
            let message = self.next().await.unwrap_or_else(|end| panic!("no {t}, but {end:?}"));
            if message["t"] == t {
                return message;
            }
        }
    }

    /// Waits for the end and returns its code; messages are passed over.
    pub async fn ended(&mut self) -> Option<u16> {
        loop {
            if let Err(end) = self.next().await {
                return end.code;
            }
        }
    }

    /// Saves a response and waits for its acknowledgement.
    pub async fn save(&mut self, n: u64, slot: u64, response: &[&str]) -> Value {
        self.send(json!({ "t": "save", "n": n, "slot": slot, "response": response })).await;
        let ack = self.expect("ack").await;
        assert!(ack["n"].as_u64().is_some_and(|acked| acked >= n), "{ack}");
        ack
    }
}
