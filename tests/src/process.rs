//! A server as a process of its own, to be killed and started again.

use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::client::http;
use crate::database::Database;
use crate::server::KEY;

/// How long a server may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// A server process on an address of its own.
pub struct Process {
    binary: &'static str,
    database: String,
    /// Where it listens, the same after every start.
    pub address: SocketAddr,
    child: Child,
}

/// An address that nobody listens on now.
///
/// # Panics
/// When this machine has none.
#[must_use]
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it has an address")
}

impl Process {
    /// Starts `binary` on `database` and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start(binary: &'static str, database: &Database) -> Self {
        let address = free_address();
        let child = spawn(binary, &database.url, address);
        let mut process = Self { binary, database: database.url.clone(), address, child };
        process.wait_until_ready().await;
        process
    }

    /// The process's number.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Kills the process at once, as a power cut would end it.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("the process can be killed");
    }

    /// Asks the process to stop and returns its exit code.
    ///
    /// # Panics
    /// When it cannot be asked or does not end.
    pub async fn stop(&mut self) -> Option<i32> {
        let id = self.child.id().expect("it runs").to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(asked.expect("kill runs").success());
        let ended = tokio::time::timeout(READY_WITHIN, self.child.wait()).await;
        ended.expect("it ends in time").expect("it can be waited for").code()
    }

    /// Starts it again on the same address and waits until it is ready.
    pub async fn start_again(&mut self) {
        self.child = spawn(self.binary, &self.database, self.address);
        self.wait_until_ready().await;
    }

    async fn wait_until_ready(&mut self) {
        let (client, began) = (http(), Instant::now());
        let url = format!("http://{}/readyz", self.address);
        loop {
            if let Ok(reply) = client.get(&url).send().await
                && reply.status().is_success()
            {
                return;
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("the server ended with {status}");
            }
            assert!(began.elapsed() < READY_WITHIN, "the server is not ready in time");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn spawn(binary: &str, database: &str, address: SocketAddr) -> Child {
    Command::new(binary)
        .args(["serve", "--database", database, "--listen", &address.to_string()])
        .env("EXAM_KEY", KEY)
        .env("EXAM_LOG", "warn")
        .env("EXAM_TEST_CLOCK", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the server can be started")
}

/// Runs one command of `binary` on `database` and returns its exit code and output.
///
/// # Panics
/// When it cannot be run.
pub async fn command(binary: &str, database: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(binary)
        .args(arguments)
        .args(["--database", database, "--json"])
        .env("EXAM_KEY", KEY)
        .env("EXAM_LOG", "warn")
        .output()
        .await
        .expect("the command can be run");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    (output.status.code(), format!("{text}{errors}"))
}
