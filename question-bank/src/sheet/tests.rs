use super::*;
use crate::check::Imported;
use crate::{json, template};

fn csv(text: &str) -> Imported {
    read(text.as_bytes(), "题库.csv", &Defaults::default(), &[])
}

/// Code, row and column of every problem.
fn found(imported: &Imported) -> Vec<(&'static str, Option<u32>, Option<u32>)> {
    imported.problems.iter().map(|problem| (problem.code, problem.row, problem.column)).collect()
}

fn types(imported: &Imported) -> Vec<&'static str> {
    imported.units.iter().map(|unit| unit.item_type.name()).collect()
}

const HEADER: &str = "序号,题型,题干,选项A,选项B,选项C,选项D,答案,解析,难易程度,知识点\n";

#[test]
fn a_table_of_one_sheet_with_a_column_of_types_is_read() {
    let imported = csv(&(HEADER.to_owned()
        + "1,单选题,首选检查,心电图,超声,CT,MRI,A,见教材,易,心血管\n"
        + "2,多选题,危险因素,吸烟,高血压,运动,糖尿病,\"A,B,D\",,中,心血管\n"
        + "3,判断题,每年8月19日为中国医师节,,,,,√,,,法规\n"
        + "4,A1型题,最常见的病因,甲,乙,丙,丁,Ｃ,,难,内科\n"
        + "5,X型题,正确的有,甲,乙,丙,丁,BD,,,内科\n"));
    assert_eq!(found(&imported), [], "{:?}", imported.problems);
    assert_eq!(types(&imported), ["single", "multiple", "judge", "A1", "X"]);
    let keys: Vec<u32> = imported.units.iter().map(|unit| unit.items[0].key.bits()).collect();
    assert_eq!(keys, [0b1, 0b1011, 0b1, 0b100, 0b1010]);
    assert_eq!(imported.units[1].topic, "心血管");
    assert_eq!(imported.units[4].difficulty.name(), "unset");
    assert_eq!(imported.units[0].source.row, Some(2));
}

#[test]
fn every_bad_row_is_reported_with_its_cell() {
    let imported = csv(&(HEADER.to_owned()
        + "1,单选题,多了一个答案,甲,乙,丙,丁,AB,,易,x\n"
        + "2,单选题,答案在选项之外,甲,乙,丙,丁,F,,易,x\n"
        + "3,单选题,没有答案,甲,乙,丙,丁,,,易,x\n"
        + "4,单选题,选项相同,甲,乙,甲,丁,A,,易,x\n"
        + "5,填空题,血型有（ ）种,,,,,4,,易,x\n"
        + "6,单选题,选项有空缺,甲,,丙,丁,A,,易,x\n"
        + "7,单选题,难度不明,甲,乙,丙,丁,A,,很随意,x\n"
        + "8,单选题,,甲,乙,丙,丁,A,,易,x\n"
        + "9,判断题,没有说对错,,,,,也许,,易,x\n"
        + "10,单选题,好题,甲,乙,丙,丁,A,,易,x\n"
        + "合计,,,,,,,,,,10题\n"));
    let expected = [
        ("key_not_one", 2, Some(8)),
        ("key_outside", 3, Some(8)),
        ("key_missing", 4, Some(8)),
        ("options_equal", 5, Some(6)),
        ("type_unknown", 6, Some(2)),
        ("text_missing", 7, Some(5)),
        ("difficulty_unknown", 8, Some(10)),
        ("text_missing", 9, Some(3)),
        ("key_outside", 10, Some(8)),
        ("row_ignored", 12, None),
    ];
    let expected = expected.map(|(code, row, column)| (code, Some(row), column));
    assert_eq!(found(&imported), expected, "{:?}", imported.problems);
    assert_eq!((imported.items, imported.accepted), (10, 1));
}

#[test]
fn titles_and_hints_may_stand_above_the_header() {
    let imported = csv("某某医院题库,,\n请勿改动表头,,\n题目（必填）,选项,正确答案\n\
                        首选,A.甲 B.乙 C.丙,B\n");
    assert_eq!((imported.items, imported.accepted), (1, 1), "{:?}", imported.problems);
    let codes: Vec<_> = imported.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["type_inferred", "topic_missing"]);
    assert_eq!(imported.units[0].topic, NO_TOPIC);
    assert_eq!(imported.units[0].items[0].options[1].text, "乙");
}

#[test]
fn a_table_without_a_header_is_one_error() {
    let imported = csv("姓名,医院\n林知行,第一人民医院\n");
    assert_eq!(found(&imported)[1].0, "header_missing");
    assert!(imported.units.is_empty());
}

