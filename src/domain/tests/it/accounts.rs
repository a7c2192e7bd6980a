use serde_json::json;
use tenantry_domain::{Policy, RegistrationPolicy, access, accounts, members, tenants};
use tenantry_types::account::{Login, UserPatch};
use tenantry_types::member::MemberPatch;
use tenantry_types::sign_in::AccountDeletion;
use tenantry_types::tenant::NewTenant;
use tenantry_types::{CtxRole, ProblemCode, TenantRole};

use crate::support::{PASSWORD, again, app, code, ctx, join, origin, register, registration, world};

fn login(email: &str, password: &str) -> Login {
    Login::parse(&json!({ "email": email, "password": password })).unwrap()
}

#[tokio::test]
async fn the_first_account_is_operator_and_each_has_a_tenant() {
    let (app, _test, _) = app(Policy::default()).await;
    let first = register(&app, "ada@x.example", "Ada").await;
    let second = register(&app, "bob@x.example", "Bob").await;
    assert!(first.user().is_operator);
    assert!(!second.user().is_operator);
    let tenants = accounts::available_tenants(&app, &second).await.unwrap();
    assert_eq!(tenants.len(), 1);
    assert_eq!(
        (tenants[0].slug.as_str(), tenants[0].role),
        ("bobs-team", CtxRole::Member(TenantRole::Owner))
    );
}

#[tokio::test]
async fn sixteen_first_sign_ups_make_one_operator() {
    let (app, _test, _) = app(Policy::default()).await;
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let app = app.clone();
            tokio::spawn(async move {
                accounts::register(&app, &origin(), registration(&format!("p{n}@x.example"), "Same Name"))
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut operators = 0;
    let mut slugs = std::collections::BTreeSet::new();
    for task in tasks {
        let made = task.await.unwrap();
        operators += usize::from(made.user.is_operator);
        slugs.insert(made.tenant.unwrap().slug);
    }
    assert_eq!(operators, 1);
    assert_eq!(slugs.len(), 16, "each has a slug of its own");
}

#[tokio::test]
async fn policies_of_registration_let_the_first_in() {
    for (policy, refusal) in [
        (RegistrationPolicy::Invite, ProblemCode::RegistrationByInvitation),
        (RegistrationPolicy::Closed, ProblemCode::RegistrationClosed),
    ] {
        let (app, _test, _) = app(Policy {
            registration: policy,
            ..Policy::default()
        })
        .await;
        register(&app, "ada@x.example", "Ada").await;
        assert_eq!(
            code(accounts::register(&app, &origin(), registration("bob@x.example", "Bob")).await),
            refusal
        );
    }
}

#[tokio::test]
async fn addresses_are_taken_whatever_their_case() {
    let (app, _test, _) = app(Policy::default()).await;
    register(&app, "ada@x.example", "Ada").await;
    assert_eq!(
        code(accounts::register(&app, &origin(), registration("ADA@X.example", "Ada")).await),
        ProblemCode::EmailTaken
    );
}

#[tokio::test]
async fn wrong_unknown_and_disabled_get_the_same_answer() {
    let w = world().await;
    assert!(accounts::log_in(&w.app, &origin(), login("dev@a.example", PASSWORD)).await.is_ok());
    assert_eq!(
        code(accounts::log_in(&w.app, &origin(), login("dev@a.example", "wrong wrong")).await),
        ProblemCode::BadCredentials
    );
    assert_eq!(
        code(accounts::log_in(&w.app, &origin(), login("nobody@a.example", PASSWORD)).await),
        ProblemCode::BadCredentials
    );
    let patch = UserPatch::parse(&json!({ "status": "disabled" })).unwrap();
    tenantry_domain::platform::update_user(&w.app, &w.operator.operator().unwrap(), w.a.developer.id(), patch)
        .await
        .unwrap();
    assert_eq!(
        code(accounts::log_in(&w.app, &origin(), login("dev@a.example", PASSWORD)).await),
        ProblemCode::BadCredentials
    );
    assert!(
        access::principal(&w.app, w.a.developer.id(), origin()).await.unwrap().is_none(),
        "a disabled account has no principal"
    );
}

#[tokio::test]
async fn a_bcrypt_hash_is_replaced_at_the_next_log_in() {
    let w = world().await;
    let mut conn = w.test.superuser().await.unwrap();
    let hash = bcrypt::hash("Fixture-Passw0rd!", 4).unwrap();
    sqlx::query("update user_account set password_hash = $1 where email = 'dev@a.example'")
        .bind(&hash)
        .execute(&mut conn)
        .await
        .unwrap();
    accounts::log_in(&w.app, &origin(), login("dev@a.example", "Fixture-Passw0rd!"))
        .await
        .unwrap();
    let (now,): (String,) = sqlx::query_as("select password_hash from user_account where email = 'dev@a.example'")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert!(now.starts_with("$argon2id$"), "{now}");
    accounts::log_in(&w.app, &origin(), login("dev@a.example", "Fixture-Passw0rd!"))
        .await
        .unwrap();
}

#[tokio::test]
async fn accounts_go_but_not_while_they_are_the_last_owner_or_operator() {
    let w = world().await;
    let right = again(PASSWORD);
    assert_eq!(code(accounts::delete_me(&w.app, &w.operator, &right).await), ProblemCode::LastOperator);
    assert_eq!(code(accounts::delete_me(&w.app, &w.a.owner, &right).await), ProblemCode::LastOwner);
    let wrong = accounts::delete_me(&w.app, &w.a.developer, &again("not the password")).await.unwrap_err();
    assert_eq!(wrong.fields()[0].field, "password");
    // Without the password it takes a sign-in of just now, and here there is none.
    let none = AccountDeletion::default();
    assert_eq!(code(accounts::delete_me(&w.app, &w.a.developer, &none).await), ProblemCode::NotFresh);
    assert!(access::principal(&w.app, w.a.developer.id(), origin()).await.unwrap().is_some());
    accounts::delete_me(&w.app, &w.a.developer, &right).await.unwrap();
    assert!(access::principal(&w.app, w.a.developer.id(), origin()).await.unwrap().is_none());
}

#[tokio::test]
async fn only_operators_create_tenants_where_the_policy_says_so() {
    let policy = Policy {
        tenant_creation: tenantry_domain::TenantCreation::Operator,
        ..Policy::default()
    };
    let (app, _test, _) = app(policy).await;
    let operator = register(&app, "ada@x.example", "Ada").await;
    let other = register(&app, "bob@x.example", "Bob").await;
    let new = || NewTenant::parse(&json!({ "name": "New" })).unwrap();
    assert_eq!(code(tenants::create(&app, &other, new()).await), ProblemCode::TenantCreationClosed);
    tenants::create(&app, &operator, new()).await.unwrap();
}

#[tokio::test]
async fn a_disabled_membership_lets_nobody_in() {
    let w = world().await;
    let grant = ctx(&w.app, &w.a.owner, &w.a.slug).await.grant().unwrap();
    members::update(
        &w.app,
        grant,
        w.a.developer.id(),
        MemberPatch::parse(&json!({ "status": "disabled" })).unwrap(),
    )
    .await
    .unwrap();
    assert_eq!(code(access::tenant(&w.app, &w.a.developer, &w.a.slug).await), ProblemCode::NotFound);
    let late = join(&w.app, &w.a.owner, &w.a.slug, "late@a.example", "Late", TenantRole::Viewer).await;
    assert!(access::tenant(&w.app, &late, &w.a.slug).await.is_ok());
}
