//! `roster import`: the registry's people.

use std::collections::HashMap;
use std::path::Path;

use assessment::date::Date;
use assessment::one_time_code::{OneTimeCode, RESET_CODE_VALID};
use assessment::roster::{Columns, Person, Roster, RowProblem, gather};
use exam_core::ids::{CandidateId, InstitutionId, StaffId};
use question_bank::table::{self, Part, Row};
use serde::Serialize;

use super::portraits::{self, Portraits};
use super::progress::Progress;
use super::{Desk, Refused};
use crate::chance::system_rng;
use crate::keys::token_hash;
use crate::snapshots::{Photos, own};
use crate::store::{CodePurpose, NewCandidate, Registration};

/// How many people one transaction writes.
const SLICE: usize = 100;

/// How many rows may stand above the header: hints of a template.
const HEADER_WITHIN: usize = 10;

/// What became of a roster.
#[derive(Debug, Serialize)]
pub struct Imported {
    /// People stored or brought up to date.
    pub people: usize,
    /// One-time codes issued.
    pub codes: usize,
    /// Rows that are wrong; with any of them nothing is stored.
    pub problems: Vec<RowProblem>,
    /// Rows that somebody should look at.
    pub warnings: Vec<RowProblem>,
    /// What became of the photographs, where a folder of them was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photos: Option<Portraits>,
    /// The codes as CSV: names, masked ID numbers, codes. They are stored nowhere.
    #[serde(skip)]
    pub csv: Option<String>,
}

/// Says what an import would do, and stores nothing.
///
/// # Errors
/// [`Refused`] for a file that is no roster. Bad rows are no error: they stand in the answer.
pub async fn look(desk: &Desk, bytes: Vec<u8>) -> anyhow::Result<Imported> {
    let roster = read_aside(desk, bytes).await?;
    let people = if roster.problems.is_empty() { roster.people.len() } else { 0 };
    let (problems, warnings) = (roster.problems, roster.warnings);
    Ok(Imported { people, codes: 0, problems, warnings, photos: None, csv: None })
}

/// Stores the people of a table, all or none of its rows being good. With `codes` each gets a
/// one-time code for the first sign-in. With `photos`, those of a folder are kept in the photo store.
/// `by` is who does it; nobody at the command line.
///
/// # Errors
/// [`Refused`] for a file that is no roster, [`NotOurs`](crate::snapshots::NotOurs) for another
/// database's photo store; trouble with the database. Bad rows are no error: they stand in the answer.
pub async fn import(
    desk: &Desk,
    by: Option<StaffId>,
    bytes: Vec<u8>,
    codes: bool,
    photos: Option<(&Photos, &Path)>,
    quiet: bool,
) -> anyhow::Result<Imported> {
    let roster = read_aside(desk, bytes).await?;
    let (problems, warnings) = (roster.problems, roster.warnings);
    let mut outcome = Imported { people: 0, codes: 0, problems, warnings, photos: None, csv: None };
    if !outcome.problems.is_empty() {
        return Ok(outcome);
    }
    if let Some((photos, _)) = photos {
        own(&desk.store, photos, true).await?;
    }
    let mut progress = Progress::begin("people", roster.people.len(), quiet);
    let mut numbers = Vec::with_capacity(roster.people.len());
    for slice in roster.people.chunks(SLICE) {
        let mut new = Vec::with_capacity(slice.len());
        for person in slice {
            new.push(new_candidate(desk, person).await?);
        }
        numbers.extend(desk.store.candidate_keep(&new).await?);
        progress.done(numbers.len());
    }
    progress.finish();
    outcome.people = numbers.len();
    if codes {
        outcome.codes = numbers.len();
        outcome.csv = Some(issue_codes(desk, &roster.people, &numbers).await?);
    }
    if let Some((photos, folder)) = photos {
        let people = names_of(&roster.people, &numbers);
        outcome.photos = Some(portraits::keep(desk, photos, &people, folder, quiet).await?);
    }
    let kept = outcome.photos.as_ref().map_or(0, |photos| photos.kept);
    let after = serde_json::json!({ "people": outcome.people, "codes": outcome.codes,
        "photos": kept });
    desk.store.audit_append(&desk.audit(by, "roster.import", "roster", &after)).await?;
    Ok(outcome)
}

/// Candidates by what a photograph of them may be named: the ID number, or that of a certificate.
fn names_of(people: &[Person], numbers: &[i64]) -> HashMap<String, i64> {
    let names = |(person, number): (&Person, &i64)| {
        let certificates = person
            .registrations
            .iter()
            .map(|registered| registered.registration.practice_number.as_str().to_uppercase());
        let id = person.resident_id.canonical().to_uppercase();
        certificates.chain([id]).map(|name| (name, *number)).collect::<Vec<_>>()
    };
    people.iter().zip(numbers).flat_map(names).collect()
}

