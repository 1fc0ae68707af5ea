//! What holds of a session whatever is done to it, in whatever order.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::ids::StaffId;
use crate::item::Choose;

const START: Timestamp = Timestamp::from_ms(1_000_000);
const SLOTS: u16 = 4;

#[derive(Clone, Debug)]
enum Op {
    Wait(i64),
    Open { device: u8, take_over: bool },
    Save { device: u8, n: u64, slot: i64, bits: u32 },
    Mark { device: u8, n: u64, slot: i64, on: bool },
    Signal { device: u8, n: u64 },
    Submit { device: u8, n: u64 },
    Extend(i64),
    Pause(i64),
    Resume,
    Lock,
    Unlock,
    Wake,
    End,
    Void,
    Reinstate,
    Tell,
    CreditOutage(i64),
}

fn op() -> impl Strategy<Value = Op> {
    let device = 0u8..3;
    let n = 1u64..40;
    let slot = 0i64..6;
    prop_oneof![
        3 => (0i64..600_000).prop_map(Op::Wait),
        2 => (device.clone(), any::<bool>()).prop_map(|(device, take_over)| Op::Open { device, take_over }),
        12 => (device.clone(), n.clone(), slot.clone(), 0u32..16)
            .prop_map(|(device, n, slot, bits)| Op::Save { device, n, slot, bits }),
        2 => (device.clone(), n.clone(), slot, any::<bool>())
            .prop_map(|(device, n, slot, on)| Op::Mark { device, n, slot, on }),
        1 => (device.clone(), n.clone()).prop_map(|(device, n)| Op::Signal { device, n }),
        1 => (device, n).prop_map(|(device, n)| Op::Submit { device, n }),
        1 => (0i64..600_000).prop_map(Op::Extend),
        1 => (0i64..600_000).prop_map(Op::Pause),
        1 => Just(Op::Resume),
        1 => Just(Op::Lock),
        1 => Just(Op::Unlock),
        2 => Just(Op::Wake),
        1 => Just(Op::End),
        1 => Just(Op::Void),
        1 => Just(Op::Reinstate),
        1 => Just(Op::Tell),
        1 => (0i64..600_000).prop_map(Op::CreditOutage),
    ]
}

fn device(number: u8) -> DeviceId {
    DeviceId::from_uuid(Uuid::from_u128(number.into()))
}

/// A session under test: every accepted event is journaled at once.
struct Run {
    session: Session,
    frames: Vec<Vec<u8>>,
    now: Timestamp,
    epochs: [Seq; 3],
}

impl Run {
    fn new() -> Self {
        let shape = SlotShape { options: 4, choose: Choose::Many };
        let first =
            first_frame(START, START + Span::from_minutes(60), vec![shape; usize::from(SLOTS)])
                .to_bytes();
        let attempt = AttemptId::from_uuid(Uuid::from_u128(7));
        let session = Session::begin(attempt, &first).expect("a first frame begins a session");
        Self { session, frames: vec![first], now: START, epochs: [Seq(0); 3] }
    }

    fn journal(&mut self, event: Option<Event>) {
        let Some(event) = event else { return };
        let frame = Frame { seq: self.session.seq().next(), events: vec![event] };
        self.session.evolve(&frame.events[0], frame.seq);
        let bytes = frame.to_bytes();
        self.session.seal(&bytes);
        self.frames.push(bytes);
    }

    fn command(&mut self, command: Command) {
        if let Ok(event) = self.session.decide(command, self.now) {
            self.journal(event);
        }
    }

    fn message(&mut self, device_number: u8, n: u64, body: MessageBody) {
        let epoch = self.epochs[usize::from(device_number)];
        let writer = Writer { device: device(device_number), epoch };
        let message = Message { n, received_at: self.now, body };
        if let Ok(event) = self.session.decide_message(writer, &message) {
            self.journal(event);
        }
    }

