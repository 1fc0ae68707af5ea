//! What operators see: probes, figures, the description of the interface, and a clean stop.

use exam_tests::person::roster_csv;
use exam_tests::process::{Process, command};
use exam_tests::{Candidate, Database, Kind, Server, bank, client, server};
use reqwest::StatusCode;
use serde_json::{Value, json};

const SERVER: &str = env!("CARGO_BIN_EXE_exam-server-under-test");

async fn get(server: &Server, path: &str) -> (StatusCode, String) {
    let url = format!("http://{}{path}", server.address);
    let reply = client::http().get(url).send().await.expect("a reply");
    (reply.status(), reply.text().await.expect("a body"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_figures_and_pages_answer() {
    let server = Server::start(Kind::Sqlite).await.expect("a file");
    assert_eq!(get(&server, "/healthz").await, (StatusCode::OK, "ok\n".to_owned()));
    let (status, ready) = get(&server, "/readyz").await;
    assert_eq!(status, StatusCode::OK, "{ready}");
    let candidate = server.candidate();
    let attempt = candidate.start(server.exam.id).await;
    candidate.connect(&attempt).await.save(1, 1, &["a"]).await;
    let paper = format!("http://{}/api/v1/attempts/{attempt}/paper", server.address);
    let paper = exam_tests::client::http().get(paper).bearer_auth(&candidate.token);
    let plain = paper.try_clone().expect("no body").send().await.expect("a reply");
    let plain = plain.bytes().await.expect("a paper");
    let small = paper.header("accept-encoding", "gzip").send().await.expect("a reply");
    assert_eq!(small.headers()["content-encoding"], "gzip", "a weak network is served");
    let small = small.bytes().await.expect("a paper");
    assert!(small.starts_with(&[0x1f, 0x8b]) && small.len() * 2 < plain.len());
    let (_, figures) = get(&server, "/metrics").await;
    for name in ["exam_requests_total", "exam_attempts_started_total", "exam_journal_batch_writes"]
    {
        assert!(figures.contains(name), "{name} is missing");
    }
    assert!(!figures.contains(&attempt), "figures name nobody");
    let (status, page) = get(&server, "/demo").await;
    assert!(status == StatusCode::OK && page.contains("/docs"), "{page}");
    let (status, docs) = get(&server, "/docs/").await;
    assert_eq!(status, StatusCode::OK);
    assert!(!docs.contains("https://"), "the page works without the internet: {docs}");
    let (status, problem) = get(&server, "/.git/config").await;
    let problem: Value = serde_json::from_str(&problem).expect("problem details");
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
    server.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_web_app_is_served_small_and_by_a_policy() {
    let server = Server::start(Kind::Sqlite).await.expect("a file");
    let url = format!("http://{}", server.address);
    let http = exam_tests::client::http();
    let ask = async |path: &str, coding: &str| {
        let request = http.get(format!("{url}{path}")).header("accept-encoding", coding);
        let reply = request.send().await.expect("a reply");
        let (status, headers) = (reply.status(), reply.headers().clone());
        let header = move |name: &str| {
            headers.get(name).map_or("", |value| value.to_str().expect("plain")).to_owned()
        };
        (status, header, reply.bytes().await.expect("a body"))
    };
    let (status, header, page) = ask("/", "identity").await;
    assert_eq!((status, header("cache-control").as_str()), (StatusCode::OK, "no-store"));
    let socket = format!("connect-src 'self' wss://{}", server.address);
    let policy = header("content-security-policy");
    assert!(policy.contains(&socket), "old Safari takes 'self' for no WebSocket: {policy}");
    for path in ["/assets/..%2f..%2fpackage.json", "/..%2fpackage.json", "/.env", "/none"] {
        assert_eq!(ask(path, "").await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let text = String::from_utf8(page.to_vec()).expect("text");
    let Some((_, rest)) = text.split_once("src=\"/assets/") else {
        assert!(text.contains("./run"), "without the app it says how to build it: {text}");
        println!("the web app is not built: its files are not asked for");
        return;
    };
    let (name, _) = rest.split_once('"').expect("an address");
    let (status, header, _) = ask(&format!("/assets/{name}"), "identity").await;
    assert_eq!(status, StatusCode::OK);
    assert!(header("cache-control").contains("immutable"));
    assert!(header("content-type").starts_with("text/javascript"));
    for (accepted, coding) in [("gzip, br", "br"), ("gzip;q=1.0, br;q=0", "gzip")] {
        let (_, header, small) = ask("/", accepted).await;
        let said = (header("content-encoding"), header("vary"));
        assert_eq!((said.0.as_str(), said.1.as_str()), (coding, "accept-encoding"));
        assert!(small.len() < page.len());
    }
    server.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_description_names_every_route_of_the_protocol() {
    let server = Server::start(Kind::Sqlite).await.expect("a file");
    let (_, text) = get(&server, "/openapi.json").await;
    let description: Value = serde_json::from_str(&text).expect("JSON");
    let paths = description["paths"].as_object().expect("paths");
    for (method, path) in [
        ("get", "/about"),
        ("post", "/sign-in"),
        ("post", "/sign-in/ticket"),
        ("post", "/password"),
        ("post", "/sign-out"),
        ("get", "/me"),
        ("get", "/exams"),
        ("get", "/exams/{exam_id}/notice"),
        ("post", "/exams/{exam_id}/attempts"),
        ("get", "/attempts"),
        ("get", "/attempts/{attempt_id}"),
        ("get", "/attempts/{attempt_id}/paper"),
        ("post", "/attempts/{attempt_id}/events"),
        ("post", "/attempts/{attempt_id}/submit"),
        ("get", "/attempts/{attempt_id}/result"),
        ("get", "/attempts/{attempt_id}/record"),
        ("put", "/attempts/{attempt_id}/snapshots/{request_id}"),
        ("get", "/attempts/{attempt_id}/connection"),
        ("post", "/staff/sign-in"),
        ("post", "/staff/attempts/{attempt_id}/extend"),
    ] {
        let described = paths.get(&format!("/api/v1{path}")).and_then(|path| path.get(method));
        assert!(described.is_some(), "{method} {path} is not described");
    }
    // Every described route but the one for everybody is there and asks who you are, or refuses what
    // it gets.
    for (path, methods) in paths.iter().filter(|(path, _)| *path != "/api/v1/about") {
        for method in methods.as_object().expect("methods").keys() {
            let path = path.replace(['{', '}'], "");
            let url = format!("http://{}{path}", server.address);
            let method = method.to_uppercase().parse().expect("a method");
            let reply = client::http().request(method, &url).send().await.expect("a reply");
            let status = reply.status();
            assert!(status.is_client_error() && status != StatusCode::NOT_FOUND, "{url}: {status}");
            let content = reply.headers()["content-type"].to_str().expect("text").to_owned();
            assert_eq!(content, "application/problem+json", "{url}");
        }
    }
    server.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w30_a_stop_tells_every_phone_to_come_back_and_loses_nothing() {
    let database = Database::fresh(Kind::Sqlite).await.expect("a file");
    let desk = server::desk(&database).await;
    let exam = bank::publish(&desk, bank::EXAM).await;
    let tokens = bank::candidates(&desk, exam.id, 8).await;
    desk.store.close().await;
    let mut process = Process::start(SERVER, &database).await;
    let mut seated = Vec::new();
    for token in tokens {
        let candidate = Candidate::new(process.address, token);
        let attempt = candidate.start(exam.id).await;
        let mut socket = candidate.connect(&attempt).await;
        socket.save(1, 1, &["a"]).await;
        seated.push((candidate, attempt, socket));
    }
    assert_eq!(process.stop().await, Some(0));
    for (_, _, socket) in &mut seated {
        assert_eq!(socket.ended().await, Some(1012), "restarting");
    }
    process.start_again().await;
    for (candidate, attempt, _) in &seated {
        let state = candidate.get(&format!("/attempts/{attempt}")).await;
        assert_eq!(state["responses"], json!({ "1": ["a"] }));
        candidate.connect(attempt).await.save(2, 2, &["b"]).await;
    }
    let (code, said) = command(SERVER, &database.url, &["attempt", "verify"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("\"attempts\":8"), "{said}");
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_refuse_with_reasons_and_their_exit_codes() {
    let database = Database::fresh(Kind::Sqlite).await.expect("a file");
    let file = database.folder.path().join("exam.toml");
    std::fs::write(&file, bank::EXAM).expect("it can be written");
    let file = file.to_str().expect("a path");
    let (code, said) = command(SERVER, &database.url, &["exam", "publish", file]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("测试题库"), "the missing bank is named: {said}");
    let (code, _) = command(SERVER, &database.url, &["exam", "dance"]).await;
    assert_eq!(code, Some(2), "wrong usage");
    let desk = server::desk(&database).await;
    bank::publish(&desk, bank::EXAM).await;
    desk.store.close().await;
    let (code, said) = command(SERVER, &database.url, &["exam", "list"]).await;
    assert_eq!(code, Some(0), "{said}");
    let list: Value = serde_json::from_str(&said).expect("one JSON object");
    let id = list["exams"][0]["exam_id"].as_str().expect("an id").to_owned();
    let out = database.folder.path().join("candidates.csv");
    let out = out.to_str().expect("a path");
    let create = ["rehearsal", "create", "--exam", &id, "--candidates", "250", "--out", out];
    let (code, said) = command(SERVER, &database.url, &create).await;
    assert_eq!((code, said.trim()), (Some(0), r#"{"candidates":250}"#));
    let csv = std::fs::read_to_string(out).expect("the CSV is there");
    assert_eq!(csv.lines().count(), 251);
    assert!(csv.starts_with("candidate_id,token\n"));
    let (code, said) = command(SERVER, &database.url, &["rehearsal", "clear"]).await;
    assert_eq!((code, said.trim()), (Some(0), r#"{"candidates":250}"#));
    let short = bank::EXAM.replace("count = 8", "count = 80");
    let file = database.folder.path().join("short.toml");
    std::fs::write(&file, short).expect("it can be written");
    let file = file.to_str().expect("a path");
    let (code, said) = command(SERVER, &database.url, &["exam", "check", file]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("needs 80") && said.contains("the bank has 40"), "{said}");
    let staff = ["staff", "add", "--login", "author", "--name", "作者", "--role", "author"];
    let (code, said) = command(SERVER, &database.url, &staff).await;
    assert_eq!(code, Some(1), "the login is taken: {said}");
    let (code, said) = command(SERVER, &database.url, &["audit", "verify"]).await;
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_roster_becomes_people_who_sign_in_with_a_code() {
    let database = Database::fresh(Kind::Sqlite).await.expect("a file");
    let folder = database.folder.path();
    let mut rng = exam_server::chance::system_rng();
    let people: Vec<_> = (0..120).map(|_| assessment::fake::physician(&mut rng)).collect();
    let csv = roster_csv(&people);
    let file = folder.join("roster.csv");
    let codes = folder.join("codes.csv");
    let (file_name, codes_name) = (file.to_str().expect("a path"), codes.to_str().expect("a path"));
    let import = ["roster", "import", file_name, "--codes", codes_name];
    std::fs::write(&file, csv.replacen(&people[7].resident_id, "4.10102E+17", 1)).expect("written");
    let (code, said) = command(SERVER, &database.url, &import).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("id_spreadsheet_damage") && said.contains("\"row\":9"), "{said}");
    std::fs::write(&file, &csv).expect("written");
    let (code, said) = command(SERVER, &database.url, &import).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("\"people\":120,\"codes\":120"), "{said}");
    let listed = std::fs::read_to_string(&codes).expect("the codes are there");
    assert!(!listed.contains(&people[3].resident_id), "ID numbers are masked");
    let one_time = listed.lines().nth(4).and_then(|line| line.rsplit(',').next()).expect("a code");
    let workbook = folder.join("roster.xlsx");
    std::fs::write(&workbook, workbook_of(&csv)).expect("written");
    let import = ["roster", "import", workbook.to_str().expect("a path")];
    let (code, said) = command(SERVER, &database.url, &import).await;
    assert_eq!((code, said.contains("\"people\":120")), (Some(0), true), "{said}");
    let mut process = Process::start(SERVER, &database).await;
    let stranger = Candidate::new(process.address, String::new());
    let body = json!({ "id_number": people[3].resident_id, "password": one_time });
    let (status, reply) = stranger.post("/sign-in", body).await;
    assert_eq!((status, &reply["must_change_password"]), (StatusCode::OK, &json!(true)), "{reply}");
    assert_eq!(process.stop().await, Some(0));
}

/// The same table as a workbook.
fn workbook_of(csv: &str) -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in (0..).zip(csv.lines()) {
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim_matches('"')).collect();
        sheet.write_row(row, 0, cells).expect("a row");
    }
    workbook.save_to_buffer().expect("a workbook")
}
