//! The photo store: where pictures are, how long, and what the registry has.

mod stories;

use crate::on_both;

on_both! {
    a_store_that_speaks_s3_keeps_shows_and_deletes;
    pictures_are_deleted_when_their_time_is_over;
    the_registrys_photographs_stand_beside_the_snapshots;
}
