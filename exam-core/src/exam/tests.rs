//! What an exam file may say.

use super::*;
use crate::points::Points;

const FILE: &str = r#"{
    "title": "公共知识测评", "kind": "public_knowledge", "cycle": "第六周期", "banks": ["公共"],
    "notice": {"version": "1", "text": "考试须知"},
    "opens_at": "2026-11-01T08:00:00+08:00", "closes_at": "2026-12-01T08:00:00+08:00",
    "late_start": "full_time", "shows": "points",
    "attempts": {"allowed": "unlimited", "stop_at_first_pass": true, "keep": "best"},
    "audience": [{"blueprint": {
        "time_allowed_minutes": 60, "pass_points": 60,
        "sections": [
            {"type": "single", "topics": ["公共知识"], "difficulties": ["easy"], "count": 40,
                "points": "1.5"},
            {"type": "X", "topics": ["公共知识/伦理"], "difficulties": ["easy", "hard"],
                "count": 10, "points": 4, "rule": "proportional"}
        ]}}]
}"#;

/// The exam of the file above.
pub(crate) fn exam() -> Exam {
    parse(FILE).expect("the file is whole")
}

fn parse(text: &str) -> Result<Exam, Vec<ExamProblem>> {
    let raw: RawExam = serde_json::from_str(text).expect("the file has the fields of an exam");
    raw.try_into()
}

/// The codes and paths of what is wrong with the file after a change.
fn problems(from: &str, to: &str) -> Vec<(&'static str, String)> {
    let changed = FILE.replacen(from, to, 1);
    assert_ne!(changed, FILE, "{from} stands in the file");
    let problems = parse(&changed).expect_err("the change breaks it");
    problems.into_iter().map(|problem| (problem.code, problem.path)).collect()
}

#[test]
fn a_whole_file_becomes_an_exam() {
    let exam = exam();
    let blueprint = &exam.audience[0].blueprint;
    assert_eq!(blueprint.slots(), 50);
    assert_eq!(blueprint.total_points(), Points::from_hundredths(10_000));
    assert_eq!(exam.starts_per_hour_max, 6);
    let stored = serde_json::to_string(&exam).expect("an exam can be stored");
    assert_eq!(serde_json::from_str::<Exam>(&stored).expect("and read back"), exam);
}

