//! The socket's messages, from bytes to what they do to a session.
//!
//! An input is a story, a line a step: `@1` lets the second phone speak, `+5000` lets time pass,
//! `!pause 60000` and its like are people and the clock, and every other line is a message as it
//! comes from a phone. `$ARRIVED` in a message stands for what the last nack vouched for.

use exam_core::ids::{AttemptId, DeviceId, StaffId};
use exam_core::item::{Choose, OptionSet};
use exam_core::paper::SlotShape;
use exam_core::session::{
    Command, Event, Frame, GRACE, Message, MessageBody, Refusal, Seq, Session, Slot, Writer,
    first_frame,
};
use exam_core::time::{Span, Timestamp};
use exam_server::keys::Keys;
use exam_server::protocol::{
    AttemptState, ClientMessage, NackCode, Numbered, canonical, parse_device,
};
use uuid::Uuid;

const START: Timestamp = Timestamp::from_ms(1_700_000_000_000);

/// The most steps of a story: beyond them only time is spent.
const STEPS_MAX: usize = 400;

/// The longest a step may wait: a month.
const WAIT_MAX_MS: i64 = 31 * 86_400_000;

/// Tells one story.
pub(super) fn run(input: &[u8]) {
    let mut story = Story::begin();
    for line in input.split(|byte| *byte == b'\n').take(STEPS_MAX) {
        story.step(line);
    }
    story.end();
}

/// What a phone knows of its connection.
#[derive(Clone, Copy, Default)]
struct Phone {
    writer: Option<Writer>,
}

struct Story {
    session: Session,
    frames: Vec<Vec<u8>>,
    now: Timestamp,
    phones: [Phone; 3],
    speaks: usize,
    keys: Keys,
    vouched: String,
    vouched_at: Timestamp,
}

impl Story {
    fn begin() -> Self {
        let shape = |options, choose| SlotShape { options, choose };
        let shapes = vec![
            shape(4, Choose::One),
            shape(5, Choose::Many),
            shape(2, Choose::One),
            shape(26, Choose::Many),
        ];
        let first = first_frame(START, START + Span::from_minutes(60), shapes).to_bytes();
        let attempt = AttemptId::from_uuid(Uuid::from_u128(7));
        Self {
            session: Session::begin(attempt, &first).expect("a first frame begins a session"),
            frames: vec![first],
            now: START,
            phones: [Phone::default(); 3],
            speaks: 0,
            keys: Keys::derive(&[7; 32]),
            vouched: String::new(),
            vouched_at: START,
        }
    }

    fn step(&mut self, line: &[u8]) {
        match line.split_first() {
            Some((b'@', phone)) => self.speaks = number(phone) as usize % self.phones.len(),
            Some((b'+', ms)) => self.now = self.now + Span::from_ms(number(ms).min(WAIT_MAX_MS)),
            Some((b'!', command)) => self.command(command),
            _ => self.message(line),
        }
    }

    fn command(&mut self, words: &[u8]) {
        let (word, ms) =
            words.split_at(words.iter().position(|b| *b == b' ').unwrap_or(words.len()));
        let ms = number(ms.trim_ascii_start());
        let by = StaffId::from_uuid(Uuid::from_u128(1));
        let reason = String::new();
        let command = match word {
            b"wake" => Command::Wake,
            b"extend" => Command::Extend { added: Span::from_ms(ms), by, reason },
            b"pause" => Command::Pause { until: self.now + Span::from_ms(ms), by, reason },
            b"resume" => Command::Resume { by },
            b"lock" => Command::Lock { by, reason },
            b"unlock" => Command::Unlock { by, reason },
            b"end" => Command::End { by, reason },
            b"void" => Command::Void { by, reason },
            b"outage" => {
                let from = self.now - Span::from_ms(ms);
                Command::CreditOutage { from, ready: self.now, cap: Span::from_minutes(60) }
            }
            _ => return,
        };
        let _ = self.decide(command);
    }

