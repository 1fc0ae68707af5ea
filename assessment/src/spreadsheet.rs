//! Recognising numbers that a spreadsheet took for quantities and rounded.

/// A number as a spreadsheet writes one it took for a quantity: `4.10102E+17`, `410102.0`.
pub(crate) fn is_float(compact: &str) -> bool {
    let digits = compact.bytes().any(|b| b.is_ascii_digit());
    let marks = compact.bytes().any(|b| matches!(b, b'.' | b'e' | b'E'));
    digits && marks && compact.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b))
}

/// How many digits a spreadsheet keeps of a number; the rest become zeros.
const SPREADSHEET_DIGITS: usize = 15;

/// Whether `compact` is a number whose digits a spreadsheet may have replaced by zeros. Two or more
/// must be lost: a single zero at the end is too common to mean anything.
pub(crate) fn ends_in_lost_digits(compact: &str) -> bool {
    compact.len() > SPREADSHEET_DIGITS + 1
        && compact.bytes().all(|b| b.is_ascii_digit())
        && compact.bytes().skip(SPREADSHEET_DIGITS).all(|b| b == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_rounded_by_a_spreadsheet_is_recognised() {
        assert!(is_float("4.10102E+17"));
        assert!(is_float("410102199001010000.0"));
        assert!(!is_float("410102199001010000"));
        assert!(!is_float("E"));
        assert!(ends_in_lost_digits("410102199001011000"));
        assert!(!ends_in_lost_digits("410102199001011001"));
        assert!(!ends_in_lost_digits("410102900101000"));
    }
}
