//! Lists that people at a desk page through, each within their scope.

mod attempts;
mod audit;
mod candidates;

pub use attempts::{AttemptFilter, AttemptListed, ExamCount};
pub use audit::{AuditFilter, AuditListed};
pub use candidates::{CandidateFilter, CandidateListed};

use super::Scope;
use super::conditions::{Conditions, Value};

/// Keeps to the institutions of a scope; `column` holds their ids.
fn within(scope: &Scope, column: &str, all: &mut Conditions) {
    if let Scope::Institutions(list) = scope {
        if list.is_empty() {
            all.and("1 = 0", []);
        }
        let ids: Vec<String> = list.iter().map(ToString::to_string).collect();
        all.any_of(column, &ids);
    }
}

/// Keeps to what has this name in `column`; without a name, to anything.
fn equals(column: &str, name: Option<&String>, all: &mut Conditions) {
    if let Some(name) = name {
        all.and(&format!("{column} = ?"), [Value::Text(name.clone())]);
    }
}
