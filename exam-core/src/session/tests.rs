//! What a session promises, told as short stories.

use super::*;
use crate::ids::StaffId;
use crate::item::Choose;
use crate::letters::{letters_of, option_set_of};
use uuid::Uuid;

const START: Timestamp = Timestamp::from_ms(1_000_000);

/// A session of five one-choice slots and one many-choice slot, with four options each.
struct Sitting {
    session: Session,
    now: Timestamp,
    writer: Writer,
    n: u64,
    frames: Vec<Vec<u8>>,
}

fn seconds(seconds: i64) -> Span {
    Span::from_seconds(seconds)
}

fn minutes(minutes: i64) -> Span {
    Span::from_minutes(minutes)
}

fn device(number: u128) -> DeviceId {
    DeviceId::from_uuid(Uuid::from_u128(number))
}

fn staff() -> StaffId {
    StaffId::from_uuid(Uuid::from_u128(99))
}

fn sitting(time_allowed: Span) -> Sitting {
    let one = SlotShape { options: 4, choose: Choose::One };
    let many = SlotShape { options: 4, choose: Choose::Many };
    let frame = first_frame(START, START + time_allowed, vec![one, one, one, one, one, many]);
    let bytes = frame.to_bytes();
    let session = Session::begin(AttemptId::from_uuid(Uuid::from_u128(1)), &bytes)
        .expect("a first frame begins a session");
    let writer = Writer { device: device(1), epoch: Seq(0) };
    let mut sitting = Sitting { session, now: START, writer, n: 0, frames: vec![bytes] };
    sitting.open(1, false).expect("nobody holds the session");
    sitting
}

impl Sitting {
    fn wait(&mut self, span: Span) {
        self.now = self.now + span;
    }

    fn journal(&mut self, event: Option<Event>) -> bool {
        let Some(event) = event else { return false };
        let frame = Frame { seq: self.session.seq().next(), events: vec![event] };
        self.session.evolve(&frame.events[0], frame.seq);
        let bytes = frame.to_bytes();
        self.session.seal(&bytes);
        self.frames.push(bytes);
        true
    }

    fn command(&mut self, command: Command) -> Result<bool, Refusal> {
        let event = self.session.decide(command, self.now)?;
        Ok(self.journal(event))
    }

    fn open(&mut self, number: u128, take_over: bool) -> Result<(), Refusal> {
        self.command(Command::Open { device: device(number), take_over })?;
        self.writer = Writer { device: device(number), epoch: self.session.epoch() };
        Ok(())
    }

    fn send(&mut self, writer: Writer, n: u64, body: MessageBody) -> Result<bool, Refusal> {
        let message = Message { n, received_at: self.now, body };
        let event = self.session.decide_message(writer, &message)?;
        Ok(self.journal(event))
    }

    fn respond_as(
        &mut self,
        writer: Writer,
        n: u64,
        slot: i64,
        letters: &str,
    ) -> Result<bool, Refusal> {
        let response = option_set_of(letters);
        self.send(writer, n, MessageBody::Save { slot, response, client_at: None })
    }

    fn respond(&mut self, slot: i64, letters: &str) -> Result<bool, Refusal> {
        self.n += 1;
        self.respond_as(self.writer, self.n, slot, letters)
    }

    fn response(&self, slot: u16) -> String {
        let found = self.session.responses().find(|(candidate, _)| *candidate == Slot(slot));
        letters_of(found.expect("the slot exists").1)
    }
}

#[test]
fn a_response_in_flight_at_the_deadline_still_counts() {
    let mut sitting = sitting(minutes(90));
    sitting.wait(minutes(90) + seconds(5));
    assert_eq!(sitting.respond(3, "b"), Ok(true));
    sitting.wait(Span::from_ms(1));
    assert_eq!(sitting.respond(3, "c"), Err(Refusal::TooLate { late_by: Span::from_ms(5_001) }));
    assert_eq!(sitting.response(3), "b");
}

#[test]
fn a_message_sent_twice_counts_once() {
    let mut sitting = sitting(minutes(60));
    let writer = sitting.writer;
    assert_eq!(sitting.respond_as(writer, 7, 1, "a"), Ok(true));
    assert_eq!(sitting.respond_as(writer, 7, 1, "a"), Ok(false));
    assert_eq!(sitting.respond_as(writer, 7, 1, "b"), Ok(false));
    assert_eq!(sitting.response(1), "a");
}

#[test]
fn an_older_response_of_the_same_device_does_not_replace_a_newer_one() {
    let mut sitting = sitting(minutes(60));
    let writer = sitting.writer;
    assert_eq!(sitting.respond_as(writer, 9, 1, "b"), Ok(true));
    assert_eq!(sitting.respond_as(writer, 8, 1, "a"), Ok(false));
    assert_eq!(sitting.respond_as(writer, 8, 2, "a"), Ok(true), "another slot is another matter");
    assert_eq!(sitting.response(1), "b");
}

