//! Numbers of certificates: 资格证书编号 (qualification) and 执业证书编号 (practice).
//!
//! Their shapes changed over the decades, so any run of letters, digits, Han characters and
//! hyphens of a sensible length is taken. A qualification number of 27 digits contains its
//! owner's resident ID, so `Debug` hides every number and there is no `Display`.

use std::fmt;

use crate::coded::Coded;
use crate::spreadsheet;
use crate::text;

/// The fewest characters of a number.
const CHARS_MIN: usize = 5;
/// The most; the longest in use has 27.
const CHARS_MAX: usize = 40;

/// A certificate's number: full-width forms made plain, blanks removed, letters upper case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertificateNumber(String);

/// Why a text is not a certificate's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateNumberError {
    /// Nothing was given.
    #[error("no certificate number")]
    Missing,
    /// Too short, too long, or with a character no number has.
    #[error("certificate number has an unknown shape")]
    WrongShape,
    /// A spreadsheet rounded it.
    #[error("certificate number was rounded by a spreadsheet")]
    SpreadsheetDamage,
}

impl CertificateNumber {
    /// Reads a number as typed.
    ///
    /// # Errors
    /// A [`CertificateNumberError`].
    pub fn parse(text: &str) -> Result<Self, CertificateNumberError> {
        if text.len() > text::FIELD_BYTES_MAX {
            return Err(CertificateNumberError::WrongShape);
        }
        let number = text::compact(text).to_uppercase();
        if number.is_empty() {
            return Err(CertificateNumberError::Missing);
        }
        if spreadsheet::is_float(&number) || spreadsheet::ends_in_lost_digits(&number) {
            return Err(CertificateNumberError::SpreadsheetDamage);
        }
        let length_fits = (CHARS_MIN..=CHARS_MAX).contains(&number.chars().count());
        if length_fits && number.chars().all(|c| c.is_alphanumeric() || c == '-') {
            Ok(Self(number))
        } else {
            Err(CertificateNumberError::WrongShape)
        }
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CertificateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CertificateNumber(hidden)")
    }
}

impl Coded for CertificateNumberError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "certificate_missing",
            Self::WrongShape => "certificate_wrong_shape",
            Self::SpreadsheetDamage => "certificate_spreadsheet_damage",
        }
    }

    fn message(&self) -> &'static str {
        match self {
            Self::Missing => "请填写证书编号",
            Self::WrongShape => "证书编号应为5至40位字母、数字或汉字",
            Self::SpreadsheetDamage => {
                "证书编号被表格软件改成了数值,后面的数字已丢失;请把该列设为“文本”格式后重新填写"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn old_and_new_numbers_are_taken() {
        for text in
            ["110410000012345", "豫卫医准字0012345", "20204111041019919800101123X", "a-1234"]
        {
            assert!(CertificateNumber::parse(text).is_ok(), "{text}");
        }
        let typed = CertificateNumber::parse(" １１０４１００００ 012345 ").unwrap();
        assert_eq!(typed.as_str(), "110410000012345");
        assert_eq!(format!("{typed:?}"), "CertificateNumber(hidden)");
    }

    #[test]
    fn x12_numbers_rounded_by_a_spreadsheet_are_refused() {
        for text in ["1.1041E+14", "202041110410199000000000000", "110410000012345.0"] {
            let refused = CertificateNumber::parse(text);
            assert_eq!(refused, Err(CertificateNumberError::SpreadsheetDamage), "{text}");
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        let long = "1".repeat(41);
        for text in ["1234", &long, "=1+1", "12345\0", "12345<b>", "无;无;无"] {
            let refused = CertificateNumber::parse(text);
            assert_eq!(refused, Err(CertificateNumberError::WrongShape), "{text}");
        }
        assert_eq!(CertificateNumber::parse(" "), Err(CertificateNumberError::Missing));
    }

    proptest! {
        #[test]
        fn random_text_never_panics(text in ".*") {
            let _ = CertificateNumber::parse(&text);
        }
    }
}
