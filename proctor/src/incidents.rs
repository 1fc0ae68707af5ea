//! What signals and photographs amount to. Rules only point: an incident has no way to change an
//! attempt, and what it means is decided by a person who sees the evidence.

use exam_core::session::SignalKind;
use exam_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::findings::Finding;

/// Away for no longer than this is a glance at a message.
const AWAY_MIN: Span = Span::from_seconds(10);

/// Away for so long, in one go or all together, is looked at first.
const AWAY_LONG: Span = Span::from_minutes(2);

/// A camera may be gone for so long while a call comes in.
const CAMERA_GONE_MIN: Span = Span::from_seconds(60);

/// So many opens by another device than the last are no change of phones any more.
const DEVICES_MANY: usize = 3;

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its time is not over.
    Waiting,
    /// It fell into a pause or a lock, and was not made.
    Excused,
    /// No photograph came.
    Missing,
    /// One came.
    Taken {
        /// How much after its time.
        late: Span,
        /// What it shows.
        findings: Vec<Finding>,
    },
}

/// A request and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: Outcome,
}

/// Something a journal tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// The page of the holder noticed something.
    Signal(SignalKind),
    /// A device took the session; true for another one than before.
    Opened(bool),
}

/// What is known of an attempt.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// When it ended, or now.
    pub until: Timestamp,
    /// In order.
    pub asked: &'a [Asked],
    /// In order.
    pub noticed: &'a [(Timestamp, Noticed)],
    /// Whether photographs were agreed to; without that none is asked for.
    pub consented: bool,
}

/// How soon somebody should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// To be looked at.
    Look,
    /// To be looked at first.
    First,
}

/// What an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A photograph shows something.
    Photograph(Finding),
    /// A photograph did not come.
    SnapshotMissing,
    /// More than half of them did not come.
    SnapshotsMostlyMissing,
    /// A photograph came late.
    SnapshotLate,
    /// The candidate did not agree to photographs.
    NoConsent,
    /// The page was left.
    Away,
    /// The page was left for long, all times together.
    AwayOften,
    /// There was a call.
    Call,
    /// The camera was gone.
    CameraGone,
    /// Another device took the session.
    OtherDevice,
    /// Devices took it from each other.
    DevicesOften,
}

/// Something that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// What it is.
    pub kind: Kind,
    /// How soon.
    pub severity: Severity,
    /// When it began.
    #[serde(rename = "at_ms")]
    pub at: Timestamp,
    /// How long it took, where that says something.
    #[serde(rename = "length_ms", skip_serializing_if = "Option::is_none")]
    pub length: Option<Span>,
    /// How often, where that says something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<usize>,
}

impl Incident {
    const fn new(kind: Kind, severity: Severity, at: Timestamp) -> Self {
        Self { kind, severity, at, length: None, times: None }
    }

    const fn lasting(self, length: Span) -> Self {
        Self { length: Some(length), ..self }
    }

    const fn counted(self, times: usize) -> Self {
        Self { times: Some(times), ..self }
    }
}

/// All incidents of an attempt, in their order.
#[must_use]
pub fn incidents(evidence: &Evidence<'_>) -> Vec<Incident> {
    let mut found = Vec::new();
    of_photographs(evidence, &mut found);
    of_absence(evidence, &mut found);
    of_camera(evidence, &mut found);
    of_devices(evidence, &mut found);
    found.sort_by_key(|incident| incident.at);
    found
}

/// The gravest severity among them.
#[must_use]
pub fn gravest(incidents: &[Incident]) -> Option<Severity> {
    incidents.iter().map(|incident| incident.severity).max()
}

fn of_photographs(evidence: &Evidence<'_>, found: &mut Vec<Incident>) {
    if !evidence.consented {
        let at = evidence.asked.first().map_or(evidence.until, |asked| asked.at);
        found.push(Incident::new(Kind::NoConsent, Severity::Look, at));
        return;
    }
    let mut nobody_before = false;
    let mut missing = Vec::new();
    let mut due = 0;
    for Asked { at, outcome } in evidence.asked {
        let mut nobody = false;
        match outcome {
            Outcome::Waiting | Outcome::Excused => continue,
            Outcome::Missing => {
                missing.push(*at);
                found.push(Incident::new(Kind::SnapshotMissing, Severity::Look, *at));
            }
            Outcome::Taken { late, findings } => {
                if *late > Span::ZERO {
                    let late =
                        Incident::new(Kind::SnapshotLate, Severity::Note, *at).lasting(*late);
                    found.push(late);
                }
                nobody = findings.contains(&Finding::NoFace);
                for finding in findings {
                    // One empty chair is a dropped pen; two in a row are not.
                    let severity = match finding {
                        Finding::NoFace if nobody_before => Severity::First,
                        other => other.severity(),
                    };
                    found.push(Incident::new(Kind::Photograph(*finding), severity, *at));
                }
            }
        }
        due += 1;
        nobody_before = nobody;
    }
    if let Some(first) = missing.first().filter(|_| missing.len() >= 2 && missing.len() * 2 > due) {
        let mostly = Incident::new(Kind::SnapshotsMostlyMissing, Severity::First, *first);
        found.push(mostly.counted(missing.len()));
    }
}

