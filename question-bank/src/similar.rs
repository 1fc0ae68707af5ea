//! Items that say nearly the same, and how evenly keys fall on positions.

use std::collections::{HashMap, HashSet};

use crate::item::{Item, Unit};

/// From this on two items are nearly the same.
pub const SIMILAR_FROM: f64 = 0.9;

/// A trigram that more items share than this says nothing about any two of them.
const COMMON: usize = 400;

/// Two items that are nearly the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The code of one.
    pub first: String,
    /// The code of the other.
    pub second: String,
    /// The share of character trigrams they have in common (Jaccard), in `[0.9, 1]`.
    pub similarity: f64,
}

fn trigrams(unit: &Unit, item: &Item) -> HashSet<[char; 3]> {
    let options = unit.options_of(item).iter().map(|option| option.text.as_str());
    let texts = [unit.shared_stem.as_str(), item.stem.as_str()].into_iter().chain(options);
    let text: Vec<char> = texts.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect();
    text.windows(3).map(|window| [window[0], window[1], window[2]]).collect()
}

/// All pairs of items that are nearly the same, by the trigrams of stem and options.
#[must_use]
pub fn pairs(units: &[Unit]) -> Vec<Pair> {
    let items: Vec<(&Item, HashSet<[char; 3]>)> = units
        .iter()
        .flat_map(|unit| unit.items.iter().map(move |item| (item, trigrams(unit, item))))
        .collect();
    let mut holders: HashMap<[char; 3], Vec<usize>> = HashMap::new();
    for (number, (_, grams)) in items.iter().enumerate() {
        for gram in grams {
            holders.entry(*gram).or_default().push(number);
        }
    }
    let mut pairs = Vec::new();
    for (number, (item, grams)) in items.iter().enumerate() {
        let mut shared: HashMap<usize, usize> = HashMap::new();
        for gram in grams {
            let others = &holders[gram];
            if others.len() <= COMMON {
                for &other in others.iter().take_while(|&&other| other < number) {
                    *shared.entry(other).or_default() += 1;
                }
            }
        }
        for (other, at_least) in shared {
            let (other_item, other_grams) = &items[other];
            // Most pairs share too little for an exact count to be worth it.
            if at_least * 2 < grams.len().min(other_grams.len()) {
                continue;
            }
            let common = grams.intersection(other_grams).count();
            let similarity = common as f64 / (grams.len() + other_grams.len() - common) as f64;
            if similarity >= SIMILAR_FROM {
                let (first, second) = (other_item.code.clone(), item.code.clone());
                pairs.push(Pair { first, second, similarity });
            }
        }
    }
    pairs.sort_by(|a, b| (&a.first, &a.second).cmp(&(&b.first, &b.second)));
    pairs
}

/// How often each position is right, over the one-choice items with this many options.
#[must_use]
pub fn key_spread(units: &[Unit], options: usize) -> Vec<usize> {
    let mut spread = vec![0; options];
    for unit in units {
        for item in &unit.items {
            if unit.options_of(item).len() == options && item.key.len() == 1 {
                for position in item.key.positions() {
                    spread[position] += 1;
                }
            }
        }
    }
    spread
}
