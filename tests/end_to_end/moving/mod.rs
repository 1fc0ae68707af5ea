//! A whole SQLite database goes to PostgreSQL, in the middle of an exam.

pub(crate) mod content;
mod source;

use std::process::Stdio;
use std::time::Duration;

use exam_core::time::Span;
use exam_server::auth::totp;
use exam_server::server::start_turned;
use exam_tests::database::Stall;
use exam_tests::process::command;
use exam_tests::server::KEY;
use exam_tests::{Candidate, Database, Kind, Server, bank, server};
use reqwest::StatusCode;
use serde_json::json;
use sha2::{Digest, Sha256};
use source::People;
use sqlx::Connection;

const SERVER: &str = env!("CARGO_BIN_EXE_exam-server-under-test");

/// How long the service is away while the database moves.
const AWAY: Span = Span::from_minutes(20);

fn hash(database: &Database) -> Vec<u8> {
    let path = database.url.strip_prefix("sqlite:").expect("a file");
    Sha256::digest(std::fs::read(path).expect("it can be read")).to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_comes_over_and_running_attempts_go_on() {
    let Some(target) = Database::fresh(Kind::Postgres).await else { return };
    let (server, people) = People::come().await;
    let from = server.database.url.clone();
    let to_target = ["move", "--to", &target.url];
    let (code, said) = command(SERVER, &from, &to_target).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("a server runs on the source"), "{said}");

    let before = people.seen(server.address).await;
    let path = format!("/attempts/{}", people.running);
    let left = people.owner.get(&path).await["remaining_ms"].as_i64().expect("time");
    let path = format!("/attempts/{}", people.paused.1);
    let frozen = people.paused.0.get(&path).await["remaining_ms"].clone();
    let turned = server.clock().turned();
    let Server { database, exam, running, .. } = server;
    running.stop().await;
    let bytes = hash(&database);

    let (code, said) = command(SERVER, &from, &to_target).await;
    assert_eq!(code, Some(0), "{said}");
    let moved: serde_json::Value =
        serde_json::from_str(said.lines().next().expect("a line")).expect("one JSON object");
    assert_eq!(
        (&moved["attempts_compared"], &moved["troubles"]),
        (&json!(5), &json!([])),
        "{said}"
    );
    assert_eq!(hash(&database), bytes, "the source is as it was");
    the_contents_are_equal(&database, &target).await;

    let running = start_turned(&server::settings(&target), turned + AWAY).await;
    let running = running.expect("the server starts on PostgreSQL");
    let at = running.address;
    assert_eq!(people.seen(at).await, before, "results, records, papers, states");
    let path = format!("/attempts/{}", people.running);
    let now_left = people.owner.at(at).get(&path).await["remaining_ms"].as_i64().expect("time");
    assert!((left - 15_000..=left).contains(&now_left), "{now_left} of {left} ms are left");
    let path = format!("/attempts/{}", people.paused.1);
    let state = people.paused.0.at(at).get(&path).await;
    assert_eq!(state["remaining_ms"], frozen, "a pause stays a pause");
    the_running_attempt_goes_on(&people.owner.at(at), &people.running).await;
    people_sign_in(&people, &running).await;
    let newcomer = people.newcomer.at(at).start(exam.id).await;
    let number: i64 = sqlx::query_scalar("SELECT attempt_no FROM attempt WHERE attempt_id = $1")
        .bind(&newcomer)
        .fetch_one(&mut content::postgres(&target).await)
        .await
        .expect("it is there");
    assert!(number > 5_000, "no number is given twice: {number}");
    for arguments in [&["attempt", "verify"][..], &["audit", "verify"]] {
        let (code, said) = command(SERVER, &target.url, arguments).await;
        assert_eq!(code, Some(0), "{said}");
    }
    for attempt in [&people.closed, &people.running, &people.paused.1, &people.voided.1] {
        let (code, said) = command(SERVER, &target.url, &["attempt", "redraw", attempt]).await;
        assert_eq!((code, said.contains("\"identical\":true")), (Some(0), true), "{said}");
    }
    running.stop().await;
}

/// Value by value, but for what only one of the two has.
async fn the_contents_are_equal(source: &Database, target: &Database) {
    let mut here = content::of_sqlite(&mut content::sqlite(source).await).await;
    let mut there = content::of_postgres(&mut content::postgres(target).await).await;
    let heads = here.remove("journal_head").expect("SQLite has heads");
    assert_eq!(heads.len(), 5);
    // What items are found by is made anew.
    here.retain(|table, _| !table.starts_with("unit_search"));
    let found_by = there.remove("unit_search").expect("PostgreSQL has it as a table");
    assert_eq!(found_by.len(), there["unit_version"].len());
    for content in [&mut here, &mut there] {
        content.remove("_sqlx_migrations");
        for frame in content.get_mut("journal_frame").expect("a journal") {
            frame.retain(|column, _| ["attempt_no", "seq", "body"].contains(&column.as_str()));
        }
        content.get_mut("journal_frame").expect("a journal").sort();
    }
    // The move itself is a decision, and the last one.
    let audit = there.get_mut("audit").expect("decisions");
    let added = audit.iter().position(|row| row["action"] == "database.move");
    audit.remove(added.expect("the move is audited"));
    assert_eq!(here.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>());
    let mut rows = 0;
    for (table, here) in &here {
        assert!(*here == there[table], "{table} differs");
        assert!(!here.is_empty() || table == "sign_in_failure", "{table} is tried with rows");
        rows += here.len();
    }
    eprintln!("{rows} rows of {} tables are equal", here.len());
}

