//! Time-based one-time passwords (RFC 6238): SHA-1, 6 digits, 30 seconds, as every authenticator
//! app expects.

use exam_core::time::Timestamp;
use ring::hmac;

/// The length of a time step.
const STEP_MS: i64 = 30_000;

/// The letters of base 32.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// How many steps a phone's clock may be off to either side.
const DRIFT_STEPS: i64 = 1;

/// The length of a secret, RFC 4226's recommendation.
pub const SECRET_LENGTH: usize = 20;

/// The time step at `now`.
#[must_use]
pub const fn step_at(now: Timestamp) -> i64 {
    now.as_ms() / STEP_MS
}

/// The code of `secret` at a time step.
#[must_use]
pub fn code_at(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 0x0f);
    let four = [tag[offset] & 0x7f, tag[offset + 1], tag[offset + 2], tag[offset + 3]];
    format!("{:06}", u32::from_be_bytes(four) % 1_000_000)
}

/// The time step whose code this is, near `now` and later than `last_step`; `None` for a wrong or
/// used code.
#[must_use]
pub fn step_of(secret: &[u8], code: &str, now: Timestamp, last_step: i64) -> Option<i64> {
    let middle = step_at(now);
    (middle - DRIFT_STEPS..=middle + DRIFT_STEPS)
        .find(|&step| step > last_step && code_at(secret, step) == code)
}

/// The secret in base 32 without padding, as people type it into an app.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut buffer, mut bits) = (0_u32, 0);
    for &byte in bytes {
        buffer = buffer << 8 | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(buffer >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(buffer << (5 - bits) & 31) as usize]));
    }
    text
}

/// The bytes of a secret in base 32; `None` for what is none.
#[must_use]
pub fn from_base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut buffer, mut bits) = (0_u32, 0);
    for letter in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter)?;
        buffer = (buffer << 5 | u32::try_from(value).ok()?) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(buffer >> bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}

/// Milliseconds until the next time step begins.
#[must_use]
pub const fn ends_in_ms(now: Timestamp) -> i64 {
    STEP_MS - now.as_ms().rem_euclid(STEP_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vectors of RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")]
        {
            let step = step_at(Timestamp::from_ms(seconds * 1_000));
            assert_eq!(code_at(secret, step), code);
        }
        assert_eq!(base32(secret), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(base32(b"f"), "MY");
    }

    #[test]
    fn a08_a_code_is_good_once_and_near_its_time() {
        let (secret, now) = (b"12345678901234567890", Timestamp::from_ms(1_234_567_890_000));
        let step = step_at(now);
        let code = code_at(secret, step);
        assert_eq!(step_of(secret, &code, now, 0), Some(step));
        assert_eq!(step_of(secret, &code, now, step), None, "a code is used once");
        let late = now + exam_core::time::Span::from_ms(2 * STEP_MS);
        assert_eq!(step_of(secret, &code, late, 0), None);
        assert_eq!(step_of(secret, "000000", now, 0), None);
    }
}
