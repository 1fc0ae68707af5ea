//! A cycle of assessment (周期) as data: its name, its years and its windows (S0).
//!
//! Nothing about a cycle is written into the program: neither its length nor its windows have a
//! default, and a window that is not there is never open.

use exam_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::coded::Coded;
use crate::date::Date;
use crate::text;

/// A cycle as an operator writes it, nothing checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCycle {
    /// What people call it: 第六周期.
    pub name: String,
    /// Its first day.
    pub starts: Date,
    /// Its last day.
    pub ends: Date,
    /// When its steps may be taken.
    pub windows: Vec<Window>,
}

/// A cycle in order; made only from a [`RawCycle`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawCycle", into = "RawCycle")]
pub struct Cycle(RawCycle);

/// A time in which a step may be taken: from `opens_at` on, until just before `closes_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// What it is for.
    pub step: Step,
    /// The first instant inside.
    pub opens_at: Timestamp,
    /// The first instant after.
    pub closes_at: Timestamp,
}

/// The steps of a cycle that have windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// 报名: physicians fill in and submit the form (S8).
    Registration,
    /// 机构审核 (S35).
    InstitutionReview,
    /// 复核 by the assessing body (S35).
    AssessingReview,
    /// 免考申请 (S42).
    Exemption,
    /// 参加测评 (S44).
    Exams,
    /// 打印证书 (S54).
    CertificatePrinting,
}

/// Why a cycle is not in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CycleError {
    /// Its name is empty, too long, or has control characters.
    #[error("cycle name is not 1 to {NAME_CHARS_MAX} characters")]
    NameMalformed,
    /// Its last day is before its first.
    #[error("cycle ends before it starts")]
    EndsBeforeStart,
    /// A window closes when it opens, or before.
    #[error("window closes before it opens")]
    WindowEmpty,
    /// Two windows of one step overlap.
    #[error("windows of one step overlap")]
    WindowsOverlap,
}

/// The most characters of a cycle's name.
const NAME_CHARS_MAX: usize = 50;

impl Cycle {
    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its first day.
    #[must_use]
    pub const fn starts(&self) -> Date {
        self.0.starts
    }

    /// Its last day.
    #[must_use]
    pub const fn ends(&self) -> Date {
        self.0.ends
    }

    /// The windows of `step`, in the order they open.
    pub fn windows(&self, step: Step) -> impl Iterator<Item = &Window> {
        self.0.windows.iter().filter(move |window| window.step == step)
    }

    /// Whether `step` may be taken at `now`.
    #[must_use]
    pub fn is_open(&self, step: Step, now: Timestamp) -> bool {
        self.windows(step).any(|window| window.opens_at <= now && now < window.closes_at)
    }

    /// When `step` opens next after `now`, or `None` when no window is announced.
    #[must_use]
    pub fn opens_next(&self, step: Step, now: Timestamp) -> Option<Timestamp> {
        self.windows(step).map(|window| window.opens_at).find(|opens_at| *opens_at > now)
    }
}

impl TryFrom<RawCycle> for Cycle {
    type Error = CycleError;
    fn try_from(mut raw: RawCycle) -> Result<Self, CycleError> {
        raw.name = raw.name.trim().to_owned();
        let chars = raw.name.chars().count();
        if !(1..=NAME_CHARS_MAX).contains(&chars) || raw.name.chars().any(text::is_forbidden) {
            return Err(CycleError::NameMalformed);
        }
        if raw.ends < raw.starts {
            return Err(CycleError::EndsBeforeStart);
        }
        if raw.windows.iter().any(|window| window.closes_at <= window.opens_at) {
            return Err(CycleError::WindowEmpty);
        }
        raw.windows.sort_by_key(|window| (window.step, window.opens_at));
        if raw
            .windows
            .windows(2)
            .any(|pair| pair[0].step == pair[1].step && pair[1].opens_at < pair[0].closes_at)
        {
            return Err(CycleError::WindowsOverlap);
        }
        Ok(Self(raw))
    }
}

