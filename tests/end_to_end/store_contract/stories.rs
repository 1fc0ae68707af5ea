//! The promises.

use std::collections::HashMap;

use exam_core::ids::{AttemptId, BankId, DeviceId, ExamId, StaffId};
use exam_core::item::Choose;
use exam_core::paper::SlotShape;
use exam_core::session::{Event, Frame, Seq, Session, first_frame};
use exam_core::time::{Span, Timestamp};
use exam_server::chance::system_rng;
use exam_server::commands::{Desk, attempt, audit, backup, rehearsal};
use exam_server::config::Settings;
use exam_server::store::{
    Append, Attached, AttemptKey, AuditEntry, ExamRow, NewStep, Scope, Start, Store, StoreError,
    Write, Written,
};
use exam_tests::{Database, Kind, Server, bank, server};

/// A database with an exam and candidates, without a server.
struct Fixture {
    database: Database,
    desk: Desk,
    exam: ExamRow,
    candidates: Vec<i64>,
}

async fn fixture(kind: Kind, candidates: usize) -> Option<Fixture> {
    let database = Database::fresh(kind).await?;
    let desk = server::desk(&database).await;
    let exam = bank::publish(&desk, bank::EXAM).await;
    let tokens = bank::candidates(&desk, exam.id, candidates).await;
    let mut numbers = Vec::new();
    for token in tokens {
        let hash = exam_server::keys::token_hash(&token);
        let found = desk.store.sign_in_find(&hash, desk.now(), 0).await.expect("it answers");
        match found.expect("a token signs in").principal {
            exam_server::store::Principal::Candidate(number) => numbers.push(number),
            other => panic!("{other:?} is no candidate"),
        }
    }
    let exam = desk.store.exam_list().await.expect("it answers").remove(0);
    Some(Fixture { database, desk, exam, candidates: numbers })
}

fn start(exam_id: ExamId, candidate_no: i64, known_attempts: i64) -> Start {
    let now = Timestamp::from_ms(1_700_000_000_000);
    let deadline = now + Span::from_minutes(60);
    let slot = SlotShape { options: 4, choose: Choose::One };
    let frame = first_frame(now, deadline, vec![slot; 3]).to_bytes();
    Start {
        attempt_id: AttemptId::fresh(now, &mut system_rng()),
        candidate_no,
        exam_id,
        exam_revision: 1,
        audience_row: 0,
        notice_version: "1".to_owned(),
        consents: "{}".to_owned(),
        started_at: now,
        wake_at: deadline,
        known_attempts,
        camera: Some("live"),
        paper: "{}".to_owned(),
        frame: String::from_utf8(frame).expect("JSON"),
    }
}

/// A frame that opens the session; which device does not matter here.
fn append(key: AttemptKey, expected: u64) -> Write {
    let device = DeviceId::from_uuid(uuid::Uuid::from_u128(1));
    let at = Timestamp::from_ms(1_700_000_000_000);
    let frame = Frame { seq: Seq(expected + 1), events: vec![Event::Opened { at, device }] };
    Write::Append(Append {
        key,
        expected: Seq(expected),
        frame: String::from_utf8(frame.to_bytes()).expect("JSON"),
        attached: None,
    })
}

impl Fixture {
    fn store(&self) -> &Store {
        &self.desk.store
    }

    async fn commit(&self, batch: &[Write]) -> Vec<Written> {
        self.store().journal_commit(batch).await.expect("the batch is committed")
    }

    async fn started(&self, candidates: &[i64]) -> HashMap<i64, (AttemptKey, AttemptId)> {
        let starts: Vec<Start> =
            candidates.iter().map(|&number| start(self.exam.exam_id, number, 0)).collect();
        let batch: Vec<Write> =
            starts.iter().cloned().map(|start| Write::Start(Box::new(start))).collect();
        let written = self.commit(&batch).await;
        let pairs = starts.iter().zip(written).map(|(start, written)| match written {
            Written::Started(key) => (start.candidate_no, (key, start.attempt_id)),
            other => panic!("{other:?} instead of a start"),
        });
        pairs.collect()
    }

