//! The candidate protocol's messages, version 1. DESIGN's words, as types.

mod client_message;

use std::collections::BTreeMap;

use exam_core::ids::{AttemptId, DeviceId};
use exam_core::item::OptionSet;
use exam_core::letters::letters_of;
use exam_core::session::{
    By, MessageBody, Phase, Receipt, Refusal, Seq, Session, SignalKind, Slot,
};
use exam_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The greatest number of a message: the greatest integer that JavaScript counts exactly.
const N_MAX: u64 = (1 << 53) - 1;

/// The most bytes of one message, on the socket and over HTTP.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// What a client sends on the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// Asks to write from now on; always first.
    Open {
        /// The device's own id.
        device: String,
        /// Whether it may take the session over.
        take_over: bool,
    },
    /// Sets a response.
    Save {
        /// The device's number of it.
        n: u64,
        /// Which slot.
        slot: i64,
        /// The options; none clears. `None` where one is no option at all, or stands twice.
        response: Option<OptionSet>,
        /// The device's claim of when.
        client_at_ms: Option<i64>,
        /// What an earlier nack vouched for.
        arrived: Option<String>,
    },
    /// Sets a mark.
    Mark {
        /// The device's number of it.
        n: u64,
        /// Which slot.
        slot: i64,
        /// Marked or not.
        on: bool,
        /// What an earlier nack vouched for.
        arrived: Option<String>,
    },
    /// Tells what the device noticed.
    Signal {
        /// The device's number of it.
        n: u64,
        /// What.
        kind: SignalKind,
        /// The device's claim of when.
        client_at_ms: Option<i64>,
        /// What an earlier nack vouched for.
        arrived: Option<String>,
    },
    /// Hands in.
    Submit {
        /// The device's number of it.
        n: u64,
        /// What an earlier nack vouched for.
        arrived: Option<String>,
    },
    /// Asks for a pong.
    Ping,
}

/// A numbered message with what is needed to decide and to vouch for it.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// The device's number of it.
    pub n: u64,
    /// What it says.
    pub body: MessageBody,
    /// What an earlier nack vouched for.
    pub arrived: Option<String>,
}

/// A client message that is none of this protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMessage {
    /// A number outside 1 … 2^53 − 1.
    #[error("n is an integer from 1 to 2^53 − 1")]
    BadNumber,
    /// A device that is no UUID.
    #[error("device is a UUID")]
    BadDevice,
    /// Not numbered, where only numbered messages are.
    #[error("not a numbered message")]
    NotNumbered,
}

impl ClientMessage {
    /// The message as the core decides it.
    ///
    /// # Errors
    /// [`BadMessage`] for an open, a ping, or a number out of range.
    pub fn into_numbered(self) -> Result<Numbered, BadMessage> {
        let (n, body, arrived) = match self {
            Self::Save { n, slot, response, client_at_ms, arrived } => {
                let client_at = client_at_ms.map(Timestamp::from_ms);
                (n, MessageBody::Save { slot, response, client_at }, arrived)
            }
            Self::Mark { n, slot, on, arrived } => (n, MessageBody::Mark { slot, on }, arrived),
            Self::Signal { n, kind, arrived, .. } => (n, MessageBody::Signal { kind }, arrived),
            Self::Submit { n, arrived } => (n, MessageBody::Submit, arrived),
            Self::Open { .. } | Self::Ping => return Err(BadMessage::NotNumbered),
        };
        if (1..=N_MAX).contains(&n) {
            Ok(Numbered { n, body, arrived })
        } else {
            Err(BadMessage::BadNumber)
        }
    }
}

/// Reads a device id; any case, one spelling inside.
///
/// # Errors
/// [`BadMessage::BadDevice`] for anything but a hyphenated UUID.
pub fn parse_device(text: &str) -> Result<DeviceId, BadMessage> {
    text.to_ascii_lowercase().parse().map_err(|_| BadMessage::BadDevice)
}

/// The content of a message in one spelling, for vouching and for evidence.
#[must_use]
pub fn canonical(body: &MessageBody) -> String {
    match body {
        MessageBody::Save { slot, response, .. } => {
            let letters = response.map_or_else(|| "?".to_owned(), letters_of);
            format!("save {slot} {letters}")
        }
        MessageBody::Mark { slot, on } => format!("mark {slot} {on}"),
        MessageBody::Signal { kind } => format!("signal {kind:?}"),
        MessageBody::Submit => "submit".to_owned(),
    }
}

