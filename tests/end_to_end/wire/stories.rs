//! The stories.

use std::time::Duration;

use exam_tests::{Candidate, Kind, Server, Socket};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::server_or_return;

/// A candidate with a running attempt and an open connection.
async fn seated(server: &Server) -> (Candidate, String, Socket) {
    let candidate = server.candidate();
    let attempt = candidate.start(server.exam.id).await;
    let socket = candidate.connect(&attempt).await;
    (candidate, attempt, socket)
}

/// Sends a hand-written request and returns what comes back until the server is done.
async fn raw(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
    stream.write_all(request.as_bytes()).await.expect("it can be sent");
    next_reply(&mut stream).await
}

/// The short reply that comes next.
async fn next_reply(stream: &mut TcpStream) -> String {
    let mut reply = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut reply)).await;
    let length = read.expect("a reply in time").expect("it can be read");
    String::from_utf8_lossy(&reply[..length]).into_owned()
}

fn upgrade_request(server: &Server, attempt: &str, token: &str, more: &str) -> String {
    format!(
        "GET /api/v1/attempts/{attempt}/connection HTTP/1.1\r\nHost: {}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n{more}\r\n",
        server.address
    )
}

pub async fn w01_foreign_origins_and_missing_subprotocols_are_refused(kind: Kind) {
    let server = server_or_return!(kind);
    let candidate = server.candidate();
    let attempt = candidate.start(server.exam.id).await;
    let protocol = "Sec-WebSocket-Protocol: exam.v1\r\n";
    for origin in ["http://evil.example", "null", &format!("http://{}.evil", server.address)] {
        let more = format!("{protocol}Origin: {origin}\r\n");
        let reply =
            raw(&server, &upgrade_request(&server, &attempt, &candidate.token, &more)).await;
        assert!(reply.starts_with("HTTP/1.1 403"), "{origin}: {reply}");
    }
    let none = raw(&server, &upgrade_request(&server, &attempt, &candidate.token, "")).await;
    assert!(none.starts_with("HTTP/1.1 400"), "{none}");
    let ours = format!("{protocol}Origin: http://{}\r\n", server.address);
    let good = raw(&server, &upgrade_request(&server, &attempt, &candidate.token, &ours)).await;
    assert!(good.starts_with("HTTP/1.1 101"), "{good}");
    assert!(good.to_lowercase().contains("sec-websocket-protocol: exam.v1"), "{good}");
    server.running.stop().await;
}

pub async fn a_wrong_method_is_told_so(kind: Kind) {
    let server = server_or_return!(kind);
    let (status, problem) = server.candidate().request(Method::DELETE, "/exams", None).await;
    assert_eq!((status.as_u16(), &problem["code"]), (405, &json!("method_not_allowed")));
}

pub async fn who_is_refused_while_sending_hears_why(kind: Kind) {
    let server = server_or_return!(kind);
    let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
    let posts = |bytes: usize| {
        format!("POST /api/v1/password HTTP/1.1\r\nHost: x\r\nContent-Length: {bytes}\r\n\r\n")
    };
    let piece = vec![b'x'; 64 * 1024];
    for _ in 0..3 {
        stream.write_all(posts(16 * piece.len()).as_bytes()).await.expect("it can be sent");
        for _ in 0..16 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            stream.write_all(&piece).await.expect("the server still listens");
        }
        let reply = next_reply(&mut stream).await;
        assert!(reply.starts_with("HTTP/1.1 413"), "{reply}");
        assert!(!reply.to_lowercase().contains("connection: close"), "{reply}");
    }
    // Without an end it is hung up on, and is told so.
    stream.write_all(posts(1 << 30).as_bytes()).await.expect("it can be sent");
    for _ in 0..128 {
        stream.write_all(&piece).await.expect("the server still listens");
    }
    stream.write_all(b"x").await.expect("the server still listens");
    let reply = next_reply(&mut stream).await;
    assert!(reply.starts_with("HTTP/1.1 413"), "{reply}");
    assert!(reply.to_lowercase().contains("connection: close"), "{reply}");
    server.running.stop().await;
}

