//! Commands to events.

use super::{By, ClosedBy, Event, Seq, Session, SessionState, SignalKind, Slot};
use crate::ids::{DeviceId, StaffId};
use crate::item::{Choose, OptionSet};
use crate::time::{Span, Timestamp};

/// How late a message already in flight at the deadline may be.
pub const GRACE: Span = Span::from_seconds(5);

/// How long after deadline + grace nobody closes yet, so that frames which arrived in time are
/// committed first.
pub const SETTLE: Span = Span::from_seconds(2);

/// The longest pause; then the session resumes by itself.
pub const PAUSE_MAX: Span = Span::from_minutes(24 * 60);

/// How long after the server is ready again a credited attempt runs at least, so that phones can
/// flush what they kept.
pub const READY_SLACK: Span = Span::from_seconds(15);

/// Within how long two nodes notice the same outage: a sign of life is due every two seconds.
const NOTICED_WITHIN: Span = Span::from_seconds(2);

/// How far a message's number may run ahead of the highest one heard of its device.
pub const N_AHEAD_MAX: u64 = 100_000;

/// How often one attempt may be opened.
pub const OPENS_MAX: u32 = 100;

/// How many events one attempt may hold. Signals stop at nine tenths of it and marks at
/// nineteen twentieths, so that saves are last to be refused.
pub const EVENTS_MAX: u32 = 20_000;

/// Who is writing: a device, under the epoch its open was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writer {
    /// The device.
    pub device: DeviceId,
    /// The seq of the frame of its open.
    pub epoch: Seq,
}

/// A numbered message of a candidate's device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The device's number of it, from 1.
    pub n: u64,
    /// When its last byte was read, by this node or by the one that vouched for it.
    pub received_at: Timestamp,
    /// What it says.
    pub body: MessageBody,
}

/// What a candidate's message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageBody {
    /// Sets the response of a slot.
    Save {
        /// The slot's number as it came.
        slot: i64,
        /// The options; `None` where the message named something that is no option at all.
        response: Option<OptionSet>,
        /// The device's claim of when.
        client_at: Option<Timestamp>,
    },
    /// Marks a slot or takes the mark away.
    Mark {
        /// The slot's number as it came.
        slot: i64,
        /// Whether it is to be marked.
        on: bool,
    },
    /// Tells what the device noticed.
    Signal {
        /// What.
        kind: SignalKind,
    },
    /// Hands in.
    Submit,
}

/// What people and the clock may do to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A device wants to write from now on.
    Open {
        /// Which.
        device: DeviceId,
        /// Whether it may take the session over from another one.
        take_over: bool,
    },
    /// The instant of [`Session::next_wakeup`] has come.
    Wake,
    /// Adds time.
    Extend {
        /// How much.
        added: Span,
        /// Who.
        by: StaffId,
        /// Why.
        reason: String,
    },
    /// Gives back the time of a server outage that began at `from` and ended at `ready`.
    CreditOutage {
        /// The last sign of life before it.
        from: Timestamp,
        /// When the server was ready again.
        ready: Timestamp,
        /// The most that is given back of its length.
        cap: Span,
    },
    /// Stops the clock until `until`.
    Pause {
        /// When it resumes by itself.
        until: Timestamp,
        /// Who.
        by: StaffId,
        /// Why.
        reason: String,
    },
    /// Lets the clock run again.
    Resume {
        /// Who.
        by: StaffId,
    },
    /// Makes responses wait.
    Lock {
        /// Who.
        by: StaffId,
        /// Why.
        reason: String,
    },
    /// Lets responses count again.
    Unlock {
        /// Who.
        by: StaffId,
        /// Why.
        reason: String,
    },
    /// Ends the session now, with what it has.
    End {
        /// Who.
        by: StaffId,
        /// Why.
        reason: String,
    },
    /// Declares the attempt void, running or closed.
    Void {
        /// Who.
        by: StaffId,
        /// Why.
        reason: String,
    },
    /// Lets a void attempt count again.
    Reinstate {
        /// Who.
        by: StaffId,
        /// Why.
        reason: String,
    },
    /// Tells the candidate something.
    Tell {
        /// Who.
        by: StaffId,
        /// What.
        text: String,
    },
}

/// Why something was refused. A refusal changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another device, or a newer connection, writes now.
    #[error("another device or connection is the holder")]
    Elsewhere,
    /// The session has ended.
    #[error("the session is closed")]
    Closed,
    /// The message came after deadline and grace.
    #[error("time was up {late_by} before")]
    TooLate {
        /// How long after the deadline it was received.
        late_by: Span,
    },
    /// The paper has no such slot.
    #[error("no such slot")]
    BadSlot,
    /// The slot has no such option, or takes only one.
    #[error("not a response to this slot")]
    BadResponse,
    /// The number runs too far ahead.
    #[error("the number is more than {N_AHEAD_MAX} ahead")]
    BadN,
    /// The clock stands still.
    #[error("the session is paused")]
    Paused,
    /// An invigilator has locked the session.
    #[error("the session is locked")]
    Locked,
    /// The attempt has used up its opens or events.
    #[error("the attempt has reached its limit")]
    Full,
    /// A time that cannot be: a pause of no length or of more than [`PAUSE_MAX`].
    #[error("not a possible time")]
    BadTime,
}

