//! What operators are told and given: the document, the configuration, the units. Each is run, or
//! compared with the code, so that it cannot go stale.

mod document;
mod units;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use exam_server::config::Settings;
use exam_tests::process::{Process, command, free_address};
use exam_tests::server::KEY;
use exam_tests::{Candidate, Database, Kind, bank, client, server};
use tokio::process::Command;

use crate::moving;

const SERVER: &str = env!("CARGO_BIN_EXE_exam-server-under-test");

fn operations() -> String {
    document::read("docs/operations.md")
}

/// The names of all settings, as the type itself tells them.
fn setting_names() -> BTreeSet<String> {
    let refused = serde_json::from_str::<Settings>(r#"{ "nonsense": 1 }"#).expect_err("unknown");
    let refused = refused.to_string();
    let names: BTreeSet<_> = refused.split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert!(names.contains("database") && names.contains("maintenance"), "{refused}");
    names
}

#[tokio::test]
async fn every_setting_stands_in_the_table_and_in_the_sample_and_is_known_in_the_environment() {
    let names = setting_names();
    let help = Command::new(SERVER).arg("--help").output().await.expect("it runs");
    let help = String::from_utf8(help.stdout).expect("text");
    let flags: BTreeSet<_> = help
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("--"))
        .map(|flag| flag.replace('-', "_"))
        .collect();
    let mut rows = BTreeSet::new();
    for row in document::table(&operations(), "| setting |") {
        let [name, environment, flag, _] = row.as_slice() else { panic!("four cells: {row:?}") };
        assert_eq!(*environment, format!("EXAM_{}", name.to_ascii_uppercase()));
        let expected = format!("--{}", name.replace('_', "-"));
        let has_flag = flags.contains(name);
        assert_eq!(*flag, if has_flag { expected } else { "none".to_owned() }, "{name}");
        assert!(rows.insert(name.clone()), "{name} stands twice");
    }
    assert_eq!(rows, names);
    let sample = document::read("deploy/exam-server.toml");
    for name in &names {
        let mut lines = sample.lines().zip(sample.lines().skip(1));
        let explained = lines.any(|(before, line)| {
            let line = line.trim_start_matches("# ");
            line.starts_with(&format!("{name} = ")) && before.starts_with('#')
        });
        assert!(explained || name == "tls_key", "{name} is explained in the sample");
    }
    let mut listing = Command::new(SERVER);
    listing.args(["bank", "check", "/nowhere"]).env("EXAM_LOG", "warn").env("EXAM_CONFIG", "");
    listing.env_remove("EXAM_CONFIG").env("EXAM_NONSENSE", "1");
    for name in &names {
        listing.env(format!("EXAM_{}", name.to_ascii_uppercase()), "x");
    }
    let said = listing.output().await.expect("it runs");
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert_eq!(said.matches("is not known").count(), 1, "only nonsense is not known: {said}");
    assert!(said.contains("EXAM_NONSENSE"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_starts_with_the_sample_configuration_as_it_is() {
    let database = Database::fresh(Kind::Sqlite).await.expect("a file");
    let key_file = database.folder.path().join("exam.key");
    std::fs::write(&key_file, KEY).expect("it can be written");
    let address = free_address();
    let mut process = Command::new(SERVER)
        .args(["serve", "--database", &database.url, "--listen", &address.to_string()])
        .arg("--key-file")
        .arg(&key_file)
        .env("EXAM_CONFIG", document::root().join("deploy/exam-server.toml"))
        .env("EXAM_PHOTOS", database.folder.path().join("photos"))
        .env("EXAM_LOG", "warn")
        .env("EXAM_VERIFICATION_FILES", "MP_verify_a1B2.txt=a1B2")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let http = client::http();
    let url = format!("http://{address}");
    for tried in 0.. {
        if let Ok(reply) = http.get(format!("{url}/readyz")).send().await
            && reply.status().is_success()
        {
            break;
        }
        assert!(tried < 400 && process.try_wait().expect("a process").is_none(), "not ready");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let body = serde_json::json!({ "id_number": "x", "password": "Quiet7river" });
    for (origin, status) in [("https://evil.example", 403), ("https://exam.example.cn", 401)] {
        let tried = http.post(format!("{url}/api/v1/sign-in")).header("origin", origin).json(&body);
        let tried = tried.header("x-forwarded-for", "10.1.1.1").send().await.expect("a reply");
        assert_eq!(tried.status(), status, "the public origin of the file counts: {origin}");
    }
    let ask = async |path: &str| {
        let reply = http.get(format!("{url}{path}")).send().await.expect("a reply");
        reply.text().await.expect("a body")
    };
    assert_eq!(ask("/MP_verify_a1B2.txt").await, "a1B2");
    let about: serde_json::Value = serde_json::from_str(&ask("/api/v1/about").await).expect("JSON");
    assert_eq!(about["authority"], "示例省卫生健康委员会");
    assert_eq!(about["support_lines"][0], "技术支持：000-00000000");
    let id = process.id().expect("it runs").to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.expect("kill").success());
    let ended = tokio::time::timeout(Duration::from_secs(10), process.wait_with_output()).await;
    let ended = ended.expect("it ends in time").expect("it ends");
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).trim()), (Some(0), ""));
}

