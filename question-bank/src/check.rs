//! The checks that every format passes through: raw units in, [`Unit`]s and problems out.

use std::collections::{HashMap, HashSet};

use exam_core::audience::Practices;
use exam_core::item::{Choose, Difficulty, ItemType, OPTIONS_MAX, OptionSet, Pool};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::item::{Defaults, Item, ItemOption, Media, Source, Unit};
use crate::picture::{NotAPicture, Picture};
use crate::pins::pinned;
use crate::problem::{Problem, Severity};
use crate::raw::{Damage, Field, Place, RawItem, RawOption, RawPicture, RawUnit};

/// The most characters of a stem, a case or an explanation.
const TEXT_CHARS_MAX: usize = 20_000;

/// The most characters of an option.
const OPTION_CHARS_MAX: usize = 4_000;

/// The most characters of a code, a topic or a tag.
const NAME_CHARS_MAX: usize = 200;

/// The most items of a group.
const GROUP_ITEMS_MAX: usize = 20;

/// The most pictures of an item.
const PICTURES_MAX: usize = 20;

/// The most bytes of all pictures of a file, as they are kept.
const PICTURES_BYTES_MAX: usize = 256 << 20;

/// The most problems that are listed; beyond it they are only counted.
pub const PROBLEMS_MAX: usize = 10_000;

/// What was read of a file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Imported {
    /// Units that passed every check, in the order of the file.
    pub units: Vec<Unit>,
    /// Everything that is wrong or odd.
    pub problems: Vec<Problem>,
    /// How many items the file has.
    pub items: usize,
    /// How many of them are in `units`.
    pub accepted: usize,
    /// The pictures that `units` show, each once.
    pub pictures: Vec<Picture>,
}

impl Imported {
    /// A file that is refused as a whole.
    #[must_use]
    pub fn refused(file: &str, code: &'static str, message: impl Into<String>) -> Self {
        let problem = Problem::error(file, None, code, message);
        Self { problems: vec![problem], ..Self::default() }
    }
}

/// Checks the units of one file, one after the other.
pub(crate) struct Intake<'a> {
    file: &'a str,
    imported: Imported,
    codes: HashSet<String>,
    unlisted: usize,
    defaults: Defaults,
    album: Album,
}

/// The pictures of a file, looked at once each.
#[derive(Default)]
struct Album {
    /// What became of a file, by its own hash.
    known: HashMap<[u8; 32], Result<[u8; 32], NotAPicture>>,
    taken: HashMap<[u8; 32], Picture>,
    bytes: usize,
}

impl Album {
    fn take(&mut self, bytes: &[u8]) -> Result<[u8; 32], NotAPicture> {
        let own = Sha256::digest(bytes).into();
        if let Some(known) = self.known.get(&own) {
            return *known;
        }
        let outcome = match Picture::take(bytes) {
            Ok(picture) if self.bytes + picture.bytes.len() > PICTURES_BYTES_MAX => {
                Err(NotAPicture::TooMany)
            }
            Ok(picture) => {
                let hash = picture.hash;
                self.bytes += picture.bytes.len();
                self.taken.insert(hash, picture);
                Ok(hash)
            }
            Err(why) => Err(why),
        };
        self.known.insert(own, outcome);
        outcome
    }
}

impl<'a> Intake<'a> {
    pub(crate) fn new(file: &'a str, defaults: &Defaults) -> Self {
        Self {
            file,
            imported: Imported::default(),
            codes: HashSet::new(),
            unlisted: 0,
            defaults: *defaults,
            album: Album::default(),
        }
    }

    /// Says something about a place of the file that is no item.
    pub(crate) fn remark(
        &mut self,
        severity: Severity,
        place: &Place,
        column: Option<u32>,
        code: &'static str,
        message: impl Into<String>,
    ) {
        let problem = Problem {
            severity,
            sheet: place.sheet.as_deref().map(str::to_owned),
            row: place.row,
            column,
            ..Problem::error(self.file, None, code, message)
        };
        self.list(problem);
    }

    /// Refuses an item that its format can say and a bank cannot hold.
    pub(crate) fn refuse(&mut self, raw: &RawUnit, code: &'static str, message: String) {
        self.imported.items += 1;
        let problem = Problem {
            sheet: raw.place.sheet.as_deref().map(str::to_owned),
            row: raw.place.row,
            ..Problem::error(self.file, Some(&raw.code), code, message)
        };
        self.list(problem);
    }

