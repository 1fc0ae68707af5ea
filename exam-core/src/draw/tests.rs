//! What a draw promises.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::audience::Practices;
use crate::bank::{Unit, UnitItem};
use crate::blueprint::Section;
use crate::ids::GroupVersionNo;
use crate::item::{Choose, Difficulty, OptionSet};
use crate::paper::ScoringRule;
use crate::points::Points;
use crate::time::Span;

const TOPICS: [&str; 3] = ["公共知识/法律", "公共知识/伦理", "临床/内科"];

fn unit(first: i64, item_type: ItemType, topic: &str, size: usize, permille: u16) -> Unit {
    let items = (first..).take(size).map(|number| UnitItem {
        version: ItemVersionNo(number),
        item: ItemNo(number),
        content: content(number),
        options: 5,
        pinned: OptionSet::EMPTY,
    });
    Unit {
        group: item_type.in_groups().then_some(GroupVersionNo(first)),
        item_type,
        topic: topic.to_owned(),
        difficulty: Difficulty::Medium,
        practices: Practices::default(),
        expected_permille: permille,
        items: items.collect(),
    }
}

fn content(number: i64) -> ContentHash {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    ContentHash(hash)
}

fn section(item_type: ItemType, topic: &str, count: u32) -> Section {
    Section {
        title: format!("{item_type} {topic}"),
        item_type,
        topics: vec![topic.to_owned()],
        difficulties: vec![Difficulty::Medium],
        practices: Practices::default(),
        count,
        points: Points::from_hundredths(200),
        rule: (item_type.choose() == Choose::Many).then_some(ScoringRule::Proportional),
    }
}

fn blueprint(sections: Vec<Section>) -> Blueprint {
    Blueprint {
        time_allowed: Span::from_minutes(60),
        pass_points: Points::ZERO,
        shuffle_items: true,
        shuffle_options: true,
        sections,
    }
}

fn seed(number: u8) -> Seed {
    Seed([number; 32])
}

fn plan(index: &BankIndex, blueprint: &Blueprint) -> Plan {
    Plan::new(index, 1, &Exposure::default(), blueprint, None).expect("the bank suffices")
}

fn items(paper: &Paper) -> Vec<i64> {
    paper.slots.iter().map(|slot| slot.item.0).collect()
}

/// `count` single items of one cell, with rising expected scores.
fn singles(first: i64, count: i64, topic: &str) -> impl Iterator<Item = Unit> {
    (first..first + count).map(move |number| {
        let permille = u16::try_from((number - first) * 1000 / count).expect("below 1000");
        unit(number, ItemType::A1, topic, 1, permille)
    })
}

fn seen_of(papers: &[Paper]) -> Seen {
    let numbers = papers.iter().flat_map(items);
    Seen { attempts: vec![], items: numbers.map(|number| (ItemNo(number), None)).collect() }
}

#[test]
fn the_same_seed_draws_the_same_paper() {
    let index = BankIndex::build(singles(1, 200, TOPICS[0]));
    let plan = plan(&index, &blueprint(vec![section(ItemType::A1, TOPICS[0], 20)]));
    let draw = |number| plan.draw(&index, seed(number), &Seen::default()).to_json();
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    let read: Paper = serde_json::from_str(&draw(1)).expect("a paper reads back");
    assert_eq!(read.to_json(), draw(1));
}

/// A golden paper: the draw must give it for ever, or stored seeds are worth nothing.
#[test]
fn a_draw_is_the_same_in_every_release() {
    let units = singles(1, 40, TOPICS[0]).chain([unit(100, ItemType::B1, TOPICS[0], 2, 500)]);
    let index = BankIndex::build(units);
    let sections = vec![section(ItemType::A1, TOPICS[0], 3), section(ItemType::B1, TOPICS[0], 2)];
    let paper = plan(&index, &blueprint(sections)).draw(&index, seed(7), &Seen::default());
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/src/draw/golden_paper.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, paper.to_json() + "\n").expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(golden).expect("the golden file is there");
    assert_eq!(paper.to_json(), golden.trim_end());
}

