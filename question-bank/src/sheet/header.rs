//! The row of a sheet that says what its columns hold.

use std::sync::Arc;

use crate::raw::{Field, FieldColumns};
use crate::table::{Cell, Row};
use crate::wording::words::{Column, column_of};

/// What the columns of a sheet hold.
#[derive(Clone, Debug)]
pub(super) struct Header {
    columns: Vec<(Column, usize)>,
    /// Columns from 1 whose heading nobody knows, with it.
    pub unknown: Vec<(u32, String)>,
    /// Where problems are reported.
    pub fields: Arc<FieldColumns>,
}

impl Header {
    /// Reads a row as a header: it is one if it names a question and its answer.
    pub(super) fn find(row: &Row) -> Option<Self> {
        let mut columns: Vec<(Column, usize)> = Vec::new();
        let mut unknown = Vec::new();
        for (place, cell) in row.cells.iter().enumerate() {
            let many = |column| matches!(column, Column::Topic | Column::Tags | Column::Unused);
            match column_of(&cell.text) {
                Some(column) if many(column) || columns.iter().all(|(had, _)| *had != column) => {
                    columns.push((column, place));
                }
                _ if cell.text.is_empty() => {}
                _ => unknown.push((number(place), cell.text.clone())),
            }
        }
        let has = |column: Column| columns.iter().any(|(had, _)| *had == column);
        if !has(Column::Stem) || !has(Column::Answer) {
            return None;
        }
        let fields = columns.iter().filter_map(|(column, place)| {
            let field = match column {
                Column::Code => Field::Code,
                Column::Type => Field::Type,
                Column::Stem => Field::Stem,
                Column::Option(option) => Field::Option(*option),
                Column::Options => Field::Option(0),
                Column::Answer => Field::Key,
                Column::Explanation => Field::Explanation,
                Column::Difficulty | Column::Facility => Field::Difficulty,
                Column::Topic => Field::Topic,
                Column::Shared => Field::Shared,
                Column::Pool => Field::Pool,
                Column::Media => Field::Media,
                Column::Tags
                | Column::Category
                | Column::PracticeScope
                | Column::Group
                | Column::Unused => return None,
            };
            Some((field, number(*place)))
        });
        let fields = Arc::new(FieldColumns(fields.collect()));
        Some(Self { columns, unknown, fields })
    }

    /// The text of the first column that holds `wanted`.
    pub(super) fn text<'a>(&self, row: &'a Row, wanted: Column) -> &'a str {
        self.texts(row, wanted).next().unwrap_or("")
    }

    /// The texts of every column that holds `wanted`, the empty ones left out.
    pub(super) fn texts<'a>(&self, row: &'a Row, wanted: Column) -> impl Iterator<Item = &'a str> {
        let places = self.columns.iter().filter(move |(column, _)| *column == wanted);
        places
            .filter_map(|(_, place)| row.cells.get(*place))
            .map(|cell| cell.text.as_str())
            .filter(|text| !text.is_empty())
    }

    /// The texts of the options' columns in the order of their letters, up to the last column.
    pub(super) fn option_texts(&self, row: &Row) -> Vec<String> {
        let mut texts = Vec::new();
        for (column, place) in &self.columns {
            let Column::Option(option) = *column else { continue };
            if texts.len() <= option {
                texts.resize(option + 1, String::new());
            }
            if let Some(cell) = row.cells.get(*place) {
                texts[option].clone_from(&cell.text);
            }
        }
        texts
    }

    /// The cells of a row that become part of an item, with what they become.
    pub(super) fn content<'a>(&self, row: &'a Row) -> impl Iterator<Item = (Field, &'a Cell)> {
        let spoken = |field: &Field| {
            matches!(
                field,
                Field::Stem | Field::Shared | Field::Option(_) | Field::Key | Field::Explanation
            )
        };
        let fields = self.fields.0.iter().filter(move |(field, _)| spoken(field));
        fields.filter_map(|(field, column)| Some((*field, row.cells.get(*column as usize - 1)?)))
    }
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX).saturating_add(1)
}
