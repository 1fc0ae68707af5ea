//! Phones that wait.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use exam_core::ids::ExamId;
use exam_tests::Candidate;
use exam_tests::raw_socket::{PONG, RawSocket, frame};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::House;

/// How many wait here; `EXAM_IDLE_SOCKETS` says another number.
const SOCKETS: usize = 5_000;

/// What each may cost the process, in KiB of a debug build: its session, its buffers of 4 KiB and
/// its share of everything that is kept by attempt.
const KIB_A_SOCKET_MAX: u64 = 48;

/// How often a phone gives a sign of life: as often as the server asks for one.
const PONG_EVERY: Duration = Duration::from_secs(20);

/// How many connect, or ask, at once.
const AT_ONCE: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w10_five_thousand_idle_sockets_cost_little_and_all_answer() {
    let asked = std::env::var("EXAM_IDLE_SOCKETS").ok();
    let count = asked.and_then(|count| count.parse().ok()).unwrap_or(SOCKETS);
    let began = Instant::now();
    let mut house = House::open(count + 1).await;
    println!("{count} candidates were made in {:?}", began.elapsed());
    let bystander = house.bystander().await;
    let before = house.resident_kib();
    let (mut joining, mut waiting) = (JoinSet::new(), JoinSet::new());
    let (ask, asked) = watch::channel(false);
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    let began = Instant::now();
    for token in house.tokens.split_off(house.tokens.len() - count) {
        let candidate = Candidate::with_client(house.http.clone(), house.address(), token);
        let joined = join(candidate, house.address(), house.exam.id);
        let at_once = Arc::clone(&at_once);
        joining.spawn(async move {
            let _turn = at_once.acquire().await.expect("nobody closes it");
            joined.await
        });
    }
    while let Some(joined) = joining.join_next().await {
        let (socket, at_once) = (joined.expect("no panic"), Arc::clone(&at_once));
        waiting.spawn(wait(socket, asked.clone(), at_once));
    }
    let each = house.resident_kib().saturating_sub(before) / count as u64;
    println!("{count} sockets joined in {:?} and cost {each} KiB each", began.elapsed());
    assert!(each <= KIB_A_SOCKET_MAX, "{each} KiB a socket");
    let began = Instant::now();
    ask.send(true).expect("they wait");
    while let Some(answered) = waiting.join_next().await {
        answered.expect("every socket is still open and answers");
    }
    println!("all {count} answered within {:?}", began.elapsed());
    bystander.noticed_nothing("idle sockets").await;
    assert_eq!(house.process.stop().await, Some(0));
}

/// A candidate who starts and opens.
async fn join(candidate: Candidate, address: SocketAddr, exam: ExamId) -> RawSocket {
    let attempt = candidate.start(exam).await;
    let mut socket = RawSocket::connect(address, &attempt, &candidate.token, "").await;
    socket.open(&candidate.device).await;
    socket
}

/// Gives a sign of life now and then, as a browser's pongs do, until it is asked something.
async fn wait(mut socket: RawSocket, mut asked: watch::Receiver<bool>, at_once: Arc<Semaphore>) {
    loop {
        tokio::select! {
            () = async { drop(asked.wait_for(|asked| *asked).await) } => break,
            () = tokio::time::sleep(PONG_EVERY) => {
                socket.send(&frame(PONG, b"")).await.expect("it is still open");
            }
        }
    }
    let _turn = at_once.acquire().await.expect("nobody closes it");
    socket.text(r#"{"t":"ping"}"#).await.expect("it is still open");
    loop {
        let frame = socket.next().await.expect("it is still open");
        if frame.payload.starts_with(br#"{"t":"pong""#) {
            return; // What came before is the server's own ping.
        }
    }
}
