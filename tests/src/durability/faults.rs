//! A disk that is full or fails: strace lets a server's n-th write or sync fail, or every write
//! from a random moment on, while phones save.
//!
//! A write that fails is a retryable nack and never an acknowledgement; with nothing writable the
//! server is not ready, and when there is room again it serves on. A sync that fails ends the
//! process, whoever asked for it, because what the disk holds is unknown from then on.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout};

use super::hall::{Habits, Phones};
use super::ledger::judge;
use super::room::{Room, verify};
use super::{Outcome, below, rng};
use crate::process::Process;
use crate::{Candidate, Kind};

/// How many candidates save all the time.
const CANDIDATES: usize = 8;

/// The exit code after a failed sync.
const SYNC_FAILED: i32 = 70;

/// How many acknowledgements show that the server serves.
const SERVES: u64 = 20;

const PATIENCE: Duration = Duration::from_secs(10);

/// Whichever of the two the library was built to use.
const SYNC: &str = "fsync,fdatasync";

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long nothing may be acknowledged once nothing can be written, to be believed.
const SILENCE: Duration = Duration::from_millis(700);

/// How often that is tried on a slow machine.
const SILENCES: u32 = 3;

/// A fold of the log into the file comes after some thousand pages.
const FOLD_WITHIN: Duration = Duration::from_secs(120);

/// From so many ordinals on, the fold of the log is made to fail too.
const WITH_FOLDS: u32 = 6;

/// Lets calls fail at each of the first `ordinals`, in several ways; `None`, with the reason
/// printed, where this machine does not let one process trace another.
///
/// # Panics
/// When the server does not answer a fault as it must.
pub async fn disk_faults(server: &Path, ordinals: u32, seed: u64) -> Option<Outcome> {
    let began = Instant::now();
    let newcomers = usize::try_from(ordinals).expect("few");
    let mut room = Room::prepare(Kind::Sqlite, CANDIDATES + newcomers).await.expect("a file");
    let mut newcomers = room.tokens.split_off(CANDIDATES);
    let mut process = Process::start(server, &room.database).await;
    let mut faults = 0;

    // Nobody saves: the first to sync is the sign of life.
    let first = Injector::attach(&process, &room, Fault::sync("1")).await?;
    assert_eq!(process.ended().await, Some(SYNC_FAILED), "whoever asked for the sync");
    first.detach().await;
    process.start_again().await;
    faults += 1;

    let habits = Habits { think: Duration::from_millis(2), ..Habits::default() };
    let phones = Phones::at_work(&[process.address], room.exam, &room.tokens, habits, seed).await;
    let mut rng = rng(seed);
    for ordinal in 1..=ordinals {
        phones.acknowledge(SERVES, PATIENCE).await;
        for error in ["ENOSPC", "EIO"] {
            let fault = Fault::write(error, &ordinal.to_string());
            one_write_fails(&process, &room, &phones, fault).await;
        }
        let error = if below(&mut rng, 4) == 0 { "EIO" } else { "ENOSPC" };
        let fault = Fault::write(error, "1+");
        tokio::time::sleep(Duration::from_micros(below(&mut rng, 5_000))).await;
        let newcomer = newcomers.pop().expect("one for each");
        let newcomer = Candidate::new(process.address, newcomer);
        no_write_succeeds(&process, &room, &phones, &newcomer, fault).await;
        a_sync_fails(&mut process, &room, Fault::sync(&ordinal.to_string())).await;
        faults += 4;
    }
    if ordinals >= WITH_FOLDS {
        faults += folds_fail(&mut process, &room, &phones, &mut rng).await;
    }
    phones.acknowledge(SERVES, PATIENCE).await;
    let hall = phones.finish().await;
    let refusals = hall.refusals();
    assert!(refusals > 0, "a failed write is refused for now");
    let desk = room.desk().await;
    let judged = judge(&desk, &hall.ledger.copy()).await;
    desk.store.close().await;
    verify(server, &room.database.url).await;
    assert_eq!(process.stop().await, Some(0), "it stops cleanly");
    Some(Outcome {
        scenario: "disk full, failed writes and failed syncs",
        database: "SQLite",
        size: format!("{faults} faults, at each of the first {ordinals} calls"),
        acknowledgements: judged.acknowledged,
        lost: judged.wrong(),
        seconds: began.elapsed().as_secs_f64(),
        seed,
        notes: format!("{refusals} retryable nacks"),
    })
}

/// One write fails; the server serves on.
async fn one_write_fails(process: &Process, room: &Room, phones: &Phones, fault: Fault) {
    let injector = Injector::attach(process, room, fault).await.expect("it could before");
    injector.hit(PATIENCE).await;
    // A connection whose transaction failed is replaced, and a new one's calls are counted anew.
    injector.detach().await;
    phones.acknowledge(SERVES, PATIENCE).await;
}

