//! A PostgreSQL cluster of a scenario's own, which it may crash without hurting other tests.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

/// A cluster that goes away when its keeper's input ends.
pub struct Cluster {
    /// Its address, with the database that is always there.
    pub url: String,
    control: String,
    keeper: Child,
    input: Option<ChildStdin>,
}

impl Cluster {
    /// Starts one; `None` where the tests are run without PostgreSQL.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start() -> Option<Self> {
        crate::database::postgres_cluster()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/postgres");
        const KEEP: &str =
            r#"echo "$EXAM_TEST_POSTGRES"; echo "$TEST_POSTGRES_CTL"; read -r _ || true"#;
        let mut keeper = Command::new(script)
            .args(["bash", "-c", KEEP])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a cluster can be started");
        let output = keeper.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines();
        let mut line = async || lines.next_line().await.ok().flatten().expect("it starts");
        let (url, control) = (line().await, line().await);
        let input = keeper.stdin.take();
        Some(Self { url, control, keeper, input })
    }

    /// Stops the database server at once, as a crash of it would.
    pub async fn crash(&self) {
        self.control("crash").await;
    }

    /// Starts it again.
    pub async fn start_again(&self) {
        self.control("start").await;
    }

    async fn control(&self, what: &str) {
        let mut command = Command::new(&self.control);
        command.arg(what).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = command.status().await.expect("the control runs");
        assert!(status.success(), "the cluster does not {what}");
    }

    /// Ends it and removes its files.
    ///
    /// # Panics
    /// When its keeper cannot be waited for.
    pub async fn end(mut self) {
        drop(self.input.take());
        self.keeper.wait().await.expect("it ends");
    }
}
