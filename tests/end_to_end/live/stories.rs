//! The stories.

use std::collections::HashSet;

use exam_core::measured::Measured;
use exam_core::session::Command;
use exam_core::time::Span;
use exam_server::banks::Sought;
use exam_server::commands::{attempt, bank as bank_commands, exam};
use exam_server::journal_writer::WriteError;
use exam_server::live::sitting::Sitting;
use exam_server::store::{Append, CommitFault, Scope, Written};
use exam_tests::bank::EXAM;
use exam_tests::{Candidate, Kind, Server, server};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::server_or_return;

/// The shown ids of the right options of a slot.
fn right_ids(server: &Server, paper: &Value, slot: &Value) -> Vec<String> {
    let stem = slot["stem"].as_str().expect("a stem");
    let right = &server.exam.right[stem];
    let options = match slot["group"].as_u64() {
        Some(group) if slot["type"] == "B1" => &paper["groups"][group as usize - 1]["options"],
        _ => &slot["options"],
    };
    let options = options.as_array().expect("options");
    let is_right = |option: &&Value| right.iter().any(|text| option["text"] == **text);
    let id = |option: &Value| option["id"].as_str().expect("an id").to_owned();
    options.iter().filter(is_right).map(id).collect()
}

pub async fn an_exam_is_sat_scored_and_retaken(kind: Kind) {
    let server = server_or_return!(kind);
    let candidate = server.candidate();
    let exams = candidate.get("/exams").await;
    assert_eq!(exams["exams"][0]["button"], "enter", "{exams}");
    assert_eq!(exams["exams"][0]["slots"], 14);
    let notice = candidate.get(&format!("/exams/{}/notice", server.exam.id)).await;
    assert!(notice["ends_at_ms_if_started_now"].is_i64(), "{notice}");
    let attempt = candidate.start(server.exam.id).await;
    assert_eq!(candidate.start(server.exam.id).await, attempt, "starting twice is starting once");

    let paper = candidate.get(&format!("/attempts/{attempt}/paper")).await;
    let slots = paper["slots"].as_array().expect("slots");
    assert_eq!(slots.len(), 14);
    assert!(!paper.to_string().contains(exam_tests::bank::CANARY));
    let mut socket = candidate.connect(&attempt).await;
    for (n, slot) in (1..).zip(&slots[..4]) {
        let ids = right_ids(&server, &paper, slot);
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        socket.save(n, slot["slot"].as_u64().expect("a number"), &ids).await;
    }
    socket.send(json!({ "t": "submit", "n": 99 })).await;
    let closed = socket.expect("closed").await;
    assert_eq!(closed["by"], "submit", "{closed}");
    assert_eq!(closed["result"]["points"], 800, "four right answers of two points: {closed}");
    assert_eq!(closed["result"]["verdict"], "failed");
    assert_eq!(socket.ended().await, Some(1000));

    let result = candidate.get(&format!("/attempts/{attempt}/result")).await;
    assert_eq!(result["receipt"], closed["receipt"]);
    let record = candidate.get(&format!("/attempts/{attempt}/record")).await;
    let mut digest = Sha256::digest(&attempt).to_vec();
    for frame in record["frames"].as_array().expect("frames") {
        let body = frame["body"].as_str().expect("bytes").as_bytes();
        digest = Sha256::new().chain_update(digest).chain_update(body).finalize().to_vec();
    }
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(result["receipt"]["digest"], hex, "anybody can recompute the receipt");

    let exams = candidate.get("/exams").await;
    assert_eq!(exams["exams"][0]["button"], "enter", "public knowledge is retaken at once");
    let second = candidate.start(server.exam.id).await;
    assert_ne!(second, attempt);
    let paper = candidate.get(&format!("/attempts/{second}/paper")).await;
    let slots = paper["slots"].as_array().expect("slots");
    let events: Vec<Value> = (1..)
        .zip(slots)
        .map(|(n, slot)| {
            let response = right_ids(&server, &paper, slot);
            json!({ "t": "save", "n": n, "slot": slot["slot"], "response": response })
        })
        .collect();
    let body = json!({ "device": candidate.device, "n": 50, "events": events });
    let (status, reply) = candidate.post(&format!("/attempts/{second}/submit"), body).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_eq!(reply["result"]["points"], 2800, "{reply}");
    assert_eq!(reply["result"]["verdict"], "passed");
    let exams = candidate.get("/exams").await;
    assert_eq!(exams["exams"][0]["button"], "passed");
    assert_eq!(exams["exams"][0]["best_points"], 2800);
    let (status, _) =
        candidate.request(Method::GET, &format!("/attempts/{second}/paper"), None).await;
    assert_eq!(status, StatusCode::CONFLICT, "a closed paper is gone");
    server.running.stop().await;
}

