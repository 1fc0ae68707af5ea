//! The stories.

use std::path::PathBuf;
use std::process::Stdio;

use exam_tests::process::command;
use exam_tests::server::KEY;
use exam_tests::{Database, Kind};
use question_bank::format::{self, Reading};
use question_bank::template;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

const SERVER: &str = env!("CARGO_BIN_EXE_exam-server-under-test");

/// A database with an author and an approver, and a folder for files.
struct Bank {
    database: Database,
}

impl Bank {
    async fn new(kind: Kind) -> Option<Self> {
        let bank = Self { database: Database::fresh(kind).await? };
        for role in ["author", "approver"] {
            let staff = ["staff", "add", "--login", role, "--name", "某人", "--role", role];
            let (code, said) = command(SERVER, &bank.database.url, &staff).await;
            assert_eq!(code, Some(0), "{said}");
        }
        Some(bank)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path: PathBuf = self.database.folder.path().join(name);
        std::fs::write(&path, bytes).expect("the folder is writable");
        path.to_str().expect("a path").to_owned()
    }

    async fn import(&self, file: &str, more: &[&str]) -> (Option<i32>, Value) {
        let arguments = [&["bank", "import", file, "--bank", "题库"], more].concat();
        let (code, said) = command(SERVER, &self.database.url, &arguments).await;
        let first = said.lines().next().unwrap_or_default();
        (code, serde_json::from_str(first).unwrap_or_else(|_| panic!("no JSON: {said}")))
    }

    /// Approved items and drafts.
    async fn counts(&self) -> (i64, i64) {
        let (code, said) = command(SERVER, &self.database.url, &["bank", "list"]).await;
        assert_eq!(code, Some(0), "{said}");
        let list: Value = serde_json::from_str(&said).expect("JSON");
        let bank = &list["banks"][0];
        (bank["approved"].as_i64().unwrap_or(0), bank["drafts"].as_i64().unwrap_or(0))
    }
}

const HEADER: &str = "题型,题干,选项A,选项B,选项C,答案,章节\n";

/// A table of so many items, the rows from `wrong` on without an answer.
fn table(items: usize, wrong: std::ops::Range<usize>) -> String {
    let row = |number: usize| {
        let answer = if wrong.contains(&number) { "" } else { "B" };
        format!("单选题,第{number}题的题干,甲{number},乙,丙,{answer},内科\n")
    };
    HEADER.to_owned() + &(1..=items).map(row).collect::<String>()
}

/// The same as a workbook.
fn workbook(csv: &str) -> Vec<u8> {
    let units = format::read(csv.as_bytes(), "x.csv", &Reading::default()).units;
    template::write(&units).expect("every text fits a cell")
}

pub async fn x16_the_same_file_twice_changes_nothing(kind: Kind) {
    let Some(bank) = Bank::new(kind).await else { return };
    let file = bank.file("题库.xlsx", workbook(&table(300, 0..0)));
    let (code, dry) = bank.import(&file, &["--dry-run"]).await;
    assert_eq!((code, &dry["accepted"]), (Some(0), &json!(300)), "{dry}");
    assert_eq!(bank.counts().await, (0, 0), "a dry run stores nothing");
    let (code, first) = bank.import(&file, &[]).await;
    assert_eq!((code, &first["accepted"], &first["unchanged"]), (Some(0), &json!(300), &json!(0)));
    let (code, again) = bank.import(&file, &["--as", "author"]).await;
    assert_eq!((code, &again["accepted"], &again["unchanged"]), (Some(0), &json!(0), &json!(300)));
    assert_eq!(bank.counts().await, (0, 300));
    let approve = ["bank", "approve", "--bank", "题库", "--as", "approver"];
    let (code, said) = command(SERVER, &bank.database.url, &approve).await;
    assert_eq!(code, Some(0), "{said}");
    // A mended answer is a new version of one item, to be approved.
    let mended = table(300, 0..0).replacen("乙,丙,B", "乙,丙,C", 1);
    let (_, changed) = bank.import(&bank.file("新.csv", mended), &[]).await;
    assert_eq!((&changed["accepted"], &changed["unchanged"]), (&json!(1), &json!(299)));
    assert_eq!(bank.counts().await, (300, 1));
}

pub async fn x16_one_bad_row_keeps_a_whole_file_out_and_every_error_is_listed(kind: Kind) {
    let Some(bank) = Bank::new(kind).await else { return };
    let file = bank.file("题库.csv", table(10_000, 9_998..10_000));
    let (code, refused) = bank.import(&file, &[]).await;
    assert_eq!(
        (code, &refused["accepted"], &refused["rejected"]),
        (Some(1), &json!(0), &json!(10_000))
    );
    let place = |problem: &Value| (problem["row"].clone(), problem["column"].clone());
    let problems: Vec<_> =
        refused["problems"].as_array().expect("a list").iter().map(place).collect();
    assert_eq!(problems, [(json!(9_999), json!(6)), (json!(10_000), json!(6))]);
    assert_eq!(refused["problems"][0]["code"], "key_missing");
    assert_eq!(bank.counts().await, (0, 0));
    let (code, taken) = bank.import(&file, &["--skip-bad"]).await;
    assert_eq!((code, &taken["accepted"], &taken["rejected"]), (Some(0), &json!(9_998), &json!(2)));
    assert_eq!(bank.counts().await, (0, 9_998));
}

pub async fn x16_an_import_that_is_killed_leaves_nothing_behind(kind: Kind) {
    let Some(bank) = Bank::new(kind).await else { return };
    let file = bank.file("题库.csv", table(5_000, 0..0));
    let mut process = tokio::process::Command::new(SERVER)
        .args(["bank", "import", &file, "--bank", "题库", "--database", &bank.database.url])
        .env("EXAM_KEY", KEY)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(process.stderr.take().expect("it says how far it is")).lines();
    let line = lines.next_line().await.expect("a line").expect("progress");
    assert!(line.starts_with("units:"), "{line}");
    process.kill().await.expect("it is killed");
    assert_eq!(bank.counts().await, (0, 0), "killed after {line:?}");
    let (code, imported) = bank.import(&file, &[]).await;
    assert_eq!((code, &imported["accepted"]), (Some(0), &json!(5_000)), "{imported}");
    assert_eq!(bank.counts().await, (0, 5_000));
}

pub async fn x11_tables_are_known_by_what_they_hold(kind: Kind) {
    let Some(bank) = Bank::new(kind).await else { return };
    let text = table(3, 0..0);
    let gbk = encoding_rs::GB18030.encode(&text).0.into_owned();
    let (code, imported) = bank.import(&bank.file("题库.xlsx", gbk), &[]).await;
    assert_eq!((code, &imported["accepted"]), (Some(0), &json!(3)), "{imported}");
    let (code, refused) = bank.import(&bank.file("表.xlsx", &text), &["--format", "xlsx"]).await;
    assert_eq!((code, &refused["problems"][0]["code"]), (Some(1), &json!("workbook_kind")));
    let (code, said) = command(
        SERVER,
        &bank.database.url,
        &["bank", "import", "x", "--bank", "题库", "--format", "docx"],
    )
    .await;
    assert_eq!(code, Some(2), "{said}");
    let practice = bank.file("练习.csv", text.replace("第1题", "练习题"));
    let (_, imported) = bank.import(&practice, &["--pool", "practice"]).await;
    assert_eq!(imported["accepted"], 3, "the pool is part of a version: {imported}");
}
