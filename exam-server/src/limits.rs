//! Who may do how much: keyed by identity first and by address last, because a hospital shares
//! one address.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Messages of one attempt: a burst of 1,000, then 250 a second.
const MESSAGES_BURST: NonZeroU32 = NonZeroU32::new(1_000).expect("not zero");
const MESSAGES_PER_SECOND: NonZeroU32 = NonZeroU32::new(250).expect("not zero");

/// Requests of one person: far above a hurried thumb.
const REQUESTS_BURST: NonZeroU32 = NonZeroU32::new(200).expect("not zero");
const REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(20).expect("not zero");

/// Sign-ins tried for one identity.
const SIGN_INS_BURST: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
const SIGN_INS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

/// Sign-ins from one address: a large hospital that signs in within a minute.
const ADDRESS_BURST: NonZeroU32 = NonZeroU32::new(1_200).expect("not zero");
const ADDRESS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(1_200).expect("not zero");

/// The limits of this node.
#[derive(Debug)]
pub struct Limits {
    messages: DefaultKeyedRateLimiter<i64>,
    requests: DefaultKeyedRateLimiter<Vec<u8>>,
    sign_ins: DefaultKeyedRateLimiter<Vec<u8>>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
}

impl Default for Limits {
    fn default() -> Self {
        let per_second = |rate, burst| Quota::per_second(rate).allow_burst(burst);
        let per_minute = |rate, burst| Quota::per_minute(rate).allow_burst(burst);
        Self {
            messages: RateLimiter::keyed(per_second(MESSAGES_PER_SECOND, MESSAGES_BURST)),
            requests: RateLimiter::keyed(per_second(REQUESTS_PER_SECOND, REQUESTS_BURST)),
            sign_ins: RateLimiter::keyed(per_minute(SIGN_INS_PER_MINUTE, SIGN_INS_BURST)),
            addresses: RateLimiter::keyed(per_minute(ADDRESS_PER_MINUTE, ADDRESS_BURST)),
        }
    }
}

impl Limits {
    /// Whether one more message of an attempt is allowed.
    #[must_use]
    pub fn message(&self, attempt_no: i64) -> bool {
        self.messages.check_key(&attempt_no).is_ok()
    }

    /// Whether one more request of a signed-in person is allowed.
    #[must_use]
    pub fn request(&self, token_hash: &[u8]) -> bool {
        self.requests.check_key(&token_hash.to_vec()).is_ok()
    }

    /// Whether one more sign-in may be tried for an identity, from an address. Every channel
    /// passes here, and the identity counts first.
    #[must_use]
    pub fn sign_in(&self, identity_hash: &[u8], address: IpAddr) -> bool {
        self.sign_ins.check_key(&identity_hash.to_vec()).is_ok()
            && self.addresses.check_key(&address).is_ok()
    }

    /// Forgets who has not been heard of for a while, so that the tables stay small.
    pub fn forget_old(&self) {
        self.messages.retain_recent();
        self.requests.retain_recent();
        self.sign_ins.retain_recent();
        self.addresses.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSPITAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 1));

    #[test]
    fn one_identity_is_stopped_without_stopping_its_address() {
        let limits = Limits::default();
        let tried = (0..50).filter(|_| limits.sign_in(b"guessed", HOSPITAL)).count();
        assert_eq!(tried, SIGN_INS_BURST.get() as usize);
        for colleague in 0..500_u32 {
            assert!(limits.sign_in(&colleague.to_be_bytes(), HOSPITAL));
        }
    }

    #[test]
    fn an_attempt_has_a_bucket_of_messages() {
        let limits = Limits::default();
        assert_eq!((0..2_000).filter(|_| limits.message(1)).count() / 100, 10);
        assert!(limits.message(2));
    }
}
