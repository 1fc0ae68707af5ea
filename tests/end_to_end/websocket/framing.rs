//! 1 framing, 3 reserved bits, 4 reserved opcodes, 12 and 13 compression.

use exam_tests::raw_socket::{BINARY, CLOSE, PING, RawSocket, TEXT, frame};
use exam_tests::{Kind, Server};

use super::{Case, End, case, ping_message, run};

/// The sizes at which the length of a frame is written differently, and those beside them.
const SIZES: [usize; 6] = [125, 126, 127, 128, 65_535, 65_536];

/// A message that is answered.
fn good() -> Vec<u8> {
    frame(TEXT, &ping_message(12))
}

#[tokio::test]
async fn texts_of_every_length_are_read_and_binaries_are_none_of_ours() {
    let mut cases = vec![
        case("1.1.1", frame(TEXT, b""), End::Closes(4400)),
        case("1.2.1", frame(BINARY, b""), End::Closes(4400)),
    ];
    for (at, size) in SIZES.into_iter().enumerate() {
        let text = frame(TEXT, &ping_message(size));
        cases.push(case(format!("1.1.{}", at + 2), text, End::Open).answered(1));
        let binary = frame(BINARY, &vec![0xfe; size]);
        cases.push(case(format!("1.2.{}", at + 2), binary, End::Closes(4400)));
    }
    for chop in [1, 2, 7, 997, 4_096] {
        // In chops of one octet a long text costs a packet each: a short one will do.
        let size = if chop < 100 { 300 } else { 65_536 };
        let text = frame(TEXT, &ping_message(size));
        let text = case(format!("1.1.8 in {chop}"), text, End::Open);
        cases.push(text.answered(1).chopped(chop));
        let binary =
            case(format!("1.2.8 in {chop}"), frame(BINARY, &vec![0xfe; size]), End::Closes(4400));
        cases.push(binary.chopped(chop));
    }
    run(cases).await;
}

#[tokio::test]
async fn reserved_bits_are_a_protocol_error() {
    let mut cases = Vec::new();
    for reserved in 1..8_u8 {
        let bits = reserved << 4;
        let bad = End::Closes(1002);
        for (what, first, payload) in [
            ("text", TEXT, &b"{\"t\":\"ping\"}"[..]),
            ("binary", BINARY, b"\x00\xff"),
            ("ping", PING, b""),
            ("close", CLOSE, b"\x03\xe8"),
        ] {
            let bytes = frame(first | bits, payload);
            let id = |how: &str| format!("3.{reserved} {what} {how}");
            cases.push(case(id("alone"), bytes.clone(), bad));
            cases.push(case(id("in octets"), bytes.clone(), bad).chopped(1));
            let between = [good(), bytes, good(), frame(PING, b"")].concat();
            cases.push(case(id("in the middle"), between, bad).answered(1));
        }
    }
    run(cases).await;
}

#[tokio::test]
async fn reserved_opcodes_are_a_protocol_error() {
    let mut cases = Vec::new();
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15_u8] {
        let family = if opcode < 8 { "4.1" } else { "4.2" };
        let bad = End::Closes(1002);
        for payload in [&b""[..], b"reserved"] {
            let bytes = frame(0x80 | opcode, payload);
            let id = |how: &str| format!("{family} opcode {opcode} {how}");
            cases.push(case(id("alone"), bytes.clone(), bad));
            cases.push(case(id("in octets"), bytes.clone(), bad).chopped(1));
            let between = [good(), bytes, frame(PING, b"")].concat();
            cases.push(case(id("after a text"), between, bad).answered(1));
        }
    }
    run(cases).await;
}

#[tokio::test]
async fn a_frame_without_a_mask_is_a_protocol_error() {
    let unmasked = |first: u8, payload: &[u8]| [&[first, payload.len() as u8], payload].concat();
    let bad = End::Closes(1002);
    run(vec![
        case("unmasked text", unmasked(TEXT, b"{\"t\":\"ping\"}"), bad),
        case("unmasked ping", unmasked(PING, b"x"), bad),
        case("unmasked close", unmasked(CLOSE, b"\x03\xe8"), bad),
        case("unmasked second", [good(), unmasked(TEXT, b"{}")].concat(), bad).answered(1),
    ])
    .await;
}

#[tokio::test]
async fn w28_every_offer_of_compression_is_declined() {
    let server = Server::start(Kind::Sqlite).await.expect("SQLite is always there");
    let candidate = server.candidate();
    let attempt = candidate.start(server.exam.id).await;
    for offer in [
        "permessage-deflate",
        "permessage-deflate; client_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; client_max_window_bits",
        "permessage-deflate; server_max_window_bits=9; client_max_window_bits=15",
        "permessage-deflate; client_max_window_bits, permessage-deflate",
        "permessage-bzip2, permessage-snappy, x-webkit-deflate-frame",
        "permessage-deflate; unknown_parameter=\"a, b\"",
        ";;,,",
    ] {
        let more = format!("Sec-WebSocket-Extensions: {offer}\r\n");
        let socket = RawSocket::connect(server.address, &attempt, &candidate.token, &more).await;
        let answer = socket.answer.to_ascii_lowercase();
        assert!(!answer.contains("sec-websocket-extensions"), "{offer}: {answer}");
        let compressed: Case =
            case("12.1.1", frame(TEXT | 0x40, b"\xaa\x56\x2a\x51\xb2\x52"), End::Closes(1002));
        super::perform(&compressed, socket).await.expect("nobody agreed on compression");
    }
    server.running.stop().await;
}
