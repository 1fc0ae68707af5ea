//! SEC7: no file that wants to harm costs much. Each test is a process of its own, whose peak of memory
//! is read.

use std::time::Duration;

use exam_tests::fuzz::target;
use exam_tests::probe::cpu;

/// What a file may cost beside its own bytes.
const GROWTH_MAX_KIB: u64 = 64 * 1024;

/// How often its own bytes may be held: as a file, decoded, as a cell, and in what is said of it.
const COPIES_MAX: u64 = 4;

/// The time of a core. SEC7 says 2 s, for a release build; a debug build takes four times as long.
const CPU_MAX: Duration = Duration::from_secs(8);

/// One line of `/proc/self/status`, in KiB.
fn kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux says it");
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()).expect("a line");
    number.parse().expect("a number")
}

fn goes_off(name: &str, bomb: &str) {
    // The peak begins anew here: building the bomb is not what is measured.
    std::fs::write("/proc/self/clear_refs", "5").expect("Linux allows it");
    let (before, began) = (kib("VmRSS:"), cpu());
    (target("importers").run)(bomb.as_bytes());
    let (grown, took) = (kib("VmHWM:").saturating_sub(before), cpu() - began);
    let size = bomb.len() as u64 / 1024;
    println!("{name}: {size} KiB cost {grown} KiB and {took:?}");
    assert!(grown <= GROWTH_MAX_KIB + COPIES_MAX * size, "{name} of {size} KiB cost {grown} KiB");
    assert!(took <= CPU_MAX, "{name}: {took:?}");
}

fn sheet(inside: &str) -> String {
    format!("%%%xl/worksheets/sheet1.xml\n<worksheet>{inside}</worksheet>")
}

fn strings(inside: &str) -> String {
    format!("%%%xl/sharedStrings.xml\n<sst>{inside}</sst>")
}

fn numbered(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect()
}

/// One test a bomb.
macro_rules! bombs {
    ($($name:ident: $bomb:expr;)*) => {$(
        #[test]
        fn $name() {
            goes_off(stringify!($name), &$bomb);
        }
    )*};
}

bombs! {
    sec7_x01_cells_at_the_end_of_the_world: sheet(
        "<sheetData><row r='1'><c r='A1'/></row><row r='1048576'><c r='XFD1048576'><v>1</v></c></row></sheetData>"
    );
    sec7_x05_too_many_texts: strings(&"<si><t>x</t></si>".repeat(1_000_100));
    sec7_x05_as_many_texts_as_are_allowed: strings(&"<si><t>x</t></si>".repeat(990_000));
    sec7_x05_one_long_text: strings(&format!("<si><t>{}</t></si>", "long".repeat(4 << 20)));
    sec7_x06_merged_areas: sheet(&"<mergeCell ref='A1:B2'/>".repeat(1_000_000));
    sec7_x10_attributes: format!("%%%xl/worksheets/sheet1.xml\n<worksheet {}/>",
        numbered(200_000, |n| format!("a{n}='1' ")));
    sec7_x10_depth: sheet(&"<a>".repeat(1_000_000));
    sec7_x10_a_long_text: sheet(&"text ".repeat(4 << 20));
    sec7_x11_a_million_columns: "a,".repeat(1_000_000);
    sec7_x11_a_line_without_an_end: "a line without an end ".repeat(1 << 20);
    sec7_x11_a_quote_that_is_never_closed: format!("\"{}", "text\n".repeat(1 << 20));
    sec7_x11_two_hundred_thousand_empty_rows: "a,b\n".repeat(200_001);
    sec7_l23_depth: format!("{{\"format\":\"exam-bank/1\",\"units\":{}", "[".repeat(1 << 20));
    sec7_l23_keys: format!("{{{}\"format\":1}}", numbered(200_000, |n| format!("\"k{n}\":1,")));
    sec7_toml_depth: format!("a = {}", "[".repeat(200_000));
    sec7_toml_dots: format!("{}a = 1", "a.".repeat(100_000));
}
