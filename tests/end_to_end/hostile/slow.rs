//! Peers that are slow, deaf, silent or dead.

use std::time::Duration;

use exam_tests::raw_socket::{RawSocket, TEXT, frame};
use tokio::time::Instant;

use super::{House, ended};

/// How long the server waits for a phone that reads nothing, or never opens; and slack for a busy
/// machine.
const LET_GO_WITHIN: Duration = Duration::from_secs(20);

/// What all of them together may cost.
const GROWTH_MAX_KIB: u64 = 24 * 1024;

/// Sends messages whose answers are never read, until the server takes no more and then ends it;
/// how long after it was stuck.
async fn deaf(mut socket: RawSocket) -> Duration {
    let pings = frame(TEXT, br#"{"t":"ping"}"#).repeat(50);
    let mut last_taken = Instant::now();
    loop {
        let written = tokio::io::AsyncWriteExt::write(&mut socket.stream, &pings);
        match tokio::time::timeout(Duration::from_millis(100), written).await {
            Ok(Ok(_)) => last_taken = Instant::now(),
            Ok(Err(_)) => return last_taken.elapsed(),
            Err(_) => {}
        }
        assert!(last_taken.elapsed() < LET_GO_WITHIN, "a deaf phone is not kept");
    }
}

/// An octet at a time of a message that never ends.
async fn dribble(mut socket: RawSocket) {
    let save = br#"{"t":"save","n":1,"slot":1,"response":["a"]}"#.repeat(100);
    for octet in frame(TEXT, &save).chunks(1) {
        if socket.send(octet).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w09_deaf_silent_and_slow_phones_are_let_go_and_hold_up_nobody() {
    let mut house = House::open(40).await;
    let bystander = house.bystander().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let before = house.resident_kib();
    let mut deaf_ones = Vec::new();
    for _ in 0..5 {
        let socket = house.narrow(4_096).await;
        deaf_ones.push(tokio::spawn(deaf(socket)));
    }
    let mut silent_ones = Vec::new();
    for _ in 0..5 {
        let (candidate, attempt) = house.seated().await;
        let socket = RawSocket::connect(house.address(), &attempt, &candidate.token, "").await;
        // `next` waits for 5 s at most; a newcomer has 10.
        silent_ones.push(tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(7)).await;
            ended(socket, LET_GO_WITHIN).await
        }));
    }
    let mut slow_ones = Vec::new();
    for _ in 0..5 {
        slow_ones.push(tokio::spawn(dribble(house.opened().await)));
    }
    let mut half_open = Vec::new();
    for _ in 0..5 {
        half_open.push(house.opened().await); // Nothing is ever read or sent again.
    }
    for silent in silent_ones {
        assert_eq!(silent.await.expect("no panic"), Some(4400), "an open comes first");
    }
    for deaf in deaf_ones {
        let after = deaf.await.expect("no panic");
        println!("a deaf phone was let go {after:?} after it was stuck");
    }
    let grown = house.resident_kib().saturating_sub(before);
    println!("twenty bad phones: the process grew by {grown} KiB");
    assert!(grown < GROWTH_MAX_KIB, "{grown} KiB");
    bystander.noticed_nothing("deaf, silent and slow phones").await;
    slow_ones.iter().for_each(tokio::task::JoinHandle::abort);
    assert_eq!(house.process.stop().await, Some(0), "dead phones do not hold up a stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w11_connections_that_are_reset_inside_a_frame_leave_nothing() {
    let mut house = House::open(120).await;
    let bystander = house.bystander().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let save = frame(TEXT, br#"{"t":"save","n":1,"slot":1,"response":["a"]}"#);
    for cut in 0..100 {
        let mut socket = house.opened().await;
        socket.stream.set_zero_linger().expect("it can be reset");
        socket.send(&save[..cut % save.len()]).await.expect("it is open");
    }
    bystander.noticed_nothing("a hundred resets inside a frame").await;
    assert_eq!(house.process.stop().await, Some(0));
}
