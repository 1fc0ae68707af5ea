//! The registry's list of physicians, as an import reads it.
//!
//! A table's header says which column holds which [`Field`] ([`Columns`]); a row of text becomes
//! a [`Physician`] or every reason why not ([`RawPhysician::check`]); the rows together become
//! people with their registrations ([`gather`]).

mod columns;
mod english;
mod field;
mod people;
mod physician;
mod problem;

pub use columns::Columns;
pub use field::Field;
pub use people::{Person, Registered, Roster, gather};
pub use physician::{Physician, RawPhysician, Registration};
pub use problem::{FieldProblem, RowProblem};
