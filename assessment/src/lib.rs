//! The rules of the periodic assessment (医师定期考核): who a physician is, and what they may type.
//!
//! Everything here is pure: today's date and the random generator are arguments, and nothing
//! reads a file or a socket. What a person or a spreadsheet typed is checked once, at the door,
//! into a type that cannot be wrong; a refusal carries a code for programs and a sentence in
//! Chinese for people ([`Coded`](coded::Coded)), and neither repeats what was typed.

pub mod certificate;
pub mod coded;
pub mod cycle;
pub mod date;
pub mod fake;
pub mod one_time_code;
pub mod password;
pub mod person_name;
pub mod phone;
pub mod practice;
pub mod resident_id;
pub mod roster;

mod chance;
mod spreadsheet;
mod text;
