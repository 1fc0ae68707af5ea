//! `move`: a whole SQLite database goes to PostgreSQL, and is compared there.

use std::time::Duration;

use anyhow::Context;
use exam_core::ids::AttemptId;
use exam_core::time::{Span, Timestamp};
use serde::Serialize;

use super::progress::Progress;
use super::{Desk, Refused, attempt, audit};
use crate::banks;
use crate::config::Settings;
use crate::keys::Keys;
use crate::server::{KEY_CHECK, read_keys, start_clock};
use crate::store::{Scope, Store, Target};

/// A sign of life older than this is nobody's: servers give one every two seconds.
const SIGN_OF_LIFE_COUNTS_FOR: Span = Span::from_seconds(10);

/// How long a young sign of life is watched: two more would have come.
const WATCHED_FOR: Duration = Duration::from_secs(5);

/// A database that was moved.
#[derive(Debug, Serialize)]
pub struct Moved {
    /// How many rows were copied.
    pub rows: i64,
    /// How many attempts were rebuilt on both sides and compared.
    pub attempts_compared: usize,
    /// How many audit rows are sealed.
    pub audit_sealed: u64,
    /// What was wrong in the source already and was moved as it was.
    pub troubles: Vec<String>,
}

/// Moves the SQLite database that the settings name to the empty PostgreSQL database `to`.
///
/// The source is only read. The target opens for nothing else until every table was counted,
/// every attempt rebuilt on both sides and compared, and the chain of decisions checked.
///
/// # Errors
/// [`Refused`] when the source is being served (unless `although_running`: then what is written
/// meanwhile stays behind), the target is not empty, or the two differ afterwards.
pub async fn run(
    settings: &Settings,
    to: &str,
    although_running: bool,
    quiet: bool,
) -> anyhow::Result<Moved> {
    let keys = read_keys(settings)?;
    let source = open_source(settings, &keys).await?;
    if !although_running && is_served(&source).await? {
        let reason = "a server runs on the source: stop it first, or what is answered meanwhile \
                      stays behind (to rehearse the move beside it: --although-running)";
        return Err(Refused::because(reason).into());
    }
    source.store.transfer_freeze().await?;
    let target = open_target(to, keys).await?;
    if let Some(table) = target.store.transfer_begin(target.now()).await? {
        let reason = format!("the target is not empty: table {table} has rows");
        return Err(Refused::because(reason).into());
    }
    let rows = copy(&source, &target, quiet).await?;
    let moved = compare(&source, &target, rows, quiet).await?;
    let audit = target.audit(None, "database.move", "database", &moved);
    target.store.audit_append(&audit).await?;
    banks::rebuild_search(&target.store).await?;
    target.store.transfer_finish().await?;
    target.store.close().await;
    source.store.close().await;
    Ok(moved)
}

async fn open_source(settings: &Settings, keys: &Keys) -> anyhow::Result<Desk> {
    let from = settings.database.as_deref().context("no database: set database")?;
    let Target::Sqlite(options) = from.parse()? else {
        return Err(Refused::because("a move begins at a sqlite: database").into());
    };
    let file = options.get_filename();
    if !file.exists() {
        return Err(Refused::because(format!("there is no {}", file.display())).into());
    }
    let store = Store::open_to_read(&options).await?;
    let kept = store.setting_find(KEY_CHECK).await?;
    if kept.as_deref() != Some(keys.check_value()) {
        return Err(Refused::because("the database was sealed with another key").into());
    }
    let clock = start_clock(&store).await?;
    Ok(Desk { store, keys: keys.clone(), clock })
}

async fn open_target(to: &str, keys: Keys) -> anyhow::Result<Desk> {
    let target: Target = to.parse()?;
    if !matches!(target, Target::Postgres(_)) {
        return Err(Refused::because("a move ends at a postgres:// database").into());
    }
    let store = Store::open_unfinished(&target).await?;
    let clock = start_clock(&store).await?;
    Ok(Desk { store, keys, clock })
}

