//! One candidate's WebSocket: a task that owns the socket and its folded session.

mod inbound;
mod jobs;
mod outbound;
mod view;

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket, close_code};
use exam_core::ids::DeviceId;
use exam_core::session::{Message, Refusal, Writer};
use exam_core::time::{Span, Timestamp};
use futures_util::{SinkExt, StreamExt};

use super::mailbox::{Push, Pushes};
use super::registry::Place;
use super::reply::nack;
use super::sitting::{Sitting, Verdict};
use crate::app::App;
use crate::protocol::ServerMessage;
use crate::snapshots::{Request, Watch};
use crate::store::{Attempt, StoreError};
use tokio::sync::oneshot;

use jobs::{Job, JobDone, Worked, Working};
use view::View;

/// How many stamped messages wait while an append is in flight; beyond that the phone is told to
/// try again. At 160 bytes each this bounds a connection at 40 KiB.
const WAITING_MAX: usize = 256;

/// How often the phone is pinged: below the 30 s after which carriers drop idle connections.
const PING_EVERY: Span = Span::from_seconds(20);

/// How long a phone may be silent: three pings.
const SILENCE_MAX: Span = Span::from_seconds(60);

/// How many pings it must have left unanswered besides. A server that stood still, or was
/// suspended, has heard nothing and asked nothing: it does not cut everybody when it wakes.
const UNANSWERED_MIN: u32 = 2;

/// How long a phone may take to answer a close frame.
const CLOSE_WITHIN: Span = Span::from_seconds(2);

/// How long the first open may take.
const OPEN_WITHIN: Span = Span::from_seconds(10);

/// How long a phone may take to read what is sent to it.
const SEND_WITHIN: Span = Span::from_seconds(10);

/// How long a wake-up that could not be carried out waits for the next try.
const WAKE_AGAIN: Span = Span::from_seconds(1);

/// How many busy nacks a client may ignore before the connection ends.
const BUSY_IGNORED_MAX: u32 = 2_000;

const CLOSE_RESTARTING: u16 = 1012;
const CLOSE_NOT_A_MESSAGE: u16 = 4400;
const CLOSE_NOT_SIGNED_IN: u16 = 4401;
const CLOSE_NO_SUCH_ATTEMPT: u16 = 4404;
const CLOSE_NEWER_EPOCH: u16 = 4409;
const CLOSE_IGNORES_BUSY: u16 = 4429;

/// Why a connection ended, and with which close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The phone has gone; nothing can be sent.
    Gone,
    /// The phone has said goodbye; the library's answer waits to be sent.
    Goodbye,
    /// A close frame says why.
    Close(u16, &'static str),
}

/// What came in and waits to be decided.
#[derive(Debug)]
enum Inbound {
    Open { device: DeviceId, take_over: bool },
    Message(Message),
}

struct Connection {
    app: App,
    socket: WebSocket,
    attempt: Arc<Attempt>,
    token_hash: Vec<u8>,
    /// The session, unless a job has it, or it is not needed before the first open.
    sitting: Option<Sitting>,
    /// This connection's place in the registry, until the session takes it.
    place: Option<Place>,
    working: Option<Working>,
    waiting: VecDeque<Inbound>,
    pushes: Pushes,
    moved: bool,
    writer: Option<Writer>,
    /// The device of the newest open that is not decided yet.
    opening: Option<DeviceId>,
    /// Whether an open was refused, so that the socket may stay and try again.
    refused: bool,
    view: Option<View>,
    highest_done: u64,
    busy_ignored: u32,
    busy_at: Timestamp,
    /// Whether nobody is there any more, for an open that is still under way.
    gone: Arc<AtomicBool>,
    heard_at: Timestamp,
    /// Pings since then.
    unanswered: u32,
    ping_at: Timestamp,
    open_by: Timestamp,
    wake_again_at: Option<Timestamp>,
    /// When photographs are asked for, while that is found out.
    finding: Option<oneshot::Receiver<Watch>>,
    watching: Option<Box<Watching>>,
}

/// When photographs are asked for, and which are asked for next.
struct Watching {
    watch: Watch,
    next: Option<Request>,
}

