//! One history from its plan to its judgement.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::LazyLock;

use exam_core::ids::ExamId;
use exam_core::time::Timestamp;
use exam_server::commands::{Desk, attempt};
use exam_server::keys::Keys;
use exam_server::store::Scope;
use exam_tests::{Database, Kind, bank, server};
use serde_json::json;

use super::checker::judge;
use super::op::Plan;
use super::phone::Phone;
use super::world::World;

/// Within how long after everything is healed and time is up all is closed: ten seconds after an
/// outage, and the chunk in which time passes here.
const CLOSED_WITHIN_MS: i64 = 10_000 + 1_000;

/// Within how long a phone hears of the close: it notices a dead connection after a minute.
const TOLD_WITHIN_MS: i64 = 90_000;

/// A history does not wait longer than this for a deadline; staff end the attempt.
const ENDED_AFTER_MS: i64 = 300_000;

/// A database with an exam of one minute and candidates for it, copied for every history.
struct Template {
    _database: Database,
    folder: PathBuf,
    file: PathBuf,
    exam: ExamId,
    tokens: Vec<String>,
    now: i64,
}

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    let made = std::thread::spawn(|| {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let database = Database::fresh(Kind::Sqlite).await.expect("a file");
            let desk = server::desk(&database).await;
            let minute =
                bank::EXAM.replace("time_allowed_minutes = 60", "time_allowed_minutes = 1");
            let exam = bank::publish(&desk, &minute).await;
            let tokens = bank::candidates(&desk, exam.id, 4).await;
            let now = desk.now().as_ms() + 1_000;
            desk.store.close().await;
            let file = database.folder.path().join("exam.db");
            let memory = PathBuf::from("/dev/shm");
            let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
            Template { _database: database, folder, file, exam: exam.id, tokens, now }
        })
    });
    made.join().expect("the template is made")
});

thread_local! {
    /// What panicked on this thread, where all nodes of a history run.
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Notes panics instead of printing them: a task's own would go unseen otherwise.
pub fn note_panics() {
    std::panic::set_hook(Box::new(|info| {
        PANICS.with_borrow_mut(|panics| panics.push(info.to_string()));
        if std::thread::current().name().is_some_and(|name| name.contains("simulation")) {
            eprintln!("{info}");
        }
    }));
}

/// Lets a history happen and returns what is wrong with it.
pub fn happen(plan: &Plan) -> Vec<String> {
    PANICS.with_borrow_mut(Vec::clear);
    let outcome = catch_unwind(AssertUnwindSafe(|| run(plan)));
    let mut problems = outcome.unwrap_or_default();
    problems.extend(PANICS.with_borrow_mut(std::mem::take));
    problems
}

fn run(plan: &Plan) -> Vec<String> {
    let template = &*TEMPLATE;
    let folder = tempfile::Builder::new().prefix("exam-simulation-").tempdir_in(&template.folder);
    let folder = folder.expect("a folder for the history");
    let path = folder.path().join("exam.db");
    std::fs::copy(&template.file, &path).expect("the template can be copied");
    let mut world = World::begin(&path, template.now, plan.nodes, plan.seed);
    for candidate in 0..plan.candidates {
        let token = &template.tokens[candidate];
        let body = json!({ "notice_version": "1", "accepted": true });
        let reply = world.post(&format!("/exams/{}/attempts", template.exam), token, body);
        let id = reply["attempt_id"].as_str().expect("it starts").to_owned();
        world.attempts.push(id.parse().expect("an id"));
        let mut phone = Phone::new(candidate, 0, candidate % plan.nodes, &id, token);
        phone.deadline_ms = reply["deadline_ms"].as_i64();
        world.phones.push(phone);
    }
    world.settle();
    for op in &plan.ops {
        world.carry_out(*op);
    }
    world.heal();
    let mut problems = close(&mut world);
    if problems.is_empty() {
        problems = judge(&world);
        problems.extend(verify(&world));
    }
    problems
}

/// Waits until all attempts are closed and all phones know, within what is promised.
fn close(world: &mut World) -> Vec<String> {
    world.pass(3_000);
    let mut latest = world.now;
    for candidate in 0..world.attempts.len() {
        let wake_at = wake_at(world, candidate);
        let behind = world.now - world.clock().now().as_ms();
        match wake_at.map(|at| at + behind) {
            Some(at) if at > world.now + ENDED_AFTER_MS => world.end(candidate),
            Some(at) => latest = latest.max(at),
            None => {}
        }
    }
    world.pass(1);
    let by = latest + CLOSED_WITHIN_MS;
    while (0..world.attempts.len()).any(|candidate| wake_at(world, candidate).is_some()) {
        if world.now > by && !again(world, by) {
            return vec![format!("not closed {} ms after time was up", world.now - latest)];
        }
        world.pass(500);
    }
    let by = world.now + TOLD_WITHIN_MS;
    while world.phones.iter().any(|phone| !phone.is_done()) && world.now < by {
        world.pass(1_000);
    }
    Vec::new()
}

/// Whether time was added after the waiting began: an outage is credited when it is noticed, and a
/// pause that ends gives back what was left.
fn again(world: &World, by: i64) -> bool {
    (0..world.attempts.len()).filter_map(|candidate| wake_at(world, candidate)).any(|at| {
        at + world.now - world.clock().now().as_ms() + CLOSED_WITHIN_MS > by.max(world.now)
    })
}

/// When an attempt has something to do by itself; `None` once closed.
fn wake_at(world: &World, candidate: usize) -> Option<i64> {
    let (store, id) = (world.store(), world.attempts[candidate]);
    let session = world.ask(async {
        let attempt = store.attempt_find(id, &Scope::All).await.expect("it answers");
        let key = attempt.expect("it exists").key;
        store.session_load(key, id).await.expect("it folds").expect("it has a journal")
    });
    session.next_wakeup().map(Timestamp::as_ms)
}

/// What `attempt verify` says: fold, checkpoint, row, paper, receipt and score.
fn verify(world: &World) -> Option<String> {
    let keys = Keys::parse(server::KEY).expect("the key of every test");
    let desk = Desk { store: world.store(), keys, clock: world.clock() };
    let verified = world.ask(attempt::verify(&desk, None, true));
    verified.err().map(|error| format!("{error:#}"))
}

/// Leaves out operations as long as it still fails.
pub fn shrink(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    let mut place = plan.ops.len();
    while place > 0 {
        place -= 1;
        let mut shorter = plan.clone();
        shorter.ops.remove(place);
        if !happen(&shorter).is_empty() {
            plan = shorter;
        }
    }
    plan
}
