//! The names of things, each its own type, all declared in one list.
//!
//! Ids that leave the server are UUIDs of version 7, made from the injected clock and
//! generator by [`fresh`](AttemptId::fresh). Item versions are numbered by the store and never
//! leave it: a candidate sees slots.

use std::fmt;
use std::str::FromStr;

use rand_chacha::rand_core::Rng;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Timestamp;

/// A text that is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id: `now` in its first 48 bits, the rest drawn from `rng`.
            pub fn fresh(now: Timestamp, rng: &mut impl Rng) -> Self {
                let mut random = [0; 10];
                rng.fill_bytes(&mut random);
                let ms = u64::try_from(now.as_ms()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid())
            }

            /// The id as a UUID.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }

            /// The id that `uuid` names.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            /// Accepts the hyphenated lower-case form only, so one id has one spelling.
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let uuid = Uuid::try_parse(text).map_err(|_| NotAnId)?;
                let mut spelling = Uuid::encode_buffer();
                if uuid.as_hyphenated().encode_lower(&mut spelling) == text {
                    Ok(Self(uuid))
                } else {
                    Err(NotAnId)
                }
            }
        }
    )*};
}

ids! {
    /// One period of assessment (周期), such as 第六周期.
    CycleId;
    /// A medical institution (医疗机构).
    InstitutionId;
    /// A physician who sits exams.
    CandidateId;
    /// A person at a desk: author, approver, invigilator, operator.
    StaffId;
    /// A question bank.
    BankId;
    /// An act on many attempts.
    BulkId;
    /// An exam offered to its audience.
    ExamId;
    /// One candidate's one go at an exam.
    AttemptId;
    /// A phone or browser, named by itself.
    DeviceId;
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

numbers! {
    /// An item through all its versions, as numbered by the store.
    ItemNo;
    /// One frozen version of an item, as numbered by the store.
    ItemVersionNo;
    /// One frozen version of a group's shared stem and options, as numbered by the store.
    GroupVersionNo;
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn an_id_survives_the_way_through_text() {
        let mut rng = ChaCha20Rng::from_seed([7; 32]);
        let id = AttemptId::fresh(Timestamp::from_ms(1_700_000_000_000), &mut rng);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.as_uuid().get_version_num(), 7);
    }

    #[test]
    fn an_id_has_one_spelling() {
        let text = "018BCFE5-6800-7000-8000-000000000000";
        assert_eq!(text.parse::<AttemptId>(), Err(NotAnId));
        assert!(text.to_lowercase().parse::<AttemptId>().is_ok());
        assert_eq!("{018bcfe5-6800-7000-8000-000000000000}".parse::<AttemptId>(), Err(NotAnId));
        assert_eq!("".parse::<AttemptId>(), Err(NotAnId));
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let mut rng = ChaCha20Rng::from_seed([9; 32]);
        let first = CandidateId::fresh(Timestamp::from_ms(1_000), &mut rng);
        let second = CandidateId::fresh(Timestamp::from_ms(2_000), &mut rng);
        assert!(first < second);
    }
}
