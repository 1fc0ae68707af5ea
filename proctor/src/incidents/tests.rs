use exam_core::session::SignalKind;

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
    let (by_hand, camera) = (false, String::new());
    Outcome::Taken { late: Span::ZERO, findings: findings.to_vec(), by_hand, camera }
}

fn evidence<'a>(asked: &'a [Asked], noticed: &'a [(Timestamp, Noticed)]) -> Evidence<'a> {
    let (consent, no_camera) = (Consent::Given, false);
    Evidence { from: at(0), until: at(3_600), asked, noticed, consent, no_camera }
}

fn of(asked: &[Asked], noticed: &[(Timestamp, Noticed)]) -> Vec<(Kind, Severity)> {
    let evidence = evidence(asked, noticed);
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
    assert_eq!(of(&[], &signals(&[(10, Hidden), (200, Shown)])), [(Kind::Away, Severity::First)]);
    let call = of(&[], &signals(&[(9, Hidden), (10, Call), (400, Shown)]));
    assert_eq!(call, [(Kind::Away, Severity::Note), (Kind::Call, Severity::Note)]);
    let often: Vec<_> = (0..5).flat_map(|n| [(n * 100, Hidden), (n * 100 + 30, Shown)]).collect();
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
    let refused = Evidence { consent: Consent::Refused, ..evidence(&asked, &[]) };
    let found = incidents(&refused);
    assert_eq!((found.len(), found[0].kind), (1, Kind::NoConsent));
    let withdrawn = Evidence { consent: Consent::Withdrawn(at(30)), ..evidence(&[], &[]) };
    assert_eq!(incidents(&withdrawn)[0].kind, Kind::ConsentWithdrawn);
    let none = Evidence { no_camera: true, ..evidence(&[], &[]) };
    assert_eq!(incidents(&none)[0].kind, Kind::NoCamera);
    assert_eq!(gravest(&found), Some(Severity::Look));
    assert_eq!(gravest(&[]), None);
}

#[test]
fn i05_the_name_of_a_camera_is_a_hint() {
    let by = |camera: &str| Outcome::Taken {
        late: Span::ZERO,
        findings: vec![],
        by_hand: false,
        camera: camera.to_owned(),
    };
    let found = |cameras: &[&str]| {
        let outcomes: Vec<Outcome> = cameras.iter().map(|camera| by(camera)).collect();
        of(&asked(&outcomes), &[])
    };
    assert_eq!(found(&["", "", ""]), [], "a name may be hidden");
    assert_eq!(found(&["camera2 1, facing front", "camera2 1, facing front"]), []);
    let once = [(Kind::VirtualCamera, Severity::Look)];
    assert_eq!(found(&["OBS Virtual Camera", "OBS Virtual Camera"]), once);
    let changed = found(&["Front Camera", "", "Back Camera"]);
    assert_eq!(changed, [(Kind::OtherCamera, Severity::Note)]);
    let file =
        Outcome::Taken { late: Span::ZERO, findings: vec![], by_hand: true, camera: String::new() };
    assert_eq!(of(&asked(&[file]), &[]), [(Kind::ChosenFile, Severity::Note)]);
}