#[test]
fn unseen_items_come_first_until_none_is_left() {
    let index = BankIndex::build(singles(1, 60, TOPICS[0]));
    let plan = plan(&index, &blueprint(vec![section(ItemType::A1, TOPICS[0], 20)]));
    let mut papers = Vec::new();
    for number in 0..3 {
        papers.push(plan.draw(&index, seed(number), &seen_of(&papers)));
    }
    let all: HashSet<i64> = papers.iter().flat_map(items).collect();
    assert_eq!(all.len(), 60, "three papers use the whole cell");
    let fourth = plan.draw(&index, seed(9), &seen_of(&papers));
    assert_eq!(items(&fourth).into_iter().collect::<HashSet<_>>().len(), 20);
}

#[test]
fn an_item_counts_as_seen_under_another_number_too() {
    let index = BankIndex::build(singles(1, 2, TOPICS[0]));
    let plan = plan(&index, &blueprint(vec![section(ItemType::A1, TOPICS[0], 1)]));
    let seen = Seen { attempts: vec![], items: vec![(ItemNo(999), Some(content(1)))] };
    for number in 0..20 {
        assert_eq!(items(&plan.draw(&index, seed(number), &seen)), [2]);
    }
}

#[test]
fn the_least_used_items_come_first() {
    let index = BankIndex::build(singles(1, 40, TOPICS[0]));
    let counts = (1..=40).map(|number| (ItemVersionNo(number), u32::from(number % 2 == 0)));
    let exposure = Exposure { revision: 4, counts: counts.collect() };
    let blueprint = blueprint(vec![section(ItemType::A1, TOPICS[0], 10)]);
    let plan = Plan::new(&index, 1, &exposure, &blueprint, None).expect("the bank suffices");
    let paper = plan.draw(&index, seed(1), &Seen::default());
    assert!(items(&paper).iter().all(|number| number % 2 == 1), "{paper:?}");
    assert_eq!(paper.exposure_revision, 4);
}

#[test]
fn a_cap_is_kept_while_the_section_can_be_filled_without() {
    let index = BankIndex::build(singles(1, 12, TOPICS[0]));
    let counts = (1..=12).map(|number| (ItemVersionNo(number), if number <= 4 { 9 } else { 2 }));
    let exposure = Exposure { revision: 1, counts: counts.collect() };
    for (count, below_cap_only) in [(8, true), (10, false)] {
        let blueprint = blueprint(vec![section(ItemType::A1, TOPICS[0], count)]);
        let plan = Plan::new(&index, 1, &exposure, &blueprint, Some(5)).expect("it suffices");
        let drawn = items(&plan.draw(&index, seed(3), &Seen::default()));
        assert_eq!(drawn.len(), count as usize);
        assert_eq!(drawn.iter().all(|number| *number > 4), below_cap_only);
    }
}

#[test]
fn changing_one_section_does_not_change_another() {
    let units = singles(1, 100, TOPICS[0]).chain(singles(200, 100, TOPICS[1]));
    let index = BankIndex::build(units);
    let with = |count| {
        let sections =
            vec![section(ItemType::A1, TOPICS[0], count), section(ItemType::A1, TOPICS[1], 10)];
        let paper = plan(&index, &blueprint(sections)).draw(&index, seed(5), &Seen::default());
        paper.slots[count as usize..].to_vec()
    };
    assert_eq!(with(10), with(30));
}

