//! When a candidate may start, and what the button on the list says.

use serde::{Deserialize, Serialize};

use crate::audience::Block;
use crate::exam::{Exam, Keep, LateStart, Tries};
use crate::grading::Verdict;
use crate::ids::AttemptId;
use crate::time::{Span, Timestamp};

/// A past or running attempt, as the rules see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastAttempt {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// When its clock started.
    pub started_at: Timestamp,
    /// When it was closed; none while it runs.
    pub closed_at: Option<Timestamp>,
    /// Whether it was declared void: it counts as a try, and its points do not count.
    pub voided: bool,
    /// Whether a declaration that was taken back had ended it: its points count, and it is no try,
    /// because the time that was left is lost.
    pub cut_short: bool,
    /// What was reached, in hundredths, and whether it sufficed.
    pub score: Option<(i64, Verdict)>,
}

/// What the one button of an exam says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Button {
    /// An attempt runs.
    Resume,
    /// Counted as passed without sitting it.
    Exempt,
    /// Passed, and nothing more to do.
    Passed,
    /// Something stands in the way.
    Blocked,
    /// The window has not opened.
    NotOpen,
    /// The window has closed.
    Closed,
    /// No tries are left.
    Failed,
    /// Come in.
    Enter,
}

/// Where a candidate stands with an exam.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What the button says.
    pub button: Button,
    /// What stands in the way, where something does.
    pub blocked_by: Option<Block>,
    /// The running attempt.
    pub open_attempt: Option<AttemptId>,
    /// How many tries were used.
    pub used: u32,
    /// The points of the attempt that counts, in hundredths.
    pub counted_points: Option<i64>,
}

/// The length of the hour in which starts are counted.
const HOUR: Span = Span::from_minutes(60);

/// Where a candidate stands with `exam` at `now`, given the attempts at it, oldest first, and
/// what already stands in the way. `exempt` is decided elsewhere.
#[must_use]
pub fn standing(
    exam: &Exam,
    attempts: &[PastAttempt],
    entitled: Result<Span, Block>,
    exempt: bool,
    now: Timestamp,
) -> Standing {
    let open = attempts.iter().find(|attempt| attempt.closed_at.is_none());
    let tries = attempts.iter().filter(|attempt| !attempt.cut_short);
    let used = u32::try_from(tries.count()).unwrap_or(u32::MAX);
    let passed = attempts.iter().any(has_passed);
    let block = entitled.err().or_else(|| waits(exam, attempts, now));
    let tries_left = match exam.attempts.allowed {
        Tries::Unlimited => true,
        Tries::AtMost(allowed) => used < allowed,
    };
    let time_fits = |time_allowed| deadline(exam, now, time_allowed).is_some();
    let button = if open.is_some() {
        Button::Resume
    } else if exempt {
        Button::Exempt
    } else if passed && exam.attempts.stop_at_first_pass {
        Button::Passed
    } else if block.is_some() {
        Button::Blocked
    } else if now < exam.opens_at {
        Button::NotOpen
    } else if now >= exam.closes_at || !entitled.is_ok_and(time_fits) {
        Button::Closed
    } else if !tries_left {
        if passed { Button::Passed } else { Button::Failed }
    } else {
        Button::Enter
    };
    Standing {
        button,
        blocked_by: block.filter(|_| button == Button::Blocked),
        open_attempt: open.map(|attempt| attempt.attempt_id),
        used,
        counted_points: counted(exam.attempts.keep, attempts),
    }
}

fn has_passed(attempt: &PastAttempt) -> bool {
    !attempt.voided && attempt.score.is_some_and(|(_, verdict)| verdict == Verdict::Passed)
}

