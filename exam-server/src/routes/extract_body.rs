//! JSON bodies, with refusals that say what was not understood.

use std::net::IpAddr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::auth::extract::{Address, check_origin};
use crate::problem::ApiError;

/// A body of JSON. The content type does not matter; unknown and repeated fields do.
#[derive(Clone, Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, app).await.map_err(|_| ApiError::TooBig)?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| describe(&error))
    }
}

/// What was wrong with a body, without repeating any of it.
fn describe(error: &serde_json::Error) -> ApiError {
    let what = match error.classify() {
        serde_json::error::Category::Syntax => "not JSON",
        serde_json::error::Category::Eof => "cut off",
        serde_json::error::Category::Data => "not the fields that are expected",
        serde_json::error::Category::Io => "unreadable",
    };
    let (line, column) = (error.line(), error.column());
    ApiError::BadRequest(format!("the body is {what}, at line {line} column {column}"))
}

/// What somebody who is not signed in brings: a body from a page that may act, and an address.
#[derive(Debug)]
pub struct Newcomer<T> {
    /// Where the request came from.
    pub address: IpAddr,
    /// The place in the sign-in queue that is brought back.
    pub queue_ticket: Option<String>,
    /// The body.
    pub body: T,
}

impl<T: DeserializeOwned> FromRequest<App> for Newcomer<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        check_origin(app, &parts)?;
        let Address(address) = Address::from_request_parts(&mut parts, app).await?;
        let queue_ticket = parts.headers.get("queue-ticket");
        let queue_ticket = queue_ticket.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let request = Request::from_parts(parts, body);
        let Body(body) = Body::from_request(request, app).await?;
        Ok(Self { address, queue_ticket, body })
    }
}
