//! Photographs beside answers: at the pace of an exam, as many as can be sent, and with every one failing,
//! because the photo store is down, its disk is full or the checks stand still. Answers must not notice.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use exam_tests::Kind;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::{Limit, Programs, Report, Size};
use crate::camera::Camera;
use crate::drive::{Driven, Talk, drive};
use crate::http::Http;
use crate::server::{Loaded, Seat, watched};
use crate::usage::Usage;
use crate::wire::hospital;

/// Candidates.
const CANDIDATES: usize = 2_000;

/// How often each saves.
const PACE: Duration = Duration::from_secs(5);

/// How long each part lasts.
const LENGTH: Duration = Duration::from_secs(20);

/// Photographs a candidate is asked for in an hour.
const AN_HOUR: f64 = 6.0;

/// Phones that send as many as are taken.
const FLOODING: u32 = 32;

/// How often each photograph is tried that is not taken.
const TRIES: u32 = 10;

/// Phones that try at once: more than may wait for a check that stands still.
const TRYING: u32 = 64;

/// How many tries show that all was tried that can be.
const TRIED_AT_LEAST: f64 = 200.0;

/// By how much two quiet runs differ on a machine that others use.
const NOISE_MS: f64 = 5.0;

/// What gives a process a view of the disks of its own.
const NAMESPACE: [&str; 4] = ["unshare", "--user", "--map-root-user", "--mount"];

/// How many photographs of each portrait there are.
const SHOTS: usize = 30;

/// Above all numbers that were used, and not too far ahead.
const HAND_IN_N: u64 = 50_000;

/// What became of photographs.
#[derive(Default)]
struct Sent {
    stop: AtomicBool,
    next: AtomicUsize,
    taken: AtomicUsize,
    told_to_wait: AtomicUsize,
    otherwise: AtomicUsize,
}

/// Those who send photographs, while others save.
struct Phones {
    loaded: Arc<Loaded>,
    seats: Arc<Vec<Seat>>,
    camera: Arc<Camera>,
}

/// A folder on a disk of one page, which the name of its owner fills; only the server sees it, in a
/// namespace of its own.
struct FullDisk {
    folder: tempfile::TempDir,
}

/// Something that keeps every photograph from being taken.
#[derive(Clone, Copy, PartialEq)]
enum Trouble {
    StoreDown,
    DiskFull,
    ChecksStuck,
}

