//! What crosses the wire: ids, roles, the permission matrix, transfer objects and the parsing of
//! input. Compiles to wasm and does no I/O, so that the browser, the server functions and the JSON
//! API judge every input by the same code. Nothing here knows SQL, HTTP or Leptos.

pub mod account;
pub mod alert;
pub mod api_key;
pub mod audit;
pub mod configuration;
pub mod explain;
pub mod id;
pub mod input;
pub mod invitation;
pub mod member;
pub mod model;
pub mod money;
pub mod network;
pub mod openid;
pub mod overview;
pub mod page;
pub mod permission;
pub mod plan;
pub mod problem;
pub mod provider;
pub mod role;
pub mod sign_in;
pub mod tenant;
pub mod text;
pub mod time;
pub mod token;
pub mod usage;
pub mod webhook;
pub mod workspace;

pub use account::{TenantRef, WorkspaceRef};
pub use id::*;
pub use input::{Fields, FromInput, Patch};
pub use page::{Page, PageQuery};
pub use permission::Permission;
pub use problem::{Fault, FieldError, Problem, ProblemCode};
pub use role::{CtxRole, TenantRole, WorkspaceRole};
pub use text::{Email, Name, NewPassword, Slug, counted};
pub use time::Timestamp;
