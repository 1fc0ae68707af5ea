//! Signing in and out, and setting a password.

use assessment::coded::Coded;
use assessment::date::Date;
use assessment::one_time_code::OneTimeCode;
use assessment::password::{Owner, Password, Profile};
use assessment::phone::Phone;
use assessment::resident_id::ResidentId;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use exam_core::ids::CandidateId;
use exam_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::extract::{COOKIE, SignedIn};
use crate::auth::queue::Place;
use crate::keys::token_hash;
use crate::problem::{ApiError, Problem};
use crate::routes::{Body, Newcomer};
use crate::store::{Account, CodePurpose, Principal};

/// Wrong passwords in a row before each further try has to wait.
const FREE_FAILURES: i64 = 5;

/// The longest wait after a wrong password. There is no lock: the owner gets in after it.
const DELAY_MAX: Span = Span::from_minutes(15);

/// The longest password that is looked at; longer ones never reach the hash.
const PASSWORD_BYTES_MAX: usize = 128;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_in))
        .routes(routes!(sign_in_ticket))
        .routes(routes!(set_password))
        .routes(routes!(sign_out))
        .routes(routes!(me))
}

/// An id number with its password, or with a one-time code in its place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignInBody {
    /// 15 or 18 characters.
    id_number: String,
    /// The password, or a one-time code.
    password: String,
}

/// A one-time entry ticket.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TicketBody {
    /// 128 bits, as issued.
    ticket: String,
}

/// Somebody is signed in.
#[derive(Serialize, ToSchema)]
struct SignInReply {
    /// Goes back as `Authorization: Bearer`.
    token: String,
    /// When it ends; a running attempt keeps it alive.
    #[schema(value_type = i64)]
    expires_at_ms: Timestamp,
    /// The candidate's name.
    name: String,
    /// Whether everything but "set a new password" is refused.
    must_change_password: bool,
}

/// Signs a candidate in
///
/// An unknown id and a wrong password are answered alike, after the same time.
#[utoipa::path(post, path = "/sign-in", tag = "sign-in", request_body = SignInBody,
    responses((status = 200, body = SignInReply), (status = 401, body = Problem),
        (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn sign_in(
    State(app): State<App>,
    newcomer: Newcomer<SignInBody>,
) -> Result<Response, ApiError> {
    let Newcomer { address, queue_ticket, body: SignInBody { id_number, password } } = newcomer;
    let identity = identity_hash(&app, &id_number);
    // Coming back for the place in the queue tries no password.
    if let Some(place) =
        app.sign_in_queue.still_waits(&app.hasher, &app.keys, queue_ticket.as_deref())
        && app.limits.request(&identity)
    {
        return Err(place.into());
    }
    if !app.limits.sign_in(&identity, address) {
        return Err(ApiError::TooMany { retry_ms: 6_000 });
    }
    let now = app.clock.now();
    let failures = app.store.sign_in_failures(&identity).await?;
    if let Some(wait) = failures.and_then(|failures| delay(failures, now)) {
        return Err(ApiError::TooMany { retry_ms: u64::try_from(wait.as_ms()).unwrap_or(0) });
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(ApiError::WrongPassword);
    }
    app.sign_in_queue.enter(&app.hasher, &app.keys, queue_ticket.as_deref())?;
    let account = app.store.account_find(&identity).await?;
    let opened = open_account(&app, account, &password, now).await?;
    if opened.is_none() || failures.is_some() {
        app.store.sign_in_note(&identity, opened.is_some(), now).await?;
    }
    let (account, only_password) = opened.ok_or(ApiError::WrongPassword)?;
    signed_in(&app, account.candidate_no, account.name, only_password).await
}

impl From<Place> for ApiError {
    fn from(Place { position, retry_ms, ticket }: Place) -> Self {
        Self::Queued { position, retry_ms, queue_ticket: ticket }
    }
}

/// The keyed hash of whoever is named, known or not; what is no id number counts too.
fn identity_hash(app: &App, id_number: &str) -> Vec<u8> {
    let today = Date::in_china(app.clock.now());
    match ResidentId::parse(id_number, today) {
        Ok(id) => app.keys.lookup_hash("id_number", id.canonical()),
        Err(_) => app.keys.lookup_hash("no_id_number", id_number),
    }
}

/// How long the next try for an identity has to wait after so many wrong passwords in a row.
fn delay((failures, last_at): (i64, Timestamp), now: Timestamp) -> Option<Span> {
    let beyond = failures - FREE_FAILURES;
    if beyond < 0 {
        return None;
    }
    let delay = Span::from_seconds(1 << beyond.min(10)).min(DELAY_MAX);
    let wait = (last_at + delay).since(now);
    (wait > Span::ZERO).then_some(wait)
}

/// Opens an account by its password or by a one-time code; `true` means that only "set a new
/// password" is open. Every path costs one hash.
async fn open_account(
    app: &App,
    account: Option<Account>,
    password: &str,
    now: Timestamp,
) -> Result<Option<(Account, bool)>, ApiError> {
    let hash = account.as_ref().and_then(|account| account.password_hash.as_deref());
    let fits = app.hasher.verify(password, hash).await.map_err(|_| ApiError::Busy)?;
    let Some(account) = account else { return Ok(None) };
    if fits {
        let must_change = account.must_change_password;
        return Ok(Some((account, must_change)));
    }
    let Ok(code) = OneTimeCode::parse(password) else { return Ok(None) };
    let code = token_hash(code.as_str());
    let used = app
        .store
        .one_time_code_use(CodePurpose::Reset, &code, Some(account.candidate_no), now)
        .await?;
    Ok(used.map(|_| (account, true)))
}

/// Signs a candidate in by an entry ticket
///
/// A ticket is good once, and costs no password hash.
#[utoipa::path(post, path = "/sign-in/ticket", tag = "sign-in", request_body = TicketBody,
    responses((status = 200, body = SignInReply), (status = 401, body = Problem),
        (status = 429, body = Problem)))]
