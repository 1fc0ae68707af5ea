//! 9 limits: 64 KiB a message, however it comes.

use exam_tests::raw_socket::{BINARY, PING, TEXT, frame, head, pieces};

use super::{End, case, ping_message, run};

/// DESIGN's words: messages ≤ 64 KiB.
const MOST: usize = 64 * 1024;

#[tokio::test]
async fn the_longest_message_is_read_and_one_byte_more_ends_with_1009() {
    let (fits, too_big) = (ping_message(MOST), ping_message(MOST + 1));
    let over = End::Closes(1009);
    let mut cases = vec![
        case("9.1.1", frame(TEXT, &fits), End::Open).answered(1),
        case("9.1.2", frame(TEXT, &too_big), over),
        case("9.2.2", frame(BINARY, &too_big), over),
    ];
    for size in [64, 256, 1_024, 4_096, 16_384] {
        cases.push(case(format!("9.3 in {size}"), pieces(&fits, size), End::Open).answered(1));
        cases.push(case(format!("9.4 in {size}"), pieces(&too_big, size), over));
        let chopped = case(format!("9.5 in {size}"), frame(TEXT, &fits), End::Open);
        cases.push(chopped.answered(1).chopped(size));
        cases.push(case(format!("9.6 in {size}"), frame(TEXT, &too_big), over).chopped(size));
    }
    run(cases).await;
}

#[tokio::test]
async fn a_length_that_is_only_claimed_costs_nothing() {
    let over = End::Closes(1009);
    let mut cases = Vec::new();
    for claimed in [65_537, 17 << 20, 65 << 20, 1 << 32, (1 << 63) - 1] {
        cases.push(case(format!("9.1 claims {claimed}"), head(TEXT, claimed), over));
        cases.push(case(format!("9.2 claims {claimed}"), head(BINARY, claimed), over));
    }
    // RFC 6455 calls a long control frame a protocol error; the library looks at the size first.
    // Both end the connection before anything is read of it, so either will do.
    cases.push(case("9 a long ping", head(PING, 1 << 40), over));
    run(cases).await;
}
