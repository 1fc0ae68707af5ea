//! Which pages may act in a candidate's name.

use axum::http::{HeaderMap, Uri, header};

/// Whether a request may change state, or upgrade, as far as its Origin goes. With a cookie the
/// Origin must be there and be ours; with a bearer token it may be absent.
#[must_use]
pub fn allows(
    headers: &HeaderMap,
    by_cookie: bool,
    public_origins: &[String],
    https: bool,
) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return !by_cookie && headers.get(header::ORIGIN).is_none();
    };
    let Ok(origin) = origin.to_str() else { return false };
    if !public_origins.is_empty() {
        return public_origins.iter().any(|ours| ours == origin);
    }
    served_origin(headers, https).is_some_and(|served| served == origin)
}

/// The origin a page of this server has, as the request names it.
fn served_origin(headers: &HeaderMap, https: bool) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let uri: Uri = host.parse().ok()?;
    uri.authority()?;
    Some(format!("{}://{host}", if https { "https" } else { "http" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().expect("a host"));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().expect("an origin"));
        }
        headers
    }

    #[test]
    fn w01_foreign_and_look_alike_origins_are_refused() {
        let host = "exam.example.com";
        for origin in [
            "https://exam.example.com.evil",
            "https://evil.com",
            "null",
            "http://exam.example.com",
            "https://exam.example.com:444",
            "https://EXAM.example.com.",
        ] {
            for by_cookie in [true, false] {
                assert!(!allows(&headers(host, Some(origin)), by_cookie, &[], true), "{origin}");
            }
        }
        assert!(allows(&headers(host, Some("https://exam.example.com")), true, &[], true));
    }

    #[test]
    fn w01_without_an_origin_only_a_bearer_token_acts() {
        assert!(!allows(&headers("localhost:8080", None), true, &[], false));
        assert!(allows(&headers("localhost:8080", None), false, &[], false));
    }

    #[test]
    fn a_configured_public_origin_is_the_only_one() {
        let ours = ["https://exam.example.com".to_owned()];
        let behind_proxy = headers("127.0.0.1:8080", Some("https://exam.example.com"));
        assert!(allows(&behind_proxy, true, &ours, false));
        let direct = headers("127.0.0.1:8080", Some("http://127.0.0.1:8080"));
        assert!(!allows(&direct, true, &ours, false));
    }
}
