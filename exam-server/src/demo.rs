//! stub
pub const ACCOUNTS: &str = "demo_accounts";
#[must_use]
pub fn may_be_public() -> bool {
    false
}
