//! A WebSocket by hand: frames no library would send, in pieces no library would make.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long one read or write may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opcodes of RFC 6455, with the bit that says a message ends here.
pub const TEXT: u8 = 0x81;
/// A binary message.
pub const BINARY: u8 = 0x82;
/// The last piece of a message.
pub const LAST: u8 = 0x80;
/// A ping.
pub const PING: u8 = 0x89;
/// A pong.
pub const PONG: u8 = 0x8a;
/// A close.
pub const CLOSE: u8 = 0x88;
/// The bit that says a message ends here.
pub const FIN: u8 = 0x80;

/// What every frame is masked with.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame as it goes out: `first` is its first byte.
#[must_use]
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = head(first, payload.len() as u64);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// The head of a frame that claims so many bytes.
#[must_use]
pub fn head(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..126 => bytes.push(0x80 | length as u8),
        126..0x1_0000 => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes
}

/// A text message in pieces of `size` bytes.
#[must_use]
pub fn pieces(payload: &[u8], size: usize) -> Vec<u8> {
    let count = payload.len().div_ceil(size);
    let piece = |(at, piece): (usize, &[u8])| {
        let first = if at == 0 { TEXT & !FIN } else { 0 };
        frame(if at + 1 == count { first | FIN } else { first }, piece)
    };
    payload.chunks(size).enumerate().flat_map(piece).collect()
}

/// A close frame with a code and a reason.
#[must_use]
pub fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// A frame as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The first byte: FIN, reserved bits, opcode.
    pub first: u8,
    /// What it carries.
    pub payload: Vec<u8>,
}

impl Frame {
    /// The code of a close frame.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        let code = self.payload.first_chunk::<2>()?;
        Some(u16::from_be_bytes(*code))
    }
}

/// A connection that was upgraded.
pub struct RawSocket {
    /// The stream, for what frames cannot do.
    pub stream: TcpStream,
    /// The head of the server's answer.
    pub answer: String,
}

impl RawSocket {
    /// Upgrades to the connection of an attempt, with more header lines.
    ///
    /// # Panics
    /// When the upgrade is refused.
    pub async fn connect(address: SocketAddr, attempt: &str, token: &str, more: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        Self::upgrade(stream, attempt, token, more).await
    }

    /// Upgrades a stream that is connected.
    ///
    /// # Panics
    /// When the upgrade is refused.
    pub async fn upgrade(stream: TcpStream, attempt: &str, token: &str, more: &str) -> Self {
        stream.set_nodelay(true).expect("an option of TCP");
        let address = stream.peer_addr().expect("it is connected");
        let request = format!(
            "GET /api/v1/attempts/{attempt}/connection HTTP/1.1\r\nHost: {address}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: exam.v1\r\n\
             Authorization: Bearer {token}\r\n{more}\r\n"
        );
        let mut socket = Self { stream, answer: String::new() };
        socket.send(request.as_bytes()).await.expect("it can be sent");
        while !socket.answer.ends_with("\r\n\r\n") {
            let byte = timeout(PATIENCE, socket.stream.read_u8()).await.expect("an answer");
            socket.answer.push(char::from(byte.expect("the upgrade completes")));
        }
        assert!(socket.answer.starts_with("HTTP/1.1 101"), "{}", socket.answer);
        // RFC 6455's own example of a key and what it is accepted with.
        assert!(socket.answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{}", socket.answer);
        socket
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the server has gone, or takes no more.
    pub async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        timeout(PATIENCE, self.stream.write_all(bytes)).await?
    }

    /// Sends bytes in chops of so many, each a packet of its own as far as TCP lets it.
    ///
    /// # Errors
    /// When the server has gone.
    pub async fn send_chopped(&mut self, bytes: &[u8], size: usize) -> std::io::Result<()> {
        for chop in bytes.chunks(size) {
            self.send(chop).await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Sends a text message.
    ///
    /// # Errors
    /// When the server has gone.
    pub async fn text(&mut self, text: &str) -> std::io::Result<()> {
        self.send(&frame(TEXT, text.as_bytes())).await
    }

    /// The next frame; `None` at the end of the stream.
    ///
    /// # Panics
    /// When nothing comes in time, or a frame is masked: a server does not.
    pub async fn next(&mut self) -> Option<Frame> {
        timeout(PATIENCE, self.read()).await.expect("something comes in time").ok()
    }

    async fn read(&mut self) -> std::io::Result<Frame> {
        let first = self.stream.read_u8().await?;
        let length = self.stream.read_u8().await?;
        assert!(length < 0x80, "a server does not mask");
        let length = match length {
            126 => u64::from(self.stream.read_u16().await?),
            127 => self.stream.read_u64().await?,
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).expect("a length")];
        self.stream.read_exact(&mut payload).await?;
        Ok(Frame { first, payload })
    }

    /// Opens the session and reads its state.
    ///
    /// # Panics
    /// When the open is refused.
    pub async fn open(&mut self, device: &str) {
        let open = format!(r#"{{"t":"open","device":"{device}","take_over":true}}"#);
        self.text(&open).await.expect("it can be sent");
        let state = self.next().await.expect("a state");
        assert!(state.payload.starts_with(br#"{"t":"state""#), "{state:?}");
    }
}
