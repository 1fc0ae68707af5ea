//! Which passwords may be chosen.
//!
//! A password is taken exactly as typed: not trimmed, not normalised, any character that is not
//! a control character. Its length is looked at before anything else, so that a megabyte costs a
//! comparison and never reaches the password hash.

mod blocklist;

use std::fmt;

use crate::coded::Coded;
use crate::phone::Phone;
use crate::resident_id::ResidentId;

/// The fewest characters (Unicode scalar values) of a password: S6, and ASVS 5.0 6.2.1.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// The most bytes of a password in UTF-8: twice the 64 characters ASVS 5.0 6.2.9 asks for.
pub const PASSWORD_BYTES_MAX: usize = 128;
/// A password must not share this many characters in a row with the resident ID or the phone: a
/// birthday without its century, the last six digits.
const SHARED_RUN: usize = 6;
/// With fewer different characters than this, a password is a pattern: `a1111111`, `abab1212`.
const DISTINCT_CHARS_MIN: usize = 4;
/// The longest piece that counts as repeated: `abc1abc1`.
const REPEATED_PIECE_MAX: usize = 4;
/// What institutions used to reset every password to.
const LEGACY_DEFAULT: &str = "666666";

/// A password in memory. `Debug` hides it; it is neither `Display` nor `Serialize`.
#[derive(Clone)]
pub struct Password(Box<str>);

/// Which rules a chosen password must meet. Both keep the length limits and refuse common
/// passwords, patterns, and the owner's own numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Letters and digits are both asked for: the product's default, and what 等级保护 level 3
    /// expects.
    #[default]
    Mlps3,
    /// No rule of composition, as ASVS 5.0 6.2.5 wants.
    Asvs,
}

/// What the owner's password must not be made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Owner<'a> {
    /// The owner's resident ID, where known.
    pub resident_id: Option<&'a ResidentId>,
    /// The owner's phone, where known.
    pub phone: Option<&'a Phone>,
}

/// Why a password may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// More than [`PASSWORD_BYTES_MAX`].
    #[error("password has more than {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    /// NUL, tab, line break and the like.
    #[error("password has a control character")]
    ControlCharacter,
    /// It contains `666666`.
    #[error("password contains the legacy default")]
    LegacyDefault,
    /// Fewer than [`PASSWORD_CHARS_MIN`].
    #[error("password has fewer than {PASSWORD_CHARS_MIN} characters")]
    TooShort,
    /// [`Profile::Mlps3`] asks for a letter.
    #[error("password has no letter")]
    NoLetter,
    /// [`Profile::Mlps3`] asks for a digit.
    #[error("password has no digit")]
    NoDigit,
    /// Six characters in a row of the resident ID.
    #[error("password contains a part of the resident id")]
    PartOfResidentId,
    /// Six digits in a row of the phone.
    #[error("password contains a part of the phone number")]
    PartOfPhone,
    /// Few different characters, or a short piece over and over.
    #[error("password is a repetition")]
    Repetition,
    /// A common password, or a common word with a few digits.
    #[error("password is a common one")]
    Common,
}

impl Password {
    /// Takes a password somebody wants to have from now on.
    ///
    /// # Errors
    /// The first [`PasswordRefusal`] that applies, in the order they are declared.
    pub fn choose(text: &str, profile: Profile, owner: Owner) -> Result<Self, PasswordRefusal> {
        let password = Self::presented(text)?;
        check_characters(text, profile)?;
        check_owner(text, owner)?;
        check_guessable(text)?;
        Ok(password)
    }

    /// Takes a password somebody signs in with, to be compared with a stored hash. Only its
    /// length is checked: the rules may have changed since it was chosen.
    ///
    /// # Errors
    /// [`PasswordRefusal::TooLong`].
    pub fn presented(text: &str) -> Result<Self, PasswordRefusal> {
        if text.len() > PASSWORD_BYTES_MAX {
            return Err(PasswordRefusal::TooLong);
        }
        Ok(Self(text.into()))
    }

