//! Candidates with an ID number and a password, as a roster and a first sign-in leave them.

use assessment::date::Date;
use assessment::fake;
use assessment::resident_id::ResidentId;
use assessment::roster::RawPhysician;
use exam_core::ids::{CandidateId, InstitutionId};
use exam_server::auth::hasher::Hasher;
use exam_server::chance::system_rng;
use exam_server::commands::Desk;
use exam_server::store::{NewCandidate, Registration};

/// The table that a registry hands over, as CSV.
#[must_use]
pub fn roster_csv(people: &[RawPhysician]) -> String {
    const HEADS: &str =
        "姓名,身份证号,手机号,医疗机构,执业类别,执业范围,医师级别,资格证书编号,执业证书编号,激活";
    let row = |p: &RawPhysician| {
        let cells = [
            &p.name,
            &p.resident_id,
            &p.phone,
            &p.institution,
            &p.category,
            &p.scopes,
            &p.level,
            &p.qualification_number,
            &p.practice_number,
            &p.activated,
        ];
        cells.map(|cell| format!("\"{cell}\"")).join(",")
    };
    let rows = people.iter().map(row);
    std::iter::once(HEADS.to_owned()).chain(rows).map(|line| line + "\n").collect()
}

/// A synthetic physician.
pub struct Person {
    /// The ID number.
    pub id_number: String,
    /// The password.
    pub password: String,
    /// The number in the database.
    pub candidate_no: i64,
    /// The id.
    pub candidate_id: CandidateId,
}

/// Stores a synthetic physician with a password.
///
/// # Panics
/// When the database does not answer.
pub async fn person(desk: &Desk) -> Person {
    persons(desk, 1).await.pop().expect("one was asked for")
}

/// Stores many, who have the same password: hashing one for each would take a core 17 ms.
///
/// # Panics
/// When the database does not answer.
pub async fn persons(desk: &Desk, count: usize) -> Vec<Person> {
    let (now, mut rng) = (desk.now(), system_rng());
    let fresh = InstitutionId::fresh(now, &mut rng);
    let institution_id =
        desk.store.institution_keep("第一人民医院", fresh).await.expect("an institution");
    let password = "Quiet7river".to_owned();
    let hash = Hasher::start().hash(password.as_bytes()).await.expect("a hash");
    let mut persons = Vec::with_capacity(count);
    for _ in 0..count {
        let id = resident_id(desk);
        let candidate_id = CandidateId::fresh(now, &mut rng);
        let new = NewCandidate {
            candidate_id,
            institution_id,
            name: fake::person_name(&mut rng).as_str().to_owned(),
            id_number_sealed: desk.keys.seal(id.canonical().as_bytes()),
            id_number_hash: desk.keys.lookup_hash("id_number", id.canonical()),
            phone_sealed: None,
            phone_hash: None,
            activated: true,
            origin: "roster",
            registrations: vec![Registration {
                certificate_no: id.canonical().to_owned(),
                category: "临床".to_owned(),
                practice_scope: "内科专业".to_owned(),
                level: "执业医师".to_owned(),
            }],
        };
        let candidate_no = desk.store.candidate_keep(&[new]).await.expect("a candidate")[0];
        desk.store.account_set_password(candidate_no, &hash, now).await.expect("a password");
        persons.push(Person {
            id_number: id.canonical().to_owned(),
            password: password.clone(),
            candidate_no,
            candidate_id,
        });
    }
    persons
}

/// A number that could be somebody's today.
fn resident_id(desk: &Desk) -> ResidentId {
    let (today, mut rng) = (Date::in_china(desk.now()), system_rng());
    loop {
        let id = fake::resident_id(&mut rng);
        if let Ok(id) = ResidentId::parse(id.canonical(), today) {
            return id;
        }
    }
}