/// Stretches from a signal of one kind to the next of another; what has no end goes to the end.
fn stretches(
    evidence: &Evidence<'_>,
    begins: &[SignalKind],
    ends: &[SignalKind],
) -> Vec<(Timestamp, Span)> {
    let mut stretches = Vec::new();
    let mut since = None;
    for (at, noticed) in evidence.noticed {
        match noticed {
            Noticed::Signal(kind) if begins.contains(kind) => since = since.or(Some(*at)),
            Noticed::Signal(kind) if ends.contains(kind) => {
                stretches.extend(since.take().map(|since| (since, at.since(since))));
            }
            // A page that is opened is in front.
            Noticed::Opened(_) => {
                stretches.extend(since.take().map(|since| (since, at.since(since))));
            }
            Noticed::Signal(_) => {}
        }
    }
    stretches.extend(since.map(|since| (since, evidence.until.since(since))));
    stretches
}

fn of_absence(evidence: &Evidence<'_>, found: &mut Vec<Incident>) {
    let calls = evidence.noticed.iter().filter(|(_, n)| *n == Noticed::Signal(SignalKind::Call));
    let calls: Vec<Timestamp> = calls.map(|(at, _)| *at).collect();
    found.extend(calls.iter().map(|at| Incident::new(Kind::Call, Severity::Note, *at)));
    let away = stretches(
        evidence,
        &[SignalKind::Hidden, SignalKind::Blurred],
        &[SignalKind::Shown, SignalKind::Focused],
    );
    let long: Vec<_> = away.into_iter().filter(|(_, length)| *length > AWAY_MIN).collect();
    for (at, length) in &long {
        // A call covers the page; that is an interruption, and no violation.
        let in_call = calls.iter().any(|call| *at <= *call && *call <= *at + *length);
        let severity = match *length {
            _ if in_call => Severity::Note,
            length if length >= AWAY_LONG => Severity::First,
            _ => Severity::Look,
        };
        found.push(Incident::new(Kind::Away, severity, *at).lasting(*length));
    }
    let all = long.iter().fold(Span::ZERO, |all, (_, length)| all + *length);
    if let Some((first, _)) = long.first().filter(|_| long.len() > 1 && all >= AWAY_LONG) {
        let often = Incident::new(Kind::AwayOften, Severity::First, *first);
        found.push(often.lasting(all).counted(long.len()));
    }
}

fn of_camera(evidence: &Evidence<'_>, found: &mut Vec<Incident>) {
    let gone = stretches(evidence, &[SignalKind::CameraLost], &[SignalKind::CameraBack]);
    let gone = gone.into_iter().filter(|(_, length)| *length > CAMERA_GONE_MIN);
    found.extend(
        gone.map(|(at, length)| {
            Incident::new(Kind::CameraGone, Severity::Look, at).lasting(length)
        }),
    );
}

