//! Merged areas: only their first cell has the text, and every row of them means it.

use calamine::Dimensions;

use super::{Cell, Row};

/// The areas of a sheet that span rows.
pub(super) struct Merged {
    /// Not begun yet, the last to begin first.
    waiting: Vec<Area>,
    begun: Vec<Area>,
}

struct Area {
    first: u32,
    last: u32,
    column: usize,
    cell: Cell,
}

impl Merged {
    pub(super) fn new(areas: Vec<Dimensions>) -> Self {
        let spanning = areas.into_iter().filter(|area| area.end.0 > area.start.0);
        let mut waiting: Vec<Area> = spanning
            .map(|area| Area {
                first: area.start.0.saturating_add(1),
                last: area.end.0.saturating_add(1),
                column: area.start.1 as usize,
                cell: Cell::default(),
            })
            .collect();
        waiting.sort_by_key(|area| std::cmp::Reverse(area.first));
        Self { waiting, begun: Vec::new() }
    }

    /// Fills in what the areas that cover `row` say; rows come in order.
    pub(super) fn fill(&mut self, row: &mut Row) {
        self.begun.retain(|area| area.last >= row.number);
        while let Some(mut area) = self.waiting.pop_if(|area| area.first <= row.number) {
            if area.first == row.number {
                area.cell = row.cells.get(area.column).cloned().unwrap_or_default();
            }
            self.begun.push(area);
        }
        for area in self.begun.iter().filter(|area| !area.cell.text.is_empty()) {
            if row.cells.len() <= area.column {
                row.cells.resize_with(area.column + 1, Cell::default);
            }
            if row.cells[area.column].text.is_empty() {
                row.cells[area.column] = area.cell.clone();
            }
        }
    }
}
