//! 5 fragmentation, 10 fragments of any size.

use exam_tests::raw_socket::{BINARY, FIN, LAST, PING, PONG, TEXT, frame, pieces};

use super::{Case, End, case, ping_message, run};

/// The beginning of a message.
const FIRST: u8 = TEXT & !FIN;

/// Its middle.
const MORE: u8 = 0;

/// The same case whole, and octet by octet.
fn both(id: &str, frames: &[Vec<u8>], finish: impl Fn(Case) -> Case) -> [Case; 2] {
    let bytes = frames.concat();
    [
        finish(case(id, bytes.clone(), End::Open)),
        finish(case(format!("{id} in octets"), bytes, End::Open).chopped(1)),
    ]
}

#[tokio::test]
async fn a_message_in_pieces_is_one_message_whatever_comes_between() {
    let (a, b) = (&br#"{"t":"#[..], &br#""ping"}"#[..]);
    let mut cases = Vec::new();
    let text = |case: Case| case.answered(1);
    cases.extend(both("5.3", &[frame(FIRST, a), frame(LAST, b)], text));
    cases.extend(both("5.6", &[frame(FIRST, a), frame(PING, b"x"), frame(LAST, b)], |case| {
        case.answered(1).ponged(&[b"x"])
    }));
    cases.extend(both("5.6 pong", &[frame(FIRST, a), frame(PONG, b"x"), frame(LAST, b)], text));
    let empty =
        [frame(FIRST, b""), frame(MORE, a), frame(MORE, b""), frame(MORE, b), frame(LAST, b"")];
    cases.extend(both("5.19 with empty pieces", &empty, text));
    let five = [
        frame(FIRST, b"{"),
        frame(MORE, b"\"t\":"),
        frame(PING, b"one"),
        frame(MORE, b"\"ping"),
        frame(MORE, b"\""),
        frame(PING, b"two"),
        frame(LAST, b"}"),
    ];
    cases.extend(both("5.19", &five, |case| case.answered(1).ponged(&[b"one", b"two"])));
    for size in [1, 125, 126, 1_300, 4_096, 65_535] {
        let long = ping_message(if size == 1 { 200 } else { 65_536 });
        cases.push(case(format!("10.1.1 in {size}"), pieces(&long, size), End::Open).answered(1));
    }
    let none = frame(BINARY & !FIN, b"x");
    cases.push(case("5.3 binary", [none, frame(LAST, b"y")].concat(), End::Closes(4400)));
    run(cases).await;
}

#[tokio::test]
async fn pieces_that_do_not_fit_are_a_protocol_error() {
    let good = || frame(TEXT, &ping_message(12));
    let bad = |case: Case| Case { end: End::Closes(1002), ..case };
    let mut cases = Vec::new();
    cases.extend(both("5.1", &[frame(PING & !FIN, b"a"), frame(LAST, b"b")], bad));
    cases.extend(both("5.2", &[frame(PONG & !FIN, b"a"), frame(LAST, b"b")], bad));
    cases.extend(both("5.9", &[frame(LAST, b"none"), good()], bad));
    cases.extend(both("5.12", &[frame(MORE, b"none"), good()], bad));
    let again = [frame(FIRST, b"{\"t\":"), frame(LAST, b"\"ping\"}"), frame(LAST, b"x"), good()];
    cases.extend(both("5.15", &again, |case| bad(case).answered(1)));
    let none = [frame(MORE, b"a"), frame(FIRST, b"b"), frame(LAST, b"c")];
    cases.extend(both("5.16", &none, bad));
    let last = [frame(LAST, b"a"), frame(FIRST, b"b"), frame(LAST, b"c")];
    cases.extend(both("5.17", &last, bad));
    cases.extend(both("5.18", &[frame(FIRST, b"a"), good()], bad));
    cases.extend(both("5.18 binary", &[frame(FIRST, b"a"), frame(BINARY, b"b")], bad));
    cases.extend(both("5.18 in pieces", &[frame(FIRST, b"a"), frame(FIRST, b"b")], bad));
    run(cases).await;
}