impl Session {
    /// Decides what a numbered message of `writer` does. No event means that it was done before,
    /// so a phone may safely send a message twice.
    ///
    /// The checks stand in the order the protocol promises.
    ///
    /// # Errors
    /// [`Refusal::TooLate`] for a message received later than the deadline plus [`GRACE`]; the
    /// others as named. A refusal changes nothing.
    pub fn decide_message(
        &self,
        writer: Writer,
        message: &Message,
    ) -> Result<Option<Event>, Refusal> {
        let device = self.devices.index_of(writer.device).ok_or(Refusal::Elsewhere)?;
        if self.holder != Some(device) || self.epoch != writer.epoch {
            return Err(Refusal::Elsewhere);
        }
        if message.n > self.devices.last_n(device).saturating_add(N_AHEAD_MAX) {
            return Err(Refusal::BadN);
        }
        if self.is_repeat(device, message) {
            return Ok(None);
        }
        let late_by = match self.state {
            SessionState::Closed { .. } => return Err(Refusal::Closed),
            SessionState::Paused { .. } => return Err(Refusal::Paused),
            SessionState::Running { .. } if self.locked => return Err(Refusal::Locked),
            SessionState::Running { deadline } => message.received_at.since(deadline),
        };
        if late_by > GRACE {
            return Err(Refusal::TooLate { late_by });
        }
        self.event_of(message).map(Some)
    }

    /// Whether the journal holds this message, or one of the same device that replaced it.
    fn is_repeat(&self, device: u8, message: &Message) -> bool {
        let set_by = match message.body {
            MessageBody::Save { slot, .. } => self.wire_slot(slot).and_then(|slot| slot.set_by),
            MessageBody::Mark { slot, .. } => self.wire_slot(slot).and_then(|slot| slot.marked_by),
            MessageBody::Signal { .. } => return self.devices.has_signal(device, message.n),
            MessageBody::Submit => None,
        };
        set_by.is_some_and(|set| set.device() == device && message.n <= set.n())
    }

    fn event_of(&self, message: &Message) -> Result<Event, Refusal> {
        let n = message.n;
        let at = message.received_at.max(self.last_at);
        let used_up = |tenths: u32| self.events >= EVENTS_MAX / 20 * tenths;
        match message.body {
            MessageBody::Save { slot, response, client_at } => {
                let shape = self.wire_slot(slot).ok_or(Refusal::BadSlot)?.shape;
                let response = response.ok_or(Refusal::BadResponse)?;
                let fits = response.without(OptionSet::first(shape.options.into())).is_empty();
                if !fits || (shape.choose == Choose::One && response.len() > 1) {
                    return Err(Refusal::BadResponse);
                }
                if used_up(20) {
                    return Err(Refusal::Full);
                }
                let arrived_at = (message.received_at < at).then_some(message.received_at);
                Ok(Event::Saved { at, n, slot: slot_of(slot)?, response, client_at, arrived_at })
            }
            MessageBody::Mark { slot, on } => {
                self.wire_slot(slot).ok_or(Refusal::BadSlot)?;
                if used_up(19) {
                    return Err(Refusal::Full);
                }
                Ok(Event::Marked { at, n, slot: slot_of(slot)?, on })
            }
            MessageBody::Signal { .. } if used_up(18) => Err(Refusal::Full),
            MessageBody::Signal { kind } => Ok(Event::Signalled { at, n, kind }),
            MessageBody::Submit => Ok(Event::Closed {
                at,
                by: ClosedBy::Submit,
                n: Some(n),
                staff: None,
                reason: String::new(),
            }),
        }
    }

    fn wire_slot(&self, slot: i64) -> Option<&super::SlotState> {
        self.slot(slot_of(slot).ok()?)
    }