/// Saves the right options of so many slots of a paper, and hands it in.
async fn hand_in(server: &Server, candidate: &Candidate, attempt: &str, right: usize) {
    let paper = candidate.get(&format!("/attempts/{attempt}/paper")).await;
    let slots = paper["slots"].as_array().expect("slots").iter().take(right);
    let save = |(n, slot): (u64, &Value)| json!({ "t": "save", "n": n, "slot": slot["slot"], "response": right_ids(server, &paper, slot) });
    let events: Vec<Value> = (1..).zip(slots).map(save).collect();
    let body = json!({ "device": candidate.device, "n": 50, "events": events });
    let (status, reply) = candidate.post(&format!("/attempts/{attempt}/submit"), body).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
}

pub async fn what_candidates_reach_says_how_hard_items_are(kind: Kind) {
    let server = server_or_return!(kind);
    let desk = server::desk(&server.database).await;
    // How many attempts were counted now, then all answers, and what they reached.
    let measure = async || {
        let counted = bank_commands::measure(&desk, Some("测试题库"), true).await;
        let found = bank_commands::look_for(&desk, "测试题库", &Sought::default()).await;
        let all = found.expect("a list").listed;
        let all = all.iter().fold(Measured::default(), |sum, unit| sum.and(unit.measured));
        (counted.expect("counted").attempts, all.answers, all.earned_permille)
    };
    let first = server.candidate();
    let attempt = first.start(server.exam.id).await;
    assert_eq!(measure().await, (0, 0, 0), "it is open");
    hand_in(&server, &first, &attempt, 14).await;
    assert_eq!(measure().await, (1, 14, 14_000));
    assert_eq!(measure().await, (0, 14, 14_000), "once");

    let (silent, slow, quick) = (server.candidate(), server.candidate(), server.candidate());
    let attempt = silent.start(server.exam.id).await;
    hand_in(&server, &silent, &attempt, 0).await;
    let open = slow.start(server.exam.id).await;
    let attempt = quick.start(server.exam.id).await;
    hand_in(&server, &quick, &attempt, 4).await;
    assert_eq!(measure().await, (1, 14, 14_000), "nobody tried; the others wait for the open one");
    hand_in(&server, &slow, &open, 0).await;
    assert_eq!(measure().await, (2, 28, 18_000));

    // Papers are drawn again by what was known when their exam was published.
    let published = exam::publish(&desk, EXAM, None).await.expect("it can be published again");
    assert_eq!(published.exam_id, server.exam.id);
    let again = Candidate::new(server.address, quick.token.clone());
    let began = tokio::time::Instant::now();
    loop {
        let attempt = again.start(server.exam.id).await;
        let paper = desk.store.paper_find(attempt_no(&desk, &attempt).await).await;
        let paper = paper.expect("it can be read").expect("a paper");
        hand_in(&server, &again, &attempt, 1).await;
        if paper.contains("\"exam\":2,") {
            break;
        }
        assert!(began.elapsed().as_secs() < 10, "a node looks for new exams every few seconds");
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    let (definition, frozen) =
        desk.store.exam_definition(published.exam_id, 2).await.expect("read").expect("there");
    assert!(frozen.len() > 20 && !definition.is_empty(), "{frozen}");
    attempt::verify(&desk, None, true).await.expect("every paper is drawn again alike");
    desk.store.close().await;
    server.running.stop().await;
}

async fn attempt_no(desk: &exam_server::commands::Desk, attempt: &str) -> i64 {
    let id = attempt.parse().expect("an id");
    let attempt = desk.store.attempt_find(id, &Scope::All).await.expect("read");
    attempt.expect("an attempt").key.attempt_no
}

pub async fn a_joint_start_shares_its_commits_and_asks_for_no_item(kind: Kind) {
    let server = server_or_return!(kind);
    let app = &server.running.app;
    let phones: Vec<Candidate> = (0..19).map(|_| server.candidate()).collect();
    for phone in &phones {
        phone.get(&format!("/exams/{}/notice", server.exam.id)).await;
    }
    for table in ["item", "item_version", "item_key", "unit", "unit_version"] {
        let sql = format!("ALTER TABLE {table} RENAME TO {table}_away");
        exam_tests::bank::execute(&app.store, sqlx::AssertSqlSafe(sql)).await;
    }
    let (first, joint) = phones.split_first().expect("candidates");
    first.start(server.exam.id).await; // Goes at once, and lets the next ones gather.
    let commits = || {
        let text = app.metrics.render();
        let line =
            text.lines().find_map(|line| line.strip_prefix("exam_journal_batch_writes_count "));
        line.expect("a count").trim().parse::<u64>().expect("a number")
    };
    let before = commits();
    let attempts: HashSet<String> =
        join_all(joint.iter().map(|phone| phone.start(server.exam.id))).await.into_iter().collect();
    assert_eq!(attempts.len(), joint.len());
    let used = commits() - before;
    assert!(used <= joint.len() as u64 / 2, "{used} commits for {} starts", joint.len());
}

pub async fn two_devices_fence_each_other(kind: Kind) {
    let server = server_or_return!(kind);
    let phone = server.candidate();
    let tablet = phone.other_phone();
    let attempt = phone.start(server.exam.id).await;
    let mut first = phone.connect(&attempt).await;
    first.save(1, 1, &["a"]).await;
    let (mut second, reply) = tablet.connect_with(&attempt, false).await;
    assert_eq!(reply["t"], "elsewhere", "a takeover has to be asked for");
    second.send(json!({ "t": "open", "device": tablet.device, "take_over": true })).await;
    let state = second.expect("state").await;
    assert_eq!(state["responses"]["1"], json!(["a"]));
    assert_eq!(state["holder"], tablet.device);
    assert_eq!(first.ended().await, Some(4409));
    second.save(1, 1, &["b"]).await;
    let (status, reply) = phone
        .events(&attempt, json!([{ "t": "save", "n": 2, "slot": 1, "response": ["c"] }]))
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "{reply}");
    assert_eq!(reply["code"], "elsewhere");
    let state = tablet.get(&format!("/attempts/{attempt}")).await;
    assert_eq!(state["responses"]["1"], json!(["b"]));
    let mut third = tablet.connect(&attempt).await;
    assert_eq!(second.ended().await, Some(4409), "an older tab of the same phone is fenced too");
    third.save(2, 2, &["a"]).await;
    server.running.stop().await;
}