async fn the_running_attempt_goes_on(owner: &Candidate, attempt: &str) {
    let mut socket = owner.connect(attempt).await;
    let state = owner.get(&format!("/attempts/{attempt}")).await;
    assert_eq!(state["acked"][&owner.device], 71, "what was acknowledged is known");
    assert_eq!((&state["responses"]["1"], &state["marked"]), (&json!(["b"]), &json!([3])));
    socket.save(72, 1, &["c"]).await;
    socket.send(json!({ "t": "submit", "n": 73 })).await;
    let receipt = socket.expect("closed").await["receipt"].clone();
    let record = owner.get(&format!("/attempts/{attempt}/record")).await;
    let mut digest = Sha256::digest(attempt).to_vec();
    for frame in record["frames"].as_array().expect("frames") {
        let body = frame["body"].as_str().expect("bytes").as_bytes();
        digest = Sha256::new().chain_update(digest).chain_update(body).finalize().to_vec();
    }
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(receipt["digest"], hex, "the receipt covers frames from before and after");
}

async fn people_sign_in(people: &People, running: &exam_server::server::Running) {
    let stranger = Candidate::new(running.address, String::new());
    let body = |id: &str, password: &str| json!({ "id_number": id, "password": password });
    let (person, other) = (&people.person, &people.other);
    let signed_in = stranger.post("/sign-in", body(&person.id_number, &person.password)).await;
    assert_eq!(signed_in.0, StatusCode::OK, "{}", signed_in.1);
    let (status, reply) = stranger.post("/sign-in", body(&other.id_number, &people.code)).await;
    assert_eq!((status, &reply["must_change_password"]), (StatusCode::OK, &json!(true)), "{reply}");
    let step = totp::step_at(running.app.clock.now());
    let totp = totp::code_at(&people.totp_secret, step);
    let body = json!({ "login": "invigilator", "password": source::PASSWORD, "totp": totp });
    let (status, reply) = stranger.post("/staff/sign-in", body).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
}

/// A small SQLite database with one closed attempt, that no server runs on.
async fn small_source() -> Database {
    let server = Server::start(Kind::Sqlite).await.expect("a file");
    let candidate = server.candidate();
    let attempt = candidate.start(server.exam.id).await;
    candidate.connect(&attempt).await.save(1, 1, &["a"]).await;
    let body = json!({ "device": candidate.device, "n": 2, "events": [] });
    let (status, reply) = candidate.post(&format!("/attempts/{attempt}/submit"), body).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    // As if it had been stopped a while ago: nobody has to watch for signs of life.
    let Server { database, running, .. } = server;
    running.stop().await;
    let mut connection = content::sqlite(&database).await;
    let aged = sqlx::query("UPDATE heartbeat SET at_ms = at_ms - 60000").execute(&mut connection);
    aged.await.expect("it can be aged");
    connection.close().await.expect("the log is folded in");
    database
}

