use super::*;

const TENANT: [TenantRole; 4] = [TenantRole::Owner, TenantRole::Admin, TenantRole::Developer, TenantRole::Viewer];

#[test]
fn more_power_never_means_fewer_permissions() {
    for pair in TENANT.windows(2) {
        for permission in Permission::ALL {
            if CtxRole::Member(pair[1]).allows(*permission) {
                assert!(CtxRole::Member(pair[0]).allows(*permission), "{} lacks {}", pair[0], permission.as_str());
            }
        }
    }
}

#[test]
fn developers_make_their_keys_and_use_them_and_viewers_write_nothing() {
    for role in [TenantRole::Developer, TenantRole::Viewer] {
        for permission in of(CtxRole::Member(role)) {
            if role == TenantRole::Developer && matches!(permission, Permission::KeysCreate | Permission::GatewayUse) {
                continue;
            }
            assert_eq!(permission.kind(), Kind::Read, "{role} may {}", permission.as_str());
        }
    }
}

#[test]
fn texts_are_unique_and_round_trip() {
    for permission in Permission::ALL {
        assert_eq!(Permission::from_text(permission.as_str()), Some(*permission));
    }
}
