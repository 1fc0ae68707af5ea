//! 7 the close handshake.

use exam_tests::raw_socket::{CLOSE, FIN, LAST, PING, TEXT, close, frame};

use super::{End, case, ping_message, run};

#[tokio::test]
async fn a_close_is_answered_and_nothing_after_it_counts() {
    let answered = End::Answers(Some(1000));
    let good = || frame(TEXT, &ping_message(12));
    let bye = || close(1000, b"");
    let begun = [frame(TEXT & !FIN, b"{\"t\":"), bye(), frame(LAST, b"\"ping\"}")].concat();
    let long = [frame(TEXT, &ping_message(65_536)), bye(), frame(PING, b"x")].concat();
    run(vec![
        case("7.1.1", [good(), bye()].concat(), answered).answered(1),
        case("7.1.2", [bye(), bye()].concat(), answered),
        case("7.1.3", [bye(), frame(PING, b"x")].concat(), answered),
        case("7.1.4", [bye(), good()].concat(), answered),
        case("7.1.5", begun, answered),
        case("7.1.6", long, answered).answered(1),
        case("7.1.2 a thousand", bye().repeat(1_000), answered),
        case("7.1.1 in octets", [good(), bye()].concat(), answered).answered(1).chopped(1),
    ])
    .await;
}

#[tokio::test]
async fn closes_are_read_to_the_last_byte() {
    let reason = [b'*'; 124];
    run(vec![
        case("7.3.1", frame(CLOSE, b""), End::Answers(None)),
        case("7.3.2", frame(CLOSE, b"\x03"), End::Closes(1002)),
        case("7.3.3", close(1000, b""), End::Answers(Some(1000))),
        case("7.3.4", close(1000, b"Hello"), End::Answers(Some(1000))),
        case("7.3.5", close(1000, &reason[..123]), End::Answers(Some(1000))),
        case("7.3.6", close(1000, &reason), End::Closes(1002)),
        case("7.5.1", close(1000, b"\xce\xba\xed\xa0\x80edited"), End::Closes(1007)),
    ])
    .await;
}

#[tokio::test]
async fn codes_that_may_be_sent_are_answered_and_others_are_not() {
    let mut cases = Vec::new();
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        let bytes = close(code, b"");
        cases.push(case(format!("7.7 code {code}"), bytes, End::Answers(Some(code))));
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        cases.push(case(format!("7.9 code {code}"), close(code, b""), End::Closes(1002)));
    }
    run(cases).await;
}
