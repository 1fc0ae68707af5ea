//! What changed between two versions of a unit, field by field.

use serde::Serialize;

use crate::item::{Item, ItemOption, Media, Unit};

/// One field that is not the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The item's code; none for what belongs to the whole unit.
    pub item: Option<String>,
    /// The field: `type`, `topic`, `difficulty`, `tags`, `categories`, `practice_scopes`, `pool`,
    /// `shared_stem`, `shared_option`, `shared_media`, `item`, `stem`, `option`, `key`, `explanation` or `media`.
    pub field: &'static str,
    /// The option's or the medium's place from 1, where the field has places.
    pub place: Option<usize>,
    /// What it was; none where there was nothing.
    pub before: Option<String>,
    /// What it is; none where there is nothing.
    pub after: Option<String>,
}

/// Everything that is not the same, in the order in which a unit is read; empty for two that say
/// the same.
#[must_use]
pub fn between(before: &Unit, after: &Unit) -> Vec<Change> {
    let mut changes = Changes { item: None, found: Vec::new() };
    changes.text("type", before.item_type.name(), after.item_type.name());
    changes.text("topic", &before.topic, &after.topic);
    changes.text("difficulty", before.difficulty.name(), after.difficulty.name());
    changes.text("tags", &before.tags.join("、"), &after.tags.join("、"));
    let lists = |unit: &Unit| {
        [&unit.practices.categories, &unit.practices.practice_scopes].map(|list| list.join("、"))
    };
    for (name, (before, after)) in ["categories", "practice_scopes"]
        .into_iter()
        .zip(lists(before).into_iter().zip(lists(after)))
    {
        changes.text(name, &before, &after);
    }
    changes.text("pool", before.pool.name(), after.pool.name());
    changes.text("shared_stem", &before.shared_stem, &after.shared_stem);
    changes.options("shared_option", &before.shared_options, &after.shared_options);
    changes.media("shared_media", &before.shared_media, &after.shared_media);
    let find = |unit: &Unit, code: &str| unit.items.iter().position(|item| item.code == code);
    for item in &before.items {
        changes.item = Some(item.code.clone());
        match find(after, &item.code) {
            Some(place) => changes.item(before, item, after, &after.items[place]),
            None => changes.push("item", None, Some(&item.stem), None),
        }
    }
    for item in &after.items {
        if find(before, &item.code).is_none() {
            changes.item = Some(item.code.clone());
            changes.push("item", None, None, Some(&item.stem));
        }
    }
    changes.found
}

struct Changes {
    item: Option<String>,
    found: Vec<Change>,
}

impl Changes {
    fn push(
        &mut self,
        field: &'static str,
        place: Option<usize>,
        before: Option<&str>,
        after: Option<&str>,
    ) {
        if before != after {
            let item = self.item.clone();
            let (before, after) = (before.map(str::to_owned), after.map(str::to_owned));
            self.found.push(Change { item, field, place, before, after });
        }
    }

    fn text(&mut self, field: &'static str, before: &str, after: &str) {
        let given = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
        self.push(field, None, given(before).as_deref(), given(after).as_deref());
    }

    fn list(&mut self, field: &'static str, before: &[String], after: &[String]) {
        for place in 0..before.len().max(after.len()) {
            let at = |list: &[String]| list.get(place).cloned();
            self.push(field, Some(place + 1), at(before).as_deref(), at(after).as_deref());
        }
    }

    fn options(&mut self, field: &'static str, before: &[ItemOption], after: &[ItemOption]) {
        let texts = |options: &[ItemOption]| -> Vec<String> {
            options.iter().map(|option| option.text.clone()).collect()
        };
        self.list(field, &texts(before), &texts(after));
    }

    fn media(&mut self, field: &'static str, before: &[Media], after: &[Media]) {
        let names = |media: &[Media]| -> Vec<String> {
            let name = |media: &Media| {
                let hash: String =
                    media.picture.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
                if media.words.is_empty() { hash } else { format!("{} ({hash})", media.words) }
            };
            media.iter().map(name).collect()
        };
        self.list(field, &names(before), &names(after));
    }

    fn item(&mut self, unit_before: &Unit, before: &Item, unit_after: &Unit, after: &Item) {
        self.text("stem", &before.stem, &after.stem);
        self.options("option", &before.options, &after.options);
        self.text("key", &key(unit_before, before), &key(unit_after, after));
        self.text("explanation", &before.explanation, &after.explanation);
        self.media("media", &before.media, &after.media);
    }
}

/// The right options as the author lettered them.
fn key(unit: &Unit, item: &Item) -> String {
    let options = unit.options_of(item);
    item.key.positions().filter_map(|place| options.get(place)).map(|option| &*option.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Defaults;
    use crate::json;

    const CASE: &str = r#"{"format":"exam-bank/1","units":[
        {"code":"C1","type":"A3","topic":"临床","stem":"病例","items":[
          {"code":"1","stem":"诊断","options":[{"id":"A","text":"甲"},{"id":"B","text":"乙"}],"key":["A"]},
          {"code":"2","stem":"治疗","options":[{"id":"A","text":"甲"},{"id":"B","text":"乙"}],"key":["B"]}]}]}"#;

    fn unit(changes: &[(&str, &str)]) -> Unit {
        let text =
            changes.iter().fold(CASE.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
        let read = json::read(text.as_bytes(), "f", &Defaults::default());
        assert!(read.problems.is_empty(), "{:?}", read.problems);
        read.units.into_iter().next().expect("a unit")
    }

    #[test]
    fn every_change_is_named_with_its_place() {
        let changed = unit(&[
            ("临床", "内科"),
            (r#"{"id":"B","text":"乙"}],"key":["A"]"#, r#"{"id":"B","text":"丙"}],"key":["B"]"#),
            (r#""code":"2""#, r#""code":"3""#),
        ]);
        let found = between(&unit(&[]), &changed);
        let lines: Vec<String> = found
            .iter()
            .map(|c| {
                let or = |text: &Option<String>| text.clone().unwrap_or_default();
                format!(
                    "{} {} {:?} {}>{}",
                    or(&c.item),
                    c.field,
                    c.place,
                    or(&c.before),
                    or(&c.after)
                )
            })
            .collect();
        assert_eq!(
            lines,
            [
                " topic None 临床>内科",
                "1 option Some(2) 乙>丙",
                "1 key None A>B",
                "2 item None 治疗>",
                "3 item None >治疗",
            ]
        );
        assert!(between(&changed, &changed).is_empty());
    }
}
