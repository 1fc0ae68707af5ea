//! Signing in, and what somebody who may not gets to know.

mod stories;

pub(crate) use stories::{enrolled, staff_member};

use crate::on_both;

on_both! {
    a_candidate_signs_in_with_every_spelling_of_the_number;
    an_unknown_id_and_a_wrong_password_are_answered_alike;
    l15_the_owner_gets_in_after_a_thousand_wrong_guesses;
    l16_l17_a_reset_code_opens_only_a_new_password;
    l12_l13_l14_passwords_that_cannot_be_are_refused;
    l20_every_channel_counts_on_one_limiter;
    coming_back_for_a_place_in_the_queue_is_no_try;
    l21_tokens_end_with_their_sign_in;
    l22_l23_probes_and_confused_types_are_refused;
    staff_sign_in_with_a_second_factor;
    a_recovery_code_stands_in_for_a_lost_second_factor;
    w04_an_entry_ticket_is_good_once;
    somebody_elses_attempt_is_not_found;
}
