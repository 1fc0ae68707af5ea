//! The stories.

use std::path::PathBuf;
use std::time::Duration;

use exam_core::time::{Span, Timestamp};
use exam_server::commands::rehearsal;
use exam_server::store::{Role, chained};
use exam_tests::{Kind, Server, bank, server};
use futures_util::future::join_all;
use image::imageops;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::sitting::{Sitting, files, is_heard, photo_folder, picture, watched};
use crate::sign_in::staff_member;

fn photos_of(server: &Server) -> Vec<PathBuf> {
    files(server.database.folder.path().join("photos"))
}

/// A portrait with a mask, beside another, and as a print in front of a wall.
fn edited(name: &str, other: &str) -> [Vec<u8>; 3] {
    let [one, other] = [name, other]
        .map(|name| image::load_from_memory(&picture(name)).expect("a picture").into_rgb8());
    let mut mask = one.clone();
    let paper = image::RgbImage::from_pixel(160, 120, image::Rgb([150, 190, 215]));
    imageops::replace(&mut mask, &paper, 160, 256);
    let mut two = image::RgbImage::new(560, 420);
    for (left, portrait) in [(0, &one), (280, &other)] {
        let half = imageops::crop_imm(portrait, 100, 60, 280, 420).to_image();
        imageops::replace(&mut two, &half, left, 0);
    }
    let mut print = image::RgbImage::from_pixel(480, 640, image::Rgb([120, 116, 110]));
    let sheet = image::RgbImage::from_pixel(400, 530, image::Rgb([235, 235, 230]));
    imageops::replace(&mut print, &sheet, 40, 55);
    let small = imageops::resize(&one, 372, 496, imageops::FilterType::Triangle);
    imageops::replace(&mut print, &small, 54, 72);
    [mask, two, print].map(|pixels| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        pixels.write_to(&mut bytes, image::ImageFormat::Jpeg).expect("a JPEG");
        bytes.into_inner()
    })
}

