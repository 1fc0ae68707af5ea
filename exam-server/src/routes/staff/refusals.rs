//! What commands refuse, as problems with the field it came in.

use crate::commands::Refused;
use crate::problem::{ApiError, FieldProblem};

/// What is wrong with the definition is its sender's to mend.
pub(super) fn refused(error: anyhow::Error) -> ApiError {
    refused_field("definition", error)
}

/// What is wrong with `field` is its sender's to mend.
pub(super) fn refused_field(field: &str, error: anyhow::Error) -> ApiError {
    match error.downcast::<Refused>() {
        Ok(refused) => {
            let field = |message: String| FieldProblem {
                field: field.to_owned(),
                code: "refused".to_owned(),
                message,
            };
            ApiError::BadFields(refused.reasons.into_iter().map(field).collect())
        }
        Err(trouble) => {
            tracing::error!(error = &*trouble, "a command failed");
            ApiError::Internal
        }
    }
}
