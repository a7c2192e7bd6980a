//! Extractors: who calls, where, with what. Each reads one thing and refuses with a problem; none
//! decides anything. The order in a handler is the order of refusals: caller, tenant, permission,
//! then path, query and body.

mod body;
mod caller;
mod credential;
mod params;
mod path;
mod place;

pub use body::{Body, FromBody, too_large};
pub use caller::{Anyone, AsOperator, Caller, Info, SignIn, identify};
pub use params::{Filter, FromQuery, Listing, Paging, Params, Search, Unfiltered};
pub use path::{Id, find_param};
pub use place::{Asked, InTenant, May, MayIn};