pub async fn a_snapshot_is_asked_for_taken_once_kept_sealed_and_looked_at(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let sitting = Sitting::consenting(&server).await;
    let mut socket = sitting.candidate.connect(&sitting.attempt_id).await;
    let next = sitting.next().await;
    let asked = socket.expect("snapshot").await;
    let request = asked["request_id"].as_str().expect("an id").to_owned();
    assert_eq!(request, next.id.to_string());
    assert_eq!(asked["until_ms"], json!(next.until().as_ms()));
    let due = sitting.candidate.get(&format!("/attempts/{}/snapshots", sitting.attempt_id)).await;
    assert_eq!(due["due"], json!([{ "request_id": request, "until_ms": next.until() }]));

    let (status, reply) = sitting.put(&request, picture("collins")).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{reply}");
    assert_eq!(sitting.put(&request, picture("collins")).await.0, StatusCode::NO_CONTENT);
    let (status, reply) = sitting.put(&request, picture("biden")).await;
    assert_eq!((status, &reply["code"]), (StatusCode::CONFLICT, &json!("already_taken")));
    let due = sitting.candidate.get(&format!("/attempts/{}/snapshots", sitting.attempt_id)).await;
    assert_eq!(due["due"], json!([]));

    // One file, which is no picture to whoever has the folder only.
    let photos = photos_of(&server);
    assert_eq!(photos.len(), 1, "{photos:?}");
    let sealed = std::fs::read(&photos[0]).expect("a file");
    assert!(!sealed.windows(3).any(|three| three == [0xff, 0xd8, 0xff]), "it is sealed");
    let kept = server.running.app.keys.open(&sealed).expect("the server's key opens it");
    assert!(kept.starts_with(&[0xff, 0xd8, 0xff]));

    is_heard(&mut socket).await;
    // A second one with nobody in it; each is looked at, behind the answer.
    let second = sitting.next().await.id.to_string();
    let asked = socket.expect("snapshot").await;
    assert_eq!(asked["request_id"], json!(second));
    assert_eq!(sitting.put(&second, picture("curtain")).await.0, StatusCode::NO_CONTENT);
    let rows = sitting.looked_at().await;
    assert_eq!(rows.len(), 2);
    let findings: Vec<_> = rows.iter().map(|row| row.findings.as_deref().expect("some")).collect();
    assert_eq!(findings, ["[]", r#"["no_face"]"#]);

    // The chain is what anybody computes who has the rows.
    let mut before: Option<[u8; 32]> = None;
    for (place, row) in (1..).zip(&rows) {
        assert_eq!((row.place, row.by_hand), (place, 0));
        let received_at = Timestamp::from_ms(row.received_at_ms);
        let before_it = before.as_ref().map(|chain| &chain[..]);
        let id = sitting.attempt.attempt_id;
        let chain = chained(before_it, id, &row.request_id, &row.kept_sha256, received_at);
        assert_eq!(row.chain, chain);
        before = Some(chain);
    }
    drop(socket);
    server.running.stop().await;
}

pub async fn i01_i04_what_was_not_asked_for_is_not_taken(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let (sitting, other) = (Sitting::consenting(&server).await, Sitting::consenting(&server).await);
    let first = sitting.watch().await.expect("it is watched");
    let first = first.next(server.clock().now()).expect("there is one");
    let none = |answer: (StatusCode, Value)| {
        assert_eq!(
            (answer.0, &answer.1["code"]),
            (StatusCode::NOT_FOUND, &json!("no_such_request"))
        );
    };
    for id in ["", "x", &"0".repeat(32), &first.id.to_string().to_uppercase()] {
        let (status, _) = sitting.put(id, picture("obama_1")).await;
        assert!(matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED), "{id}");
    }
    none(sitting.put(&first.id.to_string(), picture("obama_1")).await); // It is not asked yet.
    sitting.turn_to(first.at).await;
    none(other.put(&first.id.to_string(), picture("obama_1")).await); // It is another's.
    let path = format!("/attempts/{}/snapshots/{}", sitting.attempt_id, first.id);
    let (status, _) = other.candidate.put_file(&path, "image/jpeg", picture("obama_1")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    // Five minutes late it counts and says so; after half an hour it says nothing.
    sitting.turn_to(first.at + Span::from_minutes(6)).await;
    assert_eq!(
        sitting.put(&first.id.to_string(), picture("obama_1")).await.0,
        StatusCode::NO_CONTENT
    );
    let row = &sitting.rows().await[0];
    let late = exam_server::snapshots::lateness(row.asked_at_ms, row.received_at_ms);
    assert!(late >= Span::from_minutes(5) && late < Span::from_minutes(6), "{late}");
    let second = sitting.watch().await.expect("it is watched").next(first.at).expect("another");
    sitting.turn_to(second.until() + Span::from_minutes(31)).await;
    let (status, reply) = sitting.put(&second.id.to_string(), picture("obama_2")).await;
    assert_eq!((status, &reply["code"]), (StatusCode::GONE, &json!("too_late")));
    server.running.stop().await;
}

pub async fn i03_i08_what_is_no_photograph_gets_the_exact_reason(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let sitting = Sitting::consenting(&server).await;
    let request = sitting.next().await.id.to_string();
    let good = picture("biden");
    let heic = b"\0\0\0\x20ftypheic\0\0\0\0mif1heic".to_vec();
    for (bytes, status, code) in [
        (vec![], 422, "photo_empty"),
        (heic, 415, "photo_heic"),
        (b"\x89PNG\r\n\x1a\n".to_vec(), 415, "photo_not_jpeg"),
        (good[..good.len() / 2].to_vec(), 422, "photo_truncated"),
        ([&good[..], b"<html>"].concat(), 422, "photo_trailing_data"),
        (vec![0xff; 3 << 20], 413, "too_big"),
    ] {
        let (refused, reply) = sitting.put(&request, bytes).await;
        assert_eq!((refused.as_u16(), &reply["code"]), (status, &json!(code)), "{reply}");
    }
    let path = format!("/attempts/{}/snapshots/{request}", sitting.attempt_id);
    let (status, _) = sitting.candidate.put_file(&path, "image/png", good.clone()).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(sitting.rows().await.is_empty() && photos_of(&server).is_empty(), "nothing is kept");
    let by_hand = format!("{path}?by_hand=true");
    let (status, _) = sitting.candidate.put_file(&by_hand, "image/jpeg", good).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(sitting.rows().await[0].by_hand, 1);
    server.running.stop().await;
}

pub async fn i07_thirty_that_come_at_once_after_a_time_offline(kind: Kind) {
    const THIRTY: usize = 30;
    let Some(server) = watched(kind).await else { return };
    let mut sittings = Vec::new();
    for _ in 0..10 {
        sittings.push(Sitting::consenting(&server).await);
    }
    server.turn(Span::from_minutes(29)).await;
    let now = server.clock().now();
    let mut waiting = Vec::new();
    for sitting in &sittings {
        let watch = sitting.watch().await.expect("it is watched");
        let missed = watch.between(now - Span::from_minutes(29), now);
        waiting.extend(missed.into_iter().take(3).map(|request| (sitting, request.id.to_string())));
    }
    assert_eq!(waiting.len(), THIRTY);
    let puts = waiting.iter().map(async |(sitting, request)| {
        // A phone that is told to wait sends again.
        for _ in 0..100 {
            let (status, reply) = sitting.put(request, picture("obama_3")).await;
            match status {
                StatusCode::NO_CONTENT => return true,
                StatusCode::SERVICE_UNAVAILABLE => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                _ => panic!("{status}: {reply}"),
            }
        }
        false
    });
    assert_eq!(join_all(puts).await.iter().filter(|kept| **kept).count(), THIRTY);
    for sitting in &sittings {
        let places: Vec<_> = sitting.rows().await.iter().map(|row| row.place).collect();
        assert_eq!(places, [1, 2, 3]);
    }
    // What a rehearsal leaves is removed with its candidates.
    let desk = server::desk(&server.database).await;
    rehearsal::clear(&desk, true).await.expect("nothing stands in the way");
    desk.store.close().await;
    assert!(sittings[0].rows().await.is_empty());
    server.running.stop().await;
}

/// Nobody, two people, a mask, a print of a photograph and the same file twice: hints, and nothing more.
pub async fn i09_whatever_photographs_show_changes_no_attempt(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let sitting = Sitting::consenting(&server).await;
    let path = format!("/attempts/{}/submit", sitting.attempt_id);
    let [mask, two, print] = edited("obama_3", "biden");
    let shown = [picture("curtain"), two, mask, print.clone(), print];
    for (n, bytes) in (1_u64..).zip(shown) {
        let request = sitting.next().await.id.to_string();
        let mut socket = sitting.candidate.connect(&sitting.attempt_id).await;
        assert_eq!(sitting.put(&request, bytes).await.0, StatusCode::NO_CONTENT);
        let rows = sitting.looked_at().await;
        assert_eq!(rows.len() as u64, n);
        let ack = socket.save(n, 1, &["a"]).await;
        assert_eq!(ack["n"], n, "the attempt goes on after {:?}: {ack}", rows.last());
    }
    let rows = sitting.rows().await;
    let findings: Vec<_> = rows.iter().map(|row| row.findings.as_deref().expect("some")).collect();
    assert_eq!(
        findings,
        [r#"["no_face"]"#, r#"["several_faces"]"#, "[]", "[]", r#"["same_file"]"#],
        "a mask and a print are not told by a machine"
    );
    let body = json!({ "device": sitting.candidate.device, "n": 9, "events": [] });
    let (status, reply) = sitting.candidate.post(&path, body).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let result = &reply["result"];
    assert_eq!(
        (&result["by"], &result["verdict"]),
        (&json!("submit"), &json!("failed")),
        "{reply}"
    );
    assert_eq!(result["receipt"]["answered"], 1);
    server.running.stop().await;
}

pub async fn i10_a_photo_store_that_fails_stops_no_answer(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    // A file where the folder was.
    let photos = photo_folder(&server).await;
    std::fs::remove_dir_all(&photos).expect("it is there");
    std::fs::write(&photos, b"").expect("a file");
    let sitting = Sitting::consenting(&server).await;
    let mut socket = sitting.candidate.connect(&sitting.attempt_id).await;
    let request = sitting.next().await.id.to_string();
    socket.expect("snapshot").await;
    let (status, reply) = sitting.put(&request, picture("biden")).await;
    assert_eq!((status, &reply["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("busy")));
    assert!(sitting.rows().await.is_empty());
    let ack = socket.save(1, 1, &["a"]).await;
    assert_eq!(ack["n"], 1, "{ack}");
    drop(socket);
    // The same snapshot is taken once the store is back.
    std::fs::remove_file(&photos).expect("the file");
    assert_eq!(sitting.put(&request, picture("biden")).await.0, StatusCode::NO_CONTENT);
    server.running.stop().await;
}

pub async fn i10_checks_that_stand_still_stop_no_answer(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let sitting = Sitting::consenting(&server).await;
    let mut socket = sitting.candidate.connect(&sitting.attempt_id).await;
    let request = sitting.next().await.id.to_string();
    socket.expect("snapshot").await;
    let held = server.running.app.darkroom.hold().expect("nobody waits");
    let mut put = Box::pin(sitting.put(&request, picture("biden")));
    let mut saves = 0;
    let (status, reply) = loop {
        tokio::select! {
            reply = &mut put => break reply,
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
        saves += 1;
        assert!(saves < 100, "it is told to come again");
        let ack = socket.save(saves, 1, &["a"]).await;
        assert_eq!(ack["n"], saves, "{ack}");
        server.turn(Span::from_seconds(3)).await;
    };
    drop(put);
    assert!(saves > 2, "it waits for its ten seconds");
    assert_eq!((status, &reply["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("busy")));
    assert!(sitting.rows().await.is_empty());
    // The same snapshot is taken, and looked at, once they move again.
    drop(held);
    assert_eq!(sitting.put(&request, picture("biden")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(sitting.looked_at().await.len(), 1);
    drop(socket);
    server.running.stop().await;
}

pub async fn i11_nothing_is_asked_for_without_consent_in_a_pause_and_after_the_end(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    for consents in [json!({}), json!({ "snapshots": { "version": "1", "given": false } })] {
        let refusing = Sitting::begin(&server, consents).await;
        assert!(refusing.watch().await.is_none());
        let path = format!("/attempts/{}/snapshots", refusing.attempt_id);
        assert_eq!(refusing.candidate.get(&path).await["due"], json!([]));
    }
    let sitting = Sitting::consenting(&server).await;
    let mut socket = sitting.candidate.connect(&sitting.attempt_id).await;
    let staff =
        crate::sign_in::staff_member(&server, "watcher", &[exam_server::store::Role::Invigilator])
            .await;
    let act = async |what: &str, body: Value| {
        let path = format!("/staff/attempts/{}/{what}", sitting.attempt_id);
        let (status, reply) = staff.post(&path, body).await;
        assert!(status.is_success(), "{reply}");
    };
    act("pause", json!({ "for_ms": 3_600_000, "reason": "演练" })).await;
    socket.expect("paused").await;
    sitting.next().await;
    act("resume", json!({ "reason": "结束" })).await;
    let mut told = Vec::new();
    loop {
        let message = socket.next().await.expect("the socket stays");
        told.push(message["t"].as_str().expect("a kind").to_owned());
        if message["t"] == "resumed" {
            break;
        }
    }
    assert!(!told.contains(&"snapshot".to_owned()), "{told:?}");

    is_heard(&mut socket).await;
    // What was asked before the end is taken behind it; what would have been asked is not.
    let last = sitting.next().await.id.to_string();
    let after = sitting.watch().await.expect("it is watched");
    let after = after.next(server.clock().now()).expect("one more");
    socket.send(json!({ "t": "submit", "n": 9 })).await;
    socket.expect("closed").await;
    sitting.turn_to(after.at).await;
    assert_eq!(sitting.put(&last, picture("collins")).await.0, StatusCode::NO_CONTENT);
    let (status, reply) = sitting.put(&after.id.to_string(), picture("collins")).await;
    assert_eq!((status, &reply["code"]), (StatusCode::NOT_FOUND, &json!("no_such_request")));
    // And nothing from a sign-in that is over.
    server.turn(Span::from_days(400)).await;
    let (status, reply) = sitting.put(&last, picture("collins")).await;
    assert_eq!((status, &reply["code"]), (StatusCode::UNAUTHORIZED, &json!("not_signed_in")));
    server.running.stop().await;
}

/// A picture that nobody looked at, because the node stopped, is looked at later; one that is gone from
/// the photo store is named.
pub async fn what_was_put_off_is_looked_at_later(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let sitting = Sitting::consenting(&server).await;
    let app = &server.running.app;
    for name in ["collins", "biden"] {
        let request = sitting.next().await.id.to_string();
        assert_eq!(sitting.put(&request, picture(name)).await.0, StatusCode::NO_CONTENT);
    }
    let findings = async || -> Vec<Option<String>> {
        sitting.rows().await.into_iter().map(|row| row.findings).collect()
    };
    let until = async |wanted: &[Option<String>]| {
        let began = tokio::time::Instant::now();
        while findings().await != wanted {
            assert!(began.elapsed() < Duration::from_secs(10), "{:?}", findings().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
            server.turn(Span::from_seconds(1)).await; // The next sweep, where one was under way.
        }
    };
    let nothing = Some("[]".to_owned());
    until(&[nothing.clone(), nothing.clone()]).await;
    let rows = sitting.rows().await;
    let gone = format!("{}-", rows[1].request_id);
    let gone = photos_of(&server).into_iter().find(|path| path.to_string_lossy().contains(&gone));
    std::fs::remove_file(gone.expect("its file")).expect("it can be removed");
    bank::execute(&app.store, "UPDATE snapshot SET findings = NULL").await;
    server.turn(Span::from_minutes(2)).await;
    until(&[nothing, Some(r#"["unreadable"]"#.to_owned())]).await;
    server.running.stop().await;
}

/// A folder that is empty because its disk is not mounted has lost nothing.
pub async fn photographs_of_a_store_that_is_away_are_not_lost(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let sitting = Sitting::consenting(&server).await;
    let request = sitting.next().await.id.to_string();
    assert_eq!(sitting.put(&request, picture("collins")).await.0, StatusCode::NO_CONTENT);
    sitting.looked_at().await;
    let photos = photo_folder(&server).await;
    let aside = photos.with_extension("aside");
    std::fs::rename(&photos, &aside).expect("it is moved");
    std::fs::create_dir(&photos).expect("an empty one");
    bank::execute(&server.running.app.store, "UPDATE snapshot SET findings = NULL").await;
    for _ in 0..6 {
        server.turn(Span::from_seconds(30)).await; // A sweep each.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(sitting.rows().await[0].findings, None);
    let second = sitting.next().await.id.to_string();
    let (status, reply) = sitting.put(&second, picture("biden")).await;
    assert_eq!((status, &reply["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("busy")));
    std::fs::remove_dir_all(&photos).expect("it is there");
    std::fs::rename(&aside, &photos).expect("it is moved back");
    server.turn(Span::from_seconds(30)).await;
    assert_eq!(sitting.looked_at().await[0].findings.as_deref(), Some("[]"));
    assert_eq!(sitting.put(&second, picture("biden")).await.0, StatusCode::NO_CONTENT);
    server.running.stop().await;
}

pub async fn u18_what_comes_slowly_holds_up_nobody_else_and_is_as_late_as_its_last_byte(
    kind: Kind,
) {
    let Some(server) = watched(kind).await else { return };
    let slow = Sitting::consenting(&server).await;
    let other = Sitting::consenting(&server).await;
    let request = slow.next().await.id.to_string();
    let half = slow.begin_to_put(&request, &picture("collins")).await;
    let (status, reply) = slow.put(&request, picture("collins")).await;
    assert_eq!((status, &reply["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("busy")));
    let others = other.next().await.id.to_string();
    assert_eq!(other.put(&others, picture("biden")).await.0, StatusCode::NO_CONTENT);
    server.turn(Span::from_seconds(90)).await;
    assert_eq!(half.end().await, 204);
    let row = &slow.rows().await[0];
    assert!(row.received_at_ms - row.asked_at_ms >= 90_000, "it came when its last byte came");
    assert_eq!(slow.put(&request, picture("collins")).await.0, StatusCode::NO_CONTENT);
    server.running.stop().await;
}

pub async fn i11_a_withdrawal_stops_what_is_on_its_way_and_nothing_is_missing_then(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let watcher = staff_member(&server, "watcher", &[Role::Invigilator]).await;
    let sitting = Sitting::consenting(&server).await;
    let request = sitting.next().await.id.to_string();
    let half = sitting.begin_to_put(&request, &picture("collins")).await;
    let path = format!("/attempts/{}/consents/snapshots/withdraw", sitting.attempt_id);
    assert_eq!(sitting.candidate.post(&path, json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(half.end().await, 404);
    assert!(sitting.rows().await.is_empty());
    let kept = files(server.database.folder.path().join("photos"));
    assert!(kept.is_empty(), "{kept:?}");
    server.turn(Span::from_seconds(120)).await;
    let seen = watcher.get(&format!("/staff/attempts/{}/watch", sitting.attempt_id)).await;
    let incidents = seen["incidents"].as_array().expect("a list");
    let codes: Vec<&str> = incidents.iter().filter_map(|one| one["code"].as_str()).collect();
    assert_eq!(codes, ["consent_withdrawn"], "{seen}");
    server.running.stop().await;
}
