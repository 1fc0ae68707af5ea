//! Many candidates through the real protocol, from sign-in to the result, and every acknowledged
//! answer checked against what the server kept.

mod candidate;
pub mod check;
mod habits;
mod page;
mod phone;
mod report;
mod uploads;
mod watch;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use exam_core::ids::ExamId;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::drive::{Talk, drive};
use crate::echo::Echo;
use crate::recorder::{Recorder, Wait};
use crate::usage::{Usage, resident_kib};
use candidate::{Candidate, Story};

pub use habits::{Arrival, Habits};
pub use report::{Floor, Limits, Report, Told};
pub use watch::{Second, process_at};

/// How somebody gets in.
#[derive(Clone, Debug)]
pub enum Identity {
    /// With the token of `rehearsal create`.
    Token(String),
    /// With an account.
    Account {
        /// The ID number.
        id_number: String,
        /// The password.
        password: String,
    },
}

/// What to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The server, on this machine.
    pub address: SocketAddr,
    /// The exam.
    pub exam: ExamId,
    /// One a candidate.
    pub identities: Vec<Identity>,
    /// Over how long they arrive.
    pub arrive_within: Duration,
    /// How they are spread over it.
    pub arrival: Arrival,
    /// When all start at once, since the beginning; without it, as soon as each is in.
    pub start_at: Option<Duration>,
    /// How each behaves.
    pub habits: Habits,
    /// What chance grows from.
    pub seed: u64,
    /// The bare echo to stand beside, as a program with its arguments; none to do without.
    pub echo: Option<Vec<String>>,
}

/// Runs the plan to its end.
///
/// # Errors
/// For an address that is not of this machine, or an echo that does not start.
pub async fn run(plan: Plan) -> anyhow::Result<Report> {
    crate::wire::check_address(plan.address)?;
    let plan = Arc::new(plan);
    let count = plan.identities.len();
    let pid = process_at(plan.address);
    let floor = match &plan.echo {
        Some(program) => Some(floor(program, count, &plan.habits).await?),
        None => None,
    };
    let recorder = Arc::new(Recorder::default());
    let seconds = Arc::new(Mutex::new(Vec::new()));
    let watching = tokio::spawn(watch::watch(pid, Arc::clone(&recorder), Arc::clone(&seconds)));
    let before = pid.map(Usage::of).unwrap_or_default();
    let before_kib = pid.map_or(0, resident_kib);
    let began = Instant::now();
    let camera = uploads::Shared::default();
    let mut sitting = JoinSet::new();
    for place in 0..count {
        let recorder = Arc::clone(&recorder);
        let candidate = Candidate::new(place, Arc::clone(&plan), recorder, camera.clone(), began);
        sitting.spawn(candidate.sit());
    }
    let mut told = Told::default();
    while let Some(story) = sitting.join_next().await {
        told.add(story.unwrap_or_else(|panicked| Story {
            error: Some(panicked.to_string()),
            ..Story::default()
        }));
    }
    let took = began.elapsed();
    watching.abort();
    let used = pid.map(Usage::of).unwrap_or_default() - before;
    let seconds = std::mem::take(&mut *seconds.lock().expect("no holder panics"));
    let peak_mib = seconds.iter().map(|second: &Second| second.resident_mib).fold(0.0, f64::max);
    Ok(Report {
        candidates: count,
        seed: plan.seed,
        habits: plan.habits,
        arrival: plan.arrival,
        took_s: took.as_secs_f64(),
        waits: Wait::ALL.map(|wait| (wait, recorder.all(wait).summary())).to_vec(),
        curves: Wait::ALL.map(|wait| (wait, recorder.all(wait).curve())).to_vec(),
        told,
        server_found: pid.is_some(),
        server_cpu_s: used.cpu.as_secs_f64(),
        server_written_bytes: used.written,
        server_before_mib: before_kib as f64 / 1_024.0,
        server_peak_mib: peak_mib,
        seconds,
        floor,
    })
}

/// How many connections the echo gets at the most: beyond it its figures do not change.
const ECHO_CONNECTIONS_MAX: usize = 5_000;

/// For how long the echo is asked.
const ECHO_FOR: Duration = Duration::from_secs(5);

/// What a bare echo takes for the same number of messages a second: the least that anything can.
async fn floor(program: &[String], candidates: usize, habits: &Habits) -> anyhow::Result<Floor> {
    let echo = Echo::start(program).await?;
    let count = candidates.clamp(1, ECHO_CONNECTIONS_MAX);
    // As many messages a second as the candidates send, over fewer connections if need be.
    let pace = habits.save_every.mul_f64(count as f64 / candidates.max(1) as f64);
    let wires = echo.connect(count).await?;
    let usage = Usage::of(echo.id());
    let driven = drive(wires, vec![0; count], Talk::Echo, Some(pace), ECHO_FOR).await;
    let used = Usage::of(echo.id()) - usage;
    let latency = driven.latencies.summary();
    Ok(Floor {
        messages: latency.count,
        p50_ms: latency.p50_ms,
        p99_ms: latency.p99_ms,
        cpu_us: used.cpu.as_secs_f64() * 1e6 / latency.count.max(1) as f64,
    })
}
