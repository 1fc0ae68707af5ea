//! What came of a load, as a table, as JSON, and against its limits.

use std::fmt::Write as _;

use serde::Serialize;

use super::candidate::Story;
use super::habits::{Arrival, Habits};
use super::watch::Second;
use crate::latency::Summary;
use crate::recorder::Wait;

/// How many errors are told.
const ERRORS_TOLD: usize = 10;

/// What all candidates together have to tell.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Told {
    /// Acknowledged saves.
    pub acknowledged: u64,
    /// Acknowledged answers that the server did not have: must be zero.
    pub lost: u64,
    /// Candidates whose result was checked.
    pub checked: u64,
    /// Reconnects after a lost network.
    pub reconnects: u64,
    /// Takeovers by another phone.
    pub takeovers: u64,
    /// Changes to HTTP.
    pub fallbacks: u64,
    /// Times the server asked for patience.
    pub busy: u64,
    /// The last place in the sign-in queue that anybody was told.
    pub queue_longest: u64,
    /// Photographs that were kept.
    pub photographs: u64,
    /// Of those, told to come again at first.
    pub photographs_busy: u64,
    /// Candidates for whom something went wrong: must be zero.
    pub failed: u64,
    /// What went wrong, the first ten.
    pub errors: Vec<String>,
}

impl Told {
    pub(super) fn add(&mut self, story: Story) {
        self.acknowledged += story.acknowledged;
        self.lost += story.lost;
        self.reconnects += story.reconnects;
        self.takeovers += story.takeovers;
        self.fallbacks += story.fallbacks;
        self.busy += story.busy;
        self.queue_longest = self.queue_longest.max(story.queue_longest);
        self.photographs += story.photographs.kept;
        self.photographs_busy += story.photographs.busy;
        match story.error {
            None => self.checked += 1,
            Some(error) => {
                self.failed += 1;
                if self.errors.len() < ERRORS_TOLD {
                    self.errors.push(error);
                }
            }
        }
    }
}

/// A bare echo of the same library and buffers, at the same pace.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Floor {
    /// Messages.
    pub messages: usize,
    /// Half were faster.
    pub p50_ms: f64,
    /// 99 of 100 were faster.
    pub p99_ms: f64,
    /// The echo's time on a core for a message.
    pub cpu_us: f64,
}

/// What came of a load.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// How many candidates.
    pub candidates: usize,
    /// What chance grew from.
    pub seed: u64,
    /// How each behaved.
    pub habits: Habits,
    /// How they came.
    pub arrival: Arrival,
    /// How long it all took, in seconds.
    pub took_s: f64,
    /// What they waited for.
    pub waits: Vec<(Wait, Summary)>,
    /// The shares of each wait, for plots.
    #[serde(skip)]
    pub curves: Vec<(Wait, Vec<(f64, f64)>)>,
    /// What they tell.
    pub told: Told,
    /// Whether the server's process could be watched.
    pub server_found: bool,
    /// Its time on a core, in seconds.
    pub server_cpu_s: f64,
    /// What it gave to the disk.
    pub server_written_bytes: u64,
    /// Its memory before, in MiB.
    pub server_before_mib: f64,
    /// Its memory at the most, in MiB.
    pub server_peak_mib: f64,
    /// Second by second.
    pub seconds: Vec<Second>,
    /// The echo beside it.
    pub floor: Option<Floor>,
}

/// What a run must keep; a limit that is not given binds nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Of acknowledgements, in milliseconds.
    pub ack_p99_ms: Option<f64>,
    /// Of starts.
    pub start_p99_ms: Option<f64>,
    /// Of sign-ins.
    pub sign_in_p99_ms: Option<f64>,
    /// Of hand-ins.
    pub hand_in_p99_ms: Option<f64>,
    /// Of the server's memory above what it had before, in KiB a candidate.
    pub kib_per_candidate: Option<f64>,
}

impl Report {
    /// The summary of one kind of wait.
    #[must_use]
    pub fn wait(&self, wanted: Wait) -> Summary {
        let found = self.waits.iter().find(|(wait, _)| *wait == wanted);
        found.expect("every kind is there").1
    }

    /// The server's memory above what it had before, in KiB a candidate.
    #[must_use]
    pub fn kib_per_candidate(&self) -> f64 {
        (self.server_peak_mib - self.server_before_mib).max(0.0) * 1_024.0
            / self.candidates.max(1) as f64
    }