/// Refuses a socket that was upgraded for nobody, or for nothing.
pub async fn refuse(app: &App, mut socket: WebSocket, signed_in: bool) {
    let (code, reason) = if signed_in {
        (CLOSE_NO_SUCH_ATTEMPT, "no such attempt")
    } else {
        (CLOSE_NOT_SIGNED_IN, "not signed in")
    };
    let close = Frame::Close(Some(CloseFrame { code, reason: reason.into() }));
    let _ = app.clock.timeout(SEND_WITHIN, socket.send(close)).await;
}

/// Serves one socket to its end.
pub async fn serve(app: App, socket: WebSocket, attempt: Arc<Attempt>, token_hash: Vec<u8>) {
    let (place, pushes) = app.registry.enter(attempt.key);
    let now = app.clock.now();
    let mut connection = Connection {
        app: app.clone(),
        socket,
        attempt,
        token_hash,
        sitting: None,
        place: Some(place),
        working: None,
        waiting: VecDeque::new(),
        pushes,
        moved: false,
        writer: None,
        opening: None,
        refused: false,
        view: None,
        highest_done: 0,
        busy_ignored: 0,
        busy_at: now,
        gone: Arc::default(),
        heard_at: now,
        unanswered: 0,
        ping_at: now + PING_EVERY,
        open_by: now + OPEN_WITHIN,
        wake_again_at: None,
        finding: None,
        watching: None,
    };
    let ending = connection.run().await;
    connection.end(ending).await;
}

impl Connection {
    async fn run(&mut self) -> Ending {
        let clock = self.app.clock.clone();
        let mut timer = pin!(clock.sleep_until(self.ping_at));
        loop {
            // A flag and a push, not a token: waiting for a token takes a lock that all share.
            if self.app.health.is_draining() {
                return Ending::Close(CLOSE_RESTARTING, "restarting");
            }
            self.begin_work();
            timer.as_mut().set(self.next_timer());
            let ended = tokio::select! {
                biased; // What we owe the candidate, then what they send.
                worked = async { self.working.as_mut().expect("guarded").done().await },
                    if self.working.is_some() => self.worked(worked).await,
                push = self.pushes.next() => self.pushed(push).await,
                frame = self.socket.next() => self.received(frame).await,
                watch = async { self.finding.as_mut().expect("guarded").await },
                    if self.finding.is_some() => self.found(watch.ok()).await,
                () = timer.as_mut() => self.timer_fired().await,
            };
            if let Err(ending) = ended {
                return ending;
            }
        }
    }

    /// Starts the next job, if the session is at hand and there is something to do.
    fn begin_work(&mut self) {
        if self.working.is_some() {
            return;
        }
        let Some(sitting) = &mut self.sitting else {
            if !self.waiting.is_empty() {
                // Its first open. What others do from here on, the registry tells.
                self.moved = false;
                let (app, attempt) = (self.app.clone(), Arc::clone(&self.attempt));
                let load = async move { Sitting::load(&app, attempt).await };
                self.working = Some(Working::Load(Box::pin(load)));
            }
            return;
        };
        let now = self.app.clock.now();
        let rested = self.wake_again_at.is_none_or(|at| at <= now);
        let due = rested && sitting.next_wakeup().is_some_and(|at| at <= now);
        let job = match (self.writer, self.waiting.pop_front()) {
            (_, Some(Inbound::Open { device, take_over })) => {
                Job::Open { device, take_over, gone: Arc::clone(&self.gone) }
            }
            (Some(writer), Some(Inbound::Message(first))) => {
                let mut messages = vec![first];
                while let Some(Inbound::Message(_)) = self.waiting.front() {
                    if let Some(Inbound::Message(next)) = self.waiting.pop_front() {
                        messages.push(next);
                    }
                }
                if let Some(under_way) = sitting.begin(&self.app, writer, &messages) {
                    self.working = Some(Working::Append { writer, messages, under_way });
                    return;
                }
                Job::Messages { writer, messages }
            }
            (None, Some(Inbound::Message(_))) => {
                unreachable!(
                    "a message waits only behind an open, and a refused open takes it along"
                )
            }
            (_, None) if self.moved && rested => {
                self.moved = false;
                Job::CatchUp
            }
            (Some(_), None) if due => Job::Wake,
            (_, None) => return,
        };
        self.begin_job(job);
    }

