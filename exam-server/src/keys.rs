//! The server's secret key and what is derived from it: sealing identity, hashing it for look-up,
//! and vouching for arrivals.

use std::path::Path;

use exam_core::ids::{AttemptId, DeviceId};
use exam_core::time::Timestamp;
use ring::{aead, hmac};
use sha2::{Digest, Sha256};

use crate::chance::random_bytes;

/// What a key file may not be.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("the key file {path} cannot be used")]
    File {
        /// Which.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The key is not 64 hexadecimal digits, or all of them are alike.
    #[error("a key is 64 hexadecimal digits, drawn at random")]
    Weak,
}

/// Keys derived from one 256-bit secret. Debug shows none of it.
#[derive(Clone)]
pub struct Keys {
    seal: aead::LessSafeKey,
    lookup: hmac::Key,
    vouch: hmac::Key,
    check: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

/// The version byte before every sealed value, so that another algorithm can follow.
const SEALED_AES_256_GCM: u8 = 1;

impl Keys {
    /// Derives the keys from `secret`.
    #[must_use]
    pub fn derive(secret: &[u8; 32]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = |label: &str| hmac::sign(&root, label.as_bytes());
        let unbound = aead::UnboundKey::new(&aead::AES_256_GCM, derived("seal").as_ref())
            .expect("a SHA-256 tag is as long as the key");
        Self {
            seal: aead::LessSafeKey::new(unbound),
            lookup: hmac::Key::new(hmac::HMAC_SHA256, derived("lookup").as_ref()),
            vouch: hmac::Key::new(hmac::HMAC_SHA256, derived("vouch").as_ref()),
            check: hex::encode(&derived("check").as_ref()[..8]),
        }
    }

    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`KeyError::Weak`] for anything else, and for a key that repeats one byte.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut secret = [0; 32];
        hex::decode_to_slice(text.trim(), &mut secret).map_err(|_| KeyError::Weak)?;
        if secret.iter().all(|byte| *byte == secret[0]) {
            return Err(KeyError::Weak);
        }
        Ok(Self::derive(&secret))
    }

    /// Reads a key file, which holds 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`KeyError`] when it cannot be read or is no key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| KeyError::File { path: path.display().to_string(), source })?;
        Self::parse(&text)
    }

    /// Reads a key file, or makes one that only its owner can read.
    ///
    /// # Errors
    /// [`KeyError`] when it cannot be read or made.
    pub fn read_or_make(path: &Path) -> Result<Self, KeyError> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        if path.exists() {
            return Self::read(path);
        }
        let secret: [u8; 32] = random_bytes();
        let mut options = std::fs::OpenOptions::new();
        options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .and_then(|mut file| {
                writeln!(file, "{}", hex::encode(secret))?;
                file.sync_all()
            })
            .map_err(|source| KeyError::File { path: path.display().to_string(), source })?;
        Ok(Self::derive(&secret))
    }

    /// A value that differs between keys and tells nothing of them; the database remembers it, so
    /// that a wrong key is noticed before it seals anything.
    #[must_use]
    pub fn check_value(&self) -> &str {
        &self.check
    }

    /// Encrypts a personal value.
    #[must_use]
    pub fn seal(&self, plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; aead::NONCE_LEN] = random_bytes();
        let mut sealed = plain.to_vec();
        self.seal
            .seal_in_place_append_tag(
                aead::Nonce::assume_unique_for_key(nonce),
                aead::Aad::empty(),
                &mut sealed,
            )
            .expect("a personal value is far below the cipher's limit");
        [&[SEALED_AES_256_GCM], nonce.as_slice(), &sealed].concat()
    }

    /// Decrypts what [`seal`](Self::seal) made; `None` for anything else.
    #[must_use]
    pub fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (&SEALED_AES_256_GCM, rest) = sealed.split_first()? else { return None };
        let (nonce, sealed) = rest.split_at_checked(aead::NONCE_LEN)?;
        let nonce = aead::Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut plain = sealed.to_vec();
        let length = self.seal.open_in_place(nonce, aead::Aad::empty(), &mut plain).ok()?.len();
        plain.truncate(length);
        Some(plain)
    }

    /// The keyed hash under which a personal value is looked up.
    #[must_use]
    pub fn lookup_hash(&self, kind: &str, value: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.lookup);
        context.update(kind.as_bytes());
        context.update(&[0]);
        context.update(value.as_bytes());
        context.sign().as_ref().to_vec()
    }

    /// Vouches that `message` was received at `received_at`, so that any node takes a retry as if
    /// it had come then.
    #[must_use]
    pub fn vouch(
        &self,
        attempt: AttemptId,
        device: DeviceId,
        n: u64,
        message: &[u8],
        received_at: Timestamp,
    ) -> String {
        let tag = self.vouch_tag(attempt, device, n, message, received_at);
        format!("{:x}.{}", received_at.as_ms(), hex::encode(&tag.as_ref()[..16]))
    }

    /// The time that `arrived` vouches for; `None` where it was not made here for this message.
    #[must_use]
    pub fn vouched(
        &self,
        attempt: AttemptId,
        device: DeviceId,
        n: u64,
        message: &[u8],
        arrived: &str,
    ) -> Option<Timestamp> {
        let (ms, tag) = arrived.split_once('.')?;
        let received_at = Timestamp::from_ms(i64::from_str_radix(ms, 16).ok()?);
        let expected = self.vouch_tag(attempt, device, n, message, received_at);
        let given = hex::decode(tag).ok()?;
        let expected = &expected.as_ref()[..16];
        let differing = given.iter().zip(expected).fold(0, |all, (a, b)| all | (a ^ b));
        (given.len() == expected.len() && differing == 0).then_some(received_at)
    }

    fn vouch_tag(
        &self,
        attempt: AttemptId,
        device: DeviceId,
        n: u64,
        message: &[u8],
        received_at: Timestamp,
    ) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.vouch);
        context.update(attempt.as_uuid().as_bytes());
        context.update(device.as_uuid().as_bytes());
        context.update(&n.to_be_bytes());
        context.update(&received_at.as_ms().to_be_bytes());
        context.update(message);
        context.sign()
    }
}

