//! What the environment asks for, made once; and who then owns it.

use std::sync::Arc;

use tenantry_domain::initialize::{self, Wanted};
use tenantry_domain::ports::SourceError;
use tenantry_domain::{App, Policy, accounts, model_access};
use tenantry_types::model::ModelsToggle;
use tenantry_types::text::Secret;
use tenantry_types::{Email, Name, TenantRole};

use crate::models::{Scripted, listed};
use crate::support::{PASSWORD, app, app_with, ctx, origin, register};

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

fn key() -> Wanted {
    Wanted {
        openrouter_api_key: Some(Secret::new("sk-or-test")),
        ..Wanted::default()
    }
}

/// Whether the models that the owner may use are the provider's.
async fn usable(app: &App, owner: &tenantry_domain::Principal) -> Vec<String> {
    let mine = model_access::mine(app, owner).await.unwrap();
    mine.into_iter().map(|model| model.name).collect()
}

#[tokio::test]
async fn models_of_the_provider_are_enabled_once_whichever_of_the_two_came_first() {
    for tenant_first in [true, false] {
        let source = Arc::new(Scripted::new(Err(SourceError::Unreachable)));
        let (app, test) = app_with(Policy::default(), source.clone()).await;
        let (first, then) = if tenant_first { (wanted(), key()) } else { (key(), wanted()) };
        initialize::run(&app, first).await.unwrap();
        assert_eq!(
            initialize::catch_up(&app).await.unwrap(),
            tenant_first,
            "without a provider there is nothing to do"
        );
        let scheduled = async || test.count("select count(*) from provider where sync_hours is not null").await.unwrap();
        assert_eq!(scheduled().await, 0, "nobody else reads the models first");
        source.answer(Ok(vec![listed("big", Some(7)), listed("small", None)]));
        assert!(initialize::catch_up(&app).await.unwrap());
        initialize::run(&app, then).await.unwrap();
        assert!(initialize::catch_up(&app).await.unwrap());
        let ada = register(&app, "ada@x.example", "Ada").await;
        assert_eq!(usable(&app, &ada).await, ["big", "small"], "the tenant first: {tenant_first}");
        assert_eq!(scheduled().await, 1);

        // What the owner switches off stays off, at this start and the next.
        let owner = ctx(&app, &ada, "acme-labs").await;
        let page = model_access::mine(&app, &ada).await.unwrap();
        let off = ModelsToggle {
            enable: Vec::new(),
            disable: vec![page[0].id],
        };
        model_access::toggle(&app, owner.grant().unwrap(), off).await.unwrap();
        initialize::run(
            &app,
            Wanted {
                openrouter_api_key: key().openrouter_api_key,
                ..wanted()
            },
        )
        .await
        .unwrap();
        assert!(initialize::catch_up(&app).await.unwrap());
        assert_eq!(usable(&app, &ada).await.len(), 1);
        assert_eq!(source.asked(), if tenant_first { 1 } else { 2 }, "read once, after the first answer");
    }
}
