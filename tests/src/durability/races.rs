//! Submit ∥ save ∥ deadline ∥ staff, all at the same moment: one end, one receipt, and a score
//! that is the fold of the journal.
//!
//! The racers share nothing but the database: a phone on a socket, the same phone over HTTP, a
//! member of staff, the closing workers, on PostgreSQL spread over two servers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use exam_core::ids::{AttemptId, StaffId};
use exam_core::session::{Command, Event};
use exam_core::time::Span;
use exam_server::app::App;
use exam_server::live::sitting::Sitting;
use exam_server::server::Running;
use exam_server::store::{AuditEntry, Scope};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::ledger::{Ledger, Save, judge};
use super::room::{Room, endless_exam, verify_here};
use super::{Outcome, below, name_of, rng};
use crate::bank::{self, count};
use crate::{Candidate, Database, Kind};

/// How many attempts race at once.
const AT_ONCE: usize = 20;

/// The time allowed, short so that many rounds fit into a sign-in's life.
const MINUTES: i64 = 1;

/// Closing happens at the deadline, the grace of 5 s and 2 s for settling.
const CLOSED_AFTER: Span = Span::from_ms(MINUTES * 60_000 + 7_000);

/// How long before that instant the racers start, so that some come before it and some after.
const BEFORE: Span = Span::from_ms(250);

/// Within how long everything must have ended.
const ENDED_WITHIN: Duration = Duration::from_secs(10);

/// How long the database must have answered before anybody is closed.
const STEADY: Duration = Duration::from_millis(2_100);

/// Runs `races`; `None` where there is no PostgreSQL.
///
/// # Panics
/// When an attempt ends twice, has two receipts, or does not end.
pub async fn races(kind: Kind, races: u32, seed: u64) -> Option<Outcome> {
    let began = Instant::now();
    let room = short_room(kind).await?;
    let mut nodes = vec![room.serve().await];
    if kind == Kind::Postgres {
        nodes.push(room.serve().await);
    }
    tokio::time::sleep(STEADY).await;
    let http = crate::client::http();
    let ledger = Arc::new(Ledger::default());
    let mut rng = rng(seed);
    let mut run = 0;
    let mut ended_by = std::collections::BTreeMap::<String, u32>::new();
    while run < races {
        let at_deadline = below(&mut rng, 2) == 0;
        let mut racers = Vec::new();
        let started = Instant::now();
        for token in room.tokens.iter().take((races - run) as usize) {
            let node = |rng: &mut _| below(rng, nodes.len() as u64) as usize;
            let pick = [node(&mut rng), node(&mut rng), node(&mut rng)];
            let candidate =
                Candidate::with_client(http.clone(), nodes[pick[0]].address, token.clone());
            let attempt = candidate.start(room.exam).await;
            racers.push(Race {
                candidate,
                attempt,
                http_at: nodes[pick[1]].address,
                staff_at: nodes[pick[2]].app.clone(),
                staff: below(&mut rng, 4),
                delays: [0; 4].map(|_| Duration::from_millis(below(&mut rng, 2 * 250))),
                at_deadline,
                ledger: Arc::clone(&ledger),
            });
        }
        run += u32::try_from(racers.len()).expect("few");
        if at_deadline {
            let passed = i64::try_from(started.elapsed().as_millis()).expect("short");
            turn(&nodes, Span::from_ms(CLOSED_AFTER.as_ms() - passed - BEFORE.as_ms())).await;
        }
        let tasks: Vec<_> = racers.into_iter().map(|race| tokio::spawn(race.run())).collect();
        for task in tasks {
            let by = task.await.expect("a race ends as it must");
            *ended_by.entry(by).or_default() += 1;
        }
    }
    let desk = room.desk().await;
    let judged = judge(&desk, &ledger.copy()).await;
    verify_here(&desk).await;
    assert_eq!(count(&desk.store, "result").await, i64::from(races), "one result each");
    desk.store.close().await;
    for node in nodes {
        node.stop().await;
    }
    Some(Outcome {
        scenario: "submit ∥ save ∥ deadline ∥ staff",
        database: name_of(kind),
        size: format!("{races} races"),
        acknowledgements: judged.acknowledged,
        // Two ways of one phone race each other here, so its numbers may come out of order.
        lost: judged.lost + judged.doubled + judged.closed_twice,
        seconds: began.elapsed().as_secs_f64(),
        seed,
        notes: format!("ended by {ended_by:?}; one end, one receipt, scored again alike each"),
    })
}

