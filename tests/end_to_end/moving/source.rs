//! A SQLite database after a morning of exams: what a move has to bring over whole.

use exam_core::time::Span;
use exam_server::auth::totp;
use exam_server::commands::staff;
use exam_server::store::{NewSnapshot, Role, Scope};
use exam_tests::person::{Person, person};
use exam_tests::{Candidate, Kind, Server, bank, server};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// The password of the member of staff.
pub const PASSWORD: &str = "a long enough phrase";

/// Everybody who has met the server.
pub struct People {
    /// An invigilator's second factor.
    pub totp_secret: Vec<u8>,
    /// A physician who has attended twice: a closed attempt and a running one.
    pub owner: Candidate,
    pub person: Person,
    pub closed: String,
    pub running: String,
    /// The unused code that opens a new password for somebody else.
    pub other: Person,
    pub code: String,
    /// Whose clock an invigilator has stopped.
    pub paused: (Candidate, String),
    /// Whose attempt an invigilator has declared void.
    pub voided: (Candidate, String),
    /// Who has been locked.
    pub locked: (Candidate, String),
    /// Who has not started yet.
    pub newcomer: Candidate,
}

impl People {
    /// A server on SQLite, and people who sat exams there.
    pub async fn come() -> (Server, Self) {
        let server = Server::start(Kind::Sqlite).await.expect("a file");
        let desk = server::desk(&server.database).await;
        let (person, other) = (person(&desk).await, self::person(&desk).await);
        let roles = [Role::Invigilator, Role::Officer];
        let added = staff::add(&desk, "invigilator", "监考员", &roles, Scope::All).await;
        let token = added.expect("staff can be added").enrolment_token;
        let added = staff::add(&desk, "colleague", "另一位", &roles, Scope::All).await;
        let other_token = added.expect("staff can be added").enrolment_token;
        desk.store.close().await;
        let (_, colleague) = enrol(&server, "colleague", &other_token).await;
        let (totp_secret, invigilator) = enrol(&server, "invigilator", &token).await;

        let owner = sign_in(&server, &person.id_number, &person.password).await;
        let closed = owner.start(server.exam.id).await;
        owner.connect(&closed).await.save(1, 1, &["a"]).await;
        let body = json!({ "device": owner.device, "n": 2, "events": [] });
        let (status, reply) = owner.post(&format!("/attempts/{closed}/submit"), body).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        let late = json!([{ "t": "save", "n": 3, "slot": 2, "response": ["b"] }]);
        let (_, reply) = owner.events(&closed, late).await;
        assert_eq!(reply["nacks"][0]["kept"], true, "evidence is kept: {reply}");
        // What is drawn from here on looks at frozen exposure, and at what was seen.
        let app = &server.running.app;
        exam_server::exams::refresh_exposure(app).await.expect("exposure is counted");
        let picture = exam_server::store::NewMedia {
            media_id: "f".repeat(64),
            mime: "image/png",
            width: 1,
            height: 1,
            bytes: vec![0, 255, 7],
        };
        app.store.media_keep(&picture).await.expect("a picture is kept");
        let measured = exam_server::exams::measure(&app.store, |_| {}).await;
        assert_eq!(measured.expect("answers are counted"), 1, "of the closed attempt");
        let running = owner.start(server.exam.id).await;
        assert_ne!(running, closed);
        let mut socket = owner.connect(&running).await;
        for n in 1..=70 {
            socket.save(n, n % 14 + 1, &["b"]).await; // Past a checkpoint.
        }
        socket.send(json!({ "t": "mark", "n": 71, "slot": 3, "on": true })).await;
        socket.expect("ack").await;

        let paused = seated(&server).await;
        act(&invigilator, &paused.1, "pause", json!({ "for_ms": 7_200_000, "reason": "停电" }))
            .await;
        let voided = seated(&server).await;
        for (who, step, known) in
            [(&invigilator, "propose_void", 0), (&colleague, "confirm_void", 1)]
        {
            let body = json!({ "act": step, "reason": "替考", "known": known });
            act(who, &voided.1, "review", body).await;
        }
        let locked = seated(&server).await;
        act(&invigilator, &locked.1, "lock", json!({ "reason": "核对身份" })).await;
        let hall = format!("/staff/exams/{}/extend", server.exam.id);
        let extend = json!({ "added_ms": 60_000, "reason": "停电", "attempt_ids": [locked.1] });
        let (status, job) = invigilator.post(&hall, extend).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{job}");
        let job = format!("/staff/bulk/{}", job["bulk_id"].as_str().expect("a job"));
        let began = tokio::time::Instant::now();
        while invigilator.get(&job).await["done"] != 1 {
            assert!(began.elapsed() < exam_tests::client::PATIENCE, "it comes to its end");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let reset = format!("/staff/candidates/{}/reset", other.candidate_id);
        let (status, reply) = invigilator.post(&reset, json!({ "reason": "忘记密码" })).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        let code = reply["code"].as_str().expect("a code").to_owned();
        a_photograph(&server, &locked.1).await;
        what_is_rare(&server).await;
        // A number was given to an attempt that is no more; nobody may get it again.
        let store = &server.running.app.store;
        bank::execute(store, "UPDATE sqlite_sequence SET seq = 5000 WHERE name = 'attempt'").await;
        let newcomer = server.candidate();
        let people = Self {
            totp_secret,
            owner,
            person,
            closed,
            running,
            other,
            code,
            paused,
            voided,
            locked,
            newcomer,
        };
        (server, people)
    }

    /// What candidates see of their attempts, but for the time that passes.
    pub async fn seen(&self, at: std::net::SocketAddr) -> Vec<Value> {
        let mut seen = Vec::new();
        let owner = self.owner.at(at);
        seen.push(owner.get(&format!("/attempts/{}/result", self.closed)).await);
        seen.push(owner.get(&format!("/attempts/{}/record", self.closed)).await);
        seen.push(owner.get(&format!("/attempts/{}/paper", self.running)).await);
        let voided = self.voided.0.at(at);
        seen.push(voided.get(&format!("/attempts/{}/result", self.voided.1)).await);
        let mut states = vec![(owner, &self.running)];
        for (candidate, attempt) in [&self.paused, &self.locked] {
            states.push((candidate.at(at), attempt));
            seen.push(candidate.at(at).get(&format!("/attempts/{attempt}/paper")).await);
        }
        for (candidate, attempt) in states {
            let mut state = candidate.get(&format!("/attempts/{attempt}")).await;
            for passing in ["now_ms", "deadline_ms", "remaining_ms"] {
                state[passing] = json!(null);
            }
            seen.push(state);
        }
        seen
    }
}

/// Rows of tables that these stories have no other use for.
async fn what_is_rare(server: &Server) {
    let store = &server.running.app.store;
    for sql in [
        "INSERT INTO consent_withdrawn (attempt_no, at_ms) SELECT min(attempt_no), 7 FROM attempt",
        "INSERT INTO admission (exam_id, candidate_no, asked_at_ms, reason)
            SELECT exam_id, candidate_no, 7, '核对身份' FROM attempt LIMIT 1",
        "INSERT INTO portrait (candidate_no, sha256, width, height, imported_at_ms)
            SELECT min(candidate_no), x'00ff', 480, 640, 7 FROM candidate",
    ] {
        bank::execute(store, sql).await;
    }
}

/// Notes a photograph; its looks are numbers of every kind.
async fn a_photograph(server: &Server, attempt: &str) {
    let store = &server.running.app.store;
    let id = attempt.parse().expect("an id");
    let found = store.attempt_find(id, &Scope::All).await.expect("the database answers");
    let new = NewSnapshot {
        attempt_no: found.expect("an attempt").key.attempt_no,
        request_id: "0123456789abcdef".repeat(2),
        asked_at: server.clock().now(),
        received_at: server.clock().now(),
        by_hand: true,
        camera: "前置摄像头".to_owned(),
        sent_sha256: [0xff; 32],
        kept_sha256: [0; 32],
        bytes: 40_000,
        width: 480,
        height: 640,
        hash: u64::MAX - 1,
        sketch: (0..=255).collect(),
    };
    store.snapshot_note(id, &new).await.expect("it can be noted");
}

/// Signs a physician in.
pub async fn sign_in(server: &Server, id_number: &str, password: &str) -> Candidate {
    let stranger = Candidate::new(server.address, String::new());
    let body = json!({ "id_number": id_number, "password": password });
    let (status, reply) = stranger.post("/sign-in", body).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    Candidate::new(server.address, reply["token"].as_str().expect("a token").to_owned())
}

async fn seated(server: &Server) -> (Candidate, String) {
    let candidate = server.candidate();
    let attempt = candidate.start(server.exam.id).await;
    candidate.connect(&attempt).await.save(1, 1, &["a"]).await;
    (candidate, attempt)
}

async fn act(invigilator: &Candidate, attempt: &str, act: &str, body: Value) {
    let (status, reply) = invigilator.post(&format!("/staff/attempts/{attempt}/{act}"), body).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
}

/// Sets up the second factor and signs in with it.
async fn enrol(server: &Server, login: &str, token: &str) -> (Vec<u8>, Candidate) {
    let stranger = Candidate::new(server.address, String::new());
    let (status, begun) = stranger.post("/staff/enrol/begin", json!({ "token": token })).await;
    assert_eq!(status, StatusCode::OK, "{begun}");
    let secret =
        totp::from_base32(begun["totp_secret"].as_str().expect("a secret")).expect("base 32");
    let code = || totp::code_at(&secret, totp::step_at(server.clock().now()));
    let body = json!({ "token": token, "password": PASSWORD, "totp": code() });
    let (status, reply) = stranger.post("/staff/enrol", body).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    server.turn(Span::from_seconds(30)).await; // A code is good once.
    let body = json!({ "login": login, "password": PASSWORD, "totp": code() });
    let (status, reply) = stranger.post("/staff/sign-in", body).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let token = reply["token"].as_str().expect("a token").to_owned();
    (secret, Candidate::new(server.address, token))
}
