//! `exam check|simulate|publish|list`.

use anyhow::Context;
use exam_core::audience::{Block, Facts, row_of};
use exam_core::bank::BankIndex;
use exam_core::blueprint::{self, Blueprint, SectionStock, check as check_blueprint};
use exam_core::draw::{self, Forecast, Question};
use exam_core::exam::{Exam, RawExam};
use exam_core::ids::{BankId, CycleId, ExamId, StaffId};
use exam_core::paper::Seed;
use serde::Serialize;

use super::{Desk, Refused};
use crate::banks::Measurements;
use crate::chance::system_rng;
use crate::config::MaintenanceWindow;
use crate::exams::{frozen, index_of};
use crate::store::{NewExam, Store};

/// A published exam.
#[derive(Debug, Serialize)]
pub struct Published {
    /// Its id.
    pub exam_id: ExamId,
}

/// An exam that could be published.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// What it is called.
    pub title: String,
    /// Slots of each audience row's papers.
    pub slots: Vec<u32>,
    /// Candidates that each audience row fits.
    pub candidates: Vec<usize>,
}

/// How a blueprint would be drawn.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// How many papers.
    pub papers: u32,
    /// How many of them each candidate sits.
    pub attempts: u32,
    /// The same number gives the same papers.
    pub seed: u64,
}

/// What the papers of an exam will be like.
#[derive(Debug, Serialize)]
pub struct Simulated {
    /// What the exam is called.
    pub title: String,
    /// By audience row.
    pub rows: Vec<SimulatedRow>,
}

/// What the papers of one audience row will be like.
#[derive(Debug, Serialize)]
pub struct SimulatedRow {
    /// What the banks have for each section.
    pub sections: Vec<SectionStock>,
    /// Sections that cannot be drawn, named; nothing is forecast then.
    pub short: Vec<String>,
    /// What drawing papers shows.
    pub forecast: Option<Forecast>,
}

/// All exams.
#[derive(Debug, Serialize)]
pub struct ExamList {
    /// Oldest first.
    pub exams: Vec<ExamEntry>,
}

/// One of them.
#[derive(Debug, Serialize)]
pub struct ExamEntry {
    /// Its id.
    pub exam_id: ExamId,
    /// What it is called.
    pub title: String,
    /// `public_knowledge` or `professional`.
    pub kind: String,
    /// `published` or `withdrawn`.
    pub state: String,
}

/// Reads an exam file, TOML or JSON by its first character.
///
/// # Errors
/// [`Refused`] with every problem of the file.
pub fn parse(text: &str) -> anyhow::Result<Exam> {
    let json = text.trim_start().starts_with('{');
    let raw: RawExam = if json {
        serde_json::from_str(text).map_err(|error| Refused::because(error.to_string()))?
    } else {
        toml::from_str(text).map_err(|error| Refused::because(error.to_string()))?
    };
    Exam::try_from(raw).map_err(|problems| {
        let line = |problem: &exam_core::exam::ExamProblem| {
            format!("{}: {} ({})", problem.path, problem.message, problem.code)
        };
        Refused { reasons: problems.iter().map(line).collect() }.into()
    })
}

/// Everything a check finds out that publishing needs.
struct Ready {
    checked: Checked,
    banks: Vec<(BankId, i64)>,
    measured: String,
}

async fn check_ready(
    desk: &Desk,
    exam: &Exam,
    maintenance: Option<MaintenanceWindow>,
) -> anyhow::Result<Ready> {
    let mut reasons = Vec::new();
    let banks = banks_of(desk, exam, &mut reasons).await?;
    let measurements = Measurements::all(&desk.store).await?;
    let index = index_of(&desk.store, &banks, &measurements).await?;
    check_rows(exam, &index, &mut reasons);
    if let Some(window) = maintenance
        && window.meets(exam.opens_at, exam.last_deadline())
    {
        reasons.push(
            "the exam's window, with the time of its last start, crosses the daily maintenance \
             window: an exam that lasts for days needs a server without one"
                .to_owned(),
        );
    }
    let candidates = count_candidates(desk, exam, &mut reasons).await?;
    if !reasons.is_empty() {
        return Err(Refused { reasons }.into());
    }
    let slots = exam.audience.iter().map(|row| row.blueprint.slots()).collect();
    let checked = Checked { title: exam.title.clone(), slots, candidates };
    Ok(Ready { checked, banks, measured: frozen(&index, &measurements) })
}

