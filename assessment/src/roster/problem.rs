//! What is wrong with a roster, for programs and for people.

use serde::Serialize;

use crate::coded::Coded;

use super::{Field, english};

/// What is wrong with one field. Never repeats the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// The field.
    pub field: Field,
    /// The name of the problem.
    pub code: &'static str,
    /// What to do about it, in Chinese.
    pub message: String,
    /// The same in English, without the particulars.
    pub english: &'static str,
}

/// A problem and the row it stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowProblem {
    /// The row, as the caller numbered it.
    pub row: u32,
    /// What is wrong.
    #[serde(flatten)]
    pub problem: FieldProblem,
}

impl FieldProblem {
    /// The problem that `refusal` is for `field`.
    pub(super) fn refused(field: Field, refusal: &impl Coded) -> Self {
        Self::new(field, refusal.code(), refusal.message())
    }

    pub(super) fn new(field: Field, code: &'static str, message: impl Into<String>) -> Self {
        Self { field, code, message: message.into(), english: english::of(code) }
    }

    pub(super) const fn at_row(self, row: u32) -> RowProblem {
        RowProblem { row, problem: self }
    }
}
