//! Banks as tables: one sheet a type, or one with a column that names the type.
//!
//! What authors of other systems write is taken as they meant it; what cannot be, is reported with
//! its cell.

mod group;
mod header;

use std::collections::HashSet;
use std::sync::Arc;

use exam_core::item::ItemType;

use crate::check::{Imported, Intake};
use crate::hash::derived_code;
use crate::item::Defaults;
use crate::mend::{LatestRows, Mend, Mends};
use crate::problem::Severity;
use crate::raw::{Damage, Field, Place, RawOption, RawUnit};
use crate::table::{self, Form, Part, Row};
use crate::wording::words::{Column, TypeWord};
use crate::wording::{answer, inferred, judge_key, options, words};
use group::{Group, GroupRow};
use header::Header;

/// How many rows of a sheet may stand above its header: titles and hints of a template.
const HEADER_WITHIN: usize = 20;

pub use crate::wording::NO_TOPIC;

/// The most digits of a number that only counts rows: files of one bank all count from one, so it
/// is no code.
const SERIAL_DIGITS_MAX: usize = 5;

/// Whether a code is just a number that counts rows.
fn is_serial(code: &str) -> bool {
    code.len() <= SERIAL_DIGITS_MAX && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads a table of items and names every problem, not only the first. An item with an error is
/// left out, a group with all its items.
#[must_use]
pub fn read(bytes: &[u8], file: &str, defaults: &Defaults, mends: &[Mend]) -> Imported {
    let mut reader = Reader::new(file, defaults, mends);
    let outcome = table::read(bytes, &mut |part| reader.part(part));
    reader.end_sheet();
    if let Err(why) = outcome {
        let place = Place::default();
        reader.intake.remark(Severity::Error, &place, None, why.code(), why.to_string());
    } else if !reader.any_header {
        let message = "找不到表头：应有一行同时写明「题干」和「答案」";
        reader.intake.remark(Severity::Error, &Place::default(), None, "header_missing", message);
    }
    reader.tell_of_unused_mends();
    reader.intake.finish()
}

/// Whether one of the first lines of a text names columns of a table.
pub(crate) fn has_header(text: &str) -> bool {
    text.lines().take(HEADER_WITHIN).any(|line| {
        [',', '\t', ';'].into_iter().any(|separator| {
            let names = line.split(separator).map(|name| name.trim_matches([' ', '"', '\u{feff}']));
            let columns: Vec<Column> = names.filter_map(words::column_of).collect();
            columns.contains(&Column::Stem) && columns.contains(&Column::Answer)
        })
    })
}

struct Reader<'a> {
    intake: Intake<'a>,
    sheet: Option<Arc<str>>,
    /// The type that the sheet's name gives.
    sheet_type: Option<TypeWord>,
    header: Option<Header>,
    rows_before_header: usize,
    any_header: bool,
    group: Option<Group>,
    /// Remarks that this sheet had already.
    said: HashSet<&'static str>,
    mends: Mends<'a>,
    latest: LatestRows,
    /// How many problems show their cells.
    shown: usize,
}

impl<'a> Reader<'a> {
    fn new(file: &'a str, defaults: &Defaults, mends: &'a [Mend]) -> Self {
        Self {
            intake: Intake::new(file, defaults),
            sheet: None,
            sheet_type: None,
            header: None,
            rows_before_header: 0,
            any_header: false,
            group: None,
            said: HashSet::new(),
            mends: Mends::new(mends),
            latest: LatestRows::default(),
            shown: 0,
        }
    }

    fn part(&mut self, part: Part<'_>) {
        match part {
            Part::Sheet(name) => {
                self.end_sheet();
                self.sheet_type = name.as_deref().and_then(words::type_of);
                self.sheet = name.map(Arc::from);
                self.header = None;
                self.rows_before_header = 0;
                self.said.clear();
            }
            Part::Row(mut row) => {
                self.mends.apply(self.sheet.as_deref(), &mut row);
                self.row(&row);
                self.latest.keep(row);
                self.show_cells();
            }
            Part::Outside { row, column } => {
                let message = "远离表格的单元格未读取";
                self.remark(Severity::Warning, Some(row), Some(column), "cells_outside", message);
            }
            Part::Broken { row, reason } => {
                let row = (row > 0).then_some(row); // Rows count from 1.
                let place = row.map_or_else(String::new, |row| format!("在第 {row} 行之后"));
                let message = format!("工作表{place}损坏：{reason}");
                self.remark(Severity::Error, row, None, "sheet_damaged", message);
            }
            Part::Hidden(name) => {
                let message = format!("隐藏的工作表「{name}」未读取");
                self.remark(Severity::Warning, None, None, "sheet_hidden", message);
            }
            Part::Pictures(count) => {
                let message = format!("文件中的 {count} 张图片未导入，请检查依赖图片的试题");
                self.remark(Severity::Warning, None, None, "pictures_ignored", message);
            }
        }
    }