async fn banks_of(
    desk: &Desk,
    exam: &Exam,
    reasons: &mut Vec<String>,
) -> anyhow::Result<Vec<(BankId, i64)>> {
    let known = desk.store.bank_list().await?;
    let mut banks = Vec::new();
    for name in &exam.banks {
        match known.iter().find(|bank| bank.name == *name) {
            None => reasons.push(format!("there is no bank {name:?}")),
            Some(bank) if bank.draft_items > 0 => reasons.push(format!(
                "bank {name:?} has {} drafts that nobody has approved or withdrawn",
                bank.draft_items
            )),
            Some(bank) => banks.push((bank.bank_id, bank.revision)),
        }
    }
    Ok(banks)
}

fn check_rows(exam: &Exam, index: &BankIndex, reasons: &mut Vec<String>) {
    for (number, row) in exam.audience.iter().enumerate() {
        if let Err(short) = check_blueprint(&row.blueprint, index, |_| true) {
            reasons.extend(short.iter().map(|short| format!("audience[{number}]: {short}")));
        }
    }
}

/// How many candidates each row fits; candidates with two rows are reasons against, and so is an
/// audience that fits nobody.
async fn count_candidates(
    desk: &Desk,
    exam: &Exam,
    reasons: &mut Vec<String>,
) -> anyhow::Result<Vec<usize>> {
    let mut counts = vec![0; exam.audience.len()];
    let (mut none, mut several) = (0_usize, 0_usize);
    let mut after = 0;
    loop {
        let page = desk.store.candidate_facts(after, 5_000).await?;
        let Some(last) = page.last() else { break };
        after = last.0;
        let mut people: std::collections::BTreeMap<i64, Vec<Facts>> = Default::default();
        for (no, facts) in page {
            people.entry(no).or_default().push(facts);
        }
        for facts in people.values() {
            match row_of(&exam.audience, facts) {
                Ok(row) => counts[row] += 1,
                Err(Block::AudienceAmbiguous) => several += 1,
                Err(_) => none += 1,
            }
        }
    }
    if several > 0 {
        reasons.push(format!("{several} candidates match more than one audience row"));
    }
    let everyone = exam.audience.iter().all(|row| {
        row.categories.is_empty() && row.levels.is_empty() && row.practice_scopes.is_empty()
    });
    if none > 0 && everyone {
        reasons.push(format!("{none} candidates match no audience row"));
    }
    Ok(counts)
}

/// Checks an exam file against the banks and the roster as they are now.
///
/// # Errors
/// [`Refused`] with every reason against publishing.
pub async fn check(
    desk: &Desk,
    text: &str,
    maintenance: Option<MaintenanceWindow>,
) -> anyhow::Result<Checked> {
    let exam = parse(text)?;
    Ok(check_ready(desk, &exam, maintenance).await?.checked)
}

/// Says what the banks have for each cell of an exam, and what its papers will be like, by drawing
/// many. Drafts are no part of it; a short cell is no error here.
///
/// # Errors
/// [`Refused`] with every problem of the file, and for an unknown bank.
pub async fn simulate(store: &Store, text: &str, trial: Trial) -> anyhow::Result<Simulated> {
    let exam = parse(text)?;
    let known = store.bank_list().await?;
    let mut banks = Vec::new();
    for name in &exam.banks {
        let bank = known.iter().find(|bank| bank.name == *name);
        let bank = bank.ok_or_else(|| Refused::because(format!("there is no bank {name:?}")))?;
        banks.push((bank.bank_id, bank.revision));
    }
    let index = index_of(store, &banks, &Measurements::all(store).await?).await?;
    let draw = move || {
        let rows =
            exam.audience.iter().map(|row| simulate_row(&row.blueprint, &index, &exam, trial));
        Simulated { title: exam.title.clone(), rows: rows.collect() }
    };
    Ok(tokio::task::spawn_blocking(draw).await?)
}