pub(super) async fn run(
    programs: &Programs,
    size: Size,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (count, pace, length) = (size.many(CANDIDATES), size.long(PACE), size.long(LENGTH));
    let full = FullDisk::where_it_can_be_had()?;
    let wrapper = full.as_ref().map_or_else(Vec::new, FullDisk::wrapper);
    // One a minute: somebody is always asked, so that no clock has to be turned.
    let loaded =
        Loaded::start_under(wrapper, &programs.server, Kind::Sqlite, &watched(60), count).await;
    let loaded = Arc::new(loaded.expect("a file is always to be had"));
    let seats = Arc::new(loaded.seats().await?);
    let wires = loaded.open(&seats).await?;
    let camera = Arc::new(Camera::new(size.many(SHOTS), 1));
    let phones = Phones { loaded: Arc::clone(&loaded), seats: Arc::clone(&seats), camera };
    let beside = async |driven: Driven, senders: u32, every: Option<Duration>| {
        let sent = Arc::new(Sent::default());
        let sending = phones.send(senders, every, &sent);
        let driven = drive(driven.wires, driven.numbers, Talk::Save, Some(pace), length).await;
        sent.stop.store(true, Ordering::Relaxed);
        sending.join_all().await;
        (driven, sent)
    };
    let first = drive(wires, vec![0; count], Talk::Save, Some(pace), length).await;
    let errors = first.errors.len();
    let before = first.latencies.clone();
    let a_second = count as f64 * AN_HOUR / 3_600.0;
    let every = size.long(Duration::from_secs_f64(1.0 / a_second.max(0.2)));
    let usage = Usage::of(loaded.process.id());
    let (paced, at_pace) = beside(first, 1, Some(every)).await;
    let pace_cpu = (Usage::of(loaded.process.id()) - usage).cpu;
    let (flooded, flood) = beside(paced, FLOODING, None).await;
    let flooded_latencies = flooded.latencies.clone();

    let mut driven = flooded;
    let mut troubled = Vec::new();
    for trouble in [Trouble::StoreDown, Trouble::DiskFull, Trouble::ChecksStuck] {
        if trouble == Trouble::DiskFull && full.is_none() {
            println!("disk full: not measured, this machine has no namespaces for users");
            continue;
        }
        trouble.begin(&loaded, full.as_ref()).await?;
        // Each is tried again, as phones do.
        let every = every / TRIES * TRYING;
        let (after, sent) = beside(driven, TRYING, Some(every)).await;
        trouble.end(&loaded).await?;
        troubled.push((trouble.name(), after.latencies.clone(), sent));
        driven = after;
    }
    let after = drive(driven.wires, driven.numbers, Talk::Save, Some(pace), length).await;

    let all = errors + after.errors.len();
    report.never("saves that failed", all + (count - after.wires.len()));
    let mut curves = vec![("without", &before), ("as many as are taken", &flooded_latencies)];
    curves.extend(troubled.iter().map(|(name, latencies, _)| (*name, latencies)));
    curves.push(("without, at the end", &after.latencies));
    report.curves("Saves beside photographs", &curves);
    let without = [&before, &after.latencies].map(|latencies| latencies.summary().p99_ms);
    let quiet = without[0].min(without[1]);
    for (when, p99) in ["before", "afterwards"].into_iter().zip(without) {
        report.note(format!("without, {when}: save, p99"), p99, "ms", Limit::None);
    }
    let told = |count: &AtomicUsize| count.load(Ordering::Relaxed) as f64;
    let works = [("six an hour each", &at_pace), ("as many as are taken", &flood)];
    for (name, sent) in
        works.into_iter().chain(troubled.iter().map(|(name, _, sent)| (*name, sent)))
    {
        let seconds = length.as_secs_f64();
        report.note(
            format!("{name}: photographs kept"),
            told(&sent.taken) / seconds,
            "/s",
            Limit::None,
        );
        report.note(
            format!("{name}: told to come again"),
            told(&sent.told_to_wait),
            "",
            Limit::None,
        );
        report.never(format!("{name}: answered in any other way"), told(&sent.otherwise) as usize);
    }
    report.never(
        "six an hour each: told to come again, of all",
        at_pace.told_to_wait.load(Ordering::Relaxed),
    );
    report.note(
        "as many as are taken: save, p99",
        flooded_latencies.summary().p99_ms,
        "ms",
        Limit::None,
    );
    for (name, latencies, sent) in &troubled {
        let tries = told(&sent.told_to_wait) + told(&sent.otherwise) + told(&sent.taken);
        report.note(format!("{name}: tries"), tries, "", Limit::AtLeast(TRIED_AT_LEAST));
        report.never(format!("{name}: photographs kept, of all"), told(&sent.taken) as usize);
        report.note(
            format!("{name}: save, p99"),
            latencies.summary().p99_ms,
            "ms",
            Limit::AtMost((quiet * 2.0).max(quiet + NOISE_MS).round()),
        );
    }
    let taken = told(&at_pace.taken).max(1.0);
    report.note(
        "six an hour each: CPU of the server, saves included",
        pace_cpu.as_secs_f64() * 1e3 / taken,
        "ms a photograph",
        Limit::None,
    );
    report.never("acknowledged answers lost", loaded.lost(&seats, &after.numbers).await?);
    report.never("attempts that cannot be handed in", blocked(&loaded, &seats).await?);
    Ok(())
}

impl FullDisk {
    /// `None` where this machine does not let anybody mount a disk for himself.
    fn where_it_can_be_had() -> anyhow::Result<Option<Self>> {
        let tried = Command::new(NAMESPACE[0]).args(&NAMESPACE[1..]).arg("true").output();
        if !tried.is_ok_and(|output| output.status.success()) {
            return Ok(None);
        }
        Ok(Some(Self { folder: tempfile::tempdir()? }))
    }

    /// What mounts it before it becomes what it is told to run.
    fn wrapper(&self) -> Vec<String> {
        const MOUNT: &str = "mount -t tmpfs -o size=4k none \"$0\" && exec \"$@\"";
        let folder = self.folder.path().display().to_string();
        let mount = ["sh", "-c", MOUNT, &folder];
        NAMESPACE.into_iter().chain(mount).map(str::to_owned).collect()
    }

    /// The folder as the server sees it.
    fn inside(&self, loaded: &Loaded) -> PathBuf {
        let folder = self.folder.path().strip_prefix("/").expect("folders have whole paths");
        PathBuf::from(format!("/proc/{}/root", loaded.process.id())).join(folder)
    }
}