    async fn one_started(&self) -> (AttemptKey, AttemptId) {
        let candidate = self.candidates[0];
        self.started(&[candidate]).await[&candidate]
    }
}

pub async fn a_frame_is_appended_once(kind: Kind) {
    let Some(fixture) = fixture(kind, 1).await else { return };
    let (key, id) = fixture.one_started().await;
    assert_eq!(fixture.commit(&[append(key, 1)]).await, [Written::Done]);
    assert_eq!(fixture.commit(&[append(key, 1)]).await, [Written::Moved], "the same again loses");
    assert_eq!(fixture.store().journal_head(key).await.expect("it answers"), Seq(2));
    let session = fixture.store().session_load(key, id).await.expect("it folds").expect("is there");
    assert_eq!(session.opens(), 1);
}

pub async fn a_step_that_was_taken_stops_its_frame_and_nobody_elses(kind: Kind) {
    let Some(fixture) = fixture(kind, 2).await else { return };
    let started = fixture.started(&fixture.candidates).await;
    let [mine, other] = [0, 1].map(|place| started[&fixture.candidates[place]].0);
    let at = Timestamp::from_ms(1_700_000_000_000);
    let step = |kind: &'static str, state: &'static str| NewStep {
        attempt_no: mine.attempt_no,
        exam_id: fixture.exam.exam_id.to_string(),
        step: 1,
        at,
        staff_id: None,
        kind,
        reason: "test".to_owned(),
        state,
    };
    let audit = AuditEntry {
        at,
        actor: "test".to_owned(),
        action: "review.normal".to_owned(),
        object: mine.attempt_no.to_string(),
        reason: "test".to_owned(),
        before: "{}".to_owned(),
        after: "{}".to_owned(),
    };
    let normal = step("normal", "normal");
    assert!(fixture.store().review_step_add(&normal, &audit).await.expect("it is written"));
    let Write::Append(mut frame) = append(mine, 1) else { unreachable!("an append") };
    let audit = Some(AuditEntry { action: "review.confirm_void".to_owned(), ..audit });
    let step = Some(step("confirm_void", "void"));
    frame.attached = Some(Box::new(Attached { audit, step, ..Attached::default() }));
    let written = fixture.commit(&[Write::Append(frame), append(other, 1)]).await;
    assert_eq!(written, [Written::StepTaken, Written::Done]);
    assert_eq!(fixture.store().journal_head(mine).await.expect("a head"), Seq(1));
    let state = fixture.store().review_state(mine.attempt_no).await.expect("it stands");
    assert_eq!(state.as_deref(), Some("normal"));
    let rows = fixture.store().audit_rows(0, 500).await.expect("rows");
    assert!(rows.iter().all(|row| row.action != "review.confirm_void"));
    assert_eq!(fixture.commit(&[append(mine, 1)]).await, [Written::Done]);
}

pub async fn an_append_beyond_the_end_is_refused(kind: Kind) {
    let Some(fixture) = fixture(kind, 1).await else { return };
    let (key, _) = fixture.one_started().await;
    for expected in [0, 2, 7] {
        assert_eq!(fixture.commit(&[append(key, expected)]).await, [Written::Moved]);
    }
    let nobody = AttemptKey { candidate_no: key.candidate_no, attempt_no: 999_999 };
    assert_eq!(fixture.commit(&[append(nobody, 1)]).await, [Written::Moved]);
    assert_eq!(fixture.store().journal_frames(key, Seq(0)).await.expect("it answers").len(), 1);
}

pub async fn one_loser_hurts_nobody_else_in_its_batch(kind: Kind) {
    let Some(fixture) = fixture(kind, 1_000).await else { return };
    let started = fixture.started(&fixture.candidates).await;
    let loser = fixture.candidates[500];
    let batch: Vec<Write> = fixture
        .candidates
        .iter()
        .map(|number| append(started[number].0, if *number == loser { 5 } else { 1 }))
        .collect();
    let written = fixture.commit(&batch).await;
    for (number, written) in fixture.candidates.iter().zip(written) {
        let expected = if *number == loser { Written::Moved } else { Written::Done };
        assert_eq!(written, expected, "candidate {number}");
    }
}

