//! Files of strangers are read in a process of their own, with limits and without a network.
//!
//! The file goes in at standard input. What was read comes back at standard output: a line of JSON
//! with the lengths of the pictures, the JSON of everything else, and the pictures behind it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use question_bank::check::Imported;
use question_bank::format::{self, Reading};
use question_bank::item::Defaults;
use question_bank::mend::Mend;
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::sandbox;

/// The word behind which the program reads a file, and does nothing else.
const WORD: &str = "read-bank-file";

/// What the process may map, in bytes: a file of 64 MB unpacked to 256 MB, the items made of them,
/// and 256 MB of pictures.
const MEMORY_MAX: u64 = 3 << 30;

/// How much processor time it may use, in seconds: ten times what the largest honest file takes.
const CPU_SECONDS_MAX: u64 = 60;

/// How long it may take by the clock, also where the machine is busy.
const TIME_MAX: Duration = Duration::from_secs(300);

/// The most that it may answer.
const ANSWER_BYTES_MAX: u64 = 1 << 30;

/// The program that reads files; without one, files are read in this process.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// From now on files are read by `program` in a process of its own.
pub fn use_child(program: PathBuf) {
    let _ = PROGRAM.set(program);
}

/// What is asked of the process, its one argument behind the word.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    file: String,
    format: Option<String>,
    pool: exam_core::item::Pool,
    mends: Vec<Mend>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    json: usize,
    pictures: Vec<usize>,
}

/// Reads a file as a bank.
///
/// # Errors
/// When the process cannot be started or spoken to. One that dies over the file is no error: the
/// file is refused.
pub(super) async fn read(bytes: Vec<u8>, file: &str, reading: &Reading) -> io::Result<Imported> {
    let Some(program) = PROGRAM.get() else {
        let (file, reading) = (file.to_owned(), reading.clone());
        let read = move || format::read(&bytes, &file, &reading);
        return tokio::task::spawn_blocking(read).await.map_err(io::Error::other);
    };
    let order = Order {
        file: file.to_owned(),
        format: reading.format.map(|format| format.name().to_owned()),
        pool: reading.defaults.pool,
        mends: reading.mends.clone(),
    };
    let mut child = Command::new(program)
        .arg(WORD)
        .arg(serde_json::to_string(&order)?)
        .env_clear()
        // The allocator would set aside a gigabyte at once.
        .env("MIMALLOC_ARENA_RESERVE", "65536")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let (mut stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let hand_over = async move {
        if let Some(stdin) = stdin.as_mut() {
            // A reader that dies early has not read all; its end says so.
            let _ = stdin.write_all(&bytes).await;
        }
    };
    let answer = async {
        let mut answer = Vec::new();
        if let Some(stdout) = stdout {
            stdout.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
        }
        Ok::<_, io::Error>(answer)
    };
    let whole = async {
        let ((), answer) = tokio::join!(hand_over, answer);
        Ok::<_, io::Error>((answer?, child.wait().await?))
    };
    let Ok(ended) = tokio::time::timeout(TIME_MAX, whole).await else {
        return Ok(Imported::refused(file, "file_too_slow", TOO_SLOW));
    };
    let (answer, status) = ended?;
    if status.success() {
        let file = file.to_owned();
        let unpack = move || unpacked(&answer).unwrap_or_else(|| broken(&file));
        return tokio::task::spawn_blocking(unpack).await.map_err(io::Error::other);
    }
    Ok(died(file, &status))
}

const TOO_SLOW: &str = "文件处理时间过长，已停止读取；请拆分文件后再导入";

fn broken(file: &str) -> Imported {
    Imported::refused(file, "file_breaks_reader", "读取该文件时程序出错，文件未导入")
}

/// Why a process ended over a file, as far as its end tells.
fn died(file: &str, status: &std::process::ExitStatus) -> Imported {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(libc::SIGXCPU | libc::SIGKILL) => Imported::refused(file, "file_too_slow", TOO_SLOW),
        Some(libc::SIGABRT) => {
            let message = "文件占用内存过多，已停止读取；请拆分文件后再导入";
            Imported::refused(file, "file_too_heavy", message)
        }
        _ => broken(file),
    }
}

