//! The photo store: where pictures are, how long, and what the registry has.

#[path = "../../../proctor/tests/support/onnx.rs"]
mod onnx;
mod stories;

use crate::on_both;

on_both! {
    a_store_that_speaks_s3_keeps_shows_and_deletes;
    pictures_are_deleted_when_their_time_is_over;
    a_photo_store_belongs_to_one_database;
    what_is_decided_while_it_is_purged_keeps_its_pictures;
    the_registrys_photographs_stand_beside_the_snapshots;
    likeness_is_told_only_where_it_was_turned_on_and_agreed_to;
}