const GROUPS: &str = "编号,题型,题组,共用题干,题干,选项A,选项B,选项C,答案,知识点\n";

#[test]
fn rows_of_a_case_become_one_group() {
    for (first, second, third) in [
        ("病例一", "", "病例二"),       // Only the first row has the case.
        ("病例一", "病例一", "病例二"), // Every row has it.
    ] {
        let imported = csv(&(GROUPS.to_owned()
            + &format!(",A3型题,,{first},最可能的诊断,甲,乙,丙,A,内科\n")
            + &format!(",A3型题,,{second},首选治疗,甲,乙,丙,B,内科\n")
            + &format!(",A3型题,,{third},还应检查,甲,乙,丙,C,内科\n")));
        assert_eq!(found(&imported), [], "{:?}", imported.problems);
        let sizes: Vec<usize> = imported.units.iter().map(|unit| unit.items.len()).collect();
        assert_eq!(sizes, [2, 1]);
        assert_eq!(imported.units[0].shared_stem, "病例一");
        let code = &imported.units[0].code;
        assert_eq!(imported.units[0].items[1].code, format!("{code}-2"));
    }
}

#[test]
fn a_case_may_have_a_row_of_its_own() {
    let imported = csv("题型,题干,选项A,选项B,答案,知识点\n\
                        A4型题,男，50岁，胸痛2小时,,,,内科\n\
                        ,最可能的诊断,甲,乙,A,\n\
                        ,首选治疗,甲,乙,B,\n"
        .replace("男，", "男")
        .as_str());
    assert_eq!(imported.units.len(), 1, "{:?}", imported.problems);
    assert_eq!(imported.units[0].shared_stem, "男50岁，胸痛2小时");
    assert_eq!(imported.units[0].items.len(), 2);
}

#[test]
fn rows_that_share_their_options_become_one_group() {
    for second in [",,", "甲,乙,丙"] {
        let imported = csv(&(GROUPS.to_owned()
            + ",B1型题,,,用于高血压,甲,乙,丙,A,药理\n"
            + &format!(",B1型题,,,用于糖尿病,{second},C,药理\n")
            + ",B1型题,,,另一组,丁,戊,己,B,药理\n"));
        assert_eq!(found(&imported), [], "{:?}", imported.problems);
        let sizes: Vec<usize> = imported.units.iter().map(|unit| unit.items.len()).collect();
        assert_eq!(sizes, [2, 1], "{second}");
        assert_eq!(imported.units[0].items[1].key.bits(), 0b100);
    }
}

#[test]
fn ties_keep_groups_apart_and_name_them() {
    let imported = csv(&(GROUPS.to_owned()
        + "Q-1-1,B1型题,Q-1,,用于高血压,甲,乙,丙,A,药理\n"
        + "Q-1-2,B1型题,Q-1,,用于糖尿病,,,,C,药理\n"
        + "Q-2-1,B1型题,Q-2,,用于哮喘,甲,乙,丙,B,药理\n"));
    assert_eq!(found(&imported), []);
    let codes: Vec<_> = imported.units.iter().map(|unit| unit.code.as_str()).collect();
    assert_eq!(codes, ["Q-1", "Q-2"]);
    assert_eq!(imported.units[0].items[1].code, "Q-1-2");
}

#[test]
fn a_bad_row_keeps_its_whole_group_out() {
    let imported = csv(&(GROUPS.to_owned()
        + ",A3型题,,病例一,诊断,甲,乙,丙,A,内科\n"
        + ",A3型题,,,治疗,甲,乙,丙,,内科\n"
        + ",单选题,,,另一题,甲,乙,丙,A,内科\n"));
    assert_eq!(found(&imported), [("key_missing", Some(3), Some(9))]);
    assert_eq!((imported.items, imported.accepted), (3, 1));
}

#[test]
fn numbers_of_rows_are_no_codes() {
    let table =
        "编号,题型,题干,选项A,选项B,答案,知识点\n1,单选,甲问,子,丑,A,x\n2,单选,乙问,子,丑,B,x\n";
    let imported = csv(table);
    assert_eq!(found(&imported), [("codes_are_numbers", Some(2), Some(1))]);
    let again = csv(&table.replace("丑,A", "丑,B"));
    assert_eq!(again.units[0].code, imported.units[0].code, "a mended key is the same item");
    assert_ne!(again.units[0].code, again.units[1].code);
}

