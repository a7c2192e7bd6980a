//! Who comes into a tenant by the domain of their address.

use http::StatusCode;
use serde_json::{Value, json};

use super::{START, assert_refused, count, me};
use crate::support::openid::{Browser, Provider, Somebody, target};
use crate::support::server::{TestApp, Wish};

#[tokio::test]
async fn people_of_a_confirmed_domain_become_members_where_an_admin_says_so() {
    let provider = Provider::start().await;
    let app = TestApp::with(Wish {
        openid: Some(provider.by("tenantry")),
        ..Wish::default()
    })
    .await;
    let at = |side: &TestApp, rest: &str| format!("/api/v1/tenants/{}/domains{rest}", side.a.tenant.id);
    let members = format!("select count(*) from membership where tenant_id = '{}'", app.a.tenant.id.uuid());
    let before = count(&app, &members).await;
    let come = async |sub: &str, email: &str| {
        let mut browser = Browser::new(&app);
        assert_eq!(target(&browser.sign_in(START, Somebody::verified(sub, email)).await), "/");
        browser
    };

    let new = json!({ "domain": "Corp.Example", "join_role": "viewer" });
    assert_eq!(app.post(&at(&app, "")).by(&app.a.developer).json(&new).send().await.code(), "forbidden");
    for role in ["owner", "admin"] {
        let high = json!({ "domain": "corp.example", "join_role": role });
        assert_eq!(app.post(&at(&app, "")).by(&app.a.owner).json(&high).send().await.code(), "invalid");
    }
    let added = app.post(&at(&app, "")).by(&app.a.admin).json(&new).send().await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());
    assert_eq!(added.json()["confirmed_at"], Value::Null);
    assert_eq!(app.post(&at(&app, "")).by(&app.a.admin).json(&new).send().await.code(), "domain_taken");
    // Named, and not confirmed.
    come("one", "one@corp.example").await;
    assert_eq!(count(&app, &members).await, before);

    let confirm = at(&app, "/corp.example/confirm");
    assert_eq!(app.post(&confirm).by(&app.a.owner).send().await.code(), "forbidden");
    assert_eq!(app.post(&confirm).by(&app.operator).send().await.status, StatusCode::OK);
    assert_eq!(app.post(&confirm).by(&app.operator).send().await.status, StatusCode::OK, "twice is once");
    // The same on the page of the settings.
    let settings = format!("/t/{}/settings", app.a.tenant.slug);
    let page = app.get(&settings).by(&app.a.admin).send().await.text();
    assert!(page.contains("corp.example") && !page.contains("domains%2Fconfirm") && !page.contains("domains/confirm"));
    let act = |function: &str| format!("{settings}?act=domain:/_fn/tenant/domains/{function}");
    let fields = [("tenant", app.a.tenant.slug.as_str()), ("domain", "second.example"), ("join_role", "")];
    let saved = app.post(&act("add")).by(&app.a.admin).form(&fields).send().await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (StatusCode::SEE_OTHER, &*format!("{settings}?done=domains-saved"))
    );
    let again = app.post(&act("add")).by(&app.a.admin).form(&fields).send().await;
    assert_refused(&again, StatusCode::CONFLICT, "This domain is there already");
    assert_refused(
        &app.post(&act("confirm")).by(&app.a.admin).form(&fields).send().await,
        StatusCode::FORBIDDEN,
        "",
    );
    let page = app.get(&settings).by(&app.operator).send().await.text();
    assert!(
        page.contains("Confirm second.example") && !page.contains("Confirm corp.example"),
        "{page}"
    );
    let confirmed = app.post(&act("confirm")).by(&app.operator).form(&fields).send().await;
    assert_eq!(confirmed.status, StatusCode::SEE_OTHER, "{}", confirmed.text());
    assert_eq!(count(&app, "select count(*) from confirmed_domain").await, 2);
    let removed = app.post(&act("remove")).by(&app.a.admin).form(&fields).send().await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER);
    // Another tenant may say so as well, and gets nothing by it.
    let other = format!("/api/v1/tenants/{}/domains", app.b.tenant.id);
    assert_eq!(app.post(&other).by(&app.b.owner).json(&new).send().await.status, StatusCode::CREATED);
    let taken = app.post(&format!("{other}/corp.example/confirm")).by(&app.operator).send().await;
    assert_eq!(taken.code(), "domain_taken");

    // Confirmed, and turned off.
    let set = async |role: Value| {
        let set = app
            .patch(&at(&app, "/corp.example"))
            .by(&app.a.admin)
            .json(&json!({ "join_role": role }))
            .send()
            .await;
        assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    };
    set(Value::Null).await;
    come("two", "two@corp.example").await;
    assert_eq!(count(&app, &members).await, before);
    set(json!("developer")).await;
    let mut three = come("three", "three@corp.example").await;
    assert_eq!(count(&app, &members).await, before + 1);
    let tenant = format!("/api/v1/tenants/{}", app.a.tenant.id);
    assert_eq!(three.get(&tenant).await.status, StatusCode::OK);
    let joined = "select count(*) from audit_event where action = 'member.joined' and changes->>'domain' = 'true' and changes->>'role' = 'developer'";
    assert_eq!(count(&app, joined).await, 1);
    // One tenant, which is not their own.
    let person = me(&mut three).await.json()["id"].as_str().unwrap().to_owned();
    let mine = "select count(*) from membership m join user_account u on u.id = m.user_id where u.email = 'three@corp.example'";
    assert_eq!(count(&app, mine).await, 1);
    // Those of before come in by their next sign-in; a subdomain and other domains do not.
    come("two", "two@corp.example").await;
    assert_eq!(count(&app, &members).await, before + 2);
    for email in ["four@sub.corp.example", "four@corp.example.test", "four@notcorp.example"] {
        come(email, email).await;
    }
    assert_eq!(count(&app, &members).await, before + 2);

    // Who was removed does not come back by themselves.
    let gone = app.delete(&format!("{tenant}/members/{person}")).by(&app.a.admin).send().await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let back = come("three", "three@corp.example").await;
    assert_eq!(count(&app, &members).await, before + 1);
    // Not even after their account, which is all that said so, was deleted.
    let deleted = app.delete("/api/v1/me").header("cookie", &back.cookies()).send().await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.text());
    come("three", "three@corp.example").await;
    assert_eq!(count(&app, &members).await, before + 1);
    // Nor does anybody where there is no seat; they sign in without.
    let limits = json!({ "members": before + 1 });
    let set = app.patch(&format!("{tenant}/quotas")).by(&app.operator).json(&limits).send().await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    come("five", "five@corp.example").await;
    assert_eq!(count(&app, &members).await, before + 1);
    let free = json!({ "members": null });
    app.patch(&format!("{tenant}/quotas")).by(&app.operator).json(&free).send().await;
    // A suspended tenant lets nobody in, and a domain that was given up leads nowhere.
    app.post(&format!("{tenant}/suspend")).by(&app.a.owner).send().await;
    come("six", "six@corp.example").await;
    app.post(&format!("{tenant}/activate")).by(&app.a.owner).send().await;
    assert_eq!(count(&app, &members).await, before + 1);
    assert_eq!(
        app.delete(&at(&app, "/corp.example")).by(&app.a.admin).send().await.status,
        StatusCode::NO_CONTENT
    );
    come("six", "six@corp.example").await;
    assert_eq!(count(&app, &members).await, before + 1);
    assert_eq!(count(&app, "select count(*) from confirmed_domain").await, 0);
    for action in [
        "tenant.domain_added",
        "tenant.domain_confirmed",
        "tenant.domain_updated",
        "tenant.domain_removed",
    ] {
        let sql = format!("select count(*) from audit_event where action = '{action}'");
        assert!(count(&app, &sql).await > 0, "{action}");
    }
}

