//! Rows that belong together: the items of a case, or of a list of options.

use exam_core::item::ItemType;

use crate::raw::{RawItem, RawUnit};

/// A row of a group, before it is known whether the group goes on.
pub(super) struct GroupRow {
    pub item_type: ItemType,
    /// What the author ties rows with; often empty.
    pub tie: String,
    /// The shared case; empty where an earlier row has it.
    pub shared: String,
    /// Everything else of the row as if it were a unit of its own.
    pub unit: RawUnit,
}

/// A group in the making.
pub(super) struct Group {
    tie: String,
    /// The code that the author gave the group.
    named: Option<String>,
    item_type: ItemType,
    unit: RawUnit,
}

impl Group {
    pub(super) fn begin(row: GroupRow) -> Self {
        let GroupRow { item_type, tie, shared, unit: mut row } = row;
        let named = Some(tie.clone()).filter(|tie| !tie.is_empty() && !super::is_serial(tie));
        let mut unit = RawUnit {
            r#type: row.r#type.clone(),
            topic: std::mem::take(&mut row.topic),
            difficulty: row.difficulty.take(),
            tags: std::mem::take(&mut row.tags),
            categories: std::mem::take(&mut row.categories),
            practice_scopes: std::mem::take(&mut row.practice_scopes),
            pool: row.pool.take(),
            place: row.place.clone(),
            ..RawUnit::default()
        };
        let heads = row.key.is_empty();
        match item_type {
            ItemType::B1 => {
                unit.options = std::mem::take(&mut row.options);
                unit.stem = shared;
            }
            // A row with a text and no answer is the case itself.
            _ if heads && row.options.is_empty() && shared.is_empty() => {
                unit.stem = std::mem::take(&mut row.stem);
            }
            _ => unit.stem = shared,
        }
        let headed = row.stem.is_empty() && heads;
        let mut group = Self { tie, named, item_type, unit };
        if headed {
            group.unit.code = row.code;
        } else {
            group.unit.place.damage.clear(); // It is the row's own.
            group.add(row);
        }
        group
    }

    /// Whether a row goes on with this group.
    pub(super) fn goes_on(&self, row: &GroupRow) -> bool {
        if row.item_type != self.item_type {
            return false;
        }
        let same_case = row.shared.is_empty() || row.shared == self.unit.stem;
        let same_options = match self.item_type {
            ItemType::B1 => row.unit.options.is_empty() || row.unit.options == self.unit.options,
            _ => true,
        };
        let heads = row.unit.key.is_empty() && row.unit.options.is_empty();
        match (self.tie.is_empty(), row.tie.is_empty()) {
            (false, false) => self.tie == row.tie,
            (true, false) => false,
            (_, true) => same_case && same_options && !(heads && row.shared.is_empty()),
        }
    }

    /// Adds a row that goes on with this group.
    pub(super) fn add(&mut self, row: RawUnit) {
        let options = if self.item_type == ItemType::B1 { vec![] } else { row.options };
        self.unit.items.push(RawItem {
            code: row.code,
            stem: row.stem,
            options,
            key: row.key,
            explanation: row.explanation,
            media: row.media,
            place: row.place,
        });
    }

    /// The type of its rows.
    pub(super) fn item_type(&self) -> ItemType {
        self.item_type
    }

    /// The options that its rows share.
    pub(super) fn options(&self) -> &[crate::raw::RawOption] {
        &self.unit.options
    }

    /// The whole group. `code_of` makes a code out of what it says, where its author gave none.
    pub(super) fn end(mut self, code_of: impl Fn(&RawUnit) -> String) -> RawUnit {
        if let Some(named) = self.named {
            self.unit.code = named;
        }
        if self.unit.code.is_empty() {
            self.unit.code = code_of(&self.unit);
        }
        let code = self.unit.code.clone();
        for (place, item) in self.unit.items.iter_mut().enumerate() {
            if item.code.is_empty() || item.code == code {
                item.code = format!("{code}-{}", place + 1);
            }
        }
        self.unit
    }
}
