//! Banks as staff work with them over HTTP, and their pictures on papers.

mod foreign;
mod stories;

use crate::on_both;

on_both! {
    a_bank_is_imported_approved_searched_and_withdrawn_by_those_who_may;
    every_version_of_an_item_tells_what_changed_and_who_did_what;
    a_picture_is_shown_with_its_paper_and_to_nobody_else;
    texts_are_found_by_what_stands_in_them;
    what_is_exported_comes_back_as_it_was;
    an_exam_is_tried_before_it_is_published;
    cells_are_corrected_where_their_problems_are_shown;
    an_import_that_a_later_one_replaced_waits_for_nobody_and_keeps_its_pictures;
    cells_are_counted_over_imports_with_the_newest_version_of_each_unit;
}
