//! One section of a plan, and how its units are chosen.

use rustc_hash::{FxHashMap, FxHashSet};

use super::chance::Chance;
use crate::bank::BankIndex;
use crate::blueprint::{Section, Sizes};
use crate::ids::ItemVersionNo;
use crate::item::{ItemType, OptionSet};
use crate::paper::{OptionOrder, PaperSlot, ScoringRule};
use crate::points::Points;

/// A unit with what a paper needs of a single item, so that drawing one touches one cache line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) unit: u32,
    pub(super) version: ItemVersionNo,
    pub(super) options: u8,
    pub(super) pinned: OptionSet,
}

impl Candidate {
    fn of(index: &BankIndex, unit: u32) -> Self {
        let first = &index.unit(unit).items[0];
        let (version, options, pinned) = (first.version, first.options, first.pinned);
        Self { unit, version, options, pinned }
    }
}

/// Units in the order they are preferred in: least used first; equally used ones form a bucket.
#[derive(Clone, Debug)]
struct Stratum {
    units: Vec<Candidate>,
    /// Where each bucket ends.
    ends: Vec<usize>,
}

/// One section, ready to draw.
#[derive(Clone, Debug)]
pub(super) struct SectionPlan {
    pub(super) number: u32,
    pub(super) in_groups: bool,
    item_type: ItemType,
    points: Points,
    rule: Option<ScoringRule>,
    /// How many items.
    count: usize,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Single items: one is drawn from each stratum of expected score.
    Singles(Vec<Stratum>),
    /// Groups of several sizes: whole ones are drawn until they add up.
    Groups(Stratum, Sizes),
}

impl Stratum {
    fn new(index: &BankIndex, mut units: Vec<u32>, used: &impl Fn(u32) -> u32) -> Self {
        units.sort_by_key(|&unit| (used(unit), unit));
        let mut ends = Vec::new();
        for place in 1..=units.len() {
            if place == units.len() || used(units[place]) != used(units[place - 1]) {
                ends.push(place);
            }
        }
        let units = units.into_iter().map(|unit| Candidate::of(index, unit)).collect();
        Self { units, ends }
    }

    /// The units in the order of preference, equals in an order that `chance` decides as they are
    /// asked for.
    fn walk(&self) -> Walk<'_> {
        Walk { stratum: self, bucket: 0, place: 0, moved: FxHashMap::default(), swap: None }
    }
}

/// A lazy shuffle: only what is asked for is decided, so a walk costs what it yields.
struct Walk<'a> {
    stratum: &'a Stratum,
    bucket: usize,
    place: usize,
    /// Where a swap has put another unit than the stratum's own.
    moved: FxHashMap<usize, Candidate>,
    /// The newest swap; most walks end before it matters.
    swap: Option<(usize, Candidate)>,
}

impl Walk<'_> {
    fn next(&mut self, chance: &mut Chance) -> Option<Candidate> {
        self.moved.extend(self.swap.take());
        let end = *self.stratum.ends.get(self.bucket)?;
        let left = u32::try_from(end - self.place).expect("a bank fits in memory");
        let chosen = self.place + chance.below(left) as usize;
        let at = |place: usize, moved: &FxHashMap<usize, Candidate>| {
            moved.get(&place).copied().unwrap_or(self.stratum.units[place])
        };
        let unit = at(chosen, &self.moved);
        if chosen != self.place {
            self.swap = Some((chosen, at(self.place, &self.moved)));
        }
        self.place += 1;
        if self.place == end {
            self.bucket += 1;
        }
        Some(unit)
    }
}

impl SectionPlan {
    /// Makes `section` ready. The bank is known to fill it.
    pub(super) fn new(
        number: u32,
        section: &Section,
        index: &BankIndex,
        used: &impl Fn(u32) -> u32,
        cap: Option<u32>,
    ) -> Self {
        let all = index.units_of(section);
        let below_cap = |unit: &u32| cap.is_none_or(|cap| used(*unit) < cap);
        let mut units: Vec<u32> = all.iter().copied().filter(below_cap).collect();
        if !sizes_of(index, &units).reaches(section.count as usize) {
            units = all;
        }
        let kind = if section.item_type.in_groups() {
            let sizes = sizes_of(index, &units);
            Kind::Groups(Stratum::new(index, units, used), sizes)
        } else {
            units.sort_by_key(|&unit| (index.unit(unit).expected_permille, unit));
            let count = section.count as usize;
            let edge = |stratum: usize| stratum * units.len() / count;
            let strata = (0..count)
                .map(|stratum| {
                    Stratum::new(index, units[edge(stratum)..edge(stratum + 1)].to_vec(), used)
                })
                .collect();
            Kind::Singles(strata)
        };
        Self {
            number,
            in_groups: section.item_type.in_groups(),
            item_type: section.item_type,
            points: section.points,
            rule: section.rule,
            count: section.count as usize,
            kind,
        }
    }

