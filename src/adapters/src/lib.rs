//! The outside: what implements the ports of `tenantry-domain`, and what reads other systems' data.
//! Nothing here decides anything; it fetches, sends and translates.

pub mod heads;
pub mod hooks;
pub mod open_webui;
pub mod openid;
pub mod smtp;
pub mod spool;
pub mod upstream;
