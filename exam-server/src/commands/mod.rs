//! What the command line does, as functions that the demo and the tests call too.

pub mod attempt;
pub mod audit;
pub mod backup;
pub mod bank;
mod checksum;
pub mod desk;
pub mod exam;
pub mod portraits;
pub mod progress;
pub mod purge;
pub mod rehearsal;
pub mod roster;
pub mod staff;
pub mod transfer;

pub use desk::{Desk, Refused};
