//! What goes out.

use axum::extract::ws::Message as Frame;

use super::{CLOSE_RESTARTING, Connection, Ending, SEND_WITHIN};
use crate::protocol::{Nack, ServerMessage};

impl Connection {
    pub(super) async fn send_nack(&mut self, nack: Nack) -> Result<(), Ending> {
        self.send(&ServerMessage::Nack(nack)).await
    }

    pub(super) async fn send_state(&mut self) -> Result<(), Ending> {
        let now = self.app.clock.now();
        let session = self.sitting.as_ref().expect("no job has it").session();
        let state = crate::protocol::AttemptState::of(session, now);
        self.send(&ServerMessage::State(Box::new(state))).await
    }

    pub(super) async fn send_closed(&mut self) -> Result<(), Ending> {
        let session = self.sitting.as_ref().expect("no job has it").session();
        let result = self.app.exams.result_view(&self.app, &self.attempt, session).await;
        let Ok(Some(result)) = result else {
            return Err(Ending::Close(CLOSE_RESTARTING, "try again"));
        };
        let closed = ServerMessage::Closed {
            by: result.by.clone(),
            receipt: Box::new(result.receipt.clone()),
            result: Box::new(result),
        };
        self.send(&closed).await
    }

    pub(super) async fn send(&mut self, message: &ServerMessage) -> Result<(), Ending> {
        let text = serde_json::to_string(message).expect("server messages are JSON");
        self.send_frame(Frame::text(text)).await
    }

    pub(super) async fn send_frame(&mut self, frame: Frame) -> Result<(), Ending> {
        match self.app.clock.timeout(SEND_WITHIN, self.socket.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Ending::Gone),
        }
    }
}
