//! Bringing another system's people, groups and models in.

mod source;

pub use source::*;
