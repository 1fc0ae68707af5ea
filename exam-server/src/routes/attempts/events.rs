//! The HTTP fallback: the socket's messages without `open`, through the same functions.

use axum::Json;
use axum::extract::State;
use exam_core::ids::DeviceId;
use exam_core::session::{Command, Message, MessageBody, Phase, Receipt, Refusal, Seq, Writer};
use exam_core::time::Span;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::extract::{Arrived, Candidate};
use crate::live::reply::{nack, stamp};
use crate::live::sitting::{CommandError, Sitting, Verdict};
use crate::problem::{ApiError, Problem};
use crate::protocol::{ClientMessage, EventsReply, Nack, Numbered, ResultView, parse_device};
use crate::routes::{Body, Path};
use crate::store::Attempt;

/// How many events one request may bring.
const EVENTS_MAX: usize = 500;

/// Events of one device.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsBody {
    /// The device's own id, a UUID.
    device: String,
    /// The epoch the device writes under; without it, the newest one of this device.
    #[serde(default)]
    epoch: Option<u64>,
    /// Whether the device may take the session over.
    #[serde(default)]
    take_over: bool,
    /// The socket's messages without `open` and `ping`.
    #[schema(value_type = Vec<Object>)]
    events: Vec<Box<RawValue>>,
}

/// A hand-in, with what was still pending.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmitBody {
    /// The device's own id, a UUID.
    device: String,
    /// The epoch the device writes under.
    #[serde(default)]
    epoch: Option<u64>,
    /// The device's number of the hand-in.
    n: u64,
    /// The socket's messages without `open` and `ping`.
    #[schema(value_type = Vec<Object>)]
    events: Vec<Box<RawValue>>,
}

/// A closed attempt.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SubmitReply {
    /// What the candidate keeps.
    #[schema(value_type = Object)]
    receipt: Receipt,
    /// The result.
    result: ResultView,
    /// What was not taken.
    nacks: Vec<Nack>,
}

fn parse(events: &[Box<RawValue>]) -> Result<Vec<Numbered>, ApiError> {
    if events.len() > EVENTS_MAX {
        return Err(ApiError::field("events", "too_many", format!("at most {EVENTS_MAX} events")));
    }
    let numbered = |raw: &RawValue| {
        serde_json::from_str::<ClientMessage>(raw.get()).ok()?.into_numbered().ok()
    };
    events
        .iter()
        .enumerate()
        .map(|(index, raw)| numbered(raw).ok_or(ApiError::BadEvent { index }))
        .collect()
}

fn device_of(text: &str) -> Result<DeviceId, ApiError> {
    parse_device(text).map_err(|_| ApiError::field("device", "not_a_uuid", "device is a UUID"))
}

/// What a request of one device needs.
struct Sender {
    device: DeviceId,
    epoch: Option<u64>,
    take_over: bool,
}

/// The writer this request writes as: the device's newest epoch, or the one it names. A device
/// becomes the holder when nobody is, or by a takeover.
async fn writer_of(
    app: &App,
    sitting: &mut Sitting,
    sender: &Sender,
) -> Result<Option<Writer>, ApiError> {
    let Sender { device, epoch, take_over } = *sender;
    sitting.catch_up(app).await?;
    let (holder, closed) = (sitting.session().holder(), sitting.session().is_closed());
    if closed {
        return Ok(None);
    }
    if holder != Some(device) {
        match sitting.command(app, &Command::Open { device, take_over }, None).await {
            Ok(_) => {}
            Err(CommandError::Refused(Refusal::Closed)) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        return Ok(Some(Writer { device, epoch: sitting.session().epoch() }));
    }
    let epoch = epoch.map_or(sitting.session().epoch(), Seq);
    Ok(Some(Writer { device, epoch }))
}

/// Where a session stands, for a reply.
struct Standing {
    acked: u64,
    epoch: Seq,
    state: Phase,
    remaining_ms: Span,
}

impl Standing {
    fn of(app: &App, sitting: &Sitting, device: DeviceId) -> Self {
        let session = sitting.session();
        Self {
            acked: session.acked().get(&device).copied().unwrap_or(0),
            epoch: session.epoch(),
            state: session.phase(),
            remaining_ms: session.remaining(app.clock.now()),
        }
    }
}

fn verdicts_to_nacks(
    app: &App,
    attempt: &Attempt,
    device: DeviceId,
    messages: &[Message],
    verdicts: &[Verdict],
) -> Vec<Nack> {
    let pairs = messages.iter().zip(verdicts);
    pairs.filter_map(|(message, verdict)| nack(app, attempt, device, message, *verdict)).collect()
}

/// Decides messages for a closed session too, where each is refused.
async fn handle(
    app: &App,
    sitting: &mut Sitting,
    writer: Option<Writer>,
    messages: &[Message],
) -> Vec<Verdict> {
    match writer {
        Some(writer) => sitting.handle(app, writer, messages).await,
        None => vec![Verdict::Refused(Refusal::Closed); messages.len()],
    }
}

/// Sends events without a socket
///
/// All are parsed first; one that is not understood refuses the request with its index. A nack
/// says what was not taken.
#[utoipa::path(post, path = "/attempts/{attempt_id}/events", tag = "attempts",
    params(("attempt_id" = String, Path, description = "the attempt")),
    request_body = EventsBody,
    responses((status = 200, body = EventsReply), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 503, body = Problem)))]
