//! Enrolment by a one-time link, and sign-in with password and second factor.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use exam_core::ids::StaffId;
use exam_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::auth::totp;
use crate::chance::random_bytes;
use crate::keys::token_hash;
use crate::problem::{ApiError, Problem};
use crate::routes::Newcomer;
use crate::routes::sign_in::cookie;
use crate::store::{Principal, Role, Scope};

/// The shortest password of staff.
const PASSWORD_CHARS_MIN: usize = 12;

/// The longest password that is looked at.
const PASSWORD_BYTES_MAX: usize = 128;

/// An enrolment token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EnrolBeginBody {
    /// From the one-time link.
    token: String,
}

/// A secret for an authenticator app, not yet in force.
#[derive(Serialize, ToSchema)]
pub(super) struct EnrolBeginReply {
    /// The name to sign in with.
    login: String,
    /// The secret in base 32.
    totp_secret: String,
    /// The same as an address that apps read from a QR code.
    otpauth_url: String,
}

/// Begins an enrolment
///
/// Gives the secret that belongs to the one-time token; nothing changes until the enrolment is
/// finished with a code of it.
#[utoipa::path(post, path = "/enrol/begin", tag = "staff", request_body = EnrolBeginBody,
    responses((status = 200, body = EnrolBeginReply), (status = 401, body = Problem)))]
pub(super) async fn enrol_begin(
    State(app): State<App>,
    newcomer: Newcomer<EnrolBeginBody>,
) -> Result<Json<EnrolBeginReply>, ApiError> {
    let Newcomer { address, body: EnrolBeginBody { token }, .. } = newcomer;
    let hash = token_hash(&token);
    if !app.limits.sign_in(&hash, address) {
        return Err(ApiError::TooMany { retry_ms: 6_000 });
    }
    let staff = app.store.staff_by_enrolment(&hash, app.clock.now()).await?;
    let staff = staff.ok_or(ApiError::NotSignedIn)?;
    let secret = totp::base32(&enrolment_secret(&app, &hash));
    let otpauth_url = format!("otpauth://totp/exam:{}?secret={secret}&issuer=exam", staff.login);
    Ok(Json(EnrolBeginReply { login: staff.login, totp_secret: secret, otpauth_url }))
}

/// The second factor's secret that goes with an enrolment token: derived, so that beginning twice
/// gives the same.
fn enrolment_secret(app: &App, enrolment_hash: &[u8]) -> Vec<u8> {
    let mut secret = app.keys.lookup_hash("totp_enrolment", &hex::encode(enrolment_hash));
    secret.truncate(totp::SECRET_LENGTH);
    secret
}

/// What finishes an enrolment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EnrolBody {
    /// From the one-time link.
    token: String,
    /// At least 12 characters.
    password: String,
    /// The code that the authenticator app shows now.
    totp: String,
}

/// Codes that stand in for a lost second factor, shown once.
#[derive(Serialize, ToSchema)]
pub(super) struct EnrolReply {
    /// Eight, each good once.
    recovery_codes: Vec<String>,
}

/// How many recovery codes there are.
const RECOVERY_CODES: usize = 8;

/// A code of 50 bits in two groups, such as `ABCDE-F2345`.
fn recovery_code() -> String {
    let letters = totp::base32(&random_bytes::<10>());
    format!("{}-{}", &letters[..5], &letters[5..10])
}

/// A recovery code as it may be typed: small letters, spaces, no dash.
fn recovery_code_hash(code: &str) -> Vec<u8> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    token_hash(&plain.to_ascii_uppercase())
}

/// Finishes an enrolment
#[utoipa::path(post, path = "/enrol", tag = "staff", request_body = EnrolBody,
    responses((status = 200, body = EnrolReply), (status = 401, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn enrol(
    State(app): State<App>,
    newcomer: Newcomer<EnrolBody>,
) -> Result<Json<EnrolReply>, ApiError> {
    let Newcomer { address, body, .. } = newcomer;
    let hash = token_hash(&body.token);
    if !app.limits.sign_in(&hash, address) {
        return Err(ApiError::TooMany { retry_ms: 6_000 });
    }
    let now = app.clock.now();
    app.store.staff_by_enrolment(&hash, now).await?.ok_or(ApiError::NotSignedIn)?;
    if body.password.chars().count() < PASSWORD_CHARS_MIN
        || body.password.len() > PASSWORD_BYTES_MAX
    {
        return Err(ApiError::field("password", "bad_length", "use 12 to 128 characters"));
    }
    let secret = enrolment_secret(&app, &hash);
    let step = totp::step_of(&secret, &body.totp, now, 0);
    let step = step.ok_or_else(|| ApiError::field("totp", "wrong_code", "not the code of now"))?;
    let password = app.hasher.hash(body.password.as_bytes()).await.map_err(|_| ApiError::Busy)?;
    let sealed = app.keys.seal(&secret);
    let recovery_codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
    let hashes: Vec<_> = recovery_codes.iter().map(|code| recovery_code_hash(code)).collect();
    if app.store.staff_enrol(&hash, &password, &sealed, step, &hashes).await? {
        Ok(Json(EnrolReply { recovery_codes }))
    } else {
        Err(ApiError::NotSignedIn)
    }
}

/// A login with its password and second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StaffSignInBody {
    login: String,
    password: String,
    /// Six digits; left out where a recovery code stands in for them.
    #[serde(default)]
    totp: Option<String>,
    /// One of the codes of the enrolment, each good once.
    #[serde(default)]
    recovery_code: Option<String>,
}

/// A member of staff is signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct StaffSignInReply {
    /// Goes back as `Authorization: Bearer`.
    token: String,
    #[schema(value_type = i64)]
    expires_at_ms: Timestamp,
    name: String,
    #[schema(value_type = Vec<String>)]
    roles: Vec<Role>,
    /// How many recovery codes are left.
    recovery_codes_left: i64,
}

