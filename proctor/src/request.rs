//! What a phone answers with a snapshot.

use std::fmt;
use std::str::FromStr;

use exam_core::time::{Span, Timestamp};
use rand_chacha::rand_core::Rng;

/// How long a phone has for its photograph, from the moment it is asked.
pub const LIFE: Span = Span::from_seconds(60);

/// How much later it may still arrive: a phone may have been offline. Such a snapshot is marked late.
pub const LATE_MAX: Span = Span::from_minutes(30);

/// The id of a request: 128 bits that nobody can guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId([u8; 16]);

/// A text that is no request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 32 hexadecimal digits")]
pub struct NoRequestId;

impl RequestId {
    pub(crate) fn draw(rng: &mut impl Rng) -> Self {
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        Self(id)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for RequestId {
    type Err = NoRequestId;

    fn from_str(text: &str) -> Result<Self, NoRequestId> {
        let is_ours = text.len() == 32 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        let bytes = hex::decode(text).ok().filter(|_| is_ours).ok_or(NoRequestId)?;
        bytes.try_into().map(Self).map_err(|_| NoRequestId)
    }
}

/// How an answer stands to the time of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The request has not been made yet.
    Early,
    /// Within its life.
    InTime,
    /// After it, so much; it counts as evidence and says so.
    Late(Span),
    /// So late that it says nothing any more.
    TooLate,
}

impl Arrival {
    /// Of an answer that came at `now` to what was asked at `asked`.
    #[must_use]
    pub fn of(asked: Timestamp, now: Timestamp) -> Self {
        let late = now.since(asked + LIFE);
        match late {
            _ if now < asked => Self::Early,
            Span::ZERO => Self::InTime,
            late if late <= LATE_MAX => Self::Late(late),
            _ => Self::TooLate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_and_others_are_none() {
        let id = RequestId([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "ab", &"AB".repeat(16), &"ab".repeat(17), &"zz".repeat(16)] {
            assert_eq!(text.parse::<RequestId>(), Err(NoRequestId), "{text}");
        }
    }

    #[test]
    fn i04_an_answer_is_early_in_time_late_or_too_late() {
        let asked = Timestamp::from_ms(1_000_000);
        let at = |ms: i64| Arrival::of(asked, asked + Span::from_ms(ms));
        assert_eq!(Arrival::of(asked, asked - Span::from_ms(1)), Arrival::Early);
        assert_eq!((at(0), at(60_000)), (Arrival::InTime, Arrival::InTime));
        assert_eq!(at(60_001), Arrival::Late(Span::from_ms(1)));
        assert_eq!(at(60_000 + LATE_MAX.as_ms()), Arrival::Late(LATE_MAX));
        assert_eq!(at(60_001 + LATE_MAX.as_ms()), Arrival::TooLate);
    }
}
