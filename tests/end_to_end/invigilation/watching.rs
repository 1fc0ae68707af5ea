//! While attempts run.

use exam_core::time::Span;
use exam_server::store::Role;
use exam_tests::Kind;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::judging::somebody_elsewhere;
use crate::sign_in::staff_member;
use crate::snapshots::sitting::{Sitting, is_heard, picture, watched, watched_with};

pub(super) async fn a_wall_tells_what_has_changed(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let watcher = staff_member(&server, "watcher", &[Role::Invigilator]).await;
    let stranger = somebody_elsewhere(&server, "elsewhere", Role::Invigilator).await;
    let seen = Sitting::consenting(&server).await;
    let unseen = Sitting::begin(&server, json!({})).await;
    let mut socket = seen.candidate.connect(&seen.attempt_id).await;
    socket.save(1, 3, &["a"]).await;
    let wall = format!("/staff/exams/{}/wall", server.exam.id);
    let look = async |since: &Value| match since.as_str() {
        Some(since) => watcher.get(&format!("{wall}?since={since}")).await,
        None => watcher.get(&wall).await,
    };
    let whole = look(&Value::Null).await;
    assert_eq!((&whole["whole"], whole["tiles"].as_array().map(Vec::len)), (&json!(true), Some(2)));
    let tile_of = |view: &Value, sitting: &Sitting<'_>| -> Option<Value> {
        let mut tiles = view["tiles"].as_array().expect("a list").iter();
        tiles.find(|tile| tile["attempt_id"] == sitting.attempt_id.as_str()).cloned()
    };
    let tile = tile_of(&whole, &seen).expect("it is there");
    assert_eq!((&tile["answered"], &tile["slots"]), (&json!(1), &json!(14)));
    assert_eq!((&tile["severity"], &tile["newest"]), (&Value::Null, &Value::Null), "{tile}");
    let tile = tile_of(&whole, &unseen).expect("it is there");
    assert_eq!((&tile["severity"], &tile["watched"]), (&json!("look"), &json!(false)));
    assert_eq!(tile["flags"][0]["code"], "no_consent");
    assert_eq!(stranger.get(&wall).await["tiles"], json!([]), "another institution's");
    let parts = async |part: u32| watcher.get(&format!("{wall}?part={part}&parts=2")).await;
    let both = [parts(1).await, parts(2).await];
    let counts = both.iter().map(|view| view["tiles"].as_array().map_or(0, Vec::len));
    assert_eq!(counts.sum::<usize>(), 2, "shared among two people");

    // An empty chair; nothing else has changed.
    let request = seen.next().await.id.to_string();
    is_heard(&mut socket).await;
    assert_eq!(seen.put(&request, picture("curtain")).await.0, StatusCode::NO_CONTENT);
    let mut news = look(&whole["version"]).await;
    let began = tokio::time::Instant::now();
    loop {
        let tile = tile_of(&news, &seen);
        if tile.as_ref().is_some_and(|tile| tile["flags"] != json!([])) {
            break;
        }
        assert!(began.elapsed() < exam_tests::client::PATIENCE, "{news}");
        server.turn(Span::from_seconds(1)).await; // A board is as fresh as a second.
        news = look(&whole["version"]).await;
    }
    let tile = tile_of(&news, &seen).expect("it changed");
    assert_eq!((&tile["newest"], &tile["due"], &tile["taken"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(tile["flags"][0], json!({ "code": "no_face", "severity": "look", "times": 1 }));
    assert_eq!(news["whole"], json!(false));
    assert!(tile_of(&news, &unseen).is_none(), "it did not change: {news}");
    let small = format!("/api/v1/staff/attempts/{}/snapshots/1?small=true", seen.attempt_id);
    let (status, kind_of, bytes) = watcher.download(&small).await;
    assert_eq!((status, kind_of.as_str()), (StatusCode::OK, "image/jpeg"));
    assert!(bytes.len() < 10_000, "{} bytes", bytes.len());

    // Whoever is through stays for a moment and goes then.
    socket.send(json!({ "t": "submit", "n": 9 })).await;
    socket.expect("closed").await;
    server.turn(Span::from_seconds(1)).await;
    let news = look(&news["version"]).await;
    assert_eq!(tile_of(&news, &seen).expect("it changed")["phase"], "closed");
    server.turn(Span::from_minutes(3)).await;
    let gone = look(&news["version"]).await;
    assert_eq!(gone["gone"], json!([seen.attempt_id]));
    assert_eq!(look(&json!("0000000000000000.1")).await["whole"], json!(true), "an unknown board");
    server.running.stop().await;
}

pub(super) async fn what_an_invigilator_says_reaches_a_phone_that_was_away(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let watcher = staff_member(&server, "watcher", &[Role::Invigilator]).await;
    let sitting = Sitting::consenting(&server).await;
    let message = format!("/staff/attempts/{}/message", sitting.attempt_id);
    let say = async |text: &str| {
        let (status, reply) = watcher.post(&message, json!({ "text": text })).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{reply}");
    };
    let mut socket = sitting.candidate.connect(&sitting.attempt_id).await;
    say("请正对手机").await;
    let heard = socket.expect("message").await;
    assert_eq!((&heard["number"], &heard["text"]), (&json!(1), &json!("请正对手机")));
    drop(socket);
    say("请保持安静").await;
    let state = sitting.candidate.get(&format!("/attempts/{}", sitting.attempt_id)).await;
    assert_eq!(state["told"], json!({ "number": 2, "text": "请保持安静" }));
    let mut socket = sitting.candidate.connect(&sitting.attempt_id).await;
    assert_eq!(socket.expect("message").await["number"], 2, "it was away");
    let mut other = sitting.candidate.connect(&sitting.attempt_id).await;
    other.send(json!({ "t": "ping" })).await;
    let mut heard = Vec::new();
    loop {
        let next = other.next().await.expect("the socket stays");
        if next["t"] == "pong" {
            break;
        }
        heard.push(next["t"].clone());
    }
    assert!(!heard.contains(&json!("message")), "it was heard: {heard:?}");
    let (status, _) = watcher.post(&message, json!({ "text": "  " })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    server.running.stop().await;
}

pub(super) async fn without_a_camera_somebody_lets_the_candidate_in(kind: Kind) {
    let policy = "without_camera = \"on_site\", place = \"三楼机房，张老师 010-1234\"";
    let Some(server) = watched_with(kind, policy).await else { return };
    let watcher = staff_member(&server, "watcher", &[Role::Invigilator]).await;
    let stranger = somebody_elsewhere(&server, "elsewhere", Role::Invigilator).await;
    let candidate = server.candidate();
    let exam = format!("/exams/{}", server.exam.id);
    let notice = candidate.get(&format!("{exam}/notice")).await;
    assert_eq!(notice["proctoring"]["without_camera"], "on_site");
    assert_eq!(notice["proctoring"]["place"], "三楼机房，张老师 010-1234");
    assert_eq!(
        (&notice["proctoring"]["keep_days"], &notice["proctoring"]["appeal_days"]),
        (&json!(90), &json!(7))
    );
    let start = async |given: bool, camera: &str| {
        let consents = json!({ "snapshots": { "version": "1", "given": given } });
        let body = json!({ "notice_version": "1", "accepted": true, "consents": consents,
            "camera": camera });
        candidate.post(&format!("{exam}/attempts"), body).await
    };
    for (given, camera) in [(false, "live"), (true, "none")] {
        let (status, reply) = start(given, camera).await;
        assert_eq!((status, &reply["code"]), (StatusCode::CONFLICT, &json!("needs_admission")));
    }
    assert_eq!(candidate.get("/attempts").await["attempts"], json!([]), "nothing has started");

    let door = format!("/staff/exams/{}/admissions", server.exam.id);
    assert_eq!(stranger.get(&door).await["admissions"], json!([]));
    let waiting = watcher.get(&door).await["admissions"][0].clone();
    assert_eq!(waiting["admitted_at_ms"], Value::Null);
    let admit = json!({ "candidate_id": waiting["candidate_id"], "reason": "核对身份证" });
    assert_eq!(stranger.post(&door, admit.clone()).await.0, StatusCode::NOT_FOUND);
    assert_eq!(watcher.post(&door, admit).await.0, StatusCode::NO_CONTENT);
    assert!(watcher.get(&door).await["admissions"][0]["until_ms"].is_i64());
    let (status, reply) = start(true, "none").await;
    assert_eq!(status, StatusCode::CREATED, "{reply}");
    let attempt = reply["attempt_id"].as_str().expect("an id");
    let evidence = watcher.get(&format!("/staff/attempts/{attempt}/watch")).await;
    assert_eq!(
        (&evidence["camera"], &evidence["incidents"][0]["code"]),
        (&json!("none"), &json!("no_camera"))
    );

    // With a camera, or a photograph taken before, nobody has to be asked.
    for camera in ["live", "file"] {
        let other = server.candidate();
        let consents = json!({ "snapshots": { "version": "1", "given": true } });
        let body = json!({ "notice_version": "1", "accepted": true, "consents": consents,
            "camera": camera });
        assert_eq!(other.post(&format!("{exam}/attempts"), body).await.0, StatusCode::CREATED);
    }
    server.running.stop().await;
}

pub(super) async fn i11_a_consent_can_be_taken_back(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let watcher = staff_member(&server, "watcher", &[Role::Invigilator]).await;
    let sitting = Sitting::consenting(&server).await;
    let notice = sitting.candidate.get(&format!("/exams/{}/notice", server.exam.id)).await;
    let hash = notice["consents"][0]["sha256"].as_str().expect("a hash").to_owned();
    let store = &server.running.app.store;
    let kept = store.consent_find(sitting.attempt.key.attempt_no).await.expect("it answers");
    let kept = kept.expect("an attempt").consents;
    assert!(hash.len() == 64 && kept.contains(&hash), "which text was agreed to: {kept}");
    let due = format!("/attempts/{}/snapshots", sitting.attempt_id);
    let mut socket = sitting.candidate.connect(&sitting.attempt_id).await;
    assert_eq!(sitting.candidate.get(&due).await["watched"], json!(true));
    let request = sitting.next().await.id.to_string();
    socket.expect("snapshot").await;
    let withdraw = format!("/attempts/{}/consents/snapshots/withdraw", sitting.attempt_id);
    for _ in 0..2 {
        let (status, reply) = sitting.candidate.post(&withdraw, json!({})).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{reply}");
    }
    let (status, reply) = sitting.put(&request, picture("collins")).await;
    assert_eq!((status, &reply["code"]), (StatusCode::NOT_FOUND, &json!("no_such_request")));
    assert_eq!(sitting.candidate.get(&due).await, json!({ "watched": false, "due": [] }));
    // Nothing more is asked for, and the exam goes on.
    is_heard(&mut socket).await;
    server.turn(Span::from_minutes(12)).await;
    socket.send(json!({ "t": "ping" })).await;
    loop {
        let next = socket.next().await.expect("the socket stays");
        assert_ne!(next["t"], "snapshot");
        if next["t"] == "pong" {
            break;
        }
    }
    assert_eq!(socket.save(1, 3, &["a"]).await["t"], "ack");
    let evidence = watcher.get(&format!("/staff/attempts/{}/watch", sitting.attempt_id)).await;
    assert_eq!(evidence["consent"], "withdrawn");
    assert!(evidence["incidents"].to_string().contains("consent_withdrawn"), "{evidence}");
    let refusing = Sitting::begin(&server, json!({})).await;
    let withdraw = format!("/attempts/{}/consents/snapshots/withdraw", refusing.attempt_id);
    let (status, reply) = refusing.candidate.post(&withdraw, json!({})).await;
    assert_eq!((status, &reply["code"]), (StatusCode::CONFLICT, &json!("no_consent")));
    server.running.stop().await;
}
