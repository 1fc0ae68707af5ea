//! One simulated candidate: thinks, answers, changes its mind, loses the network, hands in.

use std::collections::BTreeMap;
use std::time::Duration;

use exam_core::ids::ExamId;
use exam_tests::{Candidate, Socket};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::latency::Latencies;

/// How long one reply may take before it counts as an error.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a candidate experienced.
#[derive(Debug, Default)]
pub struct Experience {
    /// Starting the attempt.
    pub starts: Latencies,
    /// From a save to its acknowledgement.
    pub acks: Latencies,
    /// Handing in.
    pub submits: Latencies,
    /// Acknowledged saves.
    pub acknowledged: usize,
    /// Acknowledged answers that the server does not have.
    pub lost: usize,
    /// What went wrong.
    pub errors: Vec<String>,
}

/// How a candidate behaves.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// The mean time between two saves.
    pub save_every: Duration,
    /// For how long it sits.
    pub sits_for: Duration,
    /// How many saves of a thousand are followed by a dropped connection.
    pub drops_per_mille: u32,
}

/// Sits one exam from start to hand-in.
pub async fn sit(
    candidate: Candidate,
    exam: ExamId,
    habits: Habits,
    rng: ChaCha20Rng,
) -> Experience {
    let mut phone = Phone { candidate, rng, habits, experience: Experience::default() };
    if let Err(error) = phone.sit(exam).await {
        phone.experience.errors.push(error.to_string());
    }
    phone.experience
}

struct Phone {
    candidate: Candidate,
    rng: ChaCha20Rng,
    habits: Habits,
    experience: Experience,
}

impl Phone {
    async fn sit(&mut self, exam: ExamId) -> anyhow::Result<()> {
        let began = Instant::now();
        let body = json!({ "notice_version": "1", "accepted": true });
        let path = format!("/exams/{exam}/attempts");
        let (status, started) = self.candidate.post(&path, body).await;
        anyhow::ensure!(status.is_success(), "start: {status} {started}");
        self.experience.starts.add(began.elapsed());
        let attempt = started["attempt_id"].as_str().unwrap_or_default().to_owned();
        let paper = self.candidate.get(&format!("/attempts/{attempt}/paper")).await;
        let slots = paper["slots"].as_array().map_or(0, Vec::len) as u32;
        anyhow::ensure!(slots > 0, "an empty paper");
        let mut socket = self.connect(&attempt).await?;
        let ends = Instant::now() + self.habits.sits_for;
        let mut answers: BTreeMap<u64, &str> = BTreeMap::new();
        let mut n = 0;
        while Instant::now() < ends {
            self.think().await;
            n += 1;
            let slot = u64::from(self.rng.next_u32() % slots) + 1;
            let option = ["a", "b", "c", "d"][self.rng.next_u32() as usize % 4];
            let save = json!({ "t": "save", "n": n, "slot": slot, "response": [option] });
            let began = Instant::now();
            socket.send(save).await;
            self.acknowledged(&mut socket, n).await?;
            self.experience.acks.add(began.elapsed());
            self.experience.acknowledged += 1;
            answers.insert(slot, option);
            if self.rng.next_u32() % 1_000 < self.habits.drops_per_mille {
                drop(socket);
                socket = self.connect(&attempt).await?;
            }
        }
        self.check(&attempt, &answers).await;
        self.hand_in(socket, n + 1, answers.len()).await
    }

    async fn connect(&self, attempt: &str) -> anyhow::Result<Socket> {
        let (socket, state) = self.candidate.connect_with(attempt, false).await;
        anyhow::ensure!(state["t"] == "state", "open: {state}");
        Ok(socket)
    }

    /// Thinks for between half and one and a half times the mean.
    async fn think(&mut self) {
        let mean = self.habits.save_every.as_millis() as u64;
        let ms = mean / 2 + u64::from(self.rng.next_u32()) % mean.max(1);
        sleep(Duration::from_millis(ms)).await;
    }

    async fn acknowledged(&self, socket: &mut Socket, n: u64) -> anyhow::Result<()> {
        let acked = async {
            loop {
                let reply = socket.next().await;
                let reply =
                    reply.map_err(|end| anyhow::anyhow!("the connection ended: {end:?}"))?;
                match reply["t"].as_str() {
                    Some("ack") if reply["n"].as_u64() >= Some(n) => return Ok(()),
                    Some("nack") => anyhow::bail!("nack: {reply}"),
                    _ => {}
                }
            }
        };
        timeout(PATIENCE, acked).await.map_err(|_| anyhow::anyhow!("no ack in time"))?
    }

    /// Compares every acknowledged answer with what the server has.
    async fn check(&mut self, attempt: &str, answers: &BTreeMap<u64, &str>) {
        let state = self.candidate.get(&format!("/attempts/{attempt}")).await;
        for (slot, option) in answers {
            if state["responses"][slot.to_string()] != json!([option]) {
                self.experience.lost += 1;
            }
        }
    }

    async fn hand_in(&mut self, mut socket: Socket, n: u64, answered: usize) -> anyhow::Result<()> {
        let began = Instant::now();
        socket.send(json!({ "t": "submit", "n": n })).await;
        let closed: Value = socket.expect("closed").await;
        self.experience.submits.add(began.elapsed());
        if closed["receipt"]["answered"] != answered {
            self.experience.lost += 1;
        }
        Ok(())
    }
}
