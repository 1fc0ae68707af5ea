//! The order of things for each acknowledgement: its frame is written, the commit's record is
//! written, a sync that began afterwards ends well, and only then do its bytes leave. On
//! PostgreSQL: the database has said that the transaction is over before they leave.
//!
//! This looks at every acknowledgement of a traced run, not at what a crash happens to hit.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::hall::{Habits, MARKS_FROM, Phones};
use super::ledger::judge;
use super::room::Room;
use super::trace::{self, Call, What, acknowledged_in, find_all, number_at};
use super::{Outcome, name_of};
use crate::Kind;

/// How long the phones may take: a traced server is slow.
const PATIENCE: Duration = Duration::from_secs(300);

/// SQLite's log: a header, then frames of a header and a page. Source: the file format, section
/// "The Write-Ahead Log".
const LOG_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;
const PAGE: u64 = 4096;

/// Checks the order for `acknowledgements` saves by `phones`; `None` where there is no
/// PostgreSQL.
///
/// # Panics
/// When a trace does not show what it must.
pub async fn sync_before_ack(
    server: &Path,
    kind: Kind,
    phones: usize,
    acknowledgements: u64,
    seed: u64,
) -> Option<Outcome> {
    let began = Instant::now();
    let room = Room::prepare(kind, phones).await?;
    let (mut process, out) = trace::traced(server, &room.database).await;
    let nodes = [process.address];
    let phones = Phones::at_work(&nodes, room.exam, &room.tokens, Habits::default(), seed).await;
    phones.acknowledge(acknowledgements, PATIENCE).await;
    let hall = phones.finish().await;
    let id = process.id();
    assert_eq!(process.stop().await, Some(0), "it stops cleanly");
    trace::settled(&out, id).await;
    let calls = trace::read(&out);
    let durable = match kind {
        Kind::Sqlite => durable_on_sqlite(&calls),
        Kind::Postgres => durable_on_postgres(&calls, port_of(&room.database.url)),
    };
    let desk = room.desk().await;
    let judged = judge(&desk, &hall.ledger.copy()).await;
    desk.store.close().await;
    let saves = hall.ledger.copy();
    let ports = hall.ports.lock().expect("no holder panics").clone();
    let attempts: HashMap<u16, String> = ports.into_iter().collect();
    let mut told: HashMap<&str, u64> = HashMap::new();
    let (mut checked, mut early) = (0, 0);
    for call in &calls {
        let What::Send(_, there, bytes) = &call.what else { continue };
        let Some(attempt) = attempts.get(there) else { continue };
        let Some(up_to) = acknowledged_in(bytes) else { continue };
        let before = told.insert(attempt, up_to).unwrap_or(0);
        for save in saves[attempt].iter().filter(|save| before < save.n && save.n <= up_to) {
            checked += 1;
            let in_time = durable.get(&save.mark).is_some_and(|line| *line < call.began);
            early += u64::from(!in_time);
        }
    }
    assert!(checked >= acknowledgements, "only {checked} acknowledgements stand in the trace");
    let syncs = calls.iter().filter(|call| matches!(call.what, What::Sync(_))).count();
    Some(Outcome {
        scenario: match room.tokens.len() {
            1 => "the sync before each acknowledgement, one phone alone",
            _ => "the sync before each acknowledgement",
        },
        database: name_of(kind),
        size: format!("every one of {checked} acknowledgements of {} phones", room.tokens.len()),
        acknowledgements: checked,
        lost: early + judged.wrong(),
        seconds: began.elapsed().as_secs_f64(),
        seed,
        notes: match kind {
            Kind::Sqlite => format!("lost counts those that left too early; {syncs} syncs"),
            Kind::Postgres => "lost counts those that left before the commit's reply".to_owned(),
        },
    })
}

fn port_of(url: &str) -> u16 {
    let port = url.rsplit_once(':').and_then(|(_, rest)| rest.split_once('/'));
    port.and_then(|(port, _)| port.parse().ok()).expect("an address with a port")
}

