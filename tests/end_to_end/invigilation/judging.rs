//! When attempts are judged.

use std::io::{Cursor, Read};

use exam_core::ids::InstitutionId;
use exam_core::time::Span;
use exam_server::commands::staff;
use exam_server::store::{Role, Scope};
use exam_tests::{Candidate, Kind, Server, server};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::sign_in::{enrolled, staff_member};
use crate::snapshots::sitting::{Sitting, picture, watched};

/// A member of staff who looks after another institution than everybody's.
pub(crate) async fn somebody_elsewhere(server: &Server, login: &str, role: Role) -> Candidate {
    let desk = server::desk(&server.database).await;
    let elsewhere = InstitutionId::fresh(desk.now(), &mut exam_server::chance::system_rng());
    let scope = Scope::Institutions(vec![elsewhere]);
    let added = staff::add(&desk, login, "别处", &[role], scope).await.expect("added");
    desk.store.close().await;
    enrolled(server, login, &added.enrolment_token).await
}

/// Somebody takes a step in the review of an attempt.
async fn step(by: &Candidate, attempt: &str, act: &str, known: i64) -> (StatusCode, Value) {
    let body = json!({ "act": act, "reason": "见抓拍第 1 张", "known": known });
    by.post(&format!("/staff/attempts/{attempt}/review"), body).await
}

