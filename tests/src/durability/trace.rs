//! What a server asked of the kernel, as strace saw it.
//!
//! strace stops every thread at a call's beginning and at its end, and writes the stops down in
//! the order in which it let the threads go on. So where one thread waits for another, as an
//! acknowledgement waits for a sync, the order of the lines is the order of the events.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Database;
use crate::process::Process;

/// What the traces are asked for.
const CALLS: &str = "trace=openat,pwrite64,fdatasync,fsync,ftruncate,unlink,\
    write,writev,sendto,sendmsg,read,readv,recvfrom,recvmsg";

/// The longest write that is kept whole; the server's are pages, and batches of a few frames.
const BYTES_MAX: &str = "1048576";

/// How long a tracer may take to write its last line.
const TRACER_ENDS_WITHIN: Duration = Duration::from_secs(30);

/// What a call did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A file was opened, and made if it was not there.
    Create(PathBuf),
    /// Bytes went into a file.
    Write(PathBuf, u64, Vec<u8>),
    /// A file was cut or grown to a length.
    Truncate(PathBuf, u64),
    /// A file or a folder was synced.
    Sync(PathBuf),
    /// A file was removed.
    Remove(PathBuf),
    /// Bytes left for a TCP peer, here by the ports of both ends.
    Send(u16, u16, Vec<u8>),
    /// Bytes came from a TCP peer.
    Receive(u16, u16, Vec<u8>),
}

/// A call with the lines where it began and ended; one that was cut off has no end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Where it began.
    pub began: usize,
    /// Where it ended well.
    pub ended: Option<usize>,
    /// What it did.
    pub what: What,
}

/// Starts `server` on `database` under strace, and says where the trace is written.
///
/// # Panics
/// When it does not become ready.
pub async fn traced(server: &Path, database: &Database) -> (Process, PathBuf) {
    let folder = database.folder.path();
    let out = folder.join("trace");
    (Process::start_under(tracer(&out), server, &database.url, folder).await, out)
}

/// A command line that runs a program under strace and stays its parent's child.
fn tracer(out: &Path) -> Vec<String> {
    let out = out.to_str().expect("a path of a test is text");
    // -D: the server stays the process that was started, so it can be killed as ever.
    ["strace", "-D", "-f", "--seccomp-bpf", "-yy", "-x", "-A", "-s", BYTES_MAX]
        .into_iter()
        .chain(["-e", CALLS, "-o", out])
        .map(str::to_owned)
        .collect()
}

/// Waits until the tracer of a process that has ended has written everything.
///
/// # Panics
/// When it does not end.
pub async fn settled(out: &Path, process: u32) {
    let ended = async {
        loop {
            let text = std::fs::read(out).unwrap_or_default();
            let tail = String::from_utf8_lossy(&text[text.len().saturating_sub(16_384)..]);
            let its = |line: &str| line.split_whitespace().next() == Some(&process.to_string());
            if tail.lines().any(|line| its(line) && line.contains("+++")) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = tokio::time::timeout(TRACER_ENDS_WITHIN, ended).await;
    assert!(ended.is_ok(), "the tracer does not end");
}

/// Reads a trace.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn read(file: &Path) -> Vec<Call> {
    let text = String::from_utf8(std::fs::read(file).expect("a trace")).expect("strace escapes");
    parse(&text)
}

fn parse(text: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    // Calls that were interrupted by another thread's line, by thread.
    let mut begun: HashMap<&str, (usize, String)> = HashMap::new();
    for (number, line) in text.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(first) = rest.strip_suffix("<unfinished ...>") {
            begun.insert(thread, (number, first.trim_end().to_owned()));
        } else if let Some(resumed) = rest.strip_prefix("<... ") {
            let Some((began, mut first)) = begun.remove(thread) else { continue };
            let Some((_, second)) = resumed.split_once(" resumed>") else { continue };
            first.push_str(second);
            calls.extend(call(&first, began, Some(number)));
        } else {
            calls.extend(call(rest, number, Some(number)));
        }
    }
    for (number, first) in begun.into_values() {
        calls.extend(call(&first, number, None));
    }
    calls.sort_by_key(|call| call.began);
    calls
}

/// A call that matters, unless it failed.
fn call(text: &str, began: usize, ended: Option<usize>) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let result: Option<i64> = match ended {
        None => None,
        Some(_) => {
            let (_, result) = rest.rsplit_once(" = ")?;
            let digits = |c: char| c != '-' && !c.is_ascii_digit();
            Some(result.split(digits).next()?.parse().ok()?)
        }
    };
    if result.is_some_and(|result| result < 0) {
        return None;
    }
    let what = match name {
        "openat" => {
            let path = quoted(rest).next()?;
            if !rest.contains("O_CREAT") {
                return None;
            }
            What::Create(PathBuf::from(String::from_utf8(path).ok()?))
        }
        "unlink" => What::Remove(PathBuf::from(String::from_utf8(quoted(rest).next()?).ok()?)),
        "pwrite64" => {
            let mut bytes = quoted(rest).next()?;
            if let Some(result) = result {
                bytes.truncate(usize::try_from(result).ok()?);
            }
            let (_, after) = rest.rsplit_once('"')?;
            let mut numbers = after.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty());
            let offset = numbers.nth(1)?.parse().ok()?;
            What::Write(file(rest)?, offset, bytes)
        }
        "ftruncate" => {
            let (_, after) = rest.split_once(">, ")?;
            What::Truncate(file(rest)?, after.split(')').next()?.parse().ok()?)
        }
        "fdatasync" | "fsync" => What::Sync(file(rest)?),
        "write" | "writev" | "sendto" | "sendmsg" => {
            let (here, there) = ports(rest)?;
            What::Send(here, there, quoted(rest).flatten().collect())
        }
        "read" | "readv" | "recvfrom" | "recvmsg" => {
            ended?;
            let (here, there) = ports(rest)?;
            What::Receive(here, there, quoted(rest).flatten().collect())
        }
        _ => return None,
    };
    Some(Call { began, ended, what })
}