pub async fn two_nodes_in_opposite_orders_do_not_lock_each_other_out(kind: Kind) {
    let Some(fixture) = fixture(kind, 60).await else { return };
    let other = server::desk(&fixture.database).await;
    let started = fixture.started(&fixture.candidates).await;
    for round in 1..=10 {
        let forward: Vec<Write> =
            fixture.candidates.iter().map(|number| append(started[number].0, round)).collect();
        let backward: Vec<Write> = forward.iter().rev().cloned().collect();
        let (mine, theirs) = tokio::join!(
            fixture.store().journal_commit(&forward),
            other.store.journal_commit(&backward)
        );
        let mut theirs = theirs.expect("the other node commits");
        theirs.reverse();
        let won = |written: &Written| usize::from(*written == Written::Done);
        for (mine, theirs) in mine.expect("this node commits").iter().zip(&theirs) {
            assert_eq!(won(mine) + won(theirs), 1, "exactly one of two appends wins");
        }
    }
}

pub async fn a_start_that_counted_wrongly_is_refused(kind: Kind) {
    let Some(fixture) = fixture(kind, 1).await else { return };
    let start = start(fixture.exam.exam_id, fixture.candidates[0], 3);
    let written = fixture.commit(&[Write::Start(Box::new(start))]).await;
    assert_eq!(written, [Written::Moved]);
    let ids = fixture.store().attempt_ids().await.expect("it answers");
    assert!(ids.is_empty(), "nothing of it was stored");
}

pub async fn starting_twice_gives_one_open_attempt(kind: Kind) {
    let Some(fixture) = fixture(kind, 1).await else { return };
    let (_, id) = fixture.one_started().await;
    let again = start(fixture.exam.exam_id, fixture.candidates[0], 1);
    let written = fixture.commit(&[Write::Start(Box::new(again))]).await;
    assert_eq!(written, [Written::Moved]);
    assert_eq!(fixture.store().attempt_ids().await.expect("it answers"), [id]);
}

pub async fn a_checkpoint_shortens_loading_and_changes_nothing(kind: Kind) {
    let Some(fixture) = fixture(kind, 1).await else { return };
    let (key, id) = fixture.one_started().await;
    let load = async || fixture.store().session_load(key, id).await.expect("folds").expect("is");
    for expected in 1..=5 {
        let mut session: Session = load().await;
        let Write::Append(mut frame) = append(key, expected) else { unreachable!() };
        let parsed: Frame = serde_json::from_str(&frame.frame).expect("a frame");
        session.evolve(&parsed.events[0], parsed.seq);
        session.seal(frame.frame.as_bytes());
        frame.attached = (expected == 3).then(|| {
            let checkpoint = serde_json::to_string(&session).expect("JSON");
            Box::new(Attached { checkpoint: Some(checkpoint), ..Attached::default() })
        });
        assert_eq!(fixture.commit(&[Write::Append(frame)]).await, [Written::Done]);
        assert_eq!(load().await, session, "after frame {expected}");
    }
    let frames = fixture.store().journal_frames(key, Seq(0)).await.expect("it answers");
    let bytes = frames.iter().map(|(_, body)| body.as_bytes());
    assert_eq!(Session::replay(id, bytes).expect("it folds"), load().await);
}

