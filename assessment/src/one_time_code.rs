//! Codes that open something once: the reset code an institution hands out on paper, and the
//! entry ticket that opens an exam.
//!
//! The server stores only a keyed hash of either, and remembers whether it was used and whether a
//! newer one replaced it.

use std::fmt;

use exam_core::time::{Span, Timestamp};
use rand_chacha::rand_core::Rng;

use crate::coded::Coded;
use crate::text;

/// How long a reset code may be used.
pub const RESET_CODE_VALID: Span = Span::from_minutes(24 * 60);

/// Characters of a code. Ten of 32 possible ones are 50 bits: at ten tries an hour for its 24
/// hours, a guess succeeds once in 4.7 million million codes.
const CODE_CHARS: usize = 10;

/// Crockford's base 32: no I, L, O or U, so nothing on paper can be read as something else.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A code for setting a new password, once, within [`RESET_CODE_VALID`].
///
/// `Display` is for the slip of paper (`7K3M9-QX2TD`); `Debug` hides it.
#[derive(Clone)]
pub struct OneTimeCode(String);

/// A text that cannot be a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a one-time code")]
pub struct NotACode;

impl OneTimeCode {
    /// A new code from `rng`, which must be unpredictable.
    pub fn fresh(rng: &mut impl Rng) -> Self {
        let mut random = [0; CODE_CHARS];
        rng.fill_bytes(&mut random);
        Self(random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
    }

    /// Reads a code as typed from paper: case, spaces and dashes do not matter, O is 0, I and L
    /// are 1.
    ///
    /// # Errors
    /// [`NotACode`].
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        if text.len() > text::FIELD_BYTES_MAX {
            return Err(NotACode);
        }
        let code: String =
            text::compact(text).chars().filter(|c| *c != '-').map(as_printed).collect();
        let known = code.bytes().all(|byte| ALPHABET.contains(&byte));
        if known && code.len() == CODE_CHARS { Ok(Self(code)) } else { Err(NotACode) }
    }

    /// The ten characters without the dash: what is hashed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a reset code issued at `issued_at` may still be used at `now`.
#[must_use]
pub fn reset_code_is_valid(issued_at: Timestamp, now: Timestamp) -> bool {
    now < issued_at + RESET_CODE_VALID
}

/// The character on paper that was read as `c`.
fn as_printed(c: char) -> char {
    match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    }
}

impl fmt::Display for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (front, back) = self.0.split_at(CODE_CHARS / 2);
        write!(f, "{front}-{back}")
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(hidden)")
    }
}

impl Coded for NotACode {
    fn code(&self) -> &'static str {
        "one_time_code_malformed"
    }

    fn message(&self) -> &'static str {
        "一次性代码应为10位字母和数字,请核对后重新输入"
    }
}

/// Bytes of an entry ticket: 128 bits, which nobody guesses, so it needs no slow hash.
const TICKET_BYTES: usize = 16;

/// A ticket that signs its candidate in once, without a password.
#[derive(Clone)]
pub struct EntryTicket([u8; TICKET_BYTES]);

/// A text that cannot be a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an entry ticket")]
pub struct NotATicket;

impl EntryTicket {
    /// A new ticket from `rng`, which must be unpredictable.
    pub fn fresh(rng: &mut impl Rng) -> Self {
        let mut random = [0; TICKET_BYTES];
        rng.fill_bytes(&mut random);
        Self(random)
    }

    /// Reads the 32 lower-case hexadecimal digits of [`to_hex`](Self::to_hex), and nothing else.
    ///
    /// # Errors
    /// [`NotATicket`].
    pub fn parse(text: &str) -> Result<Self, NotATicket> {
        let mut bytes = [0; TICKET_BYTES];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotATicket)?;
        let ticket = Self(bytes);
        if ticket.to_hex() == text { Ok(ticket) } else { Err(NotATicket) }
    }

    /// The ticket as 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// The 16 bytes: what is hashed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; TICKET_BYTES] {
        &self.0
    }
}

impl fmt::Debug for EntryTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EntryTicket(hidden)")
    }
}

impl Coded for NotATicket {
    fn code(&self) -> &'static str {
        "ticket_malformed"
    }

    fn message(&self) -> &'static str {
        "入场凭证无效,请重新获取"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::from_seed([3; 32])
    }

    #[test]
    fn a_code_survives_paper() {
        let code = OneTimeCode::fresh(&mut rng());
        let printed = code.to_string();
        assert_eq!(printed.len(), CODE_CHARS + 1);
        assert_eq!(OneTimeCode::parse(&printed).unwrap().as_str(), code.as_str());
        let typed = format!(" {} ", printed.to_lowercase().replace('-', " "));
        assert_eq!(OneTimeCode::parse(&typed).unwrap().as_str(), code.as_str());
    }

    #[test]
    fn look_alikes_are_read_as_what_was_printed() {
        assert_eq!(OneTimeCode::parse("oIl23-456７8").unwrap().as_str(), "0112345678");
        for bad in ["", "7K3M9QX2T", "7K3M9QX2TDD", "7K3M9QX2TU", "7K3M9QX2T重"] {
            assert_eq!(OneTimeCode::parse(bad).err(), Some(NotACode), "{bad}");
        }
        assert!(OneTimeCode::parse(&"7".repeat(1_000_000)).is_err());
    }

    #[test]
    fn codes_use_the_whole_alphabet_and_do_not_repeat() {
        let mut rng = rng();
        let codes: Vec<String> =
            (0..1_000).map(|_| OneTimeCode::fresh(&mut rng).as_str().to_owned()).collect();
        let used: std::collections::BTreeSet<u8> = codes.iter().flat_map(|c| c.bytes()).collect();
        assert_eq!(used.len(), ALPHABET.len());
        assert_eq!(codes.iter().collect::<std::collections::HashSet<_>>().len(), codes.len());
    }

    #[test]
    fn a_code_is_valid_for_24_hours_less_a_millisecond() {
        let issued = Timestamp::from_ms(1_000);
        let end = Timestamp::from_ms(1_000 + 24 * 60 * 60 * 1_000);
        assert!(reset_code_is_valid(issued, end - Span::from_ms(1)));
        assert!(!reset_code_is_valid(issued, end));
    }

    #[test]
    fn a_ticket_has_one_spelling() {
        let ticket = EntryTicket::fresh(&mut rng());
        let hex = ticket.to_hex();
        assert_eq!(EntryTicket::parse(&hex).unwrap().as_bytes(), ticket.as_bytes());
        for bad in [&hex[1..], &hex.to_uppercase(), &format!("{hex}0"), "", &format!(" {hex}")] {
            assert_eq!(EntryTicket::parse(bad).err(), Some(NotATicket), "{bad}");
        }
    }

    #[test]
    fn debug_shows_neither() {
        assert_eq!(format!("{:?}", OneTimeCode::fresh(&mut rng())), "OneTimeCode(hidden)");
        assert_eq!(format!("{:?}", EntryTicket::fresh(&mut rng())), "EntryTicket(hidden)");
    }

    proptest! {
        #[test]
        fn random_text_never_panics(text in ".*") {
            let _ = OneTimeCode::parse(&text);
            let _ = EntryTicket::parse(&text);
        }
    }
}