pub async fn w28_compression_is_declined(kind: Kind) {
    let server = server_or_return!(kind);
    let candidate = server.candidate();
    let attempt = candidate.start(server.exam.id).await;
    let more = "Sec-WebSocket-Protocol: exam.v1\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    let reply = raw(&server, &upgrade_request(&server, &attempt, &candidate.token, more)).await;
    assert!(reply.starts_with("HTTP/1.1 101"), "{reply}");
    assert!(!reply.to_lowercase().contains("permessage-deflate"), "{reply}");
    server.running.stop().await;
}

pub async fn w06_w07_frames_that_are_too_big_end_the_connection(kind: Kind) {
    let server = server_or_return!(kind);
    let (candidate, attempt, mut socket) = seated(&server).await;
    socket.save(1, 1, &["a"]).await;
    let big = "x".repeat(64 * 1024 + 1);
    socket.send_raw(Message::text(big)).await.expect("it can be sent");
    assert_eq!(socket.ended().await, Some(1009));
    let mut socket = candidate.connect(&attempt).await;
    for _ in 0..10_000 {
        if socket.send_raw(Message::Ping(Vec::new().into())).await.is_err() {
            break;
        }
    }
    let state = candidate.get(&format!("/attempts/{attempt}")).await;
    assert_eq!(state["responses"]["1"], json!(["a"]));
    let body = json!({ "device": candidate.device, "events": [{ "t": "x".repeat(70_000) }] });
    let (status, _) = candidate.post(&format!("/attempts/{attempt}/events"), body).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    server.running.stop().await;
}

pub async fn w12_w13_w18_what_is_no_message_ends_the_connection(kind: Kind) {
    let server = server_or_return!(kind);
    let (candidate, attempt, mut socket) = seated(&server).await;
    socket.save(1, 1, &["a"]).await;
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    for text in [
        "",
        "{}",
        &deep,
        r#"{"t":"dance"}"#,
        r#"{"t":"save","n":0,"slot":1,"response":["a"]}"#,
        r#"{"t":"save","n":9223372036854775808,"slot":1,"response":["a"]}"#,
        r#"{"t":"save","n":-1,"slot":1,"response":["a"]}"#,
        r#"{"t":"save","n":1.5,"slot":1,"response":["a"]}"#,
        r#"{"t":"save","n":"2","slot":1,"response":["a"]}"#,
        r#"{"t":"save","n":2,"slot":1,"response":"a"}"#,
        r#"{"t":"save","n":2,"slot":1,"response":["a"],"score":5}"#,
        r#"{"t":"submit","n":20} trailing"#,
    ] {
        socket.send_raw(Message::text(text.to_owned())).await.expect("it can be sent");
        assert_eq!(socket.ended().await, Some(4400), "{text}");
        socket = candidate.connect(&attempt).await;
    }
    socket.send_raw(Message::binary(vec![1, 2, 3])).await.expect("it can be sent");
    assert_eq!(socket.ended().await, Some(4400));
    let mut socket = candidate.connect(&attempt).await;
    socket.send(json!({ "t": "save", "n": 200_000, "slot": 1, "response": ["b"] })).await;
    assert_eq!(socket.expect("nack").await["code"], "bad_n");
    socket.save(2, 1, &["c"]).await;
    socket.save(9, 2, &["c"]).await; // A gap is no error.
    socket.save(2, 1, &["c"]).await;
    let state = candidate.get(&format!("/attempts/{attempt}")).await;
    assert_eq!(state["responses"], json!({ "1": ["c"], "2": ["c"] }));
    server.running.stop().await;
}

pub async fn w16_w17_slots_and_options_that_do_not_exist_are_nacked(kind: Kind) {
    let server = server_or_return!(kind);
    let (candidate, attempt, mut socket) = seated(&server).await;
    let many: Vec<&str> = std::iter::repeat_n("a", 10_000).collect();
    let cases = [
        (json!(0), json!(["a"]), "bad_slot"),
        (json!(15), json!(["a"]), "bad_slot"),
        (json!(-3), json!(["a"]), "bad_slot"),
        (json!(i64::MAX), json!(["a"]), "bad_slot"),
        (json!(1), json!(["e"]), "bad_response"),
        (json!(1), json!(["a", "b"]), "bad_response"),
        (json!(9), json!(["a", "a"]), "bad_response"),
        (json!(1), json!(["A"]), "bad_response"),
        (json!(1), json!(["题干"]), "bad_response"),
        (json!(1), json!(many), "bad_response"),
    ];
    for (n, (slot, response, code)) in (1..).zip(cases) {
        socket.send(json!({ "t": "save", "n": n, "slot": slot, "response": response })).await;
        let nack = socket.expect("nack").await;
        assert_eq!((&nack["n"], &nack["code"]), (&json!(n), &json!(code)));
        assert_eq!(nack["retry_ms"], Value::Null, "it is final");
    }
    socket.save(50, 9, &["a", "c"]).await;
    socket.save(51, 9, &[]).await;
    let state = candidate.get(&format!("/attempts/{attempt}")).await;
    assert_eq!(state["responses"], json!({}), "an empty list clears");
    server.running.stop().await;
}

