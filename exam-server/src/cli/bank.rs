//! `bank …`.

use std::path::Path;

use question_bank::format::Reading;
use question_bank::item::Defaults;
use serde::Serialize;

use super::arguments::{BankCommand, SoughtArguments};
use super::print;
use crate::banks::Sought;
use crate::commands::{Desk, Refused, bank};
use crate::config::Settings;

impl From<SoughtArguments> for Sought {
    fn from(asked: SoughtArguments) -> Self {
        let or = |text: Option<String>| text.unwrap_or_default();
        Self {
            text: or(asked.text),
            standing: or(asked.standing),
            r#type: asked.types.join(","),
            topic: or(asked.topic),
            difficulty: asked.difficulties.join(","),
            pool: or(asked.pool),
            tag: or(asked.tag),
            category: or(asked.category),
            practice_scope: or(asked.practice_scope),
            import: asked.import,
        }
    }
}

fn named(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// What was done, for people and programs.
#[derive(Serialize)]
struct Done {
    done: String,
}

fn done(text: String, json: bool) -> anyhow::Result<()> {
    print(&Done { done: text }, json, |done| done.done.clone())
}

pub(super) async fn run(
    settings: &Settings,
    command: BankCommand,
    json: bool,
) -> anyhow::Result<()> {
    match command {
        BankCommand::Import { file, bank, login, pool, format, dry_run, skip_bad } => {
            let desk = Desk::open(settings).await?;
            let reading =
                Reading { format: format.0, defaults: Defaults { pool }, mends: Vec::new() };
            let wish = bank::Wish { dry_run, skip_bad, reading };
            let (bytes, name) = (std::fs::read(&file)?, named(&file));
            let imported =
                bank::import(&desk, &bank, &name, &bytes, login.as_deref(), wish, json).await?;
            print(&imported, json, import_lines)?;
            if imported.accepted + imported.unchanged == 0 {
                return Err(Refused::because("nothing was imported").into());
            }
            Ok(())
        }
        BankCommand::Approve { bank, import, login } => {
            let desk = Desk::open(settings).await?;
            let approved = bank::approve(&desk, &bank, import, login.as_deref()).await?;
            print(&approved, json, |approved| format!("{} units approved", approved.units))
        }
        BankCommand::Reject { bank, import, reason, login } => {
            let desk = Desk::open(settings).await?;
            bank::reject(&desk, &bank, import, &reason, login.as_deref()).await?;
            done(format!("import {import} is rejected"), json)
        }
        BankCommand::Withdraw { bank, code, reason, login } => {
            let desk = Desk::open(settings).await?;
            let withdrawn = bank::withdraw(&desk, &bank, &code, &reason, login.as_deref()).await?;
            print(&withdrawn, json, |withdrawn| {
                format!(
                    "{code} is withdrawn as revision {}; exams published before still draw it",
                    withdrawn.revision
                )
            })
        }
        BankCommand::Imports { bank } => {
            let desk = Desk::open(settings).await?;
            let imports = bank::imports(&desk, &bank).await?;
            print(&imports, json, |imports| imports.iter().map(import_line).collect())
        }
        BankCommand::History { bank, code } => {
            let desk = Desk::open(settings).await?;
            let versions = bank::history(&desk, &bank, &code).await?;
            print(&versions, json, |versions| versions.iter().map(version_lines).collect())
        }
        BankCommand::Find { bank, sought } => {
            let desk = Desk::open(settings).await?;
            let found = bank::look_for(&desk, &bank, &sought.into()).await?;
            print(&found, json, found_lines)
        }
        BankCommand::Cells { bank, sought } => {
            let desk = Desk::open(settings).await?;
            let cells = bank::cells(&desk, &bank, &sought.into()).await?;
            print(&cells, json, |cells| {
                let line = |cell: &crate::store::Cell| {
                    let crate::store::Cell { item_type, topic, difficulty, pool, units, items } =
                        cell;
                    format!(
                        "{items:>7} items {units:>7} units  {item_type:<8} {difficulty:<6} {pool:<8} {topic}\n"
                    )
                };
                cells.iter().map(line).collect()
            })
        }
        BankCommand::Measure { bank } => {
            let desk = Desk::open(settings).await?;
            let measured = bank::measure(&desk, bank.as_deref(), json).await?;
            print(&measured, json, |measured| {
                let off: String = measured.off.iter().map(found_line).collect();
                format!("{} attempts counted\n{off}", measured.attempts)
            })
        }
        BankCommand::Check { file } => {
            let checked = bank::check(&named(&file), &std::fs::read(&file)?).await?;
            print(&checked, json, check_lines)
        }
        BankCommand::Template { out, from } => {
            let file = from.map(|from| std::fs::read(&from).map(|bytes| (named(&from), bytes)));
            let file = file.transpose()?;
            let from = file.as_ref().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
            write_out(&out, &bank::template(from)?, json)
        }
        BankCommand::Export { out, bank, format, sought } => {
            let desk = Desk::open(settings).await?;
            write_out(&out, &bank::export(&desk, &bank, &sought.into(), format).await?, json)
        }
        BankCommand::List => {
            let desk = Desk::open(settings).await?;
            let list = bank::list(&desk).await?;
            print(&list, json, |list| {
                let line = |bank: &bank::BankEntry| {
                    let bank::BankEntry { name, revision, approved, drafts } = bank;
                    format!("{name}  revision {revision}  {approved} approved  {drafts} drafts\n")
                };
                list.banks.iter().map(line).collect()
            })
        }
    }
}

fn write_out(out: &Path, written: &bank::Written, json: bool) -> anyhow::Result<()> {
    std::fs::write(out, &written.bytes)?;
    print(written, json, |written| {
        let problems: String =
            written.problems.iter().map(|problem| format!("{problem}\n")).collect();
        format!("{problems}{} written: {} items", out.display(), written.items)
    })
}

fn import_lines(imported: &bank::Imported) -> String {
    let mut text = format!(
        "{} items: {} accepted, {} rejected, {} unchanged\n",
        imported.items, imported.accepted, imported.rejected, imported.unchanged
    );
    if let Some(import_no) = imported.import_no {
        text += &format!("import {import_no} waits for approval\n");
    }
    for problem in &imported.problems {
        text += &format!("{problem}\n");
    }
    text + &pair_lines(&imported.similar, imported.similar_more)
}

fn pair_lines(pairs: &[question_bank::similar::Pair], more: bool) -> String {
    let line = |pair: &question_bank::similar::Pair| {
        let how = if pair.same { "the same as" } else { "nearly the same as" };
        let place = if pair.in_bank { " in the bank" } else { "" };
        let share = pair.similarity * 100.0;
        format!("{} is {how} {}{place} ({share:.0} %)\n", pair.second, pair.first)
    };
    let mut lines: String = pairs.iter().map(line).collect();
    if more {
        lines += "there may be more that are nearly the same\n";
    }
    lines
}

fn check_lines(checked: &bank::Checked) -> String {
    let problems: String = checked.problems.iter().map(|problem| format!("{problem}\n")).collect();
    format!(
        "{problems}{}{} items, {} problems, {} nearly equal pairs, keys of four {:?}, of five {:?}",
        pair_lines(&checked.similar, checked.similar_more),
        checked.items,
        checked.problems.len(),
        checked.similar.len(),
        checked.key_spread[0],
        checked.key_spread[1]
    )
}

fn import_line(import: &crate::store::ImportRow) -> String {
    let decided = match (&import.decided_by, &import.rejected_because) {
        (Some(by), Some(why)) => format!(" by {by}: {why}"),
        (Some(by), None) => format!(" by {by}"),
        (None, _) => String::new(),
    };
    format!(
        "{}  {}{decided}  {} units, {} items  from {}\n",
        import.import_no, import.state, import.units, import.items, import.imported_by
    )
}

fn version_lines(version: &crate::banks::Version) -> String {
    let done = &version.done;
    let mut text = format!(
        "version {}: {}, import {} of {} by {}\n",
        done.version, done.state, done.import_no, version.file, done.imported_by
    );
    for change in &version.changes {
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "—".to_owned());
        let item = change.item.as_deref().map(|code| format!("{code} ")).unwrap_or_default();
        let place = change.place.map(|place| format!(" {place}")).unwrap_or_default();
        let (before, after) = (or(&change.before), or(&change.after));
        text += &format!("  {item}{}{place}: {before} → {after}\n", change.field);
    }
    text
}

fn found_lines(found: &bank::Found) -> String {
    let listed: String = found.listed.iter().map(found_line).collect();
    format!("{} units, {} items\n{listed}", found.units, found.items)
}

fn found_line(unit: &bank::FoundUnit) -> String {
    let bank::FoundUnit { code, state, item_type, topic, difficulty, measured, text } = unit;
    let says: String = text.chars().take(60).map(|c| if c == '\n' { ' ' } else { c }).collect();
    let proved = match measured.facility() {
        Some(facility) => {
            let share = f64::from(facility) / 1_000.0;
            format!(" ({share:.2} in {} answers)", measured.answers)
        }
        None => String::new(),
    };
    format!("{code}  {state}  {item_type}  {difficulty}{proved}  {topic}  {says}\n")
}
