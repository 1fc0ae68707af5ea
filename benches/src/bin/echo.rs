//! The bare echo as a program: `echo ADDRESS`.

use anyhow::Context;

/// The server's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).context("echo ADDRESS")?;
    exam_benches::echo::serve(address.parse()?).await
}
