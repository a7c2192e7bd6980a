//! A world in which every operation of the document has something to work on, and that can be put
//! back after each call: so each call of a walk starts from the same data.

use http::Method;
use serde_json::{Map, Value, json};
use tenantry_types::Permission;

use super::call::{Answer, Call};
use super::fixture::{Person, person};
use super::server::TestApp;

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// What an operation asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    Public,
    SelfService,
    Operator,
    Needs(Permission),
}

/// One operation of the document.
#[derive(Debug, Clone)]
pub struct Operation {
    pub method: Method,
    pub path: String,
    /// The id of the operation, and of the one that it is another name of.
    pub id: String,
    pub rule: Rule,
    pub success: u16,
    /// Whether this is another name of an operation.
    pub alias: bool,
    example: Option<Value>,
}

/// Every operation.
///
/// # Panics
/// When one has no rule: neither a permission nor a place in one of the lists.
pub fn operations() -> Vec<Operation> {
    let document = tenantry_api::document();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            let Some(operation) = item.get(method.as_str().to_lowercase()) else {
                continue;
            };
            all.push(Operation::read(method, path, operation));
        }
    }
    assert!(all.len() > 100, "only {} operations", all.len());
    all
}

impl Operation {
    fn read(method: Method, path: &str, operation: &Value) -> Self {
        let id = operation["x-alias-of"].as_str().or(operation["operationId"].as_str()).unwrap().to_owned();
        let permission = operation["x-permission"].as_str();
        let public = tenantry_api::PUBLIC.contains(&(method.as_str(), path));
        let own = tenantry_api::SELF_SERVICE.contains(&id.as_str());
        let rule = match (public, own, permission) {
            (true, false, None) => Rule::Public,
            (false, true, None) => Rule::SelfService,
            (false, false, Some(tenantry_api::OPERATOR)) => Rule::Operator,
            (false, false, Some(text)) => {
                Rule::Needs(Permission::from_text(text).unwrap_or_else(|| panic!("{method} {path} needs {text}, which is no permission")))
            }
            _ => panic!("{method} {path} ({id}) has no rule, or more than one"),
        };
        let answers = operation["responses"].as_object().unwrap();
        let success = answers
            .keys()
            .find_map(|status| status.parse().ok().filter(|s| (200..300).contains(s)))
            .unwrap();
        let example = operation.pointer("/requestBody/content/application~1json/example").cloned();
        let alias = operation.get("x-alias-of").is_some();
        Self {
            method,
            path: path.to_owned(),
            id,
            rule,
            success,
            alias,
            example,
        }
    }

    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether the path names a workspace.
    pub fn in_workspace(&self) -> bool {
        self.path.contains("{workspace}")
    }

    /// The names of the path's parameters.
    pub fn parameters(&self) -> Vec<&str> {
        self.path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect()
    }
}

/// What the parameters of paths and the fields of bodies stand for.
#[derive(Debug, Clone)]
pub struct Things {
    pub tenant: String,
    pub workspace: String,
    /// A member whom nobody needs.
    pub user: String,
    pub invitation: String,
    /// A session of a member.
    pub session: String,
    pub token: String,
    pub model: String,
    pub provider: String,
    pub plan: String,
    /// An API key of the owner.
    pub key: String,
    /// A domain that the tenant names.
    pub domain: String,
    /// A webhook, at whose address nobody listens.
    pub webhook: String,
}

impl Things {
    /// Of the right form, and of nothing.
    pub fn unknown() -> Self {
        let id = |prefix: &str| format!("{prefix}_06fzz0000e00800000000zzzzz");
        Self {
            tenant: id("ten"),
            workspace: id("wsp"),
            user: id("usr"),
            invitation: id("inv"),
            session: id("ses"),
            token: "q3M5vB8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            model: id("mod"),
            provider: id("prv"),
            plan: id("pln"),
            key: id("key"),
            domain: "nobodys.example".to_owned(),
            webhook: id("whk"),
        }
    }

    pub fn get(&self, name: &str) -> &str {
        match name {
            "tenant" => &self.tenant,
            "workspace" => &self.workspace,
            "user" => &self.user,
            "invitation" => &self.invitation,
            "session" => &self.session,
            "token" => &self.token,
            "model" => &self.model,
            "provider" => &self.provider,
            "plan" => &self.plan,
            "key" => &self.key,
            "domain" => &self.domain,
            "webhook" => &self.webhook,
            other => panic!("a walk does not know what {{{other}}} is"),
        }
    }

    pub fn path(&self, operation: &Operation) -> String {
        let mut path = operation.path.clone();
        for name in operation.parameters() {
            path = path.replace(&format!("{{{name}}}"), self.get(name));
        }
        path
    }