pub async fn w14_w15_w33_only_the_newest_epoch_writes(kind: Kind) {
    let server = server_or_return!(kind);
    let (candidate, attempt, mut old) = seated(&server).await;
    old.save(1, 1, &["a"]).await;
    let mut new = candidate.connect(&attempt).await;
    assert_eq!(old.ended().await, Some(4409), "the second tab fences the first");
    new.save(2, 2, &["b"]).await;
    let save = json!([{ "t": "save", "n": 3, "slot": 3, "response": ["c"] }]);
    for epoch in [1_u64, 2, 999] {
        let body = json!({ "device": candidate.device, "epoch": epoch, "events": save });
        let (status, reply) = candidate.post(&format!("/attempts/{attempt}/events"), body).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        assert_eq!(reply["nacks"][0]["code"], "elsewhere", "epoch {epoch}: {reply}");
        assert_eq!(reply["nacks"][0]["kept"], true);
    }
    let state = candidate.get(&format!("/attempts/{attempt}")).await;
    assert_eq!(state["responses"], json!({ "1": ["a"], "2": ["b"] }));
    server.running.stop().await;
}

pub async fn w19_w20_before_the_start_and_after_the_end(kind: Kind) {
    let server = server_or_return!(kind);
    let candidate = server.candidate();
    let attempt = candidate.start(server.exam.id).await;
    let mut socket = candidate.upgrade(&attempt).await.expect("the upgrade completes");
    socket.send(json!({ "t": "save", "n": 1, "slot": 1, "response": ["a"] })).await;
    assert_eq!(socket.ended().await, Some(4400), "nothing before the open");
    let mut socket = candidate.connect(&attempt).await;
    socket.save(1, 1, &["a"]).await;
    let submit = json!({ "device": candidate.device, "n": 2, "events": [] });
    let path = format!("/attempts/{attempt}/submit");
    let (status, first) = candidate.post(&path, submit.clone()).await;
    assert_eq!(status, StatusCode::OK, "{first}");
    let (_, again) = candidate.post(&path, submit.clone()).await;
    assert_eq!(again["receipt"], first["receipt"]);
    let other = candidate.other_phone();
    let body = json!({ "device": other.device, "n": 1, "events": [] });
    let (status, elsewhere) = other.post(&path, body).await;
    assert_eq!(status, StatusCode::OK, "once closed, always the same receipt");
    assert_eq!(elsewhere["receipt"], first["receipt"]);
    let late = json!([{ "t": "save", "n": 3, "slot": 1, "response": ["b"] }]);
    let (status, reply) = candidate.events(&attempt, late).await;
    assert_eq!((status, &reply["nacks"][0]["code"]), (StatusCode::OK, &json!("closed")));
    let (_, reply) = candidate.connect_with(&attempt, false).await;
    assert_eq!((&reply["t"], &reply["receipt"]), (&json!("closed"), &first["receipt"]));
    let result = candidate.get(&format!("/attempts/{attempt}/result")).await;
    assert_eq!(result["receipt"]["answered"], 1);
    server.running.stop().await;
}

