//! Sign-ins as handlers receive them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use exam_core::ids::AttemptId;
use exam_core::time::Timestamp;

use super::origin;
use crate::app::App;
use crate::keys::token_hash;
use crate::problem::ApiError;
use crate::store::{Attempt, Principal, Role, Scope, SignIn, Staff};

/// The cookie that signs a browser in. The prefix makes browsers insist on HTTPS and this host.
pub const COOKIE: &str = "__Host-exam";

/// When the last byte of a request was read: set by the outermost layer, before anything that can
/// wait.
#[derive(Clone, Copy, Debug)]
pub struct Arrived {
    /// Server time.
    pub at: Timestamp,
}

/// A candidate who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The candidate's number.
    pub candidate_no: i64,
    /// The hash of the token.
    pub token_hash: Vec<u8>,
    /// Whether only "set a new password" is open.
    pub only_password: bool,
}

/// A candidate who is signed in and may do more than set a new password.
#[derive(Clone, Debug)]
pub struct Candidate(pub SignedIn);

/// A member of staff who is signed in.
#[derive(Clone, Debug)]
pub struct StaffMember {
    /// The member, read from the database for this request.
    pub staff: Staff,
    /// The hash of the token.
    pub token_hash: Vec<u8>,
}

/// A token and how it came.
struct Presented {
    hash: Vec<u8>,
    by_cookie: bool,
}

fn presented(headers: &HeaderMap) -> Option<Presented> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok()?.strip_prefix("Bearer ")?;
        return Some(Presented { hash: token_hash(token), by_cookie: false });
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut tokens = cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE)
        .map(|(_, token)| token);
    // Two cookies of one name: somebody planted one, and it cannot be told which.
    let (Some(token), None) = (tokens.next(), tokens.next()) else { return None };
    Some(Presented { hash: token_hash(token), by_cookie: true })
}

/// Whether the request came over TLS: here, or at a proxy that is trusted to say so.
#[must_use]
pub fn is_https(app: &App, parts: &Parts) -> bool {
    if app.config.tls.is_some() {
        return true;
    }
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let trusted = peer.is_some_and(|peer| app.config.trusts(peer));
    let proto = parts.headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    trusted && proto == Some("https")
}

/// Finds who is signed in, and checks that the page which asks may act for them.
///
/// # Errors
/// [`ApiError::NotSignedIn`], [`ApiError::ForeignOrigin`], [`ApiError::TooMany`], or trouble.
pub async fn authenticate(app: &App, parts: &Parts) -> Result<(SignIn, Vec<u8>), ApiError> {
    check_origin(app, parts)?;
    let presented = presented(&parts.headers).ok_or(ApiError::NotSignedIn)?;
    let found = app.sign_ins.find(app, &presented.hash).await?;
    let sign_in = found.ok_or(ApiError::NotSignedIn)?;
    // Messages of an attempt have a bucket of their own.
    let path = parts.uri.path();
    let brings_messages = path.ends_with("/events") || path.ends_with("/submit");
    if !brings_messages && !app.limits.request(&presented.hash) {
        return Err(ApiError::TooMany { retry_ms: 1_000 });
    }
    Ok((sign_in, presented.hash))
}

/// Refuses a state change or an upgrade that comes from a foreign page.
///
/// # Errors
/// [`ApiError::ForeignOrigin`].
pub fn check_origin(app: &App, parts: &Parts) -> Result<(), ApiError> {
    let upgrade = parts.headers.contains_key(header::UPGRADE);
    if matches!(parts.method, Method::GET | Method::HEAD) && !upgrade {
        return Ok(());
    }
    let by_cookie = presented(&parts.headers).is_some_and(|presented| presented.by_cookie);
    let https = is_https(app, parts);
    if origin::allows(&parts.headers, by_cookie, &app.config.public_origins, https) {
        Ok(())
    } else {
        Err(ApiError::ForeignOrigin)
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let (sign_in, token_hash) = authenticate(app, parts).await?;
        let Principal::Candidate(candidate_no) = sign_in.principal else {
            return Err(ApiError::NotAllowed);
        };
        Ok(Self { candidate_no, token_hash, only_password: sign_in.only_password })
    }
}

impl FromRequestParts<App> for Candidate {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let signed_in = SignedIn::from_request_parts(parts, app).await?;
        if signed_in.only_password {
            return Err(ApiError::MustChangePassword);
        }
        Ok(Self(signed_in))
    }
}

impl Candidate {
    /// The candidate's number.
    #[must_use]
    pub const fn no(&self) -> i64 {
        self.0.candidate_no
    }

    /// The candidate's own attempt; somebody else's is not found, as an unknown one.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], or trouble.
    pub async fn own(&self, app: &App, id: &str) -> Result<Arc<Attempt>, ApiError> {
        own_attempt(app, self.no(), id).await?.ok_or(ApiError::NotFound("attempt"))
    }
}

/// A candidate's own attempt; `None` for an unknown one and for somebody else's.
///
/// # Errors
/// Trouble with the database.
pub async fn own_attempt(
    app: &App,
    candidate_no: i64,
    id: &str,
) -> Result<Option<Arc<Attempt>>, ApiError> {
    let Ok(id) = id.parse::<AttemptId>() else { return Ok(None) };
    let attempt = app.exams.attempt(app, id).await?;
    Ok(attempt.filter(|attempt| attempt.key.candidate_no == candidate_no))
}

impl FromRequestParts<App> for StaffMember {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let (sign_in, token_hash) = authenticate(app, parts).await?;
        let Principal::Staff(id) = sign_in.principal else { return Err(ApiError::NotAllowed) };
        let staff = app.store.staff_get(id).await?.ok_or(ApiError::NotSignedIn)?;
        Ok(Self { staff, token_hash })
    }
}

impl StaffMember {
    /// Refuses a member without `role`.
    ///
    /// # Errors
    /// [`ApiError::NotAllowed`].
    pub fn must_be(&self, role: Role) -> Result<(), ApiError> {
        if self.staff.roles.contains(&role) { Ok(()) } else { Err(ApiError::NotAllowed) }
    }

    /// Whose data the member may see.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.staff.scope
    }
}

/// Where a request came from: the peer, or what a trusted proxy says of it.
#[derive(Clone, Copy, Debug)]
pub struct Address(pub IpAddr);

impl FromRequestParts<App> for Address {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let peer = peer.ok_or(ApiError::Internal)?;
        if !app.config.trusts(peer) {
            return Ok(Self(peer)); // Whatever X-Forwarded-For says: anybody can write it.
        }
        let forwarded = parts.headers.get_all("x-forwarded-for").iter();
        let hops: Vec<IpAddr> = forwarded
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|hop| hop.trim().parse().ok())
            .collect();
        let client = hops.into_iter().rev().find(|hop| !app.config.trusts(*hop));
        Ok(Self(client.unwrap_or(peer)))
    }
}

impl FromRequestParts<App> for Arrived {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let arrived = parts.extensions.get::<Self>().copied();
        Ok(arrived.unwrap_or_else(|| Self { at: app.clock.now() }))
    }
}
