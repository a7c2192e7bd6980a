//! The record: what it holds, that it shows what was tampered with, and that people can be taken out
//! of it.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenantry_domain::audit::{self, Format, Part};
use tenantry_domain::{Error, Operator, Origin, accounts, members, tenants, workspaces};
use tenantry_types::audit::{AuditEvent, AuditFault, AuditFilter, AuditVerification, ERASED, Outcome};
use tenantry_types::member::MemberPatch;
use tenantry_types::workspace::WorkspacePatch;
use tenantry_types::{Fields, Page};

mod refusals;
mod review;

use crate::support::{PASSWORD, World, again, ctx, world};

/// Runs SQL as who owns the tables: the one that the chain is there against.
async fn as_owner(w: &World, sql: &str) {
    let mut conn = PgConnection::connect(&w.test.owner_url()).await.unwrap();
    let tables = ["audit_event", "audit_personal", "audit_head", "tenant"];
    let force = |word: &str| tables.map(|t| format!("alter table {t} {word} force row level security;")).concat();
    let text = format!("begin; {} {sql}; {} commit", force("no"), force(""));
    sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut conn).await.unwrap();
}

async fn verified(w: &World) -> AuditVerification {
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    audit::verify(&w.app, owner.grant().unwrap()).await.unwrap()
}

fn faults(v: &AuditVerification) -> Vec<(Option<i64>, AuditFault)> {
    v.findings.iter().map(|f| (f.seq, f.fault)).collect()
}

fn filter(query: Value) -> AuditFilter {
    Fields::read(&query, AuditFilter::read).unwrap()
}

async fn list(w: &World, query: Value, before: Option<i64>, limit: u32) -> Page<AuditEvent> {
    let by = ctx(&w.app, &w.a.owner, &w.a.slug).await.grant().unwrap();
    let part = Part { before, skip: 0, limit };
    audit::list(&w.app, by, &filter(query), part).await.unwrap()
}

/// The condition for tenant A's rows.
fn of_a(w: &World) -> String {
    format!("tenant_id = (select id from tenant where slug = '{}')", w.a.slug)
}

#[tokio::test]
async fn every_chain_is_as_it_was_written() {
    let w = world().await;
    audit::note_heads(&w.app).await.unwrap();
    let cli = Operator::of_command_line(Origin::cli("test"));
    let mut told = 0;
    let all = audit::verify_all(&w.app, &cli, |_| told += 1).await.unwrap();
    // The server's, those of A and B, and one for each sign-up.
    assert!(all.len() >= 5 && told == all.len(), "{told}");
    for chain in &all {
        assert!(chain.ok, "{chain:?}");
        assert!(
            chain.events > 0 && chain.events == chain.last && chain.noted == Some(chain.last),
            "{chain:?}"
        );
    }
    // Once noted, a head is not noted again before it moves.
    assert_eq!(audit::note_heads(&w.app).await.unwrap(), 0);
}

#[tokio::test]
async fn an_edit_shows() {
    let w = world().await;
    assert!(verified(&w).await.ok);
    as_owner(
        &w,
        &format!(
            "update audit_event set changes = '{{\"role\": \"owner\"}}' where {} and seq = 4",
            of_a(&w)
        ),
    )
    .await;
    assert_eq!(faults(&verified(&w).await), [(Some(4), AuditFault::Edited)]);
}

#[tokio::test]
async fn an_edit_of_a_name_shows() {
    let w = world().await;
    as_owner(
        &w,
        &format!(
            "update audit_personal set name = 'Mallory' where {} and seq = 4 and party = 'actor'",
            of_a(&w)
        ),
    )
    .await;
    assert_eq!(faults(&verified(&w).await), [(Some(4), AuditFault::Edited)]);
}

#[tokio::test]
async fn a_removal_shows() {
    let w = world().await;
    as_owner(&w, &format!("delete from audit_event where {} and seq = 4", of_a(&w))).await;
    assert_eq!(faults(&verified(&w).await), [(Some(4), AuditFault::Missing)]);
}