pub async fn w24_w26_ten_thousand_saves_on_one_question(kind: Kind) {
    let server = server_or_return!(kind);
    let (candidate, attempt, mut socket) = seated(&server).await;
    let mut acked = 0;
    for n in 1..=2_000_u64 {
        let option = ["a", "b", "c", "d"][n as usize % 4];
        let save =
            json!({ "t": "save", "n": n, "slot": 1, "response": [option], "client_at_ms": 0 });
        socket.send(save).await;
        if n % 100 == 0 {
            loop {
                let reply = socket.next().await.expect("the connection stays");
                match reply["t"].as_str() {
                    Some("ack") => acked = acked.max(reply["n"].as_u64().expect("a number")),
                    Some("nack") => assert_eq!(reply["code"], "busy", "{reply}"),
                    other => panic!("{other:?}"),
                }
                let settled = reply["n"].as_u64().is_some_and(|reached| reached >= n);
                if settled {
                    break;
                }
            }
        }
    }
    let state = candidate.get(&format!("/attempts/{attempt}")).await;
    assert!(acked >= 1_000, "a bucket of a thousand, then what refills: {acked}");
    assert!(state["acked"][&candidate.device].as_u64() >= Some(acked), "{state}");
    server.running.stop().await;
}

pub async fn w31_a_phone_that_hangs_up_poisons_nothing(kind: Kind) {
    let server = server_or_return!(kind);
    let (candidate, attempt, _socket) = seated(&server).await;
    let save = json!([{ "t": "save", "n": 1, "slot": 1, "response": ["a"] }]);
    let body = json!({ "device": candidate.device, "events": save }).to_string();
    let request = format!(
        "POST /api/v1/attempts/{attempt}/events HTTP/1.1\r\nHost: {}\r\n\
         Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
        server.address,
        candidate.token,
        body.len()
    );
    for round in 0..300_u64 {
        let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
        stream.set_zero_linger().expect("the connection can be reset");
        stream.write_all(request.as_bytes()).await.expect("it can be sent");
        tokio::time::sleep(Duration::from_micros(round * 7 % 1_500)).await;
        drop(stream);
    }
    for n in 2..20 {
        let save = json!([{ "t": "save", "n": n, "slot": 2, "response": ["b"] }]);
        let (status, reply) = candidate.events(&attempt, save).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        assert_eq!(reply["nacks"], json!([]));
    }
    server.running.stop().await;
}

/// Whether two samples of times may be of one distribution: Kolmogorov and Smirnov's test, at the
/// level of one in a hundred (its asymptotic form, `D √(nm/(n+m)) < 1.63`).
fn alike(mut first: Vec<Duration>, mut second: Vec<Duration>) -> bool {
    first.sort_unstable();
    second.sort_unstable();
    let share = |sample: &[Duration], at: Duration| {
        sample.partition_point(|time| *time <= at) as f64 / sample.len() as f64
    };
    let apart = first.iter().chain(&second);
    let apart = apart.map(|at| (share(&first, *at) - share(&second, *at)).abs());
    let (n, m) = (first.len() as f64, second.len() as f64);
    apart.fold(0.0, f64::max) * (n * m / (n + m)).sqrt() < 1.63
}

pub async fn w27_saving_right_and_wrong_look_and_last_the_same(kind: Kind) {
    const ROUNDS: usize = 3;
    const SAVES: u64 = 300;
    let server = server_or_return!(kind);
    let (candidate, attempt, mut socket) = seated(&server).await;
    let paper = candidate.get(&format!("/attempts/{attempt}/paper")).await;
    let slots = paper["slots"].as_array().expect("slots");
    let slot = slots.iter().find(|slot| slot["type"] == "single").expect("a single item");
    let right = &server.exam.right[slot["stem"].as_str().expect("a stem")][0];
    let options = slot["options"].as_array().expect("options");
    let id = |is_right: bool| {
        let found = options.iter().find(|option| (option["text"] == right.as_str()) == is_right);
        found.and_then(|option| option["id"].as_str()).expect("an option")
    };
    let number = slot["slot"].as_u64().expect("a number");
    let mut shapes = std::collections::BTreeSet::new();
    let mut n = 10_000;
    let mut alike_once = false;
    for _ in 0..ROUNDS {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..SAVES {
            n += 1;
            // In a random order, so that whatever else happens here happens to both.
            let is_right = exam_tests::database::random()[0].is_multiple_of(2);
            let began = tokio::time::Instant::now();
            let mut ack = socket.save(n, number, &[id(is_right)]).await;
            times[usize::from(is_right)].push(began.elapsed());
            ack["remaining_ms"] = json!(null);
            shapes.insert(ack.to_string().len());
        }
        let [wrong, right] = times;
        alike_once |= alike(wrong, right);
    }
    assert_eq!(shapes.len(), 1, "acks of right and wrong differ in size");
    assert!(alike_once, "in each of {ROUNDS} rounds the times of right and wrong differed");
    server.running.stop().await;
}

