//! Bank files at the command line: all of a file or nothing, twice the same, and cut off midway.

mod stories;

use crate::on_both;

on_both! {
    x16_the_same_file_twice_changes_nothing;
    x16_one_bad_row_keeps_a_whole_file_out_and_every_error_is_listed;
    x16_an_import_that_is_killed_leaves_nothing_behind;
    x11_tables_are_known_by_what_they_hold;
}
