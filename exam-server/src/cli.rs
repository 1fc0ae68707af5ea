//! The command line. Exit codes: 0 done, 1 refused with reasons, 2 wrong usage.

mod arguments;
mod bank;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use serde::Serialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::commands::{
    Desk, Refused, attempt, audit, backup, exam, purge, rehearsal, roster, staff, transfer,
};
use crate::config::{Config, Settings};
use crate::demo::Demo;
use crate::snapshots::Photos;
use crate::store::Scope;
use crate::{banks, serve, server};
use arguments::{
    AttemptCommand, AuditCommand, Cli, Command, ExamCommand, RehearsalCommand, RosterCommand,
    StaffCommand,
};

/// Runs the program and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    if let Some(code) = banks::read_as_child(std::env::args().skip(1)) {
        return code;
    }
    let cli = Cli::parse();
    if let Ok(program) = std::env::current_exe() {
        banks::use_child(program);
    }
    start_log();
    // Two TLS stacks of one process agree on one provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("the system can start threads");
    let json = cli.json;
    let outcome = runtime.block_on(run(cli));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            refuse(&error, json);
            ExitCode::FAILURE
        }
    }
}

/// Whether a command line, the program's name first, is one that this program takes. Nothing is
/// run; documents that show commands are checked with it.
///
/// # Errors
/// What is wrong with it.
pub fn check_usage(words: &[String]) -> Result<(), String> {
    Cli::try_parse_from(words).map(drop).map_err(|error| error.to_string())
}

/// Says why something was refused: on standard error for people, as one object for programs.
fn refuse(error: &anyhow::Error, json: bool) {
    let reasons = match error.downcast_ref::<Refused>() {
        Some(refused) => refused.reasons.clone(),
        None => vec![format!("{error:#}")],
    };
    if json {
        println!("{}", serde_json::json!({ "refused": reasons }));
    }
    for reason in reasons {
        eprintln!("refused: {reason}");
    }
}

/// Logs go to standard error; `EXAM_LOG` filters them, `EXAM_LOG_FORMAT=json` structures them.
fn start_log() {
    let filter = EnvFilter::try_from_env("EXAM_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_span_events(FmtSpan::NONE);
    let json = std::env::var("EXAM_LOG_FORMAT").is_ok_and(|format| format == "json");
    let started = if json { log.json().try_init() } else { log.compact().try_init() };
    drop(started); // A test may have a log already.
}

fn print<T: Serialize>(
    value: &T,
    json: bool,
    lines: impl FnOnce(&T) -> String,
) -> anyhow::Result<()> {
    let text = if json { serde_json::to_string(value)? } else { lines(value) };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.trim_end())?;
    out.flush()?;
    Ok(())
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let Cli { json, .. } = cli;
    let settings = cli.settings()?;
    let portraits = cli.portraits().map(Path::to_path_buf);
    match cli.command {
        Command::Demo { lan } => run_demo(settings, lan).await,
        Command::Serve => run_server(&settings).await,
        Command::Bank(command) => bank::run(&settings, command, json).await,
        Command::Roster(RosterCommand::Import { file, codes }) => {
            let desk = Desk::open(&settings).await?;
            let bytes = std::fs::read(&file)?;
            let mut out = codes.map(std::fs::File::create).transpose()?;
            let photos = portraits.as_ref().map(|_| photos_of(&settings)).transpose()?;
            let photos = photos.as_ref().zip(portraits.as_deref());
            let imported = roster::import(&desk, None, bytes, out.is_some(), photos, json).await?;
            if let Some((file, csv)) = out.as_mut().zip(imported.csv.as_deref()) {
                file.write_all(csv.as_bytes())?;
            }
            print(&imported, json, roster_lines)?;
            if imported.problems.is_empty() {
                return Ok(());
            }
            Err(Refused::because("nothing was stored: mend the rows above first").into())
        }
        Command::Purge { dry_run } => {
            let desk = Desk::open(&settings).await?;
            let purged = purge::purge(&desk, &photos_of(&settings)?, dry_run, json).await?;
            print(&purged, json, purge_lines)
        }
        Command::Exam(command) => run_exam(&settings, command, json).await,
        Command::Staff(StaffCommand::Add { login, name, role, institutions }) => {
            let desk = Desk::open(&settings).await?;
            let scope = scope_of(&desk, &institutions).await?;
            let added = staff::add(&desk, &login, &name, &role, scope).await?;
            print(&added, json, |added| {
                format!(
                    "{} is added. One-time enrolment token (72 h), shown once:\n{}",
                    added.login, added.enrolment_token
                )
            })
        }
        Command::Rehearsal(command) => run_rehearsal(&settings, command, json).await,
        Command::Attempt(command) => run_attempt(&settings, command, json).await,
        Command::Audit(AuditCommand::Verify) => {
            let desk = Desk::open(&settings).await?;
            let verified = audit::verify(&desk).await?;
            print(&verified, json, |v| format!("the audit is whole: {} rows sealed", v.sealed))
        }
        Command::Backup { file } => {
            let done = backup::backup(&settings, &file).await?;
            print(&done, json, |done| format!("{} ({} bytes)", done.file, done.bytes))
        }
        Command::Restore { file } => {
            let done = backup::restore(&settings, &file).await?;
            print(&done, json, |done| {
                format!("restored: {} attempts rebuilt and compared", done.attempts_verified)
            })
        }
        Command::Move { to, although_running } => {
            let moved = transfer::run(&settings, &to, although_running, json).await?;
            print(&moved, json, moved_lines)
        }
    }
}

