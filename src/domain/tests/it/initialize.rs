//! What the environment asks for, made once; and who then owns it.

use tenantry_domain::initialize::{self, Wanted};
use tenantry_domain::{Policy, accounts};
use tenantry_types::{Email, Name, TenantRole};

use crate::support::{PASSWORD, app, ctx, origin, register};

fn wanted() -> Wanted {
    Wanted {
        organization_name: Some(Name::parse("Acme Labs").unwrap()),
        external_id: Some("acme-42".into()),
        ..Wanted::default()
    }
}

#[tokio::test]
async fn the_first_account_that_registers_owns_the_tenant_that_waits() {
    let (app, _test, _) = app(Policy::default()).await;
    for _ in 0..2 {
        initialize::run(&app, wanted()).await.unwrap();
    }
    let ada = register(&app, "ada@x.example", "Ada").await;
    let tenants = accounts::available_tenants(&app, &ada).await.unwrap();
    assert_eq!(tenants.len(), 1, "this one instead of a second one");
    assert_eq!(tenants[0].slug.as_str(), "acme-labs");
    assert_eq!(ctx(&app, &ada, "acme-labs").await.role().as_str(), TenantRole::Owner.as_str());

    let bob = register(&app, "bob@x.example", "Bob").await;
    let tenants = accounts::available_tenants(&app, &bob).await.unwrap();
    assert_eq!(tenants.len(), 1);
    assert_ne!(tenants[0].slug.as_str(), "acme-labs", "it is taken");
}

#[tokio::test]
async fn the_operator_made_on_the_command_line_owns_it_as_the_first_account() {
    let (app, _test, _) = app(Policy::default()).await;
    initialize::run(&app, wanted()).await.unwrap();
    let (email, name) = (Email::parse("op@x.example").unwrap(), Name::parse("Opal").unwrap());
    let user = accounts::create_operator(&app, &origin(), email, &name, PASSWORD).await.unwrap();
    let opal = crate::support::principal(&app, &user).await;
    assert_eq!(ctx(&app, &opal, "acme-labs").await.role().as_str(), TenantRole::Owner.as_str());
    let bob = register(&app, "bob@x.example", "Bob").await;
    let tenants = accounts::available_tenants(&app, &bob).await.unwrap();
    assert!(tenants.iter().all(|t| t.slug.as_str() != "acme-labs"));
}
