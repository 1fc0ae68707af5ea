//! Who somebody is: passwords, tokens, second factors, origins.

pub mod extract;
pub mod hasher;
pub mod origin;
pub mod queue;
pub mod revocations;
pub mod sign_ins;
pub mod totp;