    /// A slot of this section.
    pub(super) fn slot(
        &self,
        item: ItemVersionNo,
        order: OptionOrder,
        group: Option<u16>,
    ) -> PaperSlot {
        let Self { item_type, points, rule, .. } = *self;
        PaperSlot { item, item_type, order, points, rule, group }
    }

    /// Chooses the units of one paper.
    pub(super) fn draw(
        &self,
        index: &BankIndex,
        chance: &mut Chance,
        seen: &FxHashSet<u32>,
    ) -> Vec<Candidate> {
        match &self.kind {
            Kind::Singles(strata) => draw_singles(strata, chance, seen),
            Kind::Groups(groups, sizes) => {
                draw_groups(index, groups, sizes, self.count, chance, seen)
            }
        }
    }
}

fn sizes_of(index: &BankIndex, units: &[u32]) -> Sizes {
    let mut sizes = Sizes::default();
    for &unit in units {
        sizes.add(index.unit(unit).items.len());
    }
    sizes
}

/// One unit of each stratum: an unseen one, or the unseen one of the nearest stratum that has any
/// left, or else the least used of its own.
fn draw_singles(strata: &[Stratum], chance: &mut Chance, seen: &FxHashSet<u32>) -> Vec<Candidate> {
    let mut chosen: Vec<Option<Candidate>> = Vec::with_capacity(strata.len());
    let mut taken = FxHashSet::default();
    for stratum in strata {
        let unit = first_fresh(stratum, chance, seen, &taken);
        if !seen.is_empty() {
            taken.extend(unit.map(|candidate| candidate.unit));
        }
        chosen.push(unit);
    }
    for place in 0..strata.len() {
        if chosen[place].is_some() {
            continue;
        }
        let nearest = neighbours(place, strata.len())
            .find_map(|other| first_fresh(&strata[other], chance, seen, &taken));
        let unit = nearest.or_else(|| strata[place].walk().next(chance));
        taken.extend(unit.map(|candidate| candidate.unit));
        chosen[place] = unit;
    }
    chosen.into_iter().flatten().collect()
}

/// The most preferred unit that is neither seen nor taken.
fn first_fresh(
    stratum: &Stratum,
    chance: &mut Chance,
    seen: &FxHashSet<u32>,
    taken: &FxHashSet<u32>,
) -> Option<Candidate> {
    let mut walk = stratum.walk();
    loop {
        let candidate = walk.next(chance)?;
        // Nothing can be taken before something was seen.
        let unit = candidate.unit;
        if seen.is_empty() || !seen.contains(&unit) && !taken.contains(&unit) {
            return Some(candidate);
        }
    }
}

/// The other places, nearest first.
fn neighbours(place: usize, count: usize) -> impl Iterator<Item = usize> {
    (1..count).flat_map(move |distance| {
        let below = place.checked_sub(distance);
        let above = Some(place + distance).filter(|&above| above < count);
        [below, above].into_iter().flatten()
    })
}

/// Whole groups that add up to exactly `count` items: unseen ones first, then seen ones, each as
/// long as the rest can still be made up.
fn draw_groups(
    index: &BankIndex,
    groups: &Stratum,
    sizes: &Sizes,
    count: usize,
    chance: &mut Chance,
    seen: &FxHashSet<u32>,
) -> Vec<Candidate> {
    let mut rest = sizes.clone();
    let mut missing = count;
    let mut chosen = Vec::new();
    let mut put_off = Vec::new();
    let mut walk = groups.walk();
    let mut consider = |unit: Candidate, missing: &mut usize| {
        let size = index.unit(unit.unit).items.len();
        rest.remove(size);
        if size <= *missing && rest.reaches(*missing - size) {
            *missing -= size;
            chosen.push(unit);
        }
    };
    while missing > 0 {
        let Some(unit) = walk.next(chance) else { break };
        if seen.contains(&unit.unit) {
            put_off.push(unit);
        } else {
            consider(unit, &mut missing);
        }
    }
    for unit in put_off {
        if missing > 0 {
            consider(unit, &mut missing);
        }
    }
    chosen
}