    /// The example of the document, with ids of things that are there.
    pub fn body(&self, operation: &Operation) -> Option<Value> {
        let body = match operation.id.as_str() {
            "register" => json!({ "email": "new@example.com", "name": "Newcomer", "password": super::fixture::PASSWORD }),
            "log_in" => json!({ "email": "olga@a.test", "password": super::fixture::PASSWORD }),
            "change_password" => json!({ "current_password": super::fixture::PASSWORD, "new_password": "another good one" }),
            "issue_tokens" => json!({ "email": "olga@a.test", "password": super::fixture::PASSWORD, "tenant": self.tenant }),
            "begin_totp" | "delete_me" => json!({ "password": super::fixture::PASSWORD }),
            "disable_totp" | "renew_recovery_codes" => json!({ "password": super::fixture::PASSWORD, "totp": "123456" }),
            "switch_tenant" | "validate_context" => json!({ "tenant": self.tenant }),
            "add_members" => json!({ "email": "nora@a.test", "role": "viewer" }),
            "update_member" => json!({ "role": "developer" }),
            "create_invitations" => json!({ "email": "grace@example.com", "role": "viewer", "expires_in_days": 3 }),
            // The slug of the example is there already.
            "create_workspace" => json!({ "name": "Atelier", "description": "Walked", "metadata": { "k": "v" } }),
            _ => self.refer(operation.example.as_ref()?),
        };
        Some(body)
    }

    fn refer(&self, value: &Value) -> Value {
        match value {
            Value::Object(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), self.refer(value))).collect::<Map<_, _>>()),
            Value::Array(items) => items.iter().map(|item| self.refer(item)).collect(),
            Value::String(text) => match text.split_once('_').filter(|(_, rest)| rest.len() == 26) {
                Some(("usr", _)) => json!(self.user),
                Some(("wsp", _)) => json!(self.workspace),
                Some(("mod", _)) => json!(self.model),
                Some(("prv", _)) => json!(self.provider),
                Some(("pln", _)) => json!(self.plan),
                _ => value.clone(),
            },
            other => other.clone(),
        }
    }
}

/// The fixture, with something of each kind in tenant A.
pub struct World {
    pub test: TestApp,
    pub a: Things,
    pub b: Things,
    /// An account whose session goes on and that is disabled.
    pub disabled: Person,
}

impl std::ops::Deref for World {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.test
    }
}

impl World {
    pub async fn new() -> Self {
        let test = TestApp::new().await;
        let a = things(&test, "a").await;
        let b = Things {
            provider: a.provider.clone(),
            model: a.model.clone(),
            plan: a.plan.clone(),
            ..things(&test, "b").await
        };
        let disabled = person(&test, "dan@a.test", "Dan Disabled").await;
        expect(
            test.post(&format!("/api/v1/tenants/{}/members", a.tenant))
                .by(&test.operator)
                .json(&json!({ "user_id": disabled.user.id })),
            201,
        )
        .await;
        // By hand, so that the session stays: what counts is that it is worth nothing.
        test.database
            .run("update user_account set status = 'disabled' where email = 'dan@a.test'")
            .await
            .unwrap();
        let world = Self { test, a, b, disabled };
        world.keep().await;
        world
    }

    /// Remembers the data as it is.
    pub async fn keep(&self) {
        self.database
            .run(&format!(
                "drop schema if exists kept cascade; create schema kept; {}; {CHANGED}",
                each("create unlogged table kept.%1$I as table public.%1$I")
            ))
            .await
            .unwrap();
    }

    /// Puts the data back.
    pub async fn put_back(&self) {
        let copy = each("delete from public.%1$I; insert into public.%1$I select * from kept.%1$I");
        // Without triggers, so what the server knows is called old by hand.
        let note = "insert into access_change (tenant) select id from tenant; insert into access_change (account) select id from user_account";
        self.database
            .run(&format!(
                "set synchronous_commit = off; set session_replication_role = replica; {note}; {copy}; {note}"
            ))
            .await
            .unwrap();
    }

    /// How many tables hold rows of the tenant that differ from what was kept; not the record, which tells of refusals.
    pub async fn changed_in(&self, tenant: &str) -> i64 {
        let id = tenant.parse::<tenantry_types::TenantId>().unwrap().uuid();
        self.database.count(&format!("select kept.changed('{id}')")).await.unwrap()
    }

    pub async fn call(&self, operation: &Operation, things: &Things, by: Option<&Person>) -> Answer {
        let call = self.test.call(operation.method.clone(), &things.path(operation));
        let call = match by {
            Some(person) => call.by(person),
            None => call,
        };
        match things.body(operation) {
            Some(body) => call.json(&body),
            None => call,
        }
        .send()
        .await
    }
}

