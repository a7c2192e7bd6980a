use http::{HeaderMap, HeaderValue};

use super::{TENANT, WORKSPACE, read};

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(*name, HeaderValue::from_static(value));
    }
    map
}

#[test]
fn headers_name_a_tenant_and_a_workspace() {
    let map = headers(&[("x-tenant-id", " acme "), ("x-workspace-id", "")]);
    assert_eq!(read(&map, &TENANT).unwrap(), Some("acme".into()));
    assert_eq!(read(&map, &WORKSPACE).unwrap(), None);
}

#[test]
fn one_header_with_two_values_is_a_conflict() {
    let same = headers(&[("x-tenant-id", "acme"), ("x-tenant-id", "acme")]);
    assert!(read(&same, &TENANT).is_ok());
    let other = headers(&[("x-tenant-id", "acme"), ("x-tenant-id", "globex")]);
    let error = read(&other, &TENANT).unwrap_err();
    assert_eq!(error.0.code(), tenantry_types::ProblemCode::ContextConflict);
}
