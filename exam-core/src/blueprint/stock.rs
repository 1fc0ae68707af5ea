//! What a bank has for a blueprint, cell by cell.

use serde::Serialize;

use super::Blueprint;
use crate::bank::BankIndex;
use crate::item::{Difficulty, ItemType};

/// One section with what there is for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SectionStock {
    /// The section's title.
    pub title: String,
    /// Its type.
    pub item_type: ItemType,
    /// How many items it needs.
    pub need: u32,
    /// How many there are.
    pub items: usize,
    /// Its cells.
    pub cells: Vec<CellStock>,
}

/// One cell of type × topic × difficulty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CellStock {
    /// The topic; it stands for everything below it.
    pub topic: String,
    /// The difficulty.
    pub difficulty: Difficulty,
    /// Units that are drawn whole.
    pub units: usize,
    /// Their items.
    pub items: usize,
    /// Items that are left out because they are not for everybody in the audience row.
    pub for_others: usize,
}

/// What there is for each section, in their order.
#[must_use]
pub fn stock(blueprint: &Blueprint, index: &BankIndex) -> Vec<SectionStock> {
    let size = |unit: u32| index.unit(unit).items.len();
    let of_section = |section: &super::Section| {
        let cells = section.cells().map(|(item_type, topic, difficulty)| {
            let units = index.cell(item_type, topic, difficulty);
            let (units, others): (Vec<u32>, Vec<u32>) =
                units.partition(|&unit| index.is_for(unit, section));
            CellStock {
                topic: topic.to_owned(),
                difficulty,
                units: units.len(),
                items: units.into_iter().map(size).sum(),
                for_others: others.into_iter().map(size).sum(),
            }
        });
        SectionStock {
            title: section.title.clone(),
            item_type: section.item_type,
            need: section.count,
            items: index.units_of(section).into_iter().map(size).sum(),
            cells: cells.collect(),
        }
    };
    blueprint.sections.iter().map(of_section).collect()
}
