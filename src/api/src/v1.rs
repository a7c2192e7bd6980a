//! The handlers of the JSON API v1, one module a thing. Their paths stand in `routes`; each names
//! the permission it asks for twice, as the type of its grant and for the document.

pub mod api_keys;
pub mod audit;
pub mod auth;
pub mod catalog;
pub mod configuration;
pub mod domains;
pub mod health;
pub mod invitations;
pub mod invited;
pub mod me;
pub mod members;
pub mod models;
pub mod notifications;
pub mod passwords;
pub mod permissions;
pub mod plans;
pub mod platform;
pub mod providers;
pub mod quotas;
pub mod sessions;
pub mod sign_in_policy;
pub mod tenants;
pub mod tokens;
pub mod totp;
pub mod usage;
pub mod webhooks;
pub mod workspaces;