    /// Takes a unit, or says why not. One with an error is left out.
    pub(crate) fn take(&mut self, raw: RawUnit) {
        let count = raw.items.len().max(1);
        self.imported.items += count;
        let mut checks = Checks {
            file: self.file,
            item: raw.code.clone(),
            place: raw.place.clone(),
            problems: Vec::new(),
            defaults: self.defaults,
            album: &mut self.album,
        };
        let twice = !self.codes.insert(raw.code.clone());
        if twice {
            checks.error(Field::Code, "code_twice", "编号或内容与前面的试题相同，请删去其一");
        }
        let unit = checks.unit(raw);
        let refused = checks.problems.iter().any(Problem::is_error);
        for problem in checks.problems {
            self.list(problem);
        }
        if let Some(unit) = unit.filter(|_| !refused) {
            self.imported.accepted += count;
            self.imported.units.push(unit);
        }
    }

    /// What was said since this many problems.
    pub(crate) fn said_since(&mut self, count: usize) -> &mut [Problem] {
        self.imported.problems.get_mut(count..).unwrap_or_default()
    }

    /// Everything that was read.
    pub(crate) fn finish(mut self) -> Imported {
        if self.unlisted > 0 {
            let message = format!("另有 {} 个问题未列出，请先修改以上各处", self.unlisted);
            self.imported.problems.push(Problem::error(self.file, None, "more_problems", message));
        }
        let units = self.imported.units.iter();
        let shown = units.flat_map(|unit| {
            unit.shared_media.iter().chain(unit.items.iter().flat_map(|item| &item.media))
        });
        for media in shown {
            self.imported.pictures.extend(self.album.taken.remove(&media.picture));
        }
        if self.imported.items == 0 && !self.imported.problems.iter().any(Problem::is_error) {
            let message = "文件中没有找到试题";
            self.imported.problems.push(Problem::error(self.file, None, "no_items", message));
        }
        self.imported
    }

    fn list(&mut self, problem: Problem) {
        if self.imported.problems.len() < PROBLEMS_MAX {
            self.imported.problems.push(problem);
        } else if problem.is_error() {
            self.unlisted += 1;
        }
    }
}

/// Checks one unit and remembers what is wrong with it.
struct Checks<'a> {
    file: &'a str,
    item: String,
    place: Place,
    problems: Vec<Problem>,
    defaults: Defaults,
    album: &'a mut Album,
}

