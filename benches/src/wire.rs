//! A lean WebSocket client, so that the simulator costs as little as the server lets it.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context;
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};

/// How many connections one source address carries: ports end at 28,000, and looking for a free
/// one gets slow past half.
pub const CONNECTIONS_AN_ADDRESS: usize = 10_000;

/// The library's default of 128 KiB costs that much a socket and half the throughput.
const BUFFER_BYTES: usize = 4_096;

/// How many source addresses candidates come from, for a server that counts by address.
const ADDRESSES: usize = 200;

/// A connection.
#[derive(Debug)]
pub struct Wire {
    socket: WebSocketStream<TcpStream>,
}

/// Refuses to load anything but this machine.
///
/// # Errors
/// For an address that is not of the loopback range.
pub fn check_address(address: SocketAddr) -> anyhow::Result<()> {
    anyhow::ensure!(address.ip().is_loopback(), "{address} is not this machine: refused");
    Ok(())
}

/// The loopback address that the connection numbered `number` comes from.
#[must_use]
pub fn source(number: usize) -> Ipv4Addr {
    let block = u8::try_from(number / CONNECTIONS_AN_ADDRESS).unwrap_or(u8::MAX).min(250);
    Ipv4Addr::new(127, 0, 1, 1 + block)
}

/// Connects from a source address. What is closed later is reset, so that no port waits for the
/// end of the world after a run.
///
/// # Errors
/// When nobody listens, or the source has no port left.
pub async fn connect_from(source: Ipv4Addr, server: SocketAddr) -> anyhow::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((source, 0)))?;
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    stream.set_zero_linger()?;
    Ok(stream)
}

/// A loopback address of its own for each of two hundred neighbours, as hospitals have.
#[must_use]
pub fn hospital(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 2, 1 + u8::try_from(number % ADDRESSES).unwrap_or(0))
}

impl Wire {
    /// Connects from `source` to `path` of a server, with a token where one is needed.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn connect(
        server: SocketAddr,
        source: Ipv4Addr,
        path: &str,
        token: Option<&str>,
    ) -> anyhow::Result<Self> {
        let stream = connect_from(source, server).await?;
        let mut request = format!("ws://{server}{path}").into_client_request()?;
        let headers = request.headers_mut();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("exam.v1"));
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, format!("Bearer {token}").parse()?);
        }
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(64 * BUFFER_BYTES);
        let upgraded = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
        let (socket, _) = upgraded.await.context("the server refuses the upgrade")?;
        Ok(Self { socket })
    }

    /// Sends a text.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn send(&mut self, text: String) -> anyhow::Result<()> {
        Ok(self.socket.send(Message::text(text)).await?)
    }

    /// The next text.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn receive(&mut self) -> anyhow::Result<String> {
        loop {
            match self.socket.next().await.context("the connection has ended")?? {
                Message::Text(text) => return Ok(text.as_str().to_owned()),
                Message::Close(frame) => anyhow::bail!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The next text that begins with `start`.
    ///
    /// # Errors
    /// When the connection has ended, or a nack comes instead.
    pub async fn receive_start(&mut self, start: &str) -> anyhow::Result<String> {
        loop {
            let text = self.receive().await?;
            if text.starts_with(start) {
                return Ok(text);
            }
            anyhow::ensure!(!text.starts_with(r#"{"t":"nack""#), "{text}");
        }
    }

    /// Waits for the end and returns its close code; `None` where no close frame came.
    pub async fn ended(&mut self) -> Option<u16> {
        while let Some(Ok(message)) = self.socket.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| frame.code.into());
            }
        }
        None
    }
}