async fn sign_in_ticket(
    State(app): State<App>,
    newcomer: Newcomer<TicketBody>,
) -> Result<Response, ApiError> {
    let Newcomer { address, body: TicketBody { ticket }, .. } = newcomer;
    let hash = token_hash(&ticket);
    if !app.limits.sign_in(&hash, address) {
        return Err(ApiError::TooMany { retry_ms: 6_000 });
    }
    let now = app.clock.now();
    let used = app.store.one_time_code_use(CodePurpose::Entry, &hash, None, now).await?;
    let candidate_no = used.ok_or(ApiError::WrongPassword)?;
    let candidate = app.store.candidate_get(candidate_no).await?.ok_or(ApiError::WrongPassword)?;
    signed_in(&app, candidate_no, candidate.name, false).await
}

async fn signed_in(
    app: &App,
    candidate_no: i64,
    name: String,
    only_password: bool,
) -> Result<Response, ApiError> {
    let principal = Principal::Candidate(candidate_no);
    let (token, expires_at_ms) = app.sign_ins.create(app, principal, only_password).await?;
    let cookie = cookie(&token);
    let reply = SignInReply { token, expires_at_ms, name, must_change_password: only_password };
    Ok(([(header::SET_COOKIE, cookie)], Json(reply)).into_response())
}

/// The cookie that signs a browser in.
pub(super) fn cookie(token: &str) -> HeaderValue {
    HeaderValue::try_from(format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict"))
        .expect("a token is hexadecimal")
}

/// The old and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    /// The password, or the one-time code, that signed in.
    old: String,
    /// The new password.
    new: String,
}

/// Sets a new password
///
/// After a one-time code the old password is not asked for again: the code was it.
#[utoipa::path(post, path = "/password", tag = "sign-in", request_body = PasswordBody,
    responses((status = 204), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn set_password(
    State(app): State<App>,
    signed_in: SignedIn,
    Body(body): Body<PasswordBody>,
) -> Result<StatusCode, ApiError> {
    let identity = app.store.identity_get(signed_in.candidate_no).await?;
    let identity = identity.ok_or(ApiError::NotSignedIn)?;
    let id_number = app.keys.open(&identity.id_number_sealed);
    let phone = identity.phone_sealed.and_then(|sealed| app.keys.open(&sealed));
    let text = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let today = Date::in_china(app.clock.now());
    let resident_id = text(id_number).and_then(|text| ResidentId::parse(&text, today).ok());
    let phone = text(phone).and_then(|text| Phone::parse(&text).ok());
    let owner = Owner { resident_id: resident_id.as_ref(), phone: phone.as_ref() };
    let password = Password::choose(&body.new, Profile::default(), owner)
        .map_err(|refusal| ApiError::field("new", refusal.code(), refusal.message()))?;
    if !signed_in.only_password {
        if body.old.len() > PASSWORD_BYTES_MAX {
            return Err(ApiError::WrongPassword);
        }
        let hash = app.store.password_hash_get(signed_in.candidate_no).await?;
        let fits = app.hasher.verify(&body.old, hash.as_deref()).await;
        if !fits.map_err(|_| ApiError::Busy)? {
            return Err(ApiError::WrongPassword);
        }
    }
    let hash = app.hasher.hash(password.as_bytes()).await.map_err(|_| ApiError::Busy)?;
    app.store.account_set_password(signed_in.candidate_no, &hash, app.clock.now()).await?;
    app.sign_ins.forget(&signed_in.token_hash).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs out
#[utoipa::path(post, path = "/sign-out", tag = "sign-in",
    responses((status = 204), (status = 401, body = Problem)))]
async fn sign_out(State(app): State<App>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let (_, hash) = crate::auth::extract::authenticate(&app, &parts).await?;
    app.sign_ins.revoke(&app, &hash).await?;
    let gone = format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    let gone = HeaderValue::try_from(gone).expect("the cookie's name is ASCII");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
struct Me {
    #[schema(value_type = String)]
    candidate_id: CandidateId,
    name: String,
    /// First three and last four characters.
    id_number: String,
    must_change_password: bool,
}

/// Shows who is signed in
#[utoipa::path(get, path = "/me", tag = "sign-in",
    responses((status = 200, body = Me), (status = 401, body = Problem)))]
async fn me(
    State(app): State<App>,
    candidate: crate::auth::extract::Candidate,
) -> Result<Json<Me>, ApiError> {
    let no = candidate.no();
    let row = app.store.candidate_get(no).await?.ok_or(ApiError::NotSignedIn)?;
    let identity = app.store.identity_get(no).await?.ok_or(ApiError::NotSignedIn)?;
    let today = Date::in_china(app.clock.now());
    let id_number = app.keys.open(&identity.id_number_sealed);
    let masked = id_number
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| ResidentId::parse(&text, today).ok())
        .map_or_else(String::new, |id| id.masked());
    Ok(Json(Me {
        candidate_id: row.candidate_id,
        name: row.name,
        id_number: masked,
        must_change_password: candidate.0.only_password,
    }))
}
