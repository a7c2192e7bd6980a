//! Rules about models that are not named one by one, and keys that name them so: what they decide, a call obeys at once.

use serde_json::{Value, json};

use super::{Gateway, ask, id, model, must, refused};

/// Sets the rules of tenant B, which has decided nothing else.
async fn rules(g: &Gateway, body: Value) -> Value {
    let b = &g.app.b;
    let path = format!("/api/v1/tenants/{}/models/rules", b.tenant.id);
    must(g.app.put(&path).by(&b.owner).json(&body).send().await)
}

async fn another(g: &Gateway, name: &str) -> String {
    let first = must(g.app.get(&format!("/api/v1/models/{}", g.large)).by(&g.app.operator).send().await);
    let routes = json!([{ "provider": first["provider"], "upstream_name": name, "priority": 0 }]);
    model(&g.app, name, routes).await
}

#[tokio::test]
async fn rules_enable_what_begins_so_and_what_is_to_come() {
    let g = Gateway::new().await;
    let (b, key) = (&g.app.b, g.key(&g.app.b, &g.app.b.owner, json!({})).await);
    another(&g, "other/thing").await;
    assert_eq!(g.models(&key).await, [] as [&str; 0]);
    let set = rules(&g, json!({ "rules": [{ "pattern": "mock/*" }] })).await;
    assert_eq!(set["rules"][0]["pattern"], "mock/*");
    assert_eq!(g.models(&key).await, ["mock/large", "mock/small"]);
    must(g.chat(&key, ask("mock/small")).await);
    another(&g, "mock/tiny").await;
    assert_eq!(g.models(&key).await, ["mock/large", "mock/small", "mock/tiny"]);
    must(g.chat(&key, ask("mock/tiny")).await);
    refused(&g.chat(&key, ask("other/thing")).await, 404, "model_not_found");

    // What is said of one model comes before; the longest rule before the others.
    g.allow(b, &g.small, json!({ "enabled": false })).await;
    assert_eq!(g.models(&key).await, ["mock/large", "mock/tiny"]);
    refused(&g.chat(&key, ask("mock/small")).await, 404, "model_not_found");
    let narrow = json!({ "rules": [{ "pattern": "mock/*" }, { "pattern": "mock/l*", "audience": "workspaces" }] });
    rules(&g, narrow).await;
    assert_eq!(g.models(&key).await, ["mock/tiny"]);
    let why = format!("/api/v1/tenants/{}/models/{}/explain?user={}", b.tenant.id, g.large, b.owner.user.id);
    let why = must(g.app.get(&why).by(&b.owner).send().await);
    assert_eq!(
        (&why["reason"], &why["decided_by"], &why["rule"]),
        (&json!("not_in_workspace"), &json!("rule"), &json!("mock/l*"))
    );

    // Taken away they are gone, and what was decided by hand stays. The other tenant never noticed.
    rules(&g, json!({ "rules": [] })).await;
    assert_eq!(g.models(&key).await, [] as [&str; 0]);
    refused(&g.chat(&key, ask("mock/tiny")).await, 404, "model_not_found");
    g.allow(b, &g.small, json!({ "enabled": true })).await;
    assert_eq!(g.models(&key).await, ["mock/small"]);
    assert_eq!(g.models(&g.own_key().await).await, ["mock/large", "mock/small"]);
}

#[tokio::test]
async fn new_models_are_off_until_a_tenant_says_otherwise() {
    let g = Gateway::new().await;
    let key = g.key(&g.app.b, &g.app.b.owner, json!({})).await;
    another(&g, "mock/before").await;
    assert_eq!(rules(&g, json!({})).await["new_models"], "off");
    rules(&g, json!({ "new_models": "on" })).await;
    another(&g, "mock/after").await;
    assert_eq!(g.models(&key).await, ["mock/after"]);
    must(g.chat(&key, ask("mock/after")).await);
    rules(&g, json!({ "new_models": "off" })).await;
    another(&g, "mock/later").await;
    assert_eq!(g.models(&key).await, ["mock/after"], "what it enabled stays");
}