/// The marks of the saves whose frames stand in `bytes`.
fn marks_in(bytes: &[u8]) -> Vec<u64> {
    // As frames have it; PostgreSQL's protocol carries a frame as it is.
    let key = br#""c":"#;
    let marks = find_all(bytes, key).filter_map(|at| number_at(bytes, at));
    marks.filter(|mark| *mark >= MARKS_FROM).collect()
}

/// After which line the save with each mark was on disk: in a transaction whose last frame was
/// written before a sync of the log began, and that sync ended well.
fn durable_on_sqlite(calls: &[Call]) -> HashMap<u64, usize> {
    let mut durable = HashMap::new();
    let mut written: Vec<u64> = Vec::new();
    let mut last_frame_commits = false;
    for call in calls {
        match &call.what {
            What::Write(path, offset, bytes) if is_log(path) => {
                if *offset >= LOG_HEADER
                    && (offset - LOG_HEADER).is_multiple_of(FRAME_HEADER + PAGE)
                {
                    // The size of the database after the commit; zero in other frames.
                    last_frame_commits = bytes[4..8] != [0; 4];
                }
                written.extend(marks_in(bytes));
            }
            What::Sync(path) if is_log(path) && last_frame_commits => {
                // Calls on the log come from the one thread that writes, so they do not overlap.
                let Some(ended) = call.ended else { continue };
                for mark in written.drain(..) {
                    durable.entry(mark).or_insert(ended);
                }
            }
            _ => {}
        }
    }
    durable
}

fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "db-wal")
}

/// After which line PostgreSQL had said that the transaction with each mark was over.
fn durable_on_postgres(calls: &[Call], port: u16) -> HashMap<u64, usize> {
    /// `ReadyForQuery`, outside of any transaction.
    const IDLE: &[u8] = b"Z\0\0\0\x05I";
    let mut durable = HashMap::new();
    let mut sent: HashMap<u16, Vec<u64>> = HashMap::new();
    // A reply may come in two parts, cut anywhere.
    let mut tails: HashMap<u16, Vec<u8>> = HashMap::new();
    for call in calls {
        match &call.what {
            What::Send(here, there, bytes) if *there == port => {
                sent.entry(*here).or_default().extend(marks_in(bytes));
            }
            What::Receive(here, there, bytes) if *there == port => {
                let tail = tails.entry(*here).or_default();
                tail.extend_from_slice(bytes);
                let is_idle = tail.ends_with(IDLE);
                tail.drain(..tail.len().saturating_sub(IDLE.len()));
                if !is_idle {
                    continue;
                }
                for mark in sent.remove(here).unwrap_or_default() {
                    durable.entry(mark).or_insert(call.ended.expect("it was received"));
                }
            }
            _ => {}
        }
    }
    durable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, what: What) -> Call {
        Call { began: line, ended: Some(line), what }
    }

    #[test]
    fn a_frame_is_durable_only_after_a_sync_that_follows_its_commit() {
        let log = || "/d/exam.db-wal".into();
        let page = format!("…\"c\":{}}}", MARKS_FROM + 7).into_bytes();
        let mut header = vec![0; 24];
        let mut calls = vec![
            at(1, What::Write(log(), 32, header.clone())),
            at(2, What::Write(log(), 56, page)),
            at(3, What::Sync(log())),
        ];
        assert!(durable_on_sqlite(&calls).is_empty(), "no commit was written yet");
        header[7] = 9;
        calls.push(at(4, What::Write(log(), 32 + 4120, header)));
        calls.push(at(5, What::Write(log(), 56 + 4120, vec![0; 4096])));
        assert!(durable_on_sqlite(&calls).is_empty(), "the commit is not synced yet");
        calls.push(at(6, What::Sync(log())));
        assert_eq!(durable_on_sqlite(&calls), HashMap::from([(MARKS_FROM + 7, 6)]));
    }
}
