//! An exam that is watched, and a candidate who sits it.

use std::path::PathBuf;
use std::sync::Arc;

use exam_core::time::Timestamp;
use exam_server::config::Settings;
use exam_server::snapshots::{Request, Watch};
use exam_server::store::{Attempt, Scope, SnapshotRow};
use exam_tests::client::Socket;
use exam_tests::{Candidate, Kind, Server, bank};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How many are asked for, at least, in the hour of the exam.
pub(crate) const SNAPSHOTS: u32 = 12;

/// A server with an exam that is watched; `None` where there is no PostgreSQL.
pub(crate) async fn watched(kind: Kind) -> Option<Server> {
    watched_with(kind, "without_camera = \"flag\"").await
}

/// The same, with another way without a camera.
pub(crate) async fn watched_with(kind: Kind, without_camera: &str) -> Option<Server> {
    Server::start_with(kind, &definition(without_camera)).await
}

/// The same, with other settings of the server.
pub(crate) async fn watched_on(kind: Kind, change: impl FnOnce(&mut Settings)) -> Option<Server> {
    Server::start_changed(kind, &definition("without_camera = \"flag\""), change).await
}

/// An exam file that is watched.
pub(crate) fn definition(without_camera: &str) -> String {
    let watched = format!(
        "consents = [{{ kind = \"snapshots\", version = \"1\", text = \"随机抓拍\" }}]\n\
         proctoring = {{ snapshots = {SNAPSHOTS}, {without_camera}, keep_days = 90, \
         appeal_days = 7 }}\n\n[[audience]]"
    );
    bank::EXAM.replacen("[[audience]]", &watched, 1)
}

/// A candidate who sits the exam.
pub(crate) struct Sitting<'a> {
    pub(crate) server: &'a Server,
    pub(crate) candidate: Candidate,
    pub(crate) attempt_id: String,
    pub(crate) attempt: Arc<Attempt>,
}

impl<'a> Sitting<'a> {
    pub(crate) async fn begin(server: &'a Server, consents: Value) -> Self {
        let candidate = server.candidate();
        let body = json!({ "notice_version": "1", "accepted": true, "consents": consents });
        let path = format!("/exams/{}/attempts", server.exam.id);
        let (status, reply) = candidate.post(&path, body).await;
        assert_eq!(status, StatusCode::CREATED, "{reply}");
        let attempt_id = reply["attempt_id"].as_str().expect("an id").to_owned();
        let id = attempt_id.parse().expect("an id");
        let found = server.running.app.store.attempt_find(id, &Scope::All).await;
        let attempt = Arc::new(found.expect("the database answers").expect("an attempt"));
        Self { server, candidate, attempt_id, attempt }
    }

    pub(crate) async fn consenting(server: &'a Server) -> Self {
        Self::begin(server, json!({ "snapshots": { "version": "1", "given": true } })).await
    }

    pub(crate) async fn watch(&self) -> Option<Watch> {
        Watch::of(&self.server.running.app, &self.attempt).await.expect("the database answers")
    }

    /// Turns the clock to when the next photograph is asked for.
    pub(crate) async fn next(&self) -> Request {
        let now = self.server.clock().now();
        let next = self.watch().await.expect("it is watched").next(now).expect("there is one");
        self.turn_to(next.at).await;
        next
    }

    pub(crate) async fn turn_to(&self, at: Timestamp) {
        self.server.turn(at.since(self.server.clock().now())).await;
    }

    pub(crate) async fn put(&self, request: &str, bytes: Vec<u8>) -> (StatusCode, Value) {
        let path = format!("/attempts/{}/snapshots/{request}", self.attempt_id);
        self.candidate.put_file(&path, "image/jpeg", bytes).await
    }

    /// Begins to send a photograph, and stops in the middle.
    pub(crate) async fn begin_to_put(&self, request: &str, bytes: &[u8]) -> HalfSent {
        let mut stream = TcpStream::connect(self.server.address).await.expect("it listens");
        let head = format!(
            "PUT /api/v1/attempts/{}/snapshots/{request} HTTP/1.1\r\nhost: localhost\r\n\
             authorization: Bearer {}\r\ncontent-type: image/jpeg\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n",
            self.attempt_id,
            self.candidate.token,
            bytes.len()
        );
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        stream.write_all(head.as_bytes()).await.expect("it is read");
        stream.write_all(first).await.expect("it is read");
        let app = &self.server.running.app;
        let began = tokio::time::Instant::now();
        while app.arriving.begin(self.attempt.key.attempt_no).is_some() {
            assert!(began.elapsed() < exam_tests::client::PATIENCE, "it is on its way");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        HalfSent { stream, rest: rest.to_vec() }
    }

    pub(crate) async fn rows(&self) -> Vec<SnapshotRow> {
        let store = &self.server.running.app.store;
        store.snapshots_of(self.attempt.key.attempt_no).await.expect("the database answers")
    }

    /// The rows, once each photograph was looked at.
    pub(crate) async fn looked_at(&self) -> Vec<SnapshotRow> {
        let began = tokio::time::Instant::now();
        loop {
            let rows = self.rows().await;
            if rows.iter().all(|row| row.findings.is_some()) {
                return rows;
            }
            assert!(began.elapsed() < exam_tests::client::PATIENCE, "they are looked at");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

/// A photograph that is on its way.
pub(crate) struct HalfSent {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl HalfSent {
    /// Sends the rest, and returns the status.
    pub(crate) async fn end(mut self) -> u16 {
        self.stream.write_all(&self.rest).await.expect("it is read");
        let mut reply = String::new();
        self.stream.read_to_string(&mut reply).await.expect("a reply");
        reply.split(' ').nth(1).expect("a status").parse().expect("a number")
    }
}

pub(crate) fn picture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../proctor/tests/pictures");
    let path = folder.join(format!("{name}.jpg"));
    std::fs::read(path).expect("a picture")
}

/// Lets the server hear the phone: a turn of minutes is a silence, and two of them end a connection.
pub(crate) async fn is_heard(socket: &mut Socket) {
    socket.send(json!({ "t": "ping" })).await;
    socket.expect("pong").await;
}

/// All pictures of a folder and those below it.
pub(crate) fn files(folder: PathBuf) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let paths = paths.filter(|path| !path.ends_with("owner"));
    paths.flat_map(|path| if path.is_dir() { files(path) } else { vec![path] }).collect()
}

/// Where a server's pictures are, once it has taken the folder.
pub(crate) async fn photo_folder(server: &Server) -> PathBuf {
    let folder = server.database.folder.path().join("photos");
    let began = tokio::time::Instant::now();
    while !folder.join("owner").exists() {
        assert!(began.elapsed() < exam_tests::client::PATIENCE, "the server takes its photo store");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    folder
}
