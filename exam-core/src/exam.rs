//! An exam: blueprints offered to an audience between two instants, under rules without hidden
//! defaults.

mod raw;

#[cfg(test)]
pub(crate) mod tests;

pub use raw::{ExamProblem, RawExam};

use serde::{Deserialize, Serialize};

use crate::audience::AudienceRow;
use crate::time::{Span, Timestamp};

/// Which of the tests of an assessment an exam is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExamKind {
    /// 公共知识测评
    PublicKnowledge,
    /// 业务水平测评
    Professional,
}

impl ExamKind {
    /// Its name in the protocol and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PublicKnowledge => "public_knowledge",
            Self::Professional => "professional",
        }
    }
}

/// What happens to a start whose time would run past the end of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LateStart {
    /// It gets its full time.
    FullTime,
    /// Its time ends with the window.
    Cut,
    /// It is refused.
    Refuse,
}

/// How many tries there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tries {
    /// Any number.
    Unlimited,
    /// So many.
    AtMost(u32),
}

/// Which attempt counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The best.
    Best,
    /// The last.
    Last,
    /// The first that passed, or the last while none has.
    FirstPass,
}

/// How often an exam may be sat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptPolicy {
    /// How many tries there are.
    pub allowed: Tries,
    /// How long to wait between two.
    pub gap: Span,
    /// Whether a pass ends it.
    pub stop_at_first_pass: bool,
    /// Which attempt counts.
    pub keep: Keep,
}

/// What a candidate is told after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shows {
    /// Points and verdict.
    Points,
    /// The verdict only.
    Verdict,
}

/// When a candidate may look at a closed paper again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Review {
    /// Never.
    Never,
    /// When nobody can start any more.
    AfterWindow,
}

/// What leaving the page means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    /// It is recorded.
    Record,
    /// It is recorded, and the candidate is warned.
    Warn,
    /// The session is locked until an invigilator unlocks it.
    Lock,
}

/// What is given back after an outage of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutageCredit {
    /// Whether anything is.
    pub enabled: bool,
    /// The most that is.
    pub cap: Span,
}

/// What happens to a candidate who has no camera, or does not agree to photographs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithoutCamera {
    /// The exam starts at once; the attempt is marked and looked at afterwards.
    Flag,
    /// The same, while somebody watches in the room.
    Supervised,
    /// The exam is sat at a place that is named.
    OnSite,
}

/// How an exam is watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proctoring {
    /// How many photographs are asked for at least, in the time allowed.
    pub snapshots: u32,
    /// What happens without a camera.
    pub without_camera: WithoutCamera,
    /// Where the exam is sat without a camera, and whom to turn to; what candidates are told.
    pub place: String,
    /// How long photographs are kept after the end of an attempt.
    pub keep: Span,
    /// How long a candidate may object to what was decided about an attempt.
    pub appeal: Span,
}

/// The consent that is asked for before photographs are taken.
pub const SNAPSHOT_CONSENT: &str = "snapshots";

/// The consent that is asked for before they are compared with the registry's photograph by a machine.
pub const RECOGNITION_CONSENT: &str = "recognition";

/// A text that a candidate agrees to before the clock starts (考试须知).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Changes with the text.
    pub version: String,
    /// What is agreed to.
    pub text: String,
}

/// A consent that is asked for beside the notice, and may be refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// What for, such as `snapshots`.
    pub kind: String,
    /// Changes with the text.
    pub version: String,
    /// What is agreed to.
    pub text: String,
}

/// An exam that holds together: made only from a [`RawExam`], or read back from the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exam {
    /// What it is called.
    pub title: String,
    /// Which of the tests it is.
    pub kind: ExamKind,
    /// The cycle it belongs to, by name.
    pub cycle: String,
    /// The banks it draws from, by name.
    pub banks: Vec<String>,
    /// What a candidate agrees to.
    pub notice: Notice,
    /// What a candidate may agree to besides.
    pub consents: Vec<Consent>,
    /// From when it can be started.
    pub opens_at: Timestamp,
    /// From when it cannot.
    pub closes_at: Timestamp,
    /// What happens to late starts.
    pub late_start: LateStart,
    /// How often it may be sat.
    pub attempts: AttemptPolicy,
    /// How many starts a candidate has within an hour; above human pace.
    pub starts_per_hour_max: u32,
    /// What a candidate is told after an attempt.
    pub shows: Shows,
    /// When a closed paper may be looked at again.
    pub review: Review,
    /// How often an item version may be used before others are preferred.
    pub exposure_cap: Option<u32>,
    /// What is given back after an outage.
    pub outage_credit: OutageCredit,
    /// What leaving the page means.
    pub leaving: Leaving,
    /// How it is watched, if it is.
    #[serde(default)]
    pub proctoring: Option<Proctoring>,
    /// Exams that have to be passed first, by title.
    pub requires_passed: Vec<String>,
    /// Who sits it, with one blueprint a row.
    pub audience: Vec<AudienceRow>,
}

impl Exam {
    /// The last instant at which an attempt started in time can end, pauses and extensions aside.
    #[must_use]
    pub fn last_deadline(&self) -> Timestamp {
        let longest = self.audience.iter().map(|row| row.blueprint.time_allowed).max();
        match self.late_start {
            LateStart::FullTime => self.closes_at + longest.unwrap_or_default(),
            LateStart::Cut | LateStart::Refuse => self.closes_at,
        }
    }
}
