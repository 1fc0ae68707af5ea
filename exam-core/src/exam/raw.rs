//! An exam as a file says it, and everything that can be wrong with it.

use serde::Deserialize;

use super::{
    AttemptPolicy, Consent, Exam, ExamKind, Keep, LateStart, Leaving, Notice, OutageCredit,
    Proctoring, Review, SNAPSHOT_CONSENT, Shows, Tries, WithoutCamera,
};
use crate::audience::{AudienceRow, Practices};
use crate::bank::is_within;
use crate::blueprint::{Blueprint, SLOTS_MAX, Section, TIME_ALLOWED_MAX};
use crate::item::{Choose, Difficulty, ItemType};
use crate::paper::ScoringRule;
use crate::points::Points;
use crate::time::{Span, Timestamp};

/// How many starts an hour a candidate has where the file does not say: above human pace, and far
/// below a robot's.
const STARTS_PER_HOUR_MAX: u32 = 6;

/// The most that is given back after an outage where the file does not say.
const OUTAGE_CAP_MINUTES: i64 = 120;

/// The most that one item is worth: what a paper of [`SLOTS_MAX`] of them is worth can be counted.
const POINTS_MAX: Points = Points::from_hundredths(100_000);

/// The most photographs of one attempt.
const SNAPSHOTS_MAX: u32 = 60;

/// The shortest time for which one photograph stands.
const SNAPSHOT_EVERY_MIN: Span = Span::from_minutes(1);

/// The longest that photographs may be kept, and that an appeal may take.
const DAYS_MAX: i64 = 3_660;

/// Something that is wrong with an exam file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExamProblem {
    /// For programs.
    pub code: &'static str,
    /// Where, such as `audience[0].blueprint.pass_points`.
    pub path: String,
    /// For people.
    pub message: String,
}

