//! Dropped un-synced writes: the power goes, and SQLite's files hold any mixture of what the page
//! cache had since the last sync.
//!
//! A server runs under strace while phones save; it is killed once and stopped once on the way, so
//! that recovery, checkpoints and the removal of the log are in the trace too. Afterwards the
//! trace is played back onto a [`Disk`], and at random lines of it the power goes: the files are
//! rebuilt as the disk may hold them, opened with the server's own store, and every save whose
//! acknowledgement had begun to leave before the cut must be in its journal.
//!
//! What this models: writes lost, kept or torn at sectors of 512 bytes, in any order, between two
//! syncs; lengths of files and entries of folders that were not synced. What it does not: sectors
//! that rot or are half written, disks that lie about a sync, and the index of the log (`-shm`),
//! which is mapped memory that SQLite rebuilds from the log when it opens the database alone.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use tokio::time::Instant;

use super::disk_image::{Disk, Luck};
use super::hall::{Habits, Phones};
use super::ledger::{Acknowledged, judge};
use super::room::{Room, settings_of, verify, verify_here};
use super::trace::{self, Call, What, acknowledged_in};
use super::{Outcome, below, rng};
use crate::Kind;
use crate::process::Process;
use exam_server::commands::Desk;
use exam_server::store::Pool;

/// How many candidates save while the trace is taken.
const CANDIDATES: usize = 6;

/// How long the phones may take for their part: a traced server is slow.
const PATIENCE: Duration = Duration::from_secs(300);

/// Every so many images are opened by the real program, the others by its store in this process.
const PROGRAM_EVERY: u32 = 10;

/// Cuts the power `cuts` times in a run of `acknowledgements` saves.
///
/// # Panics
/// When an image cannot be opened, or does not hold together.
pub async fn power_cuts(server: &Path, cuts: u32, acknowledgements: u64, seed: u64) -> Outcome {
    let began = Instant::now();
    let recorded = record(server, acknowledgements, seed).await;
    let mut rng = rng(seed);
    let moments = recorded.moments();
    let mut lines: Vec<usize> = (0..cuts)
        .map(|_| moments[usize::try_from(below(&mut rng, moments.len() as u64)).expect("it fits")])
        .collect();
    lines.sort_unstable();
    let mut tally = Tally::default();
    let mut player = Player::new(&recorded);
    for (number, line) in (0..cuts).zip(lines) {
        player.play_to(line);
        let luck = Luck::draw(&mut rng);
        let expected = player.acknowledged();
        tally.unsynced += player.disk.unsynced() as u64;
        tally.acknowledged += expected.values().map(|saves| saves.len() as u64).sum::<u64>();
        let image = tempfile::tempdir().expect("a folder for the image");
        lay_out(&player.disk, luck, &mut rng, image.path());
        let program = (number % PROGRAM_EVERY == 0).then_some(server);
        let wrong = open_image(image.path(), &expected, program).await;
        if wrong > 0 {
            eprintln!("cut {number} at line {line}, {luck:?}: {wrong} lost");
        }
        tally.lost += wrong;
    }
    Outcome {
        scenario: "power cuts, un-synced writes dropped or torn",
        database: "SQLite",
        size: format!(
            "{cuts} cuts in a trace of {} calls and {} acknowledgements",
            recorded.calls.len(),
            recorded.acks.len()
        ),
        acknowledgements: tally.acknowledged,
        lost: tally.lost,
        seconds: began.elapsed().as_secs_f64(),
        seed,
        notes: format!(
            "acknowledgements are counted at each cut; {:.1} un-synced writes at a cut; \
             {} times the log was folded into the file",
            tally.unsynced as f64 / f64::from(cuts.max(1)),
            recorded.folds()
        ),
    }
}

#[derive(Default)]
struct Tally {
    acknowledged: u64,
    lost: u64,
    unsynced: u64,
}

/// A run of a server, as traced.
struct Recorded {
    calls: Vec<Call>,
    /// Where which acknowledgement began to leave: line, attempt, number.
    acks: Vec<(usize, String, u64)>,
    /// All saves of each attempt, in order.
    saves: Acknowledged,
    /// The database file before the first call.
    base: Vec<u8>,
    path: PathBuf,
}

impl Recorded {
    /// How often the log was folded into the file, which is synced at no other time.
    fn folds(&self) -> usize {
        let file = |call: &&Call| call.what == What::Sync(self.path.clone());
        self.calls.iter().filter(file).count()
    }

    /// The lines at which something happens to the files, or an acknowledgement leaves, from the
    /// first acknowledgement on.
    fn moments(&self) -> Vec<usize> {
        let first = self.acks.first().expect("something was acknowledged").0;
        let matters = |call: &&Call| {
            matches!(
                call.what,
                What::Write(..) | What::Truncate(..) | What::Sync(_) | What::Remove(_)
            )
        };
        let files = self.calls.iter().filter(matters).map(|call| call.began);
        let acks = self.acks.iter().map(|(line, ..)| *line);
        files.chain(acks).filter(|line| *line >= first).collect()
    }
}