#[test]
fn papers_differ_little_in_expected_difficulty() {
    let index = BankIndex::build(singles(1, 1_000, TOPICS[0]));
    let plan = plan(&index, &blueprint(vec![section(ItemType::A1, TOPICS[0], 50)]));
    let expected = |number: u16| {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        let paper = plan.draw(&index, Seed(bytes), &Seen::default());
        items(&paper).iter().map(|number| (number - 1) as f64 / 1000.0).sum::<f64>()
    };
    let scores: Vec<f64> = (0..1_000).map(expected).collect();
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    let variance = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>();
    let deviation = (variance / scores.len() as f64).sqrt();
    // Drawn without strata it would be √(50/12) = 2.04 items.
    assert!((mean - 25.0).abs() < 0.1 && deviation < 0.1, "{mean} ± {deviation}");
}

#[test]
fn what_is_for_others_is_not_drawn() {
    let only = |categories: &[&str]| Practices {
        categories: categories.iter().map(ToString::to_string).collect(),
        practice_scopes: vec![],
    };
    let units = (1..=30).map(|number| {
        let practices = match number % 3 {
            0 => only(&["口腔"]),
            1 => only(&["临床", "口腔"]),
            _ => Practices::default(),
        };
        Unit { practices, ..unit(number, ItemType::A1, TOPICS[0], 1, 500) }
    });
    let index = BankIndex::build(units);
    let drawn = |practices: Practices, count: u32| {
        let section = Section { practices, ..section(ItemType::A1, TOPICS[0], count) };
        let plan = Plan::new(&index, 1, &Exposure::default(), &blueprint(vec![section]), None)?;
        let paper = plan.draw(&index, Seed([7; 32]), &Seen::default());
        Ok::<_, Vec<Shortfall>>(paper.slots.iter().map(|slot| slot.item.0).collect::<Vec<_>>())
    };
    let paper = drawn(only(&["临床"]), 20).expect("twenty are for them");
    assert!(paper.iter().all(|number| number % 3 != 0), "{paper:?}");
    assert_eq!(drawn(only(&["口腔"]), 30).expect("all are for them").len(), 30);
    assert!(drawn(Practices::default(), 10).is_ok(), "ten are for everybody");
    let short = drawn(Practices::default(), 11).expect_err("and no more");
    assert_eq!((short[0].stock, short[0].for_others), (10, 20));
    assert!(short[0].to_string().contains("20 more"), "{}", short[0]);
}

/// A bank of five cells whose items vary in facility within each, from a printed seed.
fn varied(seed: u64) -> (BankIndex, Blueprint, f64) {
    let mut state = seed;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64
    };
    let cells = [
        (ItemType::A1, TOPICS[0], 1, 20),
        (ItemType::A1, TOPICS[1], 1, 10),
        (ItemType::X, TOPICS[0], 1, 10),
        (ItemType::A3, TOPICS[2], 2, 6),
        (ItemType::B1, TOPICS[2], 2, 4),
    ];
    let (mut units, mut facilities) = (Vec::new(), Vec::new());
    for (item_type, topic, size, _) in cells {
        for _ in 0..120 {
            let first = 1 + 2 * i64::try_from(units.len()).expect("few");
            let permille = 350.0 + 600.0 * next();
            facilities.push(permille / 1_000.0);
            units.push(unit(first, item_type, topic, size, permille as u16));
        }
    }
    let sections = cells.map(|(item_type, topic, _, count)| section(item_type, topic, count));
    let spread = Spread::of(&facilities).deviation;
    (BankIndex::build(units), blueprint(sections.to_vec()), spread)
}

