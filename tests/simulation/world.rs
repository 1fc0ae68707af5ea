//! Nodes, phones, and the time they share.
//!
//! Every node has a runtime of one thread that runs only while this file lets it: a node that is
//! not let run stands still as under SIGSTOP, and one whose runtime is dropped is dead.

mod operate;

use std::path::Path;

use axum::Router;
use exam_core::ids::AttemptId;
use exam_core::time::{Span, Timestamp};
use exam_server::clock::Clock;
use exam_server::config::Settings;
use exam_server::server::{Options, Running, start_with};
use exam_server::store::Store;
use exam_server::{routes, serve};
use exam_tests::server::KEY;
use tokio::io::DuplexStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use super::link::{self, Inbox, Order};
use super::op::Dice;
use super::phone::{Phone, Wish};
use operate::Undo;

/// The longest that time passes at once: less than any timer of the server that matters.
const CHUNK_MS: u64 = 1_000;

/// How long a request may take.
const ANSWERED_WITHIN_MS: i64 = 10_000;

/// How many bytes a pipe holds.
const PIPE_BYTES: usize = 64 * 1024;

/// How often everything may have had its turn until nothing moves any more. A history that does
/// not come to rest is a failure of its own.
const ROUNDS_MAX: usize = 100_000;

struct Node {
    runtime: Runtime,
    running: Running,
    router: Router,
    clock: Clock,
    stopped: bool,
}

/// A stretch of time in which no node gave a sign of life that reached the database.
#[derive(Clone, Copy, Debug)]
pub struct Silence {
    pub from: i64,
    pub to: i64,
    /// Whether one fault followed another in it: what lies between them is an outage only if it is
    /// long enough by itself.
    pub joined: bool,
}

pub struct World {
    settings: Settings,
    pub now: i64,
    wall_step: i64,
    nodes: Vec<Option<Node>>,
    away: Vec<bool>,
    stalled: Vec<bool>,
    outside: Runtime,
    pub phones: Vec<Phone>,
    pub attempts: Vec<AttemptId>,
    undos: Vec<(i64, Undo)>,
    dice: Dice,
    /// Since when no node can give a sign of life.
    silent_since: Option<(i64, bool)>,
    pub silences: Vec<Silence>,
    /// Whether the wall clock was set, which a node that starts alone goes by.
    pub wall_was_moved: bool,
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn let_run(runtime: &Runtime, turns: u64) {
    runtime.block_on(async {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    });
}

impl World {
    /// Starts `nodes` on the database at `path`, at `now`; candidates sit at the exam.
    pub fn begin(path: &Path, now: i64, nodes: usize, seed: u64) -> Self {
        let settings = Settings {
            database: Some(format!("sqlite:{}", path.display())),
            listen: Some("127.0.0.1:0".to_owned()),
            key: Some(KEY.to_owned()),
            ..Settings::default()
        };
        let mut world = Self {
            settings,
            now,
            wall_step: 0,
            nodes: (0..nodes).map(|_| None).collect(),
            away: vec![false; nodes],
            stalled: vec![false; nodes],
            outside: runtime(),
            phones: Vec::new(),
            attempts: Vec::new(),
            undos: Vec::new(),
            dice: Dice::new(seed ^ 0x5eed),
            silent_since: None,
            silences: Vec::new(),
            wall_was_moved: false,
        };
        (0..nodes).for_each(|node| world.start(node));
        world
    }

    fn start(&mut self, node: usize) {
        if self.nodes[node].is_some() {
            return;
        }
        // One node of its own machine starts by the wall clock; several go by one another's.
        let alone = self.nodes.len() == 1;
        let now = self.now + if alone { self.wall_step } else { 0 };
        let clock = Clock::standing_at(Timestamp::from_ms(now));
        if !alone {
            clock.step_wall(self.wall_step);
        }
        let runtime = runtime();
        let options = Options { clock: Some(clock.clone()), ..Options::default() };
        let running = runtime
            .block_on(start_with(&self.settings, || panic!("a sync failed"), options))
            .expect("the node starts");
        let router = runtime.block_on(async { routes::router(running.app.clone()) });
        self.nodes[node] = Some(Node { runtime, running, router, clock, stopped: false });
        (self.away[node], self.stalled[node]) = (false, false);
        self.note_silence();
    }

    fn kill(&mut self, node: usize) {
        if let Some(node) = self.nodes[node].take() {
            let Node { runtime, running, router, .. } = node;
            runtime.shutdown_background();
            drop((running, router));
        }
        for phone in self.phones.iter_mut().filter(|phone| phone.node == node) {
            phone.forgotten.clear();
        }
        self.note_silence();
    }

    /// Keeps the book of times in which nobody could save.
    fn note_silence(&mut self) {
        let silent = (0..self.nodes.len()).all(|place| {
            self.away[place]
                || self.stalled[place]
                || self.nodes[place].as_ref().is_none_or(|node| node.stopped)
        });
        match (self.silent_since, silent) {
            (None, true) => self.silent_since = Some((self.now, false)),
            (Some((from, joined)), false) => {
                self.silences.push(Silence { from, to: self.now, joined });
                self.silent_since = None;
            }
            (Some((from, _)), true) => self.silent_since = Some((from, true)),
            (None, false) => {}
        }
    }

