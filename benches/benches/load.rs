//! `cargo bench --bench load`: 100 and 1,000 candidates against a server process on SQLite.

use std::time::Duration;

use exam_benches::load::{Arrival, Habits, Identity, Limits, Plan, run};
use exam_benches::server::Loaded;
use exam_tests::Kind;

const SERVER: &str = env!("CARGO_BIN_EXE_exam-server-under-load");
const ECHO: &str = env!("CARGO_BIN_EXE_echo");

/// The slowest acknowledgement in a hundred may take this long, reconnects included.
const ACK_P99_MAX_MS: f64 = 1_000.0;

#[tokio::main]
async fn main() {
    // A benchmark runner asks for a list first; there is nothing to list.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    for candidates in [100, 1_000] {
        let loaded = Loaded::start(SERVER, Kind::Sqlite, candidates).await.expect("a file");
        let plan = Plan {
            address: loaded.address(),
            exam: loaded.exam,
            identities: loaded.tokens.iter().cloned().map(Identity::Token).collect(),
            arrive_within: Duration::from_secs(5),
            arrival: Arrival::Spike,
            start_at: None,
            habits: Habits::usual(Duration::from_secs(2), Duration::from_secs(20)),
            seed: 1,
            echo: Some(vec![ECHO.to_owned()]),
        };
        let report = run(plan).await.expect("the server is on this machine");
        print!("{}", report.to_table());
        let limits = Limits { ack_p99_ms: Some(ACK_P99_MAX_MS), ..Limits::default() };
        let failures = report.failures(&limits);
        assert!(failures.is_empty(), "the load of {candidates} candidates fails: {failures:?}");
    }
}
