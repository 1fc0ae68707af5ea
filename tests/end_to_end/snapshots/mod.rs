//! Photographs: asked for, taken in, refused, kept and looked at.

pub(crate) mod sitting;
mod stories;

use crate::on_both;

on_both! {
    a_snapshot_is_asked_for_taken_once_kept_sealed_and_looked_at;
    i01_i04_what_was_not_asked_for_is_not_taken;
    i03_i08_what_is_no_photograph_gets_the_exact_reason;
    i07_thirty_that_come_at_once_after_a_time_offline;
    i09_whatever_photographs_show_changes_no_attempt;
    i10_a_photo_store_that_fails_stops_no_answer;
    i10_checks_that_stand_still_stop_no_answer;
    what_was_put_off_is_looked_at_later;
    photographs_of_a_store_that_is_away_are_not_lost;
    u18_what_comes_slowly_holds_up_nobody_else_and_is_as_late_as_its_last_byte;
    i11_a_withdrawal_stops_what_is_on_its_way_and_nothing_is_missing_then;
    i11_nothing_is_asked_for_without_consent_in_a_pause_and_after_the_end;
}
