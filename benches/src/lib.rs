//! The candidate simulator: N candidates through the real protocol, and every acknowledged answer
//! checked against the server's result. Beside it what the gate measures with.

pub mod camera;
pub mod drive;
pub mod echo;
pub mod gate;
pub mod http;
pub mod latency;
pub mod load;
pub mod plot;
pub mod probe;
pub mod questions;
pub mod recorder;
pub mod server;
pub mod usage;
pub mod wire;
