//! Everything that says who may use which model says the same: the gateway, `/me/models`, the report, the view of the
//! database and the explanation, on decisions, rules, lists and providers that are made up.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenantry_domain::context::Standing;
use tenantry_domain::{TenantCtx, access, catalog, gateway, model_access, providers, workspaces};
use tenantry_types::account::ContextSource;
use tenantry_types::member::Who;
use tenantry_types::model::{ModelAccess, ModelPatch, ModelRulesPatch, NewModel, WorkspaceModels};
use tenantry_types::provider::{NewProvider, ProviderPatch};
use tenantry_types::workspace::NewWorkspace;
use tenantry_types::{ModelId, PageQuery, WorkspaceRole};

use crate::support::{World, ctx, world};

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.roll(all.len() as u64)).unwrap()]
    }
}

/// What the gateway lists for somebody, wherever in the tenant they ask from.
async fn by_gateway(w: &World, of: &TenantCtx) -> BTreeSet<String> {
    let mut places = vec![None];
    for slug in ["labelling", "research"] {
        places.extend(access::workspace(&w.app, of, slug).await.ok().map(Some));
    }
    let mut all = BTreeSet::new();
    for workspace in places {
        let standing = Standing {
            tenant: Some(of.clone()),
            workspace,
            source: ContextSource::Header,
        };
        let seat = gateway::seat(&w.app, &standing).await.unwrap();
        for model in seat.models() {
            assert!(seat.model(&model.name).is_ok(), "what is listed can be called");
            all.insert(model.name);
        }
    }
    all
}

async fn by_view(w: &World, tenant: &TenantCtx) -> BTreeMap<String, BTreeSet<String>> {
    let mut conn = PgConnection::connect(&w.test.login_url()).await.unwrap();
    let mut tx = conn.begin().await.unwrap();
    let enter = format!(
        "set local role tenantry_tenant; set local app.tenant_id = '{}'; set local app.workspaces = '*'",
        tenant.tenant().id.uuid()
    );
    sqlx::raw_sql(AssertSqlSafe(enter)).execute(&mut *tx).await.unwrap();
    let rows: Vec<(String, Vec<String>)> = sqlx::query_as("select user_email, model_names from user_model_access_report")
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    rows.into_iter().map(|(email, names)| (email, names.into_iter().collect())).collect()
}

/// Changes something, of the operator's or of tenant A's.
async fn change(w: &World, dice: &mut Dice, models: &[(ModelId, &str)], served: &[tenantry_types::ProviderId]) {
    let by = w.operator.operator().unwrap();
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let yes = dice.roll(2) == 0;
    let audience = dice.one_of(&["tenant", "workspaces"]);
    let model = dice.one_of(models).0;
    match dice.roll(7) {
        0 => {
            let patch = ModelPatch::parse(&json!({ "is_active": dice.roll(4) > 0 })).unwrap();
            catalog::update(&w.app, &by, model, patch).await.unwrap();
        }
        1 => {
            let patch = ProviderPatch::parse(&json!({ "enabled": yes })).unwrap();
            providers::update(&w.app, &by, dice.one_of(served), patch).await.unwrap();
        }
        2 | 3 => {
            let access = ModelAccess::parse(&json!({ "enabled": yes, "audience": audience })).unwrap();
            // Refused where it is switched off: nothing changes then.
            let _ = model_access::set(&w.app, owner.grant().unwrap(), model, access).await;
        }
        4 => {
            let rules: Vec<_> = ["openai/*", "openai/gpt*", "*"]
                .iter()
                .filter(|_| dice.roll(3) == 0)
                .map(|pattern| json!({ "pattern": pattern, "audience": audience }))
                .collect();
            let patch = json!({ "rules": rules, "new_models": dice.one_of(&["on", "off"]) });
            model_access::set_rules(&w.app, owner.grant().unwrap(), ModelRulesPatch::parse(&patch).unwrap())
                .await
                .unwrap();
        }
        5 => {
            let there = access::workspace(&w.app, &owner, dice.one_of(&["labelling", "research"])).await.unwrap();
            let list: Vec<_> = models.iter().filter(|_| dice.roll(3) == 0).map(|(id, _)| id).collect();
            let list = json!({ "mode": dice.one_of(&["inherit", "restrict"]), "models": list });
            model_access::set_workspace(&w.app, there.grant().unwrap(), WorkspaceModels::parse(&list).unwrap())
                .await
                .unwrap();
        }
        _ => {
            let there = access::workspace(&w.app, &owner, dice.one_of(&["labelling", "research"])).await.unwrap();
            let role = yes.then_some(WorkspaceRole::Annotator);
            // Taking what is not there changes nothing.
            let _ = workspaces::set_member(&w.app, there.grant().unwrap(), w.a.developer.id(), role).await;
        }
    }
}

