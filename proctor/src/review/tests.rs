use proptest::prelude::*;

use super::*;

const DAYS: Span = Span::from_minutes(7 * 24 * 60);

fn person(number: u8) -> StaffId {
    format!("{number:08x}-0000-4000-8000-000000000000").parse().expect("an id")
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_ms(1_000_000) + Span::from_minutes(minutes)
}

/// A review on which people act; what is refused is left out.
#[derive(Default)]
struct Room {
    steps: Vec<Step>,
}

impl Room {
    fn review(&self) -> Review {
        Review::of(&self.steps)
    }

    fn now(&self) -> Timestamp {
        at(i64::try_from(self.steps.len()).expect("few"))
    }

    fn act(&mut self, number: u8, act: Act) -> Result<State, Refusal> {
        let staff = person(number);
        self.review().may(act, staff)?;
        self.steps.push(Step { at: self.now(), staff: Some(staff), act });
        Ok(self.review().state())
    }

    fn appeal(&mut self) -> Result<State, Refusal> {
        self.review().may_appeal(DAYS, self.now())?;
        self.steps.push(Step { at: self.now(), staff: None, act: Act::Appeal });
        Ok(self.review().state())
    }
}

#[test]
fn two_different_people_void_an_attempt() {
    let mut room = Room::default();
    assert_eq!(room.act(1, Act::ConfirmVoid), Err(Refusal::OutOfOrder));
    assert_eq!(room.act(1, Act::Violation), Ok(State::Violation));
    assert_eq!(room.act(1, Act::ProposeVoid), Ok(State::VoidProposed));
    assert_eq!(room.act(1, Act::ConfirmVoid), Err(Refusal::SamePerson));
    assert_eq!(room.act(2, Act::DeclineVoid), Ok(State::Violation), "the verdict stands");
    assert_eq!(room.act(2, Act::ProposeVoid), Ok(State::VoidProposed));
    assert_eq!(room.act(1, Act::ConfirmVoid), Ok(State::Void));
    assert_eq!(room.act(3, Act::Normal), Err(Refusal::OutOfOrder), "only an objection opens it");
}

#[test]
fn a_verdict_may_be_changed_until_the_candidate_objects() {
    let mut room = Room::default();
    assert_eq!(room.act(1, Act::Suspicious), Ok(State::Suspicious));
    assert_eq!(room.act(2, Act::Normal), Ok(State::Normal));
    assert_eq!(room.appeal(), Err(Refusal::NothingDecided));
    assert_eq!(room.act(2, Act::Violation), Ok(State::Violation));
    assert_eq!(room.appeal(), Ok(State::Appealed));
    assert_eq!(room.act(1, Act::Normal), Err(Refusal::OutOfOrder));
}

#[test]
fn a_third_person_decides_on_the_one_objection() {
    let void = || {
        let mut room = Room::default();
        room.act(1, Act::ProposeVoid).expect("first");
        room.act(2, Act::ConfirmVoid).expect("second");
        room.appeal().expect("in time");
        for judge in [1, 2] {
            assert_eq!(room.act(judge, Act::UpholdAppeal), Err(Refusal::SamePerson));
            assert_eq!(room.act(judge, Act::DismissAppeal), Err(Refusal::SamePerson));
        }
        room
    };
    let mut upheld = void();
    assert_eq!(upheld.act(3, Act::UpholdAppeal), Ok(State::Normal));
    assert_eq!(upheld.review().upheld(), Some(true));
    let mut dismissed = void();
    assert_eq!(dismissed.act(3, Act::DismissAppeal), Ok(State::Void));
    for room in [&mut upheld, &mut dismissed] {
        assert_eq!(room.appeal(), Err(Refusal::Appealed));
        assert_eq!(room.act(4, Act::DismissAppeal), Err(Refusal::OutOfOrder));
        assert_eq!(room.act(4, Act::ProposeVoid), Err(Refusal::OutOfOrder));
    }
}

#[test]
fn an_objection_has_a_last_day() {
    let mut room = Room::default();
    room.act(1, Act::Suspicious).expect("first");
    let until = room.review().appeal_until(DAYS).expect("something to object to");
    assert_eq!(room.review().may_appeal(DAYS, until), Ok(()));
    assert_eq!(room.review().may_appeal(DAYS, until + Span::from_ms(1)), Err(Refusal::TooLate));
}

fn acts() -> impl Strategy<Value = Vec<(u8, Option<Act>)>> {
    let act = prop_oneof![
        Just(None),
        prop::sample::select(vec![
            Act::Normal,
            Act::Suspicious,
            Act::Violation,
            Act::ProposeVoid,
            Act::ConfirmVoid,
            Act::DeclineVoid,
            Act::UpholdAppeal,
            Act::DismissAppeal,
        ])
        .prop_map(Some),
    ];
    prop::collection::vec((0u8..4, act), 0..40)
}

proptest! {
    /// SEC12: no schedule of acts voids an attempt by one person, and nobody decides on an objection
    /// to an own decision.
    #[test]
    fn sec12_whatever_is_tried_two_people_void_and_another_one_decides(acts in acts()) {
        let mut room = Room::default();
        for (number, act) in acts {
            let before = room.review();
            let done = match act {
                None => room.appeal(),
                Some(act) => room.act(number, act),
            };
            let Ok(state) = done else {
                prop_assert_eq!(room.review(), before, "a refusal changes nothing");
                continue;
            };
            if state == State::Void && before.state() != State::Void && act.is_some() {
                if act == Some(Act::ConfirmVoid) {
                    let proposed = room.steps.iter().rev().find(|s| s.act == Act::ProposeVoid);
                    prop_assert_ne!(proposed.and_then(|step| step.staff), Some(person(number)));
                } else {
                    prop_assert_eq!(act, Some(Act::DismissAppeal));
                }
            }
            if state == State::VoidProposed {
                let review = room.review();
                let somebody = (0..5).any(|one| review.may(Act::ConfirmVoid, person(one)).is_ok());
                prop_assert!(somebody, "what is proposed can be confirmed");
            }
            if matches!(act, Some(Act::UpholdAppeal | Act::DismissAppeal)) {
                let earlier = &room.steps[..room.steps.len() - 1];
                prop_assert!(earlier.iter().all(|step| step.staff != Some(person(number))));
            }
        }
        let appeals = room.steps.iter().filter(|step| step.act == Act::Appeal).count();
        prop_assert!(appeals <= 1);
    }
}
