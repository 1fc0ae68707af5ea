//! What codes mean, for whoever reads no Chinese: what it is, and what to do.

/// The words of a code, without the particulars that its message has.
pub(super) fn of(code: &'static str) -> &'static str {
    let words = match code {
        "activated_unknown" => "Activated is yes or no (是, 否).",
        "category_missing" => "The category (执业类别) is missing.",
        "category_unknown" => "The category (执业类别) is none that is known.",
        "certificate_missing" => "The certificate's number is missing.",
        "certificate_spreadsheet_damage" | "id_spreadsheet_damage" => {
            "The spreadsheet made a number of it and lost digits: format the column as text and write it anew."
        }
        "certificate_wrong_shape" => {
            "A certificate's number has 5 to 40 letters, digits or characters."
        }
        "column_missing" => "The column is missing: use the template.",
        "column_repeated" => "Two columns have this heading.",
        "id_born_in_future" => "The birth date in the ID number is after today.",
        "id_checksum" => "The ID number's check digit does not fit: compare it with the card.",
        "id_ends_in_zeros" => "The ID number ends in 000: a spreadsheet may have changed it.",
        "id_missing" => "The ID number is missing.",
        "id_no_such_birth_date" => "There is no such birth date as in the ID number.",
        "id_no_such_region" => "The ID number's region is none that is known.",
        "id_not_digits" => "An ID number has digits only; the last of 18 may be an X.",
        "id_wrong_length" => "An ID number has 18 or 15 digits.",
        "institution_malformed" => "An institution's name has at most 100 characters.",
        "institution_missing" => "The institution is missing.",
        "level_missing" => "The level (医师级别) is missing.",
        "level_unknown" => "The level (医师级别) is none that is known.",
        "name_control_character" => "The name holds control characters.",
        "name_differs" => "An earlier row has this ID number with another name.",
        "name_missing" => "The name is missing.",
        "name_too_long" => "The name is too long.",
        "name_too_short" => "The name is too short.",
        "phone_differs" => "An earlier row of this person has another phone; that one was taken.",
        "phone_missing" => "The phone is missing.",
        "phone_not_mobile" => "A phone is a mainland mobile number of 11 digits.",
        "practice_number_of_another" => {
            "This practice certificate belongs to somebody in an earlier row."
        }
        "registration_repeated" => "An earlier row has this person with this practice certificate.",
        "scope_malformed" => "A scope of practice (执业范围) is empty or too long.",
        "scope_missing" => "The scope of practice (执业范围) is missing.",
        _ => "",
    };
    debug_assert!(!words.is_empty(), "{code} has no words in English");
    words
}
