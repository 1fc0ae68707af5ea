//! What befalls the world: operations, and what takes them back.

use exam_core::ids::StaffId;
use exam_core::session::Command;
use exam_core::time::Span;
use exam_server::store::CommitFault;
use serde_json::json;

use super::{Node, Silence, World};
use crate::simulation::op::Op;
use crate::simulation::phone::Phone;

#[derive(Debug)]
pub(super) enum Undo {
    Start(usize),
    Wake(usize),
    Reach(usize),
    Unstall(usize),
    Hint(usize),
    Wall(i64),
    Unlock(usize),
}

impl World {
    /// Carries out one operation, and lets everybody see it, or something of it.
    pub fn carry_out(&mut self, op: Op) {
        self.begin_op(op);
        if self.dice.below(3) > 0 {
            self.settle();
        }
    }

    fn begin_op(&mut self, op: Op) {
        let now = self.now;
        match op {
            Op::Wait(ms) => self.pass(ms),
            Op::ToDeadline(candidate, offset) => {
                let deadline = self.phone(candidate).deadline_ms.unwrap_or(0);
                self.pass((deadline + offset - now).clamp(0, 200_000));
            }
            Op::Save { candidate, slot, option } => {
                let option = char::from(b'a' + option).to_string();
                let save = json!({ "t": "save", "slot": slot, "response": [option] });
                self.phone(candidate).act(&[save], false);
            }
            Op::Overtake { candidate, slot } => {
                let save =
                    |option: &str| json!({ "t": "save", "slot": slot, "response": [option] });
                self.phone(candidate).act(&[save("a"), save("b")], true);
            }
            Op::Mark { candidate, slot, on } => {
                self.phone(candidate).act(&[json!({ "t": "mark", "slot": slot, "on": on })], false);
            }
            Op::Submit(candidate) => self.phone(candidate).act(&[json!({ "t": "submit" })], false),
            Op::Drop { candidate, for_ms } => self.phone(candidate).hang_up(now, for_ms, false),
            Op::LoseReplies { candidate, for_ms } => {
                self.phone(candidate).deaf_until = now + for_ms;
                self.pass(for_ms);
                let now = self.now;
                self.phone(candidate).hang_up(now, 1, false);
            }
            Op::Delay { candidate, for_ms } => self.phone(candidate).out_until = now + for_ms,
            Op::HalfOpen(candidate) => self.phone(candidate).hang_up(now, 500, true),
            Op::SecondDevice(candidate) => {
                let number = self.phones.iter().filter(|p| p.candidate == candidate).count();
                let old = self.phone(candidate);
                if number < 4 && old.receipt.is_none() {
                    let (attempt, token) = (old.attempt.clone(), old.token.clone());
                    let deadline = old.deadline_ms;
                    let node = self.dice.below(self.nodes.len() as u64) as usize;
                    let mut phone = Phone::new(candidate, number, node, &attempt, &token);
                    phone.deadline_ms = deadline;
                    self.phones.push(phone);
                }
            }
            Op::SecondTab(candidate) => {
                let phone = self.phone(candidate);
                if let Some(link) = phone.link.take() {
                    phone.forgotten.push(link);
                }
                phone.hang_up(now, 0, false);
            }
            Op::Http { candidate, reply_lost } => {
                let phone = self.phone(candidate);
                phone.lose_answer = reply_lost;
                phone.wish_request(now);
            }
            Op::Move { candidate } => {
                let nodes = self.nodes.len();
                let phone = self.phone(candidate);
                phone.node = (phone.node + 1) % nodes;
                phone.hang_up(now, 1, false);
            }
            Op::Extend { candidate, ms } => {
                let added = Span::from_ms(ms);
                self.command(candidate, Command::Extend { added, by: staff(), reason: "x".into() });
            }
            Op::Pause { candidate, ms } => {
                let until = self.clock().now() + Span::from_ms(ms);
                self.command(candidate, Command::Pause { until, by: staff(), reason: "x".into() });
            }
            Op::Resume(candidate) => self.command(candidate, Command::Resume { by: staff() }),
            Op::Lock { candidate, for_ms } => {
                self.command(candidate, Command::Lock { by: staff(), reason: "x".into() });
                self.later(for_ms, Undo::Unlock(candidate));
            }
            Op::Kill { node, for_ms } => {
                self.kill(node);
                self.later(for_ms, Undo::Start(node));
                if self.nodes.iter().flatten().next().is_none() {
                    self.pass(for_ms);
                }
            }
            Op::Stop { node, for_ms } => {
                self.settle(); // No statement is under way: its lock would stop the other node too.
                if let Some(node) = &mut self.nodes[node] {
                    node.stopped = true;
                }
                self.note_silence();
                self.later(for_ms, Undo::Wake(node));
            }
            Op::Suspend(ms) => {
                self.settle();
                if self.silent_since.is_none() {
                    self.silences.push(Silence { from: now, to: now + ms, joined: false });
                }
                self.turn(ms);
                self.undo_due();
            }
            Op::StepWall { ms, for_ms } => {
                self.wall_was_moved = true;
                self.step_wall(ms);
                self.later(for_ms, Undo::Wall(ms));
            }
            Op::Away { node, for_ms } => {
                self.set_away(node, true);
                self.later(for_ms, Undo::Reach(node));
            }
            Op::Stall { node, for_ms } => {
                self.set_stalled(node, true);
                self.later(for_ms, Undo::Unstall(node));
            }
            Op::CommitFails(node) => self.with_faults(node, |f| f.next_commit(CommitFault::Fails)),
            Op::CommitUnheard(node) => {
                self.with_faults(node, |f| f.next_commit(CommitFault::Unheard));
            }
            Op::LoseHints { node, for_ms } => {
                self.with_faults(node, |faults| faults.set_hints_lost(true));
                self.later(for_ms, Undo::Hint(node));
            }
        }
    }