#[tokio::test]
async fn a_key_names_models_by_how_they_begin() {
    let g = Gateway::new().await;
    let (a, owner) = (&g.app.a, &g.app.a.owner);
    let keys = format!("/api/v1/tenants/{}/api-keys", a.tenant.id);
    let new = json!({ "name": "Large ones", "scopes": ["gateway:use"], "models": ["mock/l*"] });
    let made = must(g.app.post(&keys).by(owner).json(&new).send().await);
    assert_eq!(made["models"], json!(["mock/l*"]));
    let (secret, key) = (made["secret"].as_str().unwrap().to_owned(), id(made));
    assert_eq!(g.models(&secret).await, ["mock/large"]);
    must(g.chat(&secret, ask("mock/large")).await);
    refused(&g.chat(&secret, ask("mock/small")).await, 404, "model_not_found");

    let why = async |model: &str| {
        let path = format!("/api/v1/tenants/{}/models/{model}/explain?key={key}", a.tenant.id);
        let why = must(g.app.get(&path).by(owner).send().await);
        assert_eq!(why["key"], json!(key));
        (why["allowed"].as_bool().unwrap(), why["reason"].as_str().unwrap().to_owned())
    };
    assert_eq!(why(&g.large).await, (true, "everyone".to_owned()));
    assert_eq!(why(&g.small).await, (false, "key_models".to_owned()));
    // A key narrows what the tenant decided and widens nothing.
    g.allow(a, &g.large, json!({ "enabled": false })).await;
    assert_eq!(why(&g.large).await, (false, "not_enabled".to_owned()));
    refused(&g.chat(&secret, ask("mock/large")).await, 404, "model_not_found");
    let patch = format!("{keys}/{key}");
    must(g.app.patch(&patch).by(owner).json(&json!({ "models": ["*"] })).send().await);
    assert_eq!(g.models(&secret).await, ["mock/small"]);
    assert_eq!(g.app.delete(&patch).by(owner).send().await.status, 204);
    assert_eq!(why(&g.small).await, (false, "key_revoked".to_owned()));
    // Whose key it is, nobody elsewhere learns.
    let path = format!("/api/v1/tenants/{}/models/{}/explain?key={key}", g.app.b.tenant.id, g.small);
    assert_eq!(g.app.get(&path).by(&g.app.b.owner).send().await.code(), "not_found");
    for bad in [json!(["mock*/l"]), json!(["mock"]), json!(["mock/ *"])] {
        let answer = g
            .app
            .post(&keys)
            .by(owner)
            .json(&json!({ "name": "Bad", "scopes": ["gateway:use"], "models": bad }))
            .send()
            .await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["errors"][0]["field"]),
            (422, &json!("models")),
            "{}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn bad_rules_are_refused_by_name_and_change_nothing() {
    let g = Gateway::new().await;
    let b = &g.app.b;
    rules(&g, json!({ "rules": [{ "pattern": "mock/*" }] })).await;
    let path = format!("/api/v1/tenants/{}/models/rules", b.tenant.id);
    let many: Vec<_> = (0..101).map(|n| json!({ "pattern": format!("m{n}/*") })).collect();
    for (body, field) in [
        (json!({ "rules": [{ "pattern": "mock" }] }), "rules[0].pattern"),
        (json!({ "rules": [{ "pattern": "a/*", "audience": "all" }] }), "rules[0].audience"),
        (json!({ "rules": [{ "pattern": "a/*" }, { "pattern": "a/*" }] }), "rules"),
        (json!({ "rules": many }), "rules"),
        (json!({ "new_models": "maybe" }), "new_models"),
    ] {
        let answer = g.app.put(&path).by(&b.owner).json(&body).send().await;
        let named = answer.json()["errors"][0]["field"].as_str().unwrap_or_default().to_owned();
        assert!(answer.status == 422 && named.starts_with(field), "{body}: {}", answer.text());
    }
    let there = must(g.app.get(&path).by(&b.viewer).send().await);
    assert_eq!((there["rules"].as_array().unwrap().len(), &there["new_models"]), (1, &json!("off")));
    assert_eq!(
        g.app.put(&path).by(&b.developer).json(&json!({ "rules": [] })).send().await.code(),
        "forbidden"
    );
}
