//! Items and their formats: reading and writing, validation, duplicates.
//!
//! A pure crate: bytes go in, [`item::Unit`]s and [`problem::Problem`]s come out. A `Unit` in hand
//! has passed every check, so nothing further in asks again.

pub mod aiken;
mod archive;
pub mod check;
pub mod decode;
pub mod diff;
pub mod export;
mod foreign;
pub mod format;
pub mod gift;
pub mod hash;
mod html;
pub mod item;
pub mod json;
pub mod mend;
pub mod moodle;
pub mod picture;
pub mod pins;
pub mod problem;
pub mod qti;
mod raw;
pub mod search;
pub mod sheet;
pub mod similar;
pub mod table;
pub mod template;
pub mod text;
mod wording;
mod xml;