#[test]
fn papers_are_fair_where_a_naive_draw_is_not() {
    let seed = 20_260_725;
    let (index, blueprint, spread) = varied(seed);
    println!("seed {seed}, facilities spread by {spread:.3}");
    assert!(spread >= 0.15, "{spread}");
    let question = Question { papers: 10_000, attempts: 1, seed: Seed([7; 32]), cap: None };
    let found = forecast(&index, &blueprint, &question).expect("the bank suffices");
    // The naive draw: each section's units in any order until they are enough.
    let mut chance = Chance::of_section(Seed([8; 32]), 1);
    let naive: Vec<f64> = (0..10_000)
        .map(|_| {
            let of_section = |section: &Section| {
                let mut units = index.units_of(section);
                chance.shuffle(&mut units);
                let (mut missing, mut expected) = (section.count as usize, 0.0);
                for unit in units.into_iter().map(|unit| index.unit(unit)) {
                    if missing == 0 {
                        break;
                    }
                    missing -= unit.items.len();
                    expected +=
                        unit.items.len() as f64 * f64::from(unit.expected_permille) / 1_000.0;
                }
                expected
            };
            blueprint.sections.iter().map(of_section).sum()
        })
        .collect();
    let naive = Spread::of(&naive);
    println!("expected score of 50: {:?}; drawn naively: {naive:?}", found.expected_items);
    assert_eq!(found.slots, 50);
    assert!(found.expected_items.deviation <= 1.0, "{:?}", found.expected_items);
    assert!(naive.deviation > 1.0, "{naive:?}");
    assert!((found.expected_items.mean - naive.mean).abs() < 0.5, "neither is easier");
}

#[test]
fn a_forecast_tells_what_is_seen_again_and_what_is_used_most() {
    let index = BankIndex::build(singles(1, 40, TOPICS[0]));
    let blueprint = blueprint(vec![section(ItemType::A1, TOPICS[0], 10)]);
    let question = Question { papers: 600, attempts: 6, seed: Seed([1; 32]), cap: None };
    let found = forecast(&index, &blueprint, &question).expect("the bank suffices");
    assert_eq!((found.stock, found.never_drawn, found.slots), (40, 0, 10));
    // Four papers of ten exhaust the bank; from the fifth on everything is known.
    assert_eq!(found.seen_again, [0.0, 0.0, 0.0, 1.0, 1.0]);
    assert!((0.25..0.4).contains(&found.most_drawn_share), "{found:?}");
    assert_eq!(forecast(&index, &blueprint, &question), Ok(found), "one seed, one forecast");
    let short = super::forecast(&BankIndex::build(singles(1, 5, TOPICS[0])), &blueprint, &question);
    assert_eq!(short.expect_err("too few").len(), 1);
}

#[test]
fn every_item_has_the_same_chance() {
    let index = BankIndex::build(singles(1, 50, TOPICS[0]));
    let plan = plan(&index, &blueprint(vec![section(ItemType::A1, TOPICS[0], 5)]));
    let mut drawn: HashMap<i64, u32> = HashMap::new();
    for number in 0..5_000_u16 {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        for item in items(&plan.draw(&index, Seed(bytes), &Seen::default())) {
            *drawn.entry(item).or_default() += 1;
        }
    }
    // Each is expected 500 times; χ² with 45 degrees of freedom stays below 82 in 999 of 1,000.
    let chi2: f64 = (1..=50).map(|item| (f64::from(drawn[&item]) - 500.0).powi(2) / 500.0).sum();
    assert!(chi2 < 82.0, "{chi2}");
}

#[test]
fn pinned_options_keep_their_places() {
    let mut pinned = unit(1, ItemType::A1, TOPICS[0], 1, 500);
    pinned.items[0].pinned = OptionSet::EMPTY.with(4).with(1);
    let index = BankIndex::build([pinned]);
    let plan = plan(&index, &blueprint(vec![section(ItemType::A1, TOPICS[0], 1)]));
    let mut orders = HashSet::new();
    for number in 0..100 {
        let paper = plan.draw(&index, seed(number), &Seen::default());
        let order = paper.slots[0].order.positions().to_vec();
        assert_eq!((order[1], order[4]), (1, 4));
        orders.insert(order);
    }
    assert_eq!(orders.len(), 6, "the three others take every order");
}