    fn decide(&mut self, command: Command) -> Result<(), Refusal> {
        let before = self.session.clone();
        let decided = self.session.decide(command.clone(), self.now);
        assert_eq!(decided, before.decide(command, self.now), "a decision is a function");
        let event = decided?;
        let responses: Vec<_> = before.responses().collect();
        if let Some(event) = event {
            self.journal(event);
        }
        let after: Vec<_> = self.session.responses().collect();
        assert_eq!(after, responses, "only a message changes a response");
        Ok(())
    }

    fn journal(&mut self, event: Event) {
        let closed = self.session.is_closed();
        let frame = Frame { seq: self.session.seq().next(), events: vec![event] };
        self.session.evolve(&frame.events[0], frame.seq);
        let bytes = frame.to_bytes();
        let read: Frame = serde_json::from_slice(&bytes).expect("a frame is read as written");
        assert_eq!(read, frame, "a frame is read as written");
        self.session.seal(&bytes);
        self.frames.push(bytes);
        assert!(!closed || self.session.is_closed(), "nothing leads out of the end");
    }

    /// A message as the socket takes it: what is none ends the connection.
    fn message(&mut self, line: &[u8]) {
        let Ok(text) = std::str::from_utf8(line) else { return self.hang_up() };
        let text = text.replace("$ARRIVED", &self.vouched);
        let Ok(message) = serde_json::from_str::<ClientMessage>(&text) else {
            return self.hang_up();
        };
        let value: serde_json::Value = serde_json::from_str(&text).expect("a message is JSON");
        assert!(value["t"].is_string(), "a message says what it is");
        match message {
            ClientMessage::Ping => {}
            ClientMessage::Open { device, take_over } => match parse_device(&device) {
                Ok(device) => self.open(device, take_over),
                Err(_) => self.hang_up(),
            },
            numbered => match numbered.into_numbered() {
                Ok(numbered) => self.numbered(numbered),
                Err(_) => self.hang_up(),
            },
        }
    }

    fn hang_up(&mut self) {
        self.phones[self.speaks].writer = None;
    }

    fn open(&mut self, device: DeviceId, take_over: bool) {
        let held = self.session.holder().filter(|holder| *holder != device);
        match self.decide(Command::Open { device, take_over }) {
            Ok(()) => {
                assert!(held.is_none() || take_over, "a holder is not pushed aside unasked");
                assert_eq!(self.session.holder(), Some(device));
                let epoch = self.session.epoch();
                assert_eq!(epoch, self.session.seq(), "an epoch is the seq of its open");
                self.phones[self.speaks].writer = Some(Writer { device, epoch });
            }
            Err(Refusal::Elsewhere) => assert!(held.is_some() && !take_over),
            Err(Refusal::Full | Refusal::Closed) => {}
            Err(other) => panic!("an open was refused as {other}"),
        }
    }

    fn numbered(&mut self, numbered: Numbered) {
        let Some(writer) = self.phones[self.speaks].writer else { return };
        assert!((1..1 << 53).contains(&numbered.n), "JavaScript can count n");
        let Numbered { n, body, arrived } = numbered;
        let content = canonical(&body);
        let attempt = self.session.attempt();
        let vouched = arrived.and_then(|arrived| {
            self.keys.vouched(attempt, writer.device, n, content.as_bytes(), &arrived)
        });
        if let Some(vouched) = vouched {
            assert_eq!(vouched, self.vouched_at, "nobody vouches but the server");
        }
        let received_at = vouched.map_or(self.now, |vouched| vouched.min(self.now));
        let message = Message { n, received_at, body };
        self.decided(writer, &message, &content);
    }

