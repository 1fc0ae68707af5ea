//! The examination server.
