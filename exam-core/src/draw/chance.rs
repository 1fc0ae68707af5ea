//! Chance for papers: a portable generator with a stream per section, and our own bounded numbers
//! and shuffle, so that no library update can redraw a paper differently.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::item::OptionSet;
use crate::paper::Seed;

/// A stream of chance.
pub(super) struct Chance(ChaCha8Rng);

impl Chance {
    /// What decides the items of a section and the order of their options.
    pub(super) fn of_section(seed: Seed, section: u32) -> Self {
        let mut rng = ChaCha8Rng::from_seed(seed.0);
        rng.set_stream(section.into());
        Self(rng)
    }

    /// A number below `bound`, each equally likely; 0 for a bound of 0.
    ///
    /// Source: Lemire, "Fast Random Integer Generation in an Interval", ACM TOMACS 29 (2019).
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        if bound <= 1 {
            return 0;
        }
        let mut product = u64::from(self.0.next_u32()) * u64::from(bound);
        if (product as u32) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u32) < threshold {
                product = u64::from(self.0.next_u32()) * u64::from(bound);
            }
        }
        (product >> 32) as u32
    }

    /// A seed of its own.
    pub(super) fn seed(&mut self) -> Seed {
        let mut seed = [0; 32];
        self.0.fill_bytes(&mut seed);
        Seed(seed)
    }

    /// Shuffles by Fisher and Yates.
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let bound = u32::try_from(last + 1).expect("a paper is short");
            list.swap(last, self.below(bound) as usize);
        }
    }

    /// Shuffles all but the pinned positions.
    pub(super) fn shuffle_unpinned(&mut self, list: &mut [u8], pinned: OptionSet) {
        if pinned.is_empty() {
            return self.shuffle(list);
        }
        let free: Vec<usize> = (0..list.len()).filter(|&place| !pinned.has(place)).collect();
        for last in (1..free.len()).rev() {
            let bound = u32::try_from(last + 1).expect("a paper is short");
            list.swap(free[last], free[self.below(bound) as usize]);
        }
    }
}