/// The path of the first argument's descriptor.
fn file(arguments: &str) -> Option<PathBuf> {
    let (_, rest) = arguments.split_once('<')?;
    let (path, _) = rest.split_once('>')?;
    path.starts_with('/').then(|| PathBuf::from(path))
}

/// The ports of the first argument's connection.
fn ports(arguments: &str) -> Option<(u16, u16)> {
    let (_, rest) = arguments.split_once("<TCP:[")?;
    let (ends, _) = rest.split_once(']')?;
    let (here, there) = ends.split_once("->")?;
    let port = |end: &str| end.rsplit_once(':')?.1.parse().ok();
    Some((port(here)?, port(there)?))
}

/// The quoted strings of a line, unescaped.
fn quoted(text: &str) -> impl Iterator<Item = Vec<u8>> + '_ {
    let mut rest = text.as_bytes();
    std::iter::from_fn(move || {
        let from = rest.iter().position(|byte| *byte == b'"')? + 1;
        let (string, used) = unescape(&rest[from..])?;
        rest = &rest[from + used..];
        Some(string)
    })
}

/// The bytes up to the closing quote, and how long their text was with it.
fn unescape(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut bytes = Vec::new();
    let mut at = 0;
    loop {
        match *text.get(at)? {
            b'"' => return Some((bytes, at + 1)),
            b'\\' => {
                let escape = *text.get(at + 1)?;
                at += 2;
                bytes.push(match escape {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'v' => 11,
                    b'f' => 12,
                    b'x' => {
                        let digits = std::str::from_utf8(text.get(at..at + 2)?).ok()?;
                        at += 2;
                        u8::from_str_radix(digits, 16).ok()?
                    }
                    b'0'..=b'7' => {
                        let more = text[at..].iter().take(2);
                        let more = more.take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                        let digits = std::str::from_utf8(text.get(at - 1..at + more)?).ok()?;
                        at += more;
                        u8::from_str_radix(digits, 8).ok()?
                    }
                    other => other,
                });
            }
            byte => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
}

/// The acknowledgements in bytes that left for a phone: the highest number.
#[must_use]
pub fn acknowledged_in(bytes: &[u8]) -> Option<u64> {
    const ACK: &[u8] = br#"{"t":"ack","n":"#;
    find_all(bytes, ACK).filter_map(|at| number_at(bytes, at)).max()
}

/// Where `needle` ends in `bytes`, each time it stands there.
pub fn find_all<'a>(bytes: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let starts = bytes.windows(needle.len()).enumerate();
    starts.filter(move |(_, window)| *window == needle).map(move |(at, _)| at + needle.len())
}

/// The decimal number at `at`.
#[must_use]
pub fn number_at(bytes: &[u8], at: usize) -> Option<u64> {
    let digits: Vec<u8> =
        bytes[at..].iter().copied().take_while(u8::is_ascii_digit).take(19).collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_two_threads_are_put_together() {
        let text = concat!(
            "7 pwrite64(9</d/exam.db-wal>, \"\\x00a\\\"\\n\", 4, 32 <unfinished ...>\n",
            "8 sendto(5<TCP:[127.0.0.1:80->127.0.0.1:99]>, \"\\x81\\x18{\\\"t\\\":\\\"ack\\\",\\\"n\\\":17}\", 26, 0, NULL, 0) = 26\n",
            "7 <... pwrite64 resumed>) = 3\n",
            "7 fdatasync(9</d/exam.db-wal>) = -1 EIO (Input/output error) (INJECTED)\n",
            "7 fdatasync(9</d/exam.db-wal>) = 0\n",
            "7 fdatasync(9</d/exam.db-wal> <unfinished ...>\n",
        );
        let wal = PathBuf::from("/d/exam.db-wal");
        let calls = parse(text);
        let what: Vec<&What> = calls.iter().map(|call| &call.what).collect();
        let What::Send(80, 99, sent) = what[1] else { panic!("{:?}", what[1]) };
        assert_eq!(acknowledged_in(sent), Some(17));
        assert_eq!(*what[0], What::Write(wal.clone(), 32, b"\0a\"".to_vec()));
        assert_eq!((calls[0].began, calls[0].ended), (0, Some(2)));
        assert_eq!(what[2..], [&What::Sync(wal.clone()), &What::Sync(wal)]);
        assert_eq!((calls[2].ended, calls[3].ended), (Some(4), None), "a failed sync is none");
    }
}
