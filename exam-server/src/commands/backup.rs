//! `backup` and `restore`, beside a running server.
//!
//! Beside a backup stands its checksum, `FILE.sha256` as sha256sum writes it: a flipped bit in a
//! name or an answer leaves a database that can be read, and only the checksum tells.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context;
use serde::Serialize;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::process::Command;

use super::{Desk, Refused, attempt, audit, checksum};
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

/// Writes a backup while the server runs, and checks it. It has its name only once it is whole
/// and checked: until then, and where it is cut off, it is called `.part`.
///
/// # Errors
/// [`Refused`] when the file is there already, or the backup does not hold together.
pub async fn backup(settings: &Settings, file: &Path) -> anyhow::Result<BackedUp> {
    let part = part_of(file);
    refuse_existing(file)?;
    refuse_existing(&part)?;
    let database = settings.database.as_deref().context("no database: set database")?;
    let written = match database.parse::<Target>()? {
        Target::Sqlite(options) => write_sqlite(settings, &options, &part).await,
        Target::Postgres(_) => write_postgres(settings, database, &part).await,
    };
    if written.is_err() {
        discard(&part);
    }
    let attempts_verified = written?;
    checksum::write(&part, file)?;
    put_in_place(&part, file)?;
    let bytes = std::fs::metadata(file)?.len();
    Ok(BackedUp { file: file.display().to_string(), bytes, attempts_verified })
}

async fn write_sqlite(
    settings: &Settings,
    options: &SqliteConnectOptions,
    part: &Path,
) -> anyhow::Result<Option<usize>> {
    let path = part.to_str().context("the path is not UTF-8")?;
    let mut connection = options.connect().await?;
    sqlx::query("VACUUM INTO $1").bind(path).execute(&mut connection).await?;
    connection.close().await?;
    check_sqlite(part).await?;
    let copy = Settings { database: Some(format!("sqlite:{path}")), ..settings.clone() };
    Ok(Some(verify(&copy).await?.attempts_verified))
}

async fn write_postgres(
    settings: &Settings,
    database: &str,
    part: &Path,
) -> anyhow::Result<Option<usize>> {
    // Not worth a backup: another key's database, or one that a move has not finished with.
    Desk::open(settings).await?.store.close().await;
    let mut dump = Command::new("pg_dump");
    dump.args(["--format=custom", "--no-owner", "--file"]).arg(part);
    run(connect(&mut dump, database), "pg_dump").await?;
    read_dump(part).await?;
    Ok(None)
}

/// Restores a backup into a database that is not there yet, or is empty, and checks it.
///
/// # Errors
/// [`Refused`] when the backup is damaged or the database is not empty; nothing is changed then.
pub async fn restore(settings: &Settings, file: &Path) -> anyhow::Result<Restored> {
    let database = settings.database.as_deref().context("no database: set database")?;
    checksum::compare(file)?;
    match database.parse::<Target>()? {
        Target::Sqlite(options) => {
            check_sqlite(file).await?;
            let target = options.get_filename().to_path_buf();
            let part = part_of(&target);
            refuse_existing(&target)?;
            refuse_existing(&part)?;
            let restored = restore_part(settings, file, &part).await;
            if restored.is_err() {
                discard(&part);
            }
            let restored = restored?;
            put_in_place(&part, &target)?;
            Ok(restored)
        }
        Target::Postgres(_) => {
            read_dump(file).await?;
            let mut restore = Command::new("pg_restore");
            restore.args(["--exit-on-error", "--single-transaction", "--no-owner"]);
            run(connect(&mut restore, database).arg(file), "pg_restore").await?;
            verify(settings).await
        }
    }
}

async fn restore_part(settings: &Settings, file: &Path, part: &Path) -> anyhow::Result<Restored> {
    std::fs::copy(file, part).with_context(|| format!("{}", part.display()))?;
    let path = part.to_str().context("the path is not UTF-8")?;
    let copy = Settings { database: Some(format!("sqlite:{path}")), ..settings.clone() };
    verify(&copy).await
}

/// Reads a dump to its end, so that damage anywhere in it is found before anybody relies on it.
async fn read_dump(file: &Path) -> anyhow::Result<()> {
    run(Command::new("pg_restore").arg("--file=/dev/null").arg(file), "pg_restore").await
}

fn part_of(file: &Path) -> PathBuf {
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

fn refuse_existing(file: &Path) -> anyhow::Result<()> {
    if file.exists() {
        return Err(Refused::because(format!("{} is there already", file.display())).into());
    }
    Ok(())
}

/// Removes what did not become whole, with what SQLite may have put beside it.
fn discard(part: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut file = part.as_os_str().to_owned();
        file.push(suffix);
        let _ = std::fs::remove_file(file);
    }
}

/// Gives a file that is whole its name, for good.
fn put_in_place(part: &Path, file: &Path) -> anyhow::Result<()> {
    std::fs::File::open(part)?.sync_all()?;
    std::fs::rename(part, file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

/// Tells a program of PostgreSQL which database is meant. Arguments can be read by everybody on
/// the machine, the environment cannot: the password goes there.
fn connect<'a>(command: &'a mut Command, database: &str) -> &'a mut Command {
    let (address, password) = without_password(database);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    command.arg("--dbname").arg(address)
}

/// An address without its password, and the password.
fn without_password(database: &str) -> (String, Option<OsString>) {
    let whole = || (database.to_owned(), None);
    let Some((scheme, rest)) = database.split_once("://") else { return whole() };
    let authority = &rest[..rest.find('/').unwrap_or(rest.len())];
    let Some((person, _)) = authority.rsplit_once('@') else { return whole() };
    let Some((name, password)) = person.split_once(':') else { return whole() };
    let password = percent_decoded(password.as_bytes());
    (format!("{scheme}://{name}{}", &rest[person.len()..]), Some(OsString::from_vec(password)))
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let decoded = digits.and_then(|digits| hex::decode(digits).ok());
        rest = if decoded.is_some() { &after[2..] } else { after };
        bytes.push(decoded.map_or(*first, |decoded| decoded[0]));
    }
    bytes
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_no_argument() {
        let split = |address| {
            let (address, password) = without_password(address);
            (address, password.map(|password| password.into_string().expect("UTF-8")))
        };
        assert_eq!(
            split("postgres://exam:p%40ss:w%C3%B6rd@db.example.cn:5432/exam?sslmode=require"),
            (
                "postgres://exam@db.example.cn:5432/exam?sslmode=require".to_owned(),
                Some("p@ss:wörd".to_owned())
            )
        );
        for whole in ["postgres://exam@127.0.0.1/exam", "postgres:///exam", "postgres://h/a:b@c"] {
            assert_eq!(split(whole), (whole.to_owned(), None));
        }
    }
}
