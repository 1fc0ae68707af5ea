//! From verdicts to what the protocol sends.

use exam_core::ids::DeviceId;
use exam_core::session::{Message, MessageBody};
use exam_core::time::{Span, Timestamp};

use super::sitting::Verdict;
use crate::app::App;
use crate::protocol::{Nack, NackCode, Numbered, canonical};
use crate::store::{Attempt, EvidenceRow};

/// How long a phone waits before it sends a message again that found the server busy.
pub const BUSY_RETRY: Span = Span::from_seconds(1);

/// How long a phone waits before it tries again under a pause or a lock; the push that ends
/// either comes first.
const HELD_RETRY_MS: u64 = 10_000;

/// A message as it goes to the core: its arrival is the earlier one, where a nack vouched for it.
#[must_use]
pub fn stamp(
    app: &App,
    attempt: &Attempt,
    device: DeviceId,
    numbered: Numbered,
    received_at: Timestamp,
) -> Message {
    let Numbered { n, body, arrived } = numbered;
    let vouched = arrived.and_then(|arrived| {
        let content = canonical(&body);
        app.keys.vouched(attempt.attempt_id, device, n, content.as_bytes(), &arrived)
    });
    let received_at = vouched.map_or(received_at, |vouched| vouched.min(received_at));
    Message { n, received_at, body }
}

/// The nack for `message`, or `None` where it was accepted. A message that came too late or from
/// a fenced device is kept as evidence on the way.
#[must_use]
pub fn nack(
    app: &App,
    attempt: &Attempt,
    device: DeviceId,
    message: &Message,
    verdict: Verdict,
) -> Option<Nack> {
    let code = match verdict {
        Verdict::Accepted => return None,
        Verdict::Busy => NackCode::Busy,
        Verdict::Refused(refusal) => NackCode::from(refusal),
    };
    metrics::counter!("exam_nacks_total", "code" => code.name()).increment(1);
    let retry_ms = match code {
        NackCode::Busy => u64::try_from(BUSY_RETRY.as_ms()).ok(),
        NackCode::Paused | NackCode::Locked => Some(HELD_RETRY_MS),
        _ => None,
    };
    let kept = keep(app, attempt, device, message, code);
    let arrived = (!code.is_final()).then(|| {
        let content = canonical(&message.body);
        let received_at = message.received_at;
        app.keys.vouch(attempt.attempt_id, device, message.n, content.as_bytes(), received_at)
    });
    Some(Nack { n: message.n, code, retry_ms, arrived, kept })
}

fn keep(app: &App, attempt: &Attempt, device: DeviceId, message: &Message, code: NackCode) -> bool {
    let worth = matches!(code, NackCode::TooLate | NackCode::Elsewhere | NackCode::Closed)
        && !matches!(message.body, MessageBody::Submit);
    if worth {
        app.journal.keep_evidence(EvidenceRow {
            attempt_no: attempt.key.attempt_no,
            device: device.to_string(),
            n: i64::try_from(message.n).unwrap_or(i64::MAX),
            received_at: message.received_at,
            code: code.name(),
            message: canonical(&message.body),
        });
    }
    worth
}