    fn begin_job(&mut self, job: Job) {
        let sitting = self.sitting.take().expect("no job has it");
        let job = jobs::perform(self.app.clone(), sitting, job);
        self.working = Some(Working::Job(Box::pin(job)));
    }

    async fn worked(&mut self, worked: Worked) -> Result<(), Ending> {
        match (self.working.take(), worked) {
            (Some(Working::Append { writer, messages, under_way }), Worked::Append(written)) => {
                let sitting = self.sitting.as_mut().expect("an append leaves it here");
                match sitting.end(&self.app, under_way, written) {
                    Some(verdicts) => {
                        self.answer(writer, &messages, &verdicts).await?;
                        self.after_work(false).await
                    }
                    None => {
                        self.begin_job(Job::Messages { writer, messages });
                        Ok(())
                    }
                }
            }
            (_, Worked::Job(done)) => self.job_done(*done).await,
            (_, Worked::Load(loaded)) => self.loaded(*loaded),
            (_, Worked::Append(_)) => unreachable!("only an append ends as one"),
        }
    }

    fn loaded(&mut self, loaded: Result<Option<Sitting>, StoreError>) -> Result<(), Ending> {
        match loaded {
            Ok(Some(mut sitting)) => {
                if let Some(place) = self.place.take() {
                    sitting.sit_at(place);
                }
                self.sitting = Some(sitting);
                Ok(())
            }
            Ok(None) => Err(Ending::Close(CLOSE_NO_SUCH_ATTEMPT, "no such attempt")),
            Err(_) => Err(Ending::Close(CLOSE_RESTARTING, "try again")),
        }
    }

    async fn job_done(&mut self, done: JobDone) -> Result<(), Ending> {
        let JobDone { sitting, job, outcome, moved } = done;
        self.sitting = Some(sitting);
        let goes_on = match (job, outcome) {
            (Job::Messages { writer, messages }, jobs::Outcome::Verdicts(verdicts)) => {
                self.answer(writer, &messages, &verdicts).await?;
                true
            }
            (Job::Open { device, .. }, outcome) => {
                self.opened(device, outcome).await? || self.is_stale()
            }
            (Job::Wake, jobs::Outcome::Failed) => {
                self.wake_again_at = Some(self.app.clock.now() + WAKE_AGAIN);
                true
            }
            _ => true,
        };
        if goes_on { self.after_work(moved).await } else { Ok(()) }
    }

    /// Whether the session holds what is not known to be committed.
    fn is_stale(&self) -> bool {
        self.sitting.as_ref().is_some_and(Sitting::is_stale)
    }

    /// Tells what others did, unless the session is not to be trusted.
    async fn after_work(&mut self, moved: bool) -> Result<(), Ending> {
        if self.is_stale() {
            // It holds what was not committed: the journal has to say what is true.
            self.moved = true;
            self.wake_again_at = Some(self.app.clock.now() + WAKE_AGAIN);
            return Ok(());
        }
        self.tell_changes(moved).await
    }

    /// Sends nacks first and then one acknowledgement, which never covers a message that has
    /// arrived but still waits.
    async fn answer(
        &mut self,
        writer: Writer,
        messages: &[Message],
        verdicts: &[Verdict],
    ) -> Result<(), Ending> {
        let mut accepted = false;
        let session = self.sitting.as_ref().expect("no job has it").session();
        let by_itself = session.holder() == Some(writer.device);
        for (message, verdict) in messages.iter().zip(verdicts) {
            if by_itself && *verdict == Verdict::Refused(Refusal::Elsewhere) {
                // A newer connection of the same phone has it pending too, and sends it again. This
                // one is closed, without a word that would have the phone drop it.
                continue;
            }
            match nack(&self.app, &self.attempt, writer.device, message, *verdict) {
                Some(nack) => self.send_nack(nack).await?,
                None => {
                    accepted = true;
                    self.highest_done = self.highest_done.max(message.n);
                }
            }
        }
        if !accepted {
            return Ok(());
        }
        let waiting = self.waiting.iter().filter_map(|inbound| match inbound {
            Inbound::Message(message) => Some(message.n),
            Inbound::Open { .. } => None,
        });
        let below_waiting = waiting.min().map_or(u64::MAX, |n| n - 1);
        let n = self.highest_done.min(below_waiting);
        if n == 0 {
            return Ok(());
        }
        let now = self.app.clock.now();
        let sitting = self.sitting.as_ref().expect("no job has it");
        let remaining_ms = sitting.session().remaining(now);
        self.send(&ServerMessage::Ack { n, remaining_ms }).await
    }

