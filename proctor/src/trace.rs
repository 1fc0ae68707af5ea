//! What a journal tells of an attempt beside its answers: what the page noticed, who opened it, what
//! staff did, and how many answers came in each minute.

use std::collections::HashMap;

use exam_core::ids::{DeviceId, StaffId};
use exam_core::session::{By, ClosedBy, Event, SignalKind};
use exam_core::time::{Span, Timestamp};
use serde::Serialize;

use crate::findings::Finding;
use crate::incidents::{Asked, Noticed, Outcome};
use crate::request::{LIFE, RequestId};

/// A line of the story of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When.
    #[serde(rename = "at_ms")]
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// The attempt began.
    Started,
    /// A device took the session.
    Opened {
        /// Whether it is another one than before.
        other: bool,
    },
    /// The page noticed something.
    Signal {
        /// What.
        kind: SignalKind,
    },
    /// Time was added.
    Extended {
        /// How much.
        #[serde(rename = "added_ms")]
        added: Span,
        /// Who; nobody where an outage was given back.
        staff: Option<StaffId>,
        /// Why.
        reason: String,
    },
    /// The clock was stopped.
    Paused {
        /// Who.
        staff: Option<StaffId>,
        /// Why.
        reason: String,
    },
    /// The clock runs again.
    Resumed {
        /// Who; nobody at the end of a pause.
        staff: Option<StaffId>,
    },
    /// Responses wait.
    Locked {
        /// Who.
        staff: Option<StaffId>,
        /// Why.
        reason: String,
    },
    /// Responses count again.
    Unlocked {
        /// Who.
        staff: Option<StaffId>,
        /// Why.
        reason: String,
    },
    /// The candidate was told something.
    Told {
        /// Who told it.
        staff: Option<StaffId>,
        /// What.
        reason: String,
    },
    /// The end.
    Closed {
        /// What closed it.
        by: ClosedBy,
        /// Who, where a person did.
        staff: Option<StaffId>,
        /// Why.
        reason: String,
    },
    /// It was declared void.
    Voided {
        /// Who.
        staff: Option<StaffId>,
        /// Why.
        reason: String,
    },
    /// It counts again.
    Reinstated {
        /// Who.
        staff: Option<StaffId>,
        /// Why.
        reason: String,
    },
}

/// A photograph as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// When it came.
    pub at: Timestamp,
    /// What it shows; `None` while nobody has looked.
    pub findings: Option<Vec<Finding>>,
    /// Whether it was chosen as a file.
    pub by_hand: bool,
    /// What the camera called itself.
    pub camera: String,
}

/// The story of an attempt, as far as its journal was read.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    entries: Vec<Entry>,
    noticed: Vec<(Timestamp, Noticed)>,
    /// Stretches in which nothing is asked for; the last may have no end yet.
    stopped: Vec<(Timestamp, Option<Timestamp>)>,
    is_paused: bool,
    is_locked: bool,
    /// Answers in each minute from the start.
    answers: Vec<u32>,
    device: Option<DeviceId>,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

const fn staff(by: By) -> Option<StaffId> {
    match by {
        By::Staff(id) => Some(id),
        By::Outage | By::Clock => None,
    }
}

impl Trace {
    /// Reads on.
    pub fn read(&mut self, event: &Event) {
        let at = event.at();
        if let Some(what) = self.told_by(event) {
            self.entries.push(Entry { at, what });
        }
        let stood = self.stands();
        match event {
            Event::Paused { .. } => self.is_paused = true,
            Event::Resumed { .. } => self.is_paused = false,
            Event::Locked { .. } => self.is_locked = true,
            Event::Unlocked { .. } => self.is_locked = false,
            _ => {}
        }
        match (stood, self.stands()) {
            (false, true) => self.stopped.push((at, None)),
            (true, false) => {
                if let Some((_, end)) = self.stopped.last_mut() {
                    *end = Some(at);
                }
            }
            _ => {}
        }
    }

    fn stands(&self) -> bool {
        self.is_paused || self.is_locked
    }