impl From<Cycle> for RawCycle {
    fn from(cycle: Cycle) -> Self {
        cycle.0
    }
}

impl Coded for CycleError {
    fn code(&self) -> &'static str {
        match self {
            Self::NameMalformed => "cycle_name_malformed",
            Self::EndsBeforeStart => "cycle_ends_before_start",
            Self::WindowEmpty => "cycle_window_empty",
            Self::WindowsOverlap => "cycle_windows_overlap",
        }
    }

    fn message(&self) -> &'static str {
        match self {
            Self::NameMalformed => "周期名称应为1至50个字",
            Self::EndsBeforeStart => "周期的结束日期早于开始日期",
            Self::WindowEmpty => "时间段的结束时间应晚于开始时间",
            Self::WindowsOverlap => "同一环节的时间段有重叠",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    fn window(step: Step, opens: i64, closes: i64) -> Window {
        Window { step, opens_at: at(opens), closes_at: at(closes) }
    }

    fn raw() -> RawCycle {
        RawCycle {
            name: " 第六周期 ".to_owned(),
            starts: Date::new(2024, 1, 1).unwrap(),
            ends: Date::new(2026, 12, 31).unwrap(),
            windows: vec![
                window(Step::Registration, 500, 600),
                window(Step::Registration, 100, 200),
                window(Step::Exams, 150, 300),
            ],
        }
    }

    #[test]
    fn a_window_is_open_from_its_first_instant_until_just_before_its_last() {
        let cycle = Cycle::try_from(raw()).unwrap();
        assert_eq!(cycle.name(), "第六周期");
        assert!(!cycle.is_open(Step::Registration, at(99)));
        assert!(cycle.is_open(Step::Registration, at(100)));
        assert!(cycle.is_open(Step::Registration, at(199)));
        assert!(!cycle.is_open(Step::Registration, at(200)));
        assert!(cycle.is_open(Step::Registration, at(550)));
    }

    #[test]
    fn a_step_without_a_window_is_never_open() {
        let cycle = Cycle::try_from(raw()).unwrap();
        assert!(!cycle.is_open(Step::CertificatePrinting, at(150)));
        assert_eq!(cycle.opens_next(Step::CertificatePrinting, at(0)), None);
    }

    #[test]
    fn the_next_opening_is_announced() {
        let cycle = Cycle::try_from(raw()).unwrap();
        assert_eq!(cycle.opens_next(Step::Registration, at(0)), Some(at(100)));
        assert_eq!(cycle.opens_next(Step::Registration, at(100)), Some(at(500)));
        assert_eq!(cycle.opens_next(Step::Registration, at(500)), None);
    }

    #[test]
    fn a_cycle_that_contradicts_itself_is_refused() {
        let refused = |change: fn(&mut RawCycle)| {
            let mut raw = raw();
            change(&mut raw);
            Cycle::try_from(raw).unwrap_err()
        };
        assert_eq!(refused(|raw| raw.name = " ".to_owned()), CycleError::NameMalformed);
        assert_eq!(refused(|raw| raw.name = "a\u{202E}".to_owned()), CycleError::NameMalformed);
        assert_eq!(
            refused(|raw| raw.ends = Date::new(2023, 1, 1).unwrap()),
            CycleError::EndsBeforeStart
        );
        assert_eq!(refused(|raw| raw.windows[0].closes_at = at(500)), CycleError::WindowEmpty);
        assert_eq!(refused(|raw| raw.windows[1].closes_at = at(501)), CycleError::WindowsOverlap);
    }

    #[test]
    fn a_cycle_survives_the_way_through_json_and_a_bad_one_does_not() {
        let cycle = Cycle::try_from(raw()).unwrap();
        let json = serde_json::to_string(&cycle).unwrap();
        assert!(json.contains(r#""starts":"2024-01-01""#));
        assert_eq!(serde_json::from_str::<Cycle>(&json).unwrap(), cycle);
        let backwards = json.replace("2024-01-01", "2027-01-01");
        assert!(serde_json::from_str::<Cycle>(&backwards).is_err());
    }
}