impl Checks<'_> {
    fn say(
        &mut self,
        severity: Severity,
        field: Field,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.problems.push(Problem {
            severity,
            sheet: self.place.sheet.as_deref().map(str::to_owned),
            row: self.place.row,
            column: self.place.column(field),
            ..Problem::error(self.file, Some(&self.item), code, message)
        });
    }

    fn error(&mut self, field: Field, code: &'static str, message: impl Into<String>) {
        self.say(Severity::Error, field, code, message);
    }

    fn unit(&mut self, raw: RawUnit) -> Option<Unit> {
        let item_type: Option<ItemType> = raw.r#type.parse().ok();
        if item_type.is_none() {
            let message = format!("题型 {:?} 无法识别，或不是客观题", raw.r#type);
            self.error(Field::Type, "type_unknown", message);
        }
        let difficulty = match raw.difficulty.as_deref() {
            None => Some(Difficulty::Unset),
            Some(text) => text.parse().ok(),
        };
        if difficulty.is_none() {
            let message = "难度应为 易、中、难（easy、medium、hard）或不填";
            self.error(Field::Difficulty, "difficulty_unknown", message);
        }
        let pool = match raw.pool.as_deref() {
            None => Some(self.defaults.pool),
            Some(text) => text.parse::<Pool>().ok(),
        };
        if pool.is_none() {
            let message = "题库用途应为 考试、练习（exam、practice）或不填";
            self.error(Field::Pool, "pool_unknown", message);
        }
        for (field, name, what) in
            [(Field::Code, &raw.code, "编号"), (Field::Topic, &raw.topic, "知识点")]
        {
            if name.trim().is_empty() || name.chars().count() > NAME_CHARS_MAX {
                let message = format!("{what}不能为空，且不超过 {NAME_CHARS_MAX} 个字");
                self.error(field, "name_bad", message);
            }
        }
        if raw.tags.iter().any(|tag| tag.chars().count() > NAME_CHARS_MAX) {
            let message = format!("标签不超过 {NAME_CHARS_MAX} 个字");
            self.error(Field::Whole, "name_bad", message);
        }
        let practices =
            Practices { categories: raw.categories, practice_scopes: raw.practice_scopes };
        let bad = |name: &String| name.trim().is_empty() || name.chars().count() > NAME_CHARS_MAX;
        if practices.categories.iter().chain(&practices.practice_scopes).any(bad) {
            let message = format!("执业类别、执业范围不能为空，且不超过 {NAME_CHARS_MAX} 个字");
            self.error(Field::Whole, "name_bad", message);
        }
        let (item_type, difficulty, pool) = (item_type?, difficulty?, pool?);
        let mut unit = Unit {
            code: raw.code.clone(),
            item_type,
            topic: raw.topic,
            difficulty,
            tags: raw.tags,
            practices,
            pool,
            shared_stem: String::new(),
            shared_options: vec![],
            shared_media: vec![],
            items: vec![],
            source: Source {
                sheet: raw.place.sheet.as_deref().map(str::to_owned),
                row: raw.place.row,
            },
        };
        let items = if item_type.in_groups() {
            self.damage();
            unit.shared_media = self.media(&raw.media);
            self.text(Field::Shared, "共用题干", &raw.stem, item_type != ItemType::B1);
            unit.shared_stem = raw.stem;
            unit.shared_options = self.options(raw.options, item_type == ItemType::B1);
            if !raw.key.is_empty() || !(1..=GROUP_ITEMS_MAX).contains(&raw.items.len()) {
                let message = format!("题组应有 1 至 {GROUP_ITEMS_MAX} 道小题，答案写在小题上");
                self.error(Field::Whole, "group_bad", message);
            }
            raw.items
        } else {
            if !raw.items.is_empty() {
                self.error(Field::Whole, "group_bad", "只有 A3、A4、B1 型题可以有小题");
            }
            let RawUnit { code, stem, options, key, explanation, media, place, .. } = raw;
            vec![RawItem { code, stem, options, key, explanation, media, place }]
        };
        for item in items {
            let own_options = item_type != ItemType::B1;
            let item = self.item_of(&unit, item, own_options);
            unit.items.push(item);
        }
        self.warn_of_pins(&unit);
        Some(unit)
    }

    fn item_of(&mut self, unit: &Unit, raw: RawItem, own_options: bool) -> Item {
        if raw.place.row.is_some() {
            self.place = raw.place;
        }
        self.damage();
        let code = &raw.code;
        if unit.item_type.in_groups()
            && (code.trim().is_empty() || code.chars().count() > NAME_CHARS_MAX)
        {
            let message = format!("小题编号不能为空，且不超过 {NAME_CHARS_MAX} 个字");
            self.error(Field::Code, "name_bad", message);
        }
        if unit.items.iter().any(|item| item.code == raw.code) {
            self.error(Field::Code, "code_twice", "小题编号在题组内重复");
        }
        self.text(Field::Stem, "题干", &raw.stem, true);
        self.text(Field::Explanation, "解析", &raw.explanation, false);
        let media = self.media(&raw.media);
        let options = self.options(raw.options, own_options);
        let shown = if own_options { &options } else { &unit.shared_options };
        let mut key = OptionSet::EMPTY;
        for id in &raw.key {
            match shown.iter().position(|option| option.id == *id) {
                Some(position) if key.has(position) => {
                    self.error(Field::Key, "key_repeated", format!("答案 {id} 重复"));
                }
                Some(position) => key = key.with(position),
                None => {
                    let id: String = id.chars().take(20).collect();
                    self.error(Field::Key, "key_outside", format!("答案「{id}」不在选项中"));
                }
            }
        }
        match (unit.item_type.choose(), key.len()) {
            (_, 0) if raw.key.is_empty() => self.error(Field::Key, "key_missing", "没有答案"),
            (Choose::One, 2..) => self.error(Field::Key, "key_not_one", "单选题只能有一个答案"),
            _ => {}
        }
        let judge = ["正确", "错误"];
        let texts = options.iter().map(|option| option.text.as_str());
        if unit.item_type == ItemType::Judge && !texts.eq(judge) {
            let message = "判断题的选项应为「正确」「错误」";
            self.error(Field::Option(0), "judge_options", message);
        }
        Item { code: raw.code, stem: raw.stem, options, key, explanation: raw.explanation, media }
    }

    fn options(&mut self, raw: Vec<RawOption>, wanted: bool) -> Vec<ItemOption> {
        let count = raw.len();
        if wanted && !(2..=OPTIONS_MAX).contains(&count) {
            let message = format!("应有 2 至 {OPTIONS_MAX} 个选项，现有 {count} 个");
            self.error(Field::Option(0), "options_count", message);
        }
        if !wanted && count > 0 {
            let message = "选项应写在共用选项处，或写在小题上，不能两处都写";
            self.error(Field::Option(0), "options_misplaced", message);
        }
        let mut ids = HashSet::new();
        let mut texts = HashSet::new();
        let mut options = Vec::with_capacity(count);
        for (position, RawOption { id, text }) in raw.into_iter().enumerate() {
            let field = Field::Option(position);
            if id.trim().is_empty() || !ids.insert(id.clone()) {
                self.error(field, "option_id", "选项编号为空或重复");
            }
            if !text.trim().is_empty() && !texts.insert(text.trim().to_owned()) {
                let shown: String = text.trim().chars().take(40).collect();
                self.error(field, "options_equal", format!("两个选项内容相同：{shown}"));
            }
            if text.chars().count() > OPTION_CHARS_MAX {
                let message = format!("选项超过 {OPTION_CHARS_MAX} 个字");
                self.error(field, "text_too_long", message);
            }
            self.text(field, &format!("选项 {id}"), &text, true);
            options.push(ItemOption { id, text });
        }
        options
    }

    fn text(&mut self, field: Field, what: &str, text: &str, wanted: bool) {
        if wanted && text.trim().is_empty() {
            self.error(field, "text_missing", format!("{what}为空"));
        }
        if text.chars().count() > TEXT_CHARS_MAX {
            self.error(field, "text_too_long", format!("{what}超过 {TEXT_CHARS_MAX} 个字"));
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            self.error(field, "control_characters", format!("{what}含有控制字符"));
        }
        if is_active(text) {
            self.error(field, "active_content", format!("{what}含有脚本等可执行内容"));
        }
    }

    /// What could not be read of the place at hand.
    fn damage(&mut self) {
        for Damage { field, code, message } in std::mem::take(&mut self.place.damage) {
            self.error(field, code, message);
        }
    }

    /// A question about a picture is no question without it.
    fn media(&mut self, raw: &[RawPicture]) -> Vec<Media> {
        if raw.len() > PICTURES_MAX {
            let message = format!("一题不超过 {PICTURES_MAX} 张图片");
            self.error(Field::Media, "pictures_too_many", message);
            return vec![];
        }
        let mut media = Vec::with_capacity(raw.len());
        for picture in raw {
            let name: String = picture.name.chars().take(100).collect();
            let taken = picture.bytes.as_deref().map(|bytes| self.album.take(bytes));
            match taken {
                Some(Ok(hash)) => {
                    let words: String = picture.words.chars().take(NAME_CHARS_MAX).collect();
                    media.push(Media { picture: hash, words });
                }
                Some(Err(why)) => {
                    self.error(Field::Media, why.code(), format!("图片「{name}」：{why}"));
                }
                None => {
                    let message = format!("图片「{name}」不在文件中，该题缺图不能使用");
                    self.error(Field::Media, "media_missing", message);
                }
            }
        }
        media
    }

    fn warn_of_pins(&mut self, unit: &Unit) {
        for item in &unit.items {
            if pinned(unit, item).1 {
                let message = "选项或解析按字母提到了选项，该题选项不打乱";
                self.item.clone_from(&item.code);
                self.say(Severity::Warning, Field::Explanation, "letters_pinned", message);
            }
        }
    }
}