/// What makes a candidate wait: the time between tries, or too many starts within the hour.
fn waits(exam: &Exam, attempts: &[PastAttempt], now: Timestamp) -> Option<Block> {
    let hour_ago = now - HOUR;
    let recent = attempts.iter().filter(|attempt| attempt.started_at > hour_ago).count();
    if recent >= exam.starts_per_hour_max as usize {
        return Some(Block::TooManyStarts);
    }
    let tries = attempts.iter().filter(|attempt| !attempt.cut_short);
    let last_closed = tries.filter_map(|attempt| attempt.closed_at).max();
    let gap = exam.attempts.gap;
    let waiting = last_closed.is_some_and(|closed_at| now < closed_at + gap);
    waiting.then_some(Block::WaitBetweenTries)
}

/// The points that count: of the best, the last, or the first passing attempt.
#[must_use]
pub fn counted(keep: Keep, attempts: &[PastAttempt]) -> Option<i64> {
    let scored = attempts.iter().filter(|attempt| !attempt.voided);
    let points = |attempt: &PastAttempt| attempt.score.map(|(points, _)| points);
    match keep {
        Keep::Best => scored.filter_map(points).max(),
        Keep::Last => scored.rev().find_map(points),
        Keep::FirstPass => {
            let first_pass = scored.clone().find(|attempt| has_passed(attempt)).and_then(points);
            first_pass.or_else(|| scored.rev().find_map(points))
        }
    }
}

