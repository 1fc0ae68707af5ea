//! The rows of a roster, gathered by person.
//!
//! One person may stand in several rows, once for each registration: assistant and full
//! physician at once is the usual case (S61). The practice certificate number tells the
//! registrations apart, and the 18-digit ID number the people, whichever form a row gives.
//! Nothing is merged silently: a row that contradicts an earlier one is left out and reported.

use std::collections::HashMap;

use crate::certificate::CertificateNumber;
use crate::date::Date;
use crate::person_name::PersonName;
use crate::phone::Phone;
use crate::resident_id::ResidentId;

use super::{Field, FieldProblem, Physician, RawPhysician, Registration, RowProblem};

/// What a table of rows says.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// The people of the rows in order, each once, in the order they first appear.
    pub people: Vec<Person>,
    /// Why rows were left out. An import that takes all or nothing takes nothing unless this is
    /// empty.
    pub problems: Vec<RowProblem>,
    /// What is odd about rows that were taken.
    pub warnings: Vec<RowProblem>,
}

/// One person of a roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name, the same in all rows.
    pub name: PersonName,
    /// The number as the first row gives it.
    pub resident_id: ResidentId,
    /// The phone of the first row that has one.
    pub phone: Option<Phone>,
    /// What the person is registered for; at least one.
    pub registrations: Vec<Registered>,
}

/// A registration and the row it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The row, as the caller numbered it.
    pub row: u32,
    /// The registration.
    pub registration: Registration,
}

impl Person {
    /// Whether the registry says that any of the registrations was activated.
    #[must_use]
    pub fn is_activated(&self) -> bool {
        self.registrations.iter().any(|registered| registered.registration.activated)
    }
}

/// Checks all `rows`, each with the number a spreadsheet program shows, and gathers them by
/// person.
pub fn gather(rows: impl IntoIterator<Item = (u32, RawPhysician)>, today: Date) -> Roster {
    let mut gathering = Gathering::default();
    for (row, raw) in rows {
        match raw.check(today) {
            Ok(physician) => gathering.add(row, physician),
            Err(problems) => {
                gathering.roster.problems.extend(problems.into_iter().map(|p| p.at_row(row)));
            }
        }
    }
    gathering.roster
}

/// A roster half read, with the places of what it holds.
#[derive(Default)]
struct Gathering {
    roster: Roster,
    by_id: HashMap<ResidentId, usize>,
    /// The row of each practice certificate, and the place of the person who holds it.
    by_practice_number: HashMap<CertificateNumber, (u32, usize)>,
}

impl Gathering {
    fn add(&mut self, row: u32, physician: Physician) {
        if let Some(problem) = self.contradiction(&physician) {
            self.roster.problems.push(problem.at_row(row));
            return;
        }
        let Physician { name, resident_id, phone, registration, warnings } = physician;
        self.roster.warnings.extend(warnings.into_iter().map(|w| w.at_row(row)));
        let people = &mut self.roster.people;
        let place = *self.by_id.entry(resident_id.clone()).or_insert_with(|| {
            people.push(Person { name, resident_id, phone: None, registrations: Vec::new() });
            people.len() - 1
        });
        self.by_practice_number.insert(registration.practice_number.clone(), (row, place));
        self.note_phone(row, place, phone);
        self.roster.people[place].registrations.push(Registered { row, registration });
    }

    /// What an earlier row says against `physician`.
    fn contradiction(&self, physician: &Physician) -> Option<FieldProblem> {
        let place = self.by_id.get(&physician.resident_id).copied();
        let number = &physician.registration.practice_number;
        if let Some((row, holder)) = self.by_practice_number.get(number) {
            return Some(if place == Some(*holder) {
                let message = format!("与第{row}行重复:同一人的同一执业证书");
                FieldProblem::new(Field::PracticeNumber, "registration_repeated", message)
            } else {
                let message = format!("该执业证书编号已属于第{row}行的另一人");
                FieldProblem::new(Field::PracticeNumber, "practice_number_of_another", message)
            });
        }
        let known = &self.roster.people[place?];
        (known.name != physician.name).then(|| {
            let row = known.registrations[0].row;
            let message = format!("与第{row}行身份证号相同但姓名不同,请核对");
            FieldProblem::new(Field::Name, "name_differs", message)
        })
    }