#[test]
fn a_second_device_needs_a_takeover_and_then_fences_the_first() {
    let mut sitting = sitting(minutes(60));
    let first = sitting.writer;
    sitting.respond(1, "a").expect("the first device holds the session");
    assert_eq!(sitting.open(2, false), Err(Refusal::Elsewhere));
    sitting.open(2, true).expect("a takeover succeeds");
    assert_eq!(sitting.respond_as(first, 50, 1, "c"), Err(Refusal::Elsewhere));
    assert_eq!(sitting.respond_as(sitting.writer, 1, 1, "d"), Ok(true), "its count begins anew");
    assert_eq!(sitting.response(1), "d");
    assert_eq!(sitting.session.acked()[&device(1)], 1);
}

#[test]
fn an_older_connection_of_the_same_device_is_fenced_too() {
    let mut sitting = sitting(minutes(60));
    let old = sitting.writer;
    sitting.open(1, false).expect("the holder may open again");
    assert_ne!(old.epoch, sitting.writer.epoch);
    assert_eq!(sitting.respond_as(old, 1, 1, "a"), Err(Refusal::Elsewhere));
}

#[test]
fn nobody_is_closed_before_grace_and_settling_are_over() {
    let mut sitting = sitting(minutes(60));
    sitting.respond(2, "d").expect("there is time");
    sitting.now = START + minutes(60) + Span::from_ms(6_999);
    assert_eq!(sitting.command(Command::Wake), Ok(false));
    sitting.wait(Span::from_ms(1));
    assert_eq!(Some(sitting.now), sitting.session.next_wakeup());
    assert_eq!(sitting.command(Command::Wake), Ok(true));
    assert_eq!(sitting.session.phase(), Phase::Closed);
    assert_eq!(sitting.respond(2, "a"), Err(Refusal::Closed));
    let receipt = sitting.session.receipt().expect("a closed session has a receipt");
    assert_eq!((receipt.answered, receipt.last_seq), (1, Seq(4)));
}

#[test]
fn a_pause_gives_back_the_time_it_took() {
    let mut sitting = sitting(minutes(60));
    sitting.wait(minutes(10));
    let until = sitting.now + minutes(30);
    sitting
        .command(Command::Pause { until, by: staff(), reason: "fire drill".into() })
        .expect("a running session can be paused");
    sitting.wait(minutes(20));
    assert_eq!(sitting.session.remaining(sitting.now), minutes(50));
    assert_eq!(sitting.respond(1, "a"), Err(Refusal::Paused));
    sitting.command(Command::Resume { by: staff() }).expect("a paused session can be resumed");
    assert_eq!(sitting.session.deadline(), Some(START + minutes(80)));
    assert_eq!(sitting.respond(1, "a"), Ok(true));
}

#[test]
fn a_pause_ends_by_itself_to_the_millisecond() {
    let mut sitting = sitting(minutes(60));
    let until = START + minutes(5);
    sitting
        .command(Command::Pause { until, by: staff(), reason: "network".into() })
        .expect("a running session can be paused");
    sitting.wait(minutes(5) + Span::from_ms(700));
    assert_eq!(sitting.command(Command::Wake), Ok(true));
    assert_eq!(sitting.session.deadline(), Some(until + minutes(60)));
}

#[test]
fn a_pause_longer_than_a_day_is_refused() {
    let mut sitting = sitting(minutes(60));
    for until in [START, START + PAUSE_MAX + Span::from_ms(1)] {
        let pause = Command::Pause { until, by: staff(), reason: String::new() };
        assert_eq!(sitting.command(pause), Err(Refusal::BadTime));
    }
}

#[test]
fn the_clock_runs_under_a_lock() {
    let mut sitting = sitting(minutes(60));
    sitting.command(Command::Lock { by: staff(), reason: "left the app".into() }).expect("locks");
    assert_eq!(sitting.session.phase(), Phase::Locked);
    assert_eq!(sitting.respond(1, "a"), Err(Refusal::Locked));
    sitting.wait(minutes(59));
    assert_eq!(sitting.session.remaining(sitting.now), minutes(1));
    sitting.command(Command::Unlock { by: staff(), reason: "seen".into() }).expect("unlocks");
    assert_eq!(sitting.respond(1, "a"), Ok(true));
}

