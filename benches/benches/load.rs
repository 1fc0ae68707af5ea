//! `cargo bench`: 100 and 1,000 candidates against a server process on SQLite, each saving every
//! two seconds.

use std::time::Duration;

use exam_benches::load::{Plan, run};
use exam_benches::phone::Habits;
use exam_tests::process::Process;
use exam_tests::{Database, Kind, bank, server};

const SERVER: &str = env!("CARGO_BIN_EXE_exam-server-under-load");

/// The slowest acknowledgement in a hundred may take this long.
const ACK_P99_MAX_MS: f64 = 100.0;

#[tokio::main]
async fn main() {
    // A benchmark runner asks for a list first; there is nothing to list.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    for candidates in [100, 1_000] {
        let database = Database::fresh(Kind::Sqlite).await.expect("a file");
        let desk = server::desk(&database).await;
        let exam = bank::publish(&desk, bank::EXAM).await;
        let tokens = bank::candidates(&desk, exam.id, candidates).await;
        desk.store.close().await;
        let mut process = Process::start(SERVER, &database).await;
        let plan = Plan {
            address: process.address,
            exam: exam.id,
            tokens,
            arrive_within: Duration::from_secs(5),
            habits: Habits {
                save_every: Duration::from_secs(2),
                sits_for: Duration::from_secs(20),
                drops_per_mille: 10,
            },
        };
        let report = run(plan).await.expect("the server is on this machine");
        print!("{}", report.to_table());
        assert!(report.passes(ACK_P99_MAX_MS), "the load of {candidates} candidates fails");
        process.stop().await;
    }
}