pub async fn socket_and_http_are_one_session(kind: Kind) {
    let server = server_or_return!(kind);
    let phone = server.candidate();
    let attempt = phone.start(server.exam.id).await;
    let mut socket = phone.connect(&attempt).await;
    socket.save(1, 1, &["a"]).await;
    let (status, reply) = phone
        .events(
            &attempt,
            json!([
                { "t": "save", "n": 2, "slot": 2, "response": ["b"] },
                { "t": "mark", "n": 3, "slot": 5, "on": true },
                { "t": "signal", "n": 4, "kind": "hidden" },
                { "t": "save", "n": 5, "slot": 99, "response": ["b"] },
            ]),
        )
        .await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_eq!(reply["nacks"][0]["code"], "bad_slot", "{reply}");
    assert_eq!(reply["acked"], 4);
    let state = socket.expect("state").await;
    assert_eq!(state["responses"]["2"], json!(["b"]), "the socket hears what moved under it");
    assert_eq!(state["marked"], json!([5]));
    socket.save(6, 3, &["c"]).await;
    let (status, reply) = phone
        .events(
            &attempt,
            json!([{ "t": "save", "n": 7, "slot": 1, "response": ["b"] }, { "t": "x" }]),
        )
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(reply["index"], 1, "{reply}");
    let state = phone.get(&format!("/attempts/{attempt}")).await;
    assert_eq!(state["responses"], json!({ "1": ["a"], "2": ["b"], "3": ["c"] }));
    server.running.stop().await;
}

