//! The report of a run, as `docs/durability.md`.

use std::fmt::Write;
use std::time::Duration;

use exam_tests::durability::Outcome;

const BEFORE: &str = "# Durability

What the engine promises of an acknowledged answer, tried until it breaks or holds. This file is
written by the command below; the same scenarios run small with every `./test`. \"Lost\" counts
acknowledged saves that the journal does not hold afterwards, or holds twice or out of order, and
attempts that end twice. Beside each line stands what a write of one page and its sync took on the
same disk right after the scenario: median and 99th percentile of 200.

";

const AFTER: &str = "
What each scenario does, what it models and what it cannot is at the head of its file in
`tests/src/durability/`. Repeat the choices of a line with `--seed`; the moments at which they
meet the server are not repeated.
";

/// Where the report begins that `scripts/mutations` and `scripts/simulation` write.
const OTHERS: &str = "\n## Mutations\n";

/// What happened so far.
pub struct Run {
    rows: Vec<(Outcome, (Duration, Duration))>,
    failed: Vec<&'static str>,
}

impl Run {
    /// Nothing yet.
    pub fn begin() -> Self {
        Self { rows: Vec::new(), failed: Vec::new() }
    }

    /// Notes and prints what became of a scenario.
    pub fn note(
        &mut self,
        name: &'static str,
        outcome: Option<Outcome>,
        probe: (Duration, Duration),
    ) {
        match outcome {
            Some(outcome) => {
                println!("{}", super::line(&outcome));
                self.rows.push((outcome, probe));
            }
            None => {
                println!("FAILED: {name} did not come to its end");
                self.failed.push(name);
            }
        }
    }

    /// Whether nothing was lost and everything came to its end.
    pub fn is_good(&self) -> bool {
        self.failed.is_empty() && self.rows.iter().all(|(outcome, _)| outcome.lost == 0)
    }

    /// The report, and what other commands wrote into the last one.
    pub fn report(&self, last: &str) -> String {
        let mut text = BEFORE.to_owned();
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let release = if cfg!(debug_assertions) { "" } else { " --release" };
        let folder = if cfg!(debug_assertions) { "debug" } else { "release" };
        let _ = write!(
            text,
            "```sh\ncargo build{release} -p exam-tests --bins\nscripts/postgres \
             target/{folder}/durability {}\n```\n\n{}\n\n",
            arguments.join(" "),
            machine()
        );
        text += "| scenario | database | size | acknowledged | lost | seconds | disk sync, ms | seed |\n\
                 |---|---|---|--:|--:|--:|--:|--:|\n";
        for (outcome, (median, slow)) in &self.rows {
            let ms = |time: &Duration| time.as_secs_f64() * 1_000.0;
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {:.0} | {:.2} / {:.2} | {} |",
                outcome.scenario,
                outcome.database,
                [outcome.size.as_str(), outcome.notes.as_str()]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join("; "),
                outcome.acknowledgements,
                outcome.lost,
                outcome.seconds,
                ms(median),
                ms(slow),
                outcome.seed
            );
        }
        for name in &self.failed {
            let _ = writeln!(text, "| {name} | | **did not come to its end** | | | | | |");
        }
        text += AFTER;
        if let Some(at) = last.find(OTHERS) {
            text += &last[at..];
        }
        text
    }
}

/// The machine, as far as it matters.
fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let model = model.map_or("unknown processor", |(_, model)| model);
    format!("{cores} cores ({model}), Linux {}.", kernel.trim())
}
