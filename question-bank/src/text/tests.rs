use super::*;

fn read_text(text: &str) -> Imported {
    read(text.as_bytes(), "试题.txt", &Defaults::default())
}

fn codes(read: &Imported) -> Vec<&'static str> {
    read.problems.iter().map(|problem| problem.code).collect()
}

const PASTED: &str = "\
第一章 循环系统

一、单选题（每题1分）
1．高血压的诊断标准是（  ）
A．≥130/80 mmHg    B．≥140/90 mmHg
C．≥150/95 mmHg
D．≥160/100 mmHg
答案：B
【解析】见指南。
第二行解析。
难度：易
2、下列有关心衰的叙述，正确的是：
1. 左心衰以肺淤血为主
2. 右心衰以体循环淤血为主
A、只有1
B、只有2
C、两者
D、都不是  答案：C 解析：略
3.急性心梗首选( A )
A. 溶栓
B. 观察

二、多选题
1．属于一级预防的有
（A）戒烟
（B）限盐
（C）溶栓
【答案】AB

三、判断题
1．青霉素使用前须皮试。（√）
2．高血压患者可自行停药。
答案：错

四、A3/A4型题
（1～2题共用题干）
患者，男，60岁。
胸痛2小时。
1．最可能的诊断是
A．心梗
B．肺炎
答案：A
2．首选检查是
A．心电图
B．胸片
答案：A

五、B1型题
（3～4题共用备选答案）
A．青霉素
B．红霉素
C．链霉素
3．易致过敏性休克
4．有耳毒性
参考答案
四、A3/A4型题
五、B1型题
3.A 4.C
";

#[test]
fn a_text_from_a_word_processor_is_read_as_its_author_meant_it() {
    let read = read_text(PASTED);
    assert_eq!(codes(&read), Vec::<&str>::new(), "{:?}", read.problems);
    assert_eq!((read.items, read.accepted, read.units.len()), (10, 10, 8));
    let [one, two, three, many, right, wrong, case, shared] = read.units.as_slice() else {
        panic!("eight units")
    };
    assert_eq!(one.topic, "第一章 循环系统");
    assert_eq!(one.items[0].stem, "高血压的诊断标准是（  ）");
    assert_eq!(one.items[0].options.len(), 4);
    assert_eq!(one.items[0].key.bits(), 0b10);
    assert_eq!(one.items[0].explanation, "见指南。\n第二行解析。");
    assert_eq!(one.difficulty.name(), "easy");
    assert_eq!(one.source.row, Some(4));
    assert!(two.items[0].stem.ends_with("2. 右心衰以体循环淤血为主"));
    assert_eq!((two.items[0].options.len(), two.items[0].key.bits()), (4, 0b100));
    assert_eq!(three.items[0].stem, "急性心梗首选（　　）");
    assert_eq!((many.item_type, many.items[0].key.bits()), (ItemType::Multiple, 0b11));
    assert_eq!(many.items[0].options[2].text, "溶栓");
    assert_eq!((right.item_type, right.items[0].key.bits()), (ItemType::Judge, 0b01));
    assert_eq!(right.items[0].stem, "青霉素使用前须皮试。（　　）");
    assert_eq!(wrong.items[0].key.bits(), 0b10);
    assert_eq!((case.item_type, case.items.len()), (ItemType::A3, 2));
    assert_eq!(case.shared_stem, "患者，男，60岁。\n胸痛2小时。");
    assert_eq!((shared.item_type, shared.shared_options.len()), (ItemType::B1, 3));
    assert_eq!(shared.items[0].key.bits(), 0b001);
    assert_eq!(shared.items[1].key.bits(), 0b100);
}

#[test]
fn groups_without_a_line_above_them_are_found() {
    let text = "A3型题\n\n女，30岁，咳嗽。\n\n1. 诊断\nA. 甲\nB. 乙\n答案：A\n\n男，40岁，腹痛。\n\
        2. 检查\nA. 甲\nB. 乙\n答案：B\n\nB1型题\nA. 甲\nB. 乙\n1. 一\n答案：A\n2. 二\n答案：B\n\
        A. 丙\nB. 丁\n3. 三\n答案：B\n";
    let read = read_text(text);
    assert_eq!(codes(&read), ["topic_missing"], "{:?}", read.problems);
    assert_eq!((read.accepted, read.units.len()), (5, 4));
    assert_eq!(read.units[1].shared_stem, "男，40岁，腹痛。");
    assert_eq!(read.units[2].items.len(), 2);
    assert_eq!(read.units[3].shared_options[0].text, "丙");
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    for (text, code, row) in [
        ("1. 题\nA. 甲\nB. 乙\n", "key_missing", 1),
        ("1. 题\nA. 甲\nB. 乙\n答案：F", "key_outside", 1),
        ("标题\n\n1. 题\nA. 甲\nB. 甲\n答案：A", "options_equal", 3),
        ("标题\n\n1. 题\nA. 甲\nB. 乙\n答案：A", "line_ignored", 1),
        ("一、简答题\n1. 何谓高血压？\n答案：略", "type_unknown", 2),
        ("1. 题\n难度：极难\nA. 甲\nB. 乙\n答案：A", "difficulty_unknown", 1),
    ] {
        let read = read_text(text);
        let problem = read.problems.iter().find(|problem| problem.code == code);
        let problem = problem.unwrap_or_else(|| panic!("{text}: {:?}", read.problems));
        assert_eq!(problem.row, Some(row), "{text}");
    }
    assert_eq!(codes(&read_text("没有试题")), ["line_ignored", "no_items"]);
}