/// The server-side session of an attempt, to act on as an invigilator does.
async fn sitting(server: &Server, attempt: &str) -> Sitting {
    let app = &server.running.app;
    let id = attempt.parse().expect("an id");
    let found = app.store.attempt_find(id, &Scope::All).await.expect("the database answers");
    let attempt = std::sync::Arc::new(found.expect("the attempt exists"));
    Sitting::load(app, attempt).await.expect("it loads").expect("it has a journal")
}

pub async fn an_invigilator_is_seen_at_once(kind: Kind) {
    let server = server_or_return!(kind);
    let app = &server.running.app;
    let phone = server.candidate();
    let attempt = phone.start(server.exam.id).await;
    let mut socket = phone.connect(&attempt).await;
    let mut session = sitting(&server, &attempt).await;
    let by = exam_core::ids::StaffId::from_uuid(uuid::Uuid::from_u128(1));
    let reason = "网络中断".to_owned();

    let added = Span::from_minutes(10);
    let extend = Command::Extend { added, by, reason: reason.clone() };
    session.command(app, &extend, None).await.expect("time can be added");
    let extended = socket.expect("extended").await;
    assert_eq!((&extended["added_ms"], &extended["by"]), (&json!(600_000), &json!("staff")));

    let until = server.clock().now() + Span::from_minutes(30);
    let pause = Command::Pause { until, by, reason: reason.clone() };
    session.command(app, &pause, None).await.expect("the clock can be stopped");
    socket.expect("paused").await;
    socket.send(json!({ "t": "save", "n": 1, "slot": 1, "response": ["a"] })).await;
    let nack = socket.expect("nack").await;
    assert_eq!((&nack["code"], &nack["kept"]), (&json!("paused"), &json!(false)));
    let arrived = nack["arrived"].as_str().expect("the arrival is vouched for").to_owned();
    session.command(app, &Command::Resume { by }, None).await.expect("it can run again");
    socket.expect("resumed").await;
    socket
        .send(json!({ "t": "save", "n": 1, "slot": 1, "response": ["a"], "arrived": arrived }))
        .await;
    assert_eq!(socket.expect("ack").await["n"], 1);

    let lock = Command::Lock { by, reason: reason.clone() };
    session.command(app, &lock, None).await.expect("it can be locked");
    socket.expect("locked").await;
    session.command(app, &Command::Unlock { by, reason: reason.clone() }, None).await.expect("ok");
    socket.expect("unlocked").await;
    session.command(app, &Command::End { by, reason }, None).await.expect("it can be ended");
    assert_eq!(socket.expect("closed").await["by"], "invigilator");
    assert_eq!(socket.ended().await, Some(1000));
    server.running.stop().await;
}

pub async fn time_runs_out_and_nobody_loses_by_not_pressing_a_button(kind: Kind) {
    let server = server_or_return!(kind);
    let (connected, gone) = (server.candidate(), server.candidate());
    let attempt = connected.start(server.exam.id).await;
    let mut socket = connected.connect(&attempt).await;
    socket.save(1, 1, &["a"]).await;
    let left = gone.start(server.exam.id).await;
    gone.events(&left, json!([{ "t": "save", "n": 1, "slot": 1, "response": ["a"] }])).await;
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await; // The database answers steadily.
    server.turn(Span::from_minutes(60) + Span::from_seconds(7)).await;
    let closed = socket.expect("closed").await;
    assert_eq!(closed["by"], "deadline", "{closed}");
    assert_eq!(closed["receipt"]["answered"], 1);
    let result = eventually(async || {
        let path = format!("/attempts/{left}/result");
        let (status, body) = gone.request(Method::GET, &path, None).await;
        (status == StatusCode::OK).then_some(body)
    })
    .await;
    assert_eq!((&result["by"], &result["receipt"]["answered"]), (&json!("deadline"), &json!(1)));
    server.running.stop().await;
}

