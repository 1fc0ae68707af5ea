//! `staff add`.

use exam_core::ids::StaffId;
use exam_core::time::{Span, Timestamp};
use serde::Serialize;

use super::{Desk, Refused};
use crate::chance::{random_bytes, system_rng};
use crate::keys::token_hash;
use crate::store::{NewStaff, Role, Scope};

/// How long an enrolment link is good.
pub const ENROLMENT_LASTS: Span = Span::from_minutes(72 * 60);

/// A new member of staff.
#[derive(Debug, Serialize)]
pub struct Added {
    /// The id.
    pub staff_id: StaffId,
    /// The name to sign in with.
    pub login: String,
    /// The one-time token of the enrolment link; shown once.
    pub enrolment_token: String,
    /// Until when it is good.
    pub enrolment_expires_at_ms: Timestamp,
}

/// A fresh enrolment token, and its hash.
#[must_use]
pub fn enrolment_token() -> (String, Vec<u8>) {
    let token = hex::encode(random_bytes::<32>());
    let hash = token_hash(&token);
    (token, hash)
}

/// Adds a member of staff who enrols by a one-time link, from the command line.
///
/// # Errors
/// [`Refused`] for a login that is taken or cannot be one.
pub async fn add(
    desk: &Desk,
    login: &str,
    name: &str,
    roles: &[Role],
    scope: Scope,
) -> anyhow::Result<Added> {
    add_as(desk, None, login, name, roles, scope).await
}

/// Adds a member of staff in somebody's name.
///
/// # Errors
/// [`Refused`] for a login that is taken or cannot be one.
pub async fn add_as(
    desk: &Desk,
    by: Option<StaffId>,
    login: &str,
    name: &str,
    roles: &[Role],
    scope: Scope,
) -> anyhow::Result<Added> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    if login.is_empty() || login.len() > 64 || !login.chars().all(plain) {
        let reason = "a login has 1 to 64 letters, digits and . _ - @";
        return Err(Refused::because(reason).into());
    }
    if roles.is_empty() {
        return Err(Refused::because("name at least one role").into());
    }
    let now = desk.now();
    let (token, enrolment_hash) = enrolment_token();
    let new = NewStaff {
        staff_id: StaffId::fresh(now, &mut system_rng()),
        login: login.to_owned(),
        name: name.to_owned(),
        roles: roles.to_vec(),
        scope,
        enrolment_hash,
        enrolment_expires_at: now + ENROLMENT_LASTS,
    };
    let audit = desk.audit(
        by,
        "staff.add",
        new.staff_id,
        &serde_json::json!({
            "login": login, "roles": roles, "scope": new.scope,
        }),
    );
    match desk.store.staff_add(&new, now, &audit).await {
        Ok(()) => Ok(Added {
            staff_id: new.staff_id,
            login: new.login,
            enrolment_token: token,
            enrolment_expires_at_ms: new.enrolment_expires_at,
        }),
        Err(clash) if clash.is_unique_violation() => {
            Err(Refused::because(format!("the login {login:?} is taken")).into())
        }
        Err(trouble) => Err(trouble.into()),
    }
}