/// The deadline of an attempt started at `now`; `None` where the exam refuses such a late start.
#[must_use]
pub fn deadline(exam: &Exam, now: Timestamp, time_allowed: Span) -> Option<Timestamp> {
    let full = now + time_allowed;
    match exam.late_start {
        LateStart::FullTime => Some(full),
        LateStart::Cut => Some(full.min(exam.closes_at)),
        LateStart::Refuse => (full <= exam.closes_at).then_some(full),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exam::tests::exam;
    use uuid::Uuid;

    const HOUR_MS: i64 = 3_600_000;
    const TIME_ALLOWED: Span = Span::from_minutes(60);

    fn attempt(
        started_ms: i64,
        closed_ms: Option<i64>,
        score: Option<(i64, Verdict)>,
    ) -> PastAttempt {
        PastAttempt {
            attempt_id: AttemptId::from_uuid(Uuid::from_u128(started_ms.unsigned_abs().into())),
            started_at: Timestamp::from_ms(started_ms),
            closed_at: closed_ms.map(Timestamp::from_ms),
            voided: false,
            cut_short: false,
            score,
        }
    }

    fn failed(at_ms: i64) -> PastAttempt {
        attempt(at_ms - 60_000, Some(at_ms), Some((5_000, Verdict::Failed)))
    }

    fn passed(at_ms: i64) -> PastAttempt {
        attempt(at_ms - 60_000, Some(at_ms), Some((8_000, Verdict::Passed)))
    }

    fn button(exam: &Exam, attempts: &[PastAttempt], now_ms: i64) -> Button {
        let now = Timestamp::from_ms(now_ms);
        standing(exam, attempts, Ok(TIME_ALLOWED), false, now).button
    }

    #[test]
    fn public_knowledge_is_retaken_at_once_until_it_is_passed() {
        let exam = exam();
        let now = exam.opens_at.as_ms() + 5 * HOUR_MS;
        assert_eq!(button(&exam, &[], now), Button::Enter);
        assert_eq!(button(&exam, &[failed(now)], now), Button::Enter);
        assert_eq!(button(&exam, &[failed(now - 1), passed(now)], now), Button::Passed);
    }

    #[test]
    fn the_first_reason_that_applies_is_shown() {
        let exam = exam();
        let (opens, closes) = (exam.opens_at.as_ms(), exam.closes_at.as_ms());
        let running = attempt(closes - 1, None, None);
        assert_eq!(button(&exam, &[running], closes + 1), Button::Resume);
        assert_eq!(button(&exam, &[], opens - 1), Button::NotOpen);
        assert_eq!(button(&exam, &[], closes), Button::Closed);
        let at = Timestamp::from_ms(opens - 1);
        let blocked = standing(&exam, &[], Err(Block::NotInAudience), false, at);
        assert_eq!(blocked.button, Button::Blocked);
        assert_eq!(blocked.blocked_by, Some(Block::NotInAudience));
        assert_eq!(standing(&exam, &[], Ok(TIME_ALLOWED), true, at).button, Button::Exempt);
    }

    #[test]
    fn tries_run_out() {
        let mut exam = exam();
        exam.attempts.allowed = Tries::AtMost(2);
        let now = exam.opens_at.as_ms() + 5 * HOUR_MS;
        assert_eq!(button(&exam, &[failed(now - 10)], now), Button::Enter);
        assert_eq!(button(&exam, &[failed(now - 10), failed(now - 5)], now), Button::Failed);
    }

    #[test]
    fn what_was_cut_short_by_mistake_is_no_try() {
        let mut exam = exam();
        exam.attempts.allowed = Tries::AtMost(1);
        exam.attempts.gap = Span::from_minutes(30);
        let now = exam.opens_at.as_ms() + 5 * HOUR_MS;
        let cut = PastAttempt { cut_short: true, ..failed(now - 10) };
        let at = standing(&exam, &[cut], Ok(TIME_ALLOWED), false, Timestamp::from_ms(now));
        assert_eq!((at.button, at.used, at.counted_points), (Button::Enter, 0, Some(5_000)));
        let void = PastAttempt { voided: true, ..failed(now - HOUR_MS) };
        assert_eq!(button(&exam, &[void], now), Button::Failed);
    }

    #[test]
    fn a_robot_is_stopped_by_the_hour() {
        let exam = exam();
        let now = exam.opens_at.as_ms() + 5 * HOUR_MS;
        let mut attempts: Vec<_> = (0..6).map(|i| failed(now - i * 60_000)).collect();
        attempts.reverse();
        let standing = standing(&exam, &attempts, Ok(TIME_ALLOWED), false, Timestamp::from_ms(now));
        assert_eq!(standing.blocked_by, Some(Block::TooManyStarts));
        assert_eq!(button(&exam, &attempts, now + HOUR_MS), Button::Enter);
    }

    #[test]
    fn a_gap_is_waited_for() {
        let mut exam = exam();
        exam.attempts.gap = Span::from_minutes(30);
        let now = exam.opens_at.as_ms() + 5 * HOUR_MS;
        assert_eq!(button(&exam, &[failed(now - 1)], now), Button::Blocked);
        assert_eq!(button(&exam, &[failed(now - HOUR_MS / 2)], now), Button::Enter);
    }

    #[test]
    fn the_kept_attempt_is_the_one_the_exam_names() {
        let attempts = [failed(1), passed(2), attempt(3, Some(4), Some((6_000, Verdict::Failed)))];
        assert_eq!(counted(Keep::Best, &attempts), Some(8_000));
        assert_eq!(counted(Keep::Last, &attempts), Some(6_000));
        assert_eq!(counted(Keep::FirstPass, &attempts), Some(8_000));
        assert_eq!(counted(Keep::FirstPass, &attempts[..1]), Some(5_000));
        assert_eq!(counted(Keep::Best, &[]), None);
        let void = PastAttempt { voided: true, ..attempts[1] };
        assert_eq!(counted(Keep::Best, &[attempts[0], void]), Some(5_000));
    }

    #[test]
    fn a_late_start_gets_what_the_exam_says() {
        let mut exam = exam();
        let now = exam.closes_at - Span::from_minutes(10);
        let full = now + TIME_ALLOWED;
        for (late_start, expected) in [
            (LateStart::FullTime, Some(full)),
            (LateStart::Cut, Some(exam.closes_at)),
            (LateStart::Refuse, None),
        ] {
            exam.late_start = late_start;
            assert_eq!(deadline(&exam, now, TIME_ALLOWED), expected);
        }
        assert_eq!(button(&exam, &[], now.as_ms()), Button::Closed);
    }
}
