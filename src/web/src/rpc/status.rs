//! The HTTP status of a page: a page that shows a problem carries the problem's status.
use tenantry_types::ProblemCode;

/// Sets the status of the page that is being rendered; in the browser there is nothing to set.
#[cfg(feature = "ssr")]
pub fn page_status(code: ProblemCode) {
    crate::server::page_status(code);
}

#[cfg(not(feature = "ssr"))]
pub fn page_status(_code: ProblemCode) {}
