//! Watching attempts and judging them: the evidence of one, the wall of many, what is gathered when one
//! is over, and what people decide.
//!
//! It stands beside the exam as `snapshots` does: it reads journals and photographs, and only an act
//! of a person, through the session like any other, changes an attempt.

mod assess;
mod case;
mod decide;
mod looks;
mod wall;

pub use assess::assess;
pub use case::{Case, IncidentView, Sources, incident_views};
pub use decide::{ReviewView, StepView, Wish, act, appeal, review_of};
pub use looks::{Looks, look_is_noted, taken_is_noted};
pub use wall::{Tile, WallView, Walls};
