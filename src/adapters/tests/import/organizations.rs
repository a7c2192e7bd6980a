//! A deployment that had organizations already.

use serde_json::json;
use tenantry_domain::import::{Reason, SourceOrganization, SourceOrganizationMember};
use tenantry_domain::{access, members, tenants};
use tenantry_types::{PageQuery, ProblemCode};

use crate::{PASSWORD, fixture, log_in, pairs, register, run, server, use_of};

#[tokio::test]
async fn organizations_become_tenants_of_their_own() {
    let (app, _test) = server().await;
    let mut source = fixture();
    let id = |email: &str| source.users.iter().find(|u| u.email == email).unwrap().id.clone();
    let member = |email: &str, role: &str, active| SourceOrganizationMember {
        user: id(email),
        role: role.into(),
        active,
    };
    let organization = |name: &str, members, models| SourceOrganization {
        id: name.to_lowercase(),
        name: Some(name.into()),
        members,
        models,
    };
    source.organizations = vec![
        organization(
            "North",
            vec![
                member("ada@acme.example", "admin", true),
                member("carl@acme.example", "member", true),
                member("dora@acme.example", "member", false),
            ],
            vec![("mock-private".into(), true), ("mock-small".into(), false)],
        ),
        organization(
            "South",
            vec![member("bea@acme.example", "admin", true), member("carl@acme.example", "member", true)],
            vec![("mock-large".into(), true)],
        ),
    ];
    // Somebody else's tenant has the name already, and says of itself that it is the organization.
    let stranger = register(&app, "stranger@else.example").await;
    let taken = json!({ "name": "North", "slug": "north", "external_id": "north" });
    tenants::create(&app, &stranger, tenantry_types::tenant::NewTenant::parse(&taken).unwrap())
        .await
        .unwrap();
    let report = run(&app, source.clone(), "acme", false).await;
    assert_eq!(
        report.tenants.iter().map(|t| (t.slug.as_str(), t.created)).collect::<Vec<_>>(),
        [("north-2", true), ("south", true)]
    );
    assert_eq!(report.left_out.iter().filter(|l| l.reason == Reason::NoOrganization).count(), 3);
    let ada = log_in(&app, "ada@acme.example", PASSWORD).await;
    let north = access::tenant(&app, &ada, "north-2").await.unwrap();
    assert_eq!(
        pairs(&use_of(&app, &north).await),
        [("ada@acme.example", "mock-private"), ("carl@acme.example", "mock-private")]
    );
    let people = members::list(&app, north.grant().unwrap(), PageQuery::default(), None)
        .await
        .unwrap()
        .items;
    let dora = people.iter().find(|m| m.email.as_str() == "dora@acme.example").unwrap();
    assert_eq!(dora.status.as_str(), "disabled");
    assert_eq!(access::tenant(&app, &ada, "south").await.unwrap_err().code(), ProblemCode::NotFound);
    let again = run(&app, source, "acme", false).await;
    assert_eq!(
        again
            .tenants
            .iter()
            .map(|t| (t.slug.as_str(), t.created, t.members.added))
            .collect::<Vec<_>>(),
        [("north-2", false, 0), ("south", false, 0)]
    );
}
