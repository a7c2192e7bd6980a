//! The gateway, with a provider that answers as it is told: who may call what, what passes and how, what it comes to.

mod alerts;
mod limits;
mod playground;
mod processes;
mod rules;
mod wire;

use std::net::SocketAddr;

use futures::StreamExt;
use http::StatusCode;
use serde_json::{Value, json};
use tenantry_domain::{gateway, usage};
use tenantry_mock_upstream::Mock;

use crate::support::call::Answer;
use crate::support::fixture::{Person, Side};
use crate::support::server::{TestApp, Wish};

/// What the provider's key is in these tests.
const KEY: &str = "sk-of-the-provider-0123456789";

/// A server whose operator has a provider and the models `mock/large` and `mock/small`; tenant A has enabled both.
struct Gateway {
    app: TestApp,
    mock: Mock,
    /// Ids.
    large: String,
    small: String,
}

impl Gateway {
    async fn new() -> Self {
        Self::with(Wish::default()).await
    }

    async fn with(wish: Wish) -> Self {
        let app = TestApp::with(wish).await;
        let mock = Mock::keeping();
        let addr = mock.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await;
        let provider = provider(&app, "Mock", addr).await;
        let large = model(
            &app,
            "mock/large",
            json!([{ "provider": provider, "upstream_name": "mock-large", "priority": 0 }]),
        )
        .await;
        let small = model(
            &app,
            "mock/small",
            json!([{ "provider": provider, "upstream_name": "mock-small", "priority": 0 }]),
        )
        .await;
        let this = Self { app, mock, large, small };
        for id in [&this.large, &this.small] {
            this.allow(&this.app.a, id, json!({ "enabled": true })).await;
        }
        this
    }

    async fn allow(&self, side: &Side, model: &str, access: Value) {
        let path = format!("/api/v1/tenants/{}/models/{model}", side.tenant.id);
        must(self.app.put(&path).by(&side.owner).json(&access).send().await);
    }

