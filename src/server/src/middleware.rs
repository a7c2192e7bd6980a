//! What every request passes before a front end sees it, and every answer on its way back. The
//! order is in `router`; each step stands in a file of its own. What a person may do is decided
//! elsewhere: here are only the facts and limits of a request.

pub mod credentials;
pub mod headers;
pub mod limits;
pub mod refusal;
pub mod request;
pub mod resilience;
pub mod trace;