pub async fn sessions_are_loaded_together_as_alone(kind: Kind) {
    let Some(fixture) = fixture(kind, 4).await else { return };
    let started = fixture.started(&fixture.candidates).await;
    let mut keys: Vec<_> = started.into_values().collect();
    for (frames, (key, _)) in keys.iter().enumerate() {
        for expected in 1..=frames as u64 {
            assert_eq!(fixture.commit(&[append(*key, expected)]).await, [Written::Done]);
        }
    }
    // One has a checkpoint on the way, one's journal is damaged, and one is nobody's.
    let (checked, id) = keys[3];
    let session = fixture.store().session_load(checked, id).await.expect("folds").expect("is");
    let Write::Append(mut frame) = append(checked, 4) else { unreachable!() };
    let checkpoint = Some(serde_json::to_string(&session).expect("JSON"));
    frame.attached = Some(Box::new(Attached { checkpoint, ..Attached::default() }));
    assert_eq!(fixture.commit(&[Write::Append(frame)]).await, [Written::Done]);
    let (damaged, _) = keys[2];
    let damage = format!(
        "UPDATE journal_frame SET body = 'nothing' WHERE attempt_no = {} AND seq = 2",
        damaged.attempt_no
    );
    bank::execute(fixture.store(), sqlx::AssertSqlSafe(damage)).await;
    let nobody = AttemptKey { candidate_no: damaged.candidate_no, attempt_no: 999_999 };
    keys.push((nobody, AttemptId::fresh(Timestamp::from_ms(1), &mut system_rng())));
    let mut together = fixture.store().sessions_load(&keys).await.expect("it answers");
    for (key, id) in &keys {
        let alone = fixture.store().session_load(*key, *id).await;
        match together.remove(&(*key, *id)) {
            Some(Ok(session)) => assert_eq!(alone.expect("it folds"), Some(session)),
            Some(Err(error)) => {
                assert_eq!((*key, error.to_string()), (damaged, alone.unwrap_err().to_string()));
            }
            None => assert_eq!((*key, alone.expect("it answers")), (nobody, None)),
        }
    }
    assert!(together.is_empty());
}

/// A second bank and its author, who is about to import into it.
struct Import {
    author: StaffId,
    bank: BankId,
    entry: AuditEntry,
    now: Timestamp,
}

async fn an_import(desk: &Desk) -> Import {
    let author = desk.store.staff_find("author").await.expect("it answers").expect("is there");
    let (author, now) = (author.staff_id, desk.now());
    let fresh = BankId::fresh(now, &mut system_rng());
    let bank = desk.store.bank_keep("另一题库", fresh, now).await.expect("a bank");
    let entry = desk.audit(Some(author), "bank.import", bank, &"test");
    Import { author, bank, entry, now }
}

pub async fn who_imported_cannot_approve(kind: Kind) {
    let Some(fixture) = fixture(kind, 0).await else { return };
    let desk = &fixture.desk;
    let Import { author, bank, entry, now } = an_import(desk).await;
    let units = bank::units(&mut HashMap::new());
    let imported = desk.store.bank_import(bank, &units[..3], author, now, &entry, |_| {}).await;
    assert_eq!(imported.expect("drafts").added, 3);
    let own = desk.store.bank_approve(bank, None, author, now, &entry).await;
    assert!(matches!(own, Err(StoreError::Refused(_))), "{own:?}");
    let row = desk.store.bank_list().await.expect("it answers");
    let row = row.into_iter().find(|row| row.bank_id == bank).expect("is there");
    assert_eq!((row.revision, row.approved_items, row.draft_items), (0, 0, 3));
}

pub async fn an_import_that_is_cut_off_leaves_nothing(kind: Kind) {
    let Some(fixture) = fixture(kind, 0).await else { return };
    let desk = &fixture.desk;
    let Import { author, bank, entry, now } = an_import(desk).await;
    let units = bank::units(&mut HashMap::new());
    // The import is dropped when its first slice is written, as a killed process drops it.
    let (sender, mut first_slice) = tokio::sync::mpsc::channel(1);
    {
        let import = desk.store.bank_import(bank, &units, author, now, &entry, move |_| {
            let _ = sender.try_send(());
        });
        tokio::select! {
            biased;
            _ = first_slice.recv() => {}
            done = import => panic!("the import was faster than its first slice: {done:?}"),
        }
    }
    assert!(bank::count(&desk.store, "unit_version").await > 62, "something was staged");
    let row = desk.store.bank_list().await.expect("it answers");
    let row = row.into_iter().find(|row| row.bank_id == bank).expect("is there");
    assert_eq!((row.approved_items, row.draft_items), (0, 0));
    let by = author;
    let whole = desk.store.bank_import(bank, &units, by, now, &entry, |_| {}).await;
    assert_eq!(whole.expect("it can be imported again").added, 74);
}