    fn later(&mut self, for_ms: i64, undo: Undo) {
        self.undos.push((self.now + for_ms, undo));
    }

    pub(super) fn undo_due(&mut self) {
        let now = self.now;
        let (due, later) =
            std::mem::take(&mut self.undos).into_iter().partition(|(at, _)| *at <= now);
        self.undos = later;
        let due: Vec<(i64, Undo)> = due;
        for (_, undo) in due {
            self.undo(undo);
        }
    }

    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Start(node) => self.start(node),
            Undo::Wake(node) => {
                if let Some(node) = &mut self.nodes[node] {
                    node.stopped = false;
                }
            }
            Undo::Reach(node) => self.set_away(node, false),
            Undo::Unstall(node) => self.set_stalled(node, false),
            Undo::Hint(node) => self.with_faults(node, |faults| faults.set_hints_lost(false)),
            Undo::Wall(ms) => self.step_wall(-ms),
            Undo::Unlock(candidate) => {
                let by = staff();
                self.command(candidate, Command::Unlock { by, reason: "gone".into() });
            }
        }
        self.note_silence();
    }

    /// Takes all faults back: everybody runs, reaches the database and each other.
    pub fn heal(&mut self) {
        for (_, undo) in std::mem::take(&mut self.undos) {
            self.undo(undo);
        }
        if self.wall_was_moved && self.nodes.len() == 1 {
            self.kill(0); // One that began by a wrong wall clock closes nobody until it begins anew.
        }
        for node in 0..self.nodes.len() {
            self.start(node);
            self.with_faults(node, exam_server::store::Faults::heal);
        }
        for phone in &mut self.phones {
            (phone.out_until, phone.deaf_until) = (0, 0);
        }
        self.note_silence();
    }

    /// What staff do, at a node that runs; it takes its time and may fail.
    fn command(&mut self, candidate: usize, command: Command) {
        let id = self.attempts[candidate];
        let up = |node: &&Node| !node.stopped;
        let Some(node) = self.nodes.iter().flatten().find(up) else { return };
        let app = node.running.app.clone();
        node.runtime.spawn(async move {
            let Ok(Some(attempt)) = app.exams.attempt(&app, id).await else { return };
            let Ok(mut sitting) = app.sittings.take(&app, &attempt).await else { return };
            if sitting.catch_up(&app).await.is_ok() {
                let _ = sitting.command(&app, &command, None).await;
            }
        });
    }

    /// Staff end what would run for too long.
    pub fn end(&mut self, candidate: usize) {
        self.command(candidate, Command::End { by: staff(), reason: "x".into() });
    }

    fn set_away(&mut self, node: usize, away: bool) {
        if self.nodes[node].is_some() {
            self.away[node] = away;
            self.with_faults(node, |faults| faults.set_away(away));
        }
        self.note_silence();
    }

    fn set_stalled(&mut self, node: usize, stalled: bool) {
        if self.nodes[node].is_some() {
            self.stalled[node] = stalled;
            self.with_faults(node, |faults| faults.set_stalled(stalled));
        }
        self.note_silence();
    }

    fn step_wall(&mut self, ms: i64) {
        self.wall_step += ms;
        self.nodes.iter().flatten().for_each(|node| node.clock.step_wall(ms));
    }

    fn with_faults(&self, node: usize, act: impl Fn(&exam_server::store::Faults)) {
        if let Some(node) = &self.nodes[node] {
            act(node.running.app.store.faults());
        }
    }
}

fn staff() -> StaffId {
    StaffId::from_uuid(uuid::Uuid::from_u128(1))
}
