//! Cleaning what people paste: full-width digits, spaces, characters nobody sees.

use unicode_normalization::UnicodeNormalization;

/// `text` with full-width forms made plain (NFKC) and everything blank removed.
///
/// Only for numbers and headers. NFKC changes what a name or a question says.
pub(crate) fn compact(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace() && !is_invisible(*c)).collect()
}

/// Whether `c` is a formatting character without a shape: zero-width spaces and joiners, the
/// byte order mark, the soft hyphen. Chat programs and web pages leave them in copied text.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}')
        || is_bidi_control(c)
}

/// Whether `c` turns the direction of the text after it, so that it reads as something else.
pub(crate) fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether `c` must not stand in a line of text: a control character or a change of direction.
pub(crate) fn is_forbidden(c: char) -> bool {
    c.is_control() || is_bidi_control(c)
}

/// Whether `c` is a Han character, extensions A to I included. The private use area counts: older
/// Chinese systems keep rare characters of names there.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c,
        '\u{2E80}'..='\u{2FDF}' | '\u{3005}'..='\u{3007}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{E000}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// The longest sensible field of a form or a spreadsheet, in bytes. Checked before anything that
/// walks the text.
pub(crate) const FIELD_BYTES_MAX: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_digits_and_blanks_become_a_plain_number() {
        assert_eq!(compact(" ４１\u{200B}01 02\u{3000}"), "410102");
    }
}
