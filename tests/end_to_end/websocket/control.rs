//! 2 pings and pongs.

use exam_tests::raw_socket::{PING, PONG, TEXT, frame};

use super::{End, case, ping_message, run};

#[tokio::test]
async fn pings_are_answered_with_what_they_carry() {
    let bytes: Vec<u8> = (0..=125).map(|n| n ^ 0xa5).collect();
    let mut cases = Vec::new();
    for (id, payload) in [
        ("2.1", &b""[..]),
        ("2.2", b"Hello, world!"),
        ("2.3", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"),
        ("2.4", &bytes[..125]),
    ] {
        cases.push(case(id, frame(PING, payload), End::Open).ponged(&[payload]));
        let chopped = case(format!("2.6 as {id}"), frame(PING, payload), End::Open);
        cases.push(chopped.ponged(&[payload]).chopped(1));
    }
    cases.push(case("2.5", frame(PING, &bytes[..126]), End::Closes(1002)));
    cases.push(case("2.5 pong", frame(PONG, &bytes[..126]), End::Closes(1002)));
    run(cases).await;
}

#[tokio::test]
async fn pongs_that_nobody_asked_for_mean_nothing() {
    let asked = [frame(PONG, b"unasked"), frame(PING, b"asked")].concat();
    let text = [frame(PONG, b""), frame(TEXT, &ping_message(12)), frame(PONG, b"x")].concat();
    run(vec![
        case("2.7", frame(PONG, b""), End::Open),
        case("2.8", frame(PONG, b"unasked"), End::Open),
        case("2.9", asked, End::Open).ponged(&[b"asked"]),
        case("2.9 with a text", text, End::Open).answered(1),
        case("2.8 a thousand", frame(PONG, b"unasked").repeat(1_000), End::Open),
    ])
    .await;
}

#[tokio::test]
async fn of_many_pings_at_least_the_last_is_answered() {
    let payloads: Vec<String> = (0..10).map(|n| format!("payload-{n}")).collect();
    let pings: Vec<u8> = payloads.iter().flat_map(|text| frame(PING, text.as_bytes())).collect();
    let wanted: Vec<&[u8]> = payloads.iter().map(String::as_bytes).collect();
    run(vec![
        case("2.10", pings.clone(), End::Open).ponged(&wanted),
        case("2.11", pings, End::Open).ponged(&wanted).chopped(1),
    ])
    .await;
}
