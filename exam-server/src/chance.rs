//! The server's random values: the one place that asks the operating system for them.

use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

/// The operating system's generator. It fails only on a machine that cannot run a server.
#[must_use]
pub fn system_rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// As many random bytes as the array holds.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    use rand::Rng as _;
    let mut bytes = [0; N];
    system_rng().fill_bytes(&mut bytes);
    bytes
}
