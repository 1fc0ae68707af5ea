//! What somebody looks for in a bank, as command lines and addresses say it.

use exam_core::ids::BankId;
use exam_core::item::{Difficulty, ItemType, Pool, Unknown};
use question_bank::search;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::store::{Standing, UnitFilter};

/// Conditions that all hold; what is left out asks for nothing.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct Sought {
    /// Words that all stand in it: stems, options, explanations, codes, topics, tags.
    pub text: String,
    /// `newest` (draft or approved), `approved`, `draft` or `withdrawn`.
    pub standing: String,
    /// Types, with commas between them.
    pub r#type: String,
    /// A topic; it stands for everything below it.
    pub topic: String,
    /// Difficulties, with commas between them.
    pub difficulty: String,
    /// `exam` or `practice`.
    pub pool: String,
    /// A tag.
    pub tag: String,
    /// A 执业类别 that items name as theirs.
    pub category: String,
    /// A 执业范围 that items name as theirs.
    pub practice_scope: String,
    /// The number of an import.
    pub import: Option<i64>,
}

fn names<T: std::str::FromStr<Err = Unknown> + ToString>(
    list: &str,
) -> Result<Vec<String>, Unknown> {
    let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| name.parse::<T>().map(|known| known.to_string())).collect()
}

fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

impl Sought {
    /// The same as a filter on a bank.
    ///
    /// # Errors
    /// [`Unknown`] for a name that is none.
    pub fn filter(&self, bank_id: BankId) -> Result<UnitFilter, Unknown> {
        let standing = match self.standing.as_str() {
            "" | "newest" => Standing::Newest,
            "approved" => Standing::Approved,
            "draft" => Standing::Draft,
            "withdrawn" => Standing::Withdrawn,
            _ => return Err(Unknown { what: "standing" }),
        };
        Ok(UnitFilter {
            bank_id,
            standing,
            phrases: search::phrases(&self.text),
            item_types: names::<ItemType>(&self.r#type)?,
            topic: given(self.topic.trim_end_matches('/')),
            difficulties: names::<Difficulty>(&self.difficulty)?,
            pool: names::<Pool>(&self.pool)?.pop(),
            tag: given(&self.tag),
            category: given(&self.category),
            practice_scope: given(&self.practice_scope),
            import_no: self.import,
        })
    }
}
