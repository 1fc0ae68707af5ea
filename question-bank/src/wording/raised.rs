//! Raised and lowered characters that Unicode has of its own.

/// Lists of Unicode's own raised and lowered characters.
const RAISED: [(char, char); 16] = [
    ('0', '⁰'),
    ('1', '¹'),
    ('2', '²'),
    ('3', '³'),
    ('4', '⁴'),
    ('5', '⁵'),
    ('6', '⁶'),
    ('7', '⁷'),
    ('8', '⁸'),
    ('9', '⁹'),
    ('+', '⁺'),
    ('-', '⁻'),
    ('−', '⁻'),
    ('n', 'ⁿ'),
    ('(', '⁽'),
    (')', '⁾'),
];
const LOWERED: [(char, char); 15] = [
    ('0', '₀'),
    ('1', '₁'),
    ('2', '₂'),
    ('3', '₃'),
    ('4', '₄'),
    ('5', '₅'),
    ('6', '₆'),
    ('7', '₇'),
    ('8', '₈'),
    ('9', '₉'),
    ('+', '₊'),
    ('-', '₋'),
    ('−', '₋'),
    ('a', 'ₐ'),
    ('x', 'ₓ'),
];

/// The raised form of a character, where Unicode has one.
pub(crate) fn raised(c: char) -> Option<char> {
    RAISED.iter().find(|(plain, _)| *plain == c).map(|(_, moved)| *moved)
}

/// The lowered form of a character, where Unicode has one.
pub(crate) fn lowered(c: char) -> Option<char> {
    LOWERED.iter().find(|(plain, _)| *plain == c).map(|(_, moved)| *moved)
}
