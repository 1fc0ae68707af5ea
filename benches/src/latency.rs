//! How long things took.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest duration that is told from longer ones.
const LONGEST_US: u64 = 600_000_000;

/// Measured durations of one kind of thing, in microseconds, to three digits.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u32>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new_with_max(LONGEST_US, 3).expect("the bounds are in order"))
    }
}

/// What a table shows of them, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// How many.
    pub count: usize,
    /// Half were faster.
    pub p50_ms: f64,
    /// Nine of ten were faster.
    pub p90_ms: f64,
    /// 99 of 100 were faster.
    pub p99_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

impl Latencies {
    /// Adds one.
    pub fn add(&mut self, took: Duration) {
        self.0.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LONGEST_US));
    }

    /// Adds those of somebody else.
    pub fn merge(&mut self, other: &Self) {
        self.0 += &other.0;
    }

    /// Sums them up. A quantile is the smallest value that so many are not above.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let ms = |micros: u64| micros as f64 / 1_000.0;
        let at = |quantile: f64| ms(self.0.value_at_quantile(quantile));
        Summary {
            count: usize::try_from(self.0.len()).unwrap_or(usize::MAX),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            max_ms: ms(self.0.max()),
        }
    }

    /// The milliseconds that a share of all, from 0 to 1, is not above.
    #[must_use]
    pub fn quantile_ms(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64 / 1_000.0
    }

    /// Forgets all, and returns what there was.
    #[must_use]
    pub fn take(&mut self) -> Summary {
        let summary = self.summary();
        self.0.reset();
        summary
    }

    /// Pairs of a share of all, from 0 to 1, and the milliseconds that it is not above.
    #[must_use]
    pub fn curve(&self) -> Vec<(f64, f64)> {
        let steps = self.0.iter_quantiles(4);
        steps.map(|step| (step.quantile(), step.value_iterated_to() as f64 / 1_000.0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_list() {
        let mut latencies = Latencies::default();
        for ms in (1..=100).rev() {
            latencies.add(Duration::from_millis(ms));
        }
        let summary = latencies.summary();
        for (found, expected) in
            [(summary.p50_ms, 50.0), (summary.p99_ms, 99.0), (summary.max_ms, 100.0)]
        {
            assert!((found - expected).abs() < expected / 500.0, "{summary:?}");
        }
        assert_eq!(Latencies::default().summary().count, 0);
    }
}