/// Whether a server gives signs of life on the source.
async fn is_served(source: &Desk) -> anyhow::Result<bool> {
    let newest = source.store.heartbeat_find().await?;
    let old = |at: Timestamp| source.now().since(at) > SIGN_OF_LIFE_COUNTS_FOR;
    if newest.is_none_or(old) {
        return Ok(false);
    }
    let watched = tokio::time::Instant::now();
    while watched.elapsed() < WATCHED_FOR {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if source.store.heartbeat_find().await? != newest {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn copy(source: &Desk, target: &Desk, quiet: bool) -> anyhow::Result<i64> {
    let count = |rows: i64| usize::try_from(rows).unwrap_or(0);
    let mut shown: Option<(&str, Progress)> = None;
    let counts = source.store.transfer_into(&target.store, |table, done, all| {
        if shown.as_ref().is_none_or(|(name, _)| *name != table)
            && let Some((_, before)) =
                shown.replace((table, Progress::begin(table, count(all), quiet)))
        {
            before.finish();
        }
        if let Some((_, progress)) = &mut shown {
            progress.done(count(done));
        }
    });
    let counts = counts.await?;
    if let Some((_, last)) = shown {
        last.finish();
    }
    let differing = counts.iter().filter(|count| count.source != count.target);
    let reasons: Vec<String> = differing
        .map(|count| {
            format!("{} has {} rows, its copy {}", count.table, count.source, count.target)
        })
        .collect();
    if reasons.is_empty() {
        Ok(counts.iter().map(|count| count.target).sum())
    } else {
        Err(Refused { reasons }.into())
    }
}

async fn compare(source: &Desk, target: &Desk, rows: i64, quiet: bool) -> anyhow::Result<Moved> {
    let ids = source.store.attempt_ids().await?;
    let mut progress = Progress::begin("attempts compared", ids.len(), quiet);
    let mut reasons = Vec::new();
    for (number, id) in (1..).zip(&ids) {
        if let Some(reason) = difference(source, target, *id).await? {
            reasons.push(format!("attempt {id}: {reason}"));
        }
        progress.done(number);
    }
    progress.finish();
    if !reasons.is_empty() {
        return Err(Refused { reasons }.into());
    }
    let mut troubles = Vec::new();
    if let Err(found) = attempt::verify(target, None, quiet).await {
        troubles.extend(known_to_source(found, attempt::verify(source, None, true).await)?);
    }
    let audit_sealed = match audit::verify(target).await {
        Ok(verified) => verified.sealed,
        Err(found) => {
            troubles.extend(known_to_source(found, audit::verify(source).await)?);
            0
        }
    };
    Ok(Moved { rows, attempts_compared: ids.len(), audit_sealed, troubles })
}

/// How an attempt differs from its copy: frame by frame, and as the session they fold to.
async fn difference(source: &Desk, target: &Desk, id: AttemptId) -> anyhow::Result<Option<String>> {
    let here = source.store.attempt_find(id, &Scope::All).await?;
    let here = here.with_context(|| format!("attempt {id} vanished"))?;
    let Some(there) = target.store.attempt_find(id, &Scope::All).await? else {
        return Ok(Some("it is not there".to_owned()));
    };
    let frames = source.store.journal_frames(here.key, exam_core::session::Seq(0)).await?;
    if frames != target.store.journal_frames(there.key, exam_core::session::Seq(0)).await? {
        return Ok(Some("the journals differ".to_owned()));
    }
    let folded = (attempt::replay(source, &here).await, attempt::replay(target, &there).await);
    Ok(match folded {
        (Ok((here, _)), Ok((there, _))) if here == there => None,
        (Err(here), Err(there)) if here.to_string() == there.to_string() => None,
        _ => Some("the sessions differ".to_owned()),
    })
}

/// What is wrong in the copy, where the source says the very same of itself.
fn known_to_source<T>(
    found: anyhow::Error,
    in_source: anyhow::Result<T>,
) -> anyhow::Result<Vec<String>> {
    let reasons = |error: &anyhow::Error| match error.downcast_ref::<Refused>() {
        Some(refused) => refused.reasons.clone(),
        None => vec![format!("{error:#}")],
    };
    match in_source {
        Err(known) if reasons(&known) == reasons(&found) => Ok(reasons(&found)),
        _ => Err(found),
    }
}
