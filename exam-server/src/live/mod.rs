//! Live sessions: connections, the HTTP fallback's sessions, and what closes them.

pub mod bulk;
pub mod closer;
pub mod connection;
pub mod hints;
pub mod mailbox;
pub mod outage;
pub mod registry;
pub mod reply;
pub mod sitting;
pub mod sittings;
