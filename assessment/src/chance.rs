//! Drawing small numbers from a given generator.

use rand_chacha::rand_core::Rng;

/// A number below `bound`, which must not be zero.
///
/// The high half of a 64-bit product: uneven by less than `bound / 2^32`, which matters neither
/// to synthetic people nor to an alphabet whose length is a power of two.
pub(crate) fn below(rng: &mut impl Rng, bound: u32) -> u32 {
    let product = u64::from(rng.next_u32()) * u64::from(bound);
    u32::try_from(product >> 32).expect("the high half of 64 bits fits in 32")
}

/// One of `choices`, which must not be empty.
pub(crate) fn pick<T: Copy>(rng: &mut impl Rng, choices: &[T]) -> T {
    let len = u32::try_from(choices.len()).expect("a list written by hand is short");
    choices[below(rng, len) as usize]
}
