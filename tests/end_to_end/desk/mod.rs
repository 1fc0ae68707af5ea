//! What people at a desk do besides banks: exams, candidates, attempts, results, staff, the audit.

mod stories;

use crate::on_both;

on_both! {
    an_exam_is_checked_published_and_not_overwritten;
    attempts_and_results_are_listed_within_a_scope;
    a_whole_hall_gets_extra_time_once;
    candidates_are_found_masked;
    a_roster_is_tried_and_stored;
    staff_are_added_changed_and_renewed;
    decisions_are_listed_with_who_and_why;
}
