//! How people judge an attempt: what may follow on what, and who may do it.
//!
//! An incident accuses nobody. A member of staff looks at the evidence and says what it is; to void an
//! attempt takes two different people; the candidate may object once, and a third person decides on it.

use exam_core::ids::StaffId;
use exam_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// What a reviewer makes of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing is wrong.
    Normal,
    /// Something is odd, and stays without effect.
    Suspicious,
    /// The rules were broken.
    Violation,
}

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Says that nothing is wrong.
    Normal,
    /// Says that something is odd.
    Suspicious,
    /// Says that the rules were broken.
    Violation,
    /// Wants the attempt to be void.
    ProposeVoid,
    /// Agrees that it is void.
    ConfirmVoid,
    /// Does not agree, or takes the own proposal back.
    DeclineVoid,
    /// The candidate objects.
    Appeal,
    /// The objection is right: nothing stays.
    UpholdAppeal,
    /// The objection is not right: everything stays.
    DismissAppeal,
}

impl Act {
    /// Its name in the API and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Suspicious => "suspicious",
            Self::Violation => "violation",
            Self::ProposeVoid => "propose_void",
            Self::ConfirmVoid => "confirm_void",
            Self::DeclineVoid => "decline_void",
            Self::Appeal => "appeal",
            Self::UpholdAppeal => "uphold_appeal",
            Self::DismissAppeal => "dismiss_appeal",
        }
    }

    /// What a verdict is given by.
    #[must_use]
    pub const fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Normal => Some(Verdict::Normal),
            Self::Suspicious => Some(Verdict::Suspicious),
            Self::Violation => Some(Verdict::Violation),
            _ => None,
        }
    }
}

/// One step of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Who; nobody where it was the candidate.
    pub staff: Option<StaffId>,
    /// What.
    pub act: Act,
}

/// Where a review stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has looked.
    Waiting,
    /// Somebody has said that nothing is wrong.
    Normal,
    /// That something is odd.
    Suspicious,
    /// That the rules were broken.
    Violation,
    /// One person wants it to be void.
    VoidProposed,
    /// It is void.
    Void,
    /// The candidate has objected, and nobody has decided.
    Appealed,
}

impl State {
    /// Its name in the API and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Normal => "normal",
            Self::Suspicious => "suspicious",
            Self::Violation => "violation",
            Self::VoidProposed => "void_proposed",
            Self::Void => "void",
            Self::Appealed => "appealed",
        }
    }
}

impl From<Verdict> for State {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Normal => Self::Normal,
            Verdict::Suspicious => Self::Suspicious,
            Verdict::Violation => Self::Violation,
        }
    }
}

/// Why an act is refused. A refusal changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It does not follow on what was done.
    #[error("this does not follow on where the review stands")]
    OutOfOrder,
    /// Somebody else has to do it.
    #[error("somebody else has to do this: you had a part in it before")]
    SamePerson,
    /// The candidate has objected before.
    #[error("an objection was made before")]
    Appealed,
    /// It is too late for it.
    #[error("the time for it is over")]
    TooLate,
    /// There is nothing that it could be against.
    #[error("there is no decision to object to")]
    NothingDecided,
}

/// A review as its steps make it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Review {
    verdict: Option<(Verdict, Step)>,
    proposed: Option<Step>,
    voided: Option<Step>,
    appealed: Option<Step>,
    /// Whether the objection was right, once somebody has decided.
    upheld: Option<bool>,
    /// Everybody who had a part in what an objection is against.
    judges: Vec<StaffId>,
    steps: u32,
}