#[test]
fn a_difference_of_a_tenth_is_seen() {
    let times = |from: u64| (0..300).map(|n| Duration::from_micros(from + n)).collect::<Vec<_>>();
    assert!(alike(times(1_000), times(1_010)));
    assert!(!alike(times(1_000), times(1_100)));
}

pub async fn no_key_leaves_before_its_release(kind: Kind) {
    let server = server_or_return!(kind);
    let (candidate, attempt, mut socket) = seated(&server).await;
    socket.save(1, 1, &["a"]).await;
    let mut seen = String::new();
    let paths = ["/exams", "/attempts", "/me"].map(str::to_owned);
    let own = ["", "/paper", "/result", "/record"].map(|path| format!("/attempts/{attempt}{path}"));
    let notice = format!("/exams/{}/notice", server.exam.id);
    for path in paths.iter().chain(&own).chain([&notice]) {
        seen.push_str(&candidate.request(Method::GET, path, None).await.1.to_string());
    }
    socket.send(json!({ "t": "submit", "n": 2 })).await;
    seen.push_str(&socket.expect("closed").await.to_string());
    for path in &own {
        seen.push_str(&candidate.request(Method::GET, path, None).await.1.to_string());
    }
    assert!(!seen.contains(exam_tests::bank::CANARY), "an explanation has left");
    for word in ["key_bits", "explanation", "right", "\"key\""] {
        assert!(!seen.contains(word), "{word} stands in what a candidate gets");
    }
    server.running.stop().await;
}

pub async fn w05_a_signed_out_cookie_opens_nothing(kind: Kind) {
    let server = server_or_return!(kind);
    let candidate = server.candidate();
    let attempt = candidate.start(server.exam.id).await;
    let (status, _) = candidate.post("/sign-out", json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let mut socket = candidate.upgrade(&attempt).await.expect("the upgrade completes");
    assert_eq!(socket.ended().await, Some(4401));
    let request = format!(
        "GET /api/v1/attempts/{attempt}/connection HTTP/1.1\r\nHost: {}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: exam.v1\r\n\
         Cookie: __Host-exam={}\r\n\r\n",
        server.address, candidate.token
    );
    let reply = raw(&server, &request).await;
    assert!(reply.starts_with("HTTP/1.1 403"), "a cookie without an Origin is no page: {reply}");
    server.running.stop().await;
}

/// A raw connection that is upgraded and open, for frames no library would send.
async fn raw_socket(server: &Server, candidate: &Candidate, attempt: &str) -> TcpStream {
    let more = "Sec-WebSocket-Protocol: exam.v1\r\n";
    let request = upgrade_request(server, attempt, &candidate.token, more);
    let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
    stream.write_all(request.as_bytes()).await.expect("it can be sent");
    let mut reply = Vec::new();
    while !reply.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.expect("the upgrade completes");
        reply.push(byte[0]);
    }
    assert!(reply.starts_with(b"HTTP/1.1 101"));
    stream
}

/// Reads until the server ends the connection, within five seconds, and returns the close code.
async fn close_code(mut stream: TcpStream) -> Option<u16> {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes)).await;
    assert!(read.is_ok(), "the server ends the connection");
    let at = bytes.windows(2).position(|pair| pair[0] == 0x88 && (2..126).contains(&pair[1]))?;
    Some(u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?]))
}

/// A ping may carry 125 bytes; this one carries 126.
const LONG_PING: [u8; 134] = {
    let mut frame = [0; 134];
    [frame[0], frame[1], frame[3]] = [0x89, 0xfe, 126];
    frame
};

