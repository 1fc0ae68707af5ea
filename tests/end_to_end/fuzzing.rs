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

/// What the first long run found: the library's own refusal is plain text, and its plain 400.
#[tokio::test]
async fn a_path_that_is_no_utf_8_is_a_problem_with_a_code() {
    let server = exam_tests::Server::start(exam_tests::Kind::Sqlite).await.expect("SQLite");
    for path in ["/exams/%FF/notice", "/attempts/%FF", "/attempts/%FF/paper"] {
        let url = format!("http://{}/api/v1{path}", server.address);
        let token = &server.candidate().token;
        let reply = exam_tests::client::http().get(url).bearer_auth(token).send().await;
        let reply = reply.expect("the server replies");
        assert_eq!(reply.status(), 404, "{path}");
        let kind = reply.headers()["content-type"].to_str().expect("text").to_owned();
        assert_eq!(kind, "application/problem+json", "{path}");
    }
    server.running.stop().await;
}