impl Trouble {
    const fn name(self) -> &'static str {
        match self {
            Self::StoreDown => "store down",
            Self::DiskFull => "disk full",
            Self::ChecksStuck => "checks stuck",
        }
    }

    async fn begin(self, loaded: &Loaded, full: Option<&FullDisk>) -> anyhow::Result<()> {
        if self == Self::ChecksStuck {
            return loaded.hold_darkroom(true).await;
        }
        let (photos, aside) = photo_folders(loaded);
        std::fs::rename(&photos, &aside)?;
        match full {
            Some(full) if self == Self::DiskFull => {
                // Whose it is takes up the page, so that the server tries to write the rest.
                std::fs::copy(aside.join("owner"), full.inside(loaded).join("owner"))?;
                symlink(full.folder.path(), &photos)?;
            }
            // A file where the folder was: nothing can be written there any more.
            _ => std::fs::write(&photos, b"")?,
        }
        Ok(())
    }

    async fn end(self, loaded: &Loaded) -> anyhow::Result<()> {
        if self == Self::ChecksStuck {
            return loaded.hold_darkroom(false).await;
        }
        let (photos, aside) = photo_folders(loaded);
        std::fs::remove_file(&photos)?;
        std::fs::rename(aside, photos)?;
        Ok(())
    }
}

/// Where photographs are kept, and where they are put aside.
fn photo_folders(loaded: &Loaded) -> (PathBuf, PathBuf) {
    let folder = loaded.database.folder.path();
    (folder.join("photos"), folder.join("photos-aside"))
}

impl Phones {
    /// Sends photographs until it is told to stop, by so many at once, each at a pace or as fast as
    /// it is answered.
    fn send(&self, senders: u32, every: Option<Duration>, sent: &Arc<Sent>) -> JoinSet<()> {
        let mut sending = JoinSet::new();
        for sender in 0..senders {
            let (loaded, seats) = (Arc::clone(&self.loaded), Arc::clone(&self.seats));
            let (camera, sent) = (Arc::clone(&self.camera), Arc::clone(sent));
            sending.spawn(async move {
                let mut at = Instant::now() + every.unwrap_or_default() * sender / senders;
                while !sent.stop.load(Ordering::Relaxed) {
                    if let Some(every) = every {
                        sleep_until(at).await;
                        at += every;
                    }
                    let place = sent.next.fetch_add(1, Ordering::Relaxed) % seats.len();
                    let token = Some(seats[place].token.clone());
                    let mut http =
                        Http::new(loaded.address(), hospital(place + sender as usize), token);
                    send_one(&mut http, &seats[place], place, &camera, &sent).await;
                }
            });
        }
        sending
    }
}

/// Answers the oldest request of a candidate, where there is one.
async fn send_one(http: &mut Http, seat: &Seat, place: usize, camera: &Camera, sent: &Sent) {
    let list = format!("/attempts/{}/snapshots", seat.attempt);
    let due = match http.get(&list).await {
        Ok(reply) if reply.status.is_success() => reply.json()["due"].take(),
        Ok(reply) if reply.retry_after().is_some() => {
            sent.told_to_wait.fetch_add(1, Ordering::Relaxed);
            return;
        }
        _ => {
            sent.otherwise.fetch_add(1, Ordering::Relaxed);
            return;
        }
    };
    let Some(request) = due[0]["request_id"].as_str() else { return };
    let number = sent.taken.load(Ordering::Relaxed);
    let put = http.put_photo(&format!("{list}/{request}"), camera.shot(place, number)).await;
    let count = match put {
        Ok(reply) if reply.status == StatusCode::NO_CONTENT => &sent.taken,
        Ok(reply) if reply.status == StatusCode::CONFLICT => return, // Another sender was quicker.
        Ok(reply) if reply.retry_after().is_some() => &sent.told_to_wait,
        other => {
            println!("error: a photograph was answered by {other:?}");
            &sent.otherwise
        }
    };
    count.fetch_add(1, Ordering::Relaxed);
}

/// How many of some attempts cannot be handed in.
async fn blocked(loaded: &Loaded, seats: &[Seat]) -> anyhow::Result<usize> {
    const SAMPLED: usize = 100;
    let mut blocked = 0;
    for (place, seat) in seats.iter().enumerate().step_by(seats.len().div_ceil(SAMPLED).max(1)) {
        let mut http = Http::new(loaded.address(), hospital(place), Some(seat.token.clone()));
        let device = uuid::Uuid::from_u128(place as u128 + 1);
        let body = serde_json::json!({ "device": device, "n": HAND_IN_N, "events": [] });
        let reply = http.post(&format!("/attempts/{}/submit", seat.attempt), &body).await?;
        blocked += usize::from(!reply.status.is_success());
    }
    Ok(blocked)
}
