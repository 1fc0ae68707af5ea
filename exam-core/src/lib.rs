//! The pure rules of an examination.
//!
//! No clock, no global randomness, no files, no network and no async live here: whatever a
//! function needs from the outside world is an argument, so hours of an exam are tested in
//! milliseconds. See `ARCHITECTURE.md` for how the server drives these rules.

pub mod audience;
pub mod bank;
pub mod blueprint;
pub mod draw;
pub mod exam;
pub mod grading;
pub mod ids;
pub mod item;
pub mod letters;
pub mod measured;
pub mod paper;
pub mod points;
pub mod policy;
pub mod session;
pub mod time;
pub mod view;
