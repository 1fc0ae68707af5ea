//! Items that say nearly the same, and how evenly keys fall on positions.
//!
//! Two items that share nine of ten trigrams share one of the rarest tenth of either's: only those
//! are indexed (prefix filtering), so the join is exact and looks at few pairs. Only an item that
//! shares rare trigrams with very many, as those of one pattern do, is not held against all of them.

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::hash::content_hash;
use crate::item::{Item, Unit};

/// From this on two items are nearly the same.
pub const SIMILAR_FROM: f64 = 0.9;

/// With how many others an item is compared, those first that share its rarest trigrams.
const COMPARED_MAX: usize = 200;

/// What was found to be nearly the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alike {
    /// The pairs, by code.
    pub pairs: Vec<Pair>,
    /// Whether there may be more: an item had too many others like it.
    pub more: bool,
}

/// Two items that are nearly the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// The code of the one that was there before.
    pub first: String,
    /// The code of the other.
    pub second: String,
    /// The share of character trigrams they have in common (Jaccard), in `[0.9, 1]`.
    pub similarity: f64,
    /// Whether they say the same: no paper holds both.
    pub same: bool,
    /// Whether the first is in the bank already, and not in the file.
    pub in_bank: bool,
}

/// What is compared of an item.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    /// The code of its unit; versions of one unit are not compared.
    unit: String,
    code: String,
    content: [u8; 32],
    /// Trigrams, each once: three characters of 21 bits.
    grams: Vec<u64>,
}

impl Fingerprint {
    /// The fingerprint of an item.
    #[must_use]
    pub fn of(unit: &Unit, item: &Item) -> Self {
        Self {
            unit: unit.code.clone(),
            code: item.code.clone(),
            content: content_hash(unit, item),
            grams: trigrams(unit, item),
        }
    }
}