/// Why a message was not taken, in the protocol's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NackCode {
    /// Final: another device or connection writes now.
    Elsewhere,
    /// Final: the session is closed.
    Closed,
    /// Final: it came after deadline and grace.
    TooLate,
    /// Final: no such slot.
    BadSlot,
    /// Final: no such option, or too many.
    BadResponse,
    /// Final: the number runs too far ahead.
    BadN,
    /// Retry later.
    Busy,
    /// Retry after `resumed`.
    Paused,
    /// Retry after `unlocked`.
    Locked,
}

impl NackCode {
    /// Whether the client drops the message.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Busy | Self::Paused | Self::Locked)
    }

    /// Its name in the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Elsewhere => "elsewhere",
            Self::Closed => "closed",
            Self::TooLate => "too_late",
            Self::BadSlot => "bad_slot",
            Self::BadResponse => "bad_response",
            Self::BadN => "bad_n",
            Self::Busy => "busy",
            Self::Paused => "paused",
            Self::Locked => "locked",
        }
    }
}

impl From<Refusal> for NackCode {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Elsewhere => Self::Elsewhere,
            Refusal::Closed => Self::Closed,
            Refusal::TooLate { .. } => Self::TooLate,
            Refusal::BadSlot => Self::BadSlot,
            Refusal::BadResponse => Self::BadResponse,
            Refusal::BadN => Self::BadN,
            Refusal::Paused => Self::Paused,
            Refusal::Locked => Self::Locked,
            Refusal::Full | Refusal::BadTime => Self::Busy,
        }
    }
}

/// A message that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Nack {
    /// The message's number.
    pub n: u64,
    /// Why.
    pub code: NackCode,
    /// How long to wait before the same again; null where that is final.
    pub retry_ms: Option<u64>,
    /// Vouches for the arrival; goes back with the retry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrived: Option<String>,
    /// Whether the message is kept as evidence, never scored.
    pub kept: bool,
}

/// Where a session stands, as GET attempt and the socket's `state` tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AttemptState {
    /// The phase.
    #[schema(value_type = String)]
    pub state: Phase,
    /// The seq of the newest open.
    #[schema(value_type = u64)]
    pub epoch: Seq,
    /// The device that writes now.
    #[schema(value_type = Option<String>)]
    pub holder: Option<DeviceId>,
    /// Server time.
    #[schema(value_type = i64)]
    pub now_ms: Timestamp,
    /// When time is up; null in a pause and after the close.
    #[schema(value_type = Option<i64>)]
    pub deadline_ms: Option<Timestamp>,
    /// Time left.
    #[schema(value_type = i64)]
    pub remaining_ms: Span,
    /// Option ids by slot; a cleared slot is absent.
    pub responses: BTreeMap<u16, Vec<String>>,
    /// Marked slots.
    #[schema(value_type = Vec<u16>)]
    pub marked: Vec<Slot>,
    /// The highest number the journal has of each device.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub acked: BTreeMap<DeviceId, u64>,
    /// What an invigilator said last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<ToldView>,
}

/// What an invigilator said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ToldView {
    /// Which of those of this attempt, from 1.
    pub number: u32,
    /// What.
    pub text: String,
}

impl AttemptState {
    /// The state of `session` at `now`.
    #[must_use]
    pub fn of(session: &Session, now: Timestamp) -> Self {
        let ids = |set: OptionSet| letters_of(set).chars().map(String::from).collect();
        Self {
            state: session.phase(),
            epoch: session.epoch(),
            holder: session.holder(),
            now_ms: now,
            deadline_ms: session.deadline(),
            remaining_ms: session.remaining(now),
            responses: session
                .responses()
                .filter(|(_, set)| !set.is_empty())
                .map(|(slot, set)| (slot.0, ids(set)))
                .collect(),
            marked: session.marked().collect(),
            acked: session.acked(),
            told: session
                .told()
                .map(|told| ToldView { number: told.number, text: told.text.clone() }),
        }
    }
}

/// The result, as GET result and `closed` tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ResultView {
    /// Hundredths; null where the exam shows only the verdict.
    pub points: Option<u32>,
    /// Hundredths.
    pub total_points: u32,
    /// Hundredths.
    pub pass_points: u32,
    /// `passed`, `failed` or `void`.
    pub verdict: String,
    /// What closed the attempt.
    pub by: String,
    /// When.
    pub closed_at_ms: i64,
    /// Where the certificate stands.
    pub certificate: CertificateState,
    /// What the candidate keeps.
    #[schema(value_type = Object)]
    pub receipt: Receipt,
}

/// Where a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CertificateState {
    /// There is none.
    None,
    /// A review is open.
    Held,
    /// It can be fetched.
    Ready,
}

