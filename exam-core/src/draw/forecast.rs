//! What the papers of a blueprint will be like, found by drawing many of them.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::chance::Chance;
use super::{Exposure, Plan, Seen};
use crate::bank::BankIndex;
use crate::blueprint::{Blueprint, Shortfall};
use crate::ids::ItemVersionNo;
use crate::paper::{Paper, Seed};

/// How often uses are counted anew while papers are drawn, as a running exam does every minute.
const FREEZES: u32 = 20;

/// What is asked of a forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// How many papers are drawn; at least one is.
    pub papers: u32,
    /// How many of them each candidate sits; at least one.
    pub attempts: u32,
    /// What the papers are drawn from: the same seed gives the same forecast.
    pub seed: Seed,
    /// The exam's cap of exposure.
    pub cap: Option<u32>,
}

/// How a figure is spread over papers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation.
    pub deviation: f64,
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// Papers drawn.
    pub papers: u32,
    /// Slots of each.
    pub slots: usize,
    /// How many items of a paper a candidate is expected to get right, by the items' facility.
    pub expected_items: Spread,
    /// Items that a paper may draw.
    pub stock: usize,
    /// Items that no paper drew.
    pub never_drawn: usize,
    /// The share of papers that hold the item which is drawn most, in `[0, 1]`.
    pub most_drawn_share: f64,
    /// For the second attempt of a candidate and those after it: the share of its slots that the
    /// candidate has seen before, in `[0, 1]`.
    pub seen_again: Vec<f64>,
}

/// Draws papers of `blueprint` as candidates would sit them, each so many times, uses counted anew
/// now and then.
///
/// # Errors
/// Every section that the bank cannot fill.
pub fn forecast(
    index: &BankIndex,
    blueprint: &Blueprint,
    question: &Question,
) -> Result<Forecast, Vec<Shortfall>> {
    let items = Items::of(index);
    let stock = stock(index, blueprint);
    let papers = question.papers.max(1);
    let attempts = question.attempts.max(1) as usize;
    let mut exposure = Exposure::default();
    let mut plan = Plan::new(index, 0, &exposure, blueprint, question.cap)?;
    let mut seeds = Chance::of_section(question.seed, u32::MAX);
    let mut expected = Vec::with_capacity(papers as usize);
    let mut again = vec![(0_usize, 0_usize); attempts - 1];
    let mut seen = Seen::default();
    let mut known = FxHashSet::default();
    let freeze_every = papers.div_ceil(FREEZES).max(1);
    for number in 0..papers {
        let attempt = number as usize % attempts;
        if attempt == 0 {
            seen.items.clear();
            known.clear();
        }
        if number > 0 && number % freeze_every == 0 {
            plan = Plan::new(index, 0, &exposure, blueprint, question.cap)?;
        }
        let paper = plan.draw(index, seeds.seed(), &seen);
        expected.push(items.expected(&paper));
        for slot in &paper.slots {
            *exposure.counts.entry(slot.item).or_default() += 1;
        }
        if attempt > 0 {
            let repeats = paper.slots.iter().filter(|slot| known.contains(&slot.item)).count();
            again[attempt - 1].0 += repeats;
            again[attempt - 1].1 += paper.slots.len();
        }
        if attempts > 1 {
            known.extend(paper.slots.iter().map(|slot| slot.item));
            seen.items.extend(paper.slots.iter().filter_map(|slot| items.identity(slot.item)));
        }
    }
    let most = exposure.counts.values().copied().max().unwrap_or(0);
    let share = |(repeats, slots): (usize, usize)| repeats as f64 / slots.max(1) as f64;
    Ok(Forecast {
        papers,
        slots: blueprint.slots() as usize,
        expected_items: Spread::of(&expected),
        stock,
        never_drawn: stock.saturating_sub(exposure.counts.len()),
        most_drawn_share: f64::from(most) / f64::from(papers),
        seen_again: again.into_iter().map(share).collect(),
    })
}

/// How many items the sections may draw.
fn stock(index: &BankIndex, blueprint: &Blueprint) -> usize {
    let mut units: Vec<u32> =
        blueprint.sections.iter().flat_map(|section| index.units_of(section)).collect();
    units.sort_unstable();
    units.dedup();
    units.into_iter().map(|unit| index.unit(unit).items.len()).sum()
}

/// What a forecast needs of each item.
struct Items(FxHashMap<ItemVersionNo, (u16, crate::ids::ItemNo, crate::bank::ContentHash)>);

impl Items {
    fn of(index: &BankIndex) -> Self {
        let of_unit = |unit: &crate::bank::Unit| {
            let permille = unit.expected_permille;
            let items = unit.items.iter();
            items
                .map(|item| (item.version, (permille, item.item, item.content)))
                .collect::<Vec<_>>()
        };
        Self(index.units().iter().flat_map(of_unit).collect())
    }

    fn expected(&self, paper: &Paper) -> f64 {
        let permille =
            |slot: &crate::paper::PaperSlot| self.0.get(&slot.item).map_or(0, |one| one.0);
        paper.slots.iter().map(|slot| f64::from(permille(slot)) / 1_000.0).sum()
    }

    fn identity(
        &self,
        version: ItemVersionNo,
    ) -> Option<(crate::ids::ItemNo, Option<crate::bank::ContentHash>)> {
        self.0.get(&version).map(|(_, item, content)| (*item, Some(*content)))
    }
}

impl Spread {
    /// The spread of figures, of which there is at least one.
    #[must_use]
    pub fn of(figures: &[f64]) -> Self {
        let count = figures.len().max(1) as f64;
        let mean = figures.iter().sum::<f64>() / count;
        let variance = figures.iter().map(|figure| (figure - mean).powi(2)).sum::<f64>() / count;
        Self {
            mean,
            deviation: variance.sqrt(),
            least: figures.iter().copied().fold(f64::INFINITY, f64::min),
            most: figures.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}
