//! Sitting an exam: the protocol's promises, told as stories.

mod stories;

use crate::on_both;

on_both! {
    an_exam_is_sat_scored_and_retaken;
    what_candidates_reach_says_how_hard_items_are;
    a_joint_start_shares_its_commits_and_asks_for_no_item;
    two_devices_fence_each_other;
    socket_and_http_are_one_session;
    an_invigilator_is_seen_at_once;
    time_runs_out_and_nobody_loses_by_not_pressing_a_button;
    a_save_in_grace_counts_and_a_later_one_does_not;
    messages_may_come_twice_and_in_any_order;
    a_save_in_grace_survives_a_database_stall;
    a_close_does_not_follow_a_save_that_failed;
    a_commit_that_failed_once_keeps_nobody_from_closing_although_nobody_writes_again;
    an_outage_of_the_server_costs_nobody_time;
}