#[tokio::test]
async fn another_order_shows() {
    let w = world().await;
    let swap = format!(
        "delete from audit_personal where {0}; update audit_event set seq = 1000000 where {0} and seq = 3;
         update audit_event set seq = 3 where {0} and seq = 4; update audit_event set seq = 4 where {0} and seq = 1000000",
        of_a(&w)
    );
    as_owner(&w, &swap).await;
    let found = faults(&verified(&w).await);
    assert_eq!(found[0], (Some(3), AuditFault::Moved), "{found:?}");
}

#[tokio::test]
async fn a_cut_shows_against_the_heads_that_were_noted() {
    let w = world().await;
    let last = verified(&w).await.last;
    audit::note_heads(&w.app).await.unwrap();
    let cut = format!(
        "delete from audit_event where {0} and seq > {1};
         update audit_head h set (seq, hash) = (select seq, hash from audit_event where {0} and seq = {1}) where {0}",
        of_a(&w),
        last - 2
    );
    as_owner(&w, &cut).await;
    assert_eq!(faults(&verified(&w).await), [(Some(last - 1), AuditFault::Truncated)]);
    // In itself the chain holds: without the log nobody would know.
    let log = std::mem::take(&mut *w.heads.0.lock().unwrap());
    assert!(verified(&w).await.ok);
    // Nor does it help to write a line: it would have to be signed.
    let lines: Vec<String> = log
        .lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            line["seq"] = json!(line["seq"].as_i64().unwrap() - 2);
            line.to_string()
        })
        .collect();
    *w.heads.0.lock().unwrap() = lines.join("\n");
    assert_eq!(faults(&verified(&w).await), [(None, AuditFault::Forged)]);
}

#[tokio::test]
async fn a_tenant_that_is_gone_is_a_cut_unless_it_was_purged() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let (a, b) = (owner.tenant().id, ctx(&w.app, &w.b.owner, &w.b.slug).await.tenant().id);
    audit::note_heads(&w.app).await.unwrap();
    tenants::deactivate(&w.app, owner.grant().unwrap()).await.unwrap();
    let cli = Operator::of_command_line(Origin::cli("test"));
    tenants::purge(&w.app, &cli, a).await.unwrap();
    assert!(audit::verify_all(&w.app, &cli, |_| ()).await.unwrap().iter().all(|chain| chain.ok));
    as_owner(&w, &format!("delete from tenant where slug = '{}'", w.b.slug)).await;
    let all = audit::verify_all(&w.app, &cli, |_| ()).await.unwrap();
    let broken: Vec<_> = all.iter().filter(|chain| !chain.ok).collect();
    assert_eq!(broken.len(), 1);
    assert_eq!(
        (broken[0].chain.as_str(), faults(broken[0])),
        (&*b.to_string(), vec![(Some(1), AuditFault::Truncated)])
    );
}

#[tokio::test]
async fn who_deletes_their_account_is_taken_out_and_the_chains_hold() {
    let w = world().await;
    let vera = w.a.viewer.clone();
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let patch = MemberPatch::parse(&json!({ "role": "developer" })).unwrap();
    members::update(&w.app, owner.grant().unwrap(), vera.id(), patch).await.unwrap();
    accounts::update_me(
        &w.app,
        &vera,
        tenantry_types::account::MePatch::parse(&json!({ "name": "Vera Verily" })).unwrap(),
    )
    .await
    .unwrap();
    let texts = "select count(*) from (
        select row(a.*)::text t from audit_personal a union all select row(e.*)::text from audit_event e
        union all select row(p.*)::text from platform_audit_personal p union all select row(p.*)::text from platform_audit p) x
        where t ilike '%viewer@a.example%' or t ilike '%verily%'";
    assert!(w.test.count(texts).await.unwrap() >= 2);
    // Tenant B has a viewer of the same name, who stays.
    let namesakes = "select count(*) from audit_personal p join tenant t on t.id = p.tenant_id where t.slug = 'team-b' and p.name = 'Vera Viewer'";
    let before = w.test.count(namesakes).await.unwrap();
    assert!(before > 0);

    accounts::delete_me(&w.app, &vera, &again(PASSWORD)).await.unwrap();
    assert_eq!(w.test.count(texts).await.unwrap(), 0);
    assert_eq!(w.test.count(namesakes).await.unwrap(), before);
    let theirs = "select count(*) from audit_personal p join tenant t on t.id = p.tenant_id where t.slug = 'team-a' and p.name = 'Vera Viewer'";
    assert_eq!(w.test.count(theirs).await.unwrap(), 0);
    let v = verified(&w).await;
    assert!(v.ok && v.erased > 0, "{v:?}");
    let cli = Operator::of_command_line(Origin::cli("test"));
    assert!(audit::verify_platform(&w.app, &cli).await.unwrap().ok);
    // What happened is still told, with the id and without the name.
    let id = vera.id().to_string();
    let page = list(&w, json!({ "target": id, "action": "member.updated" }), None, 10).await;
    let event = &page.items[0];
    assert_eq!((event.target.id.as_deref(), event.target.name.as_str()), (Some(&*id), ERASED));
    assert_eq!(
        (event.changes["from"].as_str(), event.changes["to"].as_str()),
        (Some("viewer"), Some("developer"))
    );
}