#[test]
fn what_decides_a_result_has_no_default() {
    for (from, path) in [
        (r#""pass_points": 60,"#, "audience[0].blueprint.pass_points"),
        (r#""time_allowed_minutes": 60,"#, "audience[0].blueprint.time_allowed_minutes"),
        (r#""late_start": "full_time","#, "late_start"),
        (r#", "keep": "best""#, "attempts.keep"),
        (r#""allowed": "unlimited", "#, "attempts.allowed"),
        (r#", "rule": "proportional""#, "audience[0].blueprint.sections[1].rule"),
    ] {
        assert_eq!(problems(from, ""), [("missing", path.to_owned())]);
    }
}

#[test]
fn every_problem_is_named_at_once() {
    let text = r#"{"kind": "public_knowledge", "opens_at": "tomorrow", "audience": [{}]}"#;
    let problems = parse(text).expect_err("nearly everything is missing");
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "title",
            "cycle",
            "banks",
            "notice",
            "opens_at",
            "closes_at",
            "late_start",
            "shows",
            "attempts",
            "audience[0].blueprint"
        ]
    );
}

#[test]
fn quotas_that_share_a_cell_are_refused() {
    let overlapping = problems(
        r#""type": "X", "topics": ["公共知识/伦理"]"#,
        r#""type": "single", "topics": ["公共知识/伦理"]"#,
    );
    assert!(overlapping.iter().any(|(code, _)| *code == "overlapping_sections"), "{overlapping:?}");
}

#[test]
fn numbers_that_cannot_be_are_refused() {
    for (from, to, code) in [
        (r#""pass_points": 60"#, r#""pass_points": 101"#, "unreachable"),
        (r#""count": 40"#, r#""count": 0"#, "out_of_range"),
        (r#""count": 40"#, r#""count": 4294967295"#, "out_of_range"),
        (r#""points": "1.5""#, r#""points": 1.555"#, "bad_points"),
        (r#""points": "1.5""#, r#""points": -1.5"#, "bad_points"),
        (r#""time_allowed_minutes": 60"#, r#""time_allowed_minutes": 1441"#, "out_of_range"),
        ("2026-12-01", "2026-10-01", "window_empty"),
        (r#""allowed": "unlimited""#, r#""allowed": 0"#, "bad_value"),
    ] {
        let found = problems(from, to);
        assert!(found.iter().any(|(found, _)| *found == code), "{to}: {found:?}");
    }
}

#[test]
fn an_unknown_field_is_not_an_exam() {
    let text = FILE.replacen("\"title\"", "\"titel\"", 1);
    assert!(serde_json::from_str::<RawExam>(&text).is_err());
}

#[test]
fn points_beyond_any_exam_are_a_problem_and_no_crash() {
    let found = problems(r#""points": 4, "rule""#, r#""points": 40000000, "rule""#);
    let path = "audience[0].blueprint.sections[1].points".to_owned();
    assert_eq!(found, [("out_of_range", path)]);
}

const PROCTORED: &str = r#""consents": [{"kind": "snapshots", "version": "1", "text": "抓拍"}],
    "proctoring": {"snapshots": 6, "without_camera": "flag", "keep_days": 90, "appeal_days": 7},
    "audience""#;

#[test]
fn a_watched_exam_says_how_and_for_how_long() {
    let watched = FILE.replacen(r#""audience""#, PROCTORED, 1);
    let proctoring = parse(&watched).expect("it is whole").proctoring.expect("it is watched");
    assert_eq!((proctoring.snapshots, proctoring.without_camera), (6, WithoutCamera::Flag));
    assert_eq!(proctoring.keep, Span::from_days(90));
    assert_eq!(exam().proctoring, None);
    for (from, to, code, path) in [
        (r#""snapshots": 6, "#, "", "missing", "proctoring.snapshots"),
        (r#""snapshots": 6"#, r#""snapshots": 61"#, "out_of_range", "proctoring.snapshots"),
        (r#""snapshots": 6"#, r#""snapshots": 0"#, "out_of_range", "proctoring.snapshots"),
        (r#""without_camera": "flag", "#, "", "missing", "proctoring.without_camera"),
        (
            r#""without_camera": "flag""#,
            r#""without_camera": "on_site""#,
            "missing",
            "proctoring.place",
        ),
        (r#""keep_days": 90, "#, "", "missing", "proctoring.keep_days"),
        (r#""keep_days": 90"#, r#""keep_days": -1"#, "out_of_range", "proctoring.keep_days"),
        (r#", "appeal_days": 7"#, "", "missing", "proctoring.appeal_days"),
        (r#""kind": "snapshots""#, r#""kind": "other""#, "missing", "consents"),
        (
            r#""version": "1", "text": "抓拍""#,
            r#""version": " ", "text": "抓拍""#,
            "missing",
            "consents[0].version",
        ),
        (r#""text": "抓拍""#, r#""text": """#, "missing", "consents[0].text"),
        (
            r#"[{"kind": "snapshots","#,
            r#"[{"kind": "snapshots", "version": "1", "text": "拍"}, {"kind": "snapshots","#,
            "bad_value",
            "consents[1].kind",
        ),
        (
            r#""time_allowed_minutes": 60"#,
            r#""time_allowed_minutes": 5"#,
            "out_of_range",
            "proctoring.snapshots",
        ),
    ] {
        let changed = watched.replacen(from, to, 1);
        assert_ne!(changed, watched, "{from}");
        let problems = parse(&changed).expect_err("the change breaks it");
        let found: Vec<_> = problems.iter().map(|p| (p.code, p.path.as_str())).collect();
        assert_eq!(found, [(code, path)], "{to}");
    }
}
