//! Items and their formats: reading, validation, duplicates.
//!
//! A pure crate: bytes go in, [`item::Unit`]s and [`problem::Problem`]s come out. A `Unit` in hand
//! has passed every check, so nothing further in asks again.

pub mod check;
pub mod format;
pub mod hash;
pub mod item;
pub mod json;
pub mod pins;
pub mod problem;
mod raw;
pub mod sheet;
pub mod similar;
pub mod table;
pub mod template;
