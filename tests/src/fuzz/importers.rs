//! Files that people bring: banks, rosters, exam definitions.
//!
//! An input is the file. One that begins with `%%%` is packed into a workbook first
//! ([`parts`](super::parts)).

use assessment::date::Date;
use exam_core::exam::Exam;
use exam_core::time::Timestamp;
use exam_server::commands::{exam, roster};
use question_bank::check::Imported;
use question_bank::format::{self, Format, Reading};
use question_bank::hash::{content_hash, version_hash};
use question_bank::item::{Defaults, Unit};
use question_bank::pins::pinned;
use question_bank::problem::Severity;
use question_bank::{json, similar};

use super::parts;

/// Makes panics quiet that the importers catch themselves, and others speak: libFuzzer's own hook
/// would end the process at either.
pub fn let_panics_be_caught() {
    std::panic::set_hook(Box::new(|panic| {
        let of_a_reader = panic.location().is_some_and(|at| at.file().contains("calamine"));
        if !of_a_reader {
            eprintln!("{panic}");
        }
    }));
}

const NOW: Timestamp = Timestamp::from_ms(1_767_225_600_000); // 2026-01-01

/// The longest exam definition that is read: an operator's own file, of a few KiB.
const EXAM_BYTES_MAX: usize = 256 << 10;

/// Reads the file as whatever it could be.
pub(super) fn run(input: &[u8]) {
    match parts::workbook(input) {
        Some(file) => tables(&file),
        None => {
            tables(input);
            if input.len() <= EXAM_BYTES_MAX
                && let Ok(text) = std::str::from_utf8(input)
                && let Ok(exam) = exam::parse(text)
            {
                defined(&exam);
            }
        }
    }
}

fn tables(file: &[u8]) {
    let imported = format::read(file, "file", &Reading::default());
    holds(&imported);
    if Format::of(file) != Format::Json
        && let Ok(roster) = roster::read(file, Date::in_china(NOW))
    {
        for person in &roster.people {
            assert!(!person.registrations.is_empty(), "a person is registered for something");
            assert!(!person.name.as_str().is_empty());
        }
        let rows = roster.problems.iter().chain(&roster.warnings).map(|problem| problem.row);
        assert!(rows.min().is_none_or(|row| row >= 1), "rows count from 1");
    }
}

/// What has to hold of every import.
fn holds(imported: &Imported) {
    let items: usize = imported.units.iter().map(|unit| unit.items.len()).sum();
    assert_eq!(imported.accepted, items, "accepted items are the items of the units");
    assert!(imported.accepted <= imported.items, "no item comes from nowhere");
    let wrong = imported.problems.iter().any(|problem| problem.severity == Severity::Error);
    assert!(wrong || imported.accepted == imported.items, "what is left out has a reason");
    for problem in &imported.problems {
        assert!(problem.row != Some(0) && problem.column != Some(0), "{problem:?}");
        assert!(!problem.message.is_empty());
    }
    for unit in &imported.units {
        unit_holds(unit);
    }
    let _ = similar::key_spread(&imported.units, 4);
    again(imported);
}

fn unit_holds(unit: &Unit) {
    assert!(!unit.items.is_empty(), "a unit has items");
    for item in &unit.items {
        let options = unit.options_of(item);
        assert!((2..=26).contains(&options.len()), "an item has options: {}", options.len());
        assert!(!item.key.is_empty(), "an item has a key");
        assert!(item.key.positions().all(|position| position < options.len()));
        assert!(!item.stem.trim().is_empty() || !unit.shared_stem.trim().is_empty());
        let _ = (content_hash(unit, item), version_hash(unit), pinned(unit, item));
    }
}

/// The loss-free format gives back what it was given.
fn again(imported: &Imported) {
    if imported.units.is_empty() {
        return;
    }
    let written = json::write(&imported.units, &imported.pictures);
    let read = json::read(written.as_bytes(), "file", &Defaults::default());
    let errors = read.problems.iter().filter(|problem| problem.severity == Severity::Error);
    assert_eq!(errors.collect::<Vec<_>>(), Vec::<&question_bank::problem::Problem>::new());
    assert_eq!(
        json::write(&read.units, &read.pictures),
        written,
        "the loss-free format loses nothing"
    );
}

fn defined(exam: &Exam) {
    assert!(exam.opens_at < exam.closes_at);
    assert!(exam.last_deadline() >= exam.closes_at);
    assert!(!exam.audience.is_empty());
    for row in &exam.audience {
        let blueprint = &row.blueprint;
        assert!((1..=500).contains(&blueprint.slots()));
        assert!(blueprint.pass_points <= blueprint.total_points(), "it can be passed");
        assert!(blueprint.time_allowed.as_ms() > 0);
    }
    let stored = serde_json::to_string(exam).expect("an exam can be stored");
    let read: Exam = serde_json::from_str(&stored).expect("and read");
    assert_eq!(&read, exam, "an exam is read as stored");
}
