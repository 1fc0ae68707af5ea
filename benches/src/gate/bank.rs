//! A bank of 100,000 items: found, counted, exported and drawn from, on both databases.

use anyhow::Context;
use exam_core::item::{Difficulty, ItemType};
use exam_server::banks::Sought;
use exam_server::commands::{Desk, exam};
use exam_server::store::Slice;
use exam_tests::{Database, Kind, bank, process, server};
use question_bank::export::{self, ExportFormat};
use question_bank::item::Unit;
use question_bank::json;
use tokio::time::Instant;

use super::{Limit, Programs, Report, Size};
use crate::latency::Latencies;
use crate::questions::units;

/// Items of the bank.
const ITEMS: usize = 100_000;

/// Items of a file.
const FILE: usize = 20_000;

/// How often each search is made.
const TIMES: usize = 20;

/// What is looked for, and what it is called in the report.
const SEARCHES: [(&str, &str); 4] = [
    ("two signs that every item has", "血压"),
    ("a phrase that one item has", "第77题：关于高血压"),
    ("one sign", "压"),
    ("what stands nowhere", "胰腺假性囊肿"),
];

/// Items of many cells: thirty topics, three difficulties, four types.
fn varied(count: usize) -> Vec<Unit> {
    let types = [ItemType::A1, ItemType::A2, ItemType::Single, ItemType::X];
    let difficulties = [Difficulty::Easy, Difficulty::Medium, Difficulty::Hard];
    let mut units = units(count);
    for (number, unit) in units.iter_mut().enumerate() {
        unit.item_type = types[number % types.len()];
        unit.difficulty = difficulties[number / 7 % difficulties.len()];
        unit.topic = format!("临床/专业{}/章节{}", number / 31 % 10, number % 3);
    }
    units
}

pub(super) async fn run(
    programs: &Programs,
    size: Size,
    report: &mut Report,
) -> anyhow::Result<()> {
    let items = varied(size.many(ITEMS));
    let file = size.many(FILE);
    let folder = tempfile::tempdir()?;
    let whole = folder.path().join("whole.json");
    std::fs::write(&whole, json::write(&items, &[]))?;
    let workbook = folder.path().join("part.xlsx");
    let table = export::write(&items[..file], &[], ExportFormat::Xlsx)?;
    std::fs::write(&workbook, table.bytes)?;
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(database) = Database::fresh(kind).await else { continue };
        let name = match kind {
            Kind::Sqlite => "SQLite",
            Kind::Postgres => "PostgreSQL",
        };
        let run = async |arguments: &[&str]| {
            let began = Instant::now();
            let (code, said) = process::command(&programs.server, &database.url, arguments).await;
            anyhow::ensure!(code == Some(0), "{arguments:?}: {said}");
            Ok::<_, anyhow::Error>(began.elapsed().as_secs_f64())
        };
        for role in ["author", "approver"] {
            run(&["staff", "add", "--login", role, "--name", "某人", "--role", role]).await?;
        }
        let (whole, workbook) = (whole.display().to_string(), workbook.display().to_string());
        if kind == Kind::Sqlite {
            let took = run(&["bank", "check", &workbook]).await?;
            let limit = if size.small { Limit::None } else { Limit::AtMost(6.0) };
            report.note(
                "a workbook of 20,000 items, every check, in its own process",
                took,
                "s",
                limit,
            );
            let took = run(&["bank", "check", &whole]).await?;
            report.note(
                "a file of 100,000 items, every check, in its own process",
                took,
                "s",
                Limit::None,
            );
        }
        let took = run(&["bank", "import", &whole, "--bank", "大题库"]).await?;
        report.note(format!("{name}: an import of 100,000 items"), took, "s", Limit::None);
        run(&["bank", "approve", "--bank", "大题库"]).await?;
        let took = run(&["bank", "import", &workbook, "--bank", "大题库", "--dry-run"]).await?;
        report.note(
            format!("{name}: 20,000 items held against 100,000, dry run"),
            took,
            "s",
            Limit::None,
        );
        let desk = server::desk(&database).await;
        ask(&desk, name, size, report).await?;
        desk.store.close().await;
        for (format, file) in [("json", "out.json"), ("qti", "out.zip")] {
            let out = folder.path().join(file).display().to_string();
            let arguments = [
                "bank",
                "export",
                &out,
                "--bank",
                "大题库",
                "--format",
                format,
                "--topic",
                "临床/专业1",
            ];
            let took = run(&arguments).await?;
            report.note(
                format!("{name}: an export of 10,000 items, {format}"),
                took,
                "s",
                Limit::None,
            );
        }
    }
    Ok(())
}

/// Finds, counts and draws.
async fn ask(desk: &Desk, name: &str, size: Size, report: &mut Report) -> anyhow::Result<()> {
    let banks = desk.store.bank_list().await?;
    let bank_id = banks.first().context("it was imported")?.bank_id;
    let limit = if size.small { Limit::None } else { Limit::AtMost(200.0) };
    for (what, sought) in [
        ("all cells", Sought { standing: "approved".into(), ..Sought::default() }),
        (
            "the cells of a topic, a type and a word",
            Sought {
                standing: "approved".into(),
                topic: "临床/专业3".into(),
                r#type: "A1".into(),
                text: "随访".into(),
                ..Sought::default()
            },
        ),
    ] {
        let filter = sought.filter(bank_id)?;
        let mut latencies = Latencies::default();
        for _ in 0..TIMES {
            let began = Instant::now();
            let cells = desk.store.unit_cells(&filter).await?;
            latencies.add(began.elapsed());
            anyhow::ensure!(!cells.is_empty(), "{what}");
        }
        let summary = latencies.summary();
        report.note(format!("{name}: counts of {what}, p50"), summary.p50_ms, "ms", limit);
    }
    for (what, text) in SEARCHES {
        let sought = Sought { text: text.to_owned(), ..Sought::default() };
        let filter = sought.filter(bank_id)?;
        let mut latencies = Latencies::default();
        for _ in 0..TIMES {
            let began = Instant::now();
            let found = desk.store.unit_find(&filter, Slice::behind(0, 50)).await?;
            desk.store.unit_versions(&found).await?;
            latencies.add(began.elapsed());
        }
        let p50 = latencies.summary().p50_ms;
        report.note(format!("{name}: a page of {what}, p50"), p50, "ms", Limit::None);
    }
    let papers = u32::try_from(size.many(10_000))?;
    let trial = exam::Trial { papers, attempts: 3, seed: 1 };
    let began = Instant::now();
    let all = r#""easy", "medium", "hard""#;
    let sections = [("A1", "临床", all, 30), ("single", "临床", all, 20)];
    let definition = bank::exam_of("专业测评", "大题库", &sections);
    exam::simulate(&desk.store, &definition, trial).await?;
    let took = began.elapsed().as_secs_f64();
    report.note(
        format!("{name}: 10,000 papers simulated, the bank read anew"),
        took,
        "s",
        Limit::None,
    );
    Ok(())
}
