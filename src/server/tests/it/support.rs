//! What the tests share: a whole server on a database of its own, two tenants in it that look the
//! same, and requests to its real router. No test stands here.

pub mod call;
pub mod fixture;
pub mod openid;
pub mod posting;
pub mod program;
pub mod receiver;
pub mod server;
pub mod walk;
pub mod wire;
