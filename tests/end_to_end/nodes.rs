//! Two servers on one PostgreSQL: any of them serves any attempt.

use std::time::Duration;

use exam_server::server::{Running, start};
use exam_tests::{Kind, Server, server};
use serde_json::json;
use tokio::time::Instant;

/// Within how long a phone hears what happened on another node.
const HEARD_WITHIN: Duration = Duration::from_secs(2);

/// Two servers on one database; none where there is no PostgreSQL.
async fn two_nodes() -> Option<(Server, Running)> {
    let first = Server::start(Kind::Postgres).await?;
    let settings = server::settings(&first.database);
    let second = start(&settings, || panic!("a sync failed"));
    Some((first, second.await.expect("a second node starts")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_takeover_on_another_node_fences_the_first_within_two_seconds() {
    let Some((first, second)) = two_nodes().await else { return };
    let phone = first.candidate();
    let tablet = phone.other_phone().at(second.address);
    let attempt = phone.start(first.exam.id).await;
    let mut here = phone.connect(&attempt).await;
    here.save(1, 1, &["a"]).await;
    let began = Instant::now();
    let (mut there, state) = tablet.connect_with(&attempt, true).await;
    assert_eq!(state["responses"]["1"], json!(["a"]), "the other node reads what was acknowledged");
    there.save(1, 2, &["b"]).await;
    // An open is no rare event that is hinted at; the comparison of heads finds it.
    assert_eq!(here.ended().await, Some(4409));
    assert!(began.elapsed() < Duration::from_secs(7), "{:?}", began.elapsed());
    let state = phone.get(&format!("/attempts/{attempt}")).await;
    assert_eq!(state["responses"], json!({ "1": ["a"], "2": ["b"] }));

    let began = Instant::now();
    let app = &first.running.app;
    let id = attempt.parse().expect("an id");
    let found = app.exams.attempt(app, id).await.expect("it answers").expect("it exists");
    let mut sitting = app.sittings.take(app, &found).await.expect("it loads");
    let command = exam_core::session::Command::Extend {
        added: exam_core::time::Span::from_minutes(5),
        by: exam_core::ids::StaffId::from_uuid(uuid::Uuid::from_u128(1)),
        reason: "网络中断".to_owned(),
    };
    sitting.command(app, &command, None).await.expect("time can be added");
    assert_eq!(there.expect("extended").await["added_ms"], 300_000);
    assert!(began.elapsed() < HEARD_WITHIN, "{:?}", began.elapsed());
    drop(sitting);
    second.stop().await;
    first.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_close_an_attempt_once() {
    let Some((first, second)) = two_nodes().await else { return };
    let phones: Vec<_> = (0..10).map(|_| first.candidate()).collect();
    let mut attempts = Vec::new();
    for phone in &phones {
        attempts.push(phone.start(first.exam.id).await);
    }
    tokio::time::sleep(Duration::from_millis(2_100)).await; // The database answers steadily.
    let past = exam_core::time::Span::from_minutes(61);
    exam_server::routes::turn_clock(&second.app, past).await.expect("it can be turned");
    first.turn(past).await;
    for (phone, attempt) in phones.iter().zip(&attempts) {
        let path = format!("/attempts/{attempt}/record");
        let mut frames = json!(null);
        for _ in 0..60 {
            let (status, body) = phone.request(reqwest::Method::GET, &path, None).await;
            if status == reqwest::StatusCode::OK {
                frames = body;
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let closings = frames.to_string().matches("\\\"t\\\":\\\"closed\\\"").count();
        assert_eq!(closings, 1, "{frames}");
    }
    second.stop().await;
    first.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_out_on_one_node_is_signed_out_on_the_other() {
    let Some((first, second)) = two_nodes().await else { return };
    let phone = first.candidate();
    let there = phone.clone().at(second.address);
    let attempt = phone.start(first.exam.id).await;
    let mut socket = there.connect(&attempt).await;
    socket.save(1, 1, &["a"]).await;
    // Looked up long ago, and still believed: a lookup for each request would cost a start half.
    let minute = exam_core::time::Span::from_minutes(1);
    exam_server::routes::turn_clock(&second.app, minute).await.expect("it can be turned");
    first.turn(minute).await;
    there.get(&format!("/attempts/{attempt}")).await;
    let (status, _) = phone.post("/sign-out", json!({})).await;
    assert_eq!(status, reqwest::StatusCode::NO_CONTENT);
    let began = Instant::now();
    assert_eq!(socket.ended().await, Some(4401));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let path = format!("/attempts/{attempt}");
    let (status, _) = there.request(reqwest::Method::GET, &path, None).await;
    assert_eq!(status, reqwest::StatusCode::UNAUTHORIZED);
    second.stop().await;
    first.running.stop().await;
}