/// An empty database with the tables of this release.
async fn empty_target(database: &Database) {
    let target = database.url.parse().expect("an address");
    let store = exam_server::store::Store::open(&target).await.expect("it opens");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_is_killed_leaves_nothing_that_could_be_served() {
    let Some(target) = Database::fresh(Kind::Postgres).await else { return };
    let source = small_source().await;
    let before = hash(&source);
    empty_target(&target).await;
    // The copy comes as far as the journal, and stands there with thousands of rows written.
    let stall = Stall::begin(&target).await;
    let mut process = tokio::process::Command::new(SERVER)
        .args(["move", "--database", &source.url, "--to", &target.url, "--json"])
        .env("EXAM_KEY", KEY)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the command can be run");
    let mut beside = content::postgres(&target).await;
    let waits = "SELECT EXISTS (SELECT 1 FROM pg_locks AS l
        JOIN pg_database AS d ON d.oid = l.database
        WHERE d.datname = current_database() AND NOT l.granted)";
    for tried in 0.. {
        if sqlx::query_scalar(waits).fetch_one(&mut beside).await.expect("locks") {
            break;
        }
        assert!(tried < 400, "the copy does not come to the journal");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    process.kill().await.expect("it can be killed");
    stall.end().await;
    assert_eq!(hash(&source), before, "the source is as it was");
    for arguments in
        [&["serve", "--listen", "127.0.0.1:0"][..], &["exam", "list"], &["backup", "x"]]
    {
        let (code, said) = command(SERVER, &target.url, arguments).await;
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("a move into it was begun and has not finished"), "{said}");
    }
    let again = Database::fresh(Kind::Postgres).await.expect("the cluster is there");
    for target in [&again, &target] {
        let (code, said) = command(SERVER, &source.url, &["move", "--to", &target.url]).await;
        assert_eq!(
            code,
            Some(0),
            "a second try, on a fresh one and where nothing was left: {said}"
        );
        let (code, said) = command(SERVER, &target.url, &["attempt", "verify"]).await;
        assert_eq!((code, said.contains("\"attempts\":1")), (Some(0), true), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_differs_is_found_and_never_served() {
    let source = small_source().await;
    for (spoil, found) in [
        (
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN RETURN NULL; END';
          CREATE TRIGGER spoil BEFORE INSERT ON registration
            FOR EACH ROW EXECUTE FUNCTION spoil()",
            "registration has 20 rows, its copy 0",
        ),
        (
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN NEW.body = replace(NEW.body, ''saved'', ''saved ''); RETURN NEW; END';
          CREATE TRIGGER spoil BEFORE INSERT ON journal_frame
            FOR EACH ROW EXECUTE FUNCTION spoil()",
            "the journals differ",
        ),
        (
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN NEW.points = NEW.points + 100; RETURN NEW; END';
          CREATE TRIGGER spoil BEFORE INSERT ON result
            FOR EACH ROW EXECUTE FUNCTION spoil()",
            "the stored result is not what the journal scores",
        ),
        (
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN NEW.reason = NEW.reason || ''.''; RETURN NEW; END';
          CREATE TRIGGER spoil BEFORE INSERT ON audit
            FOR EACH ROW EXECUTE FUNCTION spoil()",
            "the hash does not follow",
        ),
    ] {
        let Some(target) = Database::fresh(Kind::Postgres).await else { return };
        empty_target(&target).await;
        let mut beside = content::postgres(&target).await;
        sqlx::raw_sql(spoil).execute(&mut beside).await.expect("a trigger");
        let (code, said) = command(SERVER, &source.url, &["move", "--to", &target.url]).await;
        assert_eq!((code, said.contains(found)), (Some(1), true), "{found}: {said}");
        let (code, said) = command(SERVER, &target.url, &["exam", "list"]).await;
        assert_eq!((code, said.contains("has not finished")), (Some(1), true), "{said}");
        let (code, said) = command(SERVER, &source.url, &["move", "--to", &target.url]).await;
        assert_eq!((code, said.contains("is not empty")), (Some(1), true), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_broken_before_the_move_is_moved_as_it_was_and_named() {
    let Some(target) = Database::fresh(Kind::Postgres).await else { return };
    let source = small_source().await;
    let mut connection = content::sqlite(&source).await;
    let spoil = "UPDATE journal_frame SET body = 'no frame' WHERE seq = 2";
    sqlx::query(spoil).execute(&mut connection).await.expect("a frame is spoilt");
    connection.close().await.expect("the log is folded in");
    let (code, said) = command(SERVER, &source.url, &["move", "--to", &target.url]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("\"troubles\":[\"attempt "), "{said}");
    let (code, _) = command(SERVER, &target.url, &["exam", "list"]).await;
    assert_eq!(code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_refuses_what_it_cannot_do_and_touches_nothing() {
    let Some(target) = Database::fresh(Kind::Postgres).await else { return };
    let source = small_source().await;
    let nowhere = "sqlite:/nowhere/exam.db";
    for (from, to, reason) in [
        (nowhere, target.url.as_str(), "there is no /nowhere/exam.db"),
        (&source.url, &source.url, "a move ends at a postgres://"),
        (&target.url, &target.url, "a move begins at a sqlite:"),
    ] {
        let (code, said) = command(SERVER, from, &["move", "--to", to]).await;
        assert_eq!((code, said.contains(reason)), (Some(1), true), "{said}");
    }
    let other_key = tokio::process::Command::new(SERVER)
        .args(["move", "--database", &source.url, "--to", &target.url])
        .env("EXAM_KEY", KEY.replace('0', "f"))
        .output();
    let said = String::from_utf8(other_key.await.expect("it runs").stderr).expect("text");
    assert!(said.contains("sealed with another key"), "{said}");
    let desk = server::desk(&target).await;
    bank::publish(&desk, bank::EXAM).await;
    desk.store.close().await;
    let mut beside = content::postgres(&target).await;
    let before = content::of_postgres(&mut beside).await;
    let (code, said) = command(SERVER, &source.url, &["move", "--to", &target.url]).await;
    assert_eq!((code, said.contains("the target is not empty")), (Some(1), true), "{said}");
    assert!(content::of_postgres(&mut beside).await == before, "it is as it was");
}