    fn remark(
        &mut self,
        severity: Severity,
        row: Option<u32>,
        column: Option<u32>,
        code: &'static str,
        message: impl Into<String>,
    ) {
        let place = Place { sheet: self.sheet.clone(), row, ..Place::default() };
        self.intake.remark(severity, &place, column, code, message);
    }

    /// Says something once a sheet.
    fn remark_once(&mut self, row: u32, field: Field, code: &'static str, message: &str) {
        if self.said.insert(code) {
            let column = self.header.as_ref().and_then(|header| header.fields.of(field));
            self.remark(Severity::Warning, Some(row), column, code, message);
        }
    }

    fn end_sheet(&mut self) {
        self.end_group();
        let hints = self.sheet.as_ref().is_some_and(|name| name.contains("说明"));
        if self.header.is_none() && self.rows_before_header > 0 && !hints {
            let message = "工作表没有写明「题干」和「答案」的表头，未读取";
            self.remark(Severity::Warning, None, None, "sheet_ignored", message);
        }
        self.show_cells();
        self.latest.clear();
    }

    /// Says in what was just found what stands there; the next row may be far from it.
    fn show_cells(&mut self) {
        let said = self.intake.said_since(self.shown);
        self.shown += said.len();
        self.latest.show_in(said);
    }

    fn tell_of_unused_mends(&mut self) {
        for mend in std::mem::take(&mut self.mends).left() {
            let sheet = mend.sheet.as_deref().map(Arc::from);
            let place = Place { sheet, row: Some(mend.row), ..Place::default() };
            let message = "文件中没有这一行，所作的修改未用上";
            let column = Some(mend.column);
            self.intake.remark(Severity::Warning, &place, column, "mend_unused", message);
        }
    }

    fn end_group(&mut self) {
        if let Some(group) = self.group.take() {
            let unit = group.end(derived_code);
            if unit.items.is_empty() {
                let message = "共用题干或共用选项之下没有小题";
                let row = unit.place.row;
                self.remark(Severity::Error, row, None, "group_bad", message);
            } else {
                self.intake.take(unit);
            }
        }
    }

    fn row(&mut self, row: &Row) {
        if let Some(header) = Header::find(row) {
            self.end_group();
            for (column, heading) in &header.unknown {
                let heading: String = heading.chars().take(40).collect();
                let message = format!("列「{heading}」不认识，未读取");
                let row = Some(row.number);
                self.remark(Severity::Warning, row, Some(*column), "column_unknown", message);
            }
            self.header = Some(header);
            self.any_header = true;
            return;
        }
        let Some(header) = self.header.clone() else {
            self.rows_before_header += 1;
            return;
        };
        if self.rows_before_header > HEADER_WITHIN {
            let message = "表头之前的行过多，请删去";
            self.remark_once(row.number, Field::Whole, "header_late", message);
        }
        let empty = header.content(row).all(|(_, cell)| cell.text.is_empty());
        if empty {
            let message = "该行没有题干、选项和答案，未读取";
            self.remark(Severity::Warning, Some(row.number), None, "row_ignored", message);
            return;
        }
        let (unit, item_type, shared) = self.unit_of(&header, row);
        let Some(item_type) = item_type.filter(|item_type| item_type.in_groups()) else {
            self.end_group();
            let unit = self.alone(unit, shared, row.number);
            self.intake.take(unit);
            return;
        };
        let tie = header.text(row, Column::Group).to_owned();
        let row = GroupRow { item_type, tie, shared, unit };
        match &mut self.group {
            Some(group) if group.goes_on(&row) => group.add(row.unit),
            _ => {
                self.end_group();
                self.group = Some(Group::begin(row));
            }
        }
    }

    /// A row as a unit, its type as far as it is known, and its shared case.
    fn unit_of(&mut self, header: &Header, row: &Row) -> (RawUnit, Option<ItemType>, String) {
        let text = |column| header.text(row, column).to_owned();
        let place = Place {
            sheet: self.sheet.clone(),
            row: Some(row.number),
            columns: Some(header.fields.clone()),
            damage: damage_of(header, row),
        };
        let option_columns = options::of_columns(header.option_texts(row));
        let mut listed = option_columns.unwrap_or_else(|| options::of_cell(&text(Column::Options)));
        let answer = text(Column::Answer);
        let (item_type, type_name) = self.type_of(header, row, &answer, &listed);
        let key = match item_type {
            Some(ItemType::Judge) => judge_key(&answer, &mut listed),
            Some(ItemType::B1) if listed.is_empty() => {
                let shared = self.group.as_ref().map_or(&[][..], Group::options);
                answer::ids(&answer, shared)
            }
            _ => answer::ids(&answer, &listed),
        };
        let difficulty = self.difficulty_of(header, row);
        let (topic, tags) = self.topic_of(header, row);
        let mut code = text(Column::Code);
        if !code.is_empty() && is_serial(&code) {
            let message = "编号只是行的序号，已改用由内容生成的编号";
            self.remark_once(row.number, Field::Code, "codes_are_numbers", message);
            code.clear();
        }
        let pool = Some(text(Column::Pool)).filter(|pool| !pool.is_empty());
        let pool =
            pool.map(|pool| words::pool_of(&pool).map_or(pool, |pool| pool.name().to_owned()));
        let unit = RawUnit {
            code,
            r#type: type_name,
            topic,
            difficulty,
            tags,
            categories: words::names_of(&text(Column::Category)).collect(),
            practice_scopes: words::names_of(&text(Column::PracticeScope)).collect(),
            pool,
            stem: text(Column::Stem),
            options: listed,
            key,
            explanation: text(Column::Explanation),
            media: header.texts(row, Column::Media).map(|name| name.to_owned().into()).collect(),
            items: vec![],
            place,
        };
        (unit, item_type, text(Column::Shared))
    }

