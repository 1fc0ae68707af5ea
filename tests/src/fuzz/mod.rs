//! What is fuzzed: functions of bytes that panic where a promise breaks.
//!
//! Each has two callers. `./test` replays the corpora under `corpora/` and lets a seeded mutator
//! run for a few seconds ([`mutate`]). `scripts/fuzz` builds the programs of `fuzz/`, where
//! libFuzzer follows the coverage. Inputs are text as far as they can be, so that a corpus can be
//! read and a failure says what it is.

mod http;
pub mod importers;
pub mod mutate;
mod parts;
mod socket;
mod tokens;

use std::path::{Path, PathBuf};

/// One thing that is fuzzed.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, and the name of its corpus.
    pub name: &'static str,
    /// Panics where a promise breaks.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 4] = [
    Target { name: "socket", run: socket::run },
    Target { name: "http", run: http::run },
    Target { name: "importers", run: importers::run },
    Target { name: "tokens", run: tokens::run },
];

/// The one of that name.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn target(name: &str) -> Target {
    TARGETS.into_iter().find(|target| target.name == name).expect("a target of that name")
}

/// The folder of its corpus.
#[must_use]
pub fn folder(target: Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora").join(target.name)
}

/// Its corpus by file name.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn corpus(target: Target) -> Vec<(String, Vec<u8>)> {
    let folder = folder(target);
    let entries = std::fs::read_dir(&folder).expect("a corpus is checked in");
    let mut inputs: Vec<(String, Vec<u8>)> = entries
        .map(|entry| {
            let path = entry.expect("the folder can be read").path();
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("the file can be read"))
        })
        .collect();
    inputs.sort();
    inputs
}

/// The words that belong to a target, one a line in quotes, as libFuzzer reads them.
///
/// # Panics
/// When they cannot be read.
#[must_use]
pub fn words(target: Target) -> Vec<Vec<u8>> {
    let path = folder(target).with_extension("dict");
    let text = std::fs::read_to_string(path).expect("a dictionary is checked in");
    let quoted = text.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    quoted.map(unescaped).collect()
}

/// `\"` as a quote, and `\xE9` as that byte.
fn unescaped(word: &str) -> Vec<u8> {
    let mut parts = word.split('\\');
    let mut bytes = parts.next().unwrap_or("").as_bytes().to_vec();
    for part in parts {
        let hex = part.strip_prefix('x').and_then(|hex| hex.get(..2));
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(&part.as_bytes()[3..]);
            }
            None => bytes.extend(part.as_bytes()),
        }
    }
    bytes
}