/// Corp's domain lets its people into tenant A.
async fn with_domain(provider: &Provider) -> TestApp {
    let app = super::app_of(provider, "tenantry").await;
    let at = format!("/api/v1/tenants/{}/domains", app.a.tenant.id);
    let new = json!({ "domain": "corp.example", "join_role": "viewer" });
    assert_eq!(app.post(&at).by(&app.a.admin).json(&new).send().await.status, StatusCode::CREATED);
    let confirmed = app.post(&format!("{at}/corp.example/confirm")).by(&app.operator).send().await;
    assert_eq!(confirmed.status, StatusCode::OK);
    app
}

#[tokio::test]
async fn who_was_removed_does_not_come_back_by_another_address_of_theirs() {
    let provider = Provider::start().await;
    let app = with_domain(&provider).await;
    let members = format!("select count(*) from membership where tenant_id = '{}'", app.a.tenant.id.uuid());
    let before = count(&app, &members).await;
    let (first, second) = (
        Somebody::verified("eve", "eve@corp.example"),
        Somebody::verified("eve-2", "eve.second@corp.example"),
    );
    let mut eve = Browser::new(&app);
    assert_eq!(target(&eve.sign_in(START, first).await), "/");
    assert_eq!(count(&app, &members).await, before + 1);
    // A second identity, linked by hand.
    let away = eve.post("/account", &[("what", "openid-link"), ("provider", "test")]).await;
    let back = eve.visit(&away, Some(second)).await;
    assert_eq!(target(&eve.get(&back).await), "/account?done=identity-linked");
    let person = me(&mut eve).await.json()["id"].as_str().unwrap().to_owned();
    let gone = app
        .delete(&format!("/api/v1/tenants/{}/members/{person}", app.a.tenant.id))
        .by(&app.a.admin)
        .send()
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    // Her account goes, and with it what says whose identities those were.
    let deleted = app.delete("/api/v1/me").header("cookie", &eve.cookies()).send().await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.text());
    for who in [first, second] {
        let mut back = Browser::new(&app);
        assert_eq!(target(&back.sign_in(START, who).await), "/");
        assert_eq!(count(&app, &members).await, before, "{}", who.email);
    }
}

/// An identity of the domain that somebody linked to an account with another address signs in, and opens no tenant.
#[tokio::test]
async fn a_domain_lets_in_accounts_of_its_own_addresses_only() {
    let provider = Provider::start().await;
    let app = with_domain(&provider).await;
    let bea = &app.b.viewer;
    let mut browser = Browser::signed_in(&app, &bea.cookie);
    let link = [
        ("what", "openid-link"),
        ("provider", "test"),
        ("password", crate::support::fixture::PASSWORD),
    ];
    let away = browser.post("/account", &link).await;
    let at = Somebody::verified("bea", "bea@corp.example");
    let back = browser.visit(&away, Some(at)).await;
    assert_eq!(target(&browser.get(&back).await), "/account?done=identity-linked");
    let mut again = Browser::new(&app);
    assert_eq!(target(&again.sign_in(START, at).await), "/");
    assert_eq!(me(&mut again).await.json()["id"], json!(bea.user.id));
    let joined = format!(
        "select count(*) from membership where tenant_id = '{}' and user_id = '{}'",
        app.a.tenant.id.uuid(),
        bea.user.id.uuid()
    );
    assert_eq!(count(&app, &joined).await, 0);
}
