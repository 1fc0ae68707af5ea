//! What stands in a path, with refusals like all others.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::problem::ApiError;

/// The variable parts of a path. The library's own refuses what is no UTF-8 in plain text.
#[derive(Clone, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let path = axum::extract::Path::from_request_parts(parts, app).await;
        let axum::extract::Path(path) = path.map_err(|_| ApiError::NotFound("page"))?;
        Ok(Self(path))
    }
}
