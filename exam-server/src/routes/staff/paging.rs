//! What the lists of a desk have in common.

use assessment::date::Date;
use assessment::resident_id::ResidentId;

use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::problem::ApiError;
use crate::store::{Role, Slice};

/// The most rows of a page.
pub(super) const PAGE_MAX: i64 = 200;

/// How many rows a page has, where nobody says.
pub(super) const PAGE: i64 = 50;

/// How many rows a page has.
pub(super) fn page_of(limit: Option<i64>) -> i64 {
    limit.unwrap_or(PAGE).clamp(1, PAGE_MAX)
}

/// The rows of a page, and one beyond by which it is known whether there are more.
pub(super) fn slice_of(behind: i64, skip: i64, limit: i64) -> Slice {
    Slice { behind, skip: skip.max(0), limit: limit + 1 }
}

/// Takes the row beyond a page off, and returns where the next page goes on.
pub(super) fn next_of<T>(rows: &mut Vec<T>, limit: i64, number: impl Fn(&T) -> i64) -> Option<i64> {
    if rows.len() <= usize::try_from(limit).unwrap_or(usize::MAX) {
        return None;
    }
    rows.pop();
    rows.last().map(number)
}

/// A text that asks for something.
pub(super) fn given(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Names with commas between them.
pub(super) fn names(list: Option<String>) -> Vec<String> {
    let list = list.unwrap_or_default();
    let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// # Errors
/// [`ApiError::NotAllowed`] for a member with none of `roles`.
pub(super) fn any_role(member: &StaffMember, roles: &[Role]) -> Result<(), ApiError> {
    let has = roles.iter().any(|role| member.staff.roles.contains(role));
    if has { Ok(()) } else { Err(ApiError::NotAllowed) }
}

/// A sealed ID number with its middle hidden; nothing where it cannot be opened.
pub(super) fn masked_id(app: &App, sealed: &[u8]) -> String {
    let plain = app.keys.open(sealed).and_then(|plain| String::from_utf8(plain).ok());
    let plain = plain.unwrap_or_default();
    let id = ResidentId::parse(&plain, Date::in_china(app.clock.now()));
    id.map_or_else(|_| "*".repeat(plain.chars().count()), |id| id.masked())
}
