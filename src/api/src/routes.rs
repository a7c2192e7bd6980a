//! The whole surface on one screen: every path of the JSON API with its handlers. Paths stand under
//! `/api`. The rows of a tenant are mounted twice, as `/tenants` and as `/organizations`; those of a
//! workspace also without their tenant. What needs no session, or no permission, is listed below.

use axum::routing::MethodRouter;
use tenantry_domain::App;
use utoipa::openapi::path::Paths;
use utoipa::openapi::{RefOr, Schema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::v1::{
    api_keys, audit, auth, catalog, configuration, domains, health, invitations, invited, me, members, models, notifications, passwords, permissions,
    plans, platform, providers, quotas, sessions, sign_in_policy, tenants, tokens, totp, usage, webhooks, workspaces,
};

/// What `x-permission` says where running the server is what it takes.
pub const OPERATOR: &str = "operator";

/// Method and template of what needs no caller.
pub const PUBLIC: &[(&str, &str)] = &[
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/docs"),
    ("GET", "/api/docs.css"),
    ("POST", "/api/v1/auth/register"),
    ("POST", "/api/v1/auth/register/confirm"),
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/logout"),
    ("POST", "/api/v1/auth/password/forgot"),
    ("POST", "/api/v1/auth/password/reset"),
    ("POST", "/api/v1/auth/email/verify"),
    ("POST", "/api/v1/auth/token"),
    ("POST", "/api/v1/auth/refresh"),
    ("POST", "/api/v1/auth/revoke"),
    ("GET", "/api/v1/invitations/{token}"),
    ("POST", "/api/v1/invitations/{token}/accept"),
];

/// Operations that need a caller, but no permission: they are about the caller.
pub const SELF_SERVICE: &[&str] = &[
    "get_context",
    "validate_context",
    "list_available_tenants",
    "switch_tenant",
    "list_sessions",
    "end_session",
    "end_other_sessions",
    "change_password",
    "send_verification",
    "get_totp",
    "begin_totp",
    "confirm_totp",
    "disable_totp",
    "renew_recovery_codes",
    "get_me",
    "update_me",
    "delete_me",
    "list_my_models",
    "list_my_invitations",
    "accept_my_invitation",
    // Lists what the caller may enter.
    "list_tenants",
    // Who may is the server's policy.
    "create_tenant",
    // Every member may leave.
    "leave_tenant",
];

type Routes = (Vec<(String, RefOr<Schema>)>, Paths, MethodRouter<App>);
type Table = OpenApiRouter<App>;

/// Gives handlers their path and their chapter of the document.
fn at(tag: &str, path: &str, (schemas, mut paths, methods): Routes) -> Routes {
    let mut item = paths.paths.remove("").unwrap_or_default();
    let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
    for operation in operations.into_iter().flatten() {
        operation.tags = Some(vec![tag.to_owned()]);
    }
    paths.paths.insert(path.to_owned(), item);
    (schemas, paths, methods)
}

/// What stands beside `/api`.
pub fn health() -> Table {
    Table::new()
        .routes(at("Server", "/health", routes!(health::up)))
        .routes(at("Server", "/ready", routes!(health::ready)))
        .routes(at("Sign in", "/.well-known/jwks.json", routes!(tokens::jwks)))
}

/// What stands under `/api`.
pub fn table() -> Table {
    const ID: &str = "/v1/workspaces/{workspace}";
    Table::new()
        .routes(at("Sign in", "/v1/auth/register", routes!(auth::register)))
        .routes(at("Sign in", "/v1/auth/register/confirm", routes!(auth::confirm)))
        .routes(at("Sign in", "/v1/auth/login", routes!(auth::log_in)))
        .routes(at("Sign in", "/v1/auth/logout", routes!(auth::log_out)))
        .routes(at("Sign in", "/v1/auth/password/change", routes!(passwords::change)))
        .routes(at("Sign in", "/v1/auth/password/forgot", routes!(passwords::forgot)))
        .routes(at("Sign in", "/v1/auth/password/reset", routes!(passwords::reset)))
        .routes(at("Sign in", "/v1/auth/email/verify", routes!(passwords::verify)))
        .routes(at("Sign in", "/v1/auth/email/send", routes!(passwords::send)))
        .routes(at("Sign in", "/v1/auth/totp", routes!(totp::state, totp::begin)))
        .routes(at("Sign in", "/v1/auth/totp/confirm", routes!(totp::confirm)))
        .routes(at("Sign in", "/v1/auth/totp/disable", routes!(totp::disable)))
        .routes(at("Sign in", "/v1/auth/totp/recovery-codes", routes!(totp::renew_recovery_codes)))
        .routes(at("Sign in", "/v1/auth/sessions", routes!(sessions::list, sessions::end_others)))
        .routes(at("Sign in", "/v1/auth/sessions/{session}", routes!(sessions::end)))
        .routes(at("Sign in", "/v1/auth/token", routes!(tokens::issue)))
        .routes(at("Sign in", "/v1/auth/refresh", routes!(tokens::refresh)))
        .routes(at("Sign in", "/v1/auth/revoke", routes!(tokens::revoke)))
        .routes(at("Context", "/v1/auth/context", routes!(auth::context)))
        .routes(at("Context", "/v1/auth/context/validate", routes!(auth::validate_context)))
        .routes(at("Context", "/v1/auth/available-tenants", routes!(auth::available_tenants)))
        .routes(at("Context", "/v1/auth/switch-tenant", routes!(auth::switch_tenant)))
        .routes(at("Account", "/v1/me", routes!(me::get, me::update, me::delete)))
        .routes(at("Account", "/v1/me/models", routes!(me::models)))
        .routes(at("Account", "/v1/me/invitations", routes!(me::invitations)))
        .routes(at("Account", "/v1/me/invitations/{invitation}/accept", routes!(me::accept_invitation)))
        .routes(at("Joining", "/v1/invitations/{token}", routes!(invited::preview)))
        .routes(at("Joining", "/v1/invitations/{token}/accept", routes!(invited::accept)))
        .routes(at("Providers", "/v1/providers", routes!(providers::list, providers::create)))
        .routes(at(
            "Providers",
            "/v1/providers/{provider}",
            routes!(providers::get, providers::update, providers::delete),
        ))
        .routes(at("Providers", "/v1/providers/{provider}/check", routes!(providers::check)))
        .routes(at("Providers", "/v1/providers/{provider}/sync", routes!(providers::sync)))
        .routes(at("Catalogue", "/v1/models", routes!(catalog::list, catalog::create)))
        .routes(at(
            "Catalogue",
            "/v1/models/{model}",
            routes!(catalog::get, catalog::update, catalog::delete),
        ))
        .routes(at("Plans", "/v1/plans", routes!(plans::list, plans::create)))
        .routes(at("Plans", "/v1/plans/{plan}", routes!(plans::get, plans::update, plans::delete)))
        .routes(at("Server", "/v1/platform/stats", routes!(platform::stats)))
        .routes(at("Server", "/v1/platform/users", routes!(platform::users)))
        .routes(at("Server", "/v1/platform/users/{user}", routes!(platform::user, platform::update_user)))
        .routes(at("Server", "/v1/platform/users/{user}/reset-link", routes!(platform::make_reset_link)))
        .routes(at("Server", "/v1/platform/users/{user}/sessions", routes!(platform::end_sessions)))
        .routes(at("Audit", "/v1/platform/audit", routes!(audit::list_platform)))
        .routes(at("Audit", "/v1/platform/audit/export", routes!(audit::export_platform)))
        .routes(at("Audit", "/v1/platform/audit/verify", routes!(audit::verify_platform)))
        .routes(at("Server", "/v1/platform/users/{user}/totp", routes!(platform::reset_totp)))
        .nest("/v1/tenants", tenant())
        .nest("/v1/organizations", tenant())
        .nest(ID, workspace())
}

/// The rows of tenants.
fn tenant() -> Table {
    let mut table = Table::new()
        .routes(at("Tenants", "/", routes!(tenants::list, tenants::create)))
        .routes(at("Tenants", "/{tenant}", routes!(tenants::get, tenants::update, tenants::delete)))
        .routes(at("Tenants", "/{tenant}/activate", routes!(tenants::activate)))
        .routes(at("Tenants", "/{tenant}/suspend", routes!(tenants::suspend)))
        .routes(at("Tenants", "/{tenant}/stats", routes!(tenants::stats)))
        .routes(at(
            "Tenants",
            "/{tenant}/sign-in-policy",
            routes!(sign_in_policy::show, sign_in_policy::update),
        ))
        .routes(at("Tenants", "/{tenant}/domains", routes!(domains::list, domains::add)))
        .routes(at("Tenants", "/{tenant}/domains/{domain}", routes!(domains::update, domains::remove)))
        .routes(at("Tenants", "/{tenant}/domains/{domain}/confirm", routes!(domains::confirm)))
        .routes(at("Tenants", "/{tenant}/quotas", routes!(quotas::show, quotas::update)))
        .routes(at("Tenants", "/{tenant}/quotas/check", routes!(quotas::check)))
        .routes(at("Usage", "/{tenant}/usage", routes!(usage::show)))
        .routes(at("Permissions", "/{tenant}/permissions", routes!(permissions::show)))
        .routes(at(
            "Tenants",
            "/{tenant}/configuration",
            routes!(configuration::of_tenant, configuration::update_tenant),
        ))
        .routes(at(
            "Notifications",
            "/{tenant}/notifications",
            routes!(notifications::show, notifications::update),
        ))
        .routes(at("Notifications", "/{tenant}/webhooks", routes!(webhooks::list, webhooks::create)))
        .routes(at(
            "Notifications",
            "/{tenant}/webhooks/{webhook}",
            routes!(webhooks::get, webhooks::update, webhooks::delete),
        ))
        .routes(at("Notifications", "/{tenant}/webhooks/{webhook}/rotate", routes!(webhooks::rotate)))
        .routes(at("Notifications", "/{tenant}/webhooks/{webhook}/test", routes!(webhooks::test)))
        .routes(at(
            "Notifications",
            "/{tenant}/webhooks/{webhook}/deliveries",
            routes!(webhooks::deliveries),
        ))
        .routes(at("Audit", "/{tenant}/audit", routes!(audit::list)))
        .routes(at("Audit", "/{tenant}/audit/export", routes!(audit::export)))
        .routes(at("Audit", "/{tenant}/audit/verify", routes!(audit::verify)))
        .routes(at("Members", "/{tenant}/members", routes!(members::list, members::add)))
        .routes(at("Members", "/{tenant}/users", routes!(members::list, invitations::create)))
        .routes(at(
            "Invitations",
            "/{tenant}/invitations",
            routes!(invitations::list, invitations::create),
        ))
        .routes(at("Invitations", "/{tenant}/invite", routes!(invitations::create)))
        .routes(at("Invitations", "/{tenant}/invitations/{invitation}", routes!(invitations::revoke)))
        .routes(at(
            "Invitations",
            "/{tenant}/invitations/{invitation}/resend",
            routes!(invitations::resend),
        ))
        .routes(at("API keys", "/{tenant}/api-keys", routes!(api_keys::list, api_keys::create)))
        .routes(at(
            "API keys",
            "/{tenant}/api-keys/{key}",
            routes!(api_keys::get, api_keys::update, api_keys::revoke),
        ))
        .routes(at("API keys", "/{tenant}/api-keys/{key}/rotate", routes!(api_keys::rotate)))
        .routes(at("Workspaces", "/{tenant}/workspaces", routes!(workspaces::list, workspaces::create)))
        .routes(at("Models", "/{tenant}/models", routes!(models::list, models::toggle)))
        .routes(at("Models", "/{tenant}/models/{model}", routes!(models::set)))
        .routes(at("Models", "/{tenant}/models/{model}/explain", routes!(models::explain)))
        .routes(at("Models", "/{tenant}/models/rules", routes!(models::rules, models::set_rules)))
        .routes(at("Models", "/{tenant}/models/report", routes!(models::report)));
    for members in ["/{tenant}/members", "/{tenant}/users"] {
        table = table
            .routes(at(
                "Members",
                &format!("{members}/{{user}}"),
                routes!(members::get, members::update, members::remove),
            ))
            .routes(at(
                "Permissions",
                &format!("{members}/{{user}}/overrides"),
                routes!(permissions::overrides, permissions::set_overrides),
            ))
            .routes(at("Members", &format!("{members}/me"), routes!(members::leave)));
    }
    table.nest("/{tenant}/workspaces/{workspace}", workspace())
}

/// The rows of one workspace.
fn workspace() -> Table {
    Table::new()
        .routes(at("Workspaces", "/", routes!(workspaces::get, workspaces::update, workspaces::delete)))
        .routes(at("Workspaces", "/archive", routes!(workspaces::archive)))
        .routes(at("Workspaces", "/restore", routes!(workspaces::restore)))
        .routes(at(
            "Workspaces",
            "/configuration",
            routes!(configuration::of_workspace, configuration::update_workspace),
        ))
        .routes(at("Workspaces", "/members", routes!(workspaces::members)))
        .routes(at(
            "Workspaces",
            "/members/{user}",
            routes!(workspaces::set_member, workspaces::remove_member),
        ))
        .routes(at("Models", "/models", routes!(models::of_workspace, models::set_of_workspace)))
}