#[test]
fn x11_an_office_text_in_gbk_is_read() {
    let gbk = encoding_rs::GB18030.encode(PASTED).0.into_owned();
    let read = read(&gbk, "试题.txt", &Defaults::default());
    assert_eq!(read.accepted, 10, "{:?}", read.problems);
}

#[test]
fn it_is_told_from_other_texts() {
    for text in [PASTED, "1. 题\nA. 甲\nB. 乙", "1、地球是圆的（√）", "1. 对否\n答案：对"]
    {
        assert!(is_text(text), "{text}");
    }
    for text in ["题干,答案\n1.甲,A\n", "", "{\"a\":1}", "A. x\nB. y"] {
        assert!(!is_text(text), "{text}");
    }
}

fn keys_of(read: &Imported) -> Vec<u32> {
    read.units.iter().flat_map(|unit| &unit.items).map(|item| item.key.bits()).collect()
}

#[test]
fn answers_behind_all_questions_bring_their_explanations() {
    let text = "一、单项选择题\n1.血压的单位是（ ）。\nA.毫米汞柱\nB.摄氏度\n2.体温的单位是（ ）。\nA.毫米汞柱\n\
        B.摄氏度\n二、多项选择题\n1.生命体征有（ ）。\nA.体温\nB.脉搏\nC.身高\n参考答案及解析\n\
        一、单项选择题\n1.A\n【解析】临床用毫米汞柱。\n也可用千帕。\n2.答案：B【解析】略。\n二、多项选择题\n1.AB\n\
        解析：身高不是。\n";
    let read = read_text(text);
    assert_eq!(codes(&read), ["topic_missing"], "{:?}", read.problems);
    assert_eq!(keys_of(&read), [0b01, 0b10, 0b011]);
    let why: Vec<&str> = read.units.iter().map(|unit| unit.items[0].explanation.as_str()).collect();
    assert_eq!(why, ["临床用毫米汞柱。\n也可用千帕。", "略。", "身高不是。"]);
}

#[test]
fn answers_of_a_section_may_stand_on_one_line_behind_it() {
    let questions = "1. 甲题\nA. 一\nB. 二\n2. 乙题\nA. 一\nB. 二\n3. 丙题\nA. 一\nB. 二\n";
    for answers in ["答案：1.A 2.B 3.A", "1.A 2.B 3.A", "1A 2B 3A", "参考答案\n1-2 AB 3.A"] {
        let read = read_text(&format!("一、单选题\n{questions}{answers}\n"));
        assert_eq!(codes(&read), ["topic_missing"], "{answers}: {:?}", read.problems);
        assert_eq!(keys_of(&read), [0b01, 0b10, 0b01], "{answers}");
    }
    let two = "1. 题\nA. 一\nB. 二\nC. 三\n答案：1、3\n";
    assert_eq!(keys_of(&read_text(two)), [0b101]);
}

#[test]
fn options_in_brackets_on_one_line_are_told_apart() {
    let read = read_text(
        "1. 题（ ）\n（A）甲 （B）乙 （C）丙\n答案：C\n2. 题二\nＡ．甲 Ｂ．乙\n【答案】Ｂ\n",
    );
    assert_eq!(keys_of(&read), [0b100, 0b10], "{:?}", read.problems);
    let texts: Vec<&str> = read.units[0].items[0].options.iter().map(|o| o.text.as_str()).collect();
    assert_eq!(texts, ["甲", "乙", "丙"]);
}

#[test]
fn a_note_behind_an_answer_is_explanation() {
    let read = read_text(
        "1. 题\nA. 甲\nB. 乙\n答案：B　甲为干扰项\n2. 题二\nA. 甲\nB. 乙\n【答案】A。解析：乙不对。\n\
        3. 题三\nA. 甲\nB. 乙\nC. 丙\n答案：A C\n",
    );
    assert_eq!(keys_of(&read), [0b10, 0b01, 0b101], "{:?}", read.problems);
    assert_eq!(read.units[0].items[0].explanation, "甲为干扰项");
    assert_eq!(read.units[1].items[0].explanation, "乙不对。");
}

#[test]
fn a_text_in_markdown_is_read_without_its_marks() {
    let text = "# 内科题库\n\n## 一、单选题\n\n**1. 题干**\n\n- A. 甲\n- B. 乙\n\n**答案：B**\n\n---\n\n\
        **2. 题干二**\n- A: 甲\n- B: 乙\n**答案：** A\n\n## 二、综合应用题\n1. 谈谈看法\n";
    let read = read_text(text);
    assert_eq!((read.items, read.accepted), (3, 2), "{:?}", read.problems);
    assert_eq!(keys_of(&read), [0b10, 0b01]);
    assert_eq!(read.units[0].items[0].options[1].text, "乙");
    assert_eq!(read.units[1].items[0].explanation, "");
}

