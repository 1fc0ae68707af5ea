//! The examination server: routes, live connections, store, command line.

pub mod app;
pub mod auth;
pub mod banks;
pub mod chance;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
pub mod exams;
pub mod health;
pub mod invigilation;
pub mod journal_writer;
pub mod keys;
pub mod limits;
pub mod live;
pub mod lookups;
pub mod problem;
pub mod protocol;
pub mod routes;
pub mod serve;
pub mod server;
pub mod snapshots;
pub mod store;
