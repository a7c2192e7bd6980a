//! The shapes of request bodies, for the document only: bodies are parsed from JSON values by the
//! types of `tenantry-types`, which no schema can be derived from. A test gives the example of each
//! shape to its parser, so that the two cannot drift apart. Fields that are `Option` may be null.
#![expect(dead_code, reason = "only the schemas are used")]

mod account;
mod alert;
mod api_key;
mod model;
mod permission;
mod sign_in;
mod tenant;

pub use account::*;
pub use alert::*;
pub use api_key::*;
pub use model::*;
pub use permission::*;
pub use sign_in::*;
pub use tenant::*;
