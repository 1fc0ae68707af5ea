//! The table that authors fill in, as a workbook: empty, or with items in it.
//!
//! [`crate::sheet`] reads it back. Everything is written as text, so nothing in an item is ever a
//! formula.

use exam_core::item::{Difficulty, ItemType, Pool};
use rust_xlsxwriter::{
    DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet,
    XlsxError,
};

use crate::item::{Item, Unit};

/// Columns of options in an empty table; a filled one has as many as its items need.
const OPTION_COLUMNS_MIN: usize = 5;

/// How far down an empty table offers its lists.
const ROWS_OFFERED: u32 = 5_000;

/// Headings left and right of the options.
const LEFT: [(&str, f64); 6] = [
    ("编号", 14.0),
    ("题型", 10.0),
    ("分类", 22.0),
    ("题组", 14.0),
    ("共用题干", 40.0),
    ("题干", 50.0),
];
const RIGHT: [(&str, f64); 7] = [
    ("答案", 8.0),
    ("解析", 50.0),
    ("难度", 8.0),
    ("标签", 18.0),
    ("用途", 8.0),
    ("执业类别", 12.0),
    ("执业范围", 18.0),
];

const HINTS: [&str; 10] = [
    "一行一题，表头不要改动；「题干」和「答案」必填，其余可留空。",
    "题型：单选题、多选题、判断题，或 A1、A2、A3、A4、B1、X 型题。",
    "答案：单选写一个字母，多选连写如 ACD；判断题写 对 或 错，选项可不填。",
    "A3、A4 型题：同一病例的各小题连续填写，题组写同一编号，共用题干只写在第一行。",
    "B1 型题：共用选项的各小题连续填写，题组写同一编号，选项只写在第一行。",
    "难度：易、中、难；不填则为未定，组卷时须另行指明。",
    "用途：考试 或 练习；不填则按导入时的选择。",
    "执业类别、执业范围：只考某些医师的题才填，多个用顿号隔开；不填则人人可考。",
    "分类用斜线分级，例如 公共知识/法律法规。",
    "题干、选项、解析按原样保存；请勿插入图片。",
];

/// The name of a type in a table.
const fn type_name(item_type: ItemType) -> &'static str {
    match item_type {
        ItemType::Single => "单选题",
        ItemType::Multiple => "多选题",
        ItemType::Judge => "判断题",
        ItemType::A1 => "A1型题",
        ItemType::A2 => "A2型题",
        ItemType::A3 => "A3型题",
        ItemType::A4 => "A4型题",
        ItemType::B1 => "B1型题",
        ItemType::X => "X型题",
    }
}

const fn difficulty_name(difficulty: Difficulty) -> &'static str {
    match difficulty {
        Difficulty::Easy => "易",
        Difficulty::Medium => "中",
        Difficulty::Hard => "难",
        Difficulty::Unset => "",
    }
}

const fn pool_name(pool: Pool) -> &'static str {
    match pool {
        Pool::Exam => "考试",
        Pool::Practice => "练习",
    }
}

/// Writes a workbook with these units, or an empty one.
///
/// # Errors
/// When a text is too long for a cell (32,767 characters).
pub fn write(units: &[Unit]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // The same items make the same bytes.
    let date = ExcelDateTime::from_ymd(2026, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&date));
    let widest = units.iter().flat_map(|unit| {
        let own = unit.items.iter().map(|item| item.options.len());
        own.chain([unit.shared_options.len()])
    });
    let options = widest.max().unwrap_or(0).max(OPTION_COLUMNS_MIN);
    let mut table = Table { options, row: 0 };
    let sheet = workbook.add_worksheet().set_name("试题")?;
    table.header(sheet)?;
    for unit in units {
        for (place, item) in unit.items.iter().enumerate() {
            table.item(sheet, unit, item, place == 0)?;
        }
    }
    let hints = workbook.add_worksheet().set_name("填写说明")?;
    hints.set_column_width(0, 100)?;
    for (row, hint) in (0..).zip(HINTS) {
        hints.write_string(row, 0, hint)?;
    }
    workbook.save_to_buffer()
}

struct Table {
    /// Columns of options.
    options: usize,
    row: u32,
}

impl Table {
    fn header(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let bold = Format::new().set_bold().set_align(FormatAlign::Top);
        let letters = (0..self.options).map(|place| (option_heading(place), 20.0));
        let named = |(heading, width): &(&str, f64)| ((*heading).to_owned(), *width);
        let headings = LEFT.iter().map(named).chain(letters).chain(RIGHT.iter().map(named));
        for (column, (heading, width)) in (0..).zip(headings) {
            sheet.write_string_with_format(0, column, &heading, &bold)?;
            sheet.set_column_width(column, width)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        let offers: [(u16, Vec<&str>); 3] = [
            (1, ItemType::ALL.iter().map(|item_type| type_name(*item_type)).collect()),
            (self.right(2), vec!["易", "中", "难"]),
            (self.right(4), vec!["考试", "练习"]),
        ];
        for (column, words) in offers {
            let offer = DataValidation::new().allow_list_strings(&words)?;
            sheet.add_data_validation(1, column, ROWS_OFFERED, column, &offer)?;
        }
        Ok(())
    }

    /// The column at `place` right of the options.
    fn right(&self, place: usize) -> u16 {
        u16::try_from(LEFT.len() + self.options + place).expect("at most 26 options")
    }

    fn item(
        &mut self,
        sheet: &mut Worksheet,
        unit: &Unit,
        item: &Item,
        first: bool,
    ) -> Result<(), XlsxError> {
        self.row += 1;
        let row = self.row;
        let quoted = Format::new().set_quote_prefix();
        let mut put = |column: u16, text: &str| -> Result<(), XlsxError> {
            if text.starts_with(['=', '+', '-', '@']) {
                // So that it stays a text when somebody edits it.
                sheet.write_string_with_format(row, column, text, &quoted)?;
            } else if !text.is_empty() {
                sheet.write_string(row, column, text)?;
            }
            Ok(())
        };
        let group = unit.item_type.in_groups();
        put(0, &item.code)?;
        put(1, type_name(unit.item_type))?;
        put(2, &unit.topic)?;
        put(3, if group { &unit.code } else { "" })?;
        put(4, if first { &unit.shared_stem } else { "" })?;
        put(5, &item.stem)?;
        let judge = unit.item_type == ItemType::Judge;
        let options = match (judge, first && item.options.is_empty()) {
            (true, _) => &[][..],
            (false, true) => &unit.shared_options,
            (false, false) => &item.options,
        };
        for (column, option) in (6..).zip(options) {
            put(column, &option.text)?;
        }
        let answer = if judge {
            if item.key.has(0) { "对" } else { "错" }.to_owned()
        } else {
            item.key.positions().map(letter).collect()
        };
        let right = [
            &answer,
            &item.explanation,
            difficulty_name(unit.difficulty),
            &unit.tags.join("、"),
            pool_name(unit.pool),
            &unit.practices.categories.join("、"),
            &unit.practices.practice_scopes.join("、"),
        ];
        for (place, text) in right.into_iter().enumerate() {
            put(self.right(place), text)?;
        }
        Ok(())
    }
}

fn letter(place: usize) -> char {
    char::from(b'A' + u8::try_from(place).expect("at most 26 options"))
}

fn option_heading(place: usize) -> String {
    format!("选项{}", letter(place))
}