#[test]
fn the_table_of_figures_is_what_the_code_counts() {
    let described: BTreeSet<_> = document::table(&operations(), "| figure |")
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    assert_eq!(described, document::figures_in_source());
}

#[test]
fn every_command_that_is_shown_is_one_that_the_program_takes() {
    let mut checked = 0;
    for document in ["docs/operations.md", "README.md"] {
        for block in document::shell_blocks(&document::read(document)) {
            for words in document::commands(&block.text) {
                if words[0] == "exam-server" {
                    exam_server::cli::check_usage(&words)
                        .unwrap_or_else(|wrong| panic!("{document}: {words:?}: {wrong}"));
                    checked += 1;
                }
            }
        }
    }
    assert!(checked >= 25, "only {checked} commands are shown");
    let wrong = ["exam-server", "exam", "dance"].map(str::to_owned);
    assert!(exam_server::cli::check_usage(&wrong).is_err());
}

#[test]
fn every_file_that_is_named_is_there() {
    let text = operations();
    let named = text.split(['`', ' ', '\n', ';', ',']).filter(|word| {
        (word.starts_with("deploy/") || word.starts_with("docs/")) && word.contains('.')
    });
    let named: BTreeSet<_> = named.map(|word| word.trim_end_matches('.')).collect();
    assert!(named.len() >= 6, "{named:?}");
    for path in named {
        // Written by the measuring command.
        let there = document::root().join(path).exists() || path == "docs/performance.md";
        assert!(there, "{path} is not there");
    }
}

/// A folder in which `exam-server` is found by its name.
fn beside_the_program(folder: &Path) -> String {
    let link = folder.join("exam-server");
    if !link.exists() {
        std::os::unix::fs::symlink(SERVER, link).expect("a link");
    }
    format!("{}:{}", folder.display(), std::env::var("PATH").expect("a path"))
}

/// Runs a script of the documents as its readers do.
async fn shell(script: &str, database: &Database, variables: &[(&str, &Path)]) -> Output {
    let folder = database.folder.path();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-euc", script]).current_dir(folder).env("PATH", beside_the_program(folder));
    shell.env("EXAM_KEY", KEY).env("EXAM_DATABASE", &database.url).env("EXAM_LOG", "warn");
    shell.envs(variables.iter().copied()).stdin(Stdio::null());
    shell.output().await.expect("a shell")
}

