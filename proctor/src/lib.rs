//! Proctoring that can only point: the moments at which photographs are asked for, what a photograph
//! shows, and the incidents that signals and photographs amount to.
//!
//! Nothing here knows a score, a response or a way to change an attempt; what an incident means is
//! decided by a person. Everything is a function of its arguments: no clock, no files, no network.

pub mod blazeface;
pub mod faces;
pub mod findings;
pub mod incidents;
mod jpeg;
pub mod likeness;
pub mod looks;
pub mod photo;
pub mod print;
pub mod request;
pub mod review;
pub mod schedule;
pub mod severity;
mod smaller;
pub mod trace;