/// A room whose exam lasts a minute.
async fn short_room(kind: Kind) -> Option<Room> {
    let database = Database::fresh(kind).await?;
    let desk = crate::server::desk(&database).await;
    let definition = endless_exam()
        .replace("time_allowed_minutes = 60", &format!("time_allowed_minutes = {MINUTES}"));
    let exam = bank::publish(&desk, &definition).await.id;
    let tokens = bank::candidates(&desk, exam, AT_ONCE).await;
    desk.store.close().await;
    Some(Room { database, exam, tokens })
}

async fn turn(nodes: &[Running], forward: Span) {
    for node in nodes {
        let turned = exam_server::routes::turn_clock(&node.app, forward).await;
        turned.expect("the clock can be turned");
    }
}

struct Race {
    candidate: Candidate,
    attempt: String,
    http_at: SocketAddr,
    staff_at: App,
    /// 0: nobody, 1: void, others: end.
    staff: u64,
    delays: [Duration; 4],
    at_deadline: bool,
    ledger: Arc<Ledger>,
}

impl Race {
    /// Returns what closed the attempt.
    async fn run(self) -> String {
        let (socket, over_http, submitted, ()) = tokio::join!(
            self.save_by_socket(),
            self.save_by_http(),
            self.submit(),
            self.act_as_staff(),
        );
        self.ledger.note(&self.attempt, socket.into_iter().chain(over_http));
        let result = self.result().await;
        if let Some(receipt) = submitted {
            assert_eq!(receipt, result["receipt"], "one receipt");
        }
        let again = self.submit_now(&self.candidate.at(self.http_at)).await;
        assert_eq!(again.expect("once closed, a submit is answered"), result["receipt"]);
        let app = &self.staff_at;
        let frames = frames_of_app(app, &self.attempt).await;
        let events: Vec<&Event> = frames.iter().flat_map(|frame| &frame.events).collect();
        let closings = events.iter().filter(|event| matches!(event, Event::Closed { .. })).count();
        assert_eq!(closings, 1, "one end: {events:?}");
        let after =
            events.iter().skip_while(|event| !matches!(event, Event::Closed { .. })).skip(1);
        for event in after {
            assert!(matches!(event, Event::Voided { .. }), "nothing after the end: {event:?}");
        }
        result["by"].as_str().expect("a name").to_owned()
    }

    fn saves(&self, from: u64, slots: std::ops::RangeInclusive<u16>) -> Vec<Save> {
        let save = |(n, slot)| Save { n, slot, option: "a", mark: 0, refused_once: false };
        (from..).zip(slots).map(save).collect()
    }

    /// Four saves on a socket that was opened in time.
    async fn save_by_socket(&self) -> Vec<Save> {
        let Ok(mut socket) = self.candidate.upgrade(&self.attempt).await else { return Vec::new() };
        let open = json!({ "t": "open", "device": self.candidate.device, "take_over": false });
        if socket.send_raw(text(&open)).await.is_err() {
            return Vec::new();
        }
        tokio::time::sleep(self.delays[0]).await;
        let saves = self.saves(11, 1..=4);
        for save in &saves {
            if socket.send_raw(text(&message(save))).await.is_err() {
                break;
            }
        }
        let (mut acked, mut nacked) = (0, Vec::new());
        while acked < 14 && nacked.len() < 4 {
            let Ok(Ok(reply)) = timeout(Duration::from_secs(2), socket.next()).await else { break };
            match reply["t"].as_str() {
                Some("ack") => acked = reply["n"].as_u64().expect("a number"),
                Some("nack") => nacked.push(reply["n"].as_u64().expect("a number")),
                Some("closed") => break,
                _ => {}
            }
        }
        saves.into_iter().filter(|save| save.n <= acked && !nacked.contains(&save.n)).collect()
    }

