//! The stories.

use exam_core::time::Span;
use exam_server::auth::totp;
use exam_server::commands::staff;
use exam_server::keys::token_hash;
use exam_server::store::{CodePurpose, Role, Scope};
use exam_tests::person::{Person, person};
use exam_tests::{Candidate, Kind, Server, server};
use futures_util::future::join_all;
use futures_util::poll;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server_or_return;

/// Somebody who is not signed in.
fn stranger(server: &Server) -> Candidate {
    Candidate::new(server.address, String::new())
}

async fn a_person(server: &Server) -> Person {
    let desk = server::desk(&server.database).await;
    let person = person(&desk).await;
    desk.store.close().await;
    person
}

async fn sign_in(server: &Server, id_number: &str, password: &str) -> (StatusCode, Value) {
    let body = json!({ "id_number": id_number, "password": password });
    stranger(server).post("/sign-in", body).await
}

fn signed_in(server: &Server, reply: &Value) -> Candidate {
    Candidate::new(server.address, reply["token"].as_str().expect("a token").to_owned())
}

/// A person, signed in.
async fn an_owner(server: &Server) -> (Person, Candidate) {
    let person = a_person(server).await;
    let (_, reply) = sign_in(server, &person.id_number, &person.password).await;
    let owner = signed_in(server, &reply);
    (person, owner)
}

pub async fn a_candidate_signs_in_with_every_spelling_of_the_number(kind: Kind) {
    let server = server_or_return!(kind);
    let person = a_person(&server).await;
    let wide: String = person
        .id_number
        .chars()
        .map(|c| c.to_digit(10).map_or(c, |d| char::from_u32('０' as u32 + d).expect("wide")))
        .collect();
    for spelling in [person.id_number.clone(), person.id_number.to_lowercase(), wide] {
        let (status, reply) = sign_in(&server, &spelling, &person.password).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        assert_eq!(reply["must_change_password"], false);
        let me = signed_in(&server, &reply).get("/me").await;
        let masked = me["id_number"].as_str().expect("masked");
        assert!(masked.contains("***") && masked.ends_with(&person.id_number[14..]), "{masked}");
        assert_eq!(me["candidate_id"], person.candidate_id.to_string());
    }
    server.running.stop().await;
}