/// Not even a fault in the server's own code can change the record.
#[tokio::test]
async fn the_roles_of_the_server_add_and_read_only() {
    let w = world().await;
    let a = ctx(&w.app, &w.a.owner, &w.a.slug).await.tenant().id.uuid();
    let mut conn = PgConnection::connect(&w.test.login_url()).await.unwrap();
    let tables = ["audit_event", "audit_personal", "platform_audit", "platform_audit_personal"];
    for (role, table) in [
        ("tenantry_tenant", 0),
        ("tenantry_tenant", 1),
        ("tenantry_platform", 2),
        ("tenantry_platform", 3),
    ] {
        let table = tables[table];
        let enter = format!("begin; set local role {role}; set local app.tenant_id = '{a}'; set local app.workspaces = '*'");
        for write in [
            format!("update {table} set seq = seq"),
            format!("delete from {table}"),
            format!("truncate {table}"),
        ] {
            sqlx::raw_sql(AssertSqlSafe(enter.clone())).execute(&mut conn).await.unwrap();
            let rows: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
                .fetch_one(&mut conn)
                .await
                .unwrap();
            assert!(rows > 0, "{table}");
            let error = sqlx::raw_sql(AssertSqlSafe(write.clone())).execute(&mut conn).await.expect_err(&write);
            assert!(error.to_string().contains("permission denied"), "{write}: {error}");
            sqlx::raw_sql("rollback").execute(&mut conn).await.unwrap();
        }
    }
    let grants = "select count(*) from information_schema.role_table_grants
        where table_name in ('audit_event', 'audit_personal', 'platform_audit', 'platform_audit_personal')
          and grantee like 'tenantry%' and grantee not like '%owner' and privilege_type not in ('SELECT', 'INSERT')";
    assert_eq!(w.test.count(grants).await.unwrap(), 0);
}

#[tokio::test]
async fn events_carry_where_and_what() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let inside = tenantry_domain::access::workspace(&w.app, &owner, "labelling").await.unwrap();
    let patch = WorkspacePatch::parse(&json!({ "name": "Marking" })).unwrap();
    workspaces::update(&w.app, inside.grant().unwrap(), patch).await.unwrap();
    let event = &list(&w, json!({ "action": "workspace.updated" }), None, 1).await.items[0];
    assert_eq!((event.tenant, event.workspace), (Some(owner.tenant().id), Some(inside.workspace().id)));
    assert_eq!((event.actor.kind.as_str(), event.actor.name.as_str()), ("user", "Olga Owner"));
    assert_eq!((event.request_id.as_str(), event.outcome), ("test", Outcome::Ok));
    assert_eq!(
        (event.changes["from"]["name"].as_str(), event.changes["to"]["name"].as_str()),
        (Some("Labelling"), Some("Marking"))
    );
}

