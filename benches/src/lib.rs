//! The candidate simulator: N candidates through the real protocol, and every acknowledged answer
//! checked against the server's result.

pub mod latency;
pub mod load;
pub mod phone;

pub use load::{Plan, Report, run};
