//! The people of the demo, all of them made up.

use assessment::date::Date;
use assessment::fake;
use assessment::resident_id::ResidentId;
use exam_core::ids::{CandidateId, InstitutionId};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::accounts::{Physician, Staff};
use crate::auth::hasher::Hasher;
use crate::auth::totp;
use crate::chance::system_rng;
use crate::commands::{Desk, staff as staff_commands};
use crate::keys::token_hash;
use crate::store::{NewCandidate, Registration, Role, Scope};

/// The password of every physician of the demo. It guards nothing: such a database is served on
/// loopback, or on a network its owner has chosen.
const PHYSICIAN_PASSWORD: &str = "Demo2026kaoshi";

/// The password of every member of staff of the demo.
const STAFF_PASSWORD: &str = "demo staff 2026";

/// The institution of the demo's physicians.
const INSTITUTION: &str = "演示市第一人民医院";

/// Whoever imports the demo bank.
pub(super) const AUTHOR: &str = "demo-author";

/// Whoever approves it.
pub(super) const APPROVER: &str = "demo-approver";

/// Logins, roles and what those are called.
const STAFF: [(&str, Role, &str); 6] = [
    (AUTHOR, Role::Author, "命题"),
    (APPROVER, Role::Approver, "审题"),
    ("demo-invigilator", Role::Invigilator, "监考"),
    ("demo-invigilator-2", Role::Invigilator, "监考二"),
    ("demo-officer", Role::Officer, "机构管理员"),
    ("demo-operator", Role::Operator, "运维"),
];

/// Names and registrations: two clinicians of each level.
const PHYSICIANS: [(&str, &str); 6] = [
    ("林知行", "执业医师"),
    ("苏明远", "执业医师"),
    ("周若兰", "执业医师"),
    ("何思齐", "执业医师"),
    ("沈一禾", "执业助理医师"),
    ("陆望舒", "执业助理医师"),
];

/// Adds the staff and enrols each with a password and a second factor.
pub(super) async fn staff(desk: &Desk, hasher: &Hasher) -> anyhow::Result<Vec<Staff>> {
    let password_hash = hasher.hash(STAFF_PASSWORD.as_bytes()).await?;
    let mut accounts = Vec::new();
    for (login, role, title) in STAFF {
        let name = format!("演示{title}");
        let added = staff_commands::add(desk, login, &name, &[role], Scope::All).await?;
        let enrolment_hash = token_hash(&added.enrolment_token);
        let secret: [u8; totp::SECRET_LENGTH] = crate::chance::random_bytes();
        let sealed = desk.keys.seal(&secret);
        desk.store.staff_enrol(&enrolment_hash, &password_hash, &sealed, 0, &[]).await?;
        accounts.push(Staff {
            login: login.to_owned(),
            role: title.to_owned(),
            password: STAFF_PASSWORD.to_owned(),
            totp_secret: totp::base32(&secret),
        });
    }
    Ok(accounts)
}

/// Stores the physicians with their passwords.
pub(super) async fn physicians(desk: &Desk, hasher: &Hasher) -> anyhow::Result<Vec<Physician>> {
    let (now, today) = (desk.now(), Date::in_china(desk.now()));
    let fresh = InstitutionId::fresh(now, &mut system_rng());
    let institution_id = desk.store.institution_keep(INSTITUTION, fresh).await?;
    let password_hash = hasher.hash(PHYSICIAN_PASSWORD.as_bytes()).await?;
    // The same numbers in every demo, so that a guide can print them.
    let mut rng = ChaCha20Rng::from_seed([6; 32]);
    let mut accounts = Vec::new();
    for (number, (name, level)) in (1..).zip(PHYSICIANS) {
        let id: ResidentId = loop {
            if let Ok(id) = ResidentId::parse(fake::resident_id(&mut rng).canonical(), today) {
                break id;
            }
        };
        let new = NewCandidate {
            candidate_id: CandidateId::fresh(now, &mut system_rng()),
            institution_id,
            name: name.to_owned(),
            id_number_sealed: desk.keys.seal(id.canonical().as_bytes()),
            id_number_hash: desk.keys.lookup_hash("id_number", id.canonical()),
            phone_sealed: None,
            phone_hash: None,
            activated: true,
            origin: "demo",
            registrations: vec![Registration {
                certificate_no: format!("演示{number:04}"),
                category: "临床".to_owned(),
                practice_scope: "内科专业".to_owned(),
                level: level.to_owned(),
            }],
        };
        let numbers = desk.store.candidate_keep(&[new]).await?;
        desk.store.account_set_password(numbers[0], &password_hash, now).await?;
        accounts.push(Physician {
            name: name.to_owned(),
            id_number: id.canonical().to_owned(),
            password: PHYSICIAN_PASSWORD.to_owned(),
        });
    }
    Ok(accounts)
}
