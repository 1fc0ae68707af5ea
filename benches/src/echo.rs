//! The bare echo as a process of its own.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use exam_tests::process::free_address;

use crate::server::all_at_once;
use crate::wire::{Wire, source};

/// A running echo; it ends with this.
#[derive(Debug)]
pub struct Echo {
    child: Child,
    address: SocketAddr,
}

impl Echo {
    /// Starts it.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn start(program: &str) -> anyhow::Result<Self> {
        let address = free_address();
        let child = Command::new(program).arg(address.to_string()).stdin(Stdio::null()).spawn()?;
        let echo = Self { child, address };
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                return Ok(echo);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::bail!("the echo does not answer")
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// So many connections to it.
    ///
    /// # Errors
    /// When one is refused.
    pub async fn connect(&self, count: usize) -> anyhow::Result<Vec<Wire>> {
        let address = self.address;
        let connect = |number| Wire::connect(address, source(number), "/echo", None);
        all_at_once((0..count).map(connect)).await
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