    /// An item that is no part of a group.
    fn alone(&mut self, mut unit: RawUnit, shared: String, row: u32) -> RawUnit {
        if !shared.is_empty() {
            let message = "此题型没有共用题干，材料已并入题干";
            self.remark_once(row, Field::Shared, "material_joined", message);
            unit.stem = format!("{shared}\n{}", unit.stem);
        }
        if unit.code.is_empty() {
            unit.code = derived_code(&unit);
        }
        unit
    }

    /// The type that the row, the group that goes on, or the sheet's name gives, and what to call it.
    fn type_of(
        &mut self,
        header: &Header,
        row: &Row,
        answer: &str,
        listed: &[RawOption],
    ) -> (Option<ItemType>, String) {
        let named = header.text(row, Column::Type);
        let word = if named.is_empty() {
            let group = self.group.as_ref().map(|group| TypeWord::Known(group.item_type()));
            self.sheet_type.or(group)
        } else {
            match words::type_of(named) {
                None => return (None, named.to_owned()),
                word => word,
            }
        };
        match word {
            Some(TypeWord::Known(item_type)) => (Some(item_type), item_type.name().to_owned()),
            Some(TypeWord::Written) => {
                let sheet = self.sheet.as_deref().unwrap_or("");
                (None, if named.is_empty() { sheet } else { named }.to_owned())
            }
            Some(TypeWord::Choice) | None => {
                let item_type = inferred(answer, listed);
                if word.is_none() {
                    let message = "没有写明题型，已按答案判断为单选、多选或判断";
                    self.remark_once(row.number, Field::Type, "type_inferred", message);
                }
                (Some(item_type), item_type.name().to_owned())
            }
        }
    }

    fn difficulty_of(&mut self, header: &Header, row: &Row) -> Option<String> {
        let facility = header.text(row, Column::Facility);
        let word = header.text(row, Column::Difficulty);
        let named = words::difficulty_of(word);
        let share = if word.is_empty() { facility } else { word };
        let by_share = || words::difficulty_of_facility(share);
        if named.is_none() && by_share().is_some() {
            let message = "难度系数按答对率换算：0.7 以上为易，0.4 以下为难";
            self.remark_once(row.number, Field::Difficulty, "difficulty_as_facility", message);
        }
        // Above one it can only be a level.
        let by_level = || words::difficulty_of(share);
        let difficulty = named
            .or_else(by_share)
            .or_else(by_level)
            .map(|difficulty| difficulty.name().to_owned());
        difficulty.or_else(|| Some(share.to_owned()).filter(|word| !word.is_empty()))
    }

    /// The topic and tags. Points of knowledge are the topic where nothing else is.
    fn topic_of(&mut self, header: &Header, row: &Row) -> (String, Vec<String>) {
        let topics: Vec<&str> = header.texts(row, Column::Topic).collect();
        let tags: Vec<&str> = header.texts(row, Column::Tags).collect();
        let topic = match (topics.is_empty(), tags.first()) {
            (false, _) => topics.join("/"),
            (true, Some(tag)) => (*tag).to_owned(),
            (true, None) => {
                let message = format!("没有章节或知识点，已归入「{NO_TOPIC}」");
                self.remark_once(row.number, Field::Topic, "topic_missing", &message);
                NO_TOPIC.to_owned()
            }
        };
        (topic, tags.into_iter().flat_map(words::names_of).collect())
    }
}

/// Cells that the spreadsheet program spoiled.
fn damage_of(header: &Header, row: &Row) -> Vec<Damage> {
    let spoiled = header.content(row).filter_map(|(field, cell)| {
        let (code, message) = match cell.form {
            Form::Error => ("cell_error", format!("单元格是公式错误 {}", cell.text)),
            Form::Date => (
                "cell_date",
                format!("内容已被表格软件改成日期 {}，请把单元格设为文本后重新填写", cell.text),
            ),
            Form::Text | Form::Number => return None,
        };
        Some(Damage { field, code, message })
    });
    spoiled.collect()
}

#[cfg(test)]
mod tests;