async fn record(server: &Path, acknowledgements: u64, seed: u64) -> Recorded {
    let room = Room::prepare(Kind::Sqlite, CANDIDATES).await.expect("a file");
    let path = room.database.folder.path().join("exam.db");
    let base = std::fs::read(&path).expect("the database");
    assert!(!path.with_extension("db-wal").exists(), "the log was folded in");
    let (mut process, out) = trace::traced(server, &room.database).await;
    let nodes = [process.address];
    let phones = Phones::at_work(&nodes, room.exam, &room.tokens, Habits::default(), seed).await;
    // The last run is the long one: there the log grows until it is folded in and begun anew.
    let part = acknowledgements.div_ceil(6);
    phones.acknowledge(part, PATIENCE).await;
    let id = process.id();
    process.kill().await;
    trace::settled(&out, id).await;
    process.start_again().await;
    phones.acknowledge(part, PATIENCE).await;
    let id = process.id();
    assert_eq!(process.stop().await, Some(0), "it stops cleanly");
    trace::settled(&out, id).await;
    process.start_again().await;
    phones.acknowledge(4 * part, PATIENCE).await;
    let hall = phones.finish().await;
    let id = process.id();
    process.kill().await;
    trace::settled(&out, id).await;
    let calls = trace::read(&out);
    let acks = acknowledgements_of(&calls, &hall.ports.lock().expect("no holder panics"));
    Recorded { calls, acks, saves: hall.ledger.copy(), base, path }
}

/// Where acknowledgements began to leave, by the sockets that carried them.
fn acknowledgements_of(calls: &[Call], ports: &[(u16, String)]) -> Vec<(usize, String, u64)> {
    let mut attempts: HashMap<u16, &str> = HashMap::new();
    for (port, attempt) in ports {
        let before = attempts.insert(*port, attempt);
        assert!(before.is_none_or(|before| before == attempt), "a port was used twice");
    }
    let ack = |call: &Call| {
        let What::Send(_, there, bytes) = &call.what else { return None };
        let attempt = attempts.get(there)?;
        Some((call.began, (*attempt).to_owned(), acknowledged_in(bytes)?))
    };
    calls.iter().filter_map(ack).collect()
}

/// Plays a trace back, line by line.
struct Player<'a> {
    recorded: &'a Recorded,
    disk: Disk,
    /// Beginnings and ends of calls by line: the call, and whether it begins.
    steps: Vec<(usize, usize, bool)>,
    played: usize,
    acks_played: usize,
    /// The highest acknowledged number of each attempt.
    highest: HashMap<&'a str, u64>,
}

impl<'a> Player<'a> {
    fn new(recorded: &'a Recorded) -> Self {
        let mut steps = Vec::new();
        for (number, call) in recorded.calls.iter().enumerate() {
            steps.push((call.began, number, true));
            steps.extend(call.ended.map(|line| (line, number, false)));
        }
        // A call on one line begins before it ends.
        steps.sort_by_key(|(line, _, begins)| (*line, !begins));
        let disk = Disk::holding(&recorded.path, recorded.base.clone());
        let highest = HashMap::new();
        Self { recorded, disk, steps, played: 0, acks_played: 0, highest }
    }

    /// Plays everything up to and with `line`.
    fn play_to(&mut self, line: usize) {
        let log = self.recorded.path.with_extension("db-wal");
        let is_kept = |path: &Path| path == self.recorded.path || path == log;
        while let Some(&(at, number, begins)) = self.steps.get(self.played)
            && at <= line
        {
            let call = &self.recorded.calls[number];
            if begins {
                self.disk.begin(number, call, is_kept);
            } else {
                self.disk.end(number, call);
            }
            self.played += 1;
        }
        while let Some((at, attempt, n)) = self.recorded.acks.get(self.acks_played)
            && *at <= line
        {
            let highest = self.highest.entry(attempt).or_default();
            *highest = (*highest).max(*n);
            self.acks_played += 1;
        }
    }

    /// What was acknowledged so far.
    fn acknowledged(&self) -> Acknowledged {
        let up_to = |(attempt, highest): (&&str, &u64)| {
            let saves = &self.recorded.saves[*attempt];
            let known = saves.iter().filter(|save| save.n <= *highest).copied().collect();
            ((*attempt).to_owned(), known)
        };
        self.highest.iter().map(up_to).collect()
    }
}

fn lay_out(disk: &Disk, luck: Luck, rng: &mut ChaCha20Rng, folder: &Path) {
    for (path, bytes) in disk.after_cut(luck, rng) {
        let name = path.file_name().expect("a file has a name");
        std::fs::write(folder.join(name), bytes).expect("the image can be written");
    }
}

/// Opens an image, checks that it holds together, and returns how many acknowledged saves it
/// does not hold.
async fn open_image(folder: &Path, expected: &Acknowledged, program: Option<&Path>) -> u64 {
    let url = format!("sqlite:{}", folder.join("exam.db").display());
    let mut process = None;
    if let Some(server) = program {
        process = Some(Process::start_under(Vec::new(), server, &url, folder).await);
        verify(server, &url).await;
    }
    let desk = Desk::open(&settings_of(&url)).await.expect("the image can be opened");
    if process.is_none() {
        desk.store.settle().await.expect("the log can be folded in");
        verify_here(&desk).await;
    }
    let Pool::Sqlite(pool) = desk.store.pool() else { unreachable!("a file") };
    let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_all(pool)
        .await
        .expect("the image can be checked");
    assert_eq!(found, ["ok"]);
    let judged = judge(&desk, expected).await;
    desk.store.close().await;
    if let Some(mut process) = process {
        assert_eq!(process.stop().await, Some(0), "it stops cleanly");
    }
    judged.wrong()
}