#[test]
fn short_cells_are_all_named() {
    let units = singles(1, 5, TOPICS[0]).chain([unit(50, ItemType::A3, TOPICS[2], 3, 500)]);
    let index = BankIndex::build(units);
    let sections = vec![
        section(ItemType::A1, TOPICS[0], 6),
        section(ItemType::A1, TOPICS[1], 1),
        section(ItemType::A3, TOPICS[2], 2),
    ];
    let short = Plan::new(&index, 1, &Exposure::default(), &blueprint(sections), None)
        .expect_err("three sections are short");
    let found: Vec<_> = short.iter().map(|s| (s.need, s.stock, s.reachable)).collect();
    assert_eq!(found, [(6, 5, None), (1, 0, None), (2, 3, Some(3))]);
    assert!(short[2].to_string().contains("whole groups can only make up 3"), "{}", short[2]);
}

fn bank_and_sections() -> impl Strategy<Value = (Vec<Unit>, Vec<Section>)> {
    let groups = prop::collection::vec((0usize..3, 1usize..5, 0u16..1000), 0..40);
    let singles = prop::collection::vec((0usize..3, 0u16..1000), 0..80);
    let counts = prop::collection::vec(0u32..20, 9);
    (groups, singles, counts).prop_map(|(groups, singles, counts)| {
        let mut units = Vec::new();
        for (number, (topic, size, permille)) in groups.into_iter().enumerate() {
            let item_type = [ItemType::A3, ItemType::B1][number % 2];
            let first = 1_000 + 10 * i64::try_from(number).expect("small");
            units.push(unit(first, item_type, TOPICS[topic], size, permille));
        }
        for (number, (topic, permille)) in (1..).zip(singles) {
            units.push(unit(number, ItemType::X, TOPICS[topic], 1, permille));
        }
        let types = [ItemType::A3, ItemType::B1, ItemType::X];
        let cells = types.into_iter().flat_map(|t| TOPICS.map(|topic| (t, topic)));
        let sections = cells.zip(counts).filter(|(_, count)| *count > 0);
        (units, sections.map(|((t, topic), count)| section(t, topic, count)).collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever bank and blueprint: where the check passes, every seed draws a paper that never
    /// repeats an item, never splits a group, and has exactly its length.
    #[test]
    fn a_paper_never_repeats_an_item_never_splits_a_group_and_has_its_length(
        (units, sections) in bank_and_sections(),
        seeds in prop::collection::vec(any::<[u8; 32]>(), 1..4),
        seen in prop::collection::vec(1i64..1_400, 0..60),
        used in prop::collection::hash_map(1i64..1_400, 1u32..5, 0..60),
    ) {
        let groups: HashMap<i64, Vec<i64>> = units
            .iter()
            .filter_map(|unit| Some((unit.group?.0, unit.items.iter().map(|i| i.version.0).collect())))
            .collect();
        let index = BankIndex::build(units);
        let blueprint = blueprint(sections);
        let counts = used.into_iter().map(|(number, uses)| (ItemVersionNo(number), uses));
        let exposure = Exposure { revision: 1, counts: counts.collect() };
        let Ok(plan) = Plan::new(&index, 1, &exposure, &blueprint, Some(3)) else {
            return Ok(());
        };
        let seen = Seen {
            attempts: vec![],
            items: seen.into_iter().map(|number| (ItemNo(number), None)).collect(),
        };
        for bytes in seeds {
            let paper = plan.draw(&index, Seed(bytes), &seen);
            prop_assert_eq!(paper.slots.len(), blueprint.slots() as usize);
            let drawn = items(&paper);
            prop_assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), drawn.len());
            for (number, group) in (0u16..).zip(&paper.groups) {
                let slots = paper.slots.iter().filter(|slot| slot.group == Some(number));
                let whole: Vec<i64> = slots.map(|slot| slot.item.0).collect();
                prop_assert_eq!(&whole, &groups[&group.version.0]);
            }
            let mut at = 0;
            for section in &blueprint.sections {
                let end = at + section.count as usize;
                prop_assert!(paper.slots[at..end].iter().all(|s| s.item_type == section.item_type));
                at = end;
            }
        }
    }
}