/// Asks again until there is an answer, for five seconds: the bound within which everything is
/// closed.
async fn eventually<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..50 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("nothing within five seconds");
}

pub async fn a_save_in_grace_counts_and_a_later_one_does_not(kind: Kind) {
    let server = server_or_return!(kind);
    let phone = server.candidate();
    let attempt = phone.start(server.exam.id).await;
    let mut socket = phone.connect(&attempt).await;
    server.turn(Span::from_minutes(60) + Span::from_seconds(1)).await;
    let ack = socket.save(1, 1, &["a"]).await;
    assert_eq!(ack["remaining_ms"], 0);
    server.turn(Span::from_ms(4_100)).await;
    socket.send(json!({ "t": "save", "n": 2, "slot": 1, "response": ["b"] })).await;
    let nack = socket.expect("nack").await;
    assert_eq!(
        (&nack["code"], &nack["kept"], &nack["retry_ms"]),
        (&json!("too_late"), &json!(true), &Value::Null)
    );
    let state = phone.get(&format!("/attempts/{attempt}")).await;
    assert_eq!(state["responses"]["1"], json!(["a"]));
    server.running.stop().await;
}

pub async fn messages_may_come_twice_and_in_any_order(kind: Kind) {
    let server = server_or_return!(kind);
    let phone = server.candidate();
    let attempt = phone.start(server.exam.id).await;
    let mut socket = phone.connect(&attempt).await;
    socket.save(5, 1, &["a"]).await;
    socket.save(5, 1, &["a"]).await;
    let save = |n: u64, slot: u64, option: &str| json!({ "t": "save", "n": n, "slot": slot, "response": [option] });
    socket.send(save(4, 1, "b")).await;
    socket.send(save(3, 2, "c")).await;
    socket.send(save(9, 99, "c")).await;
    socket.send(save(10, 3, "d")).await;
    assert_eq!(socket.expect("nack").await["n"], 9, "a nack leaves before a higher ack");
    while socket.expect("ack").await["n"] != 10 {}
    let state = phone.get(&format!("/attempts/{attempt}")).await;
    assert_eq!(state["responses"], json!({ "1": ["a"], "2": ["c"], "3": ["d"] }));
    assert_eq!(state["acked"][&phone.device], 10);
    server.running.stop().await;
}

pub async fn a_save_in_grace_survives_a_database_stall(kind: Kind) {
    let server = server_or_return!(kind);
    let phone = server.candidate();
    let attempt = phone.start(server.exam.id).await;
    let mut socket = phone.connect(&attempt).await;
    socket.save(1, 1, &["a"]).await;
    server.turn(Span::from_minutes(60) + Span::from_ms(4_000)).await;
    let stall = exam_tests::database::Stall::begin(&server.database).await;
    socket.send(json!({ "t": "save", "n": 2, "slot": 2, "response": ["b"] })).await;
    tokio::time::sleep(std::time::Duration::from_millis(3_300)).await; // Past grace and settling.
    stall.end().await;
    let mut arrived = Value::Null;
    let closed = loop {
        let message = socket.next().await.expect("the connection stays until the close");
        match message["t"].as_str() {
            Some("nack") => {
                assert_eq!(message["code"], "busy", "{message}");
                arrived = message["arrived"].clone();
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                socket
                    .send(json!({ "t": "save", "n": 2, "slot": 2, "response": ["b"],
                        "arrived": arrived }))
                    .await;
            }
            Some("closed") => break message,
            _ => {}
        }
    };
    assert_eq!(closed["by"], "deadline", "{closed}");
    assert_eq!(closed["receipt"]["answered"], 2, "it arrived in time, {arrived}: {closed}");
    server.running.stop().await;
}