    fn perform(&mut self, op: &Op) {
        let by = StaffId::from_uuid(Uuid::from_u128(1));
        let reason = String::new();
        match *op {
            Op::Wait(ms) => self.now = self.now + Span::from_ms(ms),
            Op::Open { device: number, take_over } => {
                let before = self.session.epoch();
                self.command(Command::Open { device: device(number), take_over });
                if self.session.epoch() != before {
                    self.epochs[usize::from(number)] = self.session.epoch();
                }
            }
            Op::Save { device, n, slot, bits } => {
                let response = Some(OptionSet::from_bits(bits));
                self.message(device, n, MessageBody::Save { slot, response, client_at: None });
            }
            Op::Mark { device, n, slot, on } => {
                self.message(device, n, MessageBody::Mark { slot, on });
            }
            Op::Signal { device, n } => {
                self.message(device, n, MessageBody::Signal { kind: SignalKind::Hidden });
            }
            Op::Submit { device, n } => self.message(device, n, MessageBody::Submit),
            Op::Extend(ms) => {
                self.command(Command::Extend { added: Span::from_ms(ms), by, reason });
            }
            Op::Pause(ms) => {
                let until = self.now + Span::from_ms(ms);
                self.command(Command::Pause { until, by, reason });
            }
            Op::Resume => self.command(Command::Resume { by }),
            Op::Lock => self.command(Command::Lock { by, reason }),
            Op::Unlock => self.command(Command::Unlock { by, reason }),
            Op::Wake => self.command(Command::Wake),
            Op::End => self.command(Command::End { by, reason }),
            Op::Void => self.command(Command::Void { by, reason }),
            Op::Reinstate => self.command(Command::Reinstate { by, reason }),
            Op::Tell => self.command(Command::Tell { by, text: reason }),
            Op::CreditOutage(ms) => {
                let ready = self.now;
                let from = ready - Span::from_ms(ms);
                self.command(Command::CreditOutage { from, ready, cap: Span::from_minutes(60) });
            }
        }
    }
}

fn event_times(frames: &[Vec<u8>]) -> Vec<Timestamp> {
    let parsed =
        frames.iter().map(|bytes| serde_json::from_slice::<Frame>(bytes).expect("a frame"));
    parsed.flat_map(|frame| frame.events.into_iter().map(|event| event.at())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn replaying_the_journal_rebuilds_the_session(ops in prop::collection::vec(op(), 1..120)) {
        let mut run = Run::new();
        for op in &ops {
            run.perform(op);
        }
        let frames = run.frames.iter().map(Vec::as_slice);
        let rebuilt = Session::replay(run.session.attempt(), frames).expect("the journal folds");
        prop_assert_eq!(&rebuilt, &run.session);
        let checkpoint = serde_json::to_string(&run.session).expect("a session can be written");
        prop_assert_eq!(serde_json::from_str::<Session>(&checkpoint).expect("and read"), rebuilt);
        prop_assert!(event_times(&run.frames).is_sorted());
    }

    #[test]
    fn no_schedule_of_commands_changes_an_answer_after_the_close(
        before in prop::collection::vec(op(), 0..60),
        after in prop::collection::vec(op(), 1..60),
    ) {
        let mut run = Run::new();
        for op in &before {
            run.perform(op);
        }
        run.perform(&Op::End);
        let responses: Vec<_> = run.session.responses().collect();
        let receipt = run.session.receipt();
        prop_assert!(receipt.is_some());
        for op in &after {
            run.perform(op);
        }
        prop_assert!(run.session.is_closed());
        prop_assert_eq!(run.session.responses().collect::<Vec<_>>(), responses);
        prop_assert_eq!(run.session.receipt(), receipt);
    }

    #[test]
    fn duplicated_reordered_and_delayed_messages_converge_to_the_last_choice(
        choices in prop::collection::vec((1i64..=i64::from(SLOTS), 0u32..16), 1..30),
        deliveries in prop::collection::vec(any::<prop::sample::Index>(), 0..120),
    ) {
        let mut run = Run::new();
        run.perform(&Op::Open { device: 0, take_over: false });
        let send = |run: &mut Run, index: usize| {
            let (slot, bits) = choices[index];
            run.perform(&Op::Save { device: 0, n: index as u64 + 1, slot, bits });
        };
        for delivery in &deliveries {
            send(&mut run, delivery.index(choices.len()));
        }
        for index in (0..choices.len()).rev() {
            send(&mut run, index); // What is still pending is sent until it is acknowledged.
        }
        for (slot, response) in run.session.responses() {
            let last = choices.iter().rev().find(|(chosen, _)| *chosen == i64::from(slot.0));
            prop_assert_eq!(response.bits(), last.map_or(0, |(_, bits)| *bits));
        }
    }

    #[test]
    fn pauses_and_extensions_neither_lose_nor_add_time(
        steps in prop::collection::vec((1i64..100_000, 1i64..100_000, 1i64..100_000), 1..20),
    ) {
        let mut run = Run::new();
        let mut running_ms = 0;
        let mut given_ms = Span::from_minutes(60).as_ms();
        for (before_ms, paused_ms, added_ms) in steps {
            if running_ms + before_ms >= given_ms {
                break;
            }
            run.perform(&Op::Wait(before_ms));
            running_ms += before_ms;
            run.perform(&Op::Pause(100_001));
            run.perform(&Op::Wait(paused_ms));
            run.perform(&Op::Extend(added_ms));
            given_ms += added_ms;
            run.perform(&Op::Resume);
            prop_assert_eq!(run.session.remaining(run.now).as_ms(), given_ms - running_ms);
        }
    }
}
