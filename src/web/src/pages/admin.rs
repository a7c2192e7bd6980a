//! The operator's pages. For everyone else they are not there: their server functions say so.
mod catalog;
mod plans;
mod provider;
mod providers;
mod system;
mod tenants;
mod users;

pub use catalog::{Catalog, CatalogDetail};
pub use plans::Plans;
pub use provider::ProviderDetail;
pub use providers::Providers;
pub use system::System;
pub use tenants::Tenants;
pub use users::Users;
