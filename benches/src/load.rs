//! Many candidates at once.

use std::net::SocketAddr;
use std::time::Duration;

use exam_core::ids::ExamId;
use exam_tests::{Candidate, client};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::latency::{Latencies, Summary};
use crate::phone::{Experience, Habits, sit};

/// What to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The server, on this machine.
    pub address: SocketAddr,
    /// The exam.
    pub exam: ExamId,
    /// One token a candidate.
    pub tokens: Vec<String>,
    /// Over how long they arrive.
    pub arrive_within: Duration,
    /// How each behaves.
    pub habits: Habits,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// How many candidates.
    pub candidates: usize,
    /// How long it all took, in seconds.
    pub took_s: f64,
    /// Starting an attempt.
    pub start: Summary,
    /// From a save to its acknowledgement.
    pub ack: Summary,
    /// Handing in.
    pub submit: Summary,
    /// Acknowledged saves.
    pub acknowledged: usize,
    /// Acknowledged answers that the server did not have: must be zero.
    pub lost: usize,
    /// What went wrong, the first ten: must be empty.
    pub errors: Vec<String>,
}

/// Refuses to load anything but this machine.
///
/// # Errors
/// For an address that is not of the loopback range.
pub fn check_address(address: SocketAddr) -> anyhow::Result<()> {
    anyhow::ensure!(address.ip().is_loopback(), "{address} is not this machine: refused");
    Ok(())
}

/// Runs the plan to its end.
///
/// # Errors
/// For an address that is not of this machine.
pub async fn run(plan: Plan) -> anyhow::Result<Report> {
    check_address(plan.address)?;
    let http = client::http();
    let began = Instant::now();
    let mut sitting = Vec::new();
    let count = plan.tokens.len();
    for (number, token) in plan.tokens.into_iter().enumerate() {
        let candidate = Candidate::with_client(http.clone(), plan.address, token);
        let arrives = plan.arrive_within.mul_f64(number as f64 / count as f64);
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&(number as u64).to_be_bytes());
        let (exam, habits) = (plan.exam, plan.habits);
        sitting.push(tokio::spawn(async move {
            sleep(arrives).await;
            sit(candidate, exam, habits, ChaCha20Rng::from_seed(seed)).await
        }));
    }
    let mut all = Experience::default();
    for candidate in sitting {
        match candidate.await {
            Ok(experience) => add(&mut all, experience),
            Err(panicked) => all.errors.push(panicked.to_string()),
        }
    }
    all.errors.truncate(10);
    let summary = |latencies: &Latencies| latencies.summary();
    Ok(Report {
        candidates: count,
        took_s: began.elapsed().as_secs_f64(),
        start: summary(&all.starts),
        ack: summary(&all.acks),
        submit: summary(&all.submits),
        acknowledged: all.acknowledged,
        lost: all.lost,
        errors: all.errors,
    })
}

fn add(all: &mut Experience, one: Experience) {
    all.starts.merge(&one.starts);
    all.acks.merge(&one.acks);
    all.submits.merge(&one.submits);
    all.acknowledged += one.acknowledged;
    all.lost += one.lost;
    all.errors.extend(one.errors);
}

impl Report {
    /// Whether nothing was lost, nothing went wrong, and acknowledgements were fast enough.
    #[must_use]
    pub fn passes(&self, ack_p99_max_ms: f64) -> bool {
        self.lost == 0 && self.errors.is_empty() && self.ack.p99_ms <= ack_p99_max_ms
    }

    /// A table for people.
    #[must_use]
    pub fn to_table(&self) -> String {
        let row = |name: &str, s: &Summary| {
            format!(
                "{name:8} {:>8} {:>9.2} {:>9.2} {:>9.2} {:>9.2}\n",
                s.count, s.p50_ms, s.p90_ms, s.p99_ms, s.max_ms
            )
        };
        let mut table = format!(
            "{} candidates, {:.1} s, {} acknowledged, {} lost, {} errors\n{:8} {:>8} {:>9} {:>9} {:>9} {:>9}\n",
            self.candidates,
            self.took_s,
            self.acknowledged,
            self.lost,
            self.errors.len(),
            "",
            "count",
            "p50 ms",
            "p90 ms",
            "p99 ms",
            "max ms"
        );
        table += &row("start", &self.start);
        table += &row("ack", &self.ack);
        table += &row("submit", &self.submit);
        for error in &self.errors {
            table += &format!("error: {error}\n");
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loaded() {
        assert!(check_address("127.0.0.1:80".parse().expect("an address")).is_ok());
        for other in ["10.0.0.1:80", "192.168.1.1:80", "8.8.8.8:80", "0.0.0.0:80"] {
            assert!(check_address(other.parse().expect("an address")).is_err(), "{other}");
        }
    }
}