#[test]
fn x16_the_same_item_twice_in_a_file_is_said() {
    let row = "1,单选题,首选检查,心电图,超声,CT,MRI,A,,易,x\n";
    let imported = csv(&format!("{HEADER}{row}{row}"));
    assert_eq!(found(&imported), [("code_twice", Some(3), None)]);
}

#[test]
fn what_a_picture_belongs_to_is_refused_without_it() {
    let imported = csv("题型,题干,选项A,选项B,答案,图片,知识点\n单选,见图,甲,乙,A,胸片.png,x\n");
    assert_eq!(found(&imported), [("media_missing", Some(2), Some(6))]);
}

#[test]
fn medical_texts_stay_as_they_are() {
    let imported = csv("题型,题干,选项A,选项B,答案,知识点\n\
                        单选,血小板正常值为,（100～300）×10⁹/L,5㎎,A,x\n");
    let item = &imported.units[0].items[0];
    assert_eq!(item.options[0].text, "（100～300）×10⁹/L");
    assert_eq!(item.options[1].text, "5㎎");
}

#[test]
fn what_a_template_says_is_what_it_was_made_of() {
    let bank = r#"{"format":"exam-bank/1","units":[
        {"code":"S1","type":"single","topic":"公共知识/法律","difficulty":"easy","pool":"exam","tags":["甲","乙"],
         "stem":"题干\n第二行","options":[{"id":"A","text":"=1+1"},{"id":"B","text":"95%"}],"key":["B"],"explanation":"因为"},
        {"code":"J1","type":"judge","topic":"公共知识","difficulty":"unset","pool":"practice",
         "stem":"对吗","options":[{"id":"A","text":"正确"},{"id":"B","text":"错误"}],"key":["B"]},
        {"code":"M1","type":"X","topic":"临床","difficulty":"hard","pool":"exam","stem":"多选",
         "options":[{"id":"A","text":"1"},{"id":"B","text":"2"},{"id":"C","text":"3-2"}],"key":["A","C"]},
        {"code":"C1","type":"A3","topic":"临床","difficulty":"medium","pool":"exam","stem":"病例","items":[
          {"code":"C1-1","stem":"诊断","options":[{"id":"A","text":"甲"},{"id":"B","text":"乙"}],"key":["A"]},
          {"code":"C1-2","stem":"治疗","options":[{"id":"A","text":"甲"},{"id":"B","text":"乙"}],"key":["B"]}]},
        {"code":"B1","type":"B1","topic":"临床","difficulty":"unset","pool":"exam",
         "options":[{"id":"A","text":"甲"},{"id":"B","text":"乙"}],
         "items":[{"code":"B1-1","stem":"一","key":["A"]},{"code":"B1-2","stem":"二","key":["B"]}]}
    ]}"#;
    let units = json::read(bank.as_bytes(), "bank.json", &Defaults::default()).units;
    assert_eq!(units.len(), 5);
    let workbook = template::write(&units).expect("texts fit");
    let imported = read(&workbook, "bank.xlsx", &Defaults::default(), &[]);
    assert_eq!(found(&imported), [], "{:?}", imported.problems);
    assert_eq!(json::write(&imported.units, &[]), json::write(&units, &[]));
    assert_eq!(imported.units[3].source.sheet.as_deref(), Some("试题"));
    assert_eq!(workbook, template::write(&units).expect("texts fit"), "the same bytes every time");
}

#[test]
fn an_empty_template_is_a_table_without_items() {
    let workbook = template::write(&[]).expect("an empty table");
    let imported = read(&workbook, "bank.xlsx", &Defaults::default(), &[]);
    assert_eq!((found(&imported), imported.items), (vec![("no_items", None, None)], 0));
}

mod workbooks {
    use rust_xlsxwriter::{Format, FormatScript, Workbook};

    use super::*;

    fn bytes(mut workbook: Workbook) -> Vec<u8> {
        workbook.save_to_buffer().expect("a workbook")
    }

    fn read_workbook(workbook: Workbook) -> Imported {
        read(&bytes(workbook), "题库.xlsx", &Defaults::default(), &[])
    }

    const COLUMNS: [&str; 6] = ["题干", "选项  A", "选项B", "选项C", "答案", "章节"];

