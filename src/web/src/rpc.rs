//! Server functions, one file per area: what pages read and what their forms do. Each is a public
//! endpoint: its first line finds out who asks, its second what they may, and the rest is one use
//! case. Reads answer with transfer objects, writes with `Done`. Forms are flat text; they are
//! turned into the same JSON value that the API takes, and read by the same parser.
pub mod account;
pub mod admin;
pub mod alerts;
pub mod audit;
mod done;
mod error;
pub mod find;
pub mod invitations;
pub mod keys;
pub mod members;
pub mod models;
pub mod permissions;
pub mod playground;
mod query;
pub mod session;
mod status;
pub mod tenants;
pub mod usage;
mod wire;
pub mod workspaces;

pub use done::{Done, Next, What};
pub use error::UiError;
pub use query::{ListQuery, PER_PAGE, encode};
pub use session::{Here, Me};
pub use status::{first_look, page_status, show_loading};