/// Reads a roster where it holds up nobody: a big one takes a core for a second.
async fn read_aside(desk: &Desk, bytes: Vec<u8>) -> anyhow::Result<Roster> {
    let today = Date::in_china(desk.now());
    Ok(tokio::task::spawn_blocking(move || read(&bytes, today)).await??)
}

/// Reads a roster and stores nothing of it.
///
/// # Errors
/// [`Refused`] for a file that is no roster. Bad rows are no error: they stand in the answer.
pub fn read(bytes: &[u8], today: Date) -> Result<Roster, Refused> {
    let rows = rows_of(bytes)?;
    let header = rows.iter().take(HEADER_WITHIN).enumerate();
    let found = header.map(|(place, row)| (place, Columns::find(&row.cells)));
    let mut problems = Vec::new();
    let mut columns = None;
    for (place, found) in found {
        match found {
            Ok(found) => {
                columns = Some((place, found));
                break;
            }
            Err(missing) if problems.is_empty() || missing.len() < problems.len() => {
                problems = missing;
            }
            Err(_) => {}
        }
    }
    let Some((place, columns)) = columns else {
        let reasons = problems.iter().map(|problem| problem.message.clone()).collect();
        return Err(Refused { reasons });
    };
    let filled =
        rows[place + 1..].iter().filter(|row| row.cells.iter().any(|cell| !cell.text.is_empty()));
    Ok(gather(filled.map(|row| (row.number, columns.row(&row.cells))), today))
}

/// The rows of the first sheet that has any.
fn rows_of(bytes: &[u8]) -> Result<Vec<Row>, Refused> {
    let mut sheets: Vec<Vec<Row>> = Vec::new();
    let mut broken = None;
    let outcome = table::read(bytes, &mut |part| match part {
        Part::Sheet(_) => sheets.push(Vec::new()),
        Part::Row(row) => sheets.last_mut().expect("a sheet comes first").push(row),
        Part::Broken { row, reason } => {
            broken.get_or_insert_with(|| match row {
                0 => format!("工作表损坏：{reason}"),
                row => format!("工作表在第 {row} 行之后损坏：{reason}"),
            });
        }
        Part::Outside { .. } | Part::Hidden(_) | Part::Pictures(_) => {}
    });
    outcome.map_err(|why| Refused::because(why.to_string()))?;
    match broken {
        Some(reason) => Err(Refused::because(reason)),
        None => Ok(sheets.into_iter().find(|rows| !rows.is_empty()).unwrap_or_default()),
    }
}

async fn new_candidate(desk: &Desk, person: &Person) -> anyhow::Result<NewCandidate> {
    let institution = &person.registrations[0].registration.institution;
    let fresh = InstitutionId::fresh(desk.now(), &mut system_rng());
    let institution_id = desk.store.institution_keep(institution, fresh).await?;
    let registrations = person.registrations.iter().flat_map(|registered| {
        let registration = &registered.registration;
        registration.scopes.iter().map(|scope| Registration {
            certificate_no: registration.practice_number.as_str().to_owned(),
            category: registration.category.label().to_owned(),
            practice_scope: scope.clone(),
            level: registration.level.label().to_owned(),
        })
    });
    let id = person.resident_id.canonical();
    let phone = person.phone.as_ref().map(assessment::phone::Phone::as_str);
    Ok(NewCandidate {
        candidate_id: CandidateId::fresh(desk.now(), &mut system_rng()),
        institution_id,
        name: person.name.as_str().to_owned(),
        id_number_sealed: desk.keys.seal(id.as_bytes()),
        id_number_hash: desk.keys.lookup_hash("id_number", id),
        phone_sealed: phone.map(|phone| desk.keys.seal(phone.as_bytes())),
        phone_hash: phone.map(|phone| desk.keys.lookup_hash("phone", phone)),
        activated: person.is_activated(),
        origin: "roster",
        registrations: registrations.collect(),
    })
}

/// Issues one code a person and writes them, the ID number masked.
async fn issue_codes(desk: &Desk, people: &[Person], numbers: &[i64]) -> anyhow::Result<String> {
    let now = desk.now();
    let codes: Vec<OneTimeCode> =
        people.iter().map(|_| OneTimeCode::fresh(&mut system_rng())).collect();
    let hashes: Vec<(i64, Vec<u8>)> =
        numbers.iter().zip(&codes).map(|(no, code)| (*no, token_hash(code.as_str()))).collect();
    for slice in hashes.chunks(SLICE) {
        let expires_at = now + RESET_CODE_VALID;
        desk.store.one_time_code_issue(CodePurpose::Reset, slice, now, expires_at, None).await?;
    }
    let mut csv = "\u{feff}姓名,身份证号,一次性代码\r\n".to_owned();
    for (person, code) in people.iter().zip(&codes) {
        let (name, id) = (person.name.as_str(), person.resident_id.masked());
        csv += &format!("{name},{id},{code}\r\n");
    }
    Ok(csv)
}