    /// `false` where everything was said.
    async fn opened(&mut self, device: DeviceId, outcome: jobs::Outcome) -> Result<bool, Ending> {
        let sitting = self.sitting.as_ref().expect("no job has it");
        match outcome {
            jobs::Outcome::Done => {
                let epoch = sitting.session().epoch();
                self.writer = Some(Writer { device, epoch });
                self.opening = self.waiting_open();
                self.highest_done = 0;
                self.view = Some(View::at_open(sitting.session()));
                self.send_state().await?;
                self.tell_changes(false).await?;
                self.find_watch();
                Ok(false)
            }
            jobs::Outcome::Elsewhere => {
                self.refused = true;
                self.opening = self.waiting_open();
                self.send(&ServerMessage::Elsewhere).await?;
                self.refuse_waiting().await?;
                Ok(false)
            }
            jobs::Outcome::Closed => {
                self.send_closed().await?;
                Err(Ending::Close(close_code::NORMAL, "closed"))
            }
            jobs::Outcome::Full => Err(Ending::Close(CLOSE_IGNORES_BUSY, "too many opens")),
            _ => Err(Ending::Close(CLOSE_RESTARTING, "try again")),
        }
    }

    /// Tells the candidate what others have done to the session.
    async fn tell_changes(&mut self, moved: bool) -> Result<(), Ending> {
        let (Some(view), Some(writer)) = (self.view, self.writer) else { return Ok(()) };
        let now = self.app.clock.now();
        let session = self.sitting.as_ref().expect("no job has it").session();
        let (closed, fenced) = (session.is_closed(), session.epoch() != writer.epoch);
        let same_device = session.holder() == Some(writer.device);
        let changes = view.changes(session, now);
        self.view = Some(View::of(session));
        if fenced && !closed {
            let reason = if same_device { "a newer connection" } else { "another device" };
            return Err(Ending::Close(CLOSE_NEWER_EPOCH, reason));
        }
        for change in changes {
            self.send(&change).await?;
        }
        if closed {
            self.send_closed().await?;
            return Err(Ending::Close(close_code::NORMAL, "closed"));
        }
        if moved { self.send_state().await } else { Ok(()) }
    }

    async fn pushed(&mut self, push: Push) -> Result<(), Ending> {
        match push {
            Push::Moved => {
                self.moved = true;
                Ok(())
            }
            Push::Unwatched => {
                (self.watching, self.finding) = (None, None);
                Ok(())
            }
            Push::Stopping => Ok(()), // The loop sees it.
            Push::Revoked(hashes) if hashes.contains(&self.token_hash) => {
                Err(Ending::Close(CLOSE_NOT_SIGNED_IN, "signed out"))
            }
            Push::Revoked(_) => Ok(()),
        }
    }

    fn awaits_open(&self) -> bool {
        self.writer.is_none() && self.opening.is_none() && !self.refused
    }

    /// Something came from the phone.
    fn heard(&mut self, at: Timestamp) {
        self.heard_at = at;
        self.unanswered = 0;
    }

    /// When the phone has been silent for too long; `None` while it was not asked enough.
    fn silent_at(&self) -> Option<Timestamp> {
        (self.unanswered >= UNANSWERED_MIN).then(|| self.heard_at + SILENCE_MAX)
    }

