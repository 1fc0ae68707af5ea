//! 6 UTF-8. What is UTF-8 but no message of the protocol ends with 4400, what is none with 1007.

use exam_tests::raw_socket::{FIN, LAST, TEXT, frame, pieces};

use super::{End, case, run};

const VALID: End = End::Closes(4400);
const INVALID: End = End::Closes(1007);

/// Texts at the edges of the encoding.
const EDGES: [&str; 22] = [
    "\u{0}",
    "\u{7f}",
    "\u{80}",
    "\u{7ff}",
    "\u{800}",
    "\u{ffff}",
    "\u{10000}",
    "\u{10ffff}",
    "\u{d7ff}",
    "\u{e000}",
    "\u{fffd}",
    "\u{fffe}",
    "\u{1fffe}",
    "\u{1ffff}",
    "\u{10fffe}",
    "κόσμε",
    "Hello-µ@ßöäüàá-UTF-8!!",
    "考试须知",
    "𠮷",
    "\u{feff}x",
    "\u{202e}x",
    "e\u{301}",
];

/// What is no UTF-8, from the stress test that the Autobahn suite takes its own from.
const BROKEN: [&[u8]; 40] = [
    b"\x80",
    b"\xbf",
    b"\x80\xbf",
    b"\x80\xbf\x80",
    b"\x80\xbf\x80\xbf",
    b"\x80\xbf\x80\xbf\x80\xbf",
    b"\xc0 \xc1 ",
    b"\xe0 \xef ",
    b"\xf0 \xf7 ",
    b"\xf8 \xfb ",
    b"\xfc \xfd ",
    b"\xc0",
    b"\xe0\x80",
    b"\xf0\x80\x80",
    b"\xf8\x80\x80\x80",
    b"\xfc\x80\x80\x80\x80",
    b"\xdf",
    b"\xef\xbf",
    b"\xf7\xbf\xbf",
    b"\xfb\xbf\xbf\xbf",
    b"\xfd\xbf\xbf\xbf\xbf",
    b"\xfe",
    b"\xff",
    b"\xfe\xfe\xff\xff",
    b"\xc0\xaf",
    b"\xe0\x80\xaf",
    b"\xf0\x80\x80\xaf",
    b"\xf8\x80\x80\x80\xaf",
    b"\xfc\x80\x80\x80\x80\xaf",
    b"\xc1\xbf",
    b"\xe0\x9f\xbf",
    b"\xf0\x8f\xbf\xbf",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xed\xad\xbf",
    b"\xed\xbf\xbf",
    b"\xed\xa0\x80\xed\xb0\x80",
    b"\xed\xaf\xbf\xed\xbf\xbf",
    b"\xf4\x90\x80\x80",
    b"\xf7\xbf\xbf\xbf",
];

#[tokio::test]
async fn what_is_utf_8_is_read_however_it_is_cut() {
    let three = [frame(TEXT & !FIN, b""), frame(0, b""), frame(LAST, b"")].concat();
    let middle = [frame(TEXT & !FIN, b""), frame(0, b"middle"), frame(LAST, b"")].concat();
    let mut cases = vec![case("6.1.2", three, VALID), case("6.1.3", middle, VALID)];
    for (at, text) in EDGES.iter().enumerate() {
        let bytes = text.as_bytes();
        cases.push(case(format!("6.2.1 text {at}"), frame(TEXT, bytes), VALID));
        cases.push(case(format!("6.2.3 text {at}"), pieces(bytes, 1), VALID));
        cases.push(case(format!("6.2.4 text {at}"), frame(TEXT, bytes), VALID).chopped(1));
    }
    // A code point in two pieces, inside a message that is one.
    let cut = [frame(TEXT & !FIN, b"{\"t\":\"p\\u0069"), frame(LAST, b"ng\"}")].concat();
    cases.push(case("6.2.2 escaped", cut, End::Open).answered(1));
    run(cases).await;
}

#[tokio::test]
async fn what_is_no_utf_8_ends_with_1007() {
    let mut cases = Vec::new();
    for (at, bytes) in BROKEN.iter().enumerate() {
        cases.push(case(format!("6.3.1 bytes {at}"), frame(TEXT, bytes), INVALID));
        cases.push(case(format!("6.3.2 bytes {at}"), pieces(bytes, 1), INVALID));
        let inside = [b"\xce\xba\xe1\xbd\xb9", *bytes, b"edited"].concat();
        cases.push(case(format!("6.4 bytes {at}"), frame(TEXT, &inside), INVALID));
        let cut = [frame(TEXT & !FIN, b"\xce"), frame(LAST, &inside[1..])].concat();
        cases.push(case(format!("6.4 pieces {at}"), cut, INVALID));
    }
    // It is not waited for the rest of a message that cannot become one.
    let early = [frame(TEXT & !FIN, b"\xce\xba\xf4"), frame(0, b"\x90")].concat();
    cases.push(case("6.4.2 early", early, INVALID));
    run(cases).await;
}