    async fn key(&self, side: &Side, by: &Person, more: Value) -> String {
        let mut body = json!({ "name": "key", "scopes": ["gateway:use"] });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let path = format!("/api/v1/tenants/{}/api-keys", side.tenant.id);
        must(self.app.post(&path).by(by).json(&body).send().await)["secret"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    async fn own_key(&self) -> String {
        self.key(&self.app.a, &self.app.a.owner, json!({})).await
    }

    async fn models(&self, key: &str) -> Vec<String> {
        let list = must(self.app.get("/v1/models").bearing(key).send().await);
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["id"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn chat(&self, key: &str, body: Value) -> Answer {
        self.app.post("/v1/chat/completions").bearing(key).json(&body).send().await
    }

    /// The rows of the tenant's usage, oldest first.
    async fn usage(&self, columns: &str) -> Vec<Value> {
        usage::flush(&self.app.app).await.unwrap();
        let sql = format!("select coalesce(json_agg(to_json(e) order by e.at), '[]') from (select at, {columns} from usage_event) e");
        let mut conn = self.app.database.superuser().await.unwrap();
        let rows: Value = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut conn).await.unwrap();
        rows.as_array().unwrap().clone()
    }
}

fn must(answer: Answer) -> Value {
    assert!(answer.status.is_success(), "{} {}", answer.status, answer.text());
    answer.json()
}

async fn provider(app: &TestApp, name: &str, addr: SocketAddr) -> String {
    let body = json!({ "name": name, "kind": "other", "base_url": format!("http://{addr}/v1"), "api_key": KEY });
    id(must(app.post("/api/v1/providers").by(&app.operator).json(&body).send().await))
}

async fn model(app: &TestApp, name: &str, routes: Value) -> String {
    let body = json!({ "name": name, "routes": routes, "input_price": 150_000, "output_price": 600_000 });
    id(must(app.post("/api/v1/models").by(&app.operator).json(&body).send().await))
}

fn id(made: Value) -> String {
    made["id"].as_str().unwrap().to_owned()
}

fn ask(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": "hello" }] })
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!(error["code"], code, "{error}");
    assert!(
        error["message"].as_str().is_some_and(|m| !m.is_empty()) && error["type"].is_string(),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_listed_is_what_can_be_called() {
    let g = Gateway::new().await;
    let key = g.own_key().await;
    assert_eq!(g.models(&key).await, ["mock/large", "mock/small"]);
    let found = must(g.app.get("/v1/models/mock/large").bearing(&key).send().await);
    assert_eq!((&found["id"], &found["object"]), (&json!("mock/large"), &json!("model")));
    must(g.chat(&key, ask("mock/large")).await);

    // From the next request on.
    g.allow(&g.app.a, &g.large, json!({ "enabled": false })).await;
    assert_eq!(g.models(&key).await, ["mock/small"]);
    let no = g.chat(&key, ask("mock/large")).await;
    refused(&no, 404, "model_not_found");
    // One without access looks like one that is not there.
    let never = g.chat(&key, ask("mock/never")).await;
    assert_eq!(no.text().replace("large", "never"), never.text());
    refused(&g.app.get("/v1/models/mock/large").bearing(&key).send().await, 404, "model_not_found");

    let path = format!("/api/v1/models/{}", g.small);
    must(g.app.patch(&path).by(&g.app.operator).json(&json!({ "is_active": false })).send().await);
    assert_eq!(g.models(&key).await, [] as [&str; 0]);
    refused(&g.chat(&key, ask("mock/small")).await, 404, "model_not_found");
    assert_eq!(g.mock.take().len(), 1, "nothing that was refused was sent");
}

#[tokio::test]
async fn another_tenants_key_reaches_nothing_of_it() {
    let g = Gateway::new().await;
    let (of_a, of_b) = (g.own_key().await, g.key(&g.app.b, &g.app.b.owner, json!({})).await);
    assert_eq!(g.models(&of_b).await, [] as [&str; 0]);
    refused(&g.chat(&of_b, ask("mock/large")).await, 404, "model_not_found");
    let header = |key: &str, tenant: String| {
        g.app
            .post("/v1/chat/completions")
            .bearing(key)
            .header("x-tenant-id", &tenant)
            .json(&ask("mock/large"))
    };
    refused(&header(&of_b, g.app.a.tenant.id.to_string()).send().await, 404, "not_found");
    must(header(&of_a, g.app.a.tenant.id.to_string()).send().await);
}

#[tokio::test]
async fn workspaces_and_keys_narrow() {
    let g = Gateway::new().await;
    let (a, owner) = (&g.app.a, &g.app.a.owner);
    g.allow(a, &g.small, json!({ "enabled": true, "audience": "workspaces" })).await;
    let everywhere = g.own_key().await;
    let in_research = g.key(a, owner, json!({ "workspace": a.research.id })).await;
    assert_eq!(g.models(&everywhere).await, ["mock/large"]);
    assert_eq!(g.models(&in_research).await, ["mock/large"]);
    let list = async |mode: &str, models: &[&String]| {
        let path = format!("/api/v1/tenants/{}/workspaces/{}/models", a.tenant.id, a.research.id);
        must(g.app.put(&path).by(owner).json(&json!({ "mode": mode, "models": models })).send().await);
    };
    list("inherit", &[&g.small]).await;
    assert_eq!(g.models(&in_research).await, ["mock/large", "mock/small"]);
    list("restrict", &[&g.small]).await;
    assert_eq!(g.models(&in_research).await, ["mock/small"]);
    assert_eq!(g.models(&everywhere).await, ["mock/large"]);
    refused(&g.chat(&in_research, ask("mock/large")).await, 404, "model_not_found");
    must(g.chat(&in_research, ask("mock/small")).await);
    // The workspace of a header narrows as well, and one that is not the key's is a conflict.
    let named = g
        .app
        .get("/v1/models")
        .bearing(&everywhere)
        .header("x-workspace-id", a.research.slug.as_str())
        .send()
        .await;
    assert_eq!(must(named)["data"][0]["id"], "mock/small");
    let other = g
        .app
        .get("/v1/models")
        .bearing(&in_research)
        .header("x-workspace-id", &a.support.id.to_string())
        .send()
        .await;
    assert_eq!(
        other.status,
        StatusCode::NOT_FOUND,
        "a key of a workspace does not see another: {}",
        other.text()
    );
    list("restrict", &[]).await;
    assert_eq!(g.models(&in_research).await, [] as [&str; 0], "an empty list is nothing");

    let narrow = g.key(a, owner, json!({ "models": [g.large] })).await;
    assert_eq!(g.models(&narrow).await, ["mock/large"]);
    let none = g.key(a, owner, json!({ "models": [] })).await;
    assert_eq!(g.models(&none).await, [] as [&str; 0]);
}

#[tokio::test]
async fn only_who_may_use_models_gets_in_and_never_by_a_cookie() {
    let g = Gateway::new().await;
    let a = &g.app.a;
    let cookie = g.app.get("/v1/models").by(&a.owner).send().await;
    refused(&cookie, 401, "invalid_api_key");
    refused(&g.app.get("/v1/models").bearing("tnt_wrong").send().await, 401, "invalid_api_key");
    refused(&g.app.get("/v1/models").send().await, 401, "invalid_api_key");
    let other_scope = g.key(a, &a.owner, json!({ "scopes": ["members:read"] })).await;
    refused(&g.app.get("/v1/models").bearing(&other_scope).send().await, 403, "forbidden");
    refused(&g.app.get("/v1/nothing").send().await, 404, "not_found");
    refused(&g.app.get("/v1/chat/completions").send().await, 405, "method_not_allowed");

    let login = json!({ "email": a.viewer.user.email, "password": crate::support::fixture::PASSWORD, "tenant": a.tenant.id });
    let token = must(g.app.post("/api/v1/auth/token").json(&login).send().await);
    let viewer = token["access_token"].as_str().unwrap();
    refused(&g.app.get("/v1/models").bearing(viewer).send().await, 403, "forbidden");
    // Who reviews in a workspace may use models there.
    let login = json!({ "email": a.reviewer.user.email, "password": crate::support::fixture::PASSWORD, "tenant": a.tenant.id });
    let token = must(g.app.post("/api/v1/auth/token").json(&login).send().await);
    let reviewer = token["access_token"].as_str().unwrap();
    refused(&g.app.get("/v1/models").bearing(reviewer).send().await, 403, "forbidden");
    let there = g
        .app
        .get("/v1/models")
        .bearing(reviewer)
        .header("x-workspace-id", &a.research.id.to_string())
        .send()
        .await;
    assert_eq!(must(there)["data"].as_array().unwrap().len(), 2);

    let suspended = g.own_key().await;
    must(
        g.app
            .post(&format!("/api/v1/tenants/{}/suspend", a.tenant.id))
            .by(&g.app.operator)
            .send()
            .await,
    );
    refused(&g.chat(&suspended, ask("mock/large")).await, 403, "tenant_suspended");
}

#[tokio::test]
async fn the_filter_can_be_turned_off() {
    let mut wish = Wish::default();
    wish.policy.filter_models = false;
    let g = Gateway::with(wish).await;
    let of_b = g.key(&g.app.b, &g.app.b.owner, json!({})).await;
    assert_eq!(g.models(&of_b).await, ["mock/large", "mock/small"]);
    must(g.chat(&of_b, ask("mock/small")).await);
    let narrow = g.key(&g.app.b, &g.app.b.owner, json!({ "models": [g.large] })).await;
    assert_eq!(g.models(&narrow).await, ["mock/large"], "a key's own list still counts");
    // Nobody overlooks it: on the page, and in the record of the server.
    let page = g
        .app
        .get(&format!("/t/{}/models", g.app.a.tenant.slug))
        .by(&g.app.a.owner)
        .send()
        .await
        .text();
    assert!(page.contains("ENABLE_MODEL_FILTER"), "{page}");
    gateway::note_start(&g.app.app).await.unwrap();
    let noted = "select count(*) from platform_audit where action = 'server.models_opened'";
    assert_eq!(g.app.database.count(noted).await.unwrap(), 1);

    let mut wish = Wish::default();
    wish.policy.bypass_model_access = true;
    let g = Gateway::with(wish).await;
    g.allow(&g.app.a, &g.small, json!({ "enabled": true, "audience": "workspaces" })).await;
    assert_eq!(g.models(&g.own_key().await).await, ["mock/large", "mock/small"]);
    assert_eq!(g.models(&g.key(&g.app.b, &g.app.b.owner, json!({})).await).await, [] as [&str; 0]);
}

#[tokio::test]
async fn the_next_provider_is_asked_when_one_is_down() {
    let g = Gateway::new().await;
    let dead = provider(&g.app, "Dead", SocketAddr::from(([127, 0, 0, 1], 1))).await;
    let second = Mock::keeping();
    let alive = provider(&g.app, "Second", second.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await).await;
    let both = model(
        &g.app,
        "both",
        json!([{ "provider": dead, "upstream_name": "first", "priority": 0 }, { "provider": alive, "upstream_name": "second", "priority": 1 }]),
    )
    .await;
    g.allow(&g.app.a, &both, json!({ "enabled": true })).await;
    let key = g.own_key().await;
    for _ in 0..8 {
        assert_eq!(must(g.chat(&key, ask("both")).await)["model"], "second");
    }
    let usage = g.usage("model, outcome, provider_id").await;
    assert_eq!(usage.len(), 8, "one request, one row, however many were asked");

    let alone = model(&g.app, "alone", json!([{ "provider": dead, "upstream_name": "first", "priority": 0 }])).await;
    g.allow(&g.app.a, &alone, json!({ "enabled": true })).await;
    let down = g.chat(&key, ask("alone")).await;
    refused(&down, 503, "provider_unavailable");

    // An answer of 5xx leads on, too, and the last one's is passed on.
    let mut body = ask("mock/large");
    body["mock"] = json!({ "status": 500, "message": format!("broken, with {KEY}") });
    let broken = g.chat(&key, body).await;
    refused(&broken, 500, "mocked");
    assert!(!broken.text().contains("sk-of"), "{}", broken.text());
}

#[tokio::test]
async fn errors_of_providers_come_through_without_keys() {
    let g = Gateway::new().await;
    let key = g.own_key().await;
    let wished = async |mock: Value| {
        let mut body = ask("mock/large");
        body["mock"] = mock;
        g.chat(&key, body).await
    };
    let bad = wished(json!({ "status": 400, "message": "messages: too many" })).await;
    refused(&bad, 400, "mocked");
    assert_eq!(bad.json()["error"]["message"], "messages: too many");
    // The server's key is refused, not the client's: nobody must look for the fault in their own.
    refused(
        &wished(json!({ "status": 401, "message": format!("Incorrect API key provided: {KEY}") })).await,
        502,
        "provider_refused",
    );
    let busy = wished(json!({ "status": 429, "retry_after": 7 })).await;
    refused(&busy, 429, "mocked");
    assert_eq!(busy.header("retry-after"), "7");
    let usage = g.usage("status, outcome, cost, tokens_out").await;
    assert_eq!(
        usage.iter().map(|row| row["status"].as_i64().unwrap()).collect::<Vec<_>>(),
        [400, 401, 429]
    );
    assert!(
        usage
            .iter()
            .all(|row| row["outcome"] == "error" && row["cost"] == 0 && row["tokens_out"] == 0),
        "{usage:?}"
    );
}

#[tokio::test]
async fn who_goes_away_ends_the_providers_work() {
    let g = Gateway::new().await;
    let key = g.own_key().await;
    let mut body = ask("mock/large");
    body["stream"] = json!(true);
    body["mock"] = json!({ "parts": 1000, "pause_ms": 20 });
    let mut stream = g
        .app
        .post("/v1/chat/completions")
        .bearing(&key)
        .json(&body)
        .open()
        .await
        .into_body()
        .into_data_stream();
    stream.next().await.unwrap().unwrap();
    assert_eq!(g.mock.running(), 1);
    drop(stream);
    let begun = std::time::Instant::now();
    while g.mock.left() == 0 {
        assert!(begun.elapsed().as_secs() < 5, "the provider still works");
        tokio::task::yield_now().await;
    }
    let usage = g.usage("outcome, streamed, estimated, tokens_in, tokens_out, first_ms").await;
    assert_eq!(usage.len(), 1);
    assert_eq!((&usage[0]["outcome"], &usage[0]["estimated"]), (&json!("cancelled"), &json!(true)));
    assert!(
        usage[0]["tokens_out"].as_i64().unwrap() > 0 && usage[0]["first_ms"].is_number(),
        "{usage:?}"
    );
}
