//! The units of systemd.
//!
//! No service manager runs in a test: systemd's own program reads the units, and their commands
//! are run by hand as they stand.

use std::collections::HashMap;

use exam_tests::Kind;
use exam_tests::process::command;
use tokio::process::Command;

use super::{SERVER, document, served, shell};

const UNITS: [&str; 5] = [
    "exam-server.service",
    "exam-server-backup.service",
    "exam-server-backup.timer",
    "exam-server-purge.service",
    "exam-server-purge.timer",
];

/// The settings of a unit; of those that stand twice, the last.
fn unit(name: &str) -> HashMap<String, String> {
    let text = document::read(&format!("deploy/{name}"));
    let settings = text.lines().filter(|line| !line.starts_with('#'));
    let settings = settings.filter_map(|line| line.split_once('='));
    settings.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn systemd_takes_the_units_and_finds_the_service_confined() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in UNITS {
        // Only where the program lies differs here.
        let text = document::read(&format!("deploy/{name}"));
        let text = text.replace("/usr/local/bin/exam-server", SERVER);
        std::fs::write(folder.path().join(name), text).expect("it can be written");
    }
    let analyze = |arguments: &[&str]| {
        let mut analyze = Command::new("systemd-analyze");
        analyze
            .args(arguments)
            .args(UNITS.map(|name| format!("./{name}")))
            .env("SYSTEMD_COLORS", "0");
        analyze.current_dir(folder.path()).output()
    };
    let checked = analyze(&["verify", "--man=no"]).await;
    let checked = checked.expect("systemd-analyze runs (Debian: apt-get install systemd)");
    let said = String::from_utf8_lossy(&checked.stderr);
    let ours = said.lines().filter(|line| line.contains("exam-server")).collect::<Vec<_>>();
    assert!(checked.status.success() && ours.is_empty(), "{said}");
    // Exposure 0 to 10 in tenths; above 20 a service may do what ours need not.
    let exposure = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=20", "./exam-server.service"])
        .current_dir(folder.path())
        .output();
    let exposure = exposure.await.expect("systemd-analyze runs");
    assert!(exposure.status.success(), "{}", String::from_utf8_lossy(&exposure.stdout));
}

#[test]
fn the_service_is_stopped_gently_and_started_again_after_a_failed_sync() {
    let service = unit("exam-server.service");
    assert_eq!(service["KillSignal"], "SIGTERM");
    assert_eq!(service["Restart"], "on-failure", "exit code 70 is a failure, 0 is not");
    assert_eq!(service["StartLimitIntervalSec"], "0", "it is never given up");
    let stop: u32 = service["TimeoutStopSec"].trim_end_matches('s').parse().expect("seconds");
    assert!(stop >= 30, "longer than connections and tasks may take together");
    let files: u32 = service["LimitNOFILE"].parse().expect("a number");
    assert!(files >= 2 * 19_500, "connections, and what the database needs");
    let words: Vec<_> = service["ExecStart"].split(' ').map(str::to_owned).collect();
    exam_server::cli::check_usage(&words).expect("its command line is one");
    let nginx = document::read("deploy/nginx.conf");
    assert!(nginx.contains("worker_rlimit_nofile"), "two descriptors a candidate");
}

/// A command line of a unit, as `/bin/sh` gets it.
fn script(line: &str) -> String {
    let script = line.strip_prefix("/bin/sh -c '").and_then(|rest| rest.strip_suffix('\''));
    script.expect("it is a shell's").replace("%%", "%")
}

async fn the_backup_unit_runs_as_it_is_written(kind: Kind) {
    let Some((database, mut process)) = served(kind).await else { return };
    let folder = database.folder.path().join("backups");
    std::fs::create_dir(&folder).expect("a folder");
    let old = folder.join("exam-20200101T000000Z.backup");
    let other = folder.join("by-hand.backup");
    let checksum_of_old = folder.join("exam-20200101T000000Z.backup.sha256");
    for file in [&old, &checksum_of_old, &other] {
        std::fs::write(file, "old").expect("it can be written");
        let in_2020 = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_577_836_800);
        let opened = std::fs::File::options().write(true).open(file).expect("it opens");
        opened.set_modified(in_2020).expect("it can be aged");
    }
    let unit = unit("exam-server-backup.service");
    for key in ["ExecStart", "ExecStartPost"] {
        let ran = shell(&script(&unit[key]), &database, &[("STATE_DIRECTORY", &folder)]).await;
        assert!(ran.status.success(), "{key}: {}", String::from_utf8_lossy(&ran.stderr));
    }
    assert!(!old.exists() && other.exists(), "old ones of the timer go, nothing else");
    let files: Vec<_> = std::fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|file| *file != other)
        .collect();
    let (checksums, made): (Vec<_>, Vec<_>) =
        files.iter().partition(|file| file.extension().is_some_and(|end| end == "sha256"));
    let [made] = made.as_slice() else { panic!("one backup and nothing beside it: {files:?}") };
    assert_eq!(checksums.len(), 1, "its checksum stands beside it, and no other: {files:?}");
    let name = made.file_name().and_then(|name| name.to_str()).expect("a name");
    assert!(name.starts_with("exam-20") && name.ends_with("Z.backup"), "{name}");
    assert_eq!(process.stop().await, Some(0));
    let target = match kind {
        Kind::Sqlite => format!("sqlite:{}", folder.join("restored.db").display()),
        Kind::Postgres => exam_tests::Database::fresh(kind).await.expect("a cluster").url.clone(),
    };
    let restore = ["restore", made.to_str().expect("a path")];
    let (code, said) = command(SERVER, &target, &restore).await;
    assert_eq!((code, said.contains("\"attempts_verified\":1")), (Some(0), true), "{said}");
}

mod the_backup_unit_runs_as_it_is_written {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        super::the_backup_unit_runs_as_it_is_written(exam_tests::Kind::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        super::the_backup_unit_runs_as_it_is_written(exam_tests::Kind::Postgres).await;
    }
}