#[tokio::test]
async fn all_that_tells_who_may_use_what_tells_the_same() {
    let w = world().await;
    let by = w.operator.operator().unwrap();
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let research = NewWorkspace::parse(&json!({ "name": "Research" })).unwrap();
    workspaces::create(&w.app, owner.grant().unwrap(), research).await.unwrap();
    let mut served = Vec::new();
    for name in ["One", "Two"] {
        let body = json!({ "name": name, "base_url": "https://api.example.com/v1" });
        served.push(providers::create(&w.app, &by, NewProvider::parse(&body).unwrap()).await.unwrap().id);
    }
    let names = ["openai/gpt-a", "openai/gpt-b", "openai/o", "acme/x", "acme/y", "nobody/z"];
    let mut models = Vec::new();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut allowed, mut refused) = (0, 0);
    for step in 0..60 {
        // They come one after the other: some are new, and some were there.
        if let Some(name) = names.get(step / 4).filter(|_| step % 4 == 0) {
            let routes: Vec<_> = served
                .iter()
                .take(models.len() % 3)
                .map(|p| json!({ "provider": p, "upstream_name": name }))
                .collect();
            let new = NewModel::parse(&json!({ "name": name, "routes": routes })).unwrap();
            models.push((catalog::create(&w.app, &by, new).await.unwrap().id, *name));
        }
        change(&w, &mut dice, &models, &served).await;
        let view = by_view(&w, &owner).await;
        let report = model_access::report(&w.app, owner.grant().unwrap(), PageQuery::default()).await.unwrap();
        for who in [&w.a.owner, &w.a.admin, &w.a.developer] {
            let of = ctx(&w.app, who, &w.a.slug).await;
            let email = who.user().email.to_string();
            let gateway = by_gateway(&w, &of).await;
            let mine = model_access::mine(&w.app, who).await.unwrap();
            let mine: BTreeSet<String> = mine.into_iter().filter(|m| m.tenant == of.tenant().id).map(|m| m.name).collect();
            assert_eq!(mine, gateway, "step {step}, {email}: /me/models and the gateway");
            assert_eq!(view[&email], gateway, "step {step}, {email}: the view and the gateway");
            let row = report.items.iter().find(|r| r.user_email.as_str() == email).unwrap();
            let told: BTreeSet<String> = row.model_names.iter().cloned().collect();
            assert_eq!(told, gateway, "step {step}, {email}: the report and the gateway");
            let usable = model_access::of_member(&w.app, owner.grant().unwrap(), who.id()).await.unwrap();
            let usable: BTreeSet<String> = usable.into_iter().map(|m| m.name).collect();
            assert_eq!(usable, gateway, "step {step}, {email}: the page of the member and the gateway");
            for (id, name) in &models {
                let why = model_access::explain(&w.app, owner.grant().unwrap(), *id, Some(Who::Id(who.id())), None)
                    .await
                    .unwrap();
                assert_eq!(why.allowed, gateway.contains(*name), "step {step}, {email}, {name}: {:?}", why.reason);
                if why.allowed { allowed += 1 } else { refused += 1 }
            }
        }
    }
    assert!(allowed > 100 && refused > 100, "{allowed} {refused}: both happen");
}