/// A server process with one candidate who has answered.
async fn served(kind: Kind) -> Option<(Database, Process)> {
    let database = Database::fresh(kind).await?;
    let desk = server::desk(&database).await;
    let exam = bank::publish(&desk, bank::EXAM).await;
    let token = bank::candidates(&desk, exam.id, 1).await.remove(0);
    desk.store.close().await;
    let process = Process::start(SERVER, &database).await;
    let candidate = Candidate::new(process.address, token);
    let attempt = candidate.start(exam.id).await;
    candidate.connect(&attempt).await.save(1, 1, &["a"]).await;
    Some((database, process))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_blocks_that_say_so_run_as_they_stand_beside_a_server() {
    let (database, mut process) = served(Kind::Sqlite).await.expect("a file");
    let blocks = document::shell_blocks(&operations());
    let tested: Vec<_> = blocks.iter().filter(|block| block.tested).collect();
    assert!(tested.len() >= 3, "some blocks are run");
    for block in tested {
        let ran = shell(&block.text, &database, &[]).await;
        assert!(ran.status.success(), "{}{}", block.text, String::from_utf8_lossy(&ran.stderr));
    }
    let key = std::fs::read_to_string(database.folder.path().join("exam.key")).expect("a key");
    assert!(exam_server::keys::Keys::parse(&key).is_ok(), "the key that is made is one");
    assert!(database.folder.path().join("after-exam.backup").exists());
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_dump_is_refused_before_anything_is_restored() {
    let Some((database, mut process)) = served(Kind::Postgres).await else { return };
    let file = database.folder.path().join("good.backup");
    let name = file.to_str().expect("a path");
    let (code, said) = command(SERVER, &database.url, &["backup", name]).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(process.stop().await, Some(0));
    let good = std::fs::read(&file).expect("it is there");
    let target = Database::fresh(Kind::Postgres).await.expect("a cluster");
    let damaged = database.folder.path().join("damaged.backup");
    let damaged = damaged.to_str().expect("a path");
    for tenth in [5, 7, 9] {
        let mut bytes = good.clone();
        let at = bytes.len() * tenth / 10;
        let end = bytes.len().min(at + 1_024); // More than what lies between two tables' rows.
        bytes[at..end].fill(0x5a);
        std::fs::write(damaged, bytes).expect("it can be written");
        let (code, said) = command(SERVER, &target.url, &["restore", damaged]).await;
        assert_eq!((code, said.contains("pg_restore failed")), (Some(1), true), "{tenth}: {said}");
        std::fs::write(damaged, &good[..at]).expect("it can be written");
        let (code, said) = command(SERVER, &target.url, &["restore", damaged]).await;
        assert_eq!(code, Some(1), "one that was cut off: {said}");
    }
    let (code, said) = command(SERVER, &target.url, &["restore", name]).await;
    assert_eq!(code, Some(0), "the target was left empty, so the good one fits: {said}");
    assert!(said.contains("\"attempts_verified\":1"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_does_not_hold_together_or_is_cut_off_never_gets_its_name() {
    let (database, mut process) = served(Kind::Sqlite).await.expect("a file");
    let file = database.folder.path().join("broken.backup");
    let (name, part) = (file.to_str().expect("a path"), file.with_extension("backup.part"));
    let desk = server::desk(&database).await;
    bank::execute(&desk.store, "UPDATE journal_frame SET body = 'no frame' WHERE seq = 3").await;
    desk.store.close().await;
    let (code, said) = command(SERVER, &database.url, &["backup", name]).await;
    assert_eq!((code, said.contains("does not fold")), (Some(1), true), "{said}");
    assert!(!file.exists() && !part.exists(), "nothing is left of it");
    assert_eq!(process.stop().await, Some(0));

    let Some(database) = Database::fresh(Kind::Postgres).await else { return };
    server::desk(&database).await.store.close().await;
    let mut lock = moving::content::postgres(&database).await;
    for sql in ["BEGIN", "LOCK TABLE journal_frame IN ACCESS EXCLUSIVE MODE"] {
        sqlx::query(sql).execute(&mut lock).await.expect("the lock is free");
    }
    let mut backup = Command::new(SERVER)
        .args(["backup", name, "--database", &database.url])
        .env("EXAM_KEY", KEY)
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    for tried in 0.. {
        if part.exists() {
            break;
        }
        assert!(tried < 400, "the dump does not begin");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    backup.kill().await.expect("it can be killed");
    assert!(!file.exists() && part.exists(), "what was cut off is called so");
    let (code, said) = command(SERVER, &database.url, &["backup", name]).await;
    assert_eq!((code, said.contains(".part is there already")), (Some(1), true), "{said}");
}