impl Review {
    /// Folds the steps of a review, in their order.
    #[must_use]
    pub fn of<'a>(steps: impl IntoIterator<Item = &'a Step>) -> Self {
        let mut review = Self::default();
        for step in steps {
            review.evolve(step);
        }
        review
    }

    fn evolve(&mut self, step: &Step) {
        self.steps += 1;
        if let Some(staff) = step.staff.filter(|staff| !self.judges.contains(staff)) {
            self.judges.push(staff);
        }
        match step.act {
            Act::Normal | Act::Suspicious | Act::Violation => {
                self.verdict = step.act.verdict().map(|verdict| (verdict, step.clone()));
            }
            Act::ProposeVoid => self.proposed = Some(step.clone()),
            Act::ConfirmVoid => {
                self.voided = Some(step.clone());
            }
            Act::DeclineVoid => self.proposed = None,
            // What was proposed and not confirmed until then is not any more: somebody else decides now.
            Act::Appeal => (self.appealed, self.proposed) = (Some(step.clone()), None),
            Act::UpholdAppeal => {
                (self.proposed, self.voided) = (None, None);
                self.upheld = Some(true);
            }
            Act::DismissAppeal => self.upheld = Some(false),
        }
    }

    /// The review with one more step.
    #[must_use]
    pub fn after(&self, step: &Step) -> Self {
        let mut review = self.clone();
        review.evolve(step);
        review
    }

    /// Whether the attempt is void.
    #[must_use]
    pub const fn is_void(&self) -> bool {
        self.voided.is_some()
    }

    /// How many steps there are.
    #[must_use]
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        match (&self.verdict, self.upheld) {
            _ if self.appealed.is_some() && self.upheld.is_none() => State::Appealed,
            (_, Some(true)) => State::Normal,
            _ if self.voided.is_some() => State::Void,
            _ if self.proposed.is_some() => State::VoidProposed,
            (Some((verdict, _)), _) => (*verdict).into(),
            (None, _) => State::Waiting,
        }
    }

    /// Whether the objection was right; `None` while there is none, or nobody has decided.
    #[must_use]
    pub const fn upheld(&self) -> Option<bool> {
        self.upheld
    }

    /// When the candidate objected.
    #[must_use]
    pub fn appealed_at(&self) -> Option<Timestamp> {
        self.appealed.as_ref().map(|step| step.at)
    }

    /// Until when the candidate may object; `None` where there is nothing to object to, and after an
    /// objection.
    #[must_use]
    pub fn appeal_until(&self, within: Span) -> Option<Timestamp> {
        if self.appealed.is_some() {
            return None;
        }
        let decided_at = match (&self.voided, &self.verdict) {
            (Some(voided), _) => voided.at,
            (None, Some((Verdict::Suspicious | Verdict::Violation, step))) => step.at,
            (None, _) => return None,
        };
        Some(decided_at + within)
    }

    /// Whether `staff` may do `act` now.
    ///
    /// # Errors
    /// [`Refusal`] says why not.
    pub fn may(&self, act: Act, staff: StaffId) -> Result<(), Refusal> {
        let is_open = self.appealed.is_none() && self.voided.is_none();
        let must = |holds: bool| if holds { Ok(()) } else { Err(Refusal::OutOfOrder) };
        match act {
            Act::Normal | Act::Suspicious | Act::Violation => {
                must(is_open && self.proposed.is_none())
            }
            Act::ProposeVoid => must(is_open && self.proposed.is_none()),
            Act::DeclineVoid => must(is_open && self.proposed.is_some()),
            Act::ConfirmVoid => {
                let proposed = self.proposed.as_ref().filter(|_| is_open);
                let proposed = proposed.ok_or(Refusal::OutOfOrder)?;
                if proposed.staff == Some(staff) { Err(Refusal::SamePerson) } else { Ok(()) }
            }
            Act::UpholdAppeal | Act::DismissAppeal => {
                must(self.state() == State::Appealed)?;
                if self.judges.contains(&staff) { Err(Refusal::SamePerson) } else { Ok(()) }
            }
            Act::Appeal => Err(Refusal::OutOfOrder), // Nobody objects for a candidate.
        }
    }

    /// Whether the candidate may object at `now`.
    ///
    /// # Errors
    /// [`Refusal`] says why not.
    pub fn may_appeal(&self, within: Span, now: Timestamp) -> Result<(), Refusal> {
        if self.appealed.is_some() {
            return Err(Refusal::Appealed);
        }
        match self.appeal_until(within) {
            None => Err(Refusal::NothingDecided),
            Some(until) if now > until => Err(Refusal::TooLate),
            Some(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