pub async fn an_unknown_id_and_a_wrong_password_are_answered_alike(kind: Kind) {
    let server = server_or_return!(kind);
    let person = a_person(&server).await;
    let mut answers = Vec::new();
    for (id, password) in [
        (person.id_number.as_str(), "Wrong0password"),
        ("110105194912310029", "Wrong0password"),
        ("not an id number", "Wrong0password"),
        ("１１０", "Wrong0password"),
    ] {
        answers.push(sign_in(&server, id, password).await);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    server.running.stop().await;
}

pub async fn l15_the_owner_gets_in_after_a_thousand_wrong_guesses(kind: Kind) {
    let server = server_or_return!(kind);
    let (person, owner) = an_owner(&server).await;
    let attempt = owner.start(server.exam.id).await;
    let mut socket = owner.connect(&attempt).await;
    let mut refused = 0;
    for guess in 0..1_000 {
        if guess % 100 == 0 {
            socket.send(json!({ "t": "ping" })).await; // The phone is there all the while.
            socket.expect("pong").await;
        }
        let (status, reply) = sign_in(&server, &person.id_number, "Wrong0password").await;
        assert!([401, 429, 503].contains(&status.as_u16()), "{status} {reply}");
        refused += u32::from(status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused > 900, "guesses are slowed down: {refused}");
    socket.save(1, 1, &["a"]).await;
    assert_eq!(owner.start(server.exam.id).await, attempt, "a running exam is never locked out");
    // The limiter of the identity refills by itself, and the delay ends: there is no lock.
    server.turn(Span::from_minutes(16)).await;
    let mut status = StatusCode::TOO_MANY_REQUESTS;
    for _ in 0..80 {
        status = sign_in(&server, &person.id_number, &person.password).await.0;
        if status == StatusCode::OK {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(status, StatusCode::OK);
    server.running.stop().await;
}

pub async fn l16_l17_a_reset_code_opens_only_a_new_password(kind: Kind) {
    let server = server_or_return!(kind);
    let person = a_person(&server).await;
    let (_, reply) = sign_in(&server, &person.id_number, &person.password).await;
    let running = signed_in(&server, &reply);
    let attempt = running.start(server.exam.id).await;
    let officer = staff_member(&server, "officer", &[Role::Officer]).await;
    let path = format!("/staff/candidates/{}/reset", person.candidate_id);
    let reset = async || {
        let (status, reply) = officer.post(&path, json!({ "reason": "本人持证件到场" })).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        reply["code"].as_str().expect("a code").to_owned()
    };
    let older = reset().await;
    let code = reset().await;
    running.connect(&attempt).await.save(1, 1, &["a"]).await;
    let (status, _) = sign_in(&server, &person.id_number, &older).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "a newer code ends the older one");
    let other = a_person(&server).await;
    let (status, _) = sign_in(&server, &other.id_number, &code).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "it is nobody else's");
    let (status, reply) = sign_in(&server, &person.id_number, &code).await;
    assert_eq!((status, &reply["must_change_password"]), (StatusCode::OK, &json!(true)));
    let limited = signed_in(&server, &reply);
    for path in ["/exams", "/attempts", "/me"] {
        let (status, reply) = limited.request(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(reply["code"], "must_change_password");
    }
    let (status, _) = sign_in(&server, &person.id_number, &code).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "a code is used once");
    let change = json!({ "old": code, "new": "Another8river" });
    let (status, reply) = limited.post("/password", change).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{reply}");
    let (status, _) = limited.request(Method::GET, "/exams", None).await;
    assert_eq!(status, StatusCode::OK);
    server.turn(Span::from_minutes(1)).await;
    let late = reset().await;
    server.turn(Span::from_minutes(24 * 60)).await;
    let (status, _) = sign_in(&server, &person.id_number, &late).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "it ends after 24 hours");
    server.running.stop().await;
}

pub async fn l12_l13_l14_passwords_that_cannot_be_are_refused(kind: Kind) {
    let server = server_or_return!(kind);
    let (person, owner) = an_owner(&server).await;
    let tail = format!("a{}", &person.id_number[9..17]);
    let long = "a1".repeat(100);
    for new in ["Short1x", "12345678", "666666", "Aa123456", &tail, &long, "nul1\u{0}abcdef"] {
        let change = json!({ "old": person.password, "new": new });
        let (status, reply) = owner.post("/password", change).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{new:?}: {reply}");
        assert_eq!(reply["fields"][0]["field"], "new");
    }
    let huge = json!({ "old": person.password, "new": "a1".repeat(500_000) });
    let (status, _) = owner.post("/password", huge).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "a megabyte never reaches the hash");
    let wrong = json!({ "old": "Wrong0password", "new": "Another8river" });
    let (status, _) = owner.post("/password", wrong).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let good = json!({ "old": person.password, "new": "  Ünï8 密码river" });
    let (status, reply) = owner.post("/password", good).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{reply}");
    server.running.stop().await;
}