    fn told_by(&mut self, event: &Event) -> Option<What> {
        let at = event.at();
        Some(match event {
            Event::Saved { .. } => {
                self.count_answer(at);
                return None;
            }
            Event::Marked { .. } => return None,
            Event::Started { .. } => {
                self.started_at = Some(at);
                What::Started
            }
            Event::Opened { device, .. } => {
                let before = self.device.replace(*device);
                let other = before.is_some_and(|before| before != *device);
                self.noticed.push((at, Noticed::Opened(other)));
                What::Opened { other }
            }
            Event::Signalled { kind, .. } => {
                self.noticed.push((at, Noticed::Signal(*kind)));
                What::Signal { kind: *kind }
            }
            Event::Extended { added, by, reason, .. } => {
                What::Extended { added: *added, staff: staff(*by), reason: reason.clone() }
            }
            Event::Paused { by, reason, .. } => {
                What::Paused { staff: staff(*by), reason: reason.clone() }
            }
            Event::Resumed { by, .. } => What::Resumed { staff: staff(*by) },
            Event::Locked { by, reason, .. } => {
                What::Locked { staff: staff(*by), reason: reason.clone() }
            }
            Event::Unlocked { by, reason, .. } => {
                What::Unlocked { staff: staff(*by), reason: reason.clone() }
            }
            Event::Told { by, text, .. } => What::Told { staff: staff(*by), reason: text.clone() },
            Event::Closed { by, staff, reason, .. } => {
                self.ended_at = Some(at);
                What::Closed { by: *by, staff: *staff, reason: reason.clone() }
            }
            Event::Voided { by, reason, .. } => {
                What::Voided { staff: staff(*by), reason: reason.clone() }
            }
            Event::Reinstated { by, reason, .. } => {
                What::Reinstated { staff: staff(*by), reason: reason.clone() }
            }
        })
    }

    fn count_answer(&mut self, at: Timestamp) {
        let Some(started_at) = self.started_at else { return };
        let minute = at.since(started_at).as_ms() / Span::from_minutes(1).as_ms();
        // Two days, as with the requests: an attempt that is longer has no more bars.
        let minute = usize::try_from(minute).unwrap_or(0).min(2 * 24 * 60);
        if self.answers.len() <= minute {
            self.answers.resize(minute + 1, 0);
        }
        self.answers[minute] += 1;
    }

    /// What happened, in its order, without the answers.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many answers came in each minute from the start.
    #[must_use]
    pub fn answers(&self) -> &[u32] {
        &self.answers
    }

    /// What the rules want to know.
    #[must_use]
    pub fn noticed(&self) -> &[(Timestamp, Noticed)] {
        &self.noticed
    }

    /// When it ended.
    #[must_use]
    pub const fn ended_at(&self) -> Option<Timestamp> {
        self.ended_at
    }

    /// What came of each request, at `now`. One that fell into a pause or a lock was not made, and
    /// one whose time the end, or the consent that was taken back, cut short is excused.
    #[must_use]
    pub fn asked<S: std::hash::BuildHasher>(
        &self,
        requests: &[(RequestId, Timestamp)],
        came: &HashMap<RequestId, Came, S>,
        withdrawn_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Vec<Asked> {
        let ends = [self.ended_at, withdrawn_at];
        let cut_at = ends.into_iter().flatten().min();
        let outcome = |id: &RequestId, at: Timestamp| match came.get(id) {
            Some(came) => Outcome::Taken {
                late: came.at.since(at + LIFE),
                findings: came.findings.clone().unwrap_or_default(),
                by_hand: came.by_hand,
                camera: came.camera.clone(),
            },
            None if self.stood_at(at) => Outcome::Excused,
            None if cut_at.is_some_and(|cut_at| cut_at < at + LIFE) => Outcome::Excused,
            None if now < at + LIFE => Outcome::Waiting,
            None => Outcome::Missing,
        };
        requests.iter().map(|(id, at)| Asked { at: *at, outcome: outcome(id, *at) }).collect()
    }

    fn stood_at(&self, at: Timestamp) -> bool {
        self.stopped.iter().any(|(from, to)| *from <= at && to.is_none_or(|to| at < to))
    }
}

#[cfg(test)]
mod tests {
    use exam_core::session::Slot;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ms(1_000_000 + seconds * 1_000)
    }

