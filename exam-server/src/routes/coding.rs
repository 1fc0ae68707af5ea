//! Content codings: what a client takes, and bodies made small.

use std::io::Write;

use axum::http::{HeaderMap, header};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Whether a client takes this coding.
#[must_use]
pub fn takes(headers: &HeaderMap, coding: &str) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut accepted = accepted.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    accepted.any(|one| {
        let mut parts = one.split(';').map(str::trim);
        parts.next() == Some(coding) && parts.all(|weight| weight != "q=0")
    })
}

/// A body as gzip, at the level that costs least: a paper of 20 KB becomes 6.
///
/// # Panics
/// Never: nothing can go wrong in memory.
#[must_use]
pub fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 2), Compression::fast());
    encoder.write_all(body).and_then(|()| encoder.finish()).expect("memory takes everything")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_of_nothing_is_no() {
        let headers = |text: &str| {
            HeaderMap::from_iter([(header::ACCEPT_ENCODING, text.parse().expect("a header"))])
        };
        assert!(takes(&headers("gzip, deflate, br"), "br"));
        assert!(takes(&headers("gzip;q=0.5"), "gzip"));
        assert!(!takes(&headers("br;q=0, gzip"), "br"));
        assert!(!takes(&headers("brotli"), "br"));
        assert!(!takes(&HeaderMap::new(), "gzip"));
    }
}
