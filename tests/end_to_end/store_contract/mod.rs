//! What the store promises, on both databases.

mod stories;

use crate::on_both;

on_both! {
    a_frame_is_appended_once;
    a_step_that_was_taken_stops_its_frame_and_nobody_elses;
    an_append_beyond_the_end_is_refused;
    one_loser_hurts_nobody_else_in_its_batch;
    two_nodes_in_opposite_orders_do_not_lock_each_other_out;
    a_start_that_counted_wrongly_is_refused;
    starting_twice_gives_one_open_attempt;
    a_checkpoint_shortens_loading_and_changes_nothing;
    who_imported_cannot_approve;
    an_import_that_is_cut_off_leaves_nothing;
    each_revision_of_a_bank_holds_the_versions_of_its_time;
    sessions_are_loaded_together_as_alone;
    the_same_import_twice_changes_nothing;
    a_changed_audit_row_is_found;
    a_restored_backup_is_the_same;
    rehearsal_candidates_leave_nothing_behind;
    another_key_is_refused;
}