    fn sheet<'a>(workbook: &'a mut Workbook, name: &str) -> &'a mut rust_xlsxwriter::Worksheet {
        let sheet = workbook.add_worksheet().set_name(name).expect("a name");
        sheet.write_row(0, 0, COLUMNS).expect("a header");
        sheet
    }

    #[test]
    fn one_sheet_a_type_is_read_by_the_names_of_the_sheets() {
        let mut workbook = Workbook::new();
        sheet(&mut workbook, "单选题")
            .write_row(1, 0, ["首选", "甲", "乙", "丙", "A", "x"])
            .expect("a row");
        sheet(&mut workbook, "多选题")
            .write_row(1, 0, ["包括", "甲", "乙", "丙", "AC", "x"])
            .expect("a row");
        sheet(&mut workbook, "判断题")
            .write_row(1, 0, ["正确吗", "", "", "", "错", "x"])
            .expect("a row");
        sheet(&mut workbook, "简答题")
            .write_row(1, 0, ["为什么", "", "", "", "因为", "x"])
            .expect("a row");
        let imported = read_workbook(workbook);
        assert_eq!(types(&imported), ["single", "multiple", "judge"]);
        let problem = &imported.problems[0];
        assert_eq!((problem.code, problem.sheet.as_deref()), ("type_unknown", Some("简答题")));
        assert_eq!((imported.items, imported.accepted), (4, 3));
    }

    #[test]
    fn x12_what_a_spreadsheet_made_of_numbers_is_read_or_refused_never_guessed() {
        let mut workbook = Workbook::new();
        let percent = Format::new().set_num_format("0%");
        let date = Format::new().set_num_format("m月d日");
        let page = sheet(&mut workbook, "单选题");
        page.write_row(1, 0, ["灵敏度", "", "", "", "1", "x"]).expect("a row");
        page.write_number_with_format(1, 1, 0.95, &percent).expect("a number");
        page.write_number(1, 2, 2.0).expect("a number");
        page.write_number(1, 3, 0.1 + 0.2).expect("a number");
        page.write_row(2, 0, ["每日", "", "乙", "丙", "A", "x"]).expect("a row");
        page.write_number_with_format(2, 1, 46_084.0, &date).expect("a date");
        let imported = read_workbook(workbook);
        let texts = imported.units[0].items[0].options.iter().map(|option| option.text.as_str());
        assert_eq!(texts.collect::<Vec<_>>(), ["95%", "2", "0.3"]);
        assert_eq!(found(&imported), [("cell_date", Some(3), Some(2))]);
    }

    #[test]
    fn raised_digits_stay_raised() {
        let mut workbook = Workbook::new();
        let raised = Format::new().set_font_script(FormatScript::Superscript);
        let lowered = Format::new().set_font_script(FormatScript::Subscript);
        let plain = Format::new();
        let page = sheet(&mut workbook, "单选题");
        page.write_row(1, 0, ["血小板低于", "", "", "丙", "A", "x"]).expect("a row");
        let text = [(&plain, "100×10"), (&raised, "9"), (&plain, "/L")];
        page.write_rich_string(1, 1, &text).expect("a text");
        page.write_rich_string(1, 2, &[(&plain, "CO"), (&lowered, "2")]).expect("a text");
        let imported = read_workbook(workbook);
        let texts = imported.units[0].items[0].options.iter().map(|option| option.text.as_str());
        assert_eq!(texts.collect::<Vec<_>>(), ["100×10⁹/L", "CO₂", "丙"]);
    }

    #[test]
    fn a_merged_case_belongs_to_all_its_rows() {
        let mut workbook = Workbook::new();
        let page = workbook.add_worksheet();
        page.write_row(0, 0, ["题型", "材料", "题干", "选项A", "选项B", "答案", "章节"])
            .expect("a header");
        for (row, stem) in [(1, "诊断"), (2, "检查"), (3, "治疗")] {
            page.write_row(row, 0, ["A3型题", "", stem, "甲", "乙", "A", "内科"]).expect("a row");
        }
        page.merge_range(1, 1, 2, 1, "病例一", &Format::new()).expect("an area");
        page.write_string(3, 1, "病例二").expect("a text");
        let imported = read_workbook(workbook);
        let stems: Vec<_> = imported
            .units
            .iter()
            .map(|unit| (unit.shared_stem.as_str(), unit.items.len()))
            .collect();
        assert_eq!(stems, [("病例一", 2), ("病例二", 1)]);
    }

    #[test]
    fn what_is_left_out_is_said() {
        let mut workbook = Workbook::new();
        let page = sheet(&mut workbook, "单选题");
        page.write_row(1, 0, ["首选", "甲", "乙", "丙", "A", "x"]).expect("a row");
        page.write_string(0, 7, "出处").expect("a text");
        page.write_string(40, 0, "").expect("nothing");
        page.write_string(50, 5, "共 1 题").expect("a text");
        page.write_string(1, 16_383, "求解器").expect("a text");
        workbook.add_worksheet().set_name("旧题").expect("a name").set_hidden(true);
        let notes = workbook.add_worksheet().set_name("封面").expect("a name");
        notes.write_string(0, 0, "某某医院").expect("a text");
        let imported = read_workbook(workbook);
        let codes: Vec<_> = imported.problems.iter().map(|problem| problem.code).collect();
        assert_eq!(
            codes,
            ["column_unknown", "cells_outside", "row_ignored", "sheet_hidden", "sheet_ignored"]
        );
        assert_eq!(imported.accepted, 1);
    }

    #[test]
    fn a_formula_counts_as_what_it_shows() {
        let mut workbook = Workbook::new();
        let page = sheet(&mut workbook, "单选题");
        page.write_row(1, 0, ["首选", "", "乙", "丙", "B", "x"]).expect("a row");
        let formula = rust_xlsxwriter::Formula::new("=\"甲\"&\"状腺\"").set_result("甲状腺");
        page.write_formula(1, 1, formula).expect("a formula");
        let imported = read_workbook(workbook);
        assert_eq!(imported.units[0].items[0].options[0].text, "甲状腺");
    }
}

