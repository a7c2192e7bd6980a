//! What names a tenant or a workspace in a request, held against a rule that is as plain as can be: all agree, or it is
//! refused. And what is made of a client's words about itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tenantry_domain::context::{Claimed, Sources};
use tenantry_domain::device;
use tenantry_types::account::ContextSource;
use tenantry_types::{TenantId, WorkspaceId};
use uuid::Uuid;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    assert!(device::describe(text).chars().count() <= 80);
    let _ = (text.parse::<TenantId>(), text.parse::<WorkspaceId>());

    let mut pick = data.iter().copied();
    let ids = [TenantId::new(Uuid::from_u128(1)), TenantId::new(Uuid::from_u128(2))];
    let places = [WorkspaceId::new(Uuid::from_u128(3)), WorkspaceId::new(Uuid::from_u128(4))];
    let mut next = || pick.next().unwrap_or_default();
    // Absent, by id, by slug, another's, or the text itself.
    let mut name = |own: String, slug: &str, other: String| match next() % 5 {
        0 => None,
        1 => Some(own),
        2 => Some(slug.to_owned()),
        3 => Some(other),
        _ => Some(text.to_owned()),
    };
    let tenant = name(ids[0].to_string(), "acme", ids[1].to_string());
    let subdomain = name(ids[0].to_string(), "acme", "other".to_owned());
    let workspace = name(places[0].to_string(), "place", places[1].to_string());
    let claimed = match next() % 4 {
        0 => None,
        n => Some(Claimed {
            tenant: (n != 3).then(|| ids[usize::from(n) - 1]),
            workspace: (n != 1).then(|| places[usize::from(n) - 2]),
            source: ContextSource::Token,
        }),
    };
    let sources = Sources {
        tenant: tenant.clone(),
        workspace: workspace.clone(),
        subdomain: subdomain.clone(),
        credential: claimed,
    };
    let same = |named: &Option<String>, id: String, slug: &str| match named {
        None => true,
        Some(named) => *named == id || named == slug,
    };
    let claims_tenant = claimed.and_then(|c| c.tenant).unwrap_or(ids[0]);
    let claims_workspace = claimed.and_then(|c| c.workspace).unwrap_or(places[0]);
    let tenants = same(&tenant, ids[0].to_string(), "acme") && same(&subdomain, ids[0].to_string(), "acme") && claims_tenant == ids[0];
    assert_eq!(sources.agree_on_tenant(ids[0], "acme"), tenants);
    let workspaces = same(&workspace, places[0].to_string(), "place") && claims_workspace == places[0];
    assert_eq!(sources.agree_on_workspace(places[0], "place"), workspaces);
});
