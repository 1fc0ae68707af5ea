//! Histories of faults against the real server, on a clock that only the test turns.
//!
//! One or two nodes with all their parts run on one SQLite file in memory; phones that follow the
//! protocol reach them over pipes through the real router. A plan is drawn from a seed, carried
//! out, healed, and judged by its journals and by what the phones were told. A seed that fails is
//! printed with a plan from which everything that does not matter is left out.
//!
//! ```text
//! cargo nextest run --workspace -E 'test(simulation)'      the cut: 20 seconds, seeds from 1
//! scripts/simulation 900                                   15 minutes of processor time, on every
//!                                                          core, new seeds
//! EXAM_SIMULATION_SEED=7 cargo test …                      one seed, with its plan
//! ```
//!
//! What it cannot control: SQLite's own threads and so the order in which queries of several
//! connections end, the order of hash maps, random ids and MACs, limits and caches that go by the
//! machine's clock (message buckets, five seconds of believing a sign-in), and the power: what is
//! lost when it fails is the crash suite's. A seed therefore repeats a history nearly always, and
//! not to the byte.

mod checker;
mod history;
mod link;
mod named;
mod op;
mod phone;
mod world;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use exam_tests::probe::cpu;
use history::{happen, note_panics, shrink};
use op::Plan;
use tokio::time::Instant;

/// How long the cut in the usual run of tests takes.
const CUT: Duration = Duration::from_secs(20);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn histories_drawn_from_seeds_lose_nothing() {
    note_panics();
    if let Some(seed) = number("EXAM_SIMULATION_SEED") {
        let plan = Plan::draw(seed);
        println!("{plan:#?}");
        return judge_one(&plan);
    }
    // Of processor time, not of the clock.
    let long = number("EXAM_SIMULATION_SECONDS").map(Duration::from_secs);
    // The cut looks at the same histories every time; a long run at new ones.
    let first = long.map_or(1, |_| u64::from_le_bytes(exam_server::chance::random_bytes()) >> 16);
    let threads = long.map_or(1, |_| std::thread::available_parallelism().map_or(1, usize::from));
    println!("seeds from {first}");
    let (next, ops, failed) = (AtomicU64::new(first), AtomicU64::new(0), AtomicBool::new(false));
    let began = Instant::now();
    std::thread::scope(|scope| {
        let work = || {
            let _stop = StopsOthers(&failed);
            let is_time = || long.map_or_else(|| began.elapsed() < CUT, |long| cpu() < long);
            while is_time() && !failed.load(Ordering::Relaxed) {
                let plan = Plan::draw(next.fetch_add(1, Ordering::Relaxed));
                judge_one(&plan);
                ops.fetch_add(plan.ops.len() as u64, Ordering::Relaxed);
            }
        };
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        work();
        others.into_iter().for_each(|other| other.join().expect("no history fails"));
    });
    let (count, seconds) = (next.into_inner() - first, began.elapsed().as_secs_f64());
    println!(
        "{count} histories of {} operations, 0 lost, 0 closed twice; {:.0} s of processor time; \
         {:.1} histories/s on {threads} of the cores",
        ops.into_inner(),
        cpu().as_secs_f64(),
        count as f64 / seconds
    );
    assert!(count > 0);
}

/// A thread that panics ends the others too.
struct StopsOthers<'a>(&'a AtomicBool);

impl Drop for StopsOthers<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

fn judge_one(plan: &Plan) {
    let problems = happen(plan);
    if problems.is_empty() {
        return;
    }
    eprintln!("seed {} fails: {problems:#?}", plan.seed);
    let shorter = shrink(plan);
    panic!(
        "seed {} fails: {problems:#?}\nshortest: {shorter:?}\nwhere: {:#?}",
        plan.seed,
        happen(&shorter)
    );
}
