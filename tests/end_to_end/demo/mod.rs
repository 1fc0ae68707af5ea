//! The demo: its bank holds what it should, and a stranger can try it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use exam_server::demo::Accounts;
use exam_tests::process::free_address;
use exam_tests::{Candidate, client};
use question_bank::item::{Defaults, Unit};
use question_bank::{json, similar};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};

const SERVER: &str = env!("CARGO_BIN_EXE_exam-server-under-test");

/// All units of the demo's files.
fn units() -> Vec<Unit> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/items");
    let mut units = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the demo has items") {
        let path = entry.expect("a file").path();
        let name = path.display().to_string();
        let read =
            json::read(&std::fs::read(&path).expect("it can be read"), &name, &Defaults::default());
        let errors: Vec<_> = read.problems.iter().filter(|problem| problem.is_error()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(read.items, read.accepted, "{name}");
        units.extend(read.units);
    }
    units
}

#[test]
fn the_demo_bank_has_no_two_items_that_say_nearly_the_same() {
    let pairs = similar::pairs(&units());
    assert!(pairs.is_empty(), "{pairs:?}");
}

#[test]
fn the_keys_of_the_demo_bank_fall_evenly_on_positions() {
    let units = units();
    for options in [4, 5] {
        let spread = similar::key_spread(&units, options);
        let total: usize = spread.iter().sum();
        for (position, count) in spread.iter().enumerate() {
            let share = *count as f64 / total.max(1) as f64;
            let even = 1.0 / options as f64;
            assert!(total < 50 || (share - even).abs() < 0.06, "{options} {position}: {spread:?}");
        }
    }
}

#[test]
fn every_item_of_the_demo_bank_says_why_and_by_what() {
    for unit in units() {
        for item in &unit.items {
            assert!(item.explanation.contains('《'), "{} names no basis", item.code);
            let clinical = unit.topic.starts_with("临床");
            let marked = item.explanation.contains("演示，未经审定");
            assert!(!clinical || marked, "{} is not marked as a demo", item.code);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_starts_the_demo_signs_in_and_sits_an_exam() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = free_address();
    let mut process = tokio::process::Command::new(SERVER)
        .args(["demo", "--listen", &address.to_string()])
        .current_dir(folder.path())
        .env("EXAM_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the demo starts");
    let mut lines = BufReader::new(process.stdout.take().expect("it prints")).lines();
    let mut greeting = String::new();
    while !greeting.contains("demo-operator") {
        let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line()).await;
        let line = line.expect("it greets in time").expect("it prints").expect("a line");
        greeting += &(line + "\n");
    }
    assert!(greeting.contains(&format!("http://127.0.0.1:{}/", address.port())), "{greeting}");

    let page = client::http().get(format!("http://{address}/")).send().await.expect("a page");
    let page = page.text().await.expect("text");
    let url = format!("sqlite:{}", folder.path().join("data/exam.db").display());
    let settings = exam_server::config::Settings {
        database: Some(url),
        key_file: Some(folder.path().join("data/exam.key")),
        ..Default::default()
    };
    let desk = exam_server::commands::Desk::open(&settings).await.expect("the database opens");
    let kept = desk.store.setting_find(exam_server::demo::ACCOUNTS).await.expect("it answers");
    let accounts: Accounts = serde_json::from_str(&kept.expect("accounts")).expect("JSON");
    let physician = &accounts.physicians[0];
    assert!(greeting.contains(&physician.id_number) && page.contains(&physician.id_number));

    let stranger = Candidate::new(address, String::new());
    let body = json!({ "id_number": physician.id_number, "password": physician.password });
    let (status, reply) = stranger.post("/sign-in", body).await;
    assert!(status.is_success(), "{reply}");
    let token = reply["token"].as_str().expect("a token").to_owned();
    let candidate = Candidate::new(address, token);
    let exams = candidate.get("/exams").await;
    for exam in exams["exams"].as_array().expect("exams") {
        assert_eq!((&exam["button"], &exam["slots"]), (&json!("enter"), &json!(50)), "{exam}");
    }
    let exam = exams["exams"][0]["exam_id"].as_str().expect("an id");
    let notice = candidate.get(&format!("/exams/{exam}/notice")).await;
    let body = json!({ "notice_version": notice["version"], "accepted": true });
    let (status, started) = candidate.post(&format!("/exams/{exam}/attempts"), body).await;
    assert!(status.is_success(), "{started}");
    let attempt = started["attempt_id"].as_str().expect("an id");
    candidate.connect(attempt).await.save(1, 1, &["a"]).await;
    let paper = candidate.get(&format!("/attempts/{attempt}/paper")).await;
    assert_eq!(paper["slots"].as_array().map(Vec::len), Some(50));
}
