//! Who has access to what, for who reviews it.

use tenantry_domain::{Operator, Origin};

use crate::support::world;

#[tokio::test]
async fn a_review_of_access_names_people_and_models() {
    let w = world().await;
    let cli = Operator::of_command_line(Origin::cli("test"));
    let all = tenantry_domain::platform::access(&w.app, &cli, None).await.unwrap();
    let a = all.iter().find(|t| t.slug == w.a.slug).unwrap();
    let names: Vec<(&str, &str)> = a.admins.iter().map(|admin| (admin.role.as_str(), admin.email.as_str())).collect();
    assert_eq!(names[0].0, "owner");
    assert!(
        names
            .iter()
            .all(|(role, email)| ["owner", "admin"].contains(role) && email.ends_with("@a.example")),
        "{names:?}"
    );
    assert_eq!(i64::try_from(a.admins.len()).unwrap(), a.admin_count);
    let mut conn = w.test.superuser().await.unwrap();
    let members: i64 = sqlx::query_scalar("select count(*) from membership m join tenant t on t.id = m.tenant_id where t.slug = $1")
        .bind(&w.a.slug)
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(a.active_users, members);
    // Whoever is disabled is no active user.
    w.test
        .run("update membership set status = 'disabled' where role = 'viewer'")
        .await
        .unwrap();
    let after = tenantry_domain::platform::access(&w.app, &cli, None).await.unwrap();
    let after = after.iter().find(|t| t.slug == w.a.slug).unwrap();
    assert_eq!(after.active_users, members - 1);
    assert!(
        tenantry_domain::platform::access(&w.app, &cli, all.last().map(|t| t.id))
            .await
            .unwrap()
            .is_empty()
    );
}
