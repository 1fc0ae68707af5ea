//! The wire, case by case: the families of the public Autobahn suite, by its numbers, against the
//! server on a raw socket. What a text or a binary message means here the protocol says: a text
//! that is none of its messages and every binary one end with 4400.

mod close;
mod control;
mod fragments;
mod framing;
mod limits;
mod utf8;

use exam_tests::raw_socket::{CLOSE, Frame, PONG, RawSocket, TEXT, close as close_frame};
use exam_tests::{Candidate, Kind, Server};

/// How a case ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The connection is still good: it answers a close of 1000.
    Open,
    /// The server closes with this code.
    Closes(u16),
    /// The server answers the case's own close with this code, or without one.
    Answers(Option<u16>),
}

/// What goes out, and what has to come back.
struct Case {
    id: String,
    bytes: Vec<u8>,
    /// Bytes a packet.
    chop: usize,
    /// How many `{"t":"ping"}` messages are answered.
    answers: usize,
    /// The pings that are answered. The server may leave out all but the last of several.
    pongs: Vec<Vec<u8>>,
    end: End,
}

/// A case that is sent whole and answered by nothing but its end.
fn case(id: impl Into<String>, bytes: Vec<u8>, end: End) -> Case {
    Case { id: id.into(), bytes, chop: usize::MAX, answers: 0, pongs: Vec::new(), end }
}

impl Case {
    fn answered(self, answers: usize) -> Self {
        Self { answers, ..self }
    }

    fn ponged(self, pongs: &[&[u8]]) -> Self {
        Self { pongs: pongs.iter().map(|pong| pong.to_vec()).collect(), ..self }
    }

    fn chopped(self, chop: usize) -> Self {
        Self { chop, ..self }
    }
}

/// A message that is answered, of exactly so many bytes.
fn ping_message(bytes: usize) -> Vec<u8> {
    let mut text = br#"{"t":"ping"}"#.to_vec();
    assert!(bytes >= text.len(), "no shorter message is answered");
    text.resize(bytes, b' '); // White space around JSON means nothing.
    text
}

/// Runs cases one after the other, each on a connection of its own.
async fn run(cases: Vec<Case>) {
    let server = Server::start(Kind::Sqlite).await.expect("SQLite is always there");
    let mut seats: Vec<(Candidate, String)> = Vec::new();
    for _ in 0..10 {
        let candidate = server.candidate();
        let attempt = candidate.start(server.exam.id).await;
        seats.push((candidate, attempt));
    }
    let (mut wrong, count) = (Vec::new(), cases.len());
    for (case, (candidate, attempt)) in cases.into_iter().zip(seats.iter().cycle()) {
        let socket = RawSocket::connect(server.address, attempt, &candidate.token, "").await;
        if let Err(why) = perform(&case, socket).await {
            wrong.push(format!("{}: {why}", case.id));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
    println!("{count} cases");
    let (candidate, attempt) = &seats[0];
    candidate.connect(attempt).await.save(1, 1, &["a"]).await;
    server.running.stop().await;
}

/// Plays one case and says what was not as it should be.
async fn perform(case: &Case, mut socket: RawSocket) -> Result<(), String> {
    // A server that has closed already may reset what comes after.
    let _ = socket.send_chopped(&case.bytes, case.chop.min(case.bytes.len().max(1))).await;
    if case.end == End::Open {
        socket.send(&close_frame(1000, b"")).await.map_err(|error| error.to_string())?;
    }
    let (mut answers, mut pongs, mut closed) = (0, Vec::new(), None);
    while let Some(frame) = socket.next().await {
        match frame.first {
            _ if closed.is_some() => return Err(format!("{frame:?} after a close")),
            TEXT if frame.payload.starts_with(br#"{"t":"pong""#) => answers += 1,
            PONG => pongs.push(frame.payload),
            CLOSE => {
                // Our half of the goodbye, where the server began.
                let _ = socket.send(&close_frame(frame.code().unwrap_or(1000), b"")).await;
                closed = Some(frame);
            }
            _ => return Err(format!("{frame:?} came")),
        }
    }
    ended(case, closed.as_ref())?;
    if answers != case.answers {
        return Err(format!("{answers} messages were answered, not {}", case.answers));
    }
    let mut sent = case.pongs.iter();
    let in_order = pongs.iter().all(|pong| sent.any(|ping| ping == pong));
    if !in_order || pongs.last() != case.pongs.last() {
        return Err(format!("pongs {pongs:02x?} for {:02x?}", case.pongs));
    }
    Ok(())
}

fn ended(case: &Case, closed: Option<&Frame>) -> Result<(), String> {
    let Some(frame) = closed else { return Err("the stream ended without a close".to_owned()) };
    let wanted = match case.end {
        End::Open => Some(1000),
        End::Closes(code) => Some(code),
        End::Answers(code) => code,
    };
    if frame.code() == wanted
        && std::str::from_utf8(&frame.payload[2.min(frame.payload.len())..]).is_ok()
    {
        Ok(())
    } else {
        Err(format!("closed with {:?}, not {wanted:?}", frame.code()))
    }
}
