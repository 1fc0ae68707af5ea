//! Whether a bank can fill a blueprint, exactly and always.

use std::collections::BTreeMap;

use super::{Blueprint, Section};
use crate::bank::BankIndex;
use crate::item::{Difficulty, ItemType};

/// A cell that cannot give what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// The section's title.
    pub section: String,
    /// The type.
    pub item_type: ItemType,
    /// The topics asked for.
    pub topics: Vec<String>,
    /// The difficulties asked for.
    pub difficulties: Vec<Difficulty>,
    /// How many items are asked for.
    pub need: u32,
    /// How many there are.
    pub stock: u32,
    /// How many more there are that are not for everybody in the audience row.
    pub for_others: u32,
    /// For groups, the count nearest to `need` that whole groups can make up.
    pub reachable: Option<u32>,
}

impl std::fmt::Display for Shortfall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let difficulties: Vec<_> = self.difficulties.iter().map(|d| d.name()).collect();
        write!(
            f,
            "section {:?} needs {} of {} × {} × {} and the bank has {}",
            self.section,
            self.need,
            self.item_type,
            self.topics.join(" + "),
            difficulties.join(" + "),
            self.stock
        )?;
        if self.for_others > 0 {
            let others = self.for_others;
            write!(f, " ({others} more are not for everybody in the audience row)")?;
        }
        match self.reachable {
            Some(reachable) if self.stock >= self.need => {
                write!(f, ", but whole groups can only make up {reachable}")
            }
            _ => Ok(()),
        }
    }
}

/// Checks every section of `blueprint`; `usable` says which units may be drawn.
///
/// # Errors
/// Every section that cannot be filled, not only the first.
pub fn check(
    blueprint: &Blueprint,
    index: &BankIndex,
    usable: impl Fn(u32) -> bool,
) -> Result<(), Vec<Shortfall>> {
    let short: Vec<Shortfall> = blueprint
        .sections
        .iter()
        .filter_map(|section| check_section(section, index, &usable))
        .collect();
    if short.is_empty() { Ok(()) } else { Err(short) }
}

fn check_section(
    section: &Section,
    index: &BankIndex,
    usable: &impl Fn(u32) -> bool,
) -> Option<Shortfall> {
    let units = index.units_of(section).into_iter().filter(|&unit| usable(unit));
    let mut sizes = Sizes::default();
    for unit in units {
        sizes.add(index.unit(unit).items.len());
    }
    let stock = u32::try_from(sizes.total()).unwrap_or(u32::MAX);
    if sizes.reaches(section.count as usize) {
        return None;
    }
    let nearest = || {
        let need = section.count as usize;
        let reached = sizes.reachable(need + sizes.largest());
        let counts = (0..reached.len()).filter(|&count| reached[count]);
        counts.min_by_key(|&count| count.abs_diff(need)).and_then(|n| u32::try_from(n).ok())
    };
    Some(Shortfall {
        section: section.title.clone(),
        item_type: section.item_type,
        topics: section.topics.clone(),
        difficulties: section.difficulties.clone(),
        need: section.count,
        stock,
        for_others: u32::try_from(index.items_for_others(section)).unwrap_or(u32::MAX),
        reachable: section.item_type.in_groups().then(nearest).flatten(),
    })
}

/// How many units there are of each size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sizes(BTreeMap<usize, usize>);

impl Sizes {
    pub(crate) fn add(&mut self, size: usize) {
        *self.0.entry(size).or_default() += 1;
    }

    pub(crate) fn remove(&mut self, size: usize) {
        if let Some(count) = self.0.get_mut(&size) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&size);
            }
        }
    }

    fn total(&self) -> usize {
        self.0.iter().map(|(size, count)| size * count).sum()
    }

    fn largest(&self) -> usize {
        self.0.last_key_value().map_or(0, |(size, _)| *size)
    }

    /// Whether some of the units add up to exactly `need`.
    pub(crate) fn reaches(&self, need: usize) -> bool {
        if self.0.len() <= 1 {
            let Some((size, count)) = self.0.first_key_value() else { return need == 0 };
            return need.is_multiple_of(*size) && need / size <= *count;
        }
        self.reachable(need)[need]
    }

    /// For each sum up to `limit`, whether some of the units add up to it.
    fn reachable(&self, limit: usize) -> Vec<bool> {
        let mut reached = vec![false; limit + 1];
        reached[0] = true;
        // For one size after the other: how many of it the cheapest way to each sum uses.
        let mut used = vec![0; limit + 1];
        for (&size, &count) in &self.0 {
            used.fill(0);
            for sum in size..=limit {
                if !reached[sum] && reached[sum - size] && used[sum - size] < count {
                    reached[sum] = true;
                    used[sum] = used[sum - size] + 1;
                }
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(list: &[usize]) -> Sizes {
        let mut sizes = Sizes::default();
        for &size in list {
            sizes.add(size);
        }
        sizes
    }

    #[test]
    fn whole_groups_reach_only_some_sums() {
        let groups = sizes(&[2, 2, 3]);
        for (need, reachable) in [
            (0, true),
            (1, false),
            (2, true),
            (3, true),
            (4, true),
            (5, true),
            (6, false),
            (7, true),
            (8, false),
        ] {
            assert_eq!(groups.reaches(need), reachable, "{need}");
        }
        assert!(!sizes(&[3, 3, 3]).reaches(4));
        assert!(!sizes(&[]).reaches(1));
        assert!(sizes(&[1, 1]).reaches(2) && !sizes(&[1, 1]).reaches(3));
    }
}
