//! What codes mean, for whoever reads no Chinese: what it is, and what to do.

use super::Code;

/// The words of a code, without the particulars that its message has; `None` for an unknown one.
pub(super) fn of(code: Code) -> Option<&'static str> {
    Some(match code {
        "active_content" => "It holds a script or the like: take it out.",
        "arrow_changed" => "The sign -> in a matching question was changed to →.",
        "cell_date" => {
            "The spreadsheet made a date of it: format the cell as text and write it anew."
        }
        "cell_error" => "The cell is a formula's error: write what is meant.",
        "cell_too_long" => "The cell holds too much text: shorten it.",
        "cells_outside" => "Cells far outside the table were not read.",
        "character_lost" => "A character that XML cannot hold was changed.",
        "code_changed" => "The code was changed, because another question has it.",
        "code_lost" => "A code with brackets cannot be kept.",
        "code_too_long" => "The code is empty or too long.",
        "code_twice" => {
            "An earlier question has this code, or says the same: take one of them out."
        }
        "codes_are_numbers" => {
            "The codes only number the rows; codes made from what the questions say are used instead."
        }
        "column_unknown" => "The column is unknown and was not read.",
        "control_characters" => "It holds control characters: take them out.",
        "description_ignored" => "A description without a question was left out.",
        "difficulty_as_facility" => {
            "The difficulty is a share of right answers: 0.7 and more was taken as easy, 0.4 and less as hard."
        }
        "difficulty_lost" => "The difficulty cannot be kept.",
        "difficulty_unknown" => {
            "The difficulty is none that is known: write 易, 中 or 难 (easy, medium, hard), or nothing."
        }
        "document_kind" => {
            "Word and PDF files are not read: copy the questions into a text file or the template."
        }
        "emphasis_lost" => "Bold, italic or underlined type is not kept; the text is.",
        "encoding_unknown" => "The file's encoding is unknown: save it as UTF-8.",
        "explanations_joined" => {
            "The explanations of a matching question's items were put together."
        }
        "feedback_lost" => "Words for a whole response are not kept.",
        "fields_changed" => "Some fields come back otherwise.",
        "file_breaks_reader" => "The file made its reader fail; nothing was imported.",
        "file_lost" => "The question needs a file that cannot be kept.",
        "file_too_big" => "The file is bigger than 64 MB: split it.",
        "file_too_heavy" => "The file needs too much memory: split it.",
        "file_too_slow" => "The file takes too long: split it.",
        "formula_lost" => "A formula cannot be kept: write it as text or as a picture.",
        "gift_damaged" => "This is no GIFT question that can be read.",
        "group_bad" => {
            "The group is not whole: see its shared stem, its items and where the answers stand."
        }
        "group_split" => {
            "Groups cannot be kept: each item became a question that repeats what is shared."
        }
        "header_late" => "There are too many rows before the header: delete them.",
        "header_missing" => {
            "There is no header: one row has to name both the stem (题干) and the answer (答案)."
        }
        "hints_lost" => "Hints are not kept.",
        "item_codes_lost" => "The codes of a matching question's items cannot be kept.",
        "json_damaged" => "This is no JSON that can be read.",
        "json_format" => "This JSON is not a bank in the format exam-bank/1.",
        "judge_options" => "A true-or-false item has the options 正确 and 错误.",
        "key_conflict" => "Two places name different answers: leave one.",
        "key_missing" => "There is no answer.",
        "key_not_one" => "A single choice has exactly one answer.",
        "key_outside" => "The answer is not among the options.",
        "key_repeated" => "The answer names an option twice.",
        "letters_pinned" => {
            "Options or the explanation name options by letter, so their order is not shuffled."
        }
        "line_breaks_lost" => "Line breaks in a matching question's options became spaces.",
        "line_ignored" => "The line belongs to no question and was not read.",
        "link_lost" => "A link is not kept; its text is.",
        "markdown_kept" => "Marks of Markdown stay as text.",
        "material_joined" => "This type has no shared stem: the material was put before the stem.",
        "media_missing" => "A picture is not in the file.",
        "mend_unused" => "There is no such cell in the file: the correction was not used.",
        "more_problems" => "There are more problems: mend those that are listed first.",
        "name_bad" => "A name is empty or too long.",
        "no_items" => "There are no questions in the file.",
        "not_read_back" => "The package is too big to be imported as a whole: export it in parts.",
        "not_text" => "This is no text file.",
        "object_lost" => "An outside text or object is not kept, and the question needs it.",
        "option_id" => "An option's letter is empty or used twice.",
        "option_ids_lost" => "Options are lettered A, B, C in their order.",
        "options_count" => "There are too few or too many options.",
        "options_equal" => "Two options say the same.",
        "options_misplaced" => "Options stand with the group or with its items, not with both.",
        "order_lost" => "A set order of options is not kept.",
        "package_damaged" => "The package is damaged.",
        "package_kind" => "The package holds no questions that can be read.",
        "package_name" => "A file in the package has a name that is not allowed.",
        "package_part_missing" => "A file that the package lists is not in it.",
        "package_password" => "The package has a password: save it without.",
        "picture_damaged" => "The picture cannot be read: save it anew as PNG or JPEG.",
        "picture_kind" => "The picture is neither PNG nor JPEG.",
        "picture_missing" => "The picture is missing, and the question needs it.",
        "picture_too_big" => "The picture is too big: make it smaller.",
        "pictures_ignored" => {
            "Pictures in the file were not imported: look at the questions that need them."
        }
        "pictures_left_out" => "Pictures were left out: this format cannot hold them.",
        "pictures_too_many" => "The question has too many pictures.",
        "pool_lost" => "The pool cannot be kept: name it again at the import.",
        "pool_unknown" => {
            "The pool is none that is known: write 考试 or 练习 (exam, practice), or nothing."
        }
        "practices_lost" => "Categories and scopes of practice cannot be kept.",
        "qti_damaged" => "This is no QTI that can be read.",
        "qti_version" => "QTI 1.2 is not read: export it as QTI 2 or 3.",
        "qti_without_items" => "The QTI file has no questions.",
        "question_hidden" => "A hidden question was left out.",
        "quote_unclosed" => {
            "A quotation mark is never closed: the rest of the file would be one cell."
        }
        "raised_text_lost" => "Raised or lowered type cannot be kept here.",
        "recording_lost" => "A recording cannot be kept.",
        "row_ignored" => "The row has no stem, options and answer, and was not read.",
        "rubric_lost" => "Words for scorers are not kept.",
        "scoring_unknown" => "How it is scored is not known here.",
        "settings_lost" => "Names, points and numbering are not kept: blueprints decide points.",
        "several_right" => "Any one of several right answers would do: that cannot be kept.",
        "shares_uneven" => "There are more than ten right options: their shares are not equal.",
        "sheet_damaged" => "The sheet is damaged from there on.",
        "sheet_hidden" => "A hidden sheet was not read.",
        "sheet_ignored" => "The sheet has no header with stem and answer, and was not read.",
        "spaces_lost" => "Spaces at the ends of texts cannot be kept.",
        "stimulus_missing" => "The material that the question needs is not in the package.",
        "struck_text_lost" => "Type that is struck through cannot be kept.",
        "table_flattened" => "A table became lines of text.",
        "tag_lost" => "A tag with brackets cannot be kept.",
        "tex_kept" => "A formula in TeX stays as text.",
        "text_missing" => "A text is missing.",
        "text_too_long" => "A text is too long.",
        "too_many_columns" => "The table has too many columns.",
        "too_many_rows" => "The table has too many rows: split it.",
        "topic_changed" => "The topic was tidied.",
        "topic_missing" => "There is no chapter or topic: a common one was taken.",
        "type_inferred" => "No type is given: it was inferred from the answer.",
        "type_lost" => "The type cannot be kept as it is.",
        "type_unknown" => "The type is unknown, or is no objective one.",
        "type_unsupported" => "This type of question cannot be kept.",
        "weights_lost" => "Weights of answers are not kept: scoring rules decide points.",
        "workbook_damaged" => "The workbook is damaged.",
        "workbook_kind" => "This is no workbook that is read: save it as XLSX.",
        "workbook_password" => "The workbook has a password: save it without.",
        "xml_damaged" => "This is no XML that can be read.",
        "xml_doctype" => "XML with a DOCTYPE is not read.",
        "xml_kind" => "This XML is of no system that is known.",
        _ => return None,
    })
}
