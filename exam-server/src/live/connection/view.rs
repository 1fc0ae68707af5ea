//! What the candidate has been told, so that only changes are pushed.

use exam_core::session::{By, Session, SessionState};
use exam_core::time::{Span, Timestamp};

use crate::protocol::{ServerMessage, extended_by};

/// The part of a session that others can change under a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View {
    state: SessionState,
    locked: bool,
    /// How many times the candidate was told something.
    told: u32,
}

impl View {
    pub(super) fn of(session: &Session) -> Self {
        let told = session.told().map_or(0, |told| told.number);
        Self { state: *session.state(), locked: session.is_locked(), told }
    }

    /// As [`of`](Self::of), for a connection that was opened just now: what was told since the open
    /// before it may not have been heard.
    pub(super) fn at_open(session: &Session) -> Self {
        let view = Self::of(session);
        let unheard = session.told().is_some_and(|told| told.opens + 1 == session.opens());
        Self { told: view.told.saturating_sub(u32::from(unheard)), ..view }
    }

    /// Whether the clock runs and responses count.
    pub(super) const fn runs(self) -> bool {
        matches!(self.state, SessionState::Running { .. }) && !self.locked
    }

    /// What to push so that a candidate who knew this view knows `session`.
    pub(super) fn changes(self, session: &Session, now: Timestamp) -> Vec<ServerMessage> {
        let remaining_ms = session.remaining(now);
        let extended = |deadline_ms: Option<Timestamp>, added_ms: Span| {
            let by = extended_by(session.extended_by().unwrap_or(By::Clock));
            ServerMessage::Extended { deadline_ms, remaining_ms, added_ms, by }
        };
        let mut changes = Vec::new();
        match (self.state, *session.state()) {
            (SessionState::Running { deadline: old }, SessionState::Running { deadline: new })
                if new > old =>
            {
                changes.push(extended(Some(new), new.since(old)));
            }
            (SessionState::Running { .. }, SessionState::Paused { until, .. }) => {
                changes.push(ServerMessage::Paused { until_ms: until, remaining_ms });
            }
            (SessionState::Paused { .. }, SessionState::Running { deadline }) => {
                changes.push(ServerMessage::Resumed { deadline_ms: deadline, remaining_ms });
            }
            (
                SessionState::Paused { remaining: old, .. },
                SessionState::Paused { remaining: new, .. },
            ) if new > old => {
                changes.push(extended(None, Span::from_ms(new.as_ms() - old.as_ms())));
            }
            _ => {}
        }
        match (self.locked, session.is_locked()) {
            (false, true) => changes.push(ServerMessage::Locked),
            (true, false) => changes.push(ServerMessage::Unlocked),
            _ => {}
        }
        if let Some(told) = session.told().filter(|told| told.number > self.told) {
            changes.push(ServerMessage::Message { number: told.number, text: told.text.clone() });
        }
        changes
    }
}
