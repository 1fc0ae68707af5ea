//! Mobile phone numbers of mainland China, the only ones a text message with a code goes to.

use std::fmt;

use crate::coded::Coded;
use crate::text;

/// A mobile number of 11 digits, `1[3-9]` first. `Debug` masks it and there is no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

/// Why a text is not such a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Nothing was given.
    #[error("no phone number")]
    Missing,
    /// A landline, a foreign number, too many or too few digits, or no number at all.
    #[error("not a mobile number of mainland China")]
    NotMobile,
}

impl Phone {
    /// Reads a number as typed: full-width digits, spaces, dashes, brackets and the country code
    /// (`+86`, `0086`, `86`) are forgiven.
    ///
    /// # Errors
    /// A [`PhoneError`].
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        if text.len() > text::FIELD_BYTES_MAX {
            return Err(PhoneError::NotMobile);
        }
        let mut compact = text::compact(text);
        compact.retain(|c| !is_separator(c));
        if compact.is_empty() {
            return Err(PhoneError::Missing);
        }
        let number = without_country(&compact);
        if is_mobile(number.as_bytes()) {
            Ok(Self(number.to_owned()))
        } else {
            Err(PhoneError::NotMobile)
        }
    }

    /// The 11 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number for screens: `138****0000`.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("{}****{}", &self.0[..3], &self.0[7..])
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '(' | ')' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn without_country(compact: &str) -> &str {
    let country = ["+86", "0086", "86"].into_iter().find_map(|code| compact.strip_prefix(code));
    country.filter(|rest| rest.len() == 11).unwrap_or(compact)
}

fn is_mobile(number: &[u8]) -> bool {
    matches!(number, [b'1', b'3'..=b'9', rest @ ..]
        if rest.len() == 9 && rest.iter().all(u8::is_ascii_digit))
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

impl Coded for PhoneError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "phone_missing",
            Self::NotMobile => "phone_not_mobile",
        }
    }

    fn message(&self) -> &'static str {
        match self {
            Self::Missing => "请填写手机号码",
            Self::NotMobile => "请填写11位大陆手机号码",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn m06_country_code_spaces_dashes_and_full_width_digits_are_forgiven() {
        let plain = Phone::parse("13800000000").unwrap();
        for text in [
            "+8613800000000",
            "+86 138-0000-0000",
            "0086 138 0000 0000",
            "8613800000000",
            "（+86）138 0000 0000",
            "１３８００００００００",
            "\u{202D}138\u{200B}00000000\u{202C}",
            "138—0000—0000",
        ] {
            assert_eq!(Phone::parse(text), Ok(plain.clone()), "{text}");
        }
        assert!(Phone::parse("17000000000").is_ok());
    }

    #[test]
    fn m06_landlines_foreign_numbers_and_wrong_lengths_are_refused() {
        let long = "1".repeat(1_000_000);
        for text in [
            "138000000000",
            "1380000000",
            "12800000000",
            "037160000000",
            "+85291234567",
            "+8613800000",
            "+86138000000000",
            "1380000000x",
            "电话",
            &long,
        ] {
            assert_eq!(Phone::parse(text), Err(PhoneError::NotMobile));
        }
        assert_eq!(Phone::parse(" - "), Err(PhoneError::Missing));
    }

    #[test]
    fn a_phone_is_shown_without_its_middle() {
        let phone = Phone::parse("13812340000").unwrap();
        assert_eq!(phone.masked(), "138****0000");
        assert_eq!(format!("{phone:?}"), "Phone(138****0000)");
    }

    proptest! {
        #[test]
        fn random_text_never_panics(text in ".*") {
            if let Ok(phone) = Phone::parse(&text) {
                prop_assert_eq!(phone.as_str().len(), 11);
            }
        }
    }
}