#[test]
fn an_outage_gives_its_length_back() {
    let mut sitting = sitting(minutes(60));
    let from = START + minutes(50);
    let ready = from + minutes(20); // The deadline passed in the middle of it.
    sitting.now = ready;
    let credit = Command::CreditOutage { from, ready, cap: minutes(120) };
    assert_eq!(sitting.command(credit), Ok(true));
    assert_eq!(sitting.session.deadline(), Some(ready + minutes(10)));
}

#[test]
fn an_outage_that_two_nodes_notice_is_given_back_once() {
    let mut sitting = sitting(minutes(60));
    let from = START + minutes(10);
    let credit = |ready| Command::CreditOutage { from, ready, cap: minutes(120) };
    sitting.now = from + minutes(20);
    assert_eq!(sitting.command(credit(sitting.now)), Ok(true));
    assert_eq!(sitting.command(credit(sitting.now + seconds(1))), Ok(false));
    assert_eq!(sitting.session.deadline(), Some(START + minutes(80)));
    sitting.wait(minutes(5)); // Before a sign of life was stored it was away again.
    assert_eq!(sitting.command(credit(sitting.now)), Ok(true));
    assert_eq!(sitting.session.deadline(), Some(START + minutes(85)));
}

#[test]
fn what_giving_back_was_held_up_by_is_given_back_with_it() {
    let mut sitting = sitting(minutes(60));
    let (from, ready) = (START + minutes(10), START + minutes(11));
    sitting.now = ready + minutes(1); // A write hung, and the decision is made again.
    let credit = Command::CreditOutage { from, ready, cap: minutes(120) };
    assert_eq!(sitting.command(credit), Ok(true));
    assert_eq!(sitting.session.deadline(), Some(START + minutes(62)));
    let rest = Command::CreditOutage { from: ready, ready: sitting.now, cap: minutes(120) };
    assert_eq!(sitting.command(rest), Ok(false), "and only once");
}

#[test]
fn a_capped_outage_still_leaves_time_to_flush() {
    let mut sitting = sitting(minutes(60));
    let (from, ready) = (START + minutes(59), START + minutes(90));
    sitting.now = ready;
    let credit = Command::CreditOutage { from, ready, cap: minutes(1) };
    assert_eq!(sitting.command(credit), Ok(true));
    assert_eq!(sitting.session.deadline(), Some(ready + READY_SLACK));
}

#[test]
fn an_outage_after_the_end_gives_nothing() {
    let mut sitting = sitting(minutes(60));
    let (from, ready) = (START + minutes(60) + GRACE, START + minutes(90));
    sitting.now = ready;
    let credit = Command::CreditOutage { from, ready, cap: minutes(120) };
    assert_eq!(sitting.command(credit), Ok(false));
}

#[test]
fn slots_and_options_that_do_not_exist_are_refused() {
    let mut sitting = sitting(minutes(60));
    for slot in [0, 7, -1, i64::MAX] {
        assert_eq!(sitting.respond(slot, "a"), Err(Refusal::BadSlot), "slot {slot}");
    }
    for letters in ["e", "ab", "aa", "?"] {
        assert_eq!(sitting.respond(1, letters), Err(Refusal::BadResponse), "{letters}");
    }
    assert_eq!(sitting.respond(6, "abd"), Ok(true));
    assert_eq!(sitting.respond(6, ""), Ok(true), "an empty response clears");
    assert_eq!(sitting.session.answered(), 0);
}

#[test]
fn a_number_far_ahead_is_refused() {
    let mut sitting = sitting(minutes(60));
    let writer = sitting.writer;
    assert_eq!(sitting.respond_as(writer, N_AHEAD_MAX, 1, "a"), Ok(true));
    assert_eq!(sitting.respond_as(writer, 2 * N_AHEAD_MAX + 1, 1, "a"), Err(Refusal::BadN));
}

#[test]
fn marks_and_responses_do_not_shadow_each_other() {
    let mut sitting = sitting(minutes(60));
    let writer = sitting.writer;
    assert_eq!(sitting.send(writer, 5, MessageBody::Mark { slot: 1, on: true }), Ok(true));
    assert_eq!(sitting.respond_as(writer, 4, 1, "a"), Ok(true));
    assert_eq!(sitting.send(writer, 3, MessageBody::Mark { slot: 1, on: false }), Ok(false));
    assert_eq!(sitting.session.marked().collect::<Vec<_>>(), [Slot(1)]);
}

#[test]
fn a_message_vouched_for_counts_from_its_first_arrival() {
    let mut sitting = sitting(minutes(60));
    let received_at = START + minutes(60) + seconds(4);
    sitting.respond(1, "a").expect("there is time");
    sitting.now = START + minutes(61);
    let message = Message {
        n: 2,
        received_at,
        body: MessageBody::Save { slot: 1, response: option_set_of("b"), client_at: None },
    };
    let event = sitting.session.decide_message(sitting.writer, &message).expect("in time");
    assert!(sitting.journal(event));
    assert_eq!(sitting.response(1), "b");
}