/// An exam file, TOML or JSON.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawExam {
    title: Option<String>,
    kind: Option<ExamKind>,
    cycle: Option<String>,
    banks: Option<Vec<String>>,
    notice: Option<Notice>,
    #[serde(default)]
    consents: Vec<Consent>,
    opens_at: Option<String>,
    closes_at: Option<String>,
    late_start: Option<LateStart>,
    attempts: Option<RawAttempts>,
    starts_per_hour_max: Option<u32>,
    shows: Option<Shows>,
    review: Option<Review>,
    exposure_cap: Option<u32>,
    outage_credit: Option<RawOutageCredit>,
    leaving: Option<Leaving>,
    proctoring: Option<RawProctoring>,
    #[serde(default)]
    requires_passed: Vec<String>,
    #[serde(default)]
    audience: Vec<RawRow>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAttempts {
    allowed: Option<RawTries>,
    gap_minutes: Option<i64>,
    stop_at_first_pass: Option<bool>,
    keep: Option<Keep>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum RawTries {
    Count(u32),
    Word(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOutageCredit {
    enabled: bool,
    cap_minutes: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProctoring {
    snapshots: Option<u32>,
    without_camera: Option<WithoutCamera>,
    #[serde(default)]
    place: String,
    keep_days: Option<i64>,
    appeal_days: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRow {
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default)]
    practice_scopes: Vec<String>,
    #[serde(default)]
    levels: Vec<String>,
    #[serde(default)]
    institutions: Vec<String>,
    blueprint: Option<RawBlueprint>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBlueprint {
    time_allowed_minutes: Option<i64>,
    pass_points: Option<RawPoints>,
    shuffle_items: Option<bool>,
    shuffle_options: Option<bool>,
    #[serde(default)]
    sections: Vec<RawSection>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSection {
    #[serde(default)]
    title: String,
    r#type: Option<ItemType>,
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    difficulties: Vec<Difficulty>,
    count: Option<u32>,
    points: Option<RawPoints>,
    rule: Option<ScoringRule>,
}

/// Points as people write them: `2`, `2.5` or `"2.5"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum RawPoints {
    Whole(u32),
    Decimal(f64),
    Text(String),
}

impl RawPoints {
    /// Exact hundredths, or nothing.
    fn points(&self) -> Option<Points> {
        let text = match self {
            Self::Whole(whole) => whole.to_string(),
            Self::Decimal(decimal) => decimal.to_string(),
            Self::Text(text) => text.clone(),
        };
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() > 2 || !digits(whole) || !digits(part) {
            return None;
        }
        let hundredths: u32 = format!("{whole}{part:0<2}").parse().ok()?;
        Some(Points::from_hundredths(hundredths))
    }
}

/// Collects what is wrong, with the path to it.
#[derive(Default)]
struct Problems(Vec<ExamProblem>);

impl Problems {
    fn add(&mut self, code: &'static str, path: &str, message: impl Into<String>) {
        self.0.push(ExamProblem { code, path: path.to_owned(), message: message.into() });
    }

    /// What must be stated and was not.
    fn required<T>(&mut self, value: Option<T>, path: &str) -> Option<T> {
        if value.is_none() {
            self.add("missing", path, format!("{path} must be stated: there is no default"));
        }
        value
    }

    fn time(&mut self, text: Option<&String>, path: &str) -> Option<Timestamp> {
        let text = self.required(text, path)?;
        match text.parse::<jiff::Timestamp>() {
            Ok(at) => Some(Timestamp::from_ms(at.as_millisecond())),
            Err(_) => {
                let example = "2026-11-01T08:00:00+08:00";
                self.add("bad_time", path, format!("{text:?} is not a time such as {example}"));
                None
            }
        }
    }

    fn points(&mut self, raw: Option<&RawPoints>, path: &str) -> Option<Points> {
        let raw = self.required(raw, path)?;
        let points = raw.points();
        if points.is_none() {
            self.add("bad_points", path, "points have at most two decimals and are not negative");
        }
        points
    }
}

impl TryFrom<RawExam> for Exam {
    type Error = Vec<ExamProblem>;

    /// Checks everything and names every problem, not only the first.
    fn try_from(raw: RawExam) -> Result<Self, Vec<ExamProblem>> {
        let mut problems = Problems::default();
        let exam = check(raw, &mut problems);
        match exam {
            Some(exam) if problems.0.is_empty() => Ok(exam),
            _ => Err(problems.0),
        }
    }
}

fn check(raw: RawExam, problems: &mut Problems) -> Option<Exam> {
    let title = problems.required(raw.title.filter(|title| !title.trim().is_empty()), "title");
    let kind = problems.required(raw.kind, "kind");
    let cycle = problems.required(raw.cycle, "cycle");
    let banks = problems.required(raw.banks.filter(|banks| !banks.is_empty()), "banks");
    let notice = problems.required(raw.notice, "notice");
    let opens_at = problems.time(raw.opens_at.as_ref(), "opens_at");
    let closes_at = problems.time(raw.closes_at.as_ref(), "closes_at");
    if let (Some(opens_at), Some(closes_at)) = (opens_at, closes_at)
        && closes_at <= opens_at
    {
        problems.add("window_empty", "closes_at", "the window closes before it opens");
    }
    let late_start = problems.required(raw.late_start, "late_start");
    let shows = problems.required(raw.shows, "shows");
    let attempts = check_attempts(raw.attempts, problems);
    if raw.starts_per_hour_max == Some(0) {
        problems.add("out_of_range", "starts_per_hour_max", "nobody could ever start");
    }
    if raw.audience.is_empty() {
        problems.add("missing", "audience", "an exam has an audience: at least one row");
    }
    let mut audience = Vec::new();
    for (number, row) in raw.audience.into_iter().enumerate() {
        audience.extend(check_row(row, &format!("audience[{number}]"), problems));
    }
    let outage_credit = OutageCredit {
        enabled: raw.outage_credit.as_ref().is_none_or(|credit| credit.enabled),
        cap: Span::from_minutes(
            raw.outage_credit.and_then(|credit| credit.cap_minutes).unwrap_or(OUTAGE_CAP_MINUTES),
        ),
    };
    check_texts(notice.as_ref(), &raw.consents, problems);
    let proctoring = raw
        .proctoring
        .and_then(|proctoring| check_proctoring(proctoring, &raw.consents, &audience, problems));
    Some(Exam {
        title: title?,
        kind: kind?,
        cycle: cycle?,
        banks: banks?,
        notice: notice?,
        consents: raw.consents,
        opens_at: opens_at?,
        closes_at: closes_at?,
        late_start: late_start?,
        attempts: attempts?,
        starts_per_hour_max: raw.starts_per_hour_max.unwrap_or(STARTS_PER_HOUR_MAX),
        shows: shows?,
        review: raw.review.unwrap_or(Review::Never),
        exposure_cap: raw.exposure_cap,
        outage_credit,
        leaving: raw.leaving.unwrap_or(Leaving::Record),
        proctoring,
        requires_passed: raw.requires_passed,
        audience,
    })
}

/// What a candidate agrees to is kept by version and hash: neither may be of nothing.
fn check_texts(notice: Option<&Notice>, consents: &[Consent], problems: &mut Problems) {
    let mut written = |text: &str, path: &str| {
        problems.required(Some(text).filter(|text| !text.trim().is_empty()), path);
    };
    if let Some(notice) = notice {
        written(&notice.version, "notice.version");
        written(&notice.text, "notice.text");
    }
    for (number, consent) in consents.iter().enumerate() {
        written(&consent.kind, &format!("consents[{number}].kind"));
        written(&consent.version, &format!("consents[{number}].version"));
        written(&consent.text, &format!("consents[{number}].text"));
    }
    for (number, consent) in consents.iter().enumerate() {
        if consents[..number].iter().any(|before| before.kind == consent.kind) {
            let message = "a consent of this kind is asked for already";
            problems.add("bad_value", &format!("consents[{number}].kind"), message);
        }
    }
}

fn check_attempts(raw: Option<RawAttempts>, problems: &mut Problems) -> Option<AttemptPolicy> {
    let raw = problems.required(raw, "attempts")?;
    let allowed = match problems.required(raw.allowed, "attempts.allowed")? {
        RawTries::Count(count) if count > 0 => Tries::AtMost(count),
        RawTries::Word(word) if word == "unlimited" => Tries::Unlimited,
        _ => {
            problems.add("bad_value", "attempts.allowed", "a number of tries, or \"unlimited\"");
            return None;
        }
    };
    let stop = problems.required(raw.stop_at_first_pass, "attempts.stop_at_first_pass");
    let keep = problems.required(raw.keep, "attempts.keep");
    Some(AttemptPolicy {
        allowed,
        gap: Span::from_minutes(raw.gap_minutes.unwrap_or(0)),
        stop_at_first_pass: stop?,
        keep: keep?,
    })
}

fn check_proctoring(
    raw: RawProctoring,
    consents: &[Consent],
    audience: &[AudienceRow],
    problems: &mut Problems,
) -> Option<Proctoring> {
    let snapshots = problems.required(raw.snapshots, "proctoring.snapshots");
    let shortest = audience.iter().map(|row| row.blueprint.time_allowed).min();
    if let Some(snapshots) = snapshots {
        let pace = SNAPSHOT_EVERY_MIN.as_ms() * i64::from(snapshots);
        let is_slow = shortest.is_none_or(|time_allowed| time_allowed.as_ms() >= pace);
        if !(1..=SNAPSHOTS_MAX).contains(&snapshots) || !is_slow {
            let message = format!("1 to {SNAPSHOTS_MAX}, and no more than one a minute");
            problems.add("out_of_range", "proctoring.snapshots", message);
        }
    }
    let without_camera = problems.required(raw.without_camera, "proctoring.without_camera");
    if without_camera == Some(WithoutCamera::OnSite) && raw.place.trim().is_empty() {
        problems.required(None::<()>, "proctoring.place");
    }
    let keep = check_days(raw.keep_days, "proctoring.keep_days", problems);
    let appeal = check_days(raw.appeal_days, "proctoring.appeal_days", problems);
    if !consents.iter().any(|consent| consent.kind == SNAPSHOT_CONSENT) {
        let message = "photographs need a consent of their own: its kind is \"snapshots\"";
        problems.add("missing", "consents", message);
    }
    Some(Proctoring {
        snapshots: snapshots?,
        without_camera: without_camera?,
        place: raw.place,
        keep: keep?,
        appeal: appeal?,
    })
}

fn check_days(days: Option<i64>, path: &str, problems: &mut Problems) -> Option<Span> {
    let days = problems.required(days, path)?;
    if !(1..=DAYS_MAX).contains(&days) {
        problems.add("out_of_range", path, format!("1 to {DAYS_MAX} days"));
    }
    Some(Span::from_days(days.clamp(1, DAYS_MAX)))
}

fn check_row(raw: RawRow, path: &str, problems: &mut Problems) -> Option<AudienceRow> {
    let blueprint = problems.required(raw.blueprint, &format!("{path}.blueprint"))?;
    let mut blueprint = check_blueprint(blueprint, &format!("{path}.blueprint"), problems)?;
    for section in &mut blueprint.sections {
        section.practices.categories.clone_from(&raw.categories);
        section.practices.practice_scopes.clone_from(&raw.practice_scopes);
    }
    Some(AudienceRow {
        categories: raw.categories,
        practice_scopes: raw.practice_scopes,
        levels: raw.levels,
        institutions: raw.institutions,
        blueprint,
    })
}

fn check_blueprint(raw: RawBlueprint, path: &str, problems: &mut Problems) -> Option<Blueprint> {
    let minutes =
        problems.required(raw.time_allowed_minutes, &format!("{path}.time_allowed_minutes"));
    let time_allowed = minutes.map(Span::from_minutes);
    if time_allowed.is_some_and(|time| time == Span::ZERO || time > TIME_ALLOWED_MAX) {
        let path = format!("{path}.time_allowed_minutes");
        problems.add("out_of_range", &path, "from one minute to a day");
    }
    let pass_points = problems.points(raw.pass_points.as_ref(), &format!("{path}.pass_points"));
    let mut sections = Vec::new();
    for (number, section) in raw.sections.into_iter().enumerate() {
        sections.extend(check_section(section, &format!("{path}.sections[{number}]"), problems));
    }
    name_overlaps(&sections, path, problems);
    let blueprint = Blueprint {
        time_allowed: time_allowed?,
        pass_points: pass_points?,
        shuffle_items: raw.shuffle_items.unwrap_or(true),
        shuffle_options: raw.shuffle_options.unwrap_or(true),
        sections,
    };
    let slots = blueprint.sections.iter().try_fold(0_u32, |sum, s| sum.checked_add(s.count));
    if !slots.is_some_and(|slots| (1..=SLOTS_MAX).contains(&slots)) {
        let message = format!("a paper has 1 to {SLOTS_MAX} items");
        problems.add("out_of_range", &format!("{path}.sections"), message);
        return None;
    }
    if blueprint.pass_points > blueprint.total_points() {
        let total = blueprint.total_points();
        let path = format!("{path}.pass_points");
        problems.add("unreachable", &path, format!("a paper is worth {total} points only"));
    }
    if blueprint.total_points() == Points::ZERO {
        problems.add("out_of_range", &format!("{path}.sections"), "a paper is worth something");
    }
    Some(blueprint)
}

fn check_section(raw: RawSection, path: &str, problems: &mut Problems) -> Option<Section> {
    let item_type = problems.required(raw.r#type, &format!("{path}.type"));
    let count = problems.required(raw.count, &format!("{path}.count"));
    if count.is_some_and(|count| !(1..=SLOTS_MAX).contains(&count)) {
        let message = format!("1 to {SLOTS_MAX} items");
        problems.add("out_of_range", &format!("{path}.count"), message);
    }
    let points = problems.points(raw.points.as_ref(), &format!("{path}.points"));
    if points.is_some_and(|points| points > POINTS_MAX) {
        problems.add("out_of_range", &format!("{path}.points"), "at most 1000 points an item");
    }
    for (list, name) in
        [(raw.topics.is_empty(), "topics"), (raw.difficulties.is_empty(), "difficulties")]
    {
        if list {
            problems.add("missing", &format!("{path}.{name}"), format!("name the {name}"));
        }
    }
    let rule_path = format!("{path}.rule");
    match (item_type.map(ItemType::choose), raw.rule) {
        (Some(Choose::Many), None) => {
            problems.required(None::<()>, &rule_path);
        }
        (Some(Choose::One), Some(_)) => {
            problems.add("not_applicable", &rule_path, "one choice is right or wrong: no rule");
        }
        _ => {}
    }
    Some(Section {
        title: raw.title,
        item_type: item_type?,
        topics: raw.topics,
        difficulties: raw.difficulties,
        practices: Practices::default(),
        count: count?.min(SLOTS_MAX),
        points: points?.min(POINTS_MAX),
        rule: raw.rule,
    })
}

/// Two quotas that share a cell could take each other's items: then no count is certain.
fn name_overlaps(sections: &[Section], path: &str, problems: &mut Problems) {
    let cells: Vec<_> = sections
        .iter()
        .enumerate()
        .flat_map(|(number, section)| section.cells().map(move |cell| (number, cell)))
        .collect();
    for (place, (number, cell)) in cells.iter().enumerate() {
        let clash = cells[..place].iter().find(|(_, other)| {
            cell.0 == other.0
                && cell.2 == other.2
                && (is_within(cell.1, other.1) || is_within(other.1, cell.1))
        });
        if let Some((other, _)) = clash {
            let message = format!(
                "sections {other} and {number} both draw {} × {} × {}",
                cell.0, cell.1, cell.2
            );
            problems.add("overlapping_sections", &format!("{path}.sections[{number}]"), message);
        }
    }
}