/// Signs a member of staff in
///
/// With the code of the second factor, or with a recovery code. A wrong login, password and code are
/// answered alike. A code is good once.
#[utoipa::path(post, path = "/sign-in", tag = "staff", request_body = StaffSignInBody,
    responses((status = 200, body = StaffSignInReply), (status = 401, body = Problem),
        (status = 429, body = Problem)))]
pub(super) async fn sign_in(
    State(app): State<App>,
    newcomer: Newcomer<StaffSignInBody>,
) -> Result<Response, ApiError> {
    let Newcomer { address, body, .. } = newcomer;
    let identity = app.keys.lookup_hash("login", &body.login);
    if !app.limits.sign_in(&identity, address) {
        return Err(ApiError::TooMany { retry_ms: 6_000 });
    }
    if body.password.len() > PASSWORD_BYTES_MAX {
        return Err(ApiError::WrongPassword);
    }
    let now = app.clock.now();
    let staff = app.store.staff_find(&body.login).await?;
    let hash = staff.as_ref().and_then(|staff| staff.password_hash.as_deref());
    let fits = app.hasher.verify(&body.password, hash).await.map_err(|_| ApiError::Busy)?;
    let staff = staff.filter(|_| fits).ok_or(ApiError::WrongPassword)?;
    let secret = staff.totp_secret_sealed.as_deref().and_then(|sealed| app.keys.open(sealed));
    let used = match (body.totp, body.recovery_code) {
        (Some(totp), None) => {
            let step = secret
                .and_then(|secret| totp::step_of(&secret, &totp, now, staff.totp_last_step))
                .ok_or(ApiError::WrongPassword)?;
            app.store.staff_use_step(staff.staff_id, step).await?
        }
        (None, Some(code)) => {
            let hash = recovery_code_hash(&code);
            app.store.staff_use_recovery_code(staff.staff_id, &hash, now).await?
        }
        _ => return Err(ApiError::field("totp", "missing", "one code: totp or recovery_code")),
    };
    if !used {
        return Err(ApiError::WrongPassword);
    }
    let principal = Principal::Staff(staff.staff_id);
    let (token, expires_at_ms) = app.sign_ins.create(&app, principal, false).await?;
    let set_cookie = cookie(&token);
    let recovery_codes_left = app.store.staff_recovery_codes_left(staff.staff_id).await?;
    let reply = StaffSignInReply {
        token,
        expires_at_ms,
        name: staff.name,
        roles: staff.roles,
        recovery_codes_left,
    };
    Ok(([(header::SET_COOKIE, set_cookie)], Json(reply)).into_response())
}

/// Signs a member of staff out
#[utoipa::path(post, path = "/sign-out", tag = "staff",
    responses((status = 204), (status = 401, body = Problem)))]
pub(super) async fn sign_out(
    State(app): State<App>,
    member: StaffMember,
) -> Result<StatusCode, ApiError> {
    app.sign_ins.revoke(&app, &member.token_hash).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A member of staff.
#[derive(Serialize, ToSchema)]
pub(super) struct StaffView {
    #[schema(value_type = String)]
    staff_id: StaffId,
    login: String,
    name: String,
    #[schema(value_type = Vec<String>)]
    roles: Vec<Role>,
    #[schema(value_type = Object)]
    scope: Scope,
}

/// Shows who is signed in
#[utoipa::path(get, path = "/me", tag = "staff",
    responses((status = 200, body = StaffView), (status = 401, body = Problem)))]
pub(super) async fn me(member: StaffMember) -> Json<StaffView> {
    let staff = member.staff;
    Json(StaffView {
        staff_id: staff.staff_id,
        login: staff.login,
        name: staff.name,
        roles: staff.roles,
        scope: staff.scope,
    })
}
