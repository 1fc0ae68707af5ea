//! What lies between a phone and a node: a socket or a request, over a pipe in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// What reaches a phone.
#[derive(Debug)]
pub enum Incoming {
    /// The server says something.
    Message(Value),
    /// The connection has ended, with the close frame if one came.
    Ended(Option<(u16, String)>),
    /// A request was answered, or not (status 0).
    Answer { status: u16, body: Value, brought: Vec<u64> },
}

/// Where it is put.
pub type Inbox = Arc<Mutex<VecDeque<Incoming>>>;

/// What a socket is told to do.
pub enum Order {
    /// Send this.
    Send(String),
    /// Read and write nothing any more, and do not hang up.
    GoSilent,
}

fn put(inbox: &Inbox, incoming: Incoming) {
    inbox.lock().expect("nobody panics with it").push_back(incoming);
}

/// Runs one socket until it ends or its orders do.
pub async fn socket(
    pipe: DuplexStream,
    attempt: String,
    token: String,
    mut orders: mpsc::UnboundedReceiver<Order>,
    inbox: Inbox,
) {
    let url = format!("ws://exam/api/v1/attempts/{attempt}/connection");
    let mut request = url.into_client_request().expect("an address");
    let headers = request.headers_mut();
    headers.insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    headers.insert("sec-websocket-protocol", "exam.v1".parse().expect("a header"));
    let Ok((mut stream, _)) = tokio_tungstenite::client_async(request, pipe).await else {
        return put(&inbox, Incoming::Ended(None));
    };
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Send(text)) => {
                    let _ = stream.send(Message::text(text)).await; // Reading will say that it ended.
                }
                Some(Order::GoSilent) => return std::future::pending().await,
                None => return,
            },
            frame = stream.next() => match frame {
                Some(Ok(Message::Text(text))) => {
                    let message = serde_json::from_str(&text).expect("messages are JSON");
                    put(&inbox, Incoming::Message(message));
                }
                Some(Ok(Message::Close(frame))) => {
                    let frame = frame.map(|f| (f.code.into(), f.reason.to_string()));
                    put(&inbox, Incoming::Ended(frame));
                    let _ = stream.flush().await; // The answer to the close frame.
                    return;
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return put(&inbox, Incoming::Ended(None)),
            },
        }
    }
}

/// Sends one request and puts the answer into the inbox.
pub async fn request(
    pipe: DuplexStream,
    path: String,
    token: String,
    body: Value,
    brought: Vec<u64>,
    inbox: Inbox,
) {
    let answer = async {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(pipe)).await?;
        tokio::spawn(connection);
        let request = hyper::Request::post(format!("/api/v1{path}"))
            .header("host", "exam")
            .header("authorization", format!("Bearer {token}"))
            .body(Full::new(Bytes::from(body.to_string())))
            .expect("a request");
        let reply = sender.send_request(request).await?;
        let status = reply.status().as_u16();
        let bytes = reply.into_body().collect().await?.to_bytes();
        Ok::<_, hyper::Error>((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    };
    let (status, body) = answer.await.unwrap_or((0, Value::Null));
    put(&inbox, Incoming::Answer { status, body, brought });
}
