//! The rules of the periodic assessment: resident ids, names, passwords.
