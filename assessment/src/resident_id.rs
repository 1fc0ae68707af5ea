//! Resident identity numbers (公民身份号码), old and new form.
//!
//! The 18-digit form is region (6), birth date (8), sequence (3) and check character (1); the
//! 15-digit form, issued until 1999, lacks the century and the check character. Both forms name
//! the same person, so two numbers are equal when their 18-digit forms are.
//!
//! Typed numbers are forgiven what copying does to them: full-width digits become plain, spaces
//! and zero-width characters go away wherever they stand, `x` becomes `X`. Any other character,
//! hyphens included, is refused.
//!
//! Source: GB 11643-1999; the check character is ISO 7064 MOD 11-2.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::coded::Coded;
use crate::date::{Date, number};
use crate::text;

/// The number of one person. Never printed: `Debug` hides it and there is no `Display`.
#[derive(Clone)]
pub struct ResidentId {
    canonical: [u8; 18],
    form: Form,
}

/// How a number was given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Digits15,
    Digits18,
}

/// The sex a number states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// 男: the sequence number is odd.
    Male,
    /// 女: it is even.
    Female,
}

/// Why a text is not a resident ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResidentIdError {
    /// Nothing was given.
    #[error("no resident id")]
    Missing,
    /// Something other than digits, or an `X` before the last place.
    #[error("resident id has a character that is not a digit")]
    NotDigits,
    /// Neither 15 nor 18 characters.
    #[error("resident id has neither 15 nor 18 digits")]
    WrongLength,
    /// Regions begin with 1 to 9.
    #[error("resident id begins with 0")]
    NoSuchRegion,
    /// Month 13, 30 February, a year before 1900.
    #[error("resident id has an impossible birth date")]
    NoSuchBirthDate,
    /// Born after today.
    #[error("resident id has a birth date in the future")]
    BornInFuture,
}

impl ResidentId {
    /// Reads a number as a person typed it; `today` bounds the birth date.
    ///
    /// A wrong check character is no error: the roster decides whether the number exists. Ask
    /// [`checksum_holds`](Self::checksum_holds) to warn about it.
    ///
    /// # Errors
    /// A [`ResidentIdError`] for a number that cannot be anybody's.
    pub fn parse(text: &str, today: Date) -> Result<Self, ResidentIdError> {
        if text.len() > text::FIELD_BYTES_MAX {
            return Err(ResidentIdError::WrongLength);
        }
        let compact = text::compact(text).to_ascii_uppercase();
        let id = Self::from_characters(compact.as_bytes())?;
        match id.read_birth_date() {
            None => Err(ResidentIdError::NoSuchBirthDate),
            Some(birth) if birth > today => Err(ResidentIdError::BornInFuture),
            Some(_) => Ok(id),
        }
    }

    fn from_characters(characters: &[u8]) -> Result<Self, ResidentIdError> {
        let Some((last, front)) = characters.split_last() else {
            return Err(ResidentIdError::Missing);
        };
        let last_may_be_x = characters.len() == 18 && *last == b'X';
        if !front.iter().all(u8::is_ascii_digit) || !(last.is_ascii_digit() || last_may_be_x) {
            return Err(ResidentIdError::NotDigits);
        }
        let id = if let Ok(canonical) = characters.try_into() {
            Self { canonical, form: Form::Digits18 }
        } else if let Ok(old) = characters.try_into() {
            Self { canonical: upgrade(old), form: Form::Digits15 }
        } else {
            return Err(ResidentIdError::WrongLength);
        };
        if id.canonical[0] == b'0' { Err(ResidentIdError::NoSuchRegion) } else { Ok(id) }
    }

    /// The synthetic number of region, birth date and sequence, with the right check character.
    pub(crate) fn assemble(region: &[u8; 6], birth: Date, sequence: u32) -> Self {
        let front = format!(
            "{:04}{:02}{:02}{:03}",
            birth.year(),
            birth.month(),
            birth.day(),
            sequence % 1_000
        );
        let mut canonical = [0; 18];
        canonical[..6].copy_from_slice(region);
        canonical[6..17].copy_from_slice(front.as_bytes());
        canonical[17] = check_character(&canonical);
        Self { canonical, form: Form::Digits18 }
    }