pub(super) async fn two_people_void_and_a_third_decides_on_the_objection(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let first = staff_member(&server, "first", &[Role::Invigilator]).await;
    let second = staff_member(&server, "second", &[Role::Officer]).await;
    let third = staff_member(&server, "third", &[Role::Officer]).await;
    let author = staff_member(&server, "writer", &[Role::Author]).await;
    let sitting = Sitting::consenting(&server).await;
    let id = sitting.attempt_id.as_str();
    let request = sitting.next().await.id.to_string();
    assert_eq!(sitting.put(&request, picture("curtain")).await.0, StatusCode::NO_CONTENT);
    let mut socket = sitting.candidate.connect(id).await;
    for (slot, options) in [(1, ["a"]), (2, ["b"])] {
        socket.save(slot, slot, &options).await;
    }
    socket.send(json!({ "t": "submit", "n": 9 })).await;
    let before = socket.expect("closed").await["result"].clone();

    let watch = format!("/staff/attempts/{id}/watch");
    let began = tokio::time::Instant::now();
    while first.get(&watch).await["snapshots"][0]["findings"].is_null() {
        assert!(began.elapsed() < exam_tests::client::PATIENCE, "somebody looks at it");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let own = format!("/attempts/{id}/review");
    let shown = sitting.candidate.get(&own).await;
    assert_eq!((&shown["state"], &shown["incidents"]), (&json!("waiting"), &json!([])));
    assert_eq!(step(&author, id, "normal", 0).await.0, StatusCode::FORBIDDEN);
    let (status, reply) = step(&first, id, "propose_void", 0).await;
    assert_eq!((status, &reply["state"]), (StatusCode::OK, &json!("void_proposed")), "{reply}");
    let (status, reply) = step(&first, id, "confirm_void", 1).await;
    assert_eq!((status, &reply["code"]), (StatusCode::CONFLICT, &json!("same_person")));
    let (status, reply) = step(&second, id, "confirm_void", 0).await;
    assert_eq!((status, &reply["code"]), (StatusCode::CONFLICT, &json!("stale")), "{reply}");
    assert_eq!(reply["current"]["steps"].as_array().map(Vec::len), Some(1));
    let shown = sitting.candidate.get(&own).await;
    assert_eq!(
        (&shown["state"], &shown["steps"]),
        (&json!("waiting"), &json!([])),
        "one person is nobody"
    );
    let result = format!("/attempts/{id}/result");
    assert_eq!(sitting.candidate.get(&result).await["verdict"], before["verdict"]);

    let (status, reply) = step(&second, id, "confirm_void", 1).await;
    assert_eq!((status, &reply["state"]), (StatusCode::OK, &json!("void")), "{reply}");
    assert_eq!(sitting.candidate.get(&result).await["verdict"], "void");
    let shown = sitting.candidate.get(&own).await;
    assert_eq!(
        (&shown["state"], &shown["incidents"][0]["code"]),
        (&json!("void"), &json!("no_face"))
    );
    assert!(!shown.to_string().contains("first") && !shown.to_string().contains("second"));
    assert!(shown["appeal_until_ms"].is_i64(), "{shown}");
    let picture = format!("/api/v1/attempts/{id}/snapshots/{request}");
    assert_eq!(sitting.candidate.download(&picture).await.0, StatusCode::OK, "the evidence");

    let appeal = format!("/attempts/{id}/appeal");
    let (status, _) = sitting.candidate.post(&appeal, json!({ "text": " " })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let objection = json!({ "text": "我在弯腰捡笔" });
    assert_eq!(sitting.candidate.post(&appeal, objection.clone()).await.0, StatusCode::NO_CONTENT);
    let (status, reply) = sitting.candidate.post(&appeal, objection).await;
    assert_eq!((status, &reply["code"]), (StatusCode::CONFLICT, &json!("appealed")));
    for judge in [&first, &second] {
        let (status, reply) = step(judge, id, "uphold_appeal", 3).await;
        assert_eq!((status, &reply["code"]), (StatusCode::CONFLICT, &json!("same_person")));
    }
    let (status, reply) = step(&third, id, "uphold_appeal", 3).await;
    assert_eq!((status, &reply["state"]), (StatusCode::OK, &json!("normal")), "{reply}");
    let after = sitting.candidate.get(&result).await;
    for field in ["verdict", "points", "receipt"] {
        assert_eq!(after[field], before[field], "A11: what was there is there again");
    }
    let app = &server.running.app;
    let desk = server::desk(&server.database).await;
    let verified = exam_server::commands::attempt::verify(&desk, Some(id), true).await;
    verified.expect("its journal, row and result agree");
    desk.store.close().await;
    let rows = app.store.audit_rows(0, 500).await.expect("the database answers");
    let acts: Vec<&str> = rows
        .iter()
        .map(|row| row.action.as_str())
        .filter(|action| action.starts_with("review."))
        .collect();
    assert_eq!(
        acts,
        ["review.propose_void", "review.confirm_void", "review.appeal", "review.uphold_appeal"]
    );
    server.running.stop().await;
}

pub(super) async fn of_two_steps_at_once_one_is_taken_and_the_attempt_says_the_same(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let first = staff_member(&server, "first", &[Role::Officer]).await;
    let second = staff_member(&server, "second", &[Role::Officer]).await;
    for _ in 0..12 {
        let sitting = Sitting::consenting(&server).await;
        let id = sitting.attempt_id.as_str();
        assert_eq!(step(&first, id, "propose_void", 0).await.0, StatusCode::OK);
        let (confirmed, declined) =
            tokio::join!(step(&second, id, "confirm_void", 1), step(&first, id, "decline_void", 1));
        let is_void = confirmed.0 == StatusCode::OK;
        assert_ne!(is_void, declined.0 == StatusCode::OK, "{confirmed:?} {declined:?}");
        let lost = if is_void { declined } else { confirmed };
        assert_eq!((lost.0, &lost.1["code"]), (StatusCode::CONFLICT, &json!("stale")), "{lost:?}");
        let review = sitting.candidate.get(&format!("/attempts/{id}/review")).await;
        let attempt = sitting.candidate.get(&format!("/attempts/{id}")).await;
        let (stands, state) = if is_void { ("void", "voided") } else { ("waiting", "running") };
        assert_eq!((&review["state"], &attempt["state"]), (&json!(stands), &json!(state)));
    }
    server.running.stop().await;
}

pub(super) async fn what_a_void_cut_short_is_no_try_once_the_objection_is_right(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let mut staff = Vec::new();
    for login in ["first", "second", "third"] {
        staff.push(staff_member(&server, login, &[Role::Officer]).await);
    }
    let sitting = Sitting::consenting(&server).await;
    let id = sitting.attempt_id.as_str();
    let mut socket = sitting.candidate.connect(id).await;
    socket.save(1, 1, &["a"]).await;
    let used = async || {
        let list = sitting.candidate.get("/exams").await;
        let exams = list["exams"].as_array().expect("a list").clone();
        let exam = exams.into_iter().find(|exam| exam["attempts_used"] != 0);
        exam.map_or(json!(0), |exam| exam["attempts_used"].clone())
    };
    assert_eq!(step(&staff[0], id, "propose_void", 0).await.0, StatusCode::OK);
    assert_eq!(used().await, json!(1), "one person is nobody");
    assert_eq!(step(&staff[1], id, "confirm_void", 1).await.0, StatusCode::OK);
    assert_eq!(socket.expect("closed").await["by"], "void");
    assert_eq!(used().await, json!(1), "what is void was a try");
    let appeal = format!("/attempts/{id}/appeal");
    let objection = json!({ "text": "我没有离开座位" });
    assert_eq!(sitting.candidate.post(&appeal, objection).await.0, StatusCode::NO_CONTENT);
    assert_eq!(step(&staff[2], id, "uphold_appeal", 3).await.0, StatusCode::OK);
    assert_eq!(used().await, json!(0), "the time that was left is lost, the try is not");
    server.running.stop().await;
}

pub(super) async fn what_is_to_be_looked_at_is_gathered_when_an_attempt_is_over(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let judge = staff_member(&server, "judge", &[Role::Officer]).await;
    let stranger = somebody_elsewhere(&server, "elsewhere", Role::Officer).await;
    let sitting = Sitting::consenting(&server).await;
    let first = sitting.next().await.id.to_string();
    let mut socket = sitting.candidate.connect(&sitting.attempt_id).await;
    server.turn(Span::from_seconds(61)).await;
    socket.send(json!({ "t": "submit", "n": 1 })).await;
    socket.expect("closed").await;
    let queue = async |query: &str| judge.get(&format!("/staff/reviews{query}")).await;
    let until = async |holds: &dyn Fn(&Value) -> bool| {
        let began = tokio::time::Instant::now();
        loop {
            server.turn(Span::from_seconds(20)).await;
            let page = queue("").await;
            if holds(&page) {
                return page;
            }
            assert!(began.elapsed() < exam_tests::client::PATIENCE, "{page}");
        }
    };
    let page = until(&|page| page["total"] == 1).await;
    let entry = &page["reviews"][0];
    assert_eq!((&entry["severity"], &entry["state"]), (&json!("look"), &json!("waiting")));
    assert_eq!((&entry["asked"], &entry["taken"]), (&json!(1), &json!(0)), "{entry}");
    assert_eq!(entry["incidents"][0]["code"], "snapshot_missing");
    assert_eq!(queue("?severity=first").await["total"], 0);
    assert_eq!(queue("?state=normal").await["total"], 0);
    assert_eq!(stranger.get("/staff/reviews").await["total"], 0);

    // A photograph that was under way, and comes late, is taken into account.
    assert_eq!(sitting.put(&first, picture("curtain")).await.0, StatusCode::NO_CONTENT);
    let page = until(&|page| page["reviews"][0]["taken"] == 1).await;
    let codes: Vec<&Value> = page["reviews"][0]["incidents"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|i| &i["code"])
        .collect();
    assert!(codes.contains(&&json!("no_face")) && codes.contains(&&json!("snapshot_late")));
    let (status, _) = step(&judge, &sitting.attempt_id, "normal", 0).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(queue("?state=normal").await["reviews"][0]["severity"], "look");
    let evidence = judge.get(&format!("/staff/attempts/{}/watch", sitting.attempt_id)).await;
    assert_eq!(evidence["review"]["steps"][0]["act"], "normal");
    assert_eq!(evidence["snapshots"][0]["findings"], json!(["no_face"]));
    assert_eq!(evidence["timeline"][0]["what"], "started");
    server.running.stop().await;
}

/// The newest of those alike, page by page, and from a page in the middle.
pub(super) async fn the_gravest_reviews_come_first(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let judge = staff_member(&server, "judge", &[Role::Officer]).await;
    let mut sat = Vec::new();
    for is_missed in [true, false, true, false] {
        let sitting = Sitting::consenting(&server).await;
        if is_missed {
            sitting.next().await;
            server.turn(Span::from_seconds(61)).await;
        }
        let body = json!({ "device": sitting.candidate.device, "n": 1, "events": [] });
        let path = format!("/attempts/{}/submit", sitting.attempt_id);
        assert_eq!(sitting.candidate.post(&path, body).await.0, StatusCode::OK);
        sat.push(sitting.attempt_id.clone());
    }
    let began = tokio::time::Instant::now();
    while judge.get("/staff/reviews").await["total"] != 4 {
        assert!(began.elapsed() < exam_tests::client::PATIENCE, "they are gathered");
        server.turn(Span::from_seconds(20)).await;
    }
    let expected = [2, 0, 3, 1].map(|place| json!(sat[place]));
    let ids = |page: &Value| -> Vec<Value> {
        let reviews = page["reviews"].as_array().expect("a list");
        reviews.iter().map(|review| review["attempt_id"].clone()).collect()
    };
    assert_eq!(ids(&judge.get("/staff/reviews").await), expected);
    let mut seen = Vec::new();
    let mut path = "/staff/reviews?limit=1".to_owned();
    loop {
        let page = judge.get(&path).await;
        seen.extend(ids(&page));
        let Some(next) = page["next"].as_i64() else { break };
        path = format!("/staff/reviews?limit=1&before={next}");
    }
    assert_eq!(seen, expected);
    assert_eq!(ids(&judge.get("/staff/reviews?limit=2&skip=2").await), expected[2..]);
    server.running.stop().await;
}

pub(super) async fn i12_pictures_are_for_those_who_may_see_them(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let watcher = staff_member(&server, "watcher", &[Role::Invigilator]).await;
    let elsewhere = somebody_elsewhere(&server, "elsewhere", Role::Invigilator).await;
    let author = staff_member(&server, "writer", &[Role::Author]).await;
    let sitting = Sitting::consenting(&server).await;
    let request = sitting.next().await.id.to_string();
    assert_eq!(sitting.put(&request, picture("obama_1")).await.0, StatusCode::NO_CONTENT);
    let id = sitting.attempt_id.as_str();
    let staff = format!("/api/v1/staff/attempts/{id}");
    let picture_at = format!("{staff}/snapshots/1");
    let archive_at = format!("{staff}/snapshots.zip?reason=case%2017");
    for (who, status) in [(&elsewhere, StatusCode::NOT_FOUND), (&author, StatusCode::FORBIDDEN)] {
        for path in [&picture_at, &archive_at, &format!("{staff}/watch")] {
            assert_eq!(who.download(path).await.0, status, "{path}");
        }
    }
    let small_at = format!("{picture_at}?small=true");
    assert_eq!(elsewhere.download(&small_at).await.0, StatusCode::NOT_FOUND);
    assert_eq!(watcher.download(&small_at).await.0, StatusCode::OK);
    let act = json!({ "act": "normal", "reason": "看过", "known": 0 });
    let verdict = format!("/staff/attempts/{id}/review");
    assert_eq!(elsewhere.post(&verdict, act).await.0, StatusCode::NOT_FOUND);
    // A link that is passed on opens nothing.
    let nobody = Candidate::new(server.address, "made-up".to_owned());
    assert_eq!(nobody.download(&picture_at).await.0, StatusCode::UNAUTHORIZED);
    let other = Sitting::consenting(&server).await;
    let own = format!("/api/v1/attempts/{id}/snapshots/{request}");
    assert_eq!(other.candidate.download(&own).await.0, StatusCode::NOT_FOUND);
    assert_eq!(other.candidate.download(&picture_at).await.0, StatusCode::FORBIDDEN);
    let (status, _, plain) = watcher.download(&picture_at).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(sitting.candidate.download(&own).await.2, plain);
    for _ in 0..3 {
        assert_eq!(watcher.download(&format!("{staff}/watch")).await.0, StatusCode::OK);
    }

    assert_eq!(
        watcher.download(&format!("{staff}/snapshots.zip?reason=")).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let (status, _, archive) = watcher.download(&archive_at).await;
    assert_eq!(status, StatusCode::OK);
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).expect("a ZIP");
    assert_eq!(archive.len(), 1);
    let mut marked = Vec::new();
    archive.by_index(0).expect("a file").read_to_end(&mut marked).expect("it is whole");
    assert_ne!(marked, plain, "it says who took it away");
    let rows = server.running.app.store.audit_rows(0, 500).await.expect("the database answers");
    let looks = rows.iter().filter(|row| row.action == "attempt.watch" && row.object == id);
    assert_eq!(looks.count(), 1, "a page that asks again and again looks once");
    let walls = rows.iter().filter(|row| row.action == "exam.wall");
    assert_eq!(walls.count(), 1, "small ones are looked at, too");
    let taken = rows.iter().find(|row| row.action == "attempt.pictures").expect("it is audited");
    assert_eq!((taken.object.as_str(), taken.reason.as_str()), (id, "case 17"));

    // What is not what was kept is not shown.
    let photos = server.database.folder.path().join("photos").join(id);
    let file = std::fs::read_dir(&photos).expect("a folder").next().expect("a file");
    let path = file.expect("an entry").path();
    let mut bytes = std::fs::read(&path).expect("it can be read");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).expect("it can be written");
    assert_eq!(watcher.download(&picture_at).await.0, StatusCode::GONE);
    server.running.stop().await;
}