    fn note_phone(&mut self, row: u32, place: usize, phone: Option<Phone>) {
        let person = &mut self.roster.people[place];
        match (&person.phone, phone) {
            (None, phone) => person.phone = phone,
            (Some(first), Some(other)) if *first != other => {
                let message = "与同一人前面的手机号不同,采用前面的号码";
                let problem = FieldProblem::new(Field::Phone, "phone_differs", message);
                self.roster.warnings.push(problem.at_row(row));
            }
            (Some(_), _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    fn read(rows: &[RawPhysician]) -> Roster {
        gather((2..).zip(rows.iter().cloned()), Date::new(2026, 3, 1).unwrap())
    }

    fn rows<const N: usize>() -> [RawPhysician; N] {
        let mut rng = ChaCha20Rng::from_seed([11; 32]);
        std::array::from_fn(|_| fake::physician(&mut rng))
    }

    fn codes(roster: &Roster) -> Vec<(u32, &'static str)> {
        roster.problems.iter().map(|p| (p.row, p.problem.code)).collect()
    }

    #[test]
    fn l10_assistant_and_full_physician_under_one_id_are_one_person_with_two_registrations() {
        let [first, _] = rows();
        let assistant = RawPhysician {
            level: "执业助理医师".to_owned(),
            practice_number: "210410000099999".to_owned(),
            ..first.clone()
        };
        let roster = read(&[first, assistant]);
        assert_eq!(codes(&roster), []);
        let [person] = roster.people.as_slice() else { panic!("one person") };
        let rows: Vec<u32> = person.registrations.iter().map(|r| r.row).collect();
        assert_eq!(rows, [2, 3]);
    }

    #[test]
    fn l09_a_15_digit_row_of_the_same_registration_is_a_repeat_and_not_merged() {
        let [first] = rows();
        let today = Date::new(2026, 3, 1).unwrap();
        let id = ResidentId::parse(&first.resident_id, today).unwrap();
        let old = RawPhysician { resident_id: id.old_form().unwrap(), ..first.clone() };
        let roster = read(&[first, old]);
        assert_eq!(codes(&roster), [(3, "registration_repeated")]);
        assert_eq!(roster.people.len(), 1);
        assert_eq!(roster.people[0].resident_id.as_given(), id.canonical());
        assert!(roster.problems[0].problem.message.contains("第2行"));
    }

    #[test]
    fn x18_one_id_under_two_names_is_reported() {
        let [first, second] = rows();
        let other = RawPhysician { resident_id: first.resident_id.clone(), ..second };
        let other = RawPhysician { name: format!("{}改", first.name), ..other };
        assert_eq!(codes(&read(&[first, other])), [(3, "name_differs")]);
    }

    #[test]
    fn one_certificate_of_two_people_is_reported() {
        let [first, second] = rows();
        let other = RawPhysician { practice_number: first.practice_number.clone(), ..second };
        let roster = read(&[first, other]);
        assert_eq!(codes(&roster), [(3, "practice_number_of_another")]);
        assert_eq!(roster.people.len(), 1);
    }

    #[test]
    fn the_first_phone_counts_and_another_one_is_a_warning() {
        let [first, _] = rows();
        let row = |phone: &str, practice_number: &str| RawPhysician {
            phone: phone.to_owned(),
            practice_number: practice_number.to_owned(),
            ..first.clone()
        };
        let roster =
            read(&[row("", "A0001"), row("16000000001", "A0002"), row("16000000002", "A0003")]);
        assert_eq!(roster.people[0].phone.as_ref().map(Phone::as_str), Some("16000000001"));
        let warned: Vec<_> = roster.warnings.iter().map(|w| (w.row, w.problem.code)).collect();
        assert_eq!(warned, [(4, "phone_differs")]);
    }

    #[test]
    fn bad_rows_are_left_out_and_the_others_kept() {
        let [first, second, third] = rows();
        let bad = RawPhysician { level: "院长".to_owned(), ..second };
        let roster = read(&[first, bad, third]);
        assert_eq!(codes(&roster), [(3, "level_unknown")]);
        assert_eq!(roster.people.len(), 2);
    }

    #[test]
    fn a_person_is_activated_when_one_registration_is() {
        let [first, _] = rows();
        let off = RawPhysician { activated: "否".to_owned(), ..first.clone() };
        assert!(!read(std::slice::from_ref(&off)).people[0].is_activated());
        let on = RawPhysician { practice_number: "A0002".to_owned(), ..first };
        assert!(read(&[off, on]).people[0].is_activated());
    }
}