fn moved_lines(moved: &transfer::Moved) -> String {
    let mut text = format!(
        "moved: {} rows, {} attempts rebuilt on both sides and compared, {} decisions sealed\n",
        moved.rows, moved.attempts_compared, moved.audit_sealed
    );
    for trouble in &moved.troubles {
        text += &format!("moved as it was: {trouble}\n");
    }
    text
}

async fn run_server(settings: &Settings) -> anyhow::Result<()> {
    let running = server::start(settings, exit_after_failed_sync).await?;
    if std::env::var_os("EXAM_LOG").is_none() {
        eprintln!("listening on {}", running.address);
    }
    serve::stop_signal().await?;
    running.stop().await;
    Ok(())
}

async fn run_demo(settings: Settings, lan: bool) -> anyhow::Result<()> {
    let demo = Demo::prepare(settings, lan)?;
    let accounts = demo.fill().await?;
    #[cfg_attr(not(feature = "turned-clock"), expect(clippy::needless_update))]
    let options = server::Options { demo_on_lan: lan, ..server::Options::default() };
    let running = server::start_with(&demo.settings, exit_after_failed_sync, options).await?;
    println!("{}", demo.greeting(&running, &accounts));
    serve::stop_signal().await?;
    running.stop().await;
    Ok(())
}

fn roster_lines(imported: &roster::Imported) -> String {
    let mut text = format!("{} people, {} codes\n", imported.people, imported.codes);
    for row in imported.problems.iter().chain(&imported.warnings) {
        let (code, message) = (row.problem.code, &row.problem.message);
        text += &format!("row {} {code}: {message}\n", row.row);
    }
    if let Some(photos) = &imported.photos {
        text += &format!("{} photographs\n", photos.kept);
        for problem in &photos.problems {
            text += &format!("{} {}: {}\n", problem.file, problem.code, problem.message);
        }
        for file in &photos.unmatched {
            text += &format!("{file} photo_of_nobody: nobody in the roster has this number\n");
        }
    }
    text
}

fn purge_lines(purged: &purge::Purged) -> String {
    let did = if purged.dry_run { "would delete" } else { "deleted" };
    let purge::Purged { attempts, snapshots, held, orphans, bytes, .. } = purged;
    let mib = *bytes as f64 / f64::from(1 << 20);
    format!(
        "{did} {snapshots} snapshots of {attempts} attempts and {orphans} files of no attempt, \
         {mib:.1} MiB\n{held} attempts are held for a review or an objection\n"
    )
}

/// Where photographs are kept.
fn photos_of(settings: &Settings) -> anyhow::Result<Photos> {
    server::photo_store(&Config::check(settings)?, settings)
}

/// Nothing is acknowledged after a failed sync, and nothing else may be trusted.
fn exit_after_failed_sync() {
    std::process::exit(70);
}

async fn scope_of(desk: &Desk, institutions: &[String]) -> anyhow::Result<Scope> {
    if institutions.is_empty() {
        return Ok(Scope::All);
    }
    let mut ids = Vec::new();
    for name in institutions {
        let id = desk.store.institution_find(name).await?;
        ids.push(id.ok_or_else(|| Refused::because(format!("no institution {name:?}")))?);
    }
    Ok(Scope::Institutions(ids))
}

