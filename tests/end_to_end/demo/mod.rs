//! The demo: its bank holds what it should, and a stranger can try it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use exam_core::item::ItemType;
use exam_server::demo::accounts::Accounts;
use exam_tests::process::free_address;
use exam_tests::{Candidate, client};
use question_bank::format::Reading;
use question_bank::item::Unit;
use question_bank::{format, json, similar, template};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};

const SERVER: &str = env!("CARGO_BIN_EXE_exam-server-under-test");

/// The bank as it is shipped.
const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../demo/demo-bank.xlsx");

/// All units of a file, which must have no error.
fn units_of(path: &Path) -> Vec<Unit> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).expect("it can be read");
    let read = format::read(&bytes, &name, &Reading::default());
    let errors: Vec<_> = read.problems.iter().filter(|problem| problem.is_error()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(read.items, read.accepted, "{name}");
    read.units
}

/// All units of the demo.
fn units() -> Vec<Unit> {
    units_of(Path::new(SHIPPED))
}

/// The texts that the shipped workbook is made of can be reviewed; it must say the same.
#[test]
fn the_shipped_workbook_says_what_its_sources_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/items");
    let entries = std::fs::read_dir(folder).expect("the demo has items");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    let sources: Vec<Unit> = paths.iter().flat_map(|path| units_of(path)).collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let workbook = template::write(&sources).expect("every text fits a cell");
        std::fs::write(SHIPPED, workbook).expect("the workbook can be written");
    }
    assert_eq!(json::write(&units(), &[]), json::write(&sources, &[]));
}

#[test]
fn the_demo_bank_has_items_of_every_type() {
    let units = units();
    let items = |item_type: ItemType| {
        units.iter().filter(|unit| unit.item_type == item_type).map(|unit| unit.items.len()).sum()
    };
    let counts: Vec<usize> = ItemType::ALL.iter().map(|item_type| items(*item_type)).collect();
    assert!(counts.iter().all(|count| *count >= 20), "{counts:?}");
    assert!(counts.iter().sum::<usize>() >= 400, "{counts:?}");
    let groups = |types: &[ItemType]| units.iter().filter(|u| types.contains(&u.item_type)).count();
    assert!(groups(&[ItemType::A3, ItemType::A4]) >= 20);
    assert!(groups(&[ItemType::B1]) >= 20);
    for part in ["法律法规", "医学伦理", "医院感染控制", "急救与应急", "公共卫生"]
    {
        let topic = format!("公共知识/{part}");
        assert!(units.iter().filter(|unit| unit.topic == topic).count() >= 30, "{topic}");
    }
}

#[test]
fn the_demo_bank_has_no_two_items_that_say_nearly_the_same() {
    let pairs = similar::pairs(&units(), Vec::new()).pairs;
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

/// What an explanation cites: the law's name, the article, and its words.
fn citation(explanation: &str) -> Option<(&str, &str, &str)> {
    let (law, rest) = explanation.strip_prefix('《')?.split_once('》')?;
    let (article, rest) = rest.split_once('：')?;
    let (words, _) = rest.strip_prefix('“')?.split_once('”')?;
    (article.starts_with('第') && article.ends_with('条')).then_some((law, article, words))
}

/// The text of an article, up to the next one.
fn article_of<'a>(law: &'a str, article: &str) -> Option<&'a str> {
    let begins = |line: &str| {
        let number = line.split_whitespace().next().unwrap_or("");
        (number.starts_with('第') && number.ends_with('条')).then(|| number.to_owned())
    };
    let mut start = None;
    let mut at = 0;
    for line in law.split_inclusive('\n') {
        match (begins(line), start) {
            (Some(number), None) if number == article => start = Some(at),
            (Some(_), Some(start)) => return Some(&law[start..at]),
            _ => {}
        }
        at += line.len();
    }
    start.map(|start| &law[start..])
}

#[test]
fn every_item_about_law_quotes_the_law() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/laws");
    let mut laws = std::collections::HashMap::new();
    for entry in std::fs::read_dir(folder).expect("the demo has laws") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let name = name.split('(').next().unwrap_or_default().to_owned();
        laws.insert(name, std::fs::read_to_string(path).expect("it can be read"));
    }
    let units = units();
    let items = units.iter().filter(|unit| unit.topic == "公共知识/法律法规");
    for item in items.flat_map(|unit| &unit.items) {
        let code = &item.code;
        let cited = citation(&item.explanation);
        let (law, article, words) = cited.unwrap_or_else(|| panic!("{code} cites nothing"));
        let text = laws.get(law).unwrap_or_else(|| panic!("{code}: {law} is not here"));
        let text = article_of(text, article).unwrap_or_else(|| panic!("{code}: no {article}"));
        assert!(text.contains(words), "{code}: {law}{article} does not say “{words}”");
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

    let page = client::http().get(format!("http://{address}/demo")).send().await.expect("a page");
    let page = page.text().await.expect("text");
    let url = format!("sqlite:{}", folder.path().join("data/exam.db").display());
    let settings = exam_server::config::Settings {
        database: Some(url),
        key_file: Some(folder.path().join("data/exam.key")),
        ..Default::default()
    };
    let desk = exam_server::commands::Desk::open(&settings).await.expect("the database opens");
    let kept =
        desk.store.setting_find(exam_server::demo::accounts::ACCOUNTS).await.expect("it answers");
    let accounts: Accounts = serde_json::from_str(&kept.expect("accounts")).expect("JSON");
    let physician = &accounts.physicians[0];
    assert!(greeting.contains(&physician.id_number) && page.contains(&physician.id_number));
    let is_code = |word: &str| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit());
    let printed = greeting.split_whitespace().filter(|word| is_code(word)).count();
    assert_eq!(printed, accounts.staff.len(), "{greeting}");
    let cells = page.split("<td>").filter_map(|cell| cell.split("</td>").next());
    let code = cells.into_iter().find(|cell| is_code(cell)).expect("the code of now");
    let author = &accounts.staff[0];
    let body = json!({ "login": author.login, "password": author.password, "totp": code });
    let (status, reply) = Candidate::new(address, String::new()).post("/staff/sign-in", body).await;
    assert!(status.is_success(), "{reply} {page}");

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
