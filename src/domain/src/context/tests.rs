use uuid::Uuid;

use super::*;

/// Every source absent, naming this tenant by id or slug, or naming another: agreement is that none
/// names another.
#[test]
fn checklist_21_sources_agree_when_none_names_another() {
    let (own, other) = (TenantId::new(Uuid::from_u128(1)), TenantId::new(Uuid::from_u128(2)));
    let texts = [
        None,
        Some("acme".to_owned()),
        Some(own.to_string()),
        Some("globex".to_owned()),
        Some(other.to_string()),
    ];
    let is_other = |text: &Option<String>| text.as_ref().is_some_and(|t| *t == "globex" || *t == other.to_string());
    let mut seen = 0;
    for tenant in &texts {
        for subdomain in &texts {
            for claimed in [None, Some(own), Some(other)] {
                let sources = Sources {
                    tenant: tenant.clone(),
                    subdomain: subdomain.clone(),
                    credential: claimed.map(|tenant| Claimed {
                        tenant: Some(tenant),
                        workspace: None,
                        source: ContextSource::Token,
                    }),
                    ..Sources::default()
                };
                let disagree = is_other(tenant) || is_other(subdomain) || claimed == Some(other);
                assert_eq!(sources.agree_on_tenant(own, "acme"), !disagree, "{sources:?}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 75);
}