pub async fn the_same_import_twice_changes_nothing(kind: Kind) {
    let Some(fixture) = fixture(kind, 0).await else { return };
    let desk = &fixture.desk;
    let Import { author, bank, entry, now } = an_import(desk).await;
    let mut units = bank::units(&mut HashMap::new());
    let import = async |units: &[exam_server::store::NewUnit]| {
        let by = author;
        desk.store.bank_import(bank, units, by, now, &entry, |_| {}).await.expect("imported")
    };
    let first = import(&units).await;
    assert_eq!((first.added, first.unchanged), (74, 0));
    let second = import(&units).await;
    assert_eq!((second.added, second.unchanged), (0, 74));
    units[0].content_hash = vec![9; 32];
    let third = import(&units).await;
    assert_eq!((third.added, third.unchanged), (1, 73), "a changed row makes a new version");
    let row = desk.store.bank_list().await.expect("it answers");
    let row = row.into_iter().find(|row| row.bank_id == bank).expect("is there");
    assert_eq!(row.draft_items, 74, "the older draft is superseded");
}

pub async fn each_revision_of_a_bank_holds_the_versions_of_its_time(kind: Kind) {
    let Some(fixture) = fixture(kind, 0).await else { return };
    let desk = &fixture.desk;
    let Import { author, bank, entry, now } = an_import(desk).await;
    let approver = desk.store.staff_find("approver").await.expect("it answers").expect("is there");
    let mut units = bank::units(&mut HashMap::new());
    units.truncate(3);
    let import = async |units: &[exam_server::store::NewUnit]| {
        desk.store.bank_import(bank, units, author, now, &entry, |_| {}).await.expect("imported")
    };
    let approve = async || {
        desk.store.bank_approve(bank, None, approver.staff_id, now, &entry).await.expect("approved")
    };
    let stems = async |revision: i64| {
        let units = desk.store.bank_units(bank, revision).await.expect("it answers");
        let mut stems: Vec<String> =
            units.into_iter().map(|mut unit| unit.items.remove(0).content).collect();
        stems.sort_unstable();
        stems
    };
    import(&units).await;
    assert_eq!(stems(1).await.len(), 0, "drafts are not drawn");
    assert_eq!(approve().await, 3);
    let first = stems(1).await;
    assert_eq!(first.len(), 3);
    // Two imports before the next approval: of one unit the second says the last word.
    for content in ["{\"stem\":\"!one\"}", "{\"stem\":\"!two\"}"] {
        units[0].items[0].content = content.to_owned();
        units[0].content_hash = content.as_bytes().to_vec();
        assert_eq!(import(&units).await.added, units[0].items.len());
    }
    assert_eq!(approve().await, 1, "two versions of one unit");
    assert_eq!(stems(1).await, first, "what was published does not change");
    let second = stems(2).await;
    assert_eq!(second.len(), 3);
    assert!(second.contains(&units[0].items[0].content), "{second:?}");
    let row = desk.store.bank_list().await.expect("it answers");
    let row = row.into_iter().find(|row| row.bank_id == bank).expect("is there");
    let items: usize = units.iter().map(|unit| unit.items.len()).sum();
    assert_eq!((row.revision, row.approved_items, row.draft_items), (2, items as i64, 0));
    assert_eq!(import(&units).await.added, 0);
    let nothing = desk.store.bank_approve(bank, None, approver.staff_id, now, &entry).await;
    assert!(matches!(nothing, Err(StoreError::Refused(_))), "{nothing:?}");
}

