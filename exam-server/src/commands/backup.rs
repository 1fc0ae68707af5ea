//! `backup` and `restore`, beside a running server.
//!
//! Beside a backup stands its checksum, `FILE.sha256` as sha256sum writes it: a flipped bit in a
//! name or an answer leaves a database that can be read, and only the checksum tells.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context;
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::process::Command;

use super::{Desk, Refused, attempt, audit};
use crate::config::Settings;
use crate::store::Target;

/// A backup that was read back.
#[derive(Debug, Serialize)]
pub struct BackedUp {
    /// Where it is.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// How many attempts were rebuilt from it; none for a PostgreSQL dump, which `restore` checks.
    pub attempts_verified: Option<usize>,
}

/// A database that was restored.
#[derive(Debug, Serialize)]
pub struct Restored {
    /// How many attempts were rebuilt from their journals.
    pub attempts_verified: usize,
    /// How many audit rows are sealed.
    pub audit_sealed: u64,
}

/// Writes a backup while the server runs, and checks it.
///
/// # Errors
/// [`Refused`] when the file is there already, or the backup does not hold together.
pub async fn backup(settings: &Settings, file: &Path) -> anyhow::Result<BackedUp> {
    if file.exists() {
        return Err(Refused::because(format!("{} is there already", file.display())).into());
    }
    let database = settings.database.as_deref().context("no database: set database")?;
    let attempts_verified = match database.parse::<Target>()? {
        Target::Sqlite(options) => {
            let path = file.to_str().context("the path is not UTF-8")?;
            let mut connection = options.connect().await?;
            sqlx::query("VACUUM INTO $1").bind(path).execute(&mut connection).await?;
            connection.close().await?;
            sync_file(file)?;
            check_sqlite(file).await?;
            let copy = Settings { database: Some(format!("sqlite:{path}")), ..settings.clone() };
            Some(verify(&copy).await?.attempts_verified)
        }
        Target::Postgres(_) => {
            run(
                Command::new("pg_dump")
                    .args(["--format=custom", "--no-owner", "--file"])
                    .arg(file)
                    .args(["--dbname", database]),
                "pg_dump",
            )
            .await?;
            run(Command::new("pg_restore").arg("--list").arg(file), "pg_restore").await?;
            None
        }
    };
    let line = format!("{}  {}\n", checksum(file)?, name_of(file)?);
    std::fs::write(checksum_file(file), line)?;
    sync_file(&checksum_file(file))?;
    let bytes = std::fs::metadata(file)?.len();
    Ok(BackedUp { file: file.display().to_string(), bytes, attempts_verified })
}

/// Restores a backup into a database that is not there yet, or is empty, and checks it.
///
/// # Errors
/// [`Refused`] when the backup is damaged or the database is not empty; nothing is changed then.
pub async fn restore(settings: &Settings, file: &Path) -> anyhow::Result<Restored> {
    let database = settings.database.as_deref().context("no database: set database")?;
    compare_checksum(file)?;
    match database.parse::<Target>()? {
        Target::Sqlite(options) => {
            check_sqlite(file).await?;
            let target = options.get_filename().to_path_buf();
            if target.exists() {
                return Err(
                    Refused::because(format!("{} is there already", target.display())).into()
                );
            }
            restore_sqlite(settings, file, &target).await
        }
        Target::Postgres(_) => {
            run(Command::new("pg_restore").arg("--list").arg(file), "pg_restore").await?;
            run(
                Command::new("pg_restore")
                    .args([
                        "--exit-on-error",
                        "--single-transaction",
                        "--no-owner",
                        "--dbname",
                        database,
                    ])
                    .arg(file),
                "pg_restore",
            )
            .await?;
            verify(settings).await
        }
    }
}

/// Checks a copy beside the target, and moves it there only when it holds together.
async fn restore_sqlite(
    settings: &Settings,
    file: &Path,
    target: &Path,
) -> anyhow::Result<Restored> {
    let copy = beside(target, ".restoring");
    let remove = || {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(beside(&copy, end));
        }
    };
    remove(); // What an interrupted restore may have left.
    std::fs::copy(file, &copy).with_context(|| format!("{}", copy.display()))?;
    let path = copy.to_str().context("the path is not UTF-8")?;
    let there = Settings { database: Some(format!("sqlite:{path}")), ..settings.clone() };
    let restored = match verify(&there).await {
        Ok(restored) => restored,
        Err(error) => {
            remove();
            return Err(error);
        }
    };
    sync_file(&copy)?;
    std::fs::rename(&copy, target).with_context(|| format!("{}", target.display()))?;
    sync_file(target)?;
    Ok(restored)
}

/// Rebuilds every attempt of a database from its journal, and checks its audit.
async fn verify(settings: &Settings) -> anyhow::Result<Restored> {
    let desk = Desk::open(settings).await?;
    let attempts = attempt::verify(&desk, None, true).await?;
    let audit = audit::verify(&desk).await?;
    desk.store.close().await;
    Ok(Restored { attempts_verified: attempts.attempts, audit_sealed: audit.sealed })
}

async fn check_sqlite(file: &Path) -> anyhow::Result<()> {
    let damaged = |what: String| Refused::because(format!("{} is damaged: {what}", file.display()));
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let mut connection = options.connect().await.map_err(|error| damaged(error.to_string()))?;
    let found: Result<Vec<String>, _> =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut connection).await;
    let found = found.map_err(|error| damaged(error.to_string()))?;
    let _ = connection.close().await;
    if found == ["ok"] { Ok(()) } else { Err(damaged(found.join("; ")).into()) }
}

/// The file's path with `end` behind it.
fn beside(file: &Path, end: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(end);
    path.into()
}

fn checksum_file(file: &Path) -> PathBuf {
    beside(file, ".sha256")
}

fn name_of(file: &Path) -> anyhow::Result<&str> {
    file.file_name().and_then(|name| name.to_str()).context("the file's name is not UTF-8")
}

fn checksum(file: &Path) -> anyhow::Result<String> {
    let mut bytes = std::fs::File::open(file).with_context(|| format!("{}", file.display()))?;
    let (mut digest, mut part) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match bytes.read(&mut part)? {
            0 => return Ok(hex::encode(digest.finalize())),
            length => digest.update(&part[..length]),
        }
    }
}

/// Compares the backup with its checksum; one that came without is checked only by being rebuilt.
fn compare_checksum(file: &Path) -> anyhow::Result<()> {
    let Ok(line) = std::fs::read_to_string(checksum_file(file)) else {
        eprintln!("there is no {}: not every damage shows", checksum_file(file).display());
        return Ok(());
    };
    if line.split_whitespace().next() == Some(checksum(file)?.as_str()) {
        return Ok(());
    }
    let reason = format!("{} is damaged: it does not have its checksum", file.display());
    Err(Refused::because(reason).into())
}

fn sync_file(file: &Path) -> anyhow::Result<()> {
    std::fs::File::open(file)?.sync_all()?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

async fn run(command: &mut Command, name: &str) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output().await;
    let output = output.with_context(|| format!("{name} is not installed"))?;
    if output.status.success() {
        Ok(())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Refused::because(format!("{name} failed: {}", said.trim())).into())
    }
}
