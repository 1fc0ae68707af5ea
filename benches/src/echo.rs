//! The bare echo, with the server's library and buffers: what a message costs when nothing is
//! done. It runs as a process of its own, so that its work is told from the load's.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use exam_tests::process::free_address;

use crate::server::all_at_once;
use crate::wire::{Wire, source};

/// A running echo; it ends with this.
#[derive(Debug)]
pub struct Echo {
    child: Child,
    address: SocketAddr,
}

/// Echoes until the process ends.
///
/// # Errors
/// When the address is not this machine's, or taken.
pub async fn serve(address: SocketAddr) -> anyhow::Result<()> {
    crate::wire::check_address(address)?;
    let listener = exam_server::serve::listen(address)?;
    axum::serve(listener, Router::new().route("/echo", get(echo))).await?;
    Ok(())
}

async fn echo(upgrade: WebSocketUpgrade) -> Response {
    let upgrade = upgrade.protocols(["exam.v1"]).read_buffer_size(2_048).write_buffer_size(0);
    upgrade.max_write_buffer_size(256 * 1_024).on_upgrade(async |mut socket| {
        while let Some(Ok(message)) = socket.recv().await {
            let Message::Text(text) = message else { continue };
            if socket.send(Message::Text(text)).await.is_err() {
                return;
            }
        }
    })
}

impl Echo {
    /// Starts it: a program with its arguments, which takes the address as its last one.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn start(program: &[String]) -> anyhow::Result<Self> {
        let address = free_address();
        let (name, arguments) = program.split_first().context("no echo")?;
        let child = Command::new(name)
            .args(arguments)
            .arg(address.to_string())
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| name.clone())?;
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
