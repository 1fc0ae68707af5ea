//! The table that authors fill in, and what comes back from it otherwise than it went in.
//!
//! The table is read again as an import reads it and held against what was written: whatever a
//! reader makes of a text, the warning is right.

use std::collections::HashMap;

use rust_xlsxwriter::XlsxError;

use super::losses::Losses;
use crate::item::{Defaults, Item, Unit};
use crate::{sheet, template};

/// Writes a workbook.
pub(super) fn write(units: &[Unit], losses: &mut Losses<'_>) -> Result<Vec<u8>, XlsxError> {
    let bytes = template::write(units)?;
    let read = sheet::read(&bytes, "", &Defaults::default(), &[]).units;
    let by_code: HashMap<&str, &Unit> =
        read.iter().map(|unit| (unit.code.as_str(), unit)).collect();
    for (place, unit) in units.iter().enumerate() {
        let same_place = read.get(place).filter(|_| read.len() == units.len());
        match by_code.get(unit.code.as_str()).copied().or(same_place) {
            Some(read) => compare(unit, read, losses),
            None => {
                let message = "写成表格后不能再按原样导入，请核对该题";
                losses.note(&unit.code, "not_read_back", message);
            }
        }
    }
    Ok(bytes)
}

fn compare(unit: &Unit, read: &Unit, losses: &mut Losses<'_>) {
    let mut changed = Vec::new();
    let mut check = |same: bool, what: &'static str| {
        if !same && !changed.contains(&what) {
            changed.push(what);
        }
    };
    check(unit.code == read.code, "编号");
    check(unit.item_type == read.item_type, "题型");
    check(unit.topic == read.topic, "分类");
    check(unit.difficulty == read.difficulty, "难度");
    check(unit.tags == read.tags, "标签");
    check(unit.practices.categories == read.practices.categories, "执业类别");
    check(unit.practices.practice_scopes == read.practices.practice_scopes, "执业范围");
    check(unit.pool == read.pool, "用途");
    check(unit.shared_stem == read.shared_stem, "共用题干");
    check(unit.shared_options == read.shared_options, "选项");
    check(unit.items.len() == read.items.len(), "小题");
    for (item, back) in unit.items.iter().zip(&read.items) {
        check(item.code == back.code, "编号");
        check(item.stem == back.stem, "题干");
        check(item.options == back.options, "选项");
        check(item.key == back.key, "答案");
        check(item.explanation == back.explanation, "解析");
    }
    if !changed.is_empty() {
        let message = format!("再导入时与原题不完全相同：{}", changed.join("、"));
        losses.note(&unit.code, "fields_changed", message);
    }
    let shows = |items: &[Item]| items.iter().any(|item| !item.media.is_empty());
    if !unit.shared_media.is_empty() || shows(&unit.items) {
        losses.note(&unit.code, "pictures_left_out", "表格不能保存图片，图片未写入");
    }
}
