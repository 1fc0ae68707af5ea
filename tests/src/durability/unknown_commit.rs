//! The connection breaks between COMMIT and its reply: the server cannot know what became of it,
//! says so by a retryable nack, and the same message again settles it without a second event.
//!
//! Between server and PostgreSQL stands a relay that passes everything on until it is told to
//! swallow the database's replies; a little later it cuts all connections.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;

use super::hall::{Habits, Phones};
use super::ledger::judge;
use super::room::{Room, verify};
use super::trace::find_all;
use super::{Outcome, below, name_of, rng};
use crate::Kind;
use crate::process::Process;

/// How many candidates save all the time.
const CANDIDATES: usize = 16;

/// How many acknowledgements there are between two cuts.
const ACKS_A_CUT: u64 = 30;

const PATIENCE: Duration = Duration::from_secs(20);

/// How long replies are swallowed before the connections are cut: long enough for a commit.
const SWALLOWED_FOR_MS: u64 = 40;

/// Cuts the connections `cuts` times; `None` where there is no PostgreSQL.
///
/// # Panics
/// When a promise other than the count of losses is broken.
pub async fn unknown_commits(server: &Path, cuts: u32, seed: u64) -> Option<Outcome> {
    let began = Instant::now();
    let room = Room::prepare(Kind::Postgres, CANDIDATES).await?;
    let (before, rest) = room.database.url.rsplit_once('@').expect("an address with a user");
    let (host, name) = rest.split_once('/').expect("an address with a database");
    let relay = Relay::start(host.parse().expect("an address")).await;
    let url = format!("{before}@{}/{name}", relay.address);
    let mut process =
        Process::start_under(Vec::new(), server, &url, room.database.folder.path()).await;
    let nodes = [process.address];
    let phones = Phones::at_work(&nodes, room.exam, &room.tokens, Habits::default(), seed).await;
    let mut rng = rng(seed);
    for _ in 0..cuts {
        phones.acknowledge(ACKS_A_CUT, PATIENCE).await;
        relay.swallow(true);
        tokio::time::sleep(Duration::from_millis(5 + below(&mut rng, SWALLOWED_FOR_MS))).await;
        relay.cut();
        relay.swallow(false);
    }
    let hall = phones.finish().await;
    let desk = room.desk().await;
    let judged = judge(&desk, &hall.ledger.copy()).await;
    desk.store.close().await;
    verify(server, &room.database.url).await;
    assert_eq!(process.stop().await, Some(0), "it stops cleanly");
    let unheard = relay.unheard.load(Ordering::Relaxed);
    assert!(unheard > 0, "no commit's reply was swallowed: nothing was tried");
    Some(Outcome {
        scenario: "connection cut between COMMIT and its reply",
        database: name_of(Kind::Postgres),
        size: format!("{cuts} cuts, {unheard} commits whose reply was lost"),
        acknowledgements: judged.acknowledged,
        lost: judged.wrong(),
        seconds: began.elapsed().as_secs_f64(),
        seed,
        notes: String::new(),
    })
}

struct Relay {
    address: SocketAddr,
    swallows: Arc<AtomicBool>,
    /// Commits whose reply was swallowed.
    unheard: Arc<AtomicU64>,
    cuts: watch::Sender<u64>,
}

impl Relay {
    async fn start(database: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let swallows = Arc::new(AtomicBool::new(false));
        let unheard = Arc::new(AtomicU64::new(0));
        let (cuts, cut) = watch::channel(0);
        let (swallowing, counting) = (Arc::clone(&swallows), Arc::clone(&unheard));
        tokio::spawn(async move {
            while let Ok((server, _)) = listener.accept().await {
                let Ok(database) = TcpStream::connect(database).await else { continue };
                let mut cut = cut.clone();
                cut.mark_unchanged();
                let (swallows, unheard) = (Arc::clone(&swallowing), Arc::clone(&counting));
                tokio::spawn(async move {
                    tokio::select! {
                        () = pass_on(server, database, &swallows, &unheard) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { address, swallows, unheard, cuts }
    }

    fn swallow(&self, whether: bool) {
        self.swallows.store(whether, Ordering::SeqCst);
    }

    fn cut(&self) {
        self.cuts.send_modify(|count| *count += 1);
    }
}

async fn pass_on(
    mut server: TcpStream,
    mut database: TcpStream,
    swallows: &AtomicBool,
    unheard: &AtomicU64,
) {
    let _ = (server.set_nodelay(true), database.set_nodelay(true));
    let (mut from_server, mut to_server) = server.split();
    let (mut from_database, mut to_database) = database.split();
    let there = async {
        let _ = tokio::io::copy(&mut from_server, &mut to_database).await;
    };
    let back = async {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(length @ 1..) = from_database.read(&mut buffer).await {
            if swallows.load(Ordering::SeqCst) {
                unheard.fetch_add(commits_in(&buffer[..length]), Ordering::Relaxed);
            } else if to_server.write_all(&buffer[..length]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! { () = there => {}, () = back => {} }
}

/// How many completed writes the bytes tell of: the tag of a batch of frames on its own, or of the
/// COMMIT of a longer transaction.
fn commits_in(bytes: &[u8]) -> u64 {
    let appended = find_all(bytes, b"INSERT 0 ").filter(|at| bytes.get(*at) != Some(&b'0')).count();
    (appended + find_all(bytes, b"COMMIT\0").count()) as u64
}