    pub fn store(&self) -> Store {
        let node = self.nodes.iter().flatten().next().expect("a node runs");
        node.running.app.store.clone()
    }

    /// Runs something of the checker's beside the first node.
    pub fn ask<T>(&self, work: impl Future<Output = T>) -> T {
        self.nodes.iter().flatten().next().expect("a node runs").runtime.block_on(work)
    }

    pub fn clock(&self) -> Clock {
        self.nodes.iter().flatten().next().expect("a node runs").clock.clone()
    }

    /// A pipe to a node; `None` where nothing listens there.
    fn dial(&self, node: usize) -> Option<DuplexStream> {
        let node = self.nodes[node].as_ref()?;
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        let app = &node.running.app;
        let peer = "127.0.0.1:9".parse().expect("an address");
        let served = serve::serve_http(theirs, peer, node.router.clone(), app.stopping.clone());
        node.runtime.spawn(app.connections.track_future(async move {
            let _ = served.await;
        }));
        Some(ours)
    }

    /// Lets everybody run until nothing moves.
    pub fn settle(&mut self) {
        let (mut quiet, mut rounds) = (0, 0);
        while quiet < 3 {
            rounds += 1;
            assert!(rounds < ROUNDS_MAX, "it does not come to rest");
            let first = self.dice.below(self.nodes.len() as u64) as usize;
            let mut busy = false;
            for place in 0..self.nodes.len() {
                let place = (first + place) % self.nodes.len();
                let turns = 1 + self.dice.below(6);
                if let Some(node) = self.nodes[place].as_ref().filter(|node| !node.stopped) {
                    let_run(&node.runtime, turns);
                    busy |= node.running.app.store.is_busy();
                }
            }
            let_run(&self.outside, 2);
            busy |= self.step_phones();
            if busy {
                std::thread::yield_now(); // SQLite's own threads work.
                quiet = 0;
            } else {
                quiet += 1;
            }
        }
    }

    fn step_phones(&mut self) -> bool {
        let mut busy = false;
        for place in 0..self.phones.len() {
            let (now, nodes) = (self.now, self.nodes.len());
            let (moved, wishes) = self.phones[place].step(now, nodes);
            busy |= moved;
            for wish in wishes {
                self.grant(place, wish);
            }
        }
        busy
    }

    fn grant(&mut self, place: usize, wish: Wish) {
        let pipe = self.dial(self.phones[place].node);
        let (now, nodes) = (self.now, self.nodes.len());
        let phone = &mut self.phones[place];
        let (attempt, token) = (phone.attempt.clone(), phone.token.clone());
        match (wish, pipe) {
            (Wish::Connect, None) => {
                phone.node = (phone.node + 1) % nodes;
                phone.hang_up(now, 1_000, false);
            }
            (Wish::Connect, Some(pipe)) => {
                let (orders, queue) = mpsc::unbounded_channel::<Order>();
                let inbox = Inbox::default();
                phone.connected(orders, inbox.clone(), now);
                self.outside.spawn(link::socket(pipe, attempt, token, queue, inbox));
            }
            (Wish::Post { .. }, None) => phone.wish_request(now + 1_000),
            (Wish::Post { path, body, brought }, Some(pipe)) => {
                let inbox = phone.requests.clone();
                self.outside.spawn(link::request(pipe, path, token, body, brought, inbox));
            }
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, ms: i64) {
        let end = self.now + ms;
        loop {
            self.settle();
            if self.now >= end {
                return;
            }
            let chunk = 1 + self.dice.below(CHUNK_MS) as i64;
            let due = self.undos.iter().map(|(at, _)| *at).min().unwrap_or(i64::MAX);
            let next = end.min(self.now + chunk).min(due.max(self.now + 1));
            self.turn(next - self.now);
            self.undo_due();
        }
    }

    fn turn(&mut self, ms: i64) {
        self.now += ms;
        for node in self.nodes.iter().flatten() {
            node.clock.turn(Span::from_ms(ms));
        }
    }

    /// The phone that a candidate holds in the hand.
    pub fn phone(&mut self, candidate: usize) -> &mut Phone {
        let newest = |phone: &&mut Phone| phone.candidate == candidate;
        self.phones.iter_mut().rev().find(newest).expect("every candidate has a phone")
    }

    /// Sends a request and waits for the answer.
    pub fn post(&mut self, path: &str, token: &str, body: serde_json::Value) -> serde_json::Value {
        let pipe = self.dial(0).expect("the first node runs");
        let inbox = Inbox::default();
        let (path, token) = (path.to_owned(), token.to_owned());
        self.outside.spawn(link::request(pipe, path, token, body, Vec::new(), inbox.clone()));
        for _ in 0..ANSWERED_WITHIN_MS / 10 {
            self.settle();
            match inbox.lock().expect("nobody panics with it").pop_front() {
                Some(link::Incoming::Answer { body, .. }) => return body,
                None => self.turn(10), // Starts gather for a moment.
                other => panic!("no answer: {other:?}"),
            }
        }
        panic!("no answer within {ANSWERED_WITHIN_MS} ms");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        (0..self.nodes.len()).for_each(|node| self.kill(node));
    }
}