/// Counts the tables whose rows of a tenant are not those that were kept.
const CHANGED: &str = "create function kept.changed(tenant uuid) returns bigint language plpgsql as $$ \
    declare t text; differs bool; n bigint := 0; begin \
      for t in select c.table_name from information_schema.columns c join pg_tables k on k.schemaname = 'kept' and k.tablename = c.table_name \
        where c.table_schema = 'public' and c.column_name = 'tenant_id' and c.table_name not like 'audit%' loop \
        execute format('select exists ((select t::text from public.%1$I t where tenant_id = $1 except select t::text from kept.%1$I t) \
          union all (select t::text from kept.%1$I t where tenant_id = $1 except select t::text from public.%1$I t))', t) into differs using tenant; \
        n := n + differs::int; end loop; \
      return n; end $$";

/// A statement for each table of the schema `public`, with its name as the first argument; not for what tells of changes.
fn each(statement: &str) -> String {
    format!(
        "do $$ declare t text; begin for t in select tablename from pg_tables where schemaname = 'public' and tablename <> 'access_change' loop \
         execute format('{statement}', t); end loop; end $$"
    )
}

async fn expect(call: Call<'_>, status: u16) -> Value {
    let answer = call.send().await;
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    answer.json()
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

async fn things(test: &TestApp, letter: &str) -> Things {
    let side = if letter == "a" { &test.a } else { &test.b };
    let tenant = side.tenant.id.to_string();
    let at = format!("/api/v1/tenants/{tenant}");
    expect(
        test.patch(&at).by(&side.owner).json(&json!({ "settings": { "members_join": "direct" } })),
        200,
    )
    .await;

    let target = person(test, &format!("tim@{letter}.test"), "Tim Target").await;
    expect(
        test.post(&format!("{at}/members"))
            .by(&test.operator)
            .json(&json!({ "user_id": target.user.id, "role": "viewer" })),
        201,
    )
    .await;
    let members = format!("{at}/workspaces/{}/members/{}", side.research.id, target.user.id);
    expect(test.put(&members).by(&side.owner).json(&json!({ "role": "annotator" })), 200).await;

    // Somebody whom the owner and the admin know, because they share another tenant.
    let known = person(test, &format!("nora@{letter}.test"), "Nora Newcomer").await;
    let shared = id(&expect(test.post("/api/v1/tenants").by(&known).json(&json!({ "name": "Choir" })), 201).await);
    for person in [&side.owner, &side.admin] {
        let body = json!({ "user_id": person.user.id, "role": "viewer" });
        expect(
            test.post(&format!("/api/v1/tenants/{shared}/members")).by(&test.operator).json(&body),
            201,
        )
        .await;
    }

    let invited = json!({ "email": format!("ivy@{letter}.test"), "role": "viewer" });
    let invitation = expect(test.post(&format!("{at}/invitations")).by(&side.owner).json(&invited), 201).await;
    let token = invitation["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let (mut provider, mut model, mut plan) = (String::new(), String::new(), String::new());
    if letter == "a" {
        let new = json!({ "name": "Upstream", "base_url": "https://upstream.example.com/v1", "api_key": "sk-walk-0000" });
        provider = id(&expect(test.post("/api/v1/providers").by(&test.operator).json(&new), 201).await);
        let new = json!({ "name": "walk/model", "provider": provider });
        model = id(&expect(test.post("/api/v1/models").by(&test.operator).json(&new), 201).await);
        plan = id(&expect(
            test.post("/api/v1/plans")
                .by(&test.operator)
                .json(&json!({ "name": "Walk", "limits": { "members": 40 } })),
            201,
        )
        .await);
        expect(
            test.put(&format!("{at}/models/{model}"))
                .by(&side.owner)
                .json(&json!({ "enabled": true })),
            200,
        )
        .await;
    }
    let new = json!({ "name": "Walk key", "scopes": ["members:read"] });
    let key = id(&expect(test.post(&format!("{at}/api-keys")).by(&side.owner).json(&new), 201).await);
    let domain = format!("{letter}.example");
    expect(
        test.post(&format!("{at}/domains")).by(&side.owner).json(&json!({ "domain": domain })),
        201,
    )
    .await;
    let new = json!({ "name": "Walk hook", "url": "http://127.0.0.1:9/" });
    let webhook = id(&expect(test.post(&format!("{at}/webhooks")).by(&side.owner).json(&new), 201).await);
    Things {
        key,
        domain,
        webhook,
        tenant,
        workspace: side.research.id.to_string(),
        user: target.user.id.to_string(),
        invitation: id(&invitation),
        session: id(&expect(test.get("/api/v1/auth/sessions").by(&target), 200).await["items"][0]),
        token,
        model,
        provider,
        plan,
    }
}