/// Whether a text holds what a browser would run or fetch. Such an item is refused, not cleaned:
/// nobody asks a question in scripts.
pub(crate) fn is_active(text: &str) -> bool {
    const TAGS: [&str; 13] = [
        "<script", "<iframe", "<object", "<embed", "<svg", "<base", "<math", "<link", "<meta",
        "<style", "<form", "<video", "<audio",
    ];
    const WORDS: [&str; 4] = ["javascript:", "data:text", "data:image/svg", "vbscript:"];
    let text = text.to_ascii_lowercase();
    let handler = text.match_indices(" on").any(|(at, _)| {
        let rest = &text[at + 3..];
        let name = rest.bytes().take_while(u8::is_ascii_lowercase).count();
        name > 2 && rest[name..].trim_start().starts_with('=') && text[..at].contains('<')
    });
    let styled = text.contains('<') && text.contains("style") && text.contains("url(");
    handler || styled || TAGS.iter().chain(&WORDS).any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x14_what_a_browser_would_run_is_refused() {
        for stem in [
            "<script>alert(1)</script>",
            "<IMG src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "<iframe src='//evil'>",
            "<svg onload=alert(1)>",
            "<math><mtext></mtext></math>",
            "<base href='//evil'>",
            "<p style='background:url(//evil)'>",
            "<img src='data:image/svg+xml,x'>",
        ] {
            assert!(is_active(stem), "{stem}");
        }
        for stem in ["血压 < 140 mmHg，on = 开", "<18.5 的 BMI", "P<0.05"] {
            assert!(!is_active(stem), "{stem}");
        }
    }

    #[test]
    fn a_file_of_nothing_but_errors_lists_a_bounded_number() {
        let mut intake = Intake::new("x", &Defaults::default());
        for code in 0..PROBLEMS_MAX + 5 {
            let code = code.to_string();
            let raw = RawUnit {
                code,
                r#type: "简答".to_owned(),
                topic: "x".to_owned(),
                ..RawUnit::default()
            };
            intake.take(raw);
        }
        let imported = intake.finish();
        assert_eq!(imported.problems.len(), PROBLEMS_MAX + 1);
        assert!(imported.problems[PROBLEMS_MAX].message.contains("另有 5 个"));
    }
}
