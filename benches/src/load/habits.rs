//! When candidates come, and how they behave.

use std::time::Duration;

use clap::ValueEnum;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;
use serde::Serialize;

/// How arrivals are spread over their time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// Evenly.
    #[default]
    Even,
    /// Most at once, the rest trailing off: a joint start.
    Spike,
    /// Ever more until the last moment: before a deadline.
    Ramp,
}

impl Arrival {
    /// When the candidate at `place` of `count` comes, as a share of the whole from 0 to 1.
    #[must_use]
    pub fn share(self, place: usize, count: usize) -> f64 {
        let even = place as f64 / count.max(1) as f64;
        match self {
            Self::Even => even,
            Self::Spike => even.powi(3),
            Self::Ramp => even.sqrt(),
        }
    }
}

/// How a candidate behaves. Each chance is of a thousand saves.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Habits {
    /// The mean time between two taps; the times are spread as those of many people are.
    pub save_every: Duration,
    /// For how long it sits, from its start.
    pub sits_for: Duration,
    /// Within how long before that all hand in.
    pub hand_in_within: Duration,
    /// Goes back and changes an answer.
    pub changes_per_mille: u32,
    /// Marks a question to come back to.
    pub marks_per_mille: u32,
    /// Loses the network, with the tap under way.
    pub drops_per_mille: u32,
    /// Goes on with another phone.
    pub takeovers_per_mille: u32,
    /// Sends its next five taps over HTTP.
    pub fallbacks_per_mille: u32,
}

impl Habits {
    /// What befalls candidates on a bad day: a change of mind with every seventh tap, a lost network
    /// or a change to HTTP with every hundredth, another phone with every three hundredth.
    #[must_use]
    pub fn usual(save_every: Duration, sits_for: Duration) -> Self {
        Self {
            save_every,
            sits_for,
            hand_in_within: sits_for / 6,
            changes_per_mille: 150,
            marks_per_mille: 30,
            drops_per_mille: 10,
            takeovers_per_mille: 3,
            fallbacks_per_mille: 10,
        }
    }

    /// How long to think before the next tap: exponential, at most five times the mean.
    pub fn think(&self, rng: &mut ChaCha20Rng) -> Duration {
        let uniform = (rng.next_u32() as f64 + 1.0) / (f64::from(u32::MAX) + 1.0);
        self.save_every.mul_f64((-uniform.ln()).min(5.0))
    }

    /// When to hand in, counted from the start.
    pub fn hands_in_after(&self, rng: &mut ChaCha20Rng) -> Duration {
        let within = self.hand_in_within.min(self.sits_for);
        let before = within.mul_f64(f64::from(rng.next_u32()) / f64::from(u32::MAX));
        self.sits_for - before
    }
}

/// Whether something of this chance happens now.
pub fn happens(rng: &mut ChaCha20Rng, per_mille: u32) -> bool {
    rng.next_u32() % 1_000 < per_mille
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn a_spike_comes_early_and_a_ramp_late() {
        let median = |arrival: Arrival| arrival.share(500, 1_000);
        assert!(median(Arrival::Spike) < 0.2 && median(Arrival::Ramp) > 0.7);
        assert!((median(Arrival::Even) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn thinking_takes_its_mean_on_average() {
        let habits = Habits::usual(Duration::from_secs(10), Duration::from_secs(120));
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let mean = (0..10_000).map(|_| habits.think(&mut rng).as_secs_f64()).sum::<f64>() / 1e4;
        assert!((9.4..10.4).contains(&mean), "{mean}");
        let hand_in = habits.hands_in_after(&mut rng).as_secs();
        assert!((100..=120).contains(&hand_in));
    }
}
