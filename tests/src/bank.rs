//! A small bank and an exam on it, made through the server's own functions.

use std::collections::HashMap;

use exam_core::audience::Practices;
use exam_core::ids::{BankId, ExamId};
use exam_core::item::{Difficulty, ItemType, OptionSet};
use exam_server::banks;
use exam_server::chance::system_rng;
use exam_server::commands::{Desk, exam, rehearsal, staff};
use exam_server::store::{NewUnit, Pool, Role, Scope, Store};
use question_bank::item::{Item, ItemOption, Source, Unit};

/// A word that stands in every key's explanation and in every right option's source, so that a
/// leak is found by searching for it.
pub const CANARY: &str = "canary-of-the-key";

/// A published exam with what only the test knows: which option texts are right.
pub struct Exam {
    /// Its id.
    pub id: ExamId,
    /// The right option texts by stem.
    pub right: HashMap<String, Vec<String>>,
}

fn options(texts: &[String]) -> Vec<ItemOption> {
    let option =
        |(letter, text): (char, &String)| ItemOption { id: letter.to_string(), text: text.clone() };
    ('A'..='Z').zip(texts).map(option).collect()
}

fn item(code: &str, stem: &str, texts: &[String], right: &[usize]) -> Item {
    Item {
        code: code.to_owned(),
        stem: stem.to_owned(),
        options: options(texts),
        key: right.iter().fold(OptionSet::EMPTY, |set, &position| set.with(position)),
        explanation: format!("{CANARY} {code}"),
        media: vec![],
    }
}

fn unit(
    code: &str,
    item_type: ItemType,
    shared_stem: &str,
    shared_options: &[String],
    items: Vec<Item>,
) -> NewUnit {
    let unit = Unit {
        code: code.to_owned(),
        item_type,
        topic: "公共知识/测试".to_owned(),
        difficulty: Difficulty::Medium,
        tags: vec![],
        practices: Practices::default(),
        pool: exam_core::item::Pool::Exam,
        shared_stem: shared_stem.to_owned(),
        shared_options: options(shared_options),
        shared_media: vec![],
        items,
        source: Source::default(),
    };
    banks::new_unit(&unit, &banks::Pictures::default(), "test")
}

/// Forty single items, ten X items, six A3 groups of two and six B1 groups of two.
pub fn units(right: &mut HashMap<String, Vec<String>>) -> Vec<NewUnit> {
    let mut units = Vec::new();
    let mut note = |stem: &str, options: &[String], positions: &[usize]| {
        let texts = positions.iter().map(|&position| options[position].clone()).collect();
        right.insert(stem.to_owned(), texts);
    };
    let own = |code: &str| (1..=4).map(|n| format!("{code} 选项{n}")).collect::<Vec<_>>();
    for number in 0..40 {
        let code = format!("S{number}");
        let (stem, options, positions) = (format!("{code} 题干"), own(&code), [number % 4]);
        note(&stem, &options, &positions);
        let items = vec![item(&code, &stem, &options, &positions)];
        units.push(unit(&code, ItemType::Single, "", &[], items));
    }
    for number in 0..10 {
        let code = format!("X{number}");
        let (stem, options, positions) = (format!("{code} 题干"), own(&code), [0, 1 + number % 3]);
        note(&stem, &options, &positions);
        let items = vec![item(&code, &stem, &options, &positions)];
        units.push(unit(&code, ItemType::X, "", &[], items));
    }
    for number in 0..6 {
        let code = format!("C{number}");
        let items = (0..2).map(|part| {
            let code = format!("{code}-{part}");
            let (stem, options, positions) = (format!("{code} 题干"), own(&code), [part]);
            note(&stem, &options, &positions);
            item(&code, &stem, &options, &positions)
        });
        let case = format!("{code} 病例");
        units.push(unit(&code, ItemType::A3, &case, &[], items.collect()));
    }
    for number in 0..6 {
        let code = format!("B{number}");
        let options = own(&code);
        let items = (0..2).map(|part| {
            let code = format!("{code}-{part}");
            let (stem, positions) = (format!("{code} 题干"), [part + 1]);
            note(&stem, &options, &positions);
            item(&code, &stem, &[], &positions)
        });
        let items = items.collect();
        units.push(unit(&code, ItemType::B1, "", &options, items));
    }
    units
}