/// What the server sends on the socket.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ServerMessage {
    /// Where the session stands.
    State(Box<AttemptState>),
    /// A photograph is asked for.
    Snapshot {
        /// What it answers.
        request_id: String,
        /// Until when it should be there.
        until_ms: Timestamp,
    },
    /// Every numbered message up to `n` that came on this connection is durable, but for nacks.
    Ack {
        /// Up to which.
        n: u64,
        /// Time left.
        remaining_ms: Span,
    },
    /// A message was not taken.
    Nack(Nack),
    /// Time was added.
    Extended {
        /// When time is up now.
        deadline_ms: Option<Timestamp>,
        /// Time left.
        remaining_ms: Span,
        /// How much was added.
        added_ms: Span,
        /// Who: `staff` or `outage`.
        by: &'static str,
    },
    /// The clock stands still.
    Paused {
        /// Until when at most.
        until_ms: Timestamp,
        /// Time left.
        remaining_ms: Span,
    },
    /// The clock runs again.
    Resumed {
        /// When time is up now.
        deadline_ms: Timestamp,
        /// Time left.
        remaining_ms: Span,
    },
    /// Responses wait for an invigilator.
    Locked,
    /// Responses count again.
    Unlocked,
    /// An invigilator says something.
    Message {
        /// Which of those of this attempt, from 1: one that comes again was said before.
        number: u32,
        /// What.
        text: String,
    },
    /// Another device is the holder.
    Elsewhere,
    /// The end.
    Closed {
        /// What closed it.
        by: String,
        /// What the candidate keeps.
        receipt: Box<Receipt>,
        /// The result.
        result: Box<ResultView>,
    },
    /// The answer to a ping.
    Pong {
        /// Server time.
        now_ms: Timestamp,
    },
}

/// Who added time, as the candidate is told.
#[must_use]
pub const fn extended_by(by: By) -> &'static str {
    match by {
        By::Staff(_) => "staff",
        By::Outage => "outage",
        By::Clock => "clock",
    }
}

/// The reply to events over HTTP.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventsReply {
    /// The highest number of this device that is durable.
    pub acked: u64,
    /// The seq of the newest open.
    #[schema(value_type = u64)]
    pub epoch: Seq,
    /// The phase.
    #[schema(value_type = String)]
    pub state: Phase,
    /// Time left.
    #[schema(value_type = i64)]
    pub remaining_ms: Span,
    /// What was not taken.
    pub nacks: Vec<Nack>,
}

/// The frames of a closed attempt, so that its receipt can be recomputed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Record {
    /// The attempt.
    #[schema(value_type = String)]
    pub attempt_id: AttemptId,
    /// Its frames, in order.
    pub frames: Vec<RecordFrame>,
}

/// One frame of a record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordFrame {
    /// Its number.
    pub seq: i64,
    /// Its bytes as stored, which are UTF-8.
    pub body: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<ClientMessage> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn messages_of_the_contract_are_read() {
        for text in [
            r#"{"t":"open","device":"018bcfe5-6800-7000-8000-000000000000","take_over":false}"#,
            r#"{"t":"save","n":17,"slot":3,"response":["b"]}"#,
            r#"{"t":"save","n":17,"slot":3,"response":[],"client_at_ms":5,"arrived":"x"}"#,
            r#"{"t":"mark","n":18,"slot":3,"on":true}"#,
            r#"{"t":"signal","n":19,"kind":"camera_lost"}"#,
            r#"{"t":"submit","n":20}"#,
            r#"{"t":"ping"}"#,
        ] {
            assert!(parse(text).is_some(), "{text}");
        }
    }

    #[test]
    fn w18_anything_else_is_not_a_message() {
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for text in [
            "",
            "null",
            "{}",
            r#"{"t":"save","n":1,"slot":3}"#,
            r#"{"t":"save","n":1,"slot":3,"response":["b"],"extra":1}"#,
            r#"{"t":"save","n":1,"n":2,"slot":3,"response":["b"]}"#,
            r#"{"t":"dance","n":1}"#,
            r#"{"t":"submit","n":20} x"#,
            "\u{feff}{\"t\":\"ping\"}",
            r#"{"t":"save","n":NaN,"slot":3,"response":["b"]}"#,
            r#"{"t":"signal","n":1,"kind":"sleeping"}"#,
            &deep,
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn w13_a_number_out_of_range_is_not_a_message() {
        for n in ["0", "9007199254740992", "9223372036854775808", "-1", "1.5", "\"1\"", "1e400"] {
            let text = format!(r#"{{"t":"submit","n":{n}}}"#);
            let numbered = parse(&text).map(ClientMessage::into_numbered);
            assert!(!matches!(numbered, Some(Ok(_))), "{n}");
        }
        let last =
            parse(r#"{"t":"submit","n":9007199254740991}"#).map(ClientMessage::into_numbered);
        assert!(matches!(last, Some(Ok(_))));
    }
}
