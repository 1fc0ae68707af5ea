//! What one thing costs: drawing, grading, rendering, decoding, appending, importing.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use exam_benches::questions;
use exam_core::audience::Practices;
use exam_core::bank::{BankIndex, ContentHash, Unit, UnitItem};
use exam_core::blueprint::{Blueprint, Section};
use exam_core::draw::{Exposure, Plan, Seen};
use exam_core::grading::{Key, grade};
use exam_core::ids::{AttemptId, DeviceId, GroupVersionNo, ItemNo, ItemVersionNo};
use exam_core::item::{Choose, Difficulty, ItemType, OptionSet};
use exam_core::paper::{Paper, ScoringRule, Seed};
use exam_core::points::Points;
use exam_core::session::{Command, Frame, Message, MessageBody, Session, Writer, first_frame};
use exam_core::time::{Span, Timestamp};
use exam_core::view::{Fragment, Fragments, ShownItem, render_paper};
use exam_server::protocol::ClientMessage;
use exam_server::routes::coding::gzip;
use question_bank::format::Reading;
use question_bank::item::Defaults;
use question_bank::{format, json, template};
use rustc_hash::FxHashMap;

const TYPES: [ItemType; 5] =
    [ItemType::Single, ItemType::A1, ItemType::A2, ItemType::X, ItemType::Multiple];

/// A bank of single items, spread evenly over five types and two topics.
fn index(items: i64) -> BankIndex {
    BankIndex::build((0..items).map(|number| {
        let mut content = [0; 32];
        content[..8].copy_from_slice(&number.to_be_bytes());
        Unit {
            group: None::<GroupVersionNo>,
            item_type: TYPES[number as usize % 5],
            topic: format!("题库/{}", number / 5 % 2),
            difficulty: Difficulty::Medium,
            practices: Practices::default(),
            expected_permille: (number * 7_919 % 1_000) as u16,
            items: vec![UnitItem {
                version: ItemVersionNo(number),
                item: ItemNo(number),
                content: ContentHash(content),
                options: 5,
                pinned: OptionSet::EMPTY,
            }],
        }
    }))
}

/// Fifty items in ten sections of five.
fn blueprint() -> Blueprint {
    let cells = TYPES.into_iter().flat_map(|t| ["题库/0", "题库/1"].map(|topic| (t, topic)));
    let section = |(item_type, topic): (ItemType, &str)| Section {
        title: String::new(),
        item_type,
        topics: vec![topic.to_owned()],
        difficulties: vec![Difficulty::Medium],
        practices: Practices::default(),
        count: 5,
        points: Points::from_hundredths(200),
        rule: (item_type.choose() == Choose::Many).then_some(ScoringRule::Proportional),
    };
    Blueprint {
        time_allowed: Span::from_minutes(60),
        pass_points: Points::from_hundredths(6_000),
        shuffle_items: true,
        shuffle_options: true,
        sections: cells.map(section).collect(),
    }
}

fn plan(index: &BankIndex) -> Plan {
    Plan::new(index, 1, &Exposure::default(), &blueprint(), None).expect("the bank suffices")
}

fn paper(index: &BankIndex) -> Paper {
    plan(index).draw(index, Seed([7; 32]), &Seen::default())
}

fn draw(c: &mut Criterion) {
    let mut group = c.benchmark_group("draw_50");
    for items in [10_000, 100_000] {
        let index = index(items);
        let plan = plan(&index);
        group.bench_function(BenchmarkId::from_parameter(items), |b| {
            let mut number = 0_u64;
            b.iter(|| {
                number += 1;
                let mut seed = [0; 32];
                seed[..8].copy_from_slice(&number.to_be_bytes());
                plan.draw(&index, Seed(seed), &Seen::default())
            });
        });
        let seen = Seen {
            attempts: vec![],
            items: (0..500).map(|number| (ItemNo(number * 3), None)).collect(),
        };
        group.bench_function(BenchmarkId::new("after_500_seen", items), |b| {
            b.iter(|| plan.draw(&index, Seed([3; 32]), black_box(&seen)));
        });
    }
    group.finish();
}

fn score(c: &mut Criterion) {
    let index = index(10_000);
    let paper = paper(&index);
    let keys: FxHashMap<ItemVersionNo, Key> = paper
        .slots
        .iter()
        .map(|slot| (slot.item, Key::new(OptionSet::EMPTY.with(1).with(3)).expect("a key")))
        .collect();
    let responses = vec![OptionSet::EMPTY.with(2); paper.slots.len()];
    let pass = Points::from_hundredths(6_000);
    c.bench_function("grade_50", |b| {
        b.iter(|| {
            let responses = black_box(&responses).iter().copied();
            grade(&paper, responses, |item| keys.get(&item).copied(), pass)
        });
    });
}

