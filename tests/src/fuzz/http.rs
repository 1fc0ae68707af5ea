//! Requests, through the real router of a server in this process, on a database of its own.
//!
//! An input is one to four requests, `%%%` lines between them: a line `METHOD PATH`, header lines,
//! an empty line, the body. Names in braces stand for what a stranger cannot know:
//! `{token}`, `{attempt}`, `{exam}`, `{device}`, another candidate's `{foreign}` attempt, a staff
//! member's `{staff}` token, and `{id_number}` and `{password}` of somebody with an account.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use exam_server::keys::token_hash;
use exam_server::routes::router;
use exam_server::store::{Principal, Role, Scope};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::bank::{CANARY, EXAM};
use crate::database::Kind;
use crate::person::{Person, person};
use crate::server::{Server, desk};

/// How many candidates take turns: each may ask 20 times a second.
const CANDIDATES: usize = 128;

/// After how many inputs a candidate begins another attempt, so that no limit of one is reached.
const INPUTS_AN_ATTEMPT: u64 = 60;

/// The most requests of one input.
const REQUESTS_MAX: usize = 4;

/// Longer than any request may take: the sign-in's hash, and a slow machine.
const ANSWERED_WITHIN: Duration = Duration::from_secs(20);

/// A phone of every candidate.
const DEVICE: &str = "018bcfe5-6800-7000-8000-000000000001";

struct House {
    server: Server,
    router: Router,
    person: Person,
    staff: String,
    seats: Vec<Seat>,
    inputs: u64,
}

/// A candidate with a running attempt.
struct Seat {
    candidate_no: i64,
    token: String,
    attempt: String,
    since: u64,
}

/// Sends the requests of one input.
pub(super) fn run(input: &[u8]) {
    static HOUSE: OnceLock<(Runtime, Mutex<House>)> = OnceLock::new();
    let (runtime, house) = HOUSE.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().expect("a runtime");
        let house = runtime.block_on(House::open());
        (runtime, Mutex::new(house))
    });
    let mut house = house.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    runtime.block_on(house.serve(input));
}

impl House {
    async fn open() -> Self {
        let definition = EXAM
            .replace("stop_at_first_pass = true", "stop_at_first_pass = false")
            .replace("starts_per_hour_max = 1000", "starts_per_hour_max = 1000000");
        let server = Server::start_with(Kind::Sqlite, &definition).await.expect("SQLite");
        let desk = desk(&server.database).await;
        let roles = [Role::Invigilator, Role::Officer];
        let added = exam_server::commands::staff::add(&desk, "desk", "值班", &roles, Scope::All);
        let staff_id = added.await.expect("somebody at a desk").staff_id;
        let person = person(&desk).await;
        let tokens = crate::bank::candidates(&desk, server.exam.id, CANDIDATES).await;
        desk.store.close().await;
        let app = server.running.app.clone();
        let staff = app.sign_ins.create(&app, Principal::Staff(staff_id), false).await;
        let (staff, _) = staff.expect("the database answers");
        let mut house = Self {
            router: router(app.clone()),
            server,
            person,
            staff,
            seats: Vec::new(),
            inputs: 0,
        };
        for token in tokens {
            let found = app.sign_ins.find(&app, &token_hash(&token)).await;
            let sign_in = found.expect("the database answers").expect("it was just made");
            let Principal::Candidate(candidate_no) = sign_in.principal else { panic!("staff") };
            let attempt = house.start(&token).await;
            house.seats.push(Seat { candidate_no, token, attempt, since: 0 });
        }
        house
    }

    async fn serve(&mut self, input: &[u8]) {
        self.inputs += 1;
        let at = self.inputs as usize % CANDIDATES;
        self.freshen(at).await;
        let text = String::from_utf8_lossy(input);
        let text = self.filled(&text, at);
        for request in text.split("\n%%%\n").take(REQUESTS_MAX) {
            let Some(request) = read(request, self.inputs) else { continue };
            let before = self.seq(at).await;
            let named = format!("{} {}", request.method(), request.uri());
            let (status, headers, body) = self.send(request).await;
            judge(&named, status, &headers, &body);
            let after = self.seq(at).await;
            let refused = matches!(status.as_u16(), 400..=404 | 413 | 422);
            assert!(!refused || before == after, "{named}: {status}, and yet something changed");
        }
    }