#[test]
fn a_void_ends_a_running_session_and_marks_a_closed_one() {
    let void = || Command::Void { by: staff(), reason: "impersonation".into() };
    let mut running = sitting(minutes(60));
    assert_eq!(running.command(void()), Ok(true));
    assert_eq!(running.session.phase(), Phase::Voided);
    assert_eq!(running.command(void()), Ok(false));

    let mut closed = sitting(minutes(60));
    closed.respond(1, "a").expect("there is time");
    closed.send(closed.writer, 2, MessageBody::Submit).expect("hands in");
    let receipt = closed.session.receipt();
    assert_eq!(closed.command(void()), Ok(true));
    assert_eq!(closed.session.phase(), Phase::Voided);
    assert_eq!(closed.session.receipt(), receipt, "the receipt stands");
}

#[test]
fn a_void_that_is_taken_back_leaves_what_was_there() {
    let reinstate = || Command::Reinstate { by: staff(), reason: "the appeal is right".into() };
    let mut sitting = sitting(minutes(60));
    sitting.respond(1, "a").expect("there is time");
    assert_eq!(sitting.command(reinstate()), Ok(false), "it counts");
    sitting.send(sitting.writer, 2, MessageBody::Submit).expect("hands in");
    let (receipt, responses) = (sitting.session.receipt(), sitting.response(1));
    sitting.command(Command::Void { by: staff(), reason: "impersonation".into() }).expect("void");
    assert_eq!(sitting.command(reinstate()), Ok(true));
    assert_eq!(sitting.command(reinstate()), Ok(false), "once");
    assert_eq!(sitting.session.phase(), Phase::Closed);
    assert_eq!(sitting.session.receipt(), receipt);
    assert_eq!(sitting.response(1), responses);
    assert_eq!(sitting.respond(1, "b"), Err(Refusal::Closed), "it stays closed");
}

#[test]
fn what_a_candidate_was_told_is_known_with_its_number() {
    let tell = |text: &str| Command::Tell { by: staff(), text: text.into() };
    let mut sitting = sitting(minutes(60));
    assert_eq!(sitting.session.told(), None);
    sitting.command(tell("speak lower")).expect("told");
    sitting.command(tell("thank you")).expect("told");
    let told = sitting.session.told().expect("something was told");
    assert_eq!((told.number, told.text.as_str()), (2, "thank you"));
    assert_eq!(told.opens, sitting.session.opens());
    sitting.send(sitting.writer, 1, MessageBody::Submit).expect("hands in");
    assert_eq!(sitting.command(tell("too late")), Err(Refusal::Closed));
}

#[test]
fn an_attempt_has_a_limit_of_opens() {
    let mut sitting = sitting(minutes(60));
    for _ in 1..OPENS_MAX {
        sitting.open(1, false).expect("below the limit");
    }
    assert_eq!(sitting.open(1, false), Err(Refusal::Full));
    assert_eq!(sitting.respond(1, "a"), Ok(true), "the newest connection still writes");
}

#[test]
fn a_journal_with_a_hole_does_not_fold() {
    let mut sitting = sitting(minutes(60));
    sitting.respond(1, "a").expect("there is time");
    sitting.respond(1, "b").expect("there is time");
    let attempt = sitting.session.attempt();
    let frames = |skip: usize| {
        let kept = sitting.frames.iter().enumerate().filter(move |(i, _)| *i != skip);
        kept.map(|(_, bytes)| bytes.as_slice()).collect::<Vec<_>>()
    };
    assert_eq!(Session::replay(attempt, frames(99)).expect("whole"), sitting.session);
    assert!(matches!(Session::replay(attempt, frames(2)), Err(Corrupt::OutOfOrder { .. })));
    assert!(Session::replay(attempt, frames(0)).is_err());
    assert!(matches!(Session::replay(attempt, []), Err(Corrupt::Empty)));
}

#[test]
fn who_set_a_slot_is_packed_without_loss() {
    use super::{SetBy, SlotState};
    for (device, n) in [(0, 0), (0, 1), (255, 1), (7, (1 << 53) - 1), (255, SetBy::N_MAX)] {
        let set = SetBy::new(device, n);
        assert_eq!((set.device(), set.n()), (device, n));
    }
    assert_eq!(SetBy::new(3, u64::MAX).n(), SetBy::N_MAX, "more than any client may send");
    assert!(size_of::<SlotState>() <= 32, "a session has a hundred: {}", size_of::<SlotState>());
}