fn unpacked(answer: &[u8]) -> Option<Imported> {
    let mut rest = BufReader::new(answer);
    let mut line = Vec::new();
    rest.by_ref().take(1 << 20).read_until(b'\n', &mut line).ok()?;
    let head: Head = serde_json::from_slice(&line).ok()?;
    let mut rest = &answer[line.len()..];
    let mut next = |length: usize| {
        let (part, behind) = rest.split_at_checked(length)?;
        rest = behind;
        Some(part)
    };
    let mut imported: Imported = serde_json::from_slice(next(head.json)?).ok()?;
    if imported.pictures.len() != head.pictures.len() {
        return None;
    }
    for (picture, length) in imported.pictures.iter_mut().zip(head.pictures) {
        picture.bytes = next(length)?.to_vec();
    }
    Some(imported)
}

fn pack(imported: &Imported, out: &mut impl Write) -> io::Result<()> {
    let json = serde_json::to_vec(imported)?;
    let pictures = imported.pictures.iter().map(|picture| picture.bytes.len()).collect();
    serde_json::to_writer(&mut *out, &Head { json: json.len(), pictures })?;
    out.write_all(b"\n")?;
    out.write_all(&json)?;
    imported.pictures.iter().try_for_each(|picture| out.write_all(&picture.bytes))?;
    out.flush()
}

/// What the program does where its first argument is the word: reads the file at standard input,
/// and ends. `None` for any other first argument.
pub fn main(mut arguments: impl Iterator<Item = String>) -> Option<std::process::ExitCode> {
    if arguments.next()? != WORD {
        return None;
    }
    let order = arguments.next().and_then(|order| serde_json::from_str(&order).ok());
    let done = order.is_some_and(|order| read_input(&order).is_ok());
    Some(if done { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE })
}

fn read_input(order: &Order) -> io::Result<()> {
    let limit = |limit| Rlimit { current: Some(limit), maximum: Some(limit) };
    setrlimit(Resource::As, limit(MEMORY_MAX))?;
    setrlimit(Resource::Cpu, limit(CPU_SECONDS_MAX))?;
    setrlimit(Resource::Core, limit(0))?;
    sandbox::shut_in().map_err(io::Error::other)?;
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    let format = order.format.as_deref().map(str::parse).transpose().map_err(io::Error::other)?;
    let defaults = Defaults { pool: order.pool };
    let reading = Reading { format, defaults, mends: order.mends.clone() };
    let imported = format::read(&bytes, &order.file, &reading);
    drop(bytes);
    pack(&imported, &mut io::stdout().lock())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANK: &str = r#"{"format":"exam-bank/1","pictures":{"a":"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="},
        "units":[{"code":"S1","type":"single","topic":"t","stem":"题","media":["a"],
        "options":[{"id":"A","text":"甲"},{"id":"B","text":"乙"}],"key":["B"]},
        {"code":"S2","type":"single","topic":"t","stem":"题","key":["B"]}]}"#;

    #[test]
    fn what_was_read_comes_back_as_it_was() {
        let read = format::read(BANK.as_bytes(), "f", &Reading::default());
        assert!(read.pictures.len() == 1 && !read.problems.is_empty());
        let mut packed = Vec::new();
        pack(&read, &mut packed).expect("packed");
        let again = unpacked(&packed).expect("unpacked");
        assert_eq!((&again.units, &again.pictures), (&read.units, &read.pictures));
        assert_eq!((&again.problems, again.items), (&read.problems, read.items));
        packed.pop();
        assert!(unpacked(&packed).is_none(), "cut off");
    }
}