    /// What stands against the run; empty where it passes.
    #[must_use]
    pub fn failures(&self, limits: &Limits) -> Vec<String> {
        let mut failures = Vec::new();
        if self.told.lost > 0 {
            failures.push(format!("{} acknowledged answers were lost", self.told.lost));
        }
        if self.told.failed > 0 {
            failures.push(format!("{} candidates failed", self.told.failed));
        }
        let mut bound = |name: &str, value: f64, limit: Option<f64>| {
            if let Some(limit) = limit.filter(|limit| value > *limit) {
                failures.push(format!("{name} is {value:.2}, above {limit}"));
            }
        };
        bound("ack p99 in ms", self.wait(Wait::Ack).p99_ms, limits.ack_p99_ms);
        bound("start p99 in ms", self.wait(Wait::Start).p99_ms, limits.start_p99_ms);
        bound("sign-in p99 in ms", self.wait(Wait::SignIn).p99_ms, limits.sign_in_p99_ms);
        bound("hand-in p99 in ms", self.wait(Wait::HandIn).p99_ms, limits.hand_in_p99_ms);
        if self.server_found {
            bound("KiB a candidate", self.kib_per_candidate(), limits.kib_per_candidate);
        }
        failures
    }

    /// Facts beside the table of waits, as pairs of name and value.
    #[must_use]
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let told = &self.told;
        let mut facts = vec![
            ("candidates", self.candidates.to_string()),
            ("results checked", told.checked.to_string()),
            ("acknowledged", told.acknowledged.to_string()),
            ("acknowledged and lost", told.lost.to_string()),
            ("candidates who failed", told.failed.to_string()),
            ("reconnects", told.reconnects.to_string()),
            ("takeovers", told.takeovers.to_string()),
            ("changes to HTTP", told.fallbacks.to_string()),
            ("asked for patience", told.busy.to_string()),
            ("photographs kept", told.photographs.to_string()),
            ("photographs told to come again", told.photographs_busy.to_string()),
            ("longest sign-in queue", told.queue_longest.to_string()),
            ("seconds", format!("{:.1}", self.took_s)),
            ("seed", self.seed.to_string()),
        ];
        if self.server_found {
            let each = self.server_cpu_s * 1e3 / self.candidates.max(1) as f64;
            let written = self.server_written_bytes as f64 / told.acknowledged.max(1) as f64;
            facts.extend([
                ("server CPU a candidate", format!("{each:.2} ms")),
                ("server memory a candidate", format!("{:.1} KiB", self.kib_per_candidate())),
                ("server memory at the most", format!("{:.1} MiB", self.server_peak_mib)),
                ("bytes written an answer", format!("{written:.0}")),
            ]);
        }
        if let Some(floor) = &self.floor {
            let ack = self.wait(Wait::Ack);
            facts.extend([
                ("echo p50 / p99", format!("{:.2} / {:.2} ms", floor.p50_ms, floor.p99_ms)),
                ("echo CPU a message", format!("{:.1} µs", floor.cpu_us)),
                ("ack ÷ echo, p50", format!("{:.2} ×", ack.p50_ms / floor.p50_ms.max(0.001))),
                ("ack ÷ echo, p99", format!("{:.2} ×", ack.p99_ms / floor.p99_ms.max(0.001))),
            ]);
            if self.server_found {
                // All that the server did, sign-in to result, over the answers it took.
                let each_us = self.server_cpu_s * 1e6 / told.acknowledged.max(1) as f64;
                let times = each_us / floor.cpu_us.max(0.001);
                facts.push(("server CPU an answer ÷ echo, all included", format!("{times:.2} ×")));
            }
        }
        facts
    }

    /// A table for people.
    #[must_use]
    pub fn to_table(&self) -> String {
        let mut table = format!(
            "{:10} {:>9} {:>9} {:>9} {:>9} {:>9}\n",
            "", "count", "p50 ms", "p90 ms", "p99 ms", "max ms"
        );
        for (wait, s) in self.waits.iter().filter(|(_, summary)| summary.count > 0) {
            let _ = writeln!(
                table,
                "{:10} {:>9} {:>9.2} {:>9.2} {:>9.2} {:>9.2}",
                wait.name(),
                s.count,
                s.p50_ms,
                s.p90_ms,
                s.p99_ms,
                s.max_ms
            );
        }
        for (name, value) in self.facts() {
            let _ = writeln!(table, "{name:42} {value}");
        }
        for error in &self.told.errors {
            let _ = writeln!(table, "error: {error}");
        }
        table
    }
}