pub async fn l20_every_channel_counts_on_one_limiter(kind: Kind) {
    let server = server_or_return!(kind);
    let person = a_person(&server).await;
    let http = exam_tests::client::http();
    let url = format!("http://{}/api/v1/sign-in", server.address);
    let mut stopped = 0;
    for number in 0..40 {
        let spoofed = format!("203.0.113.{number}");
        let body = json!({ "id_number": person.id_number, "password": "Wrong0password" });
        let request = http.post(&url).header("x-forwarded-for", spoofed).json(&body);
        let status = request.send().await.expect("a reply").status();
        stopped += u32::from(status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(stopped >= 25, "a made-up address is no new identity: {stopped}");
    let other = a_person(&server).await;
    let (status, _) = sign_in(&server, &other.id_number, &other.password).await;
    assert_eq!(status, StatusCode::OK, "a colleague at the same address gets in");
    server.running.stop().await;
}

/// More tries than one identity has in a minute are no harm to who waits for a turn, and those who
/// left the queue hold up nobody for longer than their passwords would have.
pub async fn coming_back_for_a_place_in_the_queue_is_no_try(kind: Kind) {
    const OTHERS: usize = 200;
    let server = server_or_return!(kind);
    let person = a_person(&server).await;
    let url = format!("http://{}/api/v1/sign-in", server.address);
    let http = exam_tests::client::http();
    let app = server.running.app.clone();
    let storm = (0..100).map(|_| app.hasher.verify("storm", None));
    let mut storm = Box::pin(join_all(storm));
    assert!(poll!(storm.as_mut()).is_pending());
    let left = (0..OTHERS).map(|_| app.sign_in_queue.enter(&app.hasher, &app.keys, None));
    assert_eq!(left.filter(Result::is_err).count(), OTHERS);
    storm.await;

    let mut ticket: Option<String> = None;
    let mut places = Vec::new();
    loop {
        let body = json!({ "id_number": person.id_number, "password": person.password });
        let mut request = http.post(&url).json(&body);
        if let Some(ticket) = &ticket {
            request = request.header("queue-ticket", ticket);
        }
        let reply = request.send().await.expect("a reply");
        let (status, reply) = (reply.status(), reply.json::<Value>().await.expect("JSON"));
        if status == StatusCode::OK {
            break;
        }
        assert_eq!((status, &reply["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("queued")));
        places.push(reply["position"].as_u64().expect("a place"));
        ticket = reply["queue_ticket"].as_str().map(str::to_owned);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(places.len() > 15, "the queue was too short to tell: {places:?}");
    assert!(places.is_sorted_by(|before, after| before >= after), "{places:?}");
    drop((app, http));
    server.running.stop().await;
}

pub async fn l21_tokens_end_with_their_sign_in(kind: Kind) {
    let server = server_or_return!(kind);
    let (person, owner) = an_owner(&server).await;
    let attempt = owner.start(server.exam.id).await;
    let mut socket = owner.connect(&attempt).await;
    let (_, reply) = sign_in(&server, &person.id_number, &person.password).await;
    let elsewhere = signed_in(&server, &reply);
    socket.save(1, 1, &["a"]).await; // A sign-in elsewhere ends nothing.
    let (status, _) = owner.post("/sign-out", json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(socket.ended().await, Some(4401));
    let (status, _) = owner.request(Method::GET, "/me", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    elsewhere.get("/me").await;
    let http = exam_tests::client::http();
    let url = format!("http://{}/api/v1/me", server.address);
    let cookie = |value: String| http.get(&url).header("cookie", value).send();
    let one = cookie(format!("__Host-exam={}", elsewhere.token)).await.expect("a reply");
    assert_eq!(one.status(), StatusCode::OK);
    let two = cookie(format!("__Host-exam=x; __Host-exam={}", elsewhere.token)).await;
    assert_eq!(two.expect("a reply").status(), StatusCode::UNAUTHORIZED, "one was planted");
    let url = format!("http://{}/api/v1/sign-out", server.address);
    let foreign = http
        .post(&url)
        .header("cookie", format!("__Host-exam={}", elsewhere.token))
        .header("origin", "http://evil.example");
    let foreign = foreign.send().await.expect("a reply").status();
    assert_eq!(foreign, StatusCode::FORBIDDEN);
    elsewhere.get("/me").await;
    server.running.stop().await;
}

pub async fn l22_l23_probes_and_confused_types_are_refused(kind: Kind) {
    let server = server_or_return!(kind);
    let http = exam_tests::client::http();
    let url = format!("http://{}/api/v1/sign-in", server.address);
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    for body in [
        "",
        "null",
        "[]",
        r#"{"id_number":["a"],"password":"x"}"#,
        r#"{"id_number":1e400,"password":"x"}"#,
        r#"{"id_number":"a","id_number":"b","password":"x"}"#,
        r#"{"id_number":"a","password":"x","role":"operator"}"#,
        &deep,
    ] {
        let reply = http.post(&url).body(body.to_owned()).send().await.expect("a reply");
        assert_eq!(reply.status(), StatusCode::BAD_REQUEST, "{body}");
        let problem: Value = reply.json().await.expect("problem details");
        assert_eq!(problem["code"], "bad_request");
    }
    for probe in ["' OR 1=1 --", "*)(uid=*", "{{7*7}}", "\u{0}", "${jndi:ldap://x}", "%%%%"] {
        let (status, _) = sign_in(&server, probe, probe).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{probe:?}");
    }
    server.running.stop().await;
}

/// Adds a member of staff, enrols and signs in.
pub(crate) async fn staff_member(server: &Server, login: &str, roles: &[Role]) -> Candidate {
    let desk = server::desk(&server.database).await;
    let added = staff::add(&desk, login, "工作人员", roles, Scope::All).await.expect("added");
    desk.store.close().await;
    enrolled(server, login, &added.enrolment_token).await
}

/// Enrols by a token and signs in.
pub(crate) async fn enrolled(server: &Server, login: &str, token: &str) -> Candidate {
    let somebody = stranger(server);
    let (status, begun) = somebody.post("/staff/enrol/begin", json!({ "token": token })).await;
    assert_eq!(status, StatusCode::OK, "{begun}");
    let secret =
        totp::from_base32(begun["totp_secret"].as_str().expect("a secret")).expect("base 32");
    let code = |now| totp::code_at(&secret, totp::step_at(now));
    let now = server.clock().now();
    let password = "a long enough phrase";
    let enrol = json!({ "token": token, "password": password, "totp": code(now) });
    let (status, enrolled) = somebody.post("/staff/enrol", enrol.clone()).await;
    assert_eq!(status, StatusCode::OK, "{enrolled}");
    assert_eq!(enrolled["recovery_codes"].as_array().map(Vec::len), Some(8));
    let (status, _) = somebody.post("/staff/enrol", enrol).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "a link is used once");
    let body = |totp: &str| json!({ "login": login, "password": password, "totp": totp });
    let (status, _) = somebody.post("/staff/sign-in", body(&code(now))).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "the enrolment used this code up");
    server.turn(Span::from_seconds(30)).await;
    let next = code(server.clock().now());
    let (status, _) = somebody.post("/staff/sign-in", body("000000")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, reply) = somebody.post("/staff/sign-in", body(&next)).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let (status, _) = somebody.post("/staff/sign-in", body(&next)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "a code is good once");
    signed_in(server, &reply)
}

pub async fn a_recovery_code_stands_in_for_a_lost_second_factor(kind: Kind) {
    let server = server_or_return!(kind);
    let desk = server::desk(&server.database).await;
    let added = staff::add(&desk, "lost", "某人", &[Role::Author], Scope::All).await;
    let token = added.expect("added").enrolment_token;
    desk.store.close().await;
    let somebody = stranger(&server);
    let (_, begun) = somebody.post("/staff/enrol/begin", json!({ "token": token })).await;
    let secret =
        totp::from_base32(begun["totp_secret"].as_str().expect("a secret")).expect("base 32");
    let code = totp::code_at(&secret, totp::step_at(server.clock().now()));
    let enrol = json!({ "token": token, "password": "a long enough phrase", "totp": code });
    let (_, enrolled) = somebody.post("/staff/enrol", enrol).await;
    let codes = enrolled["recovery_codes"].as_array().expect("codes");
    // However it is typed, and once.
    let typed = codes[0].as_str().expect("a code").to_lowercase().replace('-', " ");
    let sign_in = |code: &str| json!({ "login": "lost", "password": "a long enough phrase", "recovery_code": code });
    let (status, recovered) = somebody.post("/staff/sign-in", sign_in(&typed)).await;
    assert_eq!((status, &recovered["recovery_codes_left"]), (StatusCode::OK, &json!(7)));
    assert_eq!(signed_in(&server, &recovered).get("/staff/me").await["login"], "lost");
    for wrong in [typed.as_str(), "AAAAA-AAAAA"] {
        let (status, _) = somebody.post("/staff/sign-in", sign_in(wrong)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    server.running.stop().await;
}

pub async fn staff_sign_in_with_a_second_factor(kind: Kind) {
    let server = server_or_return!(kind);
    let invigilator = staff_member(&server, "invigilator", &[Role::Invigilator]).await;
    assert_eq!(invigilator.get("/staff/me").await["login"], "invigilator");
    let phone = server.candidate();
    let attempt = phone.start(server.exam.id).await;
    let mut socket = phone.connect(&attempt).await;
    let path = format!("/staff/attempts/{attempt}");
    let extend = json!({ "added_ms": 600_000, "reason": "网络中断" });
    let (status, reply) = invigilator.post(&format!("{path}/extend"), extend.clone()).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_eq!(socket.expect("extended").await["added_ms"], 600_000);
    let message = json!({ "text": "请正对手机" });
    let (status, _) = invigilator.post(&format!("{path}/message"), message).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(socket.expect("message").await["text"], "请正对手机");
    for bad in [
        json!({ "added_ms": 0, "reason": "x" }),
        json!({ "added_ms": -1, "reason": "x" }),
        json!({ "added_ms": 600_000, "reason": " " }),
        json!({ "added_ms": 90_000_000, "reason": "x" }),
    ] {
        let (status, reply) = invigilator.post(&format!("{path}/extend"), bad).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{reply}");
    }
    let (status, _) = phone.post(&format!("{path}/extend"), extend.clone()).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a candidate is no staff");
    let author = staff_member(&server, "writer", &[Role::Author]).await;
    let (status, _) = author.post(&format!("{path}/extend"), extend).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "an author is no invigilator");
    let (status, _) = author.request(Method::GET, "/exams", None).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "staff are no candidates");
    let rows = server.running.app.store.audit_rows(0, 100).await.expect("the audit");
    let act = rows.iter().find(|row| row.action == "attempt.extend").expect("it is audited");
    assert_eq!((act.object.as_str(), act.reason.as_str()), (attempt.as_str(), "网络中断"));
    assert!(act.before.contains("running") && act.after.contains("600000"), "{act:?}");
    server.running.stop().await;
}

pub async fn w04_an_entry_ticket_is_good_once(kind: Kind) {
    let server = server_or_return!(kind);
    let person = a_person(&server).await;
    let app = &server.running.app;
    let now = app.clock.now();
    let ticket = hex(&exam_server::chance::random_bytes::<16>());
    let codes = [(person.candidate_no, token_hash(&ticket))];
    let expires_at = now + Span::from_minutes(60);
    let issued =
        app.store.one_time_code_issue(CodePurpose::Entry, &codes, now, expires_at, None).await;
    issued.expect("a ticket is issued");
    let use_it =
        async || stranger(&server).post("/sign-in/ticket", json!({ "ticket": ticket })).await;
    let (status, reply) = use_it().await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    signed_in(&server, &reply).start(server.exam.id).await;
    assert_eq!(use_it().await.0, StatusCode::UNAUTHORIZED, "once");
    let stale = hex(&exam_server::chance::random_bytes::<16>());
    let codes = [(person.candidate_no, token_hash(&stale))];
    app.store
        .one_time_code_issue(CodePurpose::Entry, &codes, now, now, None)
        .await
        .expect("an expired one");
    let body = json!({ "ticket": stale });
    assert_eq!(stranger(&server).post("/sign-in/ticket", body).await.0, StatusCode::UNAUTHORIZED);
    server.running.stop().await;
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub async fn somebody_elses_attempt_is_not_found(kind: Kind) {
    let server = server_or_return!(kind);
    let (owner, other) = (server.candidate(), server.candidate());
    let attempt = owner.start(server.exam.id).await;
    for path in ["", "/paper", "/result", "/record"] {
        let path = format!("/attempts/{attempt}{path}");
        let (status, reply) = other.request(Method::GET, &path, None).await;
        assert_eq!(
            (status, &reply["code"]),
            (StatusCode::NOT_FOUND, &json!("not_found")),
            "{path}"
        );
    }
    let save = json!([{ "t": "save", "n": 1, "slot": 1, "response": ["a"] }]);
    assert_eq!(other.events(&attempt, save).await.0, StatusCode::NOT_FOUND);
    let mut socket = other.upgrade(&attempt).await.expect("the upgrade completes");
    assert_eq!(socket.ended().await, Some(4404));
    let nobody = Candidate::new(server.address, "nonsense".to_owned());
    let mut socket = nobody.upgrade(&attempt).await.expect("the upgrade completes");
    assert_eq!(socket.ended().await, Some(4401));
    for id in ["1", "-1", "x", "00000000-0000-0000-0000-000000000000", "%2e%2e"] {
        let (status, _) = owner.request(Method::GET, &format!("/attempts/{id}"), None).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{id}");
    }
    let put = format!("/attempts/{attempt}/snapshots/r1");
    let (status, reply) = owner.request(Method::PUT, &put, None).await;
    assert_eq!((status, &reply["code"]), (StatusCode::NOT_FOUND, &json!("no_such_request")));
    server.running.stop().await;
}