    fn next_timer(&self) -> Timestamp {
        let mut at = self.ping_at;
        if let Some(silent_at) = self.silent_at() {
            at = at.min(silent_at);
        }
        if self.awaits_open() {
            at = at.min(self.open_by);
        }
        if self.working.is_none() && self.moved {
            at = self.wake_again_at.map_or(at, |again| at.min(again));
        }
        if self.working.is_none() && self.writer.is_some() {
            let wake_at = self.sitting.as_ref().and_then(Sitting::next_wakeup);
            let wake_at = wake_at.map(|at| self.wake_again_at.map_or(at, |again| at.max(again)));
            at = wake_at.map_or(at, |wake_at| at.min(wake_at));
        }
        let next = self.watching.as_ref().and_then(|watching| watching.next);
        next.map_or(at, |next| at.min(next.at))
    }

    async fn timer_fired(&mut self) -> Result<(), Ending> {
        let now = self.app.clock.now();
        if self.silent_at().is_some_and(|at| now >= at) {
            return Err(Ending::Gone);
        }
        if self.awaits_open() && now >= self.open_by {
            return Err(not_a_message());
        }
        if now >= self.ping_at {
            self.ping_at = now + PING_EVERY;
            self.unanswered += 1;
            return self.send_frame(Frame::Ping(axum::body::Bytes::new())).await;
        }
        self.ask(now).await // Otherwise the session has something to do: `begin_work` starts it.
    }

    /// Finds out when photographs are asked for. Nothing waits for it, and where it fails none are.
    fn find_watch(&mut self) {
        let (found, finding) = oneshot::channel();
        let (app, attempt) = (self.app.clone(), Arc::clone(&self.attempt));
        self.finding = Some(finding);
        tokio::spawn(async move {
            match Watch::of(&app, &attempt).await {
                Ok(Some(watch)) => _ = found.send(watch),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "no photographs will be asked for"),
            }
        });
    }

    async fn found(&mut self, watch: Option<Watch>) -> Result<(), Ending> {
        self.finding = None;
        let Some(watch) = watch else { return Ok(()) };
        let now = self.app.clock.now();
        let living = watch.living(now);
        self.watching = Some(Box::new(Watching { next: watch.next(now), watch }));
        for request in living {
            self.send_request(request).await?;
        }
        Ok(())
    }

    /// Asks for the photograph whose time has come.
    async fn ask(&mut self, now: Timestamp) -> Result<(), Ending> {
        let Some(watching) = &mut self.watching else { return Ok(()) };
        let Some(request) = watching.next.filter(|next| next.at <= now) else { return Ok(()) };
        watching.next = watching.watch.next(request.at);
        self.send_request(request).await
    }

    /// Nothing is asked for in a pause or a lock, of nobody who may not write, and after its time.
    async fn send_request(&mut self, request: Request) -> Result<(), Ending> {
        let runs = self.writer.is_some() && self.view.is_some_and(View::runs);
        if !runs || self.app.clock.now() > request.until() {
            return Ok(());
        }
        let (request_id, until_ms) = (request.id.to_string(), request.until());
        self.send(&ServerMessage::Snapshot { request_id, until_ms }).await
    }

    async fn end(mut self, ending: Ending) {
        self.gone.store(true, Ordering::Relaxed);
        let clock = self.app.clock.clone();
        if let Some(mut working) = self.working.take() {
            let _ = clock.timeout(SEND_WITHIN, working.done()).await; // What was sent in time is committed.
        }
        match ending {
            Ending::Gone => {}
            // Without it browsers report an abnormal end (1006), and phones come back at once.
            Ending::Goodbye => _ = clock.timeout(SEND_WITHIN, self.socket.flush()).await,
            Ending::Close(code, reason) => {
                let close = Frame::Close(Some(CloseFrame { code, reason: reason.into() }));
                if self.send_frame(close).await.is_ok() {
                    // The phone's own close frame ends the handshake; what else it sends is dropped.
                    let drained = async { while let Some(Ok(_)) = self.socket.next().await {} };
                    let _ = clock.timeout(CLOSE_WITHIN, drained).await;
                }
            }
        }
    }
}

fn not_a_message() -> Ending {
    Ending::Close(CLOSE_NOT_A_MESSAGE, "not a message of this protocol")
}
