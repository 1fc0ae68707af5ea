//! What comes in: stamped, understood, and put into the queue.

use axum::extract::ws::{Message as Frame, close_code};
use exam_core::ids::DeviceId;
use exam_core::time::Timestamp;
use tokio_tungstenite::tungstenite::Error as WireError;
use tokio_tungstenite::tungstenite::error::CapacityError;

use super::{
    BUSY_IGNORED_MAX, CLOSE_IGNORES_BUSY, Connection, Ending, Inbound, WAITING_MAX, not_a_message,
};
use crate::live::reply::{BUSY_RETRY, nack, stamp};
use crate::live::sitting::Verdict;
use crate::protocol::{ClientMessage, Nack, NackCode, Numbered, ServerMessage, parse_device};

impl Connection {
    pub(super) async fn received(
        &mut self,
        frame: Option<Result<Frame, axum::Error>>,
    ) -> Result<(), Ending> {
        let received_at = self.app.clock.now(); // Stamped before anything that can wait.
        let frame = match frame {
            None => return Err(Ending::Gone),
            Some(Err(error)) => return Err(ending_of(error)),
            Some(Ok(frame)) => frame,
        };
        self.heard(received_at);
        match frame {
            Frame::Text(text) => self.text(text.as_str(), received_at).await,
            Frame::Binary(_) => Err(not_a_message()),
            Frame::Ping(_) | Frame::Pong(_) => Ok(()),
            Frame::Close(_) => Err(Ending::Goodbye),
        }
    }

    async fn text(&mut self, text: &str, received_at: Timestamp) -> Result<(), Ending> {
        let message: ClientMessage = serde_json::from_str(text).map_err(|_| not_a_message())?;
        match message {
            ClientMessage::Ping => {
                let now_ms = self.app.clock.now();
                self.send(&ServerMessage::Pong { now_ms }).await
            }
            ClientMessage::Open { device, take_over } => {
                let device = parse_device(&device).map_err(|_| not_a_message())?;
                if self.waiting.len() >= WAITING_MAX {
                    return Err(Ending::Close(CLOSE_IGNORES_BUSY, "too many messages"));
                }
                self.opening = Some(device);
                self.waiting.push_back(Inbound::Open { device, take_over });
                Ok(())
            }
            numbered => {
                let numbered = numbered.into_numbered().map_err(|_| not_a_message())?;
                self.numbered(numbered, received_at).await
            }
        }
    }

    async fn numbered(&mut self, numbered: Numbered, received_at: Timestamp) -> Result<(), Ending> {
        let Some(device) = self.opening.or(self.writer.map(|writer| writer.device)) else {
            return self.without_open(numbered.n).await;
        };
        let message = stamp(&self.app, &self.attempt, device, numbered, received_at);
        let allowed = self.app.limits.message(self.attempt.key.attempt_no);
        if allowed && self.waiting.len() < WAITING_MAX {
            self.waiting.push_back(Inbound::Message(message));
            return Ok(());
        }
        // Who waits as long as a nack asks begins anew. What is accepted meanwhile is no excuse: the
        // bucket refills all the time, so a flood always has some messages accepted.
        let now = self.app.clock.now();
        let waited = now.since(self.busy_at) >= BUSY_RETRY;
        self.busy_ignored = if waited { 1 } else { self.busy_ignored + 1 };
        self.busy_at = now;
        if self.busy_ignored > BUSY_IGNORED_MAX {
            return Err(Ending::Close(CLOSE_IGNORES_BUSY, "ignores busy"));
        }
        let nack = nack(&self.app, &self.attempt, device, &message, Verdict::Busy);
        self.send_nack(nack.expect("busy is a nack")).await
    }

    /// A numbered message of a socket whose open was refused, or never came.
    async fn without_open(&mut self, n: u64) -> Result<(), Ending> {
        if !self.refused {
            return Err(not_a_message());
        }
        let code = NackCode::Elsewhere;
        self.send_nack(Nack { n, code, retry_ms: None, arrived: None, kept: false }).await
    }

    /// The device of the newest open that waits.
    pub(super) fn waiting_open(&self) -> Option<DeviceId> {
        self.waiting.iter().rev().find_map(|inbound| match inbound {
            Inbound::Open { device, .. } => Some(*device),
            Inbound::Message(_) => None,
        })
    }

    /// Refuses the messages that came right behind a refused open, unless an older one holds.
    pub(super) async fn refuse_waiting(&mut self) -> Result<(), Ending> {
        if self.writer.is_some() {
            return Ok(());
        }
        while let Some(Inbound::Message(message)) = self.waiting.front() {
            let n = message.n;
            self.waiting.pop_front();
            self.without_open(n).await?;
        }
        Ok(())
    }
}

/// What a failure on the wire means: too big, not a WebSocket, or gone.
fn ending_of(error: axum::Error) -> Ending {
    match error.into_inner().downcast::<WireError>().map(|error| *error) {
        Ok(WireError::Capacity(CapacityError::MessageTooLong { .. })) => {
            Ending::Close(close_code::SIZE, "too big")
        }
        Ok(WireError::Utf8(_)) => Ending::Close(close_code::INVALID, "not UTF-8"),
        Ok(WireError::Protocol(_)) => Ending::Close(close_code::PROTOCOL, "not a WebSocket"),
        _ => Ending::Gone,
    }
}
