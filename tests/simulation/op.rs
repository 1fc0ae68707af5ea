//! What happens in a history, drawn from a seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// One thing that happens. Times are milliseconds of the turned clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Time passes.
    Wait(i64),
    /// Time passes until so long after the candidate's deadline.
    ToDeadline(usize, i64),
    /// The candidate answers a question.
    Save { candidate: usize, slot: u64, option: u8 },
    /// The candidate answers twice, and the second message overtakes the first.
    Overtake { candidate: usize, slot: u64 },
    /// The candidate marks a question.
    Mark { candidate: usize, slot: u64, on: bool },
    /// The candidate hands in.
    Submit(usize),
    /// The phone loses its connection and comes back.
    Drop { candidate: usize, for_ms: i64 },
    /// What the server says gets lost, and then the connection.
    LoseReplies { candidate: usize, for_ms: i64 },
    /// What the phone says is under way for so long.
    Delay { candidate: usize, for_ms: i64 },
    /// The phone is gone and the server does not hear of it.
    HalfOpen(usize),
    /// Another device takes the session over.
    SecondDevice(usize),
    /// The same phone connects once more and keeps the old connection.
    SecondTab(usize),
    /// The phone sends over HTTP, beside its socket.
    Http { candidate: usize, reply_lost: bool },
    /// The phone moves to another node.
    Move { candidate: usize },
    /// Staff add time.
    Extend { candidate: usize, ms: i64 },
    /// Staff stop the clock.
    Pause { candidate: usize, ms: i64 },
    /// Staff let it run.
    Resume(usize),
    /// Staff lock the session for so long.
    Lock { candidate: usize, for_ms: i64 },
    /// A node dies and is started again after so long.
    Kill { node: usize, for_ms: i64 },
    /// A node stands still for so long, as under SIGSTOP.
    Stop { node: usize, for_ms: i64 },
    /// The whole machine is suspended.
    Suspend(i64),
    /// The wall clock is set, and set back later.
    StepWall { ms: i64, for_ms: i64 },
    /// The database is out of a node's reach.
    Away { node: usize, for_ms: i64 },
    /// The disk hangs.
    Stall { node: usize, for_ms: i64 },
    /// The next commit fails.
    CommitFails(usize),
    /// The next commit succeeds and nobody hears of it.
    CommitUnheard(usize),
    /// Connections are not told that their journals moved.
    LoseHints { node: usize, for_ms: i64 },
}

/// A history that has not happened yet.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it is drawn from, and the order in which tasks run.
    pub seed: u64,
    /// How many nodes share the database.
    pub nodes: usize,
    /// How many candidates sit.
    pub candidates: usize,
    /// What happens.
    pub ops: Vec<Op>,
}

/// Numbers from a seed.
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The numbers of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end
    }

    /// One of `choices`.
    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// Offsets from a deadline around which things are decided: the deadline, grace, settling.
const AROUND_DEADLINE: [i64; 9] = [-3_000, -1, 0, 2_000, 4_999, 5_000, 5_001, 6_900, 7_001];

impl Plan {
    /// Draws a history.
    pub fn draw(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let nodes = 1 + dice.below(2) as usize;
        let candidates = 1 + dice.below(2) as usize;
        let count = 8 + dice.below(30);
        let ops = (0..count).map(|_| draw_op(&mut dice, nodes, candidates)).collect();
        Self { seed, nodes, candidates, ops }
    }
}

fn draw_op(dice: &mut Dice, nodes: usize, candidates: usize) -> Op {
    let candidate = dice.below(candidates as u64) as usize;
    let node = dice.below(nodes as u64) as usize;
    let slot = 1 + dice.below(4);
    let short = dice.of(&[1, 300, 1_500, 4_000]);
    let long = dice.of(&[500, 3_000, 9_000, 12_000, 60_000]);
    match dice.below(64) {
        0..14 => Op::Save { candidate, slot, option: dice.below(4) as u8 },
        14..22 => Op::Wait(dice.of(&[1, 200, 1_000, 3_000, 8_000])),
        22..27 => Op::ToDeadline(candidate, dice.of(&AROUND_DEADLINE)),
        27..29 => Op::Overtake { candidate, slot },
        29 => Op::Mark { candidate, slot, on: dice.below(2) == 0 },
        30 => Op::Submit(candidate),
        31..34 => Op::Drop { candidate, for_ms: short },
        34..36 => Op::LoseReplies { candidate, for_ms: short },
        36..39 => Op::Delay { candidate, for_ms: dice.of(&[500, 3_000, 8_000]) },
        39 => Op::HalfOpen(candidate),
        40 => Op::SecondDevice(candidate),
        41 => Op::SecondTab(candidate),
        42..44 => Op::Http { candidate, reply_lost: dice.below(3) == 0 },
        44 => Op::Move { candidate },
        45..47 => Op::Extend { candidate, ms: dice.of(&[1, 5_000, 30_000]) },
        47 => Op::Pause { candidate, ms: dice.of(&[500, 5_000, 20_000]) },
        48 => Op::Resume(candidate),
        49 => Op::Lock { candidate, for_ms: long.min(9_000) },
        50..52 => Op::Kill { node, for_ms: long },
        52 => Op::Stop { node, for_ms: long },
        53 => Op::Suspend(dice.of(&[5_000, 30_000, 3_600_000])),
        54 => Op::StepWall { ms: dice.of(&[-3_600_000, 3_600_000]), for_ms: long },
        55..57 => Op::Away { node, for_ms: long },
        57..59 => Op::Stall { node, for_ms: long },
        59 => Op::CommitFails(node),
        60..62 => Op::CommitUnheard(node),
        _ => Op::LoseHints { node, for_ms: long },
    }
}