    /// The 18-digit form: what is stored, looked up and compared.
    #[must_use]
    pub fn canonical(&self) -> &str {
        std::str::from_utf8(&self.canonical).expect("digits and X are ASCII")
    }

    /// The number in the form it was given, 15 or 18 digits.
    #[must_use]
    pub fn as_given(&self) -> String {
        match self.form {
            Form::Digits18 => self.canonical().to_owned(),
            Form::Digits15 => self.shortened(),
        }
    }

    /// The 15-digit form of a person born from 1900 to 1999; nobody else has one.
    #[must_use]
    pub fn old_form(&self) -> Option<String> {
        self.canonical[6..].starts_with(b"19").then(|| self.shortened())
    }

    fn shortened(&self) -> String {
        let canonical = self.canonical();
        format!("{}{}", &canonical[..6], &canonical[8..17])
    }

    /// Whether the check character is the one its digits ask for. A 15-digit number has none, so
    /// it always holds.
    #[must_use]
    pub fn checksum_holds(&self) -> bool {
        self.canonical[17] == check_character(&self.canonical)
    }

    /// The birth date.
    #[must_use]
    pub fn birth_date(&self) -> Date {
        self.read_birth_date().expect("checked when the number was read")
    }

    fn read_birth_date(&self) -> Option<Date> {
        let field = |range: std::ops::Range<usize>| number(&self.canonical[range]).ok();
        let month = u8::try_from(field(10..12)?).ok()?;
        let day = u8::try_from(field(12..14)?).ok()?;
        Date::new(field(6..10)?, month, day).ok().filter(|date| date.year() >= 1900)
    }

    /// The sex.
    #[must_use]
    pub fn sex(&self) -> Sex {
        if (self.canonical[16] - b'0').is_multiple_of(2) { Sex::Female } else { Sex::Male }
    }

    /// The province that issued the number, or `None` for a code this program does not know.
    #[must_use]
    pub fn province(&self) -> Option<&'static str> {
        PROVINCES
            .iter()
            .find(|(code, _)| code.as_bytes() == &self.canonical[..2])
            .map(|(_, name)| *name)
    }

    /// The number for screens: the first three and the last four characters as given, the rest
    /// as stars.
    #[must_use]
    pub fn masked(&self) -> String {
        let given = self.as_given();
        let stars = "*".repeat(given.len() - 7);
        format!("{}{stars}{}", &given[..3], &given[given.len() - 4..])
    }
}

/// The 18-digit form of a 15-digit number: the century is 19. (Numbers of people born in the
/// 1800s were marked by the sequences 996–999; nobody of them practises.)
fn upgrade(old: &[u8; 15]) -> [u8; 18] {
    let mut canonical = [0; 18];
    canonical[..6].copy_from_slice(&old[..6]);
    canonical[6..8].copy_from_slice(b"19");
    canonical[8..17].copy_from_slice(&old[6..]);
    canonical[17] = check_character(&canonical);
    canonical
}

/// The check character of the first 17 digits of `canonical`.
fn check_character(canonical: &[u8; 18]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = canonical.iter().zip(WEIGHTS).map(|(c, w)| u32::from(c - b'0') * w).sum();
    b"10X98765432"[(sum % 11) as usize]
}

impl PartialEq for ResidentId {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for ResidentId {}

impl Hash for ResidentId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

impl fmt::Debug for ResidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidentId(hidden)")
    }
}

impl Coded for ResidentIdError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "id_missing",
            Self::NotDigits => "id_not_digits",
            Self::WrongLength => "id_wrong_length",
            Self::NoSuchRegion => "id_no_such_region",
            Self::NoSuchBirthDate => "id_no_such_birth_date",
            Self::BornInFuture => "id_born_in_future",
        }
    }

    fn message(&self) -> &'static str {
        match self {
            Self::Missing => "请填写身份证号",
            Self::NotDigits => "身份证号只能是数字,18位号码的最后一位可以是X",
            Self::WrongLength => "身份证号应为18位或15位",
            Self::NoSuchRegion => "身份证号的地区代码有误",
            Self::NoSuchBirthDate => "身份证号中的出生日期不存在",
            Self::BornInFuture => "身份证号中的出生日期晚于今天",
        }
    }
}