/// No write succeeds: nothing is acknowledged, the server is not ready; then there is room again.
async fn no_write_succeeds(
    process: &Process,
    room: &Room,
    phones: &Phones,
    newcomer: &Candidate,
    fault: Fault,
) {
    let injector = Injector::attach(process, room, fault).await.expect("it could before");
    injector.hit(PATIENCE).await;
    // Most saves are one statement; a start is a transaction, which SQLite ends by itself.
    let start = json!({ "notice_version": "1", "accepted": true });
    let path = format!("/exams/{}/attempts", room.exam);
    let (status, _) = newcomer.post(&path, start.clone()).await;
    assert!(!status.is_success(), "a start that cannot be written: {status}");
    // What had been committed before may still be on its way, but not for long.
    let mut silent = false;
    for _ in 0..SILENCES {
        let before = phones.acknowledged();
        tokio::time::sleep(SILENCE).await;
        silent |= phones.acknowledged() == before;
        if silent {
            break;
        }
    }
    assert!(silent, "acknowledgements for what cannot be written");
    until_ready(process, false).await;
    injector.detach().await;
    until_ready(process, true).await;
    phones.acknowledge(SERVES, PATIENCE).await;
    let (status, reply) = newcomer.post(&path, start).await;
    assert!(status.is_success(), "with room again whoever comes can start: {status} {reply}");
}

/// A sync fails: the process ends at once, and after a restart everything is there.
async fn a_sync_fails(process: &mut Process, room: &Room, fault: Fault) {
    let injector = Injector::attach(process, room, fault).await.expect("it could before");
    assert_eq!(process.ended().await, Some(SYNC_FAILED), "a failed sync ends the process");
    injector.detach().await;
    process.start_again().await;
}

/// The same while the log is folded into the file. What was acknowledged is in the log, so it may
/// fail without any harm; the process may also end.
async fn folds_fail(
    process: &mut Process,
    room: &Room,
    phones: &Phones,
    rng: &mut ChaCha20Rng,
) -> u32 {
    let file = room.database.folder.path().join("exam.db");
    let kinds = [
        Fault { call: "pwrite64", error: "EIO", when: (1 + below(rng, 8)).to_string(), file: None },
        Fault { call: "pwrite64", error: "ENOSPC", when: "1+".to_owned(), file: None },
        Fault { call: SYNC, error: "EIO", when: "1".to_owned(), file: None },
    ];
    let count = u32::try_from(kinds.len()).expect("few");
    for fault in kinds {
        let fault = Fault { file: Some(file.clone()), ..fault };
        let injector = Injector::attach(process, room, fault).await.expect("it could before");
        injector.hit(FOLD_WITHIN).await;
        tokio::time::sleep(SILENCE).await;
        let ended = process.has_ended();
        injector.detach().await;
        if let Some(code) = ended {
            assert_eq!(code, Some(SYNC_FAILED), "only a failed sync ends the process");
            process.start_again().await;
        }
        phones.acknowledge(SERVES, PATIENCE).await;
    }
    count
}

/// Waits until the server says that it is ready, or that it is not.
async fn until_ready(process: &Process, ready: bool) {
    let began = Instant::now();
    while process.is_ready().await != ready {
        assert!(began.elapsed() < PATIENCE, "it must say so in time: ready is {ready}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Which call fails how, and when: `3` is the third only, `3+` every one from the third on.
#[derive(Clone, Debug)]
struct Fault {
    call: &'static str,
    error: &'static str,
    when: String,
    /// Only calls on this file.
    file: Option<PathBuf>,
}

impl Fault {
    fn write(error: &'static str, when: &str) -> Self {
        Self { call: "pwrite64", error, when: when.to_owned(), file: None }
    }

    fn sync(when: &str) -> Self {
        Self { call: SYNC, error: "EIO", when: when.to_owned(), file: None }
    }
}

/// A tracer that makes calls fail. It counts each thread's calls for itself; one thread of the
/// server writes.
struct Injector {
    tracer: Child,
    out: PathBuf,
}

impl Injector {
    /// Attaches to a running server; `None` where that is not allowed.
    async fn attach(process: &Process, room: &Room, fault: Fault) -> Option<Self> {
        let Fault { call, error, when, file } = fault;
        let out = room.database.folder.path().join("faults");
        let _ = std::fs::remove_file(&out);
        let mut command = Command::new("strace");
        command.args(["-f", "-e", &format!("trace={call}"), "-o"]).arg(&out);
        command.args(["-e", &format!("inject={call}:error={error}:when={when}")]);
        if let Some(file) = file {
            command.arg("-P").arg(file);
        }
        command.args(["-p", &process.id().to_string()]);
        let mut tracer =
            command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("strace runs");
        let mut said = BufReader::new(tracer.stderr.take().expect("it is piped")).lines();
        loop {
            let line = timeout(PATIENCE, said.next_line()).await.expect("strace says something");
            let line = line.expect("it can be read");
            match line {
                Some(line) if line.contains("attached") => break,
                Some(line) if line.contains("not permitted") => {
                    eprintln!("skipped: this machine does not let one process trace another");
                    return None;
                }
                Some(_) => {}
                None => panic!("strace ended"),
            }
        }
        // What it says further must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        Some(Self { tracer, out })
    }

    /// Waits until a call has failed.
    async fn hit(&self, patience: Duration) {
        let began = Instant::now();
        while !std::fs::read_to_string(&self.out).is_ok_and(|text| text.contains("(INJECTED)")) {
            assert!(began.elapsed() < patience, "no call has failed in time");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Lets the server go.
    async fn detach(mut self) {
        if let Some(id) = self.tracer.id() {
            let _ = Command::new("kill").args(["-INT", &id.to_string()]).status().await;
        }
        let ended = timeout(PATIENCE, self.tracer.wait()).await;
        ended.expect("strace lets go").expect("it can be waited for");
    }
}
