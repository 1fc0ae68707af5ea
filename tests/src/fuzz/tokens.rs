//! Everything short that strangers type or send: tokens, codes, tickets, numbers, headers.
//!
//! An input is lines; each goes through every parser, and all of them together are the headers of
//! a request.

use assessment::date::Date;
use assessment::one_time_code::{EntryTicket, OneTimeCode};
use assessment::password::{Owner, Password, Profile};
use assessment::person_name::PersonName;
use assessment::phone::Phone;
use assessment::resident_id::ResidentId;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use exam_core::ids::{AttemptId, DeviceId, ExamId, StaffId};
use exam_core::time::Timestamp;
use exam_server::auth::{origin, totp};
use exam_server::keys::{Keys, token_hash};
use exam_server::protocol::parse_device;
use uuid::Uuid;

/// The most lines that are looked at.
const LINES_MAX: usize = 100;

const NOW: Timestamp = Timestamp::from_ms(1_767_225_600_000); // 2026-01-01

/// Reads every line as everything.
pub(super) fn run(input: &[u8]) {
    let keys = Keys::derive(&[9; 32]);
    let today = Date::in_china(NOW);
    for line in input.split(|byte| *byte == b'\n').take(LINES_MAX) {
        let text = String::from_utf8_lossy(line);
        let id = resident_id(&text, today);
        let phone = phone(&text);
        name(&text);
        codes(&text);
        ids(&text);
        arrival(&keys, &text);
        let owner = Owner { resident_id: id.as_ref(), phone: phone.as_ref() };
        for profile in [Profile::Asvs, Profile::Mlps3] {
            if let Ok(password) = Password::choose(&text, profile, owner) {
                assert_eq!(password.as_bytes(), text.as_bytes(), "a password is not changed");
                assert!((8..=128).contains(&password.as_bytes().len()));
            }
        }
        assert_eq!(token_hash(&text).len(), 32);
        let step = totp::step_of(b"12345678901234567890", &text, NOW, 0);
        assert!(step.is_none() || text.len() == 6);
        let sealed = keys.seal(line);
        assert_eq!(keys.open(&sealed).as_deref(), Some(line), "what is sealed opens");
        assert_eq!(keys.open(line), None, "what was not sealed does not");
    }
    headers(input);
}

fn resident_id(text: &str, today: Date) -> Option<ResidentId> {
    let id = ResidentId::parse(text, today).ok()?;
    let canonical = id.canonical();
    assert_eq!(canonical.len(), 18);
    assert!(canonical[..17].bytes().all(|byte| byte.is_ascii_digit()));
    let again = ResidentId::parse(canonical, today).expect("one spelling is read again");
    assert_eq!(again.canonical(), canonical);
    assert!(again == id, "both forms are one person");
    assert!(id.birth_date() <= today);
    let old = id.old_form().and_then(|old| ResidentId::parse(&old, today).ok());
    if let Some(old) = old {
        assert_eq!(old.canonical()[..17], canonical[..17], "the old form is the same person");
    }
    let (masked, given) = (id.masked(), id.as_given());
    assert_eq!(masked.len(), given.len());
    assert_eq!(masked.bytes().filter(|byte| *byte == b'*').count(), given.len() - 7);
    let _ = (id.sex(), id.province(), id.checksum_holds());
    Some(id)
}

fn phone(text: &str) -> Option<Phone> {
    let phone = Phone::parse(text).ok()?;
    assert_eq!(phone.as_str().len(), 11);
    assert!(phone.as_str().bytes().all(|byte| byte.is_ascii_digit()));
    let again = Phone::parse(phone.as_str()).expect("one spelling is read again");
    assert_eq!(again.as_str(), phone.as_str());
    assert_eq!(phone.masked().len(), 11);
    Some(phone)
}

fn name(text: &str) {
    let Ok(name) = PersonName::parse(text) else { return };
    let again = PersonName::parse(name.as_str()).expect("one spelling is read again");
    assert_eq!(again.as_str(), name.as_str());
    assert!(name.as_str().chars().all(|c| !c.is_control()));
    assert!(name.masked().chars().count() <= name.as_str().chars().count());
}

fn codes(text: &str) {
    if let Ok(code) = OneTimeCode::parse(text) {
        let again = OneTimeCode::parse(&code.to_string()).expect("what is printed is read");
        assert_eq!(again.as_str(), code.as_str());
    }
    if let Ok(ticket) = EntryTicket::parse(text) {
        assert_eq!(ticket.to_hex(), text, "a ticket has one spelling");
    }
}

fn ids(text: &str) {
    if let Ok(device) = parse_device(text) {
        assert_eq!(device.to_string(), text.to_ascii_lowercase());
    }
    assert!(text.parse::<AttemptId>().is_ok_and(|id| id.to_string() == text) || not_uuid(text));
    let _ = (text.parse::<ExamId>(), text.parse::<StaffId>());
}

fn not_uuid(text: &str) -> bool {
    text.parse::<AttemptId>().is_err()
}

/// A time is vouched for by the server or by nobody.
fn arrival(keys: &Keys, text: &str) {
    let attempt = AttemptId::from_uuid(Uuid::from_u128(1));
    let device = DeviceId::from_uuid(Uuid::from_u128(2));
    let real = keys.vouch(attempt, device, 5, b"save 3 b", NOW);
    let given = text.replace("$ARRIVED", &real);
    if let Some(at) = keys.vouched(attempt, device, 5, b"save 3 b", &given) {
        assert_eq!(at, NOW, "nobody vouches but the server");
    }
    assert_eq!(keys.vouched(attempt, device, 6, b"save 3 b", &given), None);
    assert_eq!(keys.vouched(attempt, device, 5, b"save 3 c", &given), None);
}

/// `name: value` lines as the headers of a request: which pages may act.
fn headers(input: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n').take(LINES_MAX) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        else {
            continue;
        };
        headers.append(name, value);
    }
    let origins: Vec<&HeaderValue> = headers.get_all(header::ORIGIN).iter().collect();
    let ours = ["https://exam.example.com".to_owned()];
    for (by_cookie, https) in [(false, false), (false, true), (true, false), (true, true)] {
        for public in [&ours[..], &[]] {
            if !origin::allows(&headers, by_cookie, public, https) {
                continue;
            }
            match origins.as_slice() {
                [] => assert!(!by_cookie, "a cookie needs an Origin"),
                [origin] if !public.is_empty() => assert_eq!(*origin, ours[0].as_str()),
                [origin] => {
                    let host = headers[header::HOST].to_str().expect("a host is text");
                    let scheme = if https { "https" } else { "http" };
                    assert_eq!(origin.to_str().ok(), Some(&*format!("{scheme}://{host}")));
                }
                _ => panic!("two Origins are none"),
            }
        }
    }
}
