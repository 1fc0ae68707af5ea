//! The short run of what `scripts/fuzz` runs for long: the corpora, then inputs changed at random.

use std::time::Duration;

use exam_tests::fuzz::{mutate, target};

/// How long the mutator runs for each target: long enough that a broken check is found, short
/// enough for every change.
const TIME: Duration = Duration::from_secs(4);

/// The seed of the run; another one for a longer look.
fn seed() -> u64 {
    std::env::var("EXAM_FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

fn replay_and_change(name: &str) {
    let target = target(name);
    let files = mutate::replay(target);
    let runs = mutate::run_for(target, seed(), TIME);
    println!("{name}: {files} files of the corpus, {runs} changed inputs of seed {}", seed());
    assert!(files >= 10 && runs >= 100, "{files} files and {runs} runs are no test");
}

#[test]
fn no_message_of_the_socket_breaks_a_session() {
    replay_and_change("socket");
}

#[test]
fn no_request_breaks_the_server() {
    replay_and_change("http");
}

#[test]
fn no_file_breaks_an_importer() {
    replay_and_change("importers");
}

#[test]
fn no_token_breaks_a_parser() {
    replay_and_change("tokens");
}