async fn run_exam(settings: &Settings, command: ExamCommand, json: bool) -> anyhow::Result<()> {
    let desk = Desk::open(settings).await?;
    let maintenance = Config::check(&Settings { listen: None, ..settings.clone() })?.maintenance;
    match command {
        ExamCommand::Check { file } => {
            let text = std::fs::read_to_string(file)?;
            let checked = exam::check(&desk, &text, maintenance).await?;
            print(&checked, json, |checked| {
                format!(
                    "{} can be published; candidates by row: {:?}",
                    checked.title, checked.candidates
                )
            })
        }
        ExamCommand::Simulate { file, papers, attempts, seed } => {
            let text = std::fs::read_to_string(file)?;
            let trial = exam::Trial { papers, attempts, seed };
            let simulated = exam::simulate(&desk.store, &text, trial).await?;
            print(&simulated, json, simulated_lines)?;
            let short = simulated.rows.iter().flat_map(|row| row.short.clone());
            let reasons: Vec<String> = short.collect();
            if reasons.is_empty() { Ok(()) } else { Err(Refused { reasons }.into()) }
        }
        ExamCommand::Publish { file } => {
            let text = std::fs::read_to_string(file)?;
            let published = exam::publish(&desk, &text, maintenance).await?;
            print(&published, json, |published| format!("published as {}", published.exam_id))
        }
        ExamCommand::List => {
            let list = exam::list(&desk).await?;
            print(&list, json, |list| {
                let line = |e: &exam::ExamEntry| {
                    format!("{}  {}  {}  {}\n", e.exam_id, e.state, e.kind, e.title)
                };
                list.exams.iter().map(line).collect()
            })
        }
    }
}

fn simulated_lines(simulated: &exam::Simulated) -> String {
    let mut text = String::new();
    for (number, row) in simulated.rows.iter().enumerate() {
        text += &format!("audience row {number}\n");
        for section in &row.sections {
            text += &format!("  {}: {} of {} items\n", section.title, section.need, section.items);
            for cell in &section.cells {
                text += &format!(
                    "    {} × {} × {}: {} items in {} units",
                    section.item_type, cell.topic, cell.difficulty, cell.items, cell.units
                );
                if cell.for_others > 0 {
                    text += &format!(", {} more are not for everybody here", cell.for_others);
                }
                text.push('\n');
            }
        }
        let Some(forecast) = &row.forecast else { continue };
        let expected = forecast.expected_items;
        text += &format!(
            "  {} papers of {}: {:.2} items right expected, ± {:.2}, from {:.2} to {:.2}\n",
            forecast.papers,
            forecast.slots,
            expected.mean,
            expected.deviation,
            expected.least,
            expected.most
        );
        text += &format!(
            "  of {} items {} are never drawn; the most used one stands on {:.1} % of the papers\n",
            forecast.stock,
            forecast.never_drawn,
            forecast.most_drawn_share * 100.0
        );
        for (attempt, share) in (2..).zip(&forecast.seen_again) {
            text += &format!("  attempt {attempt}: {:.1} % was seen before\n", share * 100.0);
        }
    }
    text
}

async fn run_rehearsal(
    settings: &Settings,
    command: RehearsalCommand,
    json: bool,
) -> anyhow::Result<()> {
    let desk = Desk::open(settings).await?;
    match command {
        RehearsalCommand::Create { exam, candidates, out } => {
            let mut file = std::io::BufWriter::new(std::fs::File::create(&out)?);
            let created = rehearsal::create(&desk, &exam, candidates, &mut file, json).await?;
            print(&created, json, |made| {
                format!("{} rehearsal candidates in {}", made.candidates, out.display())
            })
        }
        RehearsalCommand::Clear => {
            let cleared = rehearsal::clear(&desk, json).await?;
            print(&cleared, json, |cleared| {
                format!("{} rehearsal candidates removed", cleared.candidates)
            })
        }
    }
}

async fn run_attempt(
    settings: &Settings,
    command: AttemptCommand,
    json: bool,
) -> anyhow::Result<()> {
    let desk = Desk::open(settings).await?;
    match command {
        AttemptCommand::Show { attempt: id } => {
            let shown = attempt::show(&desk, &id).await?;
            print(&shown, json, |shown| serde_json::to_string_pretty(shown).unwrap_or_default())
        }
        AttemptCommand::Redraw { attempt: id } => {
            let redrawn = attempt::redraw(&desk, &id).await?;
            print(&redrawn, json, |redrawn| {
                format!("{} slots drawn again, byte for byte the same", redrawn.slots)
            })
        }
        AttemptCommand::Verify { attempt: id } => {
            let verified = attempt::verify(&desk, id.as_deref(), json).await?;
            print(&verified, json, |verified| {
                format!(
                    "{} attempts rebuilt from their journals, {} scored again: no difference",
                    verified.attempts, verified.scored
                )
            })
        }
    }
}
