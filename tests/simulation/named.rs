//! Failures that histories have found, or that their making has, each by its name.

use super::history::{happen, note_panics};
use super::op::{Op, Plan};

fn nothing_is_lost(nodes: usize, ops: &[Op]) {
    note_panics();
    for seed in 0..3 {
        let plan = Plan { seed, nodes, candidates: 1, ops: ops.to_vec() };
        let problems = happen(&plan);
        assert!(problems.is_empty(), "{plan:?}: {problems:#?}");
    }
}

const SAVE: Op = Op::Save { candidate: 0, slot: 1, option: 1 };

#[test]
fn two_nodes_that_wake_from_a_suspend_give_its_time_back_once() {
    nothing_is_lost(2, &[SAVE, Op::Suspend(3_600_000)]);
}

#[test]
fn a_close_that_was_not_committed_is_tried_again_though_nobody_writes() {
    nothing_is_lost(1, &[SAVE, Op::ToDeadline(0, 6_900), Op::CommitFails(0), Op::Wait(3_000)]);
}

#[test]
fn a_save_that_a_stopped_server_reads_after_the_deadline_counts_once_time_is_given_back() {
    let stop = Op::Stop { node: 0, for_ms: 60_000 };
    nothing_is_lost(1, &[Op::ToDeadline(0, -3_000), stop, SAVE, Op::Wait(61_000)]);
}

#[test]
fn a_save_that_comes_before_an_outage_is_given_back_is_not_too_late() {
    let away = Op::Away { node: 0, for_ms: 12_000 };
    let ops = [Op::ToDeadline(0, -3_000), away, Op::Wait(9_000), SAVE, Op::Wait(8_000)];
    nothing_is_lost(1, &ops);
}

#[test]
fn a_disk_that_hangs_gives_back_all_the_time_it_took() {
    let stall = Op::Stall { node: 0, for_ms: 60_000 };
    nothing_is_lost(1, &[SAVE, Op::Wait(3_000), stall, Op::Wait(61_000)]);
}

#[test]
fn nobody_is_told_of_a_close_that_was_not_committed() {
    for fault in [Op::CommitFails(0), Op::CommitUnheard(0)] {
        nothing_is_lost(2, &[SAVE, Op::ToDeadline(0, 6_900), fault, Op::Wait(3_000)]);
    }
}

#[test]
fn an_outage_is_not_forgotten_when_giving_it_back_fails_at_first() {
    let away = Op::Away { node: 0, for_ms: 12_000 };
    nothing_is_lost(1, &[SAVE, Op::Wait(2_500), away, Op::CommitFails(0), Op::Wait(20_000)]);
}

#[test]
fn a_node_whose_disk_hangs_gives_back_nothing_while_another_one_serves() {
    let stall = Op::Stall { node: 1, for_ms: 60_000 };
    nothing_is_lost(2, &[SAVE, Op::Wait(3_000), stall, Op::Wait(62_000)]);
}

#[test]
fn a_hand_in_that_waits_for_the_database_is_taken_though_its_outage_is_not_given_back() {
    let stop = Op::Stop { node: 0, for_ms: 9_000 };
    let away = Op::Away { node: 0, for_ms: 60_000 };
    let waits = [Op::Suspend(5_000), Op::Wait(3_000), Op::Wait(3_000)];
    let begins = [Op::Wait(8_000), stop, Op::SecondDevice(0), Op::Submit(0), away];
    nothing_is_lost(1, &[&begins[..], &waits[..]].concat());
}

#[test]
fn a_disk_that_hangs_while_an_outage_is_given_back_gives_that_time_back_too() {
    let stall = Op::Stall { node: 0, for_ms: 60_000 };
    let away = Op::Away { node: 0, for_ms: 12_000 };
    nothing_is_lost(1, &[SAVE, stall, away, Op::Wait(61_000)]);
}

#[test]
fn a_credit_that_is_decided_again_behind_a_hanging_write_gives_all_of_it_back() {
    note_panics();
    let lose = |for_ms| Op::LoseReplies { candidate: 0, for_ms };
    let stall = Op::Stall { node: 0, for_ms: 60_000 };
    let stop = Op::Stop { node: 0, for_ms: 9_000 };
    let ops = vec![lose(4_000), stall, lose(1), Op::Wait(1_000), stop, Op::ToDeadline(0, 6_900)];
    // The phone's own write has to be the one that hangs; this seed has it so.
    let plan = Plan { seed: 184_740_195_860_128, nodes: 1, candidates: 1, ops };
    let problems = happen(&plan);
    assert!(problems.is_empty(), "{plan:?}: {problems:#?}");
}
