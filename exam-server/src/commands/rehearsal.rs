//! `rehearsal create|clear`: synthetic candidates for a load test.

use std::io::Write;

use assessment::date::Date;
use assessment::fake;
use assessment::resident_id::ResidentId;
use exam_core::ids::{CandidateId, ExamId, InstitutionId};
use exam_core::time::Span;
use serde::Serialize;

use super::progress::Progress;
use super::{Desk, Refused};
use crate::chance::{random_bytes, system_rng};
use crate::exams::Revision;
use crate::keys::token_hash;
use crate::store::{Registration, RehearsalCandidate};

/// How many candidates one transaction writes: about 10 ms of SQLite's write lock.
const SLICE: usize = 100;

/// How long the tokens are good.
const TOKENS_LAST: Span = Span::from_days(7);

/// The institution rehearsal candidates belong to where the audience names none.
const INSTITUTION: &str = "演练机构";

/// What was made.
#[derive(Debug, Serialize)]
pub struct Created {
    /// How many candidates.
    pub candidates: usize,
}

/// What was removed.
#[derive(Debug, Serialize)]
pub struct Cleared {
    /// How many candidates.
    pub candidates: usize,
}

/// Makes `count` new marked candidates who may sit the exam, and writes their tokens as CSV.
///
/// # Errors
/// [`Refused`] for an unknown exam; otherwise trouble.
pub async fn create(
    desk: &Desk,
    exam_id: &str,
    count: usize,
    out: &mut impl Write,
    quiet: bool,
) -> anyhow::Result<Created> {
    let unknown = || Refused::because(format!("there is no exam {exam_id:?}"));
    let exam_id: ExamId = exam_id.parse().map_err(|_| unknown())?;
    let exams = desk.store.exam_list().await?;
    let row = exams.iter().find(|row| row.exam_id == exam_id).ok_or_else(unknown)?;
    let revision = Revision::load(&desk.store, exam_id, row.revision).await?;
    let (institution, registration) = meant_by(&revision);
    let fresh = InstitutionId::fresh(desk.now(), &mut system_rng());
    let institution_id = desk.store.institution_keep(&institution, fresh).await?;
    writeln!(out, "candidate_id,token")?;
    let mut progress = Progress::begin("rehearsal candidates", count, quiet);
    let mut made = 0;
    while made < count {
        let slice: Vec<_> = (made..count.min(made + SLICE)).map(|_| candidate(desk)).collect();
        let candidates: Vec<_> = slice.iter().map(|(candidate, _)| candidate.clone()).collect();
        let now = desk.now();
        let stored = desk.store.rehearsal_create(
            exam_id,
            institution_id,
            &registration,
            &candidates,
            now,
            now + TOKENS_LAST,
        );
        match stored.await {
            Ok(()) => {}
            Err(clash) if clash.is_unique_violation() => continue, // A number drawn twice.
            Err(trouble) => return Err(trouble.into()),
        }
        for (candidate, token) in &slice {
            writeln!(out, "{},{token}", candidate.candidate_id)?;
        }
        made += slice.len();
        progress.done(made);
    }
    progress.finish();
    out.flush()?;
    Ok(Created { candidates: count })
}

/// A registration that the exam's first audience row means.
fn meant_by(revision: &Revision) -> (String, Registration) {
    let row = &revision.exam.audience[0];
    let first = |list: &[String], otherwise: &str| {
        list.first().cloned().unwrap_or_else(|| otherwise.to_owned())
    };
    let registration = Registration {
        certificate_no: "演练".to_owned(),
        category: first(&row.categories, "临床"),
        practice_scope: first(&row.practice_scopes, "内科专业"),
        level: first(&row.levels, "执业医师"),
    };
    (first(&row.institutions, INSTITUTION), registration)
}

fn candidate(desk: &Desk) -> (RehearsalCandidate, String) {
    let mut rng = system_rng();
    let today = Date::in_china(desk.now());
    let id: ResidentId = loop {
        // A made-up birthday may lie in the future of a turned clock only.
        if let Ok(id) = ResidentId::parse(fake::resident_id(&mut rng).canonical(), today) {
            break id;
        }
    };
    let token = hex::encode(random_bytes::<32>());
    let candidate = RehearsalCandidate {
        candidate_id: CandidateId::fresh(desk.now(), &mut rng),
        name: format!("演练{}", fake::person_name(&mut rng).as_str()),
        id_number_sealed: desk.keys.seal(id.canonical().as_bytes()),
        id_number_hash: desk.keys.lookup_hash("rehearsal", &token),
        token_hash: token_hash(&token),
    };
    (candidate, token)
}

/// Removes all rehearsal candidates with everything of theirs.
///
/// # Errors
/// Trouble with the database; what was removed stays removed, and the rest can be cleared again.
pub async fn clear(desk: &Desk, quiet: bool) -> anyhow::Result<Cleared> {
    let mut cleared = 0;
    loop {
        let removed = desk.store.rehearsal_clear(50).await?;
        cleared += removed;
        if removed == 0 {
            return Ok(Cleared { candidates: cleared });
        }
        if !quiet && cleared.is_multiple_of(1_000) {
            eprintln!("rehearsal: {cleared} removed");
        }
    }
}
