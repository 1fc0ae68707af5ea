//! Pulling the plug: whatever was acknowledged is there afterwards.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use exam_tests::process::{Process, command};
use exam_tests::{Candidate, Database, Kind, bank, server};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use reqwest::StatusCode;
use serde_json::json;
use tokio::time::Instant;

/// The released program's own main.
const SERVER: &str = env!("CARGO_BIN_EXE_exam-server-under-test");

/// How often the plug is pulled here; the long suite pulls it a thousand times.
const KILLS: u32 = 50;

/// How many candidates save all the time.
const CANDIDATES: usize = 24;

/// How many acknowledgements there are at least between two kills.
const ACKS_A_KILL: u64 = 50;

/// How many saves a phone has under way at once.
const IN_FLIGHT: usize = 4;

mod acknowledged_answers_survive_random_kills {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        super::acknowledged_answers_survive_random_kills(exam_tests::Kind::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        super::acknowledged_answers_survive_random_kills(exam_tests::Kind::Postgres).await;
    }
}

/// A phone that saves until it is told to stop, and remembers what was acknowledged.
struct Phone {
    candidate: Candidate,
    attempt: String,
    rng: ChaCha20Rng,
    next_n: u64,
    /// Saves under way, in order: n, slot, option.
    pending: VecDeque<(u64, u64, &'static str)>,
    /// The newest acknowledged response of each slot.
    acknowledged: BTreeMap<u64, &'static str>,
    acks: Arc<AtomicU64>,
    done: Arc<AtomicBool>,
}

impl Phone {
    /// Saves until all is acknowledged after `done`; reconnects whenever the server is back.
    async fn run(mut self) -> Self {
        while !(self.done.load(Ordering::Relaxed) && self.pending.is_empty()) {
            if self.sit().await.is_err() {
                tokio::time::sleep(Duration::from_millis(20 + u64::from(self.rng.next_u32() % 60)))
                    .await;
            }
        }
        self
    }

    /// One connection, to its end.
    async fn sit(&mut self) -> Result<(), ()> {
        let mut socket = self.candidate.upgrade(&self.attempt).await.map_err(drop)?;
        let open = json!({ "t": "open", "device": self.candidate.device, "take_over": false });
        socket.send_raw(text(&open)).await.map_err(drop)?;
        if socket.next().await.map_err(drop)?["t"] != "state" {
            return Err(());
        }
        for save in self.pending.clone() {
            socket.send_raw(text(&message(save))).await.map_err(drop)?;
        }
        loop {
            while self.pending.len() < IN_FLIGHT && !self.done.load(Ordering::Relaxed) {
                let save = self.choose();
                self.pending.push_back(save);
                socket.send_raw(text(&message(save))).await.map_err(drop)?;
            }
            if self.pending.is_empty() {
                return Ok(());
            }
            let reply = socket.next().await.map_err(drop)?;
            match reply["t"].as_str() {
                Some("ack") => self.acknowledge(reply["n"].as_u64().expect("a number")),
                Some("nack") => return Err(()), // Busy: connect again, and send all pending again.
                _ => {}
            }
        }
    }

    fn choose(&mut self) -> (u64, u64, &'static str) {
        let n = self.next_n;
        self.next_n += 1;
        let slot = u64::from(self.rng.next_u32() % 14) + 1;
        (n, slot, ["a", "b", "c", "d"][self.rng.next_u32() as usize % 4])
    }

    fn acknowledge(&mut self, up_to: u64) {
        while let Some(&(n, slot, option)) = self.pending.front()
            && n <= up_to
        {
            self.pending.pop_front();
            self.acknowledged.insert(slot, option);
            self.acks.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn message((n, slot, option): (u64, u64, &'static str)) -> serde_json::Value {
    json!({ "t": "save", "n": n, "slot": slot, "response": [option] })
}

fn text(message: &serde_json::Value) -> tokio_tungstenite::tungstenite::Message {
    tokio_tungstenite::tungstenite::Message::text(message.to_string())
}

async fn acknowledged_answers_survive_random_kills(kind: Kind) {
    let Some(database) = Database::fresh(kind).await else { return };
    let desk = server::desk(&database).await;
    let exam = bank::publish(&desk, bank::EXAM).await;
    let tokens = bank::candidates(&desk, exam.id, CANDIDATES).await;
    desk.store.close().await;
    let mut process = Process::start(SERVER, &database).await;

    let seed = exam_server::chance::random_bytes::<32>();
    eprintln!("seed {seed:?}");
    let mut rng = ChaCha20Rng::from_seed(seed);
    let (acks, done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut phones = Vec::new();
    for token in tokens {
        let candidate = Candidate::new(process.address, token);
        let attempt = candidate.start(exam.id).await;
        let mut own = [0; 32];
        rng.fill_bytes(&mut own);
        let phone = Phone {
            candidate,
            attempt,
            rng: ChaCha20Rng::from_seed(own),
            next_n: 1,
            pending: VecDeque::new(),
            acknowledged: BTreeMap::new(),
            acks: Arc::clone(&acks),
            done: Arc::clone(&done),
        };
        phones.push(tokio::spawn(phone.run()));
    }
    for _ in 0..KILLS {
        let before = acks.load(Ordering::Relaxed);
        let began = Instant::now();
        let at_least = Duration::from_millis(50 + u64::from(rng.next_u32() % 300));
        while acks.load(Ordering::Relaxed) < before + ACKS_A_KILL || began.elapsed() < at_least {
            assert!(began.elapsed() < Duration::from_secs(20), "too few acknowledgements");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        process.kill().await;
        process.start_again().await;
    }
    done.store(true, Ordering::Relaxed);

    let mut lost = 0;
    for phone in phones {
        let phone = phone.await.expect("a phone does not panic");
        let state = phone.candidate.get(&format!("/attempts/{}", phone.attempt)).await;
        for (slot, option) in &phone.acknowledged {
            lost += u32::from(state["responses"][slot.to_string()] != json!([option]));
        }
        let answered = phone.acknowledged.len();
        let body = json!({ "device": phone.candidate.device, "n": phone.next_n, "events": [] });
        let path = format!("/attempts/{}/submit", phone.attempt);
        let (status, reply) = phone.candidate.post(&path, body).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        assert_eq!(reply["receipt"]["answered"], answered, "{reply}");
    }
    eprintln!("{KILLS} kills, {} acknowledgements, {lost} lost", acks.load(Ordering::Relaxed));
    assert_eq!(lost, 0, "acknowledged answers were lost");
    let (code, said) = command(SERVER, &database.url, &["attempt", "verify"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(process.stop().await, Some(0), "it stops cleanly");
}