fn simulate_row(
    blueprint: &Blueprint,
    index: &BankIndex,
    exam: &Exam,
    trial: Trial,
) -> SimulatedRow {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&trial.seed.to_be_bytes());
    let Trial { papers, attempts, .. } = trial;
    let question = Question { papers, attempts, seed: Seed(seed), cap: exam.exposure_cap };
    let (forecast, short) = match draw::forecast(index, blueprint, &question) {
        Ok(forecast) => (Some(forecast), Vec::new()),
        Err(short) => (None, short.iter().map(ToString::to_string).collect()),
    };
    SimulatedRow { sections: blueprint::stock(blueprint, index), short, forecast }
}

/// An exam file to publish, and in whose name.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// The exam file, TOML or JSON.
    pub text: &'a str,
    /// The daily maintenance window.
    pub maintenance: Option<MaintenanceWindow>,
    /// Who publishes it; nobody at the command line.
    pub by: Option<StaffId>,
    /// Why.
    pub reason: &'a str,
    /// The revision that was read before it was changed, 0 for none; nothing to ask for nothing.
    pub expected: Option<i64>,
}

/// Publishes an exam file, or a new revision of an exam with the same title and cycle, from the
/// command line.
///
/// # Errors
/// [`Refused`] with every reason against it.
pub async fn publish(
    desk: &Desk,
    text: &str,
    maintenance: Option<MaintenanceWindow>,
) -> anyhow::Result<Published> {
    let publication =
        Publication { text, maintenance, by: None, reason: "command line", expected: None };
    publish_as(desk, &publication).await
}

/// Publishes an exam file in somebody's name.
///
/// # Errors
/// [`Refused`] with every reason against it; [`StoreError::Refused`](crate::store::StoreError)
/// where somebody was quicker.
pub async fn publish_as(desk: &Desk, publication: &Publication<'_>) -> anyhow::Result<Published> {
    let exam = parse(publication.text)?;
    let ready = check_ready(desk, &exam, publication.maintenance).await?;
    let now = desk.now();
    let fresh = CycleId::fresh(now, &mut system_rng());
    let (starts, ends) = (exam.opens_at, exam.closes_at);
    let cycle_id = desk.store.cycle_keep(&exam.cycle, fresh, starts, ends).await?;
    let new = NewExam {
        exam_id: ExamId::fresh(now, &mut system_rng()),
        cycle_id,
        title: exam.title.clone(),
        kind: exam.kind.name().to_owned(),
        definition: serde_json::to_string(&exam).context("an exam is JSON")?,
        source: publication.text.to_owned(),
        expected: publication.expected,
        measured: ready.measured,
        banks: ready.banks,
        published_by: publication.by,
        published_at: now,
    };
    let mut audit = desk.audit(publication.by, "exam.publish", &exam.title, &ready.checked);
    publication.reason.clone_into(&mut audit.reason);
    let exam_id = desk.store.exam_publish(&new, &audit).await?;
    Ok(Published { exam_id })
}

/// An exam file as JSON, whichever it was.
///
/// # Errors
/// [`Refused`] for what is neither.
pub fn to_json(text: &str) -> anyhow::Result<serde_json::Value> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|e| Refused::because(e.to_string()).into());
    }
    let toml: toml::Value =
        toml::from_str(text).map_err(|error| Refused::because(error.to_string()))?;
    Ok(without_dates(toml))
}

/// TOML has dates, which JSON writes as texts.
fn without_dates(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(list) => list.into_iter().map(without_dates).collect(),
        toml::Value::Table(table) => {
            let pairs = table.into_iter().map(|(name, value)| (name, without_dates(value)));
            serde_json::Value::Object(pairs.collect())
        }
        plain => serde_json::to_value(plain).unwrap_or_default(),
    }
}

/// Lists all exams.
///
/// # Errors
/// Trouble with the database.
pub async fn list(desk: &Desk) -> anyhow::Result<ExamList> {
    let rows = desk.store.exam_list().await?;
    let exams = rows.into_iter().map(|row| ExamEntry {
        exam_id: row.exam_id,
        title: row.title,
        kind: row.kind,
        state: row.state,
    });
    Ok(ExamList { exams: exams.collect() })
}