#[test]
fn x10_a_line_of_marks_without_end_is_read_in_time() {
    for mark in ["# ", "1.A ", "1-2 ", "**", "- ", "答案：1.", "·", "1A"] {
        let text = format!("1. 题\nA. 甲\nB. 乙\n{}\n", mark.repeat(50_000));
        assert!(read_text(&text).items > 0, "{mark}");
    }
}

#[test]
fn answers_without_headings_go_to_the_question_of_their_number() {
    let text = "一、单选题\n1. 题\nA. 甲\nB. 乙\n二、多选题\n2. 题二\nA. 甲\nB. 乙\nC. 丙\n参考答案\n1.B 2.AC\n";
    assert_eq!(keys_of(&read_text(text)), [0b10, 0b101]);
    // Where numbers begin anew, the answers of the second heading are missed, not guessed.
    let again = text.replace("2. 题二", "1. 题二").replace("1.B 2.AC", "1.B");
    assert_eq!(codes(&read_text(&again)), ["key_missing", "topic_missing"]);
}

#[test]
fn questions_without_numbers_begin_with_their_name() {
    let text = "题干：\n患者，男，50岁。其病机是\nA．甲\nB．乙\n答案：A\n\n题干：按规定\nA.丙\nB.丁\n答案：B\n";
    assert!(is_text(text));
    let read = read_text(text);
    assert_eq!(keys_of(&read), [0b01, 0b10], "{:?}", read.problems);
    assert_eq!(read.units[0].items[0].stem, "患者，男，50岁。其病机是");
    assert_eq!(read.units[1].items[0].stem, "按规定");
    assert!(is_text("（1-2题共用备选答案）\nA. 甲  B. 乙\n1. 一\n2. 二\n"));
}

#[test]
fn fields_above_a_question_belong_to_it() {
    let text = "【题目1】\n标题：一号\n难度：难\n题干：甲题\nA. 一\nB. 二\n答案：A\n解析：略\n\n\
        【题目2】\n难度：易\n题干：乙题\nA. 一\nB. 二\n答案：B\n";
    let read = read_text(text);
    assert_eq!(codes(&read), ["line_ignored", "topic_missing"], "{:?}", read.problems);
    let said: Vec<_> = read
        .units
        .iter()
        .map(|unit| (unit.items[0].stem.as_str(), unit.difficulty.name(), unit.items[0].key.bits()))
        .collect();
    assert_eq!(said, [("甲题", "hard", 0b01), ("乙题", "easy", 0b10)]);
    assert_eq!(read.units[0].items[0].explanation, "略");
}

#[test]
fn two_answers_that_differ_are_a_conflict() {
    let question = "1. 题\nA. 甲\nB. 乙\n";
    for (text, said) in [
        (format!("{question}答案：A\n参考答案\n1.B\n"), &["key_conflict", "topic_missing"][..]),
        (format!("{question}答案：A\n参考答案\n1. A\n"), &["topic_missing"]),
        (
            format!("{question}参考答案\n1.A\n1.B\n"),
            &["key_conflict", "key_missing", "topic_missing"],
        ),
        (format!("{question}参考答案\n1.A\n1.A\n"), &["topic_missing"]),
    ] {
        assert_eq!(codes(&read_text(&text)), said, "{text}");
    }
}

#[test]
fn a_question_without_a_number_may_stand_under_its_heading() {
    let text = "## 多选题\n\n哪些正确？\n\nA. 甲\nB. 乙\nC. 丙\n\n答案：AB\n难度：3\n\n---\n\n## 判断题\n\n地球是圆的。\n\n\
        答案：正确\n\n## 单选题\n\n（每题 1 分）\n\n15. 题\nA. 甲\nB. 乙\n答案：B\n";
    assert!(is_text(text));
    let read = read_text(text);
    assert_eq!(codes(&read), ["line_ignored", "topic_missing"], "{:?}", read.problems);
    assert_eq!(keys_of(&read), [0b011, 0b01, 0b10]);
    assert_eq!(read.units[0].items[0].stem, "哪些正确？");
}

#[test]
fn a_type_may_stand_before_its_answers_and_a_case_under_any_heading() {
    let text = "B1型题\n（1～2题共用备选答案）\nA. 甲  B. 乙  C. 丙\n1. 一\n2. 二\n（3-4题共用题干）\n病例。\n\
        3. 问\nA. x\nB. y\n4. 问二\nA. x\nB. y\n单选题\n1. 题\nA. x\nB. y\n参考答案\nB1型题：1.A 2.C 3-4 BA\n\
        单选题 1.B\n";
    let read = read_text(text);
    assert_eq!(codes(&read), ["topic_missing"], "{:?}", read.problems);
    let types: Vec<&str> = read.units.iter().map(|unit| unit.item_type.name()).collect();
    assert_eq!(types, ["B1", "A3", "single"]);
    assert_eq!(keys_of(&read), [0b001, 0b100, 0b10, 0b01, 0b10]);
}