pub async fn w08_what_is_no_websocket_ends_the_connection(kind: Kind) {
    let server = server_or_return!(kind);
    let candidate = server.candidate();
    let attempt = candidate.start(server.exam.id).await;
    for (frame, code) in [
        (&[0x81, 0x02, b'h', b'i'][..], Some(1002)), // Not masked.
        (&[0xc1, 0x82, 0, 0, 0, 0, b'h', b'i'], Some(1002)), // A reserved bit.
        (&[0x83, 0x80, 0, 0, 0, 0], Some(1002)),     // A reserved opcode.
        (&[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe], Some(1007)), // Not UTF-8.
        (&LONG_PING, Some(1002)),
        (&[0x80, 0x80, 0, 0, 0, 0], Some(1002)), // A continuation of nothing.
    ] {
        let mut stream = raw_socket(&server, &candidate, &attempt).await;
        stream.write_all(frame).await.expect("it can be sent");
        assert_eq!(close_code(stream).await, code, "{frame:02x?}");
    }
    let (_, _, mut other) = seated(&server).await;
    other.save(1, 1, &["a"]).await;
    server.running.stop().await;
}

pub async fn w09_a_slow_sender_and_a_deaf_reader_hold_up_nobody(kind: Kind) {
    let server = server_or_return!(kind);
    let slow = server.candidate();
    let attempt = slow.start(server.exam.id).await;
    let mut dribble = raw_socket(&server, &slow, &attempt).await;
    let mut deaf = raw_socket(&server, &slow, &attempt).await;
    let ping = br#"{"t":"ping"}"#;
    let mut frame = vec![0x81, 0x80 | ping.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(ping);
    for _ in 0..5_000 {
        // The replies are never read; at some point the server takes no more.
        if tokio::time::timeout(Duration::from_millis(5), deaf.write_all(&frame)).await.is_err() {
            break;
        }
    }
    let (_, _, mut socket) = seated(&server).await;
    for n in 1..50 {
        let _ = dribble.write_all(&frame[..1]).await;
        let began = tokio::time::Instant::now();
        socket.save(n, 1, &["a"]).await;
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    }
    server.running.stop().await;
}

pub async fn w10_w11_many_connections_of_one_candidate_leave_one(kind: Kind) {
    let server = server_or_return!(kind);
    let candidate = server.candidate();
    let attempt = candidate.start(server.exam.id).await;
    let mut sockets = Vec::new();
    for _ in 0..60 {
        sockets.push(candidate.connect(&attempt).await);
    }
    let mut newest = sockets.pop().expect("the last one");
    for socket in &mut sockets {
        assert_eq!(socket.ended().await, Some(4409));
    }
    newest.save(1, 1, &["a"]).await;
    // A fenced connection is kept for two seconds at most, for the phone's goodbye.
    for _ in 0..40 {
        if server.running.app.registry.len() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(server.running.app.registry.len(), 1, "the others are gone");
    server.running.stop().await;
}

pub async fn w21_the_phones_clock_decides_nothing(kind: Kind) {
    let server = server_or_return!(kind);
    let (candidate, attempt, mut socket) = seated(&server).await;
    let year = 365 * 86_400_000_i64;
    let now = server.clock().now().as_ms();
    for (n, client_at) in (1..).zip([now + year, now - year, 0, -1, i64::MAX, i64::MIN]) {
        socket
            .send(json!({ "t": "save", "n": n, "slot": n, "response": ["a"],
                "client_at_ms": client_at }))
            .await;
        assert_eq!(socket.expect("ack").await["n"], n);
    }
    let state = candidate.get(&format!("/attempts/{attempt}")).await;
    assert_eq!(state["responses"].as_object().expect("responses").len(), 6);
    assert!(state["remaining_ms"].as_i64().is_some_and(|left| left > 3_500_000), "{state}");
    server.running.stop().await;
}

pub async fn w25_reconnecting_all_the_time_has_an_end(kind: Kind) {
    let server = server_or_return!(kind);
    let candidate = server.candidate();
    let attempt = candidate.start(server.exam.id).await;
    for _ in 0..100 {
        candidate.connect(&attempt).await;
    }
    let mut socket = candidate.upgrade(&attempt).await.expect("the upgrade completes");
    socket.send(json!({ "t": "open", "device": candidate.device, "take_over": false })).await;
    assert_eq!(socket.ended().await, Some(4429));
    // The phone is the holder still, and the fallback needs no open.
    let save = json!([{ "t": "save", "n": 1, "slot": 1, "response": ["a"] }]);
    let (status, reply) = candidate.events(&attempt, save).await;
    assert_eq!((status, &reply["nacks"]), (StatusCode::OK, &json!([])), "{reply}");
    server.running.stop().await;
}
