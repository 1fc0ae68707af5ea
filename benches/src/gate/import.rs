//! An author imports 20,000 questions, and another approves them, while an exam is sat.

use std::time::Duration;

use exam_tests::{Kind, process};
use question_bank::template;
use tokio::time::Instant;

use super::{Limit, Programs, Report, Size};
use crate::drive::{Talk, drive};
use crate::questions::units;
use crate::server::Loaded;

/// Sessions that save.
const SESSIONS: usize = 1_000;

/// How often each saves.
const PACE: Duration = Duration::from_secs(2);

/// How long each part lasts; imports follow each other as long as the second one does.
const LENGTH: Duration = Duration::from_secs(20);

/// Questions of a workbook.
const QUESTIONS: usize = 20_000;

pub(super) async fn run(
    programs: &Programs,
    size: Size,
    report: &mut Report,
) -> anyhow::Result<()> {
    let sessions = size.many(SESSIONS);
    let (pace, length) = (size.long(PACE), size.long(LENGTH));
    let loaded = Loaded::start(&programs.server, Kind::Sqlite, sessions).await;
    let loaded = loaded.expect("a file is always to be had");
    let workbook = loaded.database.folder.path().join("bank.xlsx");
    std::fs::write(&workbook, template::write(&units(size.many(QUESTIONS)))?)?;
    let seats = loaded.seats().await?;
    let wires = loaded.open(&seats).await?;
    let quiet = drive(wires, vec![0; sessions], Talk::Save, Some(pace), length).await;
    let (binary, url) = (programs.server.clone(), loaded.database.url.clone());
    let file = workbook.display().to_string();
    let importing = tokio::spawn(async move {
        let began = Instant::now();
        let (mut took, mut done) = (Vec::new(), 0);
        while began.elapsed() < length {
            let (import, bank) = (Instant::now(), format!("bank {done}"));
            let arguments = ["bank", "import", &file, "--bank", &bank, "--as", "author"];
            let (code, said) = process::command(&binary, &url, &arguments).await;
            anyhow::ensure!(code == Some(0), "{said}");
            took.push(import.elapsed().as_secs_f64());
            let arguments = ["bank", "approve", "--bank", &bank, "--as", "approver"];
            let (code, said) = process::command(&binary, &url, &arguments).await;
            anyhow::ensure!(code == Some(0), "{said}");
            done += 1;
        }
        Ok(took)
    });
    let busy = drive(quiet.wires, quiet.numbers, Talk::Save, Some(pace), length).await;
    let took = importing.await??;
    for error in quiet.errors.iter().chain(&busy.errors) {
        println!("error: {error}");
    }
    report.never("saves that failed", quiet.errors.len() + busy.errors.len());
    report.curves(
        "Saves beside an import",
        &[("quiet", &quiet.latencies), ("import", &busy.latencies)],
    );
    let (quiet, busy_ms) = (quiet.latencies.summary(), busy.latencies.summary());
    let mean = took.iter().sum::<f64>() / took.len().max(1) as f64;
    report.note("imports, each with its approval", took.len() as f64, "", Limit::None);
    report.note("an import of 20,000 questions beside the exam", mean, "s", Limit::None);
    report.note("save in quiet, p99", quiet.p99_ms, "ms", Limit::None);
    report.note("save beside imports, p50", busy_ms.p50_ms, "ms", Limit::None);
    let bound = ((quiet.p99_ms + 50.0) * 10.0).round() / 10.0;
    report.note("save beside imports, p99", busy_ms.p99_ms, "ms", Limit::AtMost(bound));
    report.note("save beside imports, max", busy_ms.max_ms, "ms", Limit::None);
    report.never("acknowledged answers lost", loaded.lost(&seats, &busy.numbers).await?);
    Ok(())
}