/// An exam of 14 slots on that bank, of 60 minutes; 20 of 28 points pass.
pub const EXAM: &str = r#"
title = "公共知识测评"
kind = "public_knowledge"
cycle = "第六周期"
banks = ["测试题库"]
notice = { version = "1", text = "考试须知" }
opens_at = "2020-01-01T00:00:00+08:00"
closes_at = "2099-01-01T00:00:00+08:00"
late_start = "full_time"
shows = "points"
starts_per_hour_max = 1000
attempts = { allowed = "unlimited", stop_at_first_pass = true, keep = "best" }

[[audience]]
[audience.blueprint]
time_allowed_minutes = 60
pass_points = 20

[[audience.blueprint.sections]]
type = "single"
topics = ["公共知识"]
difficulties = ["medium"]
count = 8
points = 2

[[audience.blueprint.sections]]
type = "X"
topics = ["公共知识"]
difficulties = ["medium"]
count = 2
points = 2
rule = "proportional"

[[audience.blueprint.sections]]
type = "A3"
topics = ["公共知识"]
difficulties = ["medium"]
count = 2
points = 2

[[audience.blueprint.sections]]
type = "B1"
topics = ["公共知识"]
difficulties = ["medium"]
count = 2
points = 2
"#;

/// The same exam under another title, on another bank, with other sections; one point passes.
///
/// # Panics
/// Never: the usual exam has points to pass.
#[must_use]
pub fn exam_of(title: &str, bank: &str, sections: &[(&str, &str, &str, u32)]) -> String {
    let (head, _) = EXAM.split_once("pass_points").expect("it has points to pass");
    let mut text =
        head.replace("公共知识测评", title).replace("测试题库", bank) + "pass_points = 1\n";
    for (item_type, topic, difficulties, count) in sections {
        text += &format!(
            "[[audience.blueprint.sections]]\ntype = {item_type:?}\ntopics = [{topic:?}]\n\
             difficulties = [{difficulties}]\ncount = {count}\npoints = 2\n"
        );
    }
    text
}

/// Imports and approves the bank by two people, and publishes `definition` on it.
///
/// # Panics
/// When any of it is refused.
pub async fn publish(desk: &Desk, definition: &str) -> Exam {
    let mut right = HashMap::new();
    let units = units(&mut right);
    let now = desk.now();
    let author = staff::add(desk, "author", "作者", &[Role::Author], Scope::All).await;
    let author = author.expect("an author can be added").staff_id;
    let approver = staff::add(desk, "approver", "审题人", &[Role::Approver], Scope::All).await;
    let approver = approver.expect("an approver can be added").staff_id;
    let fresh = BankId::fresh(now, &mut system_rng());
    let bank = desk.store.bank_keep("测试题库", fresh, now).await.expect("a bank");
    let audit = desk.audit(Some(author), "bank.import", bank, &"test");
    desk.store
        .bank_import(bank, &units, author, now, &audit, |_| {})
        .await
        .expect("the bank can be imported");
    let audit = desk.audit(Some(approver), "bank.approve", bank, &"test");
    desk.store.bank_approve(bank, None, approver, now, &audit).await.expect("it can be approved");
    let published = exam::publish(desk, definition, None).await.expect("it can be published");
    Exam { id: published.exam_id, right }
}

/// Makes rehearsal candidates and returns their tokens.
///
/// # Panics
/// When they cannot be made.
pub async fn candidates(desk: &Desk, exam: ExamId, count: usize) -> Vec<String> {
    let mut csv = Vec::new();
    rehearsal::create(desk, &exam.to_string(), count, &mut csv, true)
        .await
        .expect("candidates can be made");
    let csv = String::from_utf8(csv).expect("the CSV is text");
    let token = |line: &str| line.split_once(',').expect("two columns").1.to_owned();
    csv.lines().skip(1).map(token).collect()
}

/// Runs a statement that no store function would.
///
/// # Panics
/// When the database refuses it.
pub async fn execute(store: &Store, sql: impl sqlx::SqlSafeStr) {
    let sql = sql.into_sql_str();
    let done = match store.pool() {
        Pool::Sqlite(pool) => sqlx::query(sql).execute(pool).await.map(drop),
        Pool::Postgres(pool) => sqlx::query(sql).execute(pool).await.map(drop),
    };
    done.expect("the statement runs");
}

/// How many rows a table has.
///
/// # Panics
/// When the database does not answer.
pub async fn count(store: &Store, table: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    let count = match store.pool() {
        Pool::Sqlite(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
        Pool::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
    };
    count.expect("the database answers")
}