fn trigrams(unit: &Unit, item: &Item) -> Vec<u64> {
    let options = unit.options_of(item).iter().map(|option| option.text.as_str());
    let texts = [unit.shared_stem.as_str(), item.stem.as_str()].into_iter().chain(options);
    let signs = texts.flat_map(str::chars).filter(|c| !c.is_whitespace());
    let mut grams = Vec::new();
    let mut last: u64 = 0;
    for (place, sign) in signs.enumerate() {
        last = (last << 21 | u64::from(u32::from(sign))) & ((1 << 63) - 1);
        if place >= 2 {
            grams.push(last);
        }
    }
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// All pairs of items that are nearly the same: of `units` with each other, and with those that
/// are in the bank.
#[must_use]
pub fn pairs(units: &[Unit], bank: Vec<Fingerprint>) -> Alike {
    let in_bank = bank.len();
    let new =
        units.iter().flat_map(|unit| unit.items.iter().map(|item| Fingerprint::of(unit, item)));
    let all: Vec<Fingerprint> = bank.into_iter().chain(new).collect();
    let ranked = by_rarity(&all);
    let mut holders: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
    let mut looked_at = vec![usize::MAX; all.len()];
    let (mut pairs, mut more) = (Vec::new(), false);
    for (number, ranks) in ranked.iter().enumerate() {
        let rarest = &ranks[..prefix(ranks.len())];
        let others = rarest.iter().filter_map(|rank| holders.get(rank)).flatten();
        let mut compared = 0;
        for &other in others.take_while(|_| number >= in_bank) {
            if std::mem::replace(&mut looked_at[other], number) == number {
                continue;
            }
            if compared == COMPARED_MAX {
                more = true;
                break;
            }
            compared += 1;
            let (first, second) = (&all[other], &all[number]);
            if first.unit == second.unit && other < in_bank {
                continue;
            }
            if let Some(similarity) = similarity(&ranked[other], ranks) {
                pairs.push(Pair {
                    first: first.code.clone(),
                    second: second.code.clone(),
                    similarity,
                    same: first.content == second.content,
                    in_bank: other < in_bank,
                });
            }
        }
        for rank in rarest {
            holders.entry(*rank).or_default().push(number);
        }
    }
    pairs.sort_by(|a, b| (&a.first, &a.second).cmp(&(&b.first, &b.second)));
    Alike { pairs, more }
}

/// Each item's trigrams as numbers that rise with how many items have them.
fn by_rarity(all: &[Fingerprint]) -> Vec<Vec<u32>> {
    let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
    for gram in all.iter().flat_map(|one| &one.grams) {
        *counts.entry(*gram).or_default() += 1;
    }
    let mut order: Vec<(u32, u64)> = counts.iter().map(|(gram, count)| (*count, *gram)).collect();
    order.sort_unstable();
    for (rank, (_, gram)) in (0..).zip(&order) {
        counts.insert(*gram, rank);
    }
    let ranks = |one: &Fingerprint| {
        let mut ranks: Vec<u32> = one.grams.iter().map(|gram| counts[gram]).collect();
        ranks.sort_unstable();
        ranks
    };
    all.iter().map(ranks).collect()
}

/// How many of the rarest trigrams of an item with `count` of them have to be looked at.
fn prefix(count: usize) -> usize {
    // Of `count`, 0.9 · count have to be shared, so one of the rarest count − ⌈0.9 · count⌉ + 1 is.
    count.min(count - (count * 9).div_ceil(10) + 1)
}

/// The share of what two have in common, where it is large enough. Both lists rise, so what is rare
/// comes first, and with it what two do not share: most pairs end after a few steps.
fn similarity(one: &[u32], other: &[u32]) -> Option<f64> {
    let (short, long) = (one.len().min(other.len()), one.len().max(other.len()));
    if short * 10 < long * 9 {
        return None;
    }
    // Nine tenths of what both have together are nine nineteenths of what both have, counted twice.
    let needed = (9 * (short + long)).div_ceil(19);
    let mut alone = short + long - 2 * needed;
    let (mut at, mut common) = ((0, 0), 0);
    while let (Some(rank), Some(another)) = (one.get(at.0), other.get(at.1)) {
        if rank == another {
            common += 1;
        } else {
            alone = alone.checked_sub(1)?;
        }
        at = (at.0 + usize::from(rank <= another), at.1 + usize::from(another <= rank));
    }
    let similarity = common as f64 / (short + long - common) as f64;
    (similarity >= SIMILAR_FROM).then_some(similarity)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Defaults;
    use crate::json;

    fn units(items: &[(&str, &str)]) -> Vec<Unit> {
        let unit = |(code, stem): &(&str, &str)| {
            serde_json::json!({"code": code, "type": "single", "topic": "t", "stem": stem,
                "options": [{"id": "A", "text": "医疗机构"}, {"id": "B", "text": "卫生行政部门"}],
                "key": ["A"]})
        };
        let bank = serde_json::json!({"format": "exam-bank/1",
            "units": items.iter().map(unit).collect::<Vec<_>>()});
        let read = json::read(bank.to_string().as_bytes(), "f", &Defaults::default());
        assert_eq!(read.units.len(), items.len(), "{:?}", read.problems);
        read.units
    }

    const LONG: &str = "医师在执业活动中发现传染病疫情、突发不明原因疾病或者异常健康事件时应当及时向谁报告并按照规定采取措施";

    #[test]
    fn a_changed_word_is_found_and_another_question_is_not() {
        let near = LONG.replace("医师在", "医生在");
        let file = units(&[("1", LONG), ("2", &near), ("3", "医师执业注册的有效期内变更执业地点")]);
        let found = pairs(&file, Vec::new()).pairs;
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].first.as_str(), found[0].second.as_str()), ("1", "2"));
        assert!(!found[0].same && !found[0].in_bank && found[0].similarity < 1.0);
    }

    #[test]
    fn the_bank_is_looked_at_but_not_with_itself() {
        let bank = units(&[("1", LONG), ("2", LONG), ("3", "医师执业注册的有效期内变更执业地点")]);
        let file = units(&[("2", LONG), ("9", LONG)]);
        let known = bank.iter().map(|unit| Fingerprint::of(unit, &unit.items[0])).collect();
        let found = pairs(&file, known).pairs;
        let found: Vec<_> =
            found.iter().map(|p| (&*p.first, &*p.second, p.same, p.in_bank)).collect();
        let all = [("1", "2"), ("1", "9"), ("2", "9")];
        assert_eq!(found.iter().filter(|found| found.3).count(), 3);
        assert!(found.iter().all(|found| found.2 && all.contains(&(found.0, found.1))));
    }

    #[test]
    fn thousands_of_one_pattern_are_looked_at_in_time() {
        let named: Vec<(String, String)> =
            (0..3_000).map(|n| (n.to_string(), format!("第{n}题：{LONG}{LONG}"))).collect();
        let named: Vec<_> = named.iter().map(|(code, text)| (&**code, &**text)).collect();
        let found = pairs(&units(&named), Vec::new());
        assert!(found.more && found.pairs.len() >= 3_000, "{}", found.pairs.len());
        assert!(found.pairs.len() <= 3_000 * COMPARED_MAX, "{}", found.pairs.len());
    }

    #[test]
    fn nothing_is_missed_that_a_look_at_all_pairs_finds() {
        // Texts of four signs, many of them alike: every pair is counted both ways.
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize
        };
        let mut texts: Vec<Vec<char>> = Vec::new();
        for _ in 0..120 {
            let mut text = match texts.len() {
                0 => Vec::new(),
                known => texts[next() % known].clone(),
            };
            if text.is_empty() || next() % 3 == 0 {
                text = (0..60).map(|_| ['甲', '乙', '丙', '丁'][next() % 4]).collect();
            }
            let place = next() % text.len();
            text[place] = '戊';
            texts.push(text);
        }
        let named: Vec<(String, String)> = texts
            .iter()
            .enumerate()
            .map(|(number, text)| (number.to_string(), text.iter().collect()))
            .collect();
        let named: Vec<(&str, &str)> =
            named.iter().map(|(c, t)| (c.as_str(), t.as_str())).collect();
        let file = units(&named);
        let prints: Vec<_> = file.iter().map(|unit| trigrams(unit, &unit.items[0])).collect();
        let mut expected = 0;
        for (number, one) in prints.iter().enumerate() {
            for other in &prints[..number] {
                let common = one.iter().filter(|gram| other.contains(gram)).count();
                let share = common as f64 / (one.len() + other.len() - common) as f64;
                expected += usize::from(share >= SIMILAR_FROM);
            }
        }
        assert!(expected > 20, "{expected}");
        let found = pairs(&file, Vec::new());
        assert_eq!((found.pairs.len(), found.more), (expected, false));
    }
}