fn of_devices(evidence: &Evidence<'_>, found: &mut Vec<Incident>) {
    let others = evidence.noticed.iter().filter(|(_, n)| *n == Noticed::Opened(true));
    let others: Vec<Timestamp> = others.map(|(at, _)| *at).collect();
    found.extend(others.iter().map(|at| Incident::new(Kind::OtherDevice, Severity::Look, *at)));
    if let Some(first) = others.first().filter(|_| others.len() >= DEVICES_MANY) {
        let often = Incident::new(Kind::DevicesOften, Severity::First, *first);
        found.push(often.counted(others.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ms(START + seconds * 1_000)
    }

    fn asked(outcomes: &[Outcome]) -> Vec<Asked> {
        let at = |n: usize| at(60 * i64::try_from(n).expect("few"));
        outcomes
            .iter()
            .enumerate()
            .map(|(n, outcome)| Asked { at: at(n), outcome: outcome.clone() })
            .collect()
    }

    fn taken(findings: &[Finding]) -> Outcome {
        Outcome::Taken { late: Span::ZERO, findings: findings.to_vec() }
    }

    fn of(asked: &[Asked], noticed: &[(Timestamp, Noticed)]) -> Vec<(Kind, Severity)> {
        let evidence = Evidence { until: at(3_600), asked, noticed, consented: true };
        incidents(&evidence).into_iter().map(|one| (one.kind, one.severity)).collect()
    }

    fn signals(signals: &[(i64, SignalKind)]) -> Vec<(Timestamp, Noticed)> {
        signals.iter().map(|(seconds, kind)| (at(*seconds), Noticed::Signal(*kind))).collect()
    }

    #[test]
    fn an_exam_in_order_has_none() {
        let good = taken(&[]);
        assert_eq!(of(&asked(&[good.clone(), good, Outcome::Excused, Outcome::Waiting]), &[]), []);
    }

    #[test]
    fn one_empty_chair_is_looked_at_and_two_in_a_row_first() {
        let empty = taken(&[Finding::NoFace]);
        let found = of(&asked(&[empty.clone(), taken(&[]), empty.clone(), empty]), &[]);
        let nobody = Kind::Photograph(Finding::NoFace);
        assert_eq!(
            found,
            [(nobody, Severity::Look), (nobody, Severity::Look), (nobody, Severity::First)]
        );
    }

    #[test]
    fn what_is_missing_counts_more_the_more_it_is() {
        let missing = |n: usize| {
            let outcomes = [vec![Outcome::Missing; n], vec![taken(&[]); 6 - n]].concat();
            of(&asked(&outcomes), &[])
        };
        assert_eq!(missing(1), [(Kind::SnapshotMissing, Severity::Look)]);
        assert_eq!(missing(3).len(), 3);
        let mostly = (Kind::SnapshotsMostlyMissing, Severity::First);
        assert!(!missing(3).contains(&mostly) && missing(4).contains(&mostly));
        // A single request that failed says nothing of the rest.
        assert_eq!(of(&asked(&[Outcome::Missing]), &[]), [(Kind::SnapshotMissing, Severity::Look)]);
    }

    #[test]
    fn leaving_the_page_is_measured_and_a_call_is_no_violation() {
        use SignalKind::{Call, Hidden, Shown};
        assert_eq!(of(&[], &signals(&[(10, Hidden), (15, Shown)])), []);
        assert_eq!(of(&[], &signals(&[(10, Hidden), (40, Shown)])), [(Kind::Away, Severity::Look)]);
        assert_eq!(
            of(&[], &signals(&[(10, Hidden), (200, Shown)])),
            [(Kind::Away, Severity::First)]
        );
        let call = of(&[], &signals(&[(9, Hidden), (10, Call), (400, Shown)]));
        assert_eq!(call, [(Kind::Away, Severity::Note), (Kind::Call, Severity::Note)]);
        let often: Vec<_> =
            (0..5).flat_map(|n| [(n * 100, Hidden), (n * 100 + 30, Shown)]).collect();
        let found = of(&[], &signals(&often));
        assert!(found.contains(&(Kind::AwayOften, Severity::First)), "{found:?}");
        // Whoever never comes back was away to the end.
        assert_eq!(of(&[], &signals(&[(3_000, Hidden)])), [(Kind::Away, Severity::First)]);
        // A page that was killed is opened again, and is in front.
        let mut killed = signals(&[(10, Hidden)]);
        killed.push((at(30), Noticed::Opened(false)));
        assert_eq!(of(&[], &killed), [(Kind::Away, Severity::Look)]);
    }

    #[test]
    fn i06_a_camera_that_is_gone_for_a_while_is_noticed() {
        use SignalKind::{CameraBack, CameraLost};
        assert_eq!(of(&[], &signals(&[(10, CameraLost), (60, CameraBack)])), []);
        let gone = of(&[], &signals(&[(10, CameraLost), (90, CameraBack)]));
        assert_eq!(gone, [(Kind::CameraGone, Severity::Look)]);
    }

    #[test]
    fn devices_that_take_turns_are_looked_at_first() {
        let opens = |times: usize| {
            let other = |n: usize| (at(60 * i64::try_from(n).expect("few")), Noticed::Opened(true));
            of(&[], &(0..times).map(other).collect::<Vec<_>>())
        };
        assert_eq!(opens(1), [(Kind::OtherDevice, Severity::Look)]);
        assert!(opens(3).contains(&(Kind::DevicesOften, Severity::First)));
    }

    #[test]
    fn without_consent_nothing_is_missing_and_somebody_looks() {
        let asked = asked(&[Outcome::Missing, Outcome::Missing]);
        let evidence = Evidence { until: at(60), asked: &asked, noticed: &[], consented: false };
        let found = incidents(&evidence);
        assert_eq!((found.len(), found[0].kind), (1, Kind::NoConsent));
        assert_eq!(gravest(&found), Some(Severity::Look));
        assert_eq!(gravest(&[]), None);
    }
}
