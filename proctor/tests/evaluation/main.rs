//! How well the checks do on a labelled set, made here from photographs in the public domain and edits of
//! them. `cargo test -p proctor --test evaluation -- --nocapture` prints the tables of docs/proctoring.md.

mod conditions;
mod edits;
mod set;
mod stills;

use std::fmt::Write as _;

use proctor::faces::Detector;

use conditions::conditions;
use set::{interval, shown};

#[test]
fn the_checks_do_as_well_as_they_are_said_to() {
    let detector = Detector::default();
    let mut table =
        String::from("| condition | should find | n | right | 95 % |\n|---|---|---:|---:|---|\n");
    let mut failures = String::new();
    for condition in conditions() {
        let n = condition.pictures.len();
        let mut right = 0;
        let mut others = std::collections::BTreeMap::<String, u32>::new();
        for pixels in &condition.pictures {
            let found = shown(&detector, pixels);
            if condition.expects.is_met(&found) {
                right += 1;
            } else {
                *others.entry(format!("{found:?}")).or_default() += 1;
            }
        }
        let (low, high) = interval(right, n);
        let share = 100 * right / n;
        writeln!(
            table,
            "| {} | {} | {n} | {share} % | {low:.0}–{high:.0} % |",
            condition.name,
            condition.expects.name()
        )
        .expect("a text");
        if share < condition.least as usize {
            writeln!(
                failures,
                "{}: {share} % of {}, instead {others:?}",
                condition.name, condition.least
            )
            .expect("a text");
        } else if !others.is_empty() {
            println!("{}: {others:?}", condition.name);
        }
    }
    println!("{table}");
    assert!(failures.is_empty(), "{failures}");
}