/// The first two digits and the province they stand for (GB/T 2260, and the residence permits of
/// Hong Kong, Macao, Taiwan and foreigners).
const PROVINCES: [(&str, &str); 36] = [
    ("11", "北京市"),
    ("12", "天津市"),
    ("13", "河北省"),
    ("14", "山西省"),
    ("15", "内蒙古自治区"),
    ("21", "辽宁省"),
    ("22", "吉林省"),
    ("23", "黑龙江省"),
    ("31", "上海市"),
    ("32", "江苏省"),
    ("33", "浙江省"),
    ("34", "安徽省"),
    ("35", "福建省"),
    ("36", "江西省"),
    ("37", "山东省"),
    ("41", "河南省"),
    ("42", "湖北省"),
    ("43", "湖南省"),
    ("44", "广东省"),
    ("45", "广西壮族自治区"),
    ("46", "海南省"),
    ("50", "重庆市"),
    ("51", "四川省"),
    ("52", "贵州省"),
    ("53", "云南省"),
    ("54", "西藏自治区"),
    ("61", "陕西省"),
    ("62", "甘肃省"),
    ("63", "青海省"),
    ("64", "宁夏回族自治区"),
    ("65", "新疆维吾尔自治区"),
    ("71", "台湾省"),
    ("81", "香港特别行政区"),
    ("82", "澳门特别行政区"),
    ("83", "台湾居民"),
    ("91", "外国人永久居留"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    /// Synthetic: county 410199 was never assigned.
    const MALE: &str = "410199198001011232";

    fn today() -> Date {
        Date::new(2026, 3, 1).unwrap()
    }

    fn parse(text: &str) -> Result<ResidentId, ResidentIdError> {
        ResidentId::parse(text, today())
    }

    /// `front` with the check character its 17 digits ask for.
    fn complete(front: &str) -> String {
        let mut digits = [b'0'; 18];
        digits[..17].copy_from_slice(front.as_bytes());
        format!("{front}{}", char::from(check_character(&digits)))
    }

    #[test]
    fn the_example_of_the_standard_has_its_check_character() {
        assert_eq!(complete("11010519491231002"), "11010519491231002X");
        assert_eq!(complete("44052418800101001"), "440524188001010014");
    }

    #[test]
    fn l01_a_wrong_check_digit_is_accepted_and_warned_about() {
        let right = complete(&MALE[..17]);
        assert!(parse(&right).unwrap().checksum_holds());
        let wrong = format!("{}{}", &right[..17], if right.ends_with('1') { '2' } else { '1' });
        assert!(!parse(&wrong).unwrap().checksum_holds());
        assert_ne!(parse(&wrong), parse(&right));
    }

    #[test]
    fn l02_a_lower_case_x_is_an_upper_case_one() {
        let id = parse("11010519491231002x").unwrap();
        assert_eq!(id.canonical(), "11010519491231002X");
        assert!(id.checksum_holds());
    }

    #[test]
    fn l03_a_15_digit_number_is_accepted_and_kept_as_given() {
        let id = parse("110105491231002").unwrap();
        assert_eq!(id.canonical(), "11010519491231002X");
        assert_eq!(id.as_given(), "110105491231002");
        assert_eq!(id.birth_date(), Date::new(1949, 12, 31).unwrap());
        assert!(id.checksum_holds());
    }

    #[test]
    fn l04_a_15_digit_number_with_month_13_is_refused() {
        assert_eq!(parse("410199801301123"), Err(ResidentIdError::NoSuchBirthDate));
    }

    #[test]
    fn l05_17_and_19_digits_are_refused() {
        for text in ["41019919800101123", "4101991980010112345", "1", &"1".repeat(900)] {
            assert_eq!(parse(text), Err(ResidentIdError::WrongLength), "{text}");
        }
        assert_eq!(parse(&"1".repeat(1_000_000)), Err(ResidentIdError::WrongLength));
        assert_eq!(parse("  "), Err(ResidentIdError::Missing));
    }

    #[test]
    fn l06_full_width_digits_are_the_same_number() {
        let wide: String =
            MALE.chars().map(|c| char::from_u32(c as u32 + 0xFEE0).unwrap()).collect();
        assert_eq!(parse(&wide), parse(MALE));
        assert_eq!(parse("１１０１０５１９４９１２３１００２ｘ"), parse("11010519491231002X"));
    }

    #[test]
    fn l07_spaces_and_zero_width_characters_are_dropped_and_other_marks_refused() {
        let pasted = "\u{FEFF} 410199 19800101\u{200B}\u{3000}12\u{AD}32\u{202C}\n";
        assert_eq!(parse(pasted), parse(MALE));
        for mark in ["-", ".", "'", "\0", "x", "一"] {
            let text = format!("410199{mark}198001011232");
            assert_eq!(parse(&text), Err(ResidentIdError::NotDigits), "{mark:?}");
        }
    }

    #[test]
    fn l08_a_birth_in_the_future_or_on_30_february_is_refused() {
        assert_eq!(parse(&complete("41019920260302123")), Err(ResidentIdError::BornInFuture));
        assert!(parse(&complete("41019920260301123")).is_ok());
        assert_eq!(parse(&complete("41019919800230123")), Err(ResidentIdError::NoSuchBirthDate));
        assert_eq!(parse(&complete("41019918991231123")), Err(ResidentIdError::NoSuchBirthDate));
        assert_eq!(parse(&complete("41019900000000123")), Err(ResidentIdError::NoSuchBirthDate));
    }

    #[test]
    fn l09_the_15_and_the_18_digit_form_are_one_person() {
        let (old, new) = (parse("110105491231002").unwrap(), parse("11010519491231002X").unwrap());
        assert_eq!(old, new);
        assert_eq!(old.canonical(), new.canonical());
        assert_ne!(old.as_given(), new.as_given());
        assert_eq!(new.old_form(), Some(old.as_given()));
        let of_this_century = parse(&complete("41019920010101123")).unwrap();
        assert_eq!(of_this_century.old_form(), None);
    }

    #[test]
    fn a_number_tells_sex_birth_and_province() {
        let id = parse(MALE).unwrap();
        assert_eq!(id.sex(), Sex::Male);
        assert_eq!(id.birth_date().to_string(), "1980-01-01");
        assert_eq!(id.province(), Some("河南省"));
        assert_eq!(parse("110105491231002").unwrap().sex(), Sex::Female);
        assert_eq!(parse(&complete("99019919800101123")).unwrap().province(), None);
        assert_eq!(parse(&complete("01019919800101123")), Err(ResidentIdError::NoSuchRegion));
    }

    #[test]
    fn a_number_is_shown_with_three_and_four_characters_at_most() {
        assert_eq!(parse("11010519491231002x").unwrap().masked(), "110***********002X");
        assert_eq!(parse("110105491231002").unwrap().masked(), "110********1002");
    }

    #[test]
    fn debug_shows_no_digit() {
        let shown = format!("{:?}", parse(MALE));
        assert!(!shown.contains(|c: char| c.is_ascii_digit()), "{shown}");
    }

    proptest! {
        #[test]
        fn random_text_never_panics(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn random_digits_never_panic(text in "[0-9xX０-９ ]{0,20}") {
            if let Ok(id) = parse(&text) {
                prop_assert_eq!(parse(id.canonical()).unwrap(), id.clone());
                prop_assert!(id.birth_date() <= today());
                prop_assert_eq!(id.masked().len(), id.as_given().len());
            }
        }

        #[test]
        fn the_upgrade_agrees_with_the_checksum_rule(seed: [u8; 32]) {
            let mut rng = ChaCha20Rng::from_seed(seed);
            let new = crate::fake::resident_id(&mut rng);
            let old = parse(&new.old_form().unwrap()).unwrap();
            prop_assert_eq!(old.canonical(), new.canonical());
            // MOD 11-2: the weighted sum, the check character at weight 1, leaves 1.
            let sum: u32 = old.canonical().chars().rev().enumerate().map(|(place, c)| {
                c.to_digit(10).unwrap_or(10) * (2_u32.pow(place as u32) % 11)
            }).sum();
            prop_assert_eq!(sum % 11, 1);
        }
    }
}