pub async fn a_changed_audit_row_is_found(kind: Kind) {
    let Some(fixture) = fixture(kind, 0).await else { return };
    let desk = &fixture.desk;
    for number in 0..5 {
        let entry = desk.audit(None, "test.act", number, &number);
        desk.store.audit_append(&entry).await.expect("it is written");
    }
    let later = desk.now() + Span::from_minutes(1);
    desk.store.audit_seal(later).await.expect("it is sealed");
    let sealed = audit::verify(desk).await.expect("the chain is whole").sealed;
    assert!(sealed >= 5, "{sealed}");
    for tamper in [
        "UPDATE audit SET reason = 'changed' WHERE audit_no = 3",
        "UPDATE audit SET reason = 'command line' WHERE audit_no = 3",
        "DELETE FROM audit WHERE audit_no = (SELECT max(audit_no) FROM audit)",
    ] {
        bank::execute(&desk.store, tamper).await;
        let found = audit::verify(desk).await;
        let restored = tamper.contains("command line");
        assert_eq!(found.is_ok(), restored, "{tamper}: {found:?}");
    }
}

pub async fn a_restored_backup_is_the_same(kind: Kind) {
    let Some(server) = Server::start(kind).await else { return };
    let phone = server.candidate();
    let attempt_id = phone.start(server.exam.id).await;
    phone.connect(&attempt_id).await.save(1, 1, &["a"]).await;
    let settings = server::settings(&server.database);
    let file = server.database.folder.path().join("backup");
    let made = backup::backup(&settings, &file).await.expect("a backup beside the server");
    assert!(made.bytes > 0);
    let again = backup::backup(&settings, &file).await;
    assert!(again.is_err(), "a backup is never overwritten");
    let target = match kind {
        Kind::Sqlite => {
            let path = server.database.folder.path().join("restored.db");
            format!("sqlite:{}", path.display())
        }
        Kind::Postgres => Database::fresh(kind).await.expect("a cluster").url.clone(),
    };
    let target = Settings { database: Some(target), ..settings };
    let restored = backup::restore(&target, &file).await.expect("it can be restored");
    assert_eq!(restored.attempts_verified, 1);
    let copy = Desk::open(&target).await.expect("the copy opens");
    let shown = attempt::show(&copy, &attempt_id).await.expect("the attempt is there");
    assert_eq!(shown.state.responses[&1], ["a"]);
    let mut bytes = std::fs::read(&file).expect("the backup can be read");
    // From where a page begins: what no row uses may change without harm.
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 512].fill(0x5a);
    let damaged = server.database.folder.path().join("damaged");
    std::fs::write(&damaged, bytes).expect("it can be written");
    let into = match kind {
        Kind::Sqlite => {
            let path = server.database.folder.path().join("never.db");
            format!("sqlite:{}", path.display())
        }
        Kind::Postgres => Database::fresh(kind).await.expect("a cluster").url.clone(),
    };
    let into = Settings { database: Some(into), ..target };
    assert!(backup::restore(&into, &damaged).await.is_err(), "a damaged backup is refused");
    server.running.stop().await;
}

pub async fn rehearsal_candidates_leave_nothing_behind(kind: Kind) {
    let Some(server) = Server::start(kind).await else { return };
    let phone = server.candidate();
    let attempt_id = phone.start(server.exam.id).await;
    phone.connect(&attempt_id).await.save(1, 1, &["a"]).await;
    let desk = server::desk(&server.database).await;
    let cleared = rehearsal::clear(&desk, true).await.expect("they can be cleared");
    assert_eq!(cleared.candidates, 20);
    for table in ["attempt", "paper", "journal_frame", "checkpoint", "registration"] {
        let count = bank::count(&desk.store, table).await;
        assert_eq!(count, 0, "{table}");
    }
    let id = attempt_id.parse().expect("an id");
    let gone = desk.store.attempt_find(id, &Scope::All).await.expect("it answers");
    assert!(gone.is_none());
    server.running.stop().await;
}

pub async fn another_key_is_refused(kind: Kind) {
    let Some(fixture) = fixture(kind, 0).await else { return };
    let other = Settings {
        key: Some("ff00112233445566778899aabbccddeeff00112233445566778899aabbccddee".into()),
        ..server::settings(&fixture.database)
    };
    assert!(Desk::open(&other).await.is_err());
}
