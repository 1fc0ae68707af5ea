//! The rules, one for each thing that is seen.

use exam_core::session::SignalKind;
use exam_core::time::{Span, Timestamp};

use super::{Asked, Consent, Evidence, Incident, Kind, Noticed, Outcome, Severity};
use crate::findings::Finding;

/// Away for no longer than this is a glance at a message.
const AWAY_MIN: Span = Span::from_seconds(10);

/// Away for so long, in one go or all together, is looked at first.
const AWAY_LONG: Span = Span::from_minutes(2);

/// A camera may be gone for so long while a call comes in.
const CAMERA_GONE_MIN: Span = Span::from_seconds(60);

/// So many opens by another device than the last are no change of phones any more.
const DEVICES_MANY: usize = 3;

/// Parts of the names of programs that play a picture or a film as a camera.
const VIRTUAL: [&str; 10] = [
    "virtual",
    "obs",
    "manycam",
    "xsplit",
    "snap camera",
    "vcam",
    "splitcam",
    "webcamoid",
    "虚拟",
    "fake",
];

pub(super) fn of_consent(evidence: &Evidence<'_>, found: &mut Vec<Incident>) {
    match evidence.consent {
        Consent::Refused => {
            found.push(Incident::new(Kind::NoConsent, Severity::Look, evidence.from));
        }
        Consent::Withdrawn(at) => {
            found.push(Incident::new(Kind::ConsentWithdrawn, Severity::Look, at));
        }
        Consent::Given if evidence.no_camera => {
            found.push(Incident::new(Kind::NoCamera, Severity::Look, evidence.from));
        }
        Consent::Given => {}
    }
}

/// Names of cameras are claims of the phone: they point, and prove nothing.
pub(super) fn of_cameras(evidence: &Evidence<'_>, found: &mut Vec<Incident>) {
    let mut known: Option<&str> = None;
    let mut virtual_before = false;
    for Asked { at, outcome } in evidence.asked {
        let Outcome::Taken { by_hand, camera, .. } = outcome else { continue };
        if *by_hand {
            found.push(Incident::new(Kind::ChosenFile, Severity::Note, *at));
            continue;
        }
        let camera = camera.trim();
        if camera.is_empty() {
            continue; // Browsers hide the name as they like.
        }
        let name = camera.to_lowercase();
        let is_virtual = VIRTUAL.iter().any(|part| name.contains(part));
        if is_virtual && !virtual_before {
            found.push(Incident::new(Kind::VirtualCamera, Severity::Look, *at));
        }
        virtual_before |= is_virtual;
        if known.is_some_and(|known| known != camera) {
            found.push(Incident::new(Kind::OtherCamera, Severity::Note, *at));
        }
        known = Some(camera);
    }
}

pub(super) fn of_photographs(evidence: &Evidence<'_>, found: &mut Vec<Incident>) {
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
            Outcome::Taken { late, findings, .. } => {
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

pub(super) fn of_absence(evidence: &Evidence<'_>, found: &mut Vec<Incident>) {
    let calls = evidence.noticed.iter().filter(|(_, n)| *n == Noticed::Signal(SignalKind::Call));
    let calls: Vec<Timestamp> = calls.map(|(at, _)| *at).collect();
    found.extend(calls.iter().map(|at| Incident::new(Kind::Call, Severity::Note, *at)));
    let away = stretches(
        evidence,
        &[SignalKind::Hidden, SignalKind::Blurred],
        &[SignalKind::Shown, SignalKind::Focused],
    );
    let long: Vec<_> = away.into_iter().filter(|(_, length)| *length > AWAY_MIN).collect();
    // A call covers the page; that is an interruption, and no violation.
    let in_call = |(at, length): &(Timestamp, Span)| {
        calls.iter().any(|call| *at <= *call && *call <= *at + *length)
    };
    for one @ (at, length) in &long {
        let severity = match *length {
            _ if in_call(one) => Severity::Note,
            length if length >= AWAY_LONG => Severity::First,
            _ => Severity::Look,
        };
        found.push(Incident::new(Kind::Away, severity, *at).lasting(*length));
    }
    let left: Vec<_> = long.iter().filter(|one| !in_call(one)).collect();
    let all = left.iter().fold(Span::ZERO, |all, (_, length)| all + *length);
    if let Some((first, _)) = left.first().filter(|_| left.len() > 1 && all >= AWAY_LONG) {
        let often = Incident::new(Kind::AwayOften, Severity::First, *first);
        found.push(often.lasting(all).counted(left.len()));
    }
}

pub(super) fn of_lost_cameras(evidence: &Evidence<'_>, found: &mut Vec<Incident>) {
    let gone = stretches(evidence, &[SignalKind::CameraLost], &[SignalKind::CameraBack]);
    let gone = gone.into_iter().filter(|(_, length)| *length > CAMERA_GONE_MIN);
    found.extend(
        gone.map(|(at, length)| {
            Incident::new(Kind::CameraGone, Severity::Look, at).lasting(length)
        }),
    );
}

pub(super) fn of_devices(evidence: &Evidence<'_>, found: &mut Vec<Incident>) {
    let others = evidence.noticed.iter().filter(|(_, n)| *n == Noticed::Opened(true));
    let others: Vec<Timestamp> = others.map(|(at, _)| *at).collect();
    found.extend(others.iter().map(|at| Incident::new(Kind::OtherDevice, Severity::Look, *at)));
    if let Some(first) = others.first().filter(|_| others.len() >= DEVICES_MANY) {
        let often = Incident::new(Kind::DevicesOften, Severity::First, *first);
        found.push(often.counted(others.len()));
    }
}
