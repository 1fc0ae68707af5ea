use super::*;
use crate::date::Date;
use proptest::prelude::*;

fn choose(text: &str) -> Result<(), PasswordRefusal> {
    Password::choose(text, Profile::Mlps3, Owner::default()).map(|_| ())
}

fn choose_asvs(text: &str) -> Result<(), PasswordRefusal> {
    Password::choose(text, Profile::Asvs, Owner::default()).map(|_| ())
}

#[test]
fn l13_a_password_has_8_characters_with_letters_and_digits() {
    assert_eq!(choose("kd8w-qz"), Err(PasswordRefusal::TooShort));
    assert_eq!(choose("kd8w-qzr"), Ok(()));
    assert_eq!(choose("83719264"), Err(PasswordRefusal::NoLetter));
    assert_eq!(choose("kdrw-qzr"), Err(PasswordRefusal::NoDigit));
    assert_eq!(choose("柳树湖边风很大"), Err(PasswordRefusal::TooShort));
    assert_eq!(choose("柳树湖边风很大1"), Err(PasswordRefusal::NoLetter));
    assert_eq!(choose("柳树湖边风大x1"), Ok(()));
}

#[test]
fn the_asvs_profile_asks_for_no_composition() {
    assert_eq!(choose_asvs("kdrw-qzr"), Ok(()));
    assert_eq!(choose_asvs("柳树湖边风很大呢"), Ok(()));
    assert_eq!(choose_asvs("🌊🌳🍵🚲🎈🎻🪁🧩"), Ok(()));
    assert_eq!(choose_asvs("12345678"), Err(PasswordRefusal::Common));
    assert_eq!(choose_asvs("password"), Err(PasswordRefusal::Common));
}

#[test]
fn l13_128_bytes_are_taken_and_a_megabyte_is_refused_by_its_length_alone() {
    let long = format!("{}12345", "willow by the lake ".repeat(7));
    assert_eq!(choose(&long[..128]).err(), Some(PasswordRefusal::NoDigit));
    assert_eq!(choose(&format!("9{}", &long[..127])), Ok(()));
    assert_eq!(choose(&format!("9{}", &long[..128])), Err(PasswordRefusal::TooLong));
    let huge = "\0".repeat(1_000_000);
    assert_eq!(choose(&huge), Err(PasswordRefusal::TooLong));
    assert_eq!(Password::presented(&huge).err(), Some(PasswordRefusal::TooLong));
}

#[test]
fn l13_emoji_and_leading_spaces_stay_as_typed() {
    for text in ["🌊🌳🍵🚲ab12", " kd8w-qzr ", "🧑‍⚕️kd8w-qzr"] {
        let password = Password::choose(text, Profile::Mlps3, Owner::default()).unwrap();
        assert_eq!(password.as_bytes(), text.as_bytes());
    }
}

#[test]
fn l13_nul_and_control_characters_are_refused() {
    for mark in ['\0', '\t', '\n', '\u{1B}', '\u{7F}', '\u{85}'] {
        assert_eq!(choose(&format!("kd8w{mark}qzr")), Err(PasswordRefusal::ControlCharacter));
    }
}

#[test]
fn l14_parts_of_the_id_number_and_the_phone_are_refused() {
    let today = Date::new(2026, 3, 1).unwrap();
    let id = ResidentId::parse("11010519491231002X", today).unwrap();
    let phone = Phone::parse("13812345678").unwrap();
    let owner = Owner { resident_id: Some(&id), phone: Some(&phone) };
    let choose = |text: &str| Password::choose(text, Profile::Mlps3, owner).map(|_| ());
    // The last 8 and 6, the birth date with and without its century, the 15-digit form's tail.
    for text in ["ab31002xcd", "1231002X", "zq19491231", "zq491231", "zq231002", "a05491231z"] {
        assert_eq!(choose(text), Err(PasswordRefusal::PartOfResidentId), "{text}");
    }
    for text in ["zq345678", "wq13812345678", "w138123q45678"] {
        assert_eq!(choose(text), Err(PasswordRefusal::PartOfPhone), "{text}");
    }
    assert_eq!(choose("zqk1002x"), Ok(()));
}

#[test]
fn l14_the_legacy_default_is_refused_in_every_profile() {
    for text in ["666666", "kd666666qz", "66666666", "a6666666"] {
        assert_eq!(choose(text), Err(PasswordRefusal::LegacyDefault), "{text}");
        assert_eq!(choose_asvs(text), Err(PasswordRefusal::LegacyDefault), "{text}");
    }
}

#[test]
fn l14_common_passwords_are_refused() {
    for text in [
        "Aa123456",
        "a1234567",
        "a12345678",
        "woaini1314",
        "qwe123456",
        "admin123",
        "Admin@123",
        "1qaz2wsx",
        "1q2w3e4r",
        "q1w2e3r4",
        "abc12345",
        "abcd1234",
        "qq123456",
        "P@ssw0rd",
        "Passw0rd",
        "password1",
        "123456789a",
        "5201314a",
        "zhang1990",
        "doctor123",
        "yisheng1",
        "henan2026",
        "iloveyou1",
        "qwer1234",
        "asd123456",
        "z123456789",
        "zxcvbnm1",
        "123qweasd",
        "wang123456",
        "88888888a",
        "Yiyuan2026!",
    ] {
        assert!(
            matches!(choose(text), Err(PasswordRefusal::Common | PasswordRefusal::Repetition)),
            "{text}"
        );
    }
}

#[test]
fn l14_repetitions_are_refused() {
    for text in ["a1111111", "a1b2a1b2", "k9xk9xk9x", "1a1a1a1a", "aaaa1111"] {
        assert_eq!(choose(text), Err(PasswordRefusal::Repetition), "{text}");
    }
    assert_eq!(choose_asvs("柳柳柳柳柳柳柳柳"), Err(PasswordRefusal::Repetition));
}

#[test]
fn debug_shows_no_password() {
    let password = Password::presented("kd8w-qzr").unwrap();
    assert_eq!(format!("{password:?}"), "Password(hidden)");
}

#[test]
fn no_two_refusals_share_a_code() {
    use PasswordRefusal as R;
    let all = [
        R::TooLong,
        R::ControlCharacter,
        R::LegacyDefault,
        R::TooShort,
        R::NoLetter,
        R::NoDigit,
        R::PartOfResidentId,
        R::PartOfPhone,
        R::Repetition,
        R::Common,
    ];
    let codes: std::collections::BTreeSet<_> = all.iter().map(Coded::code).collect();
    assert_eq!(codes.len(), all.len());
}

proptest! {
    #[test]
    fn random_text_never_panics(text in ".*", digits in "[0-9]{0,30}[a-z]{0,6}[0-9]{0,9}") {
        let _ = choose(&text);
        let _ = choose(&digits);
        let _ = choose_asvs(&digits);
    }
}
