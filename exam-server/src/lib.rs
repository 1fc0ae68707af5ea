//! The examination server: routes, live connections, store, command line.

pub mod chance;
pub mod clock;
pub mod journal_writer;
pub mod keys;
pub mod store;
