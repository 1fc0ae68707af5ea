//! Watching attempts, judging them, and what their candidates may know and say.

mod judging;
mod watching;

pub(crate) use judging::somebody_elsewhere;

use crate::on_both;

/// All of them.
mod stories {
    pub(super) use super::judging::*;
    pub(super) use super::watching::*;
}

on_both! {
    a_wall_tells_what_has_changed;
    what_an_invigilator_says_reaches_a_phone_that_was_away;
    without_a_camera_somebody_lets_the_candidate_in;
    i11_a_consent_can_be_taken_back;
    two_people_void_and_a_third_decides_on_the_objection;
    of_two_steps_at_once_one_is_taken_and_the_attempt_says_the_same;
    what_a_void_cut_short_is_no_try_once_the_objection_is_right;
    what_is_to_be_looked_at_is_gathered_when_an_attempt_is_over;
    the_gravest_reviews_come_first;
    i12_pictures_are_for_those_who_may_see_them;
}
