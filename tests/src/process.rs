//! A server as a process of its own, to be killed and started again.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
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
    binary: PathBuf,
    /// What runs it: a tracer with its arguments, or nothing.
    wrapper: Vec<String>,
    database: String,
    photos: PathBuf,
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
    pub async fn start(binary: impl AsRef<Path>, database: &Database) -> Self {
        Self::start_under(Vec::new(), binary, &database.url, database.folder.path()).await
    }

    /// Starts `binary` as an argument of `wrapper` on the database at `url`, with its photographs in
    /// `folder`, and waits until it is ready. The wrapper must leave the server the process that was
    /// started.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start_under(
        wrapper: Vec<String>,
        binary: impl AsRef<Path>,
        url: &str,
        folder: &Path,
    ) -> Self {
        let (binary, photos) = (binary.as_ref().to_path_buf(), folder.join("photos"));
        let address = free_address();
        let child = spawn(&wrapper, &binary, url, &photos, address);
        let database = url.to_owned();
        let mut process = Self { binary, wrapper, database, photos, address, child };
        process.wait_until_ready().await;
        process
    }

    /// Sends the process a signal by its name.
    ///
    /// # Panics
    /// When it cannot be sent.
    pub async fn signal(&self, name: &str) {
        let (name, id) = (format!("-{name}"), self.id().to_string());
        let sent = Command::new("kill").args([name, id]).status().await;
        assert!(sent.expect("kill runs").success());
    }

    /// Waits until the process ends by itself and returns its exit code.
    ///
    /// # Panics
    /// When it does not end in time.
    pub async fn ended(&mut self) -> Option<i32> {
        let ended = tokio::time::timeout(READY_WITHIN, self.child.wait()).await;
        ended.expect("it ends in time").expect("it can be waited for").code()
    }

    /// The exit code, if the process has ended.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn has_ended(&mut self) -> Option<Option<i32>> {
        self.child.try_wait().expect("it can be waited for").map(|status| status.code())
    }

    /// Whether it takes requests.
    pub async fn is_ready(&self) -> bool {
        let reply = http().get(format!("http://{}/readyz", self.address)).send().await;
        reply.is_ok_and(|reply| reply.status().is_success())
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
        self.signal("TERM").await;
        self.ended().await
    }

    /// From the next start on its clock is turned forward by so many milliseconds.
    pub fn turn_at_start(&mut self, forward_ms: u128) {
        self.wrapper = vec!["env".to_owned(), format!("EXAM_TEST_CLOCK={forward_ms}")];
    }

    /// Starts it again on the same address and waits until it is ready.
    pub async fn start_again(&mut self) {
        self.child = spawn(&self.wrapper, &self.binary, &self.database, &self.photos, self.address);
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

fn spawn(
    wrapper: &[String],
    binary: &Path,
    database: &str,
    photos: &Path,
    address: SocketAddr,
) -> Child {
    let mut command = match wrapper.split_first() {
        Some((program, arguments)) => {
            let mut command = Command::new(program);
            command.args(arguments).arg(binary);
            command
        }
        None => Command::new(binary),
    };
    command
        .args(["serve", "--database", database, "--listen", &address.to_string()])
        .env("EXAM_KEY", KEY)
        .env("EXAM_PHOTOS", photos)
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
pub async fn command(
    binary: impl AsRef<Path>,
    database: &str,
    arguments: &[&str],
) -> (Option<i32>, String) {
    let output = Command::new(binary.as_ref())
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
