//! TLS, at the server itself and at a real nginx in front of it.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use exam_server::config::Settings;
use exam_server::server::start;
use exam_tests::process::free_address;
use exam_tests::tls::Certificate;
use exam_tests::{Database, Kind, bank, server};
use futures_util::{SinkExt, StreamExt};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// Where Debian puts nginx.
const NGINX: &str = "/usr/sbin/nginx";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w03_tls_ends_at_the_server_and_plain_text_does_not_pass() {
    let database = Database::fresh(Kind::Sqlite).await.expect("a file");
    let certificate = Certificate::fresh(database.folder.path());
    let settings = Settings {
        tls_cert: Some(certificate.cert.clone()),
        tls_key: Some(certificate.key.clone()),
        ..server::settings(&database)
    };
    let running = start(&settings, || panic!("a sync failed")).await.expect("the server starts");
    let url = format!("https://localhost:{}/healthz", running.address.port());
    let reply = certificate.client().get(&url).send().await.expect("HTTPS answers");
    assert_eq!(reply.status(), StatusCode::OK);
    assert!(reply.headers().contains_key("strict-transport-security"));
    assert_eq!(reply.headers()["x-content-type-options"], "nosniff");
    let mut plain = tokio::net::TcpStream::connect(running.address).await.expect("it listens");
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it can be sent");
    let mut reply = Vec::new();
    let _ = plain.read_to_end(&mut reply).await;
    assert!(!reply.starts_with(b"HTTP/"), "plain text is not answered");
    running.stop().await;
}

/// nginx with the configuration that is shipped.
struct Nginx {
    address: SocketAddr,
    _process: tokio::process::Child,
}

impl Nginx {
    async fn start(
        upstream: SocketAddr,
        certificate: &Certificate,
        folder: &std::path::Path,
    ) -> Self {
        let address = free_address();
        let configuration = include_str!("../../../deploy/nginx.conf")
            .replace("@pid@", &folder.join("nginx.pid").display().to_string())
            .replace("@upstream@", &upstream.to_string())
            .replace("@listen@", &address.to_string())
            .replace("@certificate@", &certificate.cert.display().to_string())
            .replace("@key@", &certificate.key.display().to_string());
        let file = folder.join("nginx.conf");
        std::fs::write(&file, configuration).expect("it can be written");
        let process = tokio::process::Command::new(NGINX)
            .args(["-g", "daemon off; master_process off;", "-p"])
            .arg(folder)
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("nginx runs (Debian: apt-get install nginx-light)");
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                return Self { address, _process: process };
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("nginx does not listen");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exam_is_sat_through_the_shipped_nginx_configuration() {
    let database = Database::fresh(Kind::Sqlite).await.expect("a file");
    let desk = server::desk(&database).await;
    let exam = bank::publish(&desk, bank::EXAM).await;
    let token = bank::candidates(&desk, exam.id, 1).await.remove(0);
    let person = exam_tests::person::person(&desk).await;
    desk.store.close().await;
    let certificate = Certificate::fresh(database.folder.path());
    let settings = Settings {
        trusted_proxies: vec!["127.0.0.1".to_owned()],
        public_origins: vec!["https://exam.example.cn".to_owned()],
        ..server::settings(&database)
    };
    let running = start(&settings, || panic!("a sync failed")).await.expect("the server starts");
    let nginx = Nginx::start(running.address, &certificate, database.folder.path()).await;
    let api = format!("https://localhost:{}/api/v1", nginx.address.port());
    let client = certificate.client();

    let sign_in = json!({ "id_number": person.id_number, "password": person.password });
    let post = |origin: &'static str| {
        client.post(format!("{api}/sign-in")).header("origin", origin).json(&sign_in).send()
    };
    let foreign = post("https://evil.example").await.expect("a reply");
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let reply = post("https://exam.example.cn").await.expect("a reply");
    assert_eq!(reply.status(), StatusCode::OK);
    let cookie = reply.headers()["set-cookie"].to_str().expect("text").to_owned();
    for part in ["__Host-exam=", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let start = client
        .post(format!("{api}/exams/{}/attempts", exam.id))
        .bearer_auth(&token)
        .json(&json!({ "notice_version": "1", "accepted": true }));
    let reply = start.send().await.expect("a reply");
    assert_eq!(reply.status(), StatusCode::CREATED);
    let started: Value = reply.json().await.expect("JSON");
    let attempt = started["attempt_id"].as_str().expect("an id");

    let mut request = format!("wss://localhost/api/v1/attempts/{attempt}/connection")
        .into_client_request()
        .expect("an address");
    let headers = request.headers_mut();
    headers.insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    headers.insert("sec-websocket-protocol", "exam.v1".parse().expect("a header"));
    headers.insert("origin", "https://exam.example.cn".parse().expect("a header"));
    let stream = certificate.connect(nginx.address).await;
    let (mut socket, _) =
        tokio_tungstenite::client_async(request, stream).await.expect("the upgrade completes");
    let device = "018bcfe5-6800-7000-8000-000000000001";
    for message in [
        json!({ "t": "open", "device": device, "take_over": false }),
        json!({ "t": "save", "n": 1, "slot": 1, "response": ["a"] }),
    ] {
        socket.send(Message::text(message.to_string())).await.expect("it can be sent");
    }
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "ack") {
        let frame = tokio::time::timeout(Duration::from_secs(5), socket.next()).await;
        let frame = frame.expect("in time").expect("the connection stays").expect("a frame");
        if let Message::Text(text) = frame {
            let message: Value = serde_json::from_str(&text).expect("JSON");
            kinds.push(message["t"].as_str().expect("a type").to_owned());
        }
    }
    assert_eq!(kinds, ["state", "ack"]);
    let figures = format!("https://localhost:{}/metrics", nginx.address.port());
    let figures = client.get(figures).send().await.expect("a reply");
    assert_eq!(figures.status(), StatusCode::NOT_FOUND, "figures are for operators");
    running.stop().await;
}