pub(super) async fn events(
    State(app): State<App>,
    arrived: Arrived,
    candidate: Candidate,
    Path(attempt_id): Path<String>,
    Body(body): Body<EventsBody>,
) -> Result<Json<EventsReply>, ApiError> {
    let numbered = parse(&body.events)?;
    let device = device_of(&body.device)?;
    let attempt = candidate.own(&app, &attempt_id).await?;
    let mut sitting = app.sittings.take(&app, &attempt).await?;
    let sender = Sender { device, epoch: body.epoch, take_over: body.take_over };
    let writer = writer_of(&app, &mut sitting, &sender).await?;
    let messages: Vec<Message> = numbered
        .into_iter()
        .map(|numbered| stamp(&app, &attempt, device, numbered, arrived.at))
        .collect();
    let allowed = messages.iter().take_while(|_| app.limits.message(attempt.key.attempt_no));
    let allowed = allowed.count();
    let known = Standing::of(&app, &sitting, device);
    let mut verdicts = handle(&app, &mut sitting, writer, &messages[..allowed]).await;
    let unknown = sitting.is_stale() && sitting.refresh(&app).await.is_err();
    let standing = if unknown { known } else { Standing::of(&app, &sitting, device) };
    verdicts.resize(messages.len(), Verdict::Busy);
    let nacks = verdicts_to_nacks(&app, &attempt, device, &messages, &verdicts);
    let Standing { acked, epoch, state, remaining_ms } = standing;
    Ok(Json(EventsReply { acked, epoch, state, remaining_ms, nacks }))
}

/// Hands in
///
/// What was pending is decided first, in the same frame. Once the attempt is closed, by whatever,
/// the reply is always 200 with the same receipt.
#[utoipa::path(post, path = "/attempts/{attempt_id}/submit", tag = "attempts",
    params(("attempt_id" = String, Path, description = "the attempt")),
    request_body = SubmitBody,
    responses((status = 200, body = SubmitReply), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 503, body = Problem)))]
pub(super) async fn submit(
    State(app): State<App>,
    arrived: Arrived,
    candidate: Candidate,
    Path(attempt_id): Path<String>,
    Body(body): Body<SubmitBody>,
) -> Result<Json<SubmitReply>, ApiError> {
    let mut numbered = parse(&body.events)?;
    let hand_in = ClientMessage::Submit { n: body.n, arrived: None };
    let hand_in = hand_in
        .into_numbered()
        .map_err(|_| ApiError::field("n", "out_of_range", "n is an integer from 1 to 2^53 − 1"))?;
    numbered.push(hand_in);
    let device = device_of(&body.device)?;
    let attempt = candidate.own(&app, &attempt_id).await?;
    let mut sitting = app.sittings.take(&app, &attempt).await?;
    let sender = Sender { device, epoch: body.epoch, take_over: false };
    let writer = writer_of(&app, &mut sitting, &sender).await?;
    let messages: Vec<Message> = numbered
        .into_iter()
        .map(|numbered| stamp(&app, &attempt, device, numbered, arrived.at))
        .collect();
    let verdicts = handle(&app, &mut sitting, writer, &messages).await;
    let nacks = verdicts_to_nacks(&app, &attempt, device, &messages, &verdicts);
    if sitting.is_stale() {
        sitting.refresh(&app).await?; // What was not committed has closed nothing.
    }
    if !sitting.session().is_closed() {
        return Err(not_closed(&messages, &verdicts));
    }
    sitting.make_durable(&app).await?;
    let result = app.exams.result_view(&app, &attempt, sitting.session()).await?;
    let result = result.ok_or(ApiError::Internal)?;
    Ok(Json(SubmitReply { receipt: result.receipt.clone(), result, nacks }))
}

/// Why a hand-in did not close the attempt.
fn not_closed(messages: &[Message], verdicts: &[Verdict]) -> ApiError {
    let hand_in = messages
        .iter()
        .zip(verdicts)
        .find(|(message, _)| matches!(message.body, MessageBody::Submit));
    match hand_in {
        Some((_, Verdict::Refused(refusal))) => (*refusal).into(),
        _ => ApiError::Busy,
    }
}

/// Whether an attempt in this phase is over.
pub(super) const fn is_over(phase: Phase) -> bool {
    matches!(phase, Phase::Closed | Phase::Voided)
}
