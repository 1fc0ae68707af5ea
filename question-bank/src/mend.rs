//! Corrections of a table's cells, made where its problems are shown.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::table::{Cell, Form, Row};

/// The most corrections of one file: whoever has more mends the file.
pub const MENDS_MAX: usize = 500;

/// What a cell should say instead of what the file has there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mend {
    /// The sheet's name; none in text with separators.
    pub sheet: Option<String>,
    /// The row from 1.
    pub row: u32,
    /// The column from 1.
    pub column: u32,
    /// The whole text of the cell.
    pub text: String,
}

/// The corrections of a file that are not used yet, by sheet and row.
#[derive(Debug, Default)]
pub(crate) struct Mends<'a>(BTreeMap<(Option<String>, u32), Vec<&'a Mend>>);

impl<'a> Mends<'a> {
    pub(crate) fn new(mends: &'a [Mend]) -> Self {
        let mut by_row: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for mend in mends {
            by_row.entry((mend.sheet.clone(), mend.row)).or_default().push(mend);
        }
        Self(by_row)
    }

    /// Corrects a row, and forgets the corrections.
    pub(crate) fn apply(&mut self, sheet: Option<&str>, row: &mut Row) {
        if self.0.is_empty() {
            return;
        }
        let of_row = self.0.remove(&(sheet.map(str::to_owned), row.number));
        for mend in of_row.unwrap_or_default() {
            let column = mend.column as usize;
            if row.cells.len() < column {
                row.cells.resize(column, Cell::default());
            }
            if let Some(cell) = column.checked_sub(1).and_then(|at| row.cells.get_mut(at)) {
                *cell = Cell { text: mend.text.trim().to_owned(), form: Form::Text };
            }
        }
    }

    /// The corrections that no row has asked for.
    pub(crate) fn left(self) -> impl Iterator<Item = &'a Mend> {
        self.0.into_values().flatten()
    }
}

/// How many rows are kept to show what stands in their cells: more than a group has.
const ROWS_KEPT: usize = 64;

/// The most characters of a cell that are shown with a problem.
const SHOWN_CHARS_MAX: usize = 2_000;

/// The rows that were just read, by which problems show the cell that they are about.
#[derive(Debug, Default)]
pub(crate) struct LatestRows(VecDeque<Row>);

impl LatestRows {
    pub(crate) fn keep(&mut self, row: Row) {
        if self.0.len() == ROWS_KEPT {
            self.0.pop_front();
        }
        self.0.push_back(row);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Says in each problem of the sheet what stands in its cell.
    pub(crate) fn show_in(&self, problems: &mut [Problem]) {
        for problem in problems {
            let (Some(number), Some(column)) = (problem.row, problem.column) else { continue };
            let Some(row) = self.0.iter().rev().find(|row| row.number == number) else { continue };
            let cell = (column as usize).checked_sub(1).and_then(|at| row.cells.get(at));
            let text = cell.map_or("", |cell| &cell.text);
            problem.cell = Some(text.chars().take(SHOWN_CHARS_MAX).collect());
        }
    }
}
