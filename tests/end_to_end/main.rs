//! End-to-end tests against the real server on both databases.

mod bank_files;
mod banks;
mod bombs;
mod demo;
mod desk;
mod durability;
mod fuzzing;
mod hostile;
mod invigilation;
mod live;
mod moving;
mod nodes;
mod operate;
mod operations;
mod photos;
mod proxy;
mod sign_in;
#[path = "../simulation/mod.rs"]
mod simulation;
mod snapshots;
mod store_contract;
mod websocket;
mod wire;

/// Makes one test a database of an async function that takes a [`exam_tests::Kind`].
macro_rules! on_both {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            $(#[$meta])*
            async fn sqlite() {
                super::stories::$name(exam_tests::Kind::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            $(#[$meta])*
            async fn postgres() {
                super::stories::$name(exam_tests::Kind::Postgres).await;
            }
        }
    )*};
}
pub(crate) use on_both;

/// Starts a server, or ends the test where there is no PostgreSQL.
macro_rules! server_or_return {
    ($kind:expr) => {
        match exam_tests::Server::start($kind).await {
            Some(server) => server,
            None => return,
        }
    };
}
pub(crate) use server_or_return;