    fn decided(&mut self, writer: Writer, message: &Message, content: &str) {
        let before = self.session.clone();
        let decided = self.session.decide_message(writer, message);
        assert_eq!(decided, before.decide_message(writer, message), "a decision is a function");
        match decided {
            Ok(event) => {
                assert_eq!(before.holder(), Some(writer.device), "only the holder writes");
                assert_eq!(before.epoch(), writer.epoch, "only the newest epoch writes");
                if let Some(event) = event {
                    self.accepted(&before, writer, message, event);
                }
            }
            Err(refusal) => {
                let code = NackCode::from(refusal);
                if refusal == Refusal::Elsewhere {
                    let newest = before.holder() == Some(writer.device);
                    assert!(!newest || before.epoch() != writer.epoch, "the holder may write");
                }
                if !code.is_final() {
                    let (device, n) = (writer.device, message.n);
                    let at = message.received_at;
                    let attempt = before.attempt();
                    self.vouched = self.keys.vouch(attempt, device, n, content.as_bytes(), at);
                    self.vouched_at = at;
                }
            }
        }
    }

    fn accepted(&mut self, before: &Session, writer: Writer, message: &Message, event: Event) {
        let deadline = before.deadline().expect("only a running session takes messages");
        assert!(message.received_at <= deadline + GRACE, "nothing late is taken");
        assert!(!before.is_closed() && !before.is_locked());
        self.journal(event);
        let acked = |session: &Session| session.acked().get(&writer.device).copied();
        assert!(acked(&self.session) >= acked(before), "what was heard stays heard");
        assert!(acked(&self.session) >= Some(message.n), "what is journaled is heard");
        let again = self.session.decide_message(writer, message);
        match message.body {
            MessageBody::Submit => {
                assert!(self.session.is_closed());
                assert_eq!(again, Err(Refusal::Closed));
            }
            _ => assert_eq!(again, Ok(None), "a repeat is known"),
        }
        let responses = |session: &Session| session.responses().collect::<Vec<_>>();
        let (was, is) = (responses(before), responses(&self.session));
        let changed = was.iter().zip(&is).filter(|(was, is)| was != is);
        let changed: Vec<Slot> = changed.map(|(_, (slot, _))| *slot).collect();
        if let MessageBody::Save { slot, response, .. } = &message.body {
            assert!(changed.iter().all(|changed| i64::from(changed.0) == *slot));
            let set = is[usize::try_from(*slot - 1).expect("a slot of the paper")].1;
            assert_eq!(Some(set), *response, "what is acknowledged stands there");
            assert!(set.without(OptionSet::first(26)).is_empty());
        } else {
            assert_eq!(changed, [], "nothing but a save changes a response");
        }
    }

    /// What has to hold of every story.
    fn end(self) {
        let session = &self.session;
        let frames = self.frames.iter().map(Vec::as_slice);
        let rebuilt = Session::replay(session.attempt(), frames).expect("the journal folds");
        assert_eq!(&rebuilt, session, "replaying the journal gives the same session");
        let checkpoint = serde_json::to_vec(session).expect("a session can be written");
        let read: Session = serde_json::from_slice(&checkpoint).expect("and read");
        assert_eq!(read, rebuilt, "a checkpoint is the session");
        let times = self.frames.iter().flat_map(|bytes| {
            let frame: Frame = serde_json::from_slice(bytes).expect("a frame");
            frame.events.into_iter().map(|event| event.at()).collect::<Vec<_>>()
        });
        assert!(times.is_sorted(), "time does not run backwards in a journal");
        assert_eq!(session.receipt().is_some(), session.is_closed(), "the end has a receipt");
        assert_eq!(session.seq(), Seq(self.frames.len() as u64));
        let state = AttemptState::of(session, self.now);
        let state = serde_json::to_value(state).expect("a state is JSON");
        assert!(state["remaining_ms"].as_i64().is_some_and(|left| left >= 0), "{state}");
        let answered = state["responses"].as_object().map(serde_json::Map::len);
        assert_eq!(answered, Some(session.answered()));
    }
}

/// The number that a line begins with, or nought.
fn number(digits: &[u8]) -> i64 {
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0_i64, |sum, digit| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0')))
}
