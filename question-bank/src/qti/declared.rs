//! What is right, and what it is worth, as an item declares it.

use std::collections::HashMap;

use crate::foreign::Found;
use crate::xml::Element;

/// One response with what is right of it.
#[derive(Debug, Default)]
pub(super) struct Response {
    /// `single`, `multiple`, `ordered` or `record`.
    pub cardinality: String,
    /// Identifiers, or pairs of them, that are right.
    pub correct: Vec<String>,
    /// Shares of the points by identifier or pair.
    pub mapped: Vec<(String, f64)>,
}

/// The responses of an item by name.
#[derive(Debug, Default)]
pub(super) struct Declared(HashMap<String, Response>);

/// Templates of the standard that say how responses are scored.
const TEMPLATES: [&str; 3] = ["match_correct", "map_response", "map_response_point"];

impl Declared {
    pub(super) fn of(root: &Element) -> Self {
        let responses = root.all("responseDeclaration").filter_map(|declared| {
            let name = declared.attribute("identifier")?.to_owned();
            let correct = declared.child("correctResponse").map(|correct| {
                correct.all("value").map(|value| in_one_spelling(&value.text())).collect()
            });
            let mapped = declared.child("mapping").map(|mapping| {
                let entry = |entry: &Element| {
                    let key = in_one_spelling(entry.attribute("mapKey")?);
                    Some((key, entry.attribute("mappedValue")?.trim().parse().ok()?))
                };
                mapping.all("mapEntry").filter_map(entry).collect()
            });
            Some((
                name,
                Response {
                    cardinality: declared.attribute("cardinality").unwrap_or("single").to_owned(),
                    correct: correct.unwrap_or_default(),
                    mapped: mapped.unwrap_or_default(),
                },
            ))
        });
        Self(responses.collect())
    }

    /// The response of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Response> {
        self.0.get(name)
    }

    /// Says what of the scoring a bank cannot hold.
    pub(super) fn note(&self, root: &Element, found: &mut Found) {
        let Some(processing) = root.child("responseProcessing") else { return };
        match processing.attribute("template") {
            Some(template) => {
                let name = template.rsplit('/').next().unwrap_or("");
                let name = name.strip_suffix(".xml").unwrap_or(name);
                if !TEMPLATES.contains(&name) {
                    let shown: String = name.chars().take(60).collect();
                    let message = format!("计分模板 {shown:?} 无法识别，按标准答案计分，请核对");
                    found.note("scoring_unknown", message);
                }
            }
            None if processing.has("customOperator") => {
                found.note("scoring_unknown", "自定义计分规则不能保存，按标准答案计分，请核对");
            }
            None => {}
        }
    }
}

impl Response {
    /// The share of the points that an identifier gives, in percent of the most that one gives.
    pub(super) fn percent(&self, identifier: &str) -> f64 {
        if !self.correct.is_empty() {
            let right = self.correct.iter().any(|correct| correct == identifier);
            return if right { 100.0 } else { 0.0 };
        }
        let most = self.mapped.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        let mapped = self.mapped.iter().find(|(key, _)| key == identifier);
        mapped.map_or(0.0, |(_, value)| if most > 0.0 { value / most * 100.0 } else { 0.0 })
    }

    /// How much it declares.
    pub(super) fn size(&self) -> usize {
        self.correct.len().max(self.mapped.len())
    }

    /// Whether a mapping gives shares that a bank cannot hold.
    pub(super) fn is_weighted(&self) -> bool {
        let shares = self.mapped.iter().map(|(_, value)| *value).filter(|value| *value > 0.0);
        let most = shares.clone().fold(0.0, f64::max);
        shares.clone().any(|value| (value - most).abs() > 1e-9)
            || self.mapped.iter().any(|(_, value)| *value < 0.0)
    }

    /// Right pairs of identifiers.
    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        let pairs: Vec<&String> = if self.correct.is_empty() {
            self.mapped.iter().filter(|(_, value)| *value > 0.0).map(|(pair, _)| pair).collect()
        } else {
            self.correct.iter().collect()
        };
        let pair = |pair: &&String| {
            let (first, second) = pair.split_once(' ')?;
            Some((first.to_owned(), second.to_owned()))
        };
        pairs.iter().filter_map(pair).collect()
    }
}

/// White space at the ends and between the two of a pair makes no difference.
fn in_one_spelling(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}