#[tokio::test]
async fn filters_and_pages() {
    let w = world().await;
    let all = list(&w, json!({}), None, 100).await;
    assert_eq!((all.total, &all.next_cursor), (None, &None));
    assert!(all.items.len() > 8);
    // Page by page it is the same, though events are added meanwhile.
    let mut paged = Vec::new();
    let mut before = None;
    loop {
        let page = list(&w, json!({}), before, 3).await;
        paged.extend(page.items);
        ctx(&w.app, &w.operator, &w.a.slug).await;
        match page.next_cursor {
            Some(cursor) => before = Part::place_of_cursor(&cursor),
            None => break,
        }
    }
    assert_eq!(paged, all.items);
    for (query, holds) in [
        (
            json!({ "actor": w.a.owner.id() }),
            (|e| e.actor.name == "Olga Owner") as fn(&AuditEvent) -> bool,
        ),
        (json!({ "action": "invitation.created" }), |e| e.action == "invitation.created"),
        (json!({ "action": "invitation" }), |e| e.action.starts_with("invitation.")),
        (json!({ "target": "workspace" }), |e| e.target.kind == "workspace"),
        (json!({ "target": w.a.admin.id() }), |e| e.target.name == "Adam Admin"),
        (json!({ "q": "DORA" }), |e| {
            e.actor.name.contains("Dora") || e.target.name.contains("Dora")
        }),
        (json!({ "q": "admin@a." }), |e| e.target.name == "admin@a.example"),
        (json!({ "door": "api" }), |e| e.door.as_str() == "api"),
    ] {
        let some = list(&w, query.clone(), None, 100).await.items;
        assert!(!some.is_empty() && some.iter().all(holds), "{query}: {some:?}");
        // The operator's visit came after.
        assert!(some.len() <= all.items.len() + 1, "{query}");
    }
    for none in [
        json!({ "outcome": "denied" }),
        json!({ "to": "2001-01-01T00:00:00Z" }),
        json!({ "from": "2101-01-01T00:00:00Z" }),
        json!({ "q": "%" }),
        json!({ "actor": w.b.owner.id() }),
    ] {
        assert_eq!(list(&w, none.clone(), None, 100).await.items, [], "{none}");
    }
}

async fn whole(w: &World, query: Value, format: Format) -> Result<Vec<String>, Error> {
    let by = ctx(&w.app, &w.a.owner, &w.a.slug).await.grant().unwrap();
    let mut export = audit::export(&w.app, by, filter(query), format).await?;
    let mut text = String::new();
    while let Some(piece) = export.next().await? {
        text.push_str(&piece);
    }
    Ok(text.lines().map(str::to_owned).collect())
}

#[tokio::test]
async fn exports_are_whole_and_recorded() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    // More than is read at once, and names that a spreadsheet would run.
    let id = owner.tenant().id.uuid();
    for n in 0..600 {
        let patch = WorkspacePatch::parse(&json!({ "name": format!("=cmd|'/c calc'!A{n}") })).unwrap();
        let inside = tenantry_domain::access::workspace(&w.app, &owner, "labelling").await.unwrap();
        workspaces::update(&w.app, inside.grant().unwrap(), patch).await.unwrap();
    }
    let events = w
        .test
        .count("select count(*) from audit_event e join tenant t on t.id = e.tenant_id where t.slug = 'team-a'")
        .await
        .unwrap();
    let lines = whole(&w, json!({}), Format::Ndjson).await.unwrap();
    assert_eq!(i64::try_from(lines.len()).unwrap(), events + 1, "{id}");
    let first: AuditEvent = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(
        (first.action.as_str(), first.changes["format"].as_str()),
        ("audit.exported", Some("ndjson"))
    );

    let rows = whole(&w, json!({ "action": "workspace.updated" }), Format::Csv).await.unwrap();
    assert_eq!(rows.len(), 601);
    assert!(rows[0].starts_with("id,at,actor_type,actor_id,actor_name,action,"));
    assert!(rows[1].contains(",'=cmd|'/c calc'!A599,"), "{}", rows[1]);
}

async fn platform(w: &World, query: Value) -> Vec<AuditEvent> {
    let cli = Operator::of_command_line(Origin::cli("test"));
    let part = Part {
        before: None,
        skip: 0,
        limit: 100,
    };
    audit::list_platform(&w.app, &cli, &filter(query), part).await.unwrap().items
}
