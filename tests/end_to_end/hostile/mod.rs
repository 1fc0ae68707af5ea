//! Slow, deaf, dead and flooding peers against a server process: others notice nothing, the process
//! stays up, and its memory stays where it was.

mod floods;
mod idle;
mod slow;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use exam_tests::bank::{self, EXAM, Exam};
use exam_tests::client::http;
use exam_tests::process::Process;
use exam_tests::raw_socket::RawSocket;
use exam_tests::{Candidate, Database, Kind, server};
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The released program's own main, as a process of its own: its memory is its own, and so are
/// its descriptors.
const SERVER: &str = env!("CARGO_BIN_EXE_exam-server-under-test");

/// How long any save of a bystander may take while somebody misbehaves. A debug build on two busy
/// cores answers within 10 ms; a second is what a thumb would notice.
const ACK_WITHIN: Duration = Duration::from_secs(1);

/// A server process with an exam and candidates.
struct House {
    process: Process,
    exam: Exam,
    tokens: Vec<String>,
    http: reqwest::Client,
    _database: Database,
}

impl House {
    async fn open(candidates: usize) -> Self {
        let database = Database::fresh(Kind::Sqlite).await.expect("SQLite is always there");
        let desk = server::desk(&database).await;
        let exam = bank::publish(&desk, EXAM).await;
        let tokens = bank::candidates(&desk, exam.id, candidates).await;
        desk.store.close().await;
        let process = Process::start(SERVER, &database).await;
        Self { process, exam, tokens, http: http(), _database: database }
    }

    fn address(&self) -> SocketAddr {
        self.process.address
    }

    /// A candidate nobody else is, with a running attempt.
    async fn seated(&mut self) -> (Candidate, String) {
        let token = self.tokens.pop().expect("a candidate is left");
        let candidate = Candidate::with_client(self.http.clone(), self.address(), token);
        let attempt = candidate.start(self.exam.id).await;
        (candidate, attempt)
    }

    /// A raw socket of a candidate whose session is open.
    async fn opened(&mut self) -> RawSocket {
        let (candidate, attempt) = self.seated().await;
        let mut socket = RawSocket::connect(self.address(), &attempt, &candidate.token, "").await;
        socket.open(&candidate.device).await;
        socket
    }

    /// A raw socket that takes only so many bytes before it is read.
    async fn narrow(&mut self, bytes: u32) -> RawSocket {
        let (candidate, attempt) = self.seated().await;
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(bytes).expect("an option of TCP");
        let stream = socket.connect(self.address()).await.expect("the server listens");
        let mut socket = RawSocket::upgrade(stream, &attempt, &candidate.token, "").await;
        socket.open(&candidate.device).await;
        socket
    }

    /// What the process holds in memory, in KiB.
    fn resident_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).expect("the process runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.expect("Linux says it").parse().expect("a number")
    }

    /// Somebody who saves all the time, and remembers the slowest acknowledgement.
    async fn bystander(&mut self) -> Bystander {
        let (candidate, attempt) = self.seated().await;
        let done = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&done);
        let task = tokio::spawn(async move {
            let mut socket = candidate.connect(&attempt).await;
            let (mut saves, mut slowest) = (0, Duration::ZERO);
            while !stop.load(Ordering::Relaxed) {
                saves += 1;
                let began = Instant::now();
                socket.save(saves, 1 + saves % 8, &["abcd".get(..1).expect("a letter")]).await;
                slowest = slowest.max(began.elapsed());
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let state = candidate.get(&format!("/attempts/{attempt}")).await;
            assert_eq!(state["acked"][&candidate.device], saves, "every ack is true");
            (saves, slowest)
        });
        Bystander { done, task }
    }
}

struct Bystander {
    done: Arc<AtomicBool>,
    task: JoinHandle<(u64, Duration)>,
}

impl Bystander {
    /// Stops, and checks that nobody else's doing was felt.
    async fn noticed_nothing(self, of: &str) {
        self.done.store(true, Ordering::Relaxed);
        let (saves, slowest) = self.task.await.expect("every save was acknowledged");
        println!("{of}: {saves} saves beside it, the slowest acknowledged after {slowest:?}");
        assert!(slowest < ACK_WITHIN, "{of}: a save took {slowest:?}");
        assert!(saves > 5, "{of}: {saves} saves say nothing");
    }
}

/// Waits until the server has ended a connection, without sending anything into it.
async fn ended(mut socket: RawSocket, within: Duration) -> Option<u16> {
    let read = async {
        let mut code = None;
        while let Some(frame) = socket.next().await {
            if frame.first == exam_tests::raw_socket::CLOSE {
                code = frame.code();
            }
        }
        code
    };
    tokio::time::timeout(within, read).await.expect("the server ends the connection in time")
}
