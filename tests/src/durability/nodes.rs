//! Two server processes on one PostgreSQL, phones at any of them by socket and by HTTP: one is
//! killed, one is stopped and wakes when others have long taken over, and deadlines pass between.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use super::hall::{Habits, Phones};
use super::ledger::{frames_of, judge};
use super::room::{Room, verify};
use super::{Outcome, below, name_of, rng};
use crate::process::Process;
use crate::{Candidate, Kind};
use exam_core::session::Event;

/// How many candidates save all the time.
const CANDIDATES: usize = 20;

/// How many have started and do nothing: the servers close them by deadline.
const IDLE: usize = 10;

/// How many acknowledgements there are before and during each disturbance.
const ACKS_A_ROUND: u64 = 60;

/// The longest a node stands still: longer than phones wait, so all have gone elsewhere.
const STANDS_STILL_MS: u64 = 3_500;

const PATIENCE: Duration = Duration::from_secs(20);

/// The hour of the exam, the grace and the settling, and a second.
const PAST_CLOSING_MS: i64 = 3_600_000 + 5_000 + 2_000 + 1_000;

/// Within how long the nodes must have closed what is due.
const CLOSED_WITHIN: Duration = Duration::from_secs(10);

/// Disturbs two nodes `rounds` times; `None` where there is no PostgreSQL.
///
/// # Panics
/// When a promise other than the count of losses is broken.
pub async fn two_nodes(server: &Path, rounds: u32, seed: u64) -> Option<Outcome> {
    let began = Instant::now();
    let room = Room::prepare(Kind::Postgres, CANDIDATES + IDLE).await?;
    let mut nodes = [
        Process::start(server, &room.database).await,
        Process::start(server, &room.database).await,
    ];
    let addresses = [nodes[0].address, nodes[1].address];
    let mut idle = Vec::new();
    for token in &room.tokens[CANDIDATES..] {
        let candidate = Candidate::new(addresses[0], token.clone());
        idle.push(candidate.start(room.exam).await);
    }
    let habits = Habits { http_percent: 30, think: Duration::from_millis(2) };
    let tokens = &room.tokens[..CANDIDATES];
    let phones = Phones::at_work(&addresses, room.exam, tokens, habits, seed).await;
    let mut rng = rng(seed);
    let (mut kills, mut stops) = (0, 0);
    for _ in 0..rounds {
        phones.acknowledge(ACKS_A_ROUND, PATIENCE).await;
        let node = &mut nodes[usize::try_from(below(&mut rng, 2)).expect("two")];
        if below(&mut rng, 2) == 0 {
            node.kill().await;
            phones.acknowledge(ACKS_A_ROUND, PATIENCE).await;
            node.start_again().await;
            kills += 1;
        } else {
            let still = Duration::from_millis(500 + below(&mut rng, STANDS_STILL_MS));
            let stopped = Instant::now();
            node.signal("STOP").await;
            phones.acknowledge(ACKS_A_ROUND, PATIENCE).await;
            tokio::time::sleep(still.saturating_sub(stopped.elapsed())).await;
            node.signal("CONT").await;
            stops += 1;
        }
    }
    let hall = phones.finish().await;
    let closed_twice = close_at_once(&room, &mut nodes, &idle).await;
    let desk = room.desk().await;
    let judged = judge(&desk, &hall.ledger.copy()).await;
    desk.store.close().await;
    verify(server, &room.database.url).await;
    for mut node in nodes {
        assert_eq!(node.stop().await, Some(0), "it stops cleanly");
    }
    Some(Outcome {
        scenario: "two nodes, one killed or standing still",
        database: name_of(Kind::Postgres),
        size: format!("{kills} kills, {stops} nodes stopped and woken"),
        acknowledgements: judged.acknowledged,
        lost: judged.wrong() + closed_twice,
        seconds: began.elapsed().as_secs_f64(),
        seed,
        notes: format!("{IDLE} attempts closed by deadline while a node stood still"),
    })
}

/// Lets the deadline of `idle` pass on both nodes while one of them stands still, and returns how
/// many were not closed exactly once.
async fn close_at_once(room: &Room, nodes: &mut [Process; 2], idle: &[String]) -> u64 {
    // Both are due to close everything; the first one stops in the middle of it.
    turn(nodes[0].address).await;
    nodes[0].signal("STOP").await;
    turn(nodes[1].address).await;
    let desk = room.desk().await;
    let began = Instant::now();
    let mut woken = false;
    loop {
        let mut wrong = 0;
        let mut open = 0;
        for attempt in idle {
            let frames = frames_of(&desk, attempt).await;
            let closed = |event: &&Event| matches!(event, Event::Closed { .. });
            let closings = frames.iter().flat_map(|frame| &frame.events).filter(closed).count();
            open += u64::from(closings == 0);
            wrong += u64::from(closings > 1);
        }
        if open == 0 && !woken {
            nodes[0].signal("CONT").await;
            woken = true;
            // The woken one finds its own closings lost; it has a while to try.
            tokio::time::sleep(Duration::from_secs(2)).await;
        } else if open == 0 {
            desk.store.close().await;
            return wrong;
        }
        assert!(began.elapsed() < CLOSED_WITHIN, "{open} attempts are not closed");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn turn(node: std::net::SocketAddr) {
    let url = format!("http://{node}/test/clock");
    let body = json!({ "forward_ms": PAST_CLOSING_MS });
    let reply = crate::client::http().request(Method::POST, url).json(&body).send().await;
    assert!(reply.expect("a reply").status().is_success(), "the clock can be turned");
}
