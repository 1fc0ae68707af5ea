//! A bare echo with the server's library and buffers: what a message costs when nothing is done.

use axum::Router;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let address: std::net::SocketAddr = address.parse()?;
    anyhow::ensure!(address.ip().is_loopback(), "{address} is not this machine: refused");
    let listener = exam_server::serve::listen(address)?;
    let router = Router::new().route("/readyz", get(async || "ready")).route("/echo", get(echo));
    axum::serve(listener, router).await?;
    Ok(())
}

async fn echo(upgrade: WebSocketUpgrade) -> Response {
    let upgrade = upgrade.protocols(["exam.v1"]).read_buffer_size(4_096).write_buffer_size(0);
    upgrade.max_write_buffer_size(256 * 1_024).on_upgrade(async |mut socket| {
        while let Some(Ok(message)) = socket.recv().await {
            let Message::Text(text) = message else { continue };
            if socket.send(Message::Text(text)).await.is_err() {
                return;
            }
        }
    })
}
