use http::{HeaderMap, HeaderValue};

use super::Headers;

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(*name, HeaderValue::from_static(value));
    }
    map
}

#[test]
fn headers_name_a_tenant_and_a_workspace() {
    let read = Headers::read(&headers(&[("x-tenant-id", " acme "), ("x-workspace-id", "")])).unwrap();
    assert_eq!(
        read,
        Headers {
            tenant: Some("acme".into()),
            workspace: None
        }
    );
}

#[test]
fn one_header_with_two_values_is_a_conflict() {
    let same = headers(&[("x-tenant-id", "acme"), ("x-tenant-id", "acme")]);
    assert!(Headers::read(&same).is_ok());
    let other = headers(&[("x-tenant-id", "acme"), ("x-tenant-id", "globex")]);
    let error = Headers::read(&other).unwrap_err();
    assert_eq!(error.0.code(), tenantry_types::ProblemCode::ContextConflict);
}