/// SHA-256 of a token or one-time code, under which it is stored: both are long and random, so no
/// slow hash is needed.
#[must_use]
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::derive(&[3; 32])
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_only() {
        let sealed = keys().seal("11010519491231002X".as_bytes());
        assert_eq!(keys().open(&sealed).as_deref(), Some("11010519491231002X".as_bytes()));
        assert_eq!(Keys::derive(&[4; 32]).open(&sealed), None);
        assert_eq!(keys().open(&sealed[..5]), None);
        assert_ne!(keys().seal(b"same"), keys().seal(b"same"), "a nonce is never used twice");
    }

    #[test]
    fn an_arrival_is_vouched_for_one_message_only() {
        let attempt = AttemptId::from_uuid(uuid::Uuid::from_u128(1));
        let device = DeviceId::from_uuid(uuid::Uuid::from_u128(2));
        let at = Timestamp::from_ms(1_234_567);
        let arrived = keys().vouch(attempt, device, 5, b"save 3 b", at);
        assert_eq!(keys().vouched(attempt, device, 5, b"save 3 b", &arrived), Some(at));
        assert_eq!(keys().vouched(attempt, device, 5, b"save 3 c", &arrived), None);
        assert_eq!(keys().vouched(attempt, device, 6, b"save 3 b", &arrived), None);
        let earlier = arrived.replacen("12d687", "12d686", 1);
        assert_ne!(earlier, arrived);
        assert_eq!(keys().vouched(attempt, device, 5, b"save 3 b", &earlier), None);
        for junk in ["", ".", "12d687.", "x.y", "12d687.00"] {
            assert_eq!(keys().vouched(attempt, device, 5, b"save 3 b", junk), None);
        }
    }

    #[test]
    fn a_short_or_monotonous_key_is_refused() {
        for text in ["", "00", &"00".repeat(32), &"zz".repeat(32)] {
            assert!(Keys::parse(text).is_err(), "{text}");
        }
        let drawn = "0123456789abcdef".repeat(4);
        assert!(Keys::parse(&drawn).is_ok());
    }
}