    fn id_of(number: u32) -> String {
        format!("{number:08x}-0000-4000-8000-000000000000")
    }

    fn by() -> By {
        By::Staff(id_of(1).parse().expect("an id"))
    }

    fn opened(seconds: i64, device: u32) -> Event {
        Event::Opened { at: at(seconds), device: id_of(device).parse().expect("an id") }
    }

    fn saved(seconds: i64) -> Event {
        let response = exam_core::item::OptionSet::first(1);
        let (client_at, arrived_at) = (None, None);
        Event::Saved { at: at(seconds), n: 1, slot: Slot(1), response, client_at, arrived_at }
    }

    fn traced(events: &[Event]) -> Trace {
        let mut trace = Trace::default();
        trace.read(&Event::Started { at: at(0), deadline: at(3_600), slots: vec![] });
        events.iter().for_each(|event| trace.read(event));
        trace
    }

    #[test]
    fn answers_are_counted_by_minute_and_make_no_lines() {
        let trace = traced(&[saved(1), saved(59), saved(60), saved(200)]);
        assert_eq!(trace.answers(), [2, 1, 0, 1]);
        assert_eq!(trace.entries().len(), 1);
    }

    #[test]
    fn another_device_is_told_from_the_same_one_that_comes_back() {
        let trace = traced(&[opened(1, 7), opened(2, 7), opened(3, 8)]);
        let others: Vec<bool> =
            trace.noticed().iter().map(|(_, noticed)| *noticed == Noticed::Opened(true)).collect();
        assert_eq!(others, [false, false, true]);
    }

    #[test]
    fn a_request_waits_is_excused_is_missing_or_was_met() {
        let paused = Event::Paused {
            at: at(100),
            remaining: Span::from_minutes(50),
            until: at(400),
            by: by(),
            reason: "drill".into(),
        };
        let resumed = Event::Resumed { at: at(200), deadline: at(3_700), by: by() };
        let closed = Event::Closed {
            at: at(1_000),
            by: ClosedBy::Submit,
            n: Some(1),
            staff: None,
            reason: String::new(),
        };
        let trace = traced(&[paused, resumed, closed]);
        let ids: Vec<RequestId> =
            (0..5).map(|n| format!("{n:032x}").parse().expect("an id")).collect();
        let times = [50, 150, 200, 900, 990].map(at);
        let requests: Vec<_> = ids.iter().copied().zip(times).collect();
        let photo = Came {
            at: at(75 + 60),
            findings: Some(vec![Finding::Dark]),
            by_hand: false,
            camera: String::new(),
        };
        let came = HashMap::from([(ids[0], photo)]);
        let outcomes = |now: i64| {
            let asked = trace.asked(&requests, &came, None, at(now));
            asked.into_iter().map(|asked| asked.outcome).collect::<Vec<_>>()
        };
        let late = Outcome::Taken {
            late: Span::from_seconds(25),
            findings: vec![Finding::Dark],
            by_hand: false,
            camera: String::new(),
        };
        let (missing, excused) = (Outcome::Missing, Outcome::Excused);
        assert_eq!(
            outcomes(2_000),
            [late.clone(), excused.clone(), missing.clone(), missing, excused.clone()]
        );
        assert_eq!(outcomes(230)[2], Outcome::Waiting);
        assert_eq!(outcomes(230)[1], excused);
        assert_eq!(outcomes(230)[0], late);
        // Whoever took the consent back half a minute later was not to answer any more.
        let withdrawn = trace.asked(&requests, &came, Some(at(930)), at(2_000));
        assert_eq!(withdrawn[3].outcome, Outcome::Excused);
    }
}