    /// Signs the candidate in again, and begins another attempt, where that is needed.
    async fn freshen(&mut self, at: usize) {
        let app = self.server.running.app.clone();
        let (inputs, seat) = (self.inputs, &self.seats[at]);
        let found = app.sign_ins.find(&app, &token_hash(&seat.token)).await;
        if found.expect("the database answers").is_none_or(|sign_in| sign_in.only_password) {
            let principal = Principal::Candidate(seat.candidate_no);
            let created = app.sign_ins.create(&app, principal, false).await;
            self.seats[at].token = created.expect("the database answers").0;
        }
        if self.is_over(at).await {
            self.seats[at].attempt = self.start(&self.seats[at].token.clone()).await;
            self.seats[at].since = inputs;
        } else if inputs - self.seats[at].since > INPUTS_AN_ATTEMPT * CANDIDATES as u64 {
            let (token, attempt) = (&self.staff, &self.seats[at].attempt);
            let request = Request::post(format!("/api/v1/staff/attempts/{attempt}/end"))
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .body(Body::from(r#"{"reason":"genug"}"#));
            let request = request.expect("a request");
            self.send(with_address(request, inputs)).await;
            self.seats[at].since = inputs;
        }
    }

    async fn start(&self, token: &str) -> String {
        let request = Request::post(format!("/api/v1/exams/{}/attempts", self.server.exam.id))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(r#"{"notice_version":"1","accepted":true}"#))
            .expect("a request");
        let (status, _, body) = self.send(with_address(request, self.inputs)).await;
        let reply: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        match reply["attempt_id"].as_str() {
            Some(attempt) => attempt.to_owned(),
            None => panic!("{status}: {reply}"),
        }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
        let reply = self.router.clone().oneshot(request);
        let reply = tokio::time::timeout(ANSWERED_WITHIN, reply).await.expect("an answer in time");
        let (parts, body) = reply.expect("a router cannot fail").into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("the body is whole");
        (parts.status, parts.headers, body.to_vec())
    }

    async fn seq(&self, at: usize) -> u64 {
        self.look(at, |session| session.seq().0).await
    }

    async fn is_over(&self, at: usize) -> bool {
        self.look(at, exam_core::session::Session::is_closed).await
    }

    /// Looks at the candidate's session as the requests see it.
    async fn look<T>(&self, at: usize, what: impl Fn(&exam_core::session::Session) -> T) -> T {
        let app = &self.server.running.app;
        let id = self.seats[at].attempt.parse().expect("an id");
        let attempt = app.exams.attempt(app, id).await.expect("the database answers");
        let attempt = attempt.expect("it was started");
        let mut sitting = app.sittings.take(app, &attempt).await.expect("the session folds");
        sitting.catch_up(app).await.expect("the database answers");
        what(sitting.session())
    }

    fn filled(&self, text: &str, at: usize) -> String {
        let seat = &self.seats[at];
        let exam = self.server.exam.id.to_string();
        let names: [(&str, &str); 8] = [
            ("{token}", &seat.token),
            ("{attempt}", &seat.attempt),
            ("{exam}", &exam),
            ("{device}", DEVICE),
            ("{foreign}", &self.seats[(at + 1) % CANDIDATES].attempt),
            ("{staff}", &self.staff),
            ("{id_number}", &self.person.id_number),
            ("{password}", &self.person.password),
        ];
        names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

/// Reads a request; what no HTTP library would let through is none.
fn read(text: &str, number: u64) -> Option<Request<Body>> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, path) = lines.next()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(path);
    for line in lines {
        let (name, value) = line.split_once(':')?;
        request = request.header(name, value.trim());
    }
    let request = request.body(Body::from(body.to_owned())).ok()?;
    // Hyper hands over paths only; a router never sees `*` or another host.
    request.uri().path().starts_with('/').then(|| with_address(request, number))
}

/// Many addresses, so that none reaches its limit.
fn with_address(mut request: Request<Body>, number: u64) -> Request<Body> {
    let [.., b, c, d] = number.to_be_bytes();
    let peer = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, b, c, d)), 40_000);
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

/// What has to hold of every answer.
fn judge(named: &str, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
    let shown = || String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned();
    assert!(headers.contains_key(header::CONTENT_SECURITY_POLICY), "{named}: no policy");
    assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{named}");
    let leaked = memmem(body, CANARY.as_bytes());
    assert!(!leaked, "{named}: a key has left");
    if named.ends_with("/readyz") {
        return; // A probe has a body of its own.
    }
    if status.is_server_error() {
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{named}: {}", shown());
        assert!(headers.contains_key(header::RETRY_AFTER), "{named}: when to come back");
    }
    if status.is_client_error() || status.is_server_error() {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        assert_eq!(kind, Some("application/problem+json"), "{named}: {status} {}", shown());
        if !body.is_empty() {
            let problem: serde_json::Value = serde_json::from_slice(body).expect("JSON");
            assert_eq!(problem["status"], status.as_u16(), "{named}");
            assert!(problem["code"].as_str().is_some_and(|code| !code.is_empty()), "{named}");
        }
    }
}

fn memmem(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}