    /// Decides what `command` does at `now`. No event means that nothing is left to do.
    ///
    /// # Errors
    /// [`Refusal::Closed`] for anything but a void, or its taking back, once the session has ended;
    /// [`Refusal::Elsewhere`] for an open while another device is the holder and no takeover was
    /// asked for; [`Refusal::BadTime`] as named. A refusal changes nothing.
    pub fn decide(&self, command: Command, now: Timestamp) -> Result<Option<Event>, Refusal> {
        let at = now.max(self.last_at);
        if self.is_closed() {
            return match command {
                Command::Void { .. } if self.voided => Ok(None),
                Command::Void { by, reason } => {
                    Ok(Some(Event::Voided { at, by: By::Staff(by), reason }))
                }
                Command::Reinstate { by, reason } => {
                    Ok(self.voided.then_some(Event::Reinstated { at, by: By::Staff(by), reason }))
                }
                Command::Wake | Command::CreditOutage { .. } => Ok(None),
                _ => Err(Refusal::Closed),
            };
        }
        match command {
            Command::Open { device, take_over } => self.open(device, take_over, at).map(Some),
            Command::Wake => Ok(self.wake(at)),
            Command::Extend { added, .. } if added == Span::ZERO => Err(Refusal::BadTime),
            Command::Extend { added, by, reason } => {
                Ok(Some(Event::Extended { at, added, by: By::Staff(by), reason }))
            }
            Command::CreditOutage { from, ready, cap } => Ok(self.credit(from, ready, cap, at)),
            Command::Pause { until, by, reason } => self.pause(until, by, reason, at),
            Command::Resume { by } => Ok(match self.state {
                SessionState::Paused { remaining, .. } => {
                    Some(Event::Resumed { at, deadline: at + remaining, by: By::Staff(by) })
                }
                _ => None,
            }),
            Command::Lock { by, reason } => {
                Ok((!self.locked).then_some(Event::Locked { at, by: By::Staff(by), reason }))
            }
            Command::Unlock { by, reason } => {
                Ok(self.locked.then_some(Event::Unlocked { at, by: By::Staff(by), reason }))
            }
            Command::End { by, reason } => {
                Ok(Some(closed_by_staff(ClosedBy::Invigilator, at, by, reason)))
            }
            Command::Void { by, reason } => {
                Ok(Some(closed_by_staff(ClosedBy::Void, at, by, reason)))
            }
            Command::Reinstate { .. } => Ok(None),
            Command::Tell { .. } if self.events >= EVENTS_MAX / 20 * 18 => Err(Refusal::Full),
            Command::Tell { by, text } => Ok(Some(Event::Told { at, by: By::Staff(by), text })),
        }
    }

    fn open(&self, device: DeviceId, take_over: bool, at: Timestamp) -> Result<Event, Refusal> {
        if self.holder().is_some_and(|holder| holder != device) && !take_over {
            return Err(Refusal::Elsewhere);
        }
        if self.opens >= OPENS_MAX {
            return Err(Refusal::Full);
        }
        Ok(Event::Opened { at, device })
    }

    fn wake(&self, at: Timestamp) -> Option<Event> {
        match self.state {
            SessionState::Running { deadline } if at >= deadline + GRACE + SETTLE => {
                Some(Event::Closed {
                    at,
                    by: ClosedBy::Deadline,
                    n: None,
                    staff: None,
                    reason: String::new(),
                })
            }
            SessionState::Paused { remaining, until } if at >= until => {
                Some(Event::Resumed { at, deadline: until + remaining, by: By::Clock })
            }
            _ => None,
        }
    }

    /// The time an outage took from this session: all of it while the clock ran. A session whose
    /// time was up before the outage, grace included, lost nothing. What was given back already,
    /// by another node or by this one before it was interrupted, is not given back again.
    fn credit(&self, from: Timestamp, ready: Timestamp, cap: Span, at: Timestamp) -> Option<Event> {
        let SessionState::Running { deadline } = self.state else { return None };
        // Decided again behind a write that hung: the outage has gone on until now.
        let ready = if at.since(ready) > NOTICED_WITHIN { at } else { ready };
        if ready <= self.credited_until + NOTICED_WITHIN {
            return None;
        }
        let from = from.max(self.credited_until);
        if from >= deadline + GRACE {
            return None;
        }
        let lost = ready.since(from).min(cap);
        let floor = (ready + READY_SLACK).since(deadline);
        let added = lost.max(floor);
        (added > Span::ZERO).then(|| Event::Extended {
            at,
            added,
            by: By::Outage,
            reason: "outage".to_owned(),
        })
    }

    fn pause(
        &self,
        until: Timestamp,
        by: StaffId,
        reason: String,
        at: Timestamp,
    ) -> Result<Option<Event>, Refusal> {
        let SessionState::Running { deadline } = self.state else { return Ok(None) };
        if until <= at || until.since(at) > PAUSE_MAX {
            return Err(Refusal::BadTime);
        }
        let late_by = at.since(deadline);
        if late_by > Span::ZERO {
            return Err(Refusal::TooLate { late_by });
        }
        let remaining = deadline.since(at);
        Ok(Some(Event::Paused { at, remaining, until, by: By::Staff(by), reason }))
    }
}

fn closed_by_staff(by: ClosedBy, at: Timestamp, staff: StaffId, reason: String) -> Event {
    Event::Closed { at, by, n: None, staff: Some(staff), reason }
}

fn slot_of(slot: i64) -> Result<Slot, Refusal> {
    u16::try_from(slot).map(Slot).map_err(|_| Refusal::BadSlot)
}
