//! Days of the calendar, without a time and without a zone.

use std::fmt;
use std::str::FromStr;

use exam_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// A day between 0001-01-01 and 9999-12-31 of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A text or a triple of numbers that is not a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such day")]
pub struct NoSuchDay;

/// All of China keeps one time, eight hours ahead of UTC, without summer time since 1991.
const CHINA_AHEAD_OF_UTC: Span = Span::from_minutes(8 * 60);

impl Date {
    /// The day `day` of `month` (both from 1) in `year`.
    ///
    /// # Errors
    /// [`NoSuchDay`] for 30 February, month 13 and years outside 1–9999.
    pub const fn new(year: u16, month: u8, day: u8) -> Result<Self, NoSuchDay> {
        if year == 0 || year > 9_999 || day == 0 || day > days_in_month(year, month) {
            return Err(NoSuchDay);
        }
        Ok(Self { year, month, day })
    }

    /// The day it is in China at `now`.
    ///
    /// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    #[must_use]
    pub fn in_china(now: Timestamp) -> Self {
        const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
        let days = (now + CHINA_AHEAD_OF_UTC).as_ms().div_euclid(DAY_MS);
        // Clamped to the range of this type; the shift makes 0000-03-01 day 0 of an era.
        let shifted = days.clamp(-719_162, 2_932_896) + 719_468;
        let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self { year: year as u16, month: month as u8, day: day as u8 }
    }

    /// The year, 1–9999.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1–12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1–31.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }
}

/// How many days `month` has; none when there is no such month.
const fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 0,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = NoSuchDay;
    /// Accepts `2026-03-01` only, so one day has one spelling.
    fn from_str(text: &str) -> Result<Self, NoSuchDay> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return Err(NoSuchDay);
        }
        let year = number(&bytes[..4])?;
        let month = u8::try_from(number(&bytes[5..7])?).map_err(|_| NoSuchDay)?;
        let day = u8::try_from(number(&bytes[8..])?).map_err(|_| NoSuchDay)?;
        Self::new(year, month, day)
    }
}

/// The number that up to four ASCII `digits` write.
pub(crate) fn number(digits: &[u8]) -> Result<u16, NoSuchDay> {
    digits.iter().try_fold(0_u16, |sum, digit| match digit {
        b'0'..=b'9' => Ok(sum * 10 + u16::from(digit - b'0')),
        _ => Err(NoSuchDay),
    })
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for Date {
    type Error = NoSuchDay;
    fn try_from(text: String) -> Result<Self, NoSuchDay> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn february_has_29_days_in_leap_years_only() {
        assert!(Date::new(2000, 2, 29).is_ok());
        assert!(Date::new(2024, 2, 29).is_ok());
        assert_eq!(Date::new(1900, 2, 29), Err(NoSuchDay));
        assert_eq!(Date::new(2023, 2, 29), Err(NoSuchDay));
        assert_eq!(Date::new(2023, 13, 1), Err(NoSuchDay));
        assert_eq!(Date::new(0, 1, 1), Err(NoSuchDay));
    }

    #[test]
    fn a_day_survives_the_way_through_text() {
        let day = Date::new(2026, 3, 1).unwrap();
        assert_eq!(day.to_string(), "2026-03-01");
        assert_eq!("2026-03-01".parse(), Ok(day));
        for bad in ["2026-3-1", "2026-02-30", "2026/03/01", "", "二〇二六", "2026-03-+1"] {
            assert_eq!(bad.parse::<Date>(), Err(NoSuchDay), "{bad}");
        }
    }

    #[test]
    fn the_day_in_china_begins_at_sixteen_hours_utc() {
        let day = |ms| Date::in_china(Timestamp::from_ms(ms)).to_string();
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(16 * 3_600_000 - 1), "1970-01-01");
        assert_eq!(day(16 * 3_600_000), "1970-01-02");
        assert_eq!(day(1_709_164_800_000), "2024-02-29");
        assert_eq!(day(-1), "1970-01-01");
        assert_eq!(day(i64::MAX), "9999-12-31");
        assert_eq!(day(i64::MIN), "0001-01-01");
    }
}
