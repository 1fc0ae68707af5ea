//! A mutator without coverage: what `./test` can afford in a few seconds.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::time::Instant;

use super::{Target, corpus, words};

/// The longest input that is made; longer ones only cost time.
const BYTES_MAX: usize = 8 * 1024;

/// How often an input is changed before it is run, at most.
const CHANGES_MAX: usize = 6;

/// Runs every file of the corpus, and says how many there were.
pub fn replay(target: Target) -> usize {
    let inputs = corpus(target);
    for (name, input) in &inputs {
        run(target, input, name);
    }
    inputs.len()
}

/// Runs changed inputs of the corpus for `time`, from `seed`; says how many.
///
/// # Panics
/// When the corpus is empty.
pub fn run_for(target: Target, seed: u64, time: Duration) -> u64 {
    let mut mutator = Mutator::new(target, seed);
    let (began, mut runs) = (Instant::now(), 0);
    while began.elapsed() < time {
        let input = mutator.next();
        run(target, &input, &format!("run {runs} of seed {seed}"));
        runs += 1;
    }
    runs
}

/// Runs one input; where it fails, keeps it and says where.
fn run(target: Target, input: &[u8], name: &str) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(input))) else { return };
    let path = std::env::temp_dir().join(format!("exam-fuzz-{}-failure", target.name));
    let kept = std::fs::write(&path, input);
    eprintln!("{}: {name} failed; kept in {} ({kept:?})", target.name, path.display());
    eprintln!("{}", String::from_utf8_lossy(input));
    resume_unwind(panic);
}

struct Mutator {
    rng: ChaCha8Rng,
    inputs: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
}

/// What numbers break at.
const NUMBERS: [&str; 12] = [
    "0",
    "-1",
    "1",
    "65535",
    "65536",
    "100001",
    "4294967296",
    "9007199254740991",
    "9007199254740992",
    "9223372036854775807",
    "-9223372036854775808",
    "1e400",
];

impl Mutator {
    fn new(target: Target, seed: u64) -> Self {
        let inputs: Vec<Vec<u8>> = corpus(target).into_iter().map(|(_, input)| input).collect();
        assert!(!inputs.is_empty(), "an empty corpus tests nothing");
        Self { rng: ChaCha8Rng::seed_from_u64(seed), inputs, words: words(target) }
    }

    fn below(&mut self, end: usize) -> usize {
        (self.rng.next_u64() % end.max(1) as u64) as usize
    }

    fn next(&mut self) -> Vec<u8> {
        let chosen = self.below(self.inputs.len());
        let mut input = self.inputs[chosen].clone();
        for _ in 0..=self.below(CHANGES_MAX) {
            self.change(&mut input);
        }
        input.truncate(BYTES_MAX);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let end = at + self.below((input.len() - at).min(64) + 1);
        match self.below(8) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 => input.insert(at, self.rng.next_u32() as u8),
            2 => drop(input.drain(at..end)),
            3 => {
                let again = input[at..end].to_vec();
                input.splice(at..at, again);
            }
            4 if !self.words.is_empty() => {
                let chosen = self.below(self.words.len());
                let word = self.words[chosen].clone();
                input.splice(at..at, word);
            }
            5 => self.change_number(input, at),
            6 => self.take_lines(input),
            _ => {
                let other = self.below(self.inputs.len());
                let other = &self.inputs[other];
                let tail = other[other.len().min(at)..].to_vec();
                input.splice(at.., tail);
            }
        }
    }

    /// Puts another number in the place of the next one.
    fn change_number(&mut self, input: &mut Vec<u8>, from: usize) {
        let Some(at) = input[from..].iter().position(u8::is_ascii_digit) else { return };
        let at = from + at;
        let digits = input[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = NUMBERS[self.below(NUMBERS.len())];
        input.splice(at..at + digits, number.bytes());
    }

    /// Puts a line of another input in, so that stories mix.
    fn take_lines(&mut self, input: &mut Vec<u8>) {
        let other = self.below(self.inputs.len());
        let lines: Vec<&[u8]> = self.inputs[other].split(|byte| *byte == b'\n').collect();
        let line = lines[(self.rng.next_u64() % lines.len() as u64) as usize];
        let line = [line, b"\n"].concat();
        let ends = input.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let ends: Vec<usize> = ends.map(|(at, _)| at + 1).chain([0]).collect();
        let at = ends[self.below(ends.len())];
        input.splice(at..at, line);
    }
}
