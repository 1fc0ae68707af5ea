//! Drawing a paper: deterministic, in microseconds, exactly as long as its blueprint says.
//!
//! A [`Plan`] is made once for a bank revision, a revision of the exposure counts and a
//! blueprint; each [`draw`](Plan::draw) then touches only what it takes. Every section has its own
//! stream of the generator, so changing one section cannot reshuffle another.
//!
//! Units that the candidate has not seen come first, then those used least. A section of single
//! items is cut into as many strata of expected score as it has items, and one unit is drawn from
//! each, so that papers differ little in expected difficulty.

mod chance;
mod forecast;
mod section;

use std::collections::HashMap;

use rustc_hash::FxHashSet;

use crate::bank::{BankIndex, ContentHash};
use crate::blueprint::{self, Blueprint, Shortfall};
use crate::ids::{AttemptId, ItemNo, ItemVersionNo};
use crate::item::{ItemType, OptionSet};
use crate::paper::{OptionOrder, Paper, PaperGroup, Seed};
use chance::Chance;
pub use forecast::{Forecast, Question, Spread, forecast};
use section::SectionPlan;

/// How often each item version had been used, frozen under a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// Its number; 0 before anything was counted.
    pub revision: i64,
    /// Uses by item version; a missing one was never used.
    pub counts: HashMap<ItemVersionNo, u32>,
}

/// What a candidate has seen before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The attempts it comes from, oldest first.
    pub attempts: Vec<AttemptId>,
    /// The items, with what they said where that is known.
    pub items: Vec<(ItemNo, Option<ContentHash>)>,
}

/// A blueprint made ready to draw from one bank and one revision of exposure.
#[derive(Clone, Debug)]
pub struct Plan {
    exam_revision: i64,
    exposure_revision: i64,
    shuffle_items: bool,
    shuffle_options: bool,
    sections: Vec<SectionPlan>,
    slots: usize,
}

impl Plan {
    /// Makes `blueprint` ready. Units used `cap` times or more are left out while the section can
    /// be filled without them; a candidate is never turned away because a cap was reached.
    ///
    /// # Errors
    /// Every section that the bank cannot fill.
    pub fn new(
        index: &BankIndex,
        exam_revision: i64,
        exposure: &Exposure,
        blueprint: &Blueprint,
        cap: Option<u32>,
    ) -> Result<Self, Vec<Shortfall>> {
        blueprint::check(blueprint, index, |_| true)?;
        let used = |unit: u32| {
            let items = index.unit(unit).items.iter();
            let count = |version| exposure.counts.get(version).copied().unwrap_or(0);
            items.map(|item| count(&item.version)).max().unwrap_or(0)
        };
        let sections = (0..)
            .zip(&blueprint.sections)
            .map(|(number, section)| SectionPlan::new(number, section, index, &used, cap))
            .collect();
        Ok(Self {
            exam_revision,
            exposure_revision: exposure.revision,
            shuffle_items: blueprint.shuffle_items,
            shuffle_options: blueprint.shuffle_options,
            sections,
            slots: blueprint.slots() as usize,
        })
    }

    /// Draws the paper of `seed` for a candidate who has seen `seen`. The same arguments give the
    /// same paper, byte for byte. `index` is the one the plan was made of.
    #[must_use]
    pub fn draw(&self, index: &BankIndex, seed: Seed, seen: &Seen) -> Paper {
        let seen_units: FxHashSet<u32> = seen
            .items
            .iter()
            .filter_map(|(item, content)| index.find(*item, content.as_ref()))
            .collect();
        let mut paper = Paper {
            seed,
            exam_revision: self.exam_revision,
            exposure_revision: self.exposure_revision,
            seen_from: seen.attempts.clone(),
            groups: Vec::new(),
            slots: Vec::with_capacity(self.slots),
        };
        for section in &self.sections {
            let mut chance = Chance::of_section(seed, section.number);
            let mut units = section.draw(index, &mut chance, &seen_units);
            if self.shuffle_items {
                chance.shuffle(&mut units);
            }
            for candidate in units {
                if section.in_groups {
                    self.lay_out_group(&mut paper, section, index, candidate.unit, &mut chance);
                } else {
                    let order = self.order(candidate.options, candidate.pinned, &mut chance);
                    paper.slots.push(section.slot(candidate.version, order, None));
                }
            }
        }
        paper
    }

    fn order(&self, options: u8, pinned: OptionSet, chance: &mut Chance) -> OptionOrder {
        let mut order = OptionOrder::as_written(options);
        if self.shuffle_options {
            chance.shuffle_unpinned(order.positions_mut(), pinned);
        }
        order
    }

    fn lay_out_group(
        &self,
        paper: &mut Paper,
        section: &SectionPlan,
        index: &BankIndex,
        unit: u32,
        chance: &mut Chance,
    ) {
        let unit = index.unit(unit);
        // The items of a B1 group share their options, and so their order.
        let first = &unit.items[0];
        let shared = (unit.item_type == ItemType::B1)
            .then(|| self.order(first.options, first.pinned, chance));
        let group = unit.group.map(|version| {
            paper.groups.push(PaperGroup { version, kind: unit.item_type, order: shared });
            u16::try_from(paper.groups.len() - 1).expect("a paper has at most 500 slots")
        });
        for item in &unit.items {
            let order = shared.unwrap_or_else(|| self.order(item.options, item.pinned, chance));
            paper.slots.push(section.slot(item.version, order, group));
        }
    }
}

#[cfg(test)]
mod tests;
