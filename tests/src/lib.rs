//! What the end-to-end tests share: databases, servers, a small bank, and a candidate's client.

pub mod bank;
pub mod client;
pub mod database;
pub mod durability;
pub mod fuzz;
pub mod person;
pub mod probe;
pub mod process;
pub mod raw_socket;
pub mod s3;
pub mod server;
pub mod tls;

pub use client::{Candidate, Socket};
pub use database::{Database, Kind};
pub use server::Server;