    /// Four saves over HTTP.
    async fn save_by_http(&self) -> Vec<Save> {
        tokio::time::sleep(self.delays[1]).await;
        let candidate = self.candidate.at(self.http_at);
        let saves = self.saves(21, 5..=8);
        let events: Vec<Value> = saves.iter().map(message).collect();
        let (status, reply) = candidate.events(&self.attempt, json!(events)).await;
        if status != StatusCode::OK {
            return Vec::new();
        }
        let acked = reply["acked"].as_u64().unwrap_or(0);
        let nacks = reply["nacks"].as_array().expect("a list");
        let nacked = |save: &Save| nacks.iter().any(|nack| nack["n"] == save.n);
        saves.into_iter().filter(|save| save.n <= acked && !nacked(save)).collect()
    }

    /// Hands in, and returns the receipt.
    async fn submit(&self) -> Option<Value> {
        tokio::time::sleep(self.delays[2]).await;
        self.submit_now(&self.candidate).await
    }

    async fn submit_now(&self, candidate: &Candidate) -> Option<Value> {
        let body = json!({ "device": candidate.device, "n": 50, "events": [] });
        let path = format!("/attempts/{}/submit", self.attempt);
        let (status, reply) = candidate.post(&path, body).await;
        (status == StatusCode::OK).then(|| reply["receipt"].clone())
    }

    /// Ends or voids the attempt, through a session loaded for it alone.
    async fn act_as_staff(&self) {
        tokio::time::sleep(self.delays[3]).await;
        let by = StaffId::from_uuid(uuid::Uuid::from_u128(1));
        let reason = "竞态测试".to_owned();
        let command = match self.staff {
            0 => return,
            1 => Command::Void { by, reason },
            // The deadline has the attempt to itself half of the time.
            _ if self.at_deadline && self.staff == 2 => return,
            _ => Command::End { by, reason },
        };
        let app = &self.staff_at;
        let id: AttemptId = self.attempt.parse().expect("an id");
        let found = app.store.attempt_find(id, &Scope::All).await.expect("it answers");
        let found = Arc::new(found.expect("it exists"));
        let sitting = Sitting::load(app, found).await.expect("it loads");
        let audit = AuditEntry {
            at: app.clock.now(),
            actor: by.to_string(),
            action: "attempt.race".to_owned(),
            object: self.attempt.clone(),
            reason: "竞态测试".to_owned(),
            before: String::new(),
            after: String::new(),
        };
        // A refusal is an answer: somebody was first.
        let _ = sitting.expect("a journal").command(app, &command, Some(&audit.into())).await;
    }

    /// The result, the same on both ways.
    async fn result(&self) -> Value {
        let path = format!("/attempts/{}/result", self.attempt);
        let there = self.candidate.at(self.http_at);
        let began = Instant::now();
        loop {
            let (status, here) = self.candidate.request(Method::GET, &path, None).await;
            if status == StatusCode::OK {
                let (_, other) = there.request(Method::GET, &path, None).await;
                assert_eq!(here["receipt"], other["receipt"], "one receipt on every node");
                return here;
            }
            assert!(began.elapsed() < ENDED_WITHIN, "{}: {status} {here}", self.attempt);
            if began.elapsed() > Duration::from_secs(2) && !self.at_deadline {
                // Everything was refused for now: nobody closed it, so the phone asks again.
                let _ = self.submit_now(&self.candidate).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn frames_of_app(app: &App, attempt: &str) -> Vec<exam_core::session::Frame> {
    let id: AttemptId = attempt.parse().expect("an id");
    let found = app.store.attempt_find(id, &Scope::All).await.expect("it answers");
    let key = found.expect("it exists").key;
    let frames = app.store.journal_frames(key, exam_core::session::Seq(0)).await;
    let frames = frames.expect("it answers");
    frames.iter().map(|(_, body)| serde_json::from_str(body).expect("a frame")).collect()
}

fn message(save: &Save) -> Value {
    json!({ "t": "save", "n": save.n, "slot": save.slot, "response": [save.option] })
}

fn text(message: &Value) -> tokio_tungstenite::tungstenite::Message {
    tokio_tungstenite::tungstenite::Message::text(message.to_string())
}