struct Shown(Vec<Fragment>);

impl Fragments for Shown {
    fn item(&self, version: ItemVersionNo) -> Option<&Fragment> {
        self.0.get(version.0 as usize)
    }

    fn group(&self, _: GroupVersionNo) -> Option<&Fragment> {
        None
    }
}

fn render(c: &mut Criterion) {
    let index = index(10_000);
    let paper = paper(&index);
    let item = ShownItem {
        stem: "关于高血压患者的长期管理，下列说法中与现行指南推荐最为一致的一项是".repeat(2),
        options: (1..=5).map(|n| format!("第{n}项：根据血压水平与危险分层决定随访间隔")).collect(),
        media: vec![],
    };
    let shown = Shown((0..10_000).map(|_| Fragment::from(&item)).collect());
    let attempt = AttemptId::from_uuid(uuid::Uuid::from_u128(1));
    let bytes =
        render_paper(attempt, "公共知识测评", &paper, &shown, "/m/").expect("rendered").len();
    let mut group = c.benchmark_group("render_paper");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("50", |b| {
        b.iter(|| render_paper(attempt, "公共知识测评", black_box(&paper), &shown, "/m/"));
    });
    let rendered = render_paper(attempt, "公共知识测评", &paper, &shown, "/m/").expect("rendered");
    group.bench_function("gzip", |b| b.iter(|| gzip(black_box(&rendered))));
    group.finish();
}

fn decode(c: &mut Criterion) {
    let text =
        r#"{"t":"save","n":1234,"slot":37,"response":["b","d"],"client_at_ms":1764000000000}"#;
    c.bench_function("decode_save", |b| {
        b.iter(|| {
            let message: ClientMessage = serde_json::from_str(black_box(text)).expect("a message");
            message.into_numbered().expect("numbered")
        });
    });
}

fn append(c: &mut Criterion) {
    let at = Timestamp::from_ms(1_764_000_000_000);
    let shape = paper(&index(1_000)).shape();
    let first = first_frame(at, at + Span::from_minutes(60), shape).to_bytes();
    let attempt = AttemptId::from_uuid(uuid::Uuid::from_u128(1));
    let device = DeviceId::from_uuid(uuid::Uuid::from_u128(2));
    let mut session = Session::begin(attempt, &first).expect("a first frame");
    let open = Command::Open { device, take_over: false };
    let opened = session.decide(open, at).expect("nobody holds it").expect("an event");
    let frame = Frame { seq: session.seq().next(), events: vec![opened] };
    session.evolve(&frame.events[0], frame.seq);
    session.seal(&frame.to_bytes());
    let writer = Writer { device, epoch: session.epoch() };
    c.bench_function("decide_and_frame_a_save", |b| {
        b.iter(|| {
            // A session accepts a number once, so every round begins with the same one.
            let mut session = session.clone();
            let response = Some(OptionSet::EMPTY.with(2));
            let body = MessageBody::Save { slot: 1, response, client_at: None };
            let message = Message { n: 1, received_at: at, body };
            let event = session.decide_message(writer, &message).expect("in time").expect("new");
            let frame = Frame { seq: session.seq().next(), events: vec![event] };
            session.evolve(&frame.events[0], frame.seq);
            let bytes = frame.to_bytes();
            session.seal(&bytes);
            bytes
        });
    });
}

/// A workbook of 20,000 questions with every check, as `bank import --dry-run` reads it.
fn import(c: &mut Criterion) {
    const ITEMS: usize = 20_000;
    let units = questions::units(ITEMS);
    let workbook = template::write(&units).expect("every text fits a cell");
    let mut group = c.benchmark_group("import_20000");
    group.sample_size(10).throughput(Throughput::Elements(ITEMS as u64));
    group.bench_function("xlsx", |b| {
        b.iter(|| {
            let read = format::read(black_box(&workbook), "x.xlsx", &Reading::default());
            assert_eq!(read.accepted, ITEMS);
            read
        });
    });
    let text = json::write(&units, &[]);
    group.bench_function("json", |b| {
        b.iter(|| json::read(black_box(text.as_bytes()), "x.json", &Defaults::default()));
    });
    group.finish();
}

criterion_group!(benches, draw, score, render, decode, append, import);
criterion_main!(benches);