#[test]
fn levels_under_the_heading_of_shares_are_levels() {
    let text = "所属专业,所属专业分支,难度系数,题目类型,题目内容,选项A,选项B,正确答案\n\
        医学,内科,0.3,单选题,甲题,一,二,A\n医学,外科,2,单选题,乙题,一,二,B\n医学,外科,5,单选题,丙题,一,二,B\n";
    let read = read(text.as_bytes(), "题库.csv", &Defaults::default(), &[]);
    let said: Vec<_> =
        read.units.iter().map(|unit| (unit.topic.as_str(), unit.difficulty.name())).collect();
    assert_eq!(said, [("医学/内科", "hard"), ("医学/外科", "easy"), ("医学/外科", "hard")]);
}

mod mended {
    use super::*;
    use crate::mend::Mend;

    fn mend(row: u32, column: u32, text: &str) -> Mend {
        Mend { sheet: None, row, column, text: text.to_owned() }
    }

    fn two_bad_rows() -> String {
        HEADER.to_owned()
            + "1,单选题,答案在选项之外,甲,乙,丙,丁,F,,易,x\n"
            + "2,单选题,没有答案,甲,乙,丙,丁\n"
            + "3,单选题,好题,甲,乙,丙,丁,A,,易,x\n"
    }

    #[test]
    fn a_problem_says_what_stands_in_its_cell() {
        let imported = csv(&two_bad_rows());
        let cells: Vec<_> = imported.problems.iter().map(|p| (p.code, p.cell.as_deref())).collect();
        assert_eq!(
            cells,
            [("key_outside", Some("F")), ("topic_missing", None), ("key_missing", Some(""))]
        );
    }

    #[test]
    fn a_corrected_cell_counts_and_one_beyond_the_row_too() {
        let mends = [mend(2, 8, " B "), mend(3, 8, "C"), mend(3, 11, "外科")];
        let text = two_bad_rows();
        let read = read(text.as_bytes(), "题库.csv", &Defaults::default(), &mends);
        assert_eq!(found(&read), [], "{:?}", read.problems);
        let keys: Vec<u32> = read.units.iter().map(|unit| unit.items[0].key.bits()).collect();
        assert_eq!((keys, &*read.units[1].topic), (vec![0b10, 0b100, 0b1], "外科"));
    }

    #[test]
    fn a_correction_of_nothing_is_told() {
        let mends = [mend(90, 8, "B"), Mend { sheet: Some("别处".into()), ..mend(4, 8, "B") }];
        let text = two_bad_rows();
        let read = read(text.as_bytes(), "题库.csv", &Defaults::default(), &mends);
        let unused = found(&read).into_iter().filter(|(code, ..)| *code == "mend_unused");
        assert_eq!(unused.map(|(_, row, _)| row).collect::<Vec<_>>(), [Some(90), Some(4)]);
    }

    #[test]
    fn a_group_that_is_checked_at_its_end_shows_its_cells() {
        let imported = csv("题型,共用题干,题干,选项A,选项B,答案,知识点\n\
            A3,某男性患者,第一问,甲,乙,Z,x\nA3,某男性患者,第二问,甲,乙,A,x\n\
            单选题,,另一题,甲,乙,A,x\n");
        let cells: Vec<_> =
            imported.problems.iter().map(|p| (p.code, p.row, p.cell.as_deref())).collect();
        assert_eq!(cells, [("key_outside", Some(2), Some("Z"))], "{:?}", imported.problems);
    }
}
