//! Made-up questions, as many as are wanted.

use exam_core::audience::Practices;
use exam_core::item::{Difficulty, ItemType, OptionSet, Pool};
use question_bank::item::{Item, ItemOption, Source, Unit};

/// Questions of five options, each with an explanation.
#[must_use]
pub fn units(count: usize) -> Vec<Unit> {
    let unit = |number: usize| {
        let option = |place: usize| ItemOption {
            id: char::from(b'A' + u8::try_from(place).unwrap_or(0)).to_string(),
            text: format!("第{number}题的第{place}项：根据血压水平与危险分层决定随访间隔"),
        };
        let item = Item {
            code: format!("Q-{number}"),
            stem: format!("第{number}题：关于高血压患者的长期管理，与现行指南推荐最为一致的一项是"),
            options: (0..5).map(option).collect(),
            key: OptionSet::EMPTY.with(number % 5),
            explanation: "指南推荐按危险分层管理，随访间隔随血压达标情况调整。".to_owned(),
            media: vec![],
        };
        Unit {
            code: item.code.clone(),
            item_type: ItemType::A1,
            topic: "临床/内科".to_owned(),
            difficulty: Difficulty::Medium,
            tags: vec!["高血压".to_owned()],
            practices: Practices::default(),
            pool: Pool::Exam,
            shared_stem: String::new(),
            shared_options: vec![],
            shared_media: vec![],
            items: vec![item],
            source: Source::default(),
        }
    };
    (0..count).map(unit).collect()
}