    /// The bytes to hash, at most [`PASSWORD_BYTES_MAX`].
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

fn check_characters(text: &str, profile: Profile) -> Result<(), PasswordRefusal> {
    if text.chars().any(char::is_control) {
        return Err(PasswordRefusal::ControlCharacter);
    }
    if text.contains(LEGACY_DEFAULT) {
        return Err(PasswordRefusal::LegacyDefault);
    }
    if text.chars().count() < PASSWORD_CHARS_MIN {
        return Err(PasswordRefusal::TooShort);
    }
    match profile {
        Profile::Asvs => Ok(()),
        Profile::Mlps3 if !text.bytes().any(|b| b.is_ascii_alphabetic()) => {
            Err(PasswordRefusal::NoLetter)
        }
        Profile::Mlps3 if !text.bytes().any(|b| b.is_ascii_digit()) => {
            Err(PasswordRefusal::NoDigit)
        }
        Profile::Mlps3 => Ok(()),
    }
}

fn check_owner(text: &str, owner: Owner) -> Result<(), PasswordRefusal> {
    if let Some(id) = owner.resident_id {
        let old = id.old_form().unwrap_or_default();
        if shares_run(text, id.canonical()) || shares_run(text, &old) {
            return Err(PasswordRefusal::PartOfResidentId);
        }
    }
    match owner.phone {
        Some(phone) if shares_run(text, phone.as_str()) => Err(PasswordRefusal::PartOfPhone),
        _ => Ok(()),
    }
}

/// Whether `text` contains [`SHARED_RUN`] characters in a row of `number`, an `X` in either case.
fn shares_run(text: &str, number: &str) -> bool {
    let text = text.to_ascii_uppercase();
    number.as_bytes().windows(SHARED_RUN).any(|run| {
        let run = std::str::from_utf8(run).expect("numbers are ASCII");
        text.contains(run)
    })
}

fn check_guessable(text: &str) -> Result<(), PasswordRefusal> {
    if is_repetition(text) {
        return Err(PasswordRefusal::Repetition);
    }
    if blocklist::is_common(text) { Err(PasswordRefusal::Common) } else { Ok(()) }
}

fn is_repetition(text: &str) -> bool {
    let chars: Vec<char> = text.to_lowercase().chars().collect();
    let distinct = chars.iter().collect::<std::collections::BTreeSet<_>>().len();
    distinct < DISTINCT_CHARS_MIN
        || (1..=REPEATED_PIECE_MAX)
            .any(|piece| chars.iter().zip(&chars[piece..]).all(|(a, b)| a == b))
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

impl Coded for PasswordRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "password_too_long",
            Self::ControlCharacter => "password_control_character",
            Self::LegacyDefault => "password_legacy_default",
            Self::TooShort => "password_too_short",
            Self::NoLetter => "password_no_letter",
            Self::NoDigit => "password_no_digit",
            Self::PartOfResidentId => "password_part_of_id",
            Self::PartOfPhone => "password_part_of_phone",
            Self::Repetition => "password_repetition",
            Self::Common => "password_common",
        }
    }

    fn message(&self) -> &'static str {
        match self {
            Self::TooLong => "密码过长,最多128个字节(英文128个字符,汉字42个)",
            Self::ControlCharacter => "密码中不能有换行、制表符等控制字符",
            Self::LegacyDefault => "密码中不能含有666666",
            Self::TooShort => "密码至少8位",
            Self::NoLetter => "密码中须有英文字母",
            Self::NoDigit => "密码中须有数字",
            Self::PartOfResidentId => "密码中不能含有身份证号的一部分,例如出生日期或后六位",
            Self::PartOfPhone => "密码中不能含有手机号码的一部分",
            Self::Repetition => "密码过于简单,请不要重复相同的字符",
            Self::Common => "该密码过于常见,容易被猜中,请换一个",
        }
    }
}

#[cfg(test)]
mod tests;
