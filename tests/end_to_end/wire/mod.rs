//! Bad input on the wire: a clear end for each, and nothing lost.

mod stories;

use crate::on_both;

on_both! {
    w01_foreign_origins_and_missing_subprotocols_are_refused;
    w06_w07_frames_that_are_too_big_end_the_connection;
    w12_w13_w18_what_is_no_message_ends_the_connection;
    w16_w17_slots_and_options_that_do_not_exist_are_nacked;
    w14_w15_w33_only_the_newest_epoch_writes;
    w19_w20_before_the_start_and_after_the_end;
    w24_w26_ten_thousand_saves_on_one_question;
    a_wrong_method_is_told_so;
    who_is_refused_while_sending_hears_why;
    w28_compression_is_declined;
    w31_a_phone_that_hangs_up_poisons_nothing;
    w27_saving_right_and_wrong_look_and_last_the_same;
    no_key_leaves_before_its_release;
    w05_a_signed_out_cookie_opens_nothing;
    w08_what_is_no_websocket_ends_the_connection;
    w09_a_slow_sender_and_a_deaf_reader_hold_up_nobody;
    w10_w11_many_connections_of_one_candidate_leave_one;
    w21_the_phones_clock_decides_nothing;
    w25_reconnecting_all_the_time_has_an_end;
}
