//! Too much of everything.

use std::time::Duration;

use exam_tests::raw_socket::{CLOSE, FIN, LAST, PING, RawSocket, TEXT, close, frame};

use super::House;

/// What the process may grow by under one flood: far below what the flood itself weighs.
const GROWTH_MAX_KIB: u64 = 32 * 1024;

/// Runs `flood` beside somebody who saves.
async fn beside(name: &str, flood: impl AsyncFnOnce(&mut House)) {
    let mut house = House::open(140).await;
    let bystander = house.bystander().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let before = house.resident_kib();
    flood(&mut house).await;
    let grown = house.resident_kib().saturating_sub(before);
    println!("{name}: the process grew by {grown} KiB from {before}");
    bystander.noticed_nothing(name).await;
    assert!(grown < GROWTH_MAX_KIB, "{name}: {grown} KiB");
    assert_eq!(house.process.stop().await, Some(0));
}

/// Reads until the end, so that the server is never held up by us; the close code.
async fn drain(mut socket: RawSocket) -> Option<u16> {
    let mut code = None;
    while let Some(frame) = socket.next().await {
        if frame.first == CLOSE {
            code = frame.code();
            let _ = socket.send(&close(1000, b"")).await;
        }
    }
    code
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w11_a_flood_of_pings_is_answered_as_far_as_it_is_read() {
    beside("200,000 pings", async |house| {
        let mut socket = house.opened().await;
        let pings = frame(PING, &[b'x'; 125]).repeat(100);
        for _ in 0..2_000 {
            if socket.send(&pings).await.is_err() {
                break; // Nobody reads the pongs: the server may stop reading too.
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w11_a_flood_of_closes_is_one_goodbye() {
    beside("100 sockets of 1,000 closes", async |house| {
        let mut sockets = Vec::new();
        for _ in 0..100 {
            sockets.push(house.opened().await);
        }
        for mut socket in sockets {
            let _ = socket.send(&close(1000, b"").repeat(1_000)).await;
            assert_eq!(drain(socket).await, Some(1000));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w07_empty_fragments_cost_nothing_and_make_a_message_in_the_end() {
    beside("1,000,000 empty fragments", async |house| {
        let mut socket = house.opened().await;
        socket.send(&frame(TEXT & !FIN, br#"{"t":"#)).await.expect("it is open");
        let empty = frame(0, b"").repeat(10_000);
        for _ in 0..100 {
            socket.send(&empty).await.expect("it is read");
        }
        socket.send(&frame(LAST, br#""ping"}"#)).await.expect("it is open");
        let pong = socket.next().await.expect("an answer");
        assert!(pong.payload.starts_with(br#"{"t":"pong""#), "{pong:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_ignores_busy_is_told_so_and_then_let_go() {
    beside("a flood of saves", async |house| {
        let socket = house.opened().await;
        let (mut reader, mut writer) = socket.stream.into_split();
        let write = tokio::spawn(async move {
            for n in 1..=50_000_u64 {
                let save = format!(r#"{{"t":"save","n":{n},"slot":1,"response":["a"]}}"#);
                let save = frame(TEXT, save.as_bytes());
                if tokio::io::AsyncWriteExt::write_all(&mut writer, &save).await.is_err() {
                    return;
                }
            }
        });
        let mut bytes = Vec::new();
        let read = tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut bytes);
        let _ = tokio::time::timeout(Duration::from_secs(10), read).await.expect("it has an end");
        write.abort();
        let busy = bytes.windows(6).filter(|part| part == b"\"busy\"").count();
        println!("{busy} nacks before the end");
        assert!(busy >= 2_000, "{busy} nacks");
        let goodbye = b"\x11\x4dignores busy"; // 4429
        assert!(bytes.ends_with(goodbye), "the close says why, and is the last");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w10_a_hundred_sockets_of_one_candidate_that_never_open() {
    beside("100 sockets of one candidate", async |house| {
        let (candidate, attempt) = house.seated().await;
        let mut sockets = Vec::new();
        for _ in 0..100 {
            let address = house.address();
            sockets.push(RawSocket::connect(address, &attempt, &candidate.token, "").await);
        }
        // The hundredth may still open, and everybody is answered.
        for socket in &mut sockets {
            socket.text(r#"{"t":"ping"}"#).await.expect("it is open");
            let pong = socket.next().await.expect("an answer");
            assert!(pong.payload.starts_with(br#"{"t":"pong""#), "{pong:?}");
        }
        let mut last = sockets.pop().expect("a hundred");
        last.open(&candidate.device).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w25_a_storm_of_reconnects_is_no_storm_for_others() {
    beside("1,000 connections that end at once", async |house| {
        for _ in 0..10 {
            let (candidate, attempt) = house.seated().await;
            for _ in 0..100 {
                let socket =
                    RawSocket::connect(house.address(), &attempt, &candidate.token, "").await;
                socket.stream.set_zero_linger().expect("it can be reset");
            }
        }
    })
    .await;
}
