//! When snapshots are asked for.
//!
//! The time of an attempt is cut into stretches of equal length. Each has a moment of its own, drawn
//! evenly, so that no part of the exam stays unseen; and now and then further ones, so that nobody is
//! safe for the rest of a stretch whose first has passed. Everything follows from a secret seed: any node
//! draws the same moments and the same request ids, and none of it is stored or told before its time.

use exam_core::time::Span;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::request::RequestId;

/// How many of 2³² draws bring a stretch one more moment, again and again: a third of them, so that
/// the mean is half a moment more a stretch.
const FURTHER: u32 = u32::MAX / 3;

/// The most moments of a stretch: a bound for chance, not for people.
const MOMENTS_MAX: usize = 8;

/// Two moments nearer than this are one: a phone needs a while for a photograph.
const APART: Span = Span::from_seconds(10);

/// The secret that the moments of an attempt follow from.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

/// A moment at which a snapshot is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// How long after the start, by the server's clock.
    pub after_start: Span,
    /// What the phone answers.
    pub request: RequestId,
}

/// The moments of one attempt.
#[derive(Clone)]
pub struct Schedule {
    seed: Seed,
    stretch: Span,
}

impl Schedule {
    /// At least `snapshots` within `time_allowed`, and at that pace for as long as it is extended.
    /// Without any, or in no time, there are none.
    #[must_use]
    pub fn new(seed: Seed, time_allowed: Span, snapshots: u32) -> Self {
        let stretch = time_allowed.as_ms().checked_div(i64::from(snapshots)).unwrap_or(0);
        Self { seed, stretch: Span::from_ms(stretch) }
    }

    /// The length of a stretch, in which there is at least one moment; none where there are no moments.
    #[must_use]
    pub const fn stretch(&self) -> Span {
        self.stretch
    }

    /// The moments from `from` to before `to`, both counted from the start, in their order.
    #[must_use]
    pub fn between(&self, from: Span, to: Span) -> Vec<Moment> {
        if self.stretch == Span::ZERO || to <= from {
            return Vec::new();
        }
        let length = self.stretch.as_ms();
        let stretches = from.as_ms() / length..=(to.as_ms() - 1) / length;
        let moments = stretches.flat_map(|stretch| self.of_stretch(stretch));
        moments.filter(|moment| (from..to).contains(&moment.after_start)).collect()
    }

    /// The moment that asks under this id, if it comes before `to`.
    #[must_use]
    pub fn find(&self, request: RequestId, to: Span) -> Option<Moment> {
        self.between(Span::ZERO, to).into_iter().find(|moment| moment.request == request)
    }

    fn of_stretch(&self, stretch: i64) -> Vec<Moment> {
        let mut rng = ChaCha20Rng::from_seed(self.seed.0);
        rng.set_stream(u64::try_from(stretch).unwrap_or(0));
        let begins = Span::from_ms(stretch.saturating_mul(self.stretch.as_ms()));
        let mut moments: Vec<Moment> = Vec::new();
        loop {
            let moment = Moment {
                after_start: begins + self.within(&mut rng),
                request: RequestId::draw(&mut rng),
            };
            if moments.iter().all(|other| apart(other.after_start, moment.after_start) >= APART) {
                moments.push(moment);
            }
            if rng.next_u32() > FURTHER || moments.len() >= MOMENTS_MAX {
                moments.sort_by_key(|moment| moment.after_start);
                return moments;
            }
        }
    }

    /// A place within a stretch, each as likely: of 2⁶⁴ draws none is more than one more likely.
    fn within(&self, rng: &mut ChaCha20Rng) -> Span {
        let length = u128::from(self.stretch.as_ms().unsigned_abs());
        let drawn = (u128::from(rng.next_u64()) * length) >> 64;
        Span::from_ms(i64::try_from(drawn).unwrap_or(0))
    }
}

fn apart(one: Span, other: Span) -> Span {
    Span::from_ms((one.as_ms() - other.as_ms()).abs())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const HOUR: Span = Span::from_minutes(60);

    fn schedule(number: u64, snapshots: u32) -> Schedule {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        Schedule::new(Seed(seed), HOUR, snapshots)
    }

    proptest! {
        #[test]
        fn each_stretch_has_a_moment_in_order_and_apart(number: u64, snapshots in 1_u32..60) {
            let moments = schedule(number, snapshots).between(Span::ZERO, HOUR);
            let length = HOUR.as_ms() / i64::from(snapshots);
            for stretch in 0..i64::from(snapshots) {
                let of = |m: &&Moment| m.after_start.as_ms() / length == stretch;
                let own: Vec<_> = moments.iter().filter(of).collect();
                prop_assert!(!own.is_empty(), "stretch {stretch}");
                prop_assert!(own.windows(2).all(|w| apart(w[0].after_start, w[1].after_start) >= APART));
            }
            prop_assert!(moments.is_sorted_by_key(|moment| moment.after_start));
            let ids: HashSet<_> = moments.iter().map(|moment| moment.request).collect();
            prop_assert_eq!(ids.len(), moments.len());
        }

        #[test]
        fn any_node_draws_the_same_whatever_it_asks_for(number: u64, cut in 1_i64..3_600_000) {
            let schedule = schedule(number, 6);
            let cut = Span::from_ms(cut);
            let mut parts = schedule.between(Span::ZERO, cut);
            parts.extend(schedule.between(cut, HOUR + HOUR));
            prop_assert_eq!(&parts, &schedule.between(Span::ZERO, HOUR + HOUR));
            for moment in parts {
                prop_assert_eq!(schedule.find(moment.request, HOUR + HOUR), Some(moment));
                prop_assert_eq!(schedule.find(moment.request, moment.after_start), None);
            }
        }
    }

    /// Whoever knows when the last photograph was taken knows nothing of the next: after the first of a
    /// stretch there is another in the same one often enough, and moments fall evenly over the time.
    #[test]
    fn nothing_can_be_told_from_what_has_passed() {
        let (mut further, mut buckets) = (0, [0_u32; 12]);
        for number in 0..4_000 {
            let first = schedule(number, 6).between(Span::ZERO, Span::from_minutes(10));
            further += usize::from(first.len() > 1);
            for moment in schedule(number, 6).between(Span::ZERO, HOUR) {
                buckets[usize::try_from(moment.after_start.as_ms() / 300_000).expect("small")] += 1;
            }
        }
        assert!((1_100..1_500).contains(&further), "{further} of 4,000");
        let mean = buckets.iter().sum::<u32>() / 12;
        assert!(buckets.iter().all(|n| n.abs_diff(mean) < mean / 12), "{buckets:?}");
    }

    #[test]
    fn without_snapshots_or_time_there_are_none() {
        assert!(schedule(1, 0).between(Span::ZERO, HOUR).is_empty());
        assert!(Schedule::new(Seed([1; 32]), Span::ZERO, 6).between(Span::ZERO, HOUR).is_empty());
        assert!(schedule(1, 6).between(HOUR, HOUR).is_empty());
    }
}
