//! The stories.

use assessment::roster::RawPhysician;
use exam_server::commands::staff;
use exam_server::store::{Role, Scope};
use exam_tests::person::{person, roster_csv};
use exam_tests::{Candidate, Kind, server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server_or_return;
use crate::sign_in::staff_member;

pub async fn an_exam_is_checked_published_and_not_overwritten(kind: Kind) {
    let server = server_or_return!(kind);
    let author = staff_member(&server, "exam-author", &[Role::Author]).await;
    let listed = author.get("/staff/exams").await;
    let exam = &listed["exams"][0];
    assert_eq!((&exam["title"], &exam["revision"]), (&json!("公共知识测评"), &json!(1)));
    let id = exam["exam_id"].as_str().expect("an id");
    let shown = author.get(&format!("/staff/exams/{id}")).await;
    let mut definition = shown["definition"].clone();
    assert_eq!(definition["audience"][0]["blueprint"]["pass_points"], 20);

    definition["audience"][0]["blueprint"]["pass_points"] = json!(28);
    definition["audience"][0]["blueprint"]["sections"][0]["count"] = json!(400);
    let check = json!({ "definition": definition.to_string() });
    let (status, reply) = author.post("/staff/exams/check", check).await;
    assert_eq!((status, &reply["ready"]), (StatusCode::OK, &json!(false)), "{reply}");
    assert!(reply["reasons"].to_string().contains("needs 400"), "{reply}");
    definition["audience"][0]["blueprint"]["sections"][0]["count"] = json!(8);
    let text = definition.to_string();
    let (_, reply) = author.post("/staff/exams/check", json!({ "definition": text })).await;
    assert_eq!((&reply["ready"], &reply["slots"]), (&json!(true), &json!([14])), "{reply}");

    let publish =
        |revision: i64| json!({ "definition": text, "revision": revision, "reason": "更正合格线" });
    let (status, reply) = author.post("/staff/exams", publish(0)).await;
    assert_eq!((status, &reply["code"]), (StatusCode::CONFLICT, &json!("stale")), "{reply}");
    let (status, reply) = author.post("/staff/exams", publish(1)).await;
    assert_eq!((status, reply["exam_id"].as_str()), (StatusCode::OK, Some(id)), "{reply}");
    let (status, _) = author.post("/staff/exams", publish(1)).await;
    assert_eq!(status, StatusCode::CONFLICT, "somebody else was quicker");
    let shown = author.get(&format!("/staff/exams/{id}")).await;
    assert_eq!(shown["revision"], 2);
    let broken = json!({ "definition": "{}", "revision": 2, "reason": "x" });
    let (status, reply) = author.post("/staff/exams", broken).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{reply}");
    let invigilator = staff_member(&server, "watcher", &[Role::Invigilator]).await;
    assert_eq!(invigilator.post("/staff/exams", publish(2)).await.0, StatusCode::FORBIDDEN);
    server.running.stop().await;
}

pub async fn attempts_and_results_are_listed_within_a_scope(kind: Kind) {
    let server = server_or_return!(kind);
    let invigilator = staff_member(&server, "watcher", &[Role::Invigilator]).await;
    let (done, running) = (server.candidate(), server.candidate());
    let closed = done.start(server.exam.id).await;
    let body = json!({ "device": done.device, "n": 1, "events": [] });
    assert_eq!(done.post(&format!("/attempts/{closed}/submit"), body).await.0, StatusCode::OK);
    let open = running.start(server.exam.id).await;
    running.connect(&open).await.save(1, 3, &["a"]).await;
    let page = invigilator.get("/staff/attempts?phase=running,locked,paused").await;
    let entry = &page["attempts"][0];
    assert_eq!(page["attempts"].as_array().map(Vec::len), Some(1), "{page}");
    assert_eq!(entry["attempt_id"], open.as_str());
    assert_eq!((&entry["live"]["answered"], &entry["live"]["slots"]), (&json!(1), &json!(14)));
    assert!(entry["live"]["last_at_ms"].as_i64() >= entry["started_at_ms"].as_i64());
    let page = invigilator.get("/staff/attempts?limit=1").await;
    assert_eq!(page["attempts"][0]["attempt_id"], open.as_str(), "the newest first");
    let next = page["next"].as_i64().expect("a next page");
    let page = invigilator.get(&format!("/staff/attempts?before={next}")).await;
    let entry = &page["attempts"][0];
    assert_eq!((&entry["attempt_id"], &entry["verdict"]), (&json!(closed), &json!("failed")));
    assert_eq!((&entry["closed_by"], &page["next"]), (&json!("submit"), &Value::Null));
    let jumped = invigilator.get("/staff/attempts?limit=1&skip=1").await;
    assert_eq!(
        (&jumped["attempts"][0]["attempt_id"], &jumped["total"]),
        (&json!(closed), &json!(2))
    );
    let passed = invigilator.get("/staff/attempts?verdict=passed").await;
    assert_eq!((&passed["attempts"], &passed["total"]), (&json!([]), &json!(0)));
    let exams = invigilator.get("/staff/exams").await;
    assert_eq!((&exams["exams"][0]["open"], &exams["exams"][0]["closed"]), (&json!(1), &json!(1)));
    let path = format!("/api/v1/staff/exams/{}/results.csv", server.exam.id);
    let (status, kind_of, csv) = invigilator.download(&path).await;
    let csv = String::from_utf8(csv).expect("text");
    assert_eq!((status, kind_of.as_str()), (StatusCode::OK, "text/csv; charset=utf-8"));
    assert!(csv.starts_with('\u{feff}') && csv.lines().count() == 2, "{csv}");
    assert!(csv.contains(",submit,0,28,20,不合格"), "{csv}");

    // Somebody who looks after another institution sees nobody.
    let desk = server::desk(&server.database).await;
    let elsewhere =
        exam_core::ids::InstitutionId::fresh(desk.now(), &mut exam_server::chance::system_rng());
    let scope = Scope::Institutions(vec![elsewhere]);
    let added =
        staff::add(&desk, "elsewhere", "别处", &[Role::Officer], scope).await.expect("added");
    let officer = crate::sign_in::enrolled(&server, "elsewhere", &added.enrolment_token).await;
    assert_eq!(officer.get("/staff/attempts").await["attempts"], json!([]));
    assert_eq!(officer.get("/staff/candidates").await["candidates"], json!([]));
    assert_eq!(officer.get("/staff/exams").await["exams"][0]["closed"], 0);
    let (_, _, csv) = officer.download(&path).await;
    assert_eq!(String::from_utf8(csv).expect("text").lines().count(), 1);
    desk.store.close().await;
    server.running.stop().await;
}

pub async fn candidates_are_found_masked(kind: Kind) {
    let server = server_or_return!(kind);
    let officer = staff_member(&server, "officer", &[Role::Officer]).await;
    let desk = server::desk(&server.database).await;
    let one = person(&desk).await;
    desk.store.close().await;
    let id = &one.id_number;
    let page = officer.get(&format!("/staff/candidates?text={id}")).await;
    let found = &page["candidates"][0];
    assert_eq!(page["candidates"].as_array().map(Vec::len), Some(1), "{page}");
    let masked = found["id_number"].as_str().expect("a number");
    assert!(masked.contains("****") && masked != id && masked.len() == id.len(), "{masked}");
    assert!(!page.to_string().contains(id.as_str()), "the number itself is shown to nobody");
    assert_eq!(found["has_password"], true);
    let none = officer.get("/staff/candidates?text=110101190001010009").await;
    assert_eq!(none["candidates"], json!([]), "{none}");
    let wild = officer.get("/staff/candidates?text=%25").await;
    assert_eq!(wild["candidates"], json!([]), "no wildcard: {wild}");
    let page = officer.get("/staff/candidates?limit=5").await;
    assert_eq!(page["candidates"].as_array().map(Vec::len), Some(5));
    let next = page["next"].as_i64().expect("a next page");
    let page = officer.get(&format!("/staff/candidates?limit=200&after={next}")).await;
    assert_eq!(
        (page["candidates"].as_array().map(Vec::len), &page["next"]),
        (Some(16), &Value::Null)
    );
    let jumped = officer.get("/staff/candidates?limit=5&skip=5").await;
    assert_eq!((&jumped["candidates"][0], &jumped["total"]), (&page["candidates"][0], &json!(21)));
    let institutions = officer.get("/staff/institutions").await;
    assert!(!institutions["institutions"].as_array().expect("a list").is_empty());
    let author = staff_member(&server, "writer", &[Role::Author]).await;
    let (status, _) = author.request(Method::GET, "/staff/candidates", None).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    server.running.stop().await;
}

pub async fn a_roster_is_tried_and_stored(kind: Kind) {
    let server = server_or_return!(kind);
    let operator = staff_member(&server, "operator", &[Role::Operator]).await;
    let physician = assessment::fake::physician(&mut exam_server::chance::system_rng());
    let id = physician.resident_id.clone();
    let roster = |id: &str| {
        roster_csv(&[RawPhysician { resident_id: id.to_owned(), ..physician.clone() }]).into_bytes()
    };
    let (status, bad) = operator.upload("/staff/roster/imports", roster("123")).await;
    assert_eq!((status, &bad["people"]), (StatusCode::OK, &json!(0)), "{bad}");
    assert_eq!(bad["problems"][0]["row"], 2, "{bad}");
    let (status, tried) = operator.upload("/staff/roster/imports?dry_run=true", roster(&id)).await;
    assert_eq!((status, &tried["people"]), (StatusCode::OK, &json!(1)), "{tried}");
    let absent = operator.get(&format!("/staff/candidates?text={id}")).await;
    assert_eq!(absent["candidates"], json!([]), "nothing was stored");
    let (status, stored) = operator.upload("/staff/roster/imports?codes=true", roster(&id)).await;
    assert_eq!((status, &stored["people"]), (StatusCode::OK, &json!(1)), "{stored}");
    let codes = stored["codes"].as_str().expect("codes");
    assert!(codes.lines().count() == 2 && !codes.contains(&id), "{codes}");
    let found = operator.get(&format!("/staff/candidates?text={id}")).await;
    assert_eq!(found["candidates"][0]["name"], physician.name.as_str(), "{found}");
    let (status, _) = operator.upload("/staff/roster/imports", b"no roster".to_vec()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let officer = staff_member(&server, "officer", &[Role::Officer]).await;
    let refused = officer.upload("/staff/roster/imports", roster(&id)).await;
    assert_eq!(refused.0, StatusCode::FORBIDDEN);
    server.running.stop().await;
}

pub async fn staff_are_added_changed_and_renewed(kind: Kind) {
    let server = server_or_return!(kind);
    let operator = staff_member(&server, "operator", &[Role::Operator]).await;
    let add = json!({ "login": "new", "name": "新人", "roles": ["author"] });
    let (status, added) = operator.post("/staff/members", add.clone()).await;
    assert_eq!(status, StatusCode::OK, "{added}");
    assert_eq!(operator.post("/staff/members", add).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let token = added["enrolment_token"].as_str().expect("a token");
    let newcomer = crate::sign_in::enrolled(&server, "new", token).await;
    assert_eq!(newcomer.get("/staff/me").await["roles"], json!(["author"]));
    let forbidden = newcomer.request(Method::GET, "/staff/members", None).await.0;
    assert_eq!(forbidden, StatusCode::FORBIDDEN);

    let of = async |login: &str| -> Value {
        let all = operator.get("/staff/members").await;
        let all = all["members"].as_array().expect("a list").clone();
        all.into_iter().find(|member| member["login"] == login).expect("listed")
    };
    let before = of("new").await;
    assert_eq!((&before["enrolled"], &before["version"]), (&json!(true), &json!(1)));
    let path = format!("/staff/members/{}", before["staff_id"].as_str().expect("an id"));
    let change = |version: i64, roles: &[&str], disabled: bool| {
        json!({ "version": version, "name": "新人", "roles": roles, "institutions": null,
            "disabled": disabled, "reason": "换岗" })
    };
    let put = async |who: &Candidate, path: &str, body: Value| {
        who.request(Method::PUT, path, Some(body)).await
    };
    let (status, changed) = put(&operator, &path, change(1, &["approver", "officer"], false)).await;
    assert_eq!((status, &changed["version"]), (StatusCode::OK, &json!(2)), "{changed}");
    assert_eq!(newcomer.get("/staff/me").await["roles"], json!(["approver", "officer"]));
    let (status, stale) = put(&operator, &path, change(1, &["author"], false)).await;
    assert_eq!((status, &stale["code"]), (StatusCode::CONFLICT, &json!("stale")));
    assert_eq!(stale["current"]["roles"], json!(["approver", "officer"]), "what it is now");
    let (status, _) = put(&operator, &path, change(2, &[], false)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

    let myself = of("operator").await;
    let own = format!("/staff/members/{}", myself["staff_id"].as_str().expect("an id"));
    for body in [change(1, &["author"], false), change(1, &["operator"], true)] {
        assert_eq!(put(&operator, &own, body).await.0, StatusCode::CONFLICT);
    }
    let (status, _) = put(&operator, &path, change(2, &["author"], true)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(newcomer.request(Method::GET, "/staff/me", None).await.0, StatusCode::UNAUTHORIZED);
    let (status, _) = put(&operator, &path, change(3, &["author"], false)).await;
    assert_eq!(status, StatusCode::OK, "and comes back");

    let renew = json!({ "reason": "手机丢失" });
    let (status, renewed) = operator.post(&format!("{path}/renew"), renew).await;
    assert_eq!(status, StatusCode::OK, "{renewed}");
    assert_eq!(of("new").await["enrolled"], false, "the old password and factor are gone");
    let token = renewed["enrolment_token"].as_str().expect("a token");
    let (status, _) = newcomer.post("/staff/enrol/begin", json!({ "token": token })).await;
    assert_eq!(status, StatusCode::OK, "the new link opens");
    server.running.stop().await;
}

pub async fn decisions_are_listed_with_who_and_why(kind: Kind) {
    let server = server_or_return!(kind);
    let operator = staff_member(&server, "operator", &[Role::Operator]).await;
    let invigilator = staff_member(&server, "watcher", &[Role::Invigilator]).await;
    let attempt = server.candidate().start(server.exam.id).await;
    for reason in ["网络中断", "再次中断"] {
        let extend = json!({ "added_ms": 60_000, "reason": reason });
        let path = format!("/staff/attempts/{attempt}/extend");
        assert_eq!(invigilator.post(&path, extend).await.0, StatusCode::OK);
    }
    let page = operator.get(&format!("/staff/audit?object={attempt}&action=attempt.")).await;
    let entries = page["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), 2, "{page}");
    assert_eq!(
        (&entries[0]["actor"], &entries[0]["reason"]),
        (&json!("watcher"), &json!("再次中断"))
    );
    assert!(entries[0]["before"].is_object() && entries[0]["after"].is_object());
    let page = operator.get("/staff/audit?actor=watcher&limit=1").await;
    let next = page["next"].as_i64().expect("a next page");
    let page = operator.get(&format!("/staff/audit?actor=watcher&before={next}")).await;
    assert_eq!(page["entries"][0]["reason"], "网络中断");
    let jumped = operator.get("/staff/audit?actor=watcher&limit=1&skip=1").await;
    assert_eq!((&jumped["entries"], &jumped["total"]), (&page["entries"], &json!(2)));
    assert!(operator.get("/staff/audit?actor=operator").await["entries"][0]["at_ms"].is_i64());
    let (status, _) = invigilator.request(Method::GET, "/staff/audit", None).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    server.running.stop().await;
}

pub async fn a_whole_hall_gets_extra_time_once(kind: Kind) {
    let server = server_or_return!(kind);
    let invigilator = staff_member(&server, "watcher", &[Role::Invigilator]).await;
    let phones: Vec<Candidate> = (0..4).map(|_| server.candidate()).collect();
    let mut attempts = Vec::new();
    for phone in &phones {
        attempts.push(phone.start(server.exam.id).await);
    }
    let mut socket = phones[0].connect(&attempts[0]).await;
    let body = json!({ "device": phones[3].device, "n": 1, "events": [] });
    let path = format!("/attempts/{}/submit", attempts[3]);
    assert_eq!(phones[3].post(&path, body).await.0, StatusCode::OK);

    let path = format!("/staff/exams/{}/extend", server.exam.id);
    let extend = |more: Value| {
        let mut body = json!({ "added_ms": 300_000, "reason": "停电" });
        body.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        body
    };
    let (status, tried) = invigilator.post(&path, extend(json!({ "dry_run": true }))).await;
    assert_eq!((status, &tried["attempts"]), (StatusCode::OK, &json!(3)), "{tried}");
    let deadline = async |place: usize| -> i64 {
        let state = phones[place].get(&format!("/attempts/{}", attempts[place])).await;
        state["deadline_ms"].as_i64().expect("a deadline")
    };
    let before = [deadline(0).await, deadline(1).await, deadline(2).await];
    let two = json!({ "attempt_ids": [attempts[0], attempts[1], attempts[3]] });
    let (status, begun) = invigilator.post(&path, extend(two)).await;
    assert_eq!((status, &begun["attempts"]), (StatusCode::ACCEPTED, &json!(2)), "{begun}");
    assert_eq!(socket.expect("extended").await["added_ms"], 300_000);
    let job = format!("/staff/bulk/{}", begun["bulk_id"].as_str().expect("a job"));
    let began = tokio::time::Instant::now();
    while invigilator.get(&job).await["done"] != 2 {
        assert!(began.elapsed() < exam_tests::client::PATIENCE, "it comes to its end");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let after = [deadline(0).await, deadline(1).await, deadline(2).await];
    assert_eq!(after, [before[0] + 300_000, before[1] + 300_000, before[2]]);

    // A node that stopped between the act and its note does not act again.
    let desk = server::desk(&server.database).await;
    let database = &server.running.app.store;
    let id = begun["bulk_id"].as_str().expect("a job").parse().expect("an id");
    database.bulk_reopen(id).await.expect("as if it had stopped");
    server.running.app.bulks.wake();
    let began = tokio::time::Instant::now();
    while invigilator.get(&job).await["done"] != 2 {
        assert!(began.elapsed() < exam_tests::client::PATIENCE, "it comes to its end again");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!([deadline(0).await, deadline(1).await, deadline(2).await], after);
    let items = invigilator.get(&format!("{job}?limit=1")).await;
    assert!(items["items"].as_array().map(Vec::len) == Some(1) && items["next"].is_string());
    desk.store.close().await;
    server.running.stop().await;
}
