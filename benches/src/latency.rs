//! How long things took.

use std::time::Duration;

use serde::Serialize;

/// Measured durations of one kind of thing, in microseconds.
#[derive(Clone, Debug, Default)]
pub struct Latencies(Vec<u32>);

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
        self.0.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    /// Adds those of somebody else.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Sums them up. A quantile is the smallest value that so many are not above.
    #[must_use]
    pub fn summary(mut self) -> Summary {
        self.0.sort_unstable();
        let at = |per_mille: usize| {
            let place = (self.0.len() * per_mille).div_ceil(1_000).saturating_sub(1);
            self.0.get(place).map_or(0.0, |micros| f64::from(*micros) / 1_000.0)
        };
        Summary {
            count: self.0.len(),
            p50_ms: at(500),
            p90_ms: at(900),
            p99_ms: at(990),
            max_ms: at(1_000),
        }
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
        assert_eq!((summary.p50_ms, summary.p99_ms, summary.max_ms), (50.0, 99.0, 100.0));
        assert_eq!(Latencies::default().summary().count, 0);
    }
}