/// A close by the clock waits in the journal's queue behind a save that arrived in time. When that
/// one fails, its phone is told to send it again: the close must not come in between.
pub async fn a_close_does_not_follow_a_save_that_failed(kind: Kind) {
    let server = server_or_return!(kind);
    let phone = server.candidate();
    let attempt = phone.start(server.exam.id).await;
    phone.connect(&attempt).await.save(1, 1, &["a"]).await;
    let app = &server.running.app;
    let found = app.exams.attempt(app, attempt.parse().expect("an id")).await;
    let found = found.expect("it answers").expect("it exists");
    let end = app.store.journal_head(found.key).await.expect("it answers");
    let append = |frame: &str| Append {
        key: found.key,
        expected: end,
        frame: frame.to_owned(),
        attached: None,
    };
    let failures = app.journal.failures();
    app.store.faults().next_commit(CommitFault::Fails);
    let (save, close) = tokio::join!(
        app.journal.append(append("a save"), None),
        app.journal.append(append("a close"), Some(failures)),
    );
    assert_eq!(save, Err(WriteError::Unknown));
    assert_eq!(close, Err(WriteError::Busy));
    assert_eq!(app.store.journal_head(found.key).await.expect("it answers"), end);
    let close = app.journal.append(append("a close"), Some(app.journal.failures())).await;
    assert_eq!(close, Ok(Written::Done), "the next one is decided anew");
    server.running.stop().await;
}

pub async fn a_commit_that_failed_once_keeps_nobody_from_closing_although_nobody_writes_again(
    kind: Kind,
) {
    let server = server_or_return!(kind);
    let phone = server.candidate();
    let attempt = phone.start(server.exam.id).await;
    let mut socket = phone.connect(&attempt).await;
    socket.save(1, 1, &["a"]).await;
    let stall = exam_tests::database::Stall::begin(&server.database).await;
    socket.send(json!({ "t": "save", "n": 2, "slot": 2, "response": ["b"] })).await;
    assert_eq!(socket.expect("nack").await["code"], "busy");
    drop(socket); // It never comes back, and nobody else is there.
    stall.end().await;
    let url = format!("http://{}/readyz", server.address);
    let mut ready = StatusCode::SERVICE_UNAVAILABLE;
    for _ in 0..100 {
        ready = exam_tests::client::http().get(&url).send().await.expect("a reply").status();
        if ready == StatusCode::OK {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(ready, StatusCode::OK, "the database has been well for ten seconds");
    server.turn(Span::from_minutes(61)).await;
    let path = format!("/attempts/{attempt}/result");
    let mut result = (StatusCode::CONFLICT, Value::Null);
    for _ in 0..100 {
        result = phone.request(reqwest::Method::GET, &path, None).await;
        if result.0 == StatusCode::OK {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!((result.0, &result.1["by"]), (StatusCode::OK, &json!("deadline")), "{}", result.1);
    server.running.stop().await;
}

pub async fn an_outage_of_the_server_costs_nobody_time(kind: Kind) {
    let server = server_or_return!(kind);
    let phone = server.candidate();
    let attempt = phone.start(server.exam.id).await;
    phone.connect(&attempt).await.save(1, 1, &["a"]).await;
    let before = phone.get(&format!("/attempts/{attempt}")).await;
    let Server { database, running, .. } = server;
    running.stop().await;
    // Two hours later, long after the deadline.
    let turned = exam_server::server::start_turned(
        &exam_tests::server::settings(&database),
        Span::from_minutes(120),
    )
    .await
    .expect("it starts again");
    let phone = phone.at(turned.address);
    let state = phone.get(&format!("/attempts/{attempt}")).await;
    assert_eq!(state["state"], "running", "{state}");
    let remaining = |state: &Value| state["remaining_ms"].as_i64().expect("a time");
    let lost = remaining(&before) - remaining(&state);
    assert!(lost.abs() < 5_000, "{lost} ms of {}", remaining(&before));
    let mut socket = phone.connect(&attempt).await;
    socket.save(2, 2, &["b"]).await;
    turned.stop().await;
}
