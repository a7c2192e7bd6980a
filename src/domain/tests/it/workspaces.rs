use serde_json::json;
use tenantry_domain::{access, needs, tenants, workspaces};
use tenantry_types::tenant::TenantPatch;
use tenantry_types::workspace::{NewWorkspace, SettingSource, WorkspacePatch, WorkspaceStatus};
use tenantry_types::{ProblemCode, WorkspaceRole};

use crate::support::{code, ctx, world};

#[tokio::test]
async fn a_workspace_is_made_changed_archived_and_restored() {
    let w = world().await;
    let admin = ctx(&w.app, &w.a.admin, &w.a.slug).await;
    let made = workspaces::create(
        &w.app,
        admin.grant().unwrap(),
        NewWorkspace::parse(&json!({ "name": "Labelling" })).unwrap(),
    )
    .await
    .unwrap();
    assert_eq!(made.slug.as_str(), "labelling-2");
    let taken = NewWorkspace::parse(&json!({ "name": "L", "slug": "labelling" })).unwrap();
    assert_eq!(
        code(workspaces::create(&w.app, admin.grant().unwrap(), taken).await),
        ProblemCode::SlugTaken
    );
    let there = access::workspace(&w.app, &admin, "labelling-2").await.unwrap();
    let patch = WorkspacePatch::parse(&json!({ "name": "Images", "description": "All images." })).unwrap();
    assert_eq!(
        workspaces::update(&w.app, there.grant().unwrap(), patch).await.unwrap().description,
        "All images."
    );
    workspaces::archive(&w.app, there.grant().unwrap()).await.unwrap();
    let there = access::workspace(&w.app, &admin, "labelling-2").await.unwrap();
    assert!(there.grant::<needs::WorkspacesUpdate>().is_err(), "archived: no writes");
    assert_eq!(
        workspaces::restore(&w.app, there.grant().unwrap()).await.unwrap().status,
        WorkspaceStatus::Active
    );
}

#[tokio::test]
async fn roles_in_a_workspace_and_what_is_inherited() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let there = access::workspace(&w.app, &owner, "labelling").await.unwrap();
    workspaces::set_member(&w.app, there.grant().unwrap(), w.a.viewer.id(), Some(WorkspaceRole::Admin))
        .await
        .unwrap();
    assert_eq!(
        code(workspaces::set_member(&w.app, there.grant().unwrap(), w.b.viewer.id(), Some(WorkspaceRole::Viewer)).await),
        ProblemCode::NotFound
    );
    let members = workspaces::members(&w.app, there.grant().unwrap()).await.unwrap();
    let roles: Vec<_> = members.iter().map(|m| (m.name.as_str(), m.role, m.inherited)).collect();
    let admin = WorkspaceRole::Admin;
    assert_eq!(
        roles,
        [("Adam Admin", admin, true), ("Olga Owner", admin, true), ("Vera Viewer", admin, false)]
    );

    let viewer = ctx(&w.app, &w.a.viewer, &w.a.slug).await;
    let own = access::workspace(&w.app, &viewer, "labelling").await.unwrap();
    assert!(own.grant::<needs::WorkspacesUpdate>().is_ok(), "a workspace's admin");
    assert!(own.grant::<needs::WorkspacesArchive>().is_err(), "but not the tenant's");
    assert!(viewer.grant::<needs::WorkspacesUpdate>().is_err());
    workspaces::remove_member(&w.app, there.grant().unwrap(), w.a.viewer.id()).await.unwrap();
    let viewer = ctx(&w.app, &w.a.viewer, &w.a.slug).await;
    assert_eq!(code(access::workspace(&w.app, &viewer, "labelling").await), ProblemCode::NotFound);
}

#[tokio::test]
async fn settings_are_inherited_until_a_workspace_has_its_own() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let patch = TenantPatch::parse(&json!({ "settings": { "colour": 4, "member_role": "reviewer" } })).unwrap();
    tenants::update(&w.app, owner.grant().unwrap(), patch).await.unwrap();
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let there = access::workspace(&w.app, &owner, "labelling").await.unwrap();
    let shown = workspaces::get(&w.app, there.grant().unwrap()).await.unwrap().settings;
    assert_eq!((shown.colour.value, shown.colour.source), (4, SettingSource::Tenant));
    let put = workspaces::set_member(&w.app, there.grant().unwrap(), w.a.viewer.id(), None)
        .await
        .unwrap();
    assert_eq!(put.role, WorkspaceRole::Reviewer, "the tenant's default");

    let patch = WorkspacePatch::parse(&json!({ "settings": { "colour": 9, "member_role": "viewer" } })).unwrap();
    let shown = workspaces::update(&w.app, there.grant().unwrap(), patch).await.unwrap().settings;
    assert_eq!((shown.colour.value, shown.colour.source), (9, SettingSource::Workspace));
    let put = workspaces::set_member(&w.app, there.grant().unwrap(), w.a.viewer.id(), None)
        .await
        .unwrap();
    assert_eq!(put.role, WorkspaceRole::Viewer, "its own default");

    let patch = WorkspacePatch::parse(&json!({ "settings": { "colour": null } })).unwrap();
    let shown = workspaces::update(&w.app, there.grant().unwrap(), patch).await.unwrap().settings;
    assert_eq!((shown.colour.value, shown.colour.source), (4, SettingSource::Tenant), "inherited again");
    assert_eq!(shown.member_role.own(), Some(WorkspaceRole::Viewer), "the other stays");

    let bad = WorkspacePatch::parse(&json!({ "settings": { "colour": 12, "size": 1 } })).expect_err("two faults");
    let fields: Vec<_> = bad.iter().map(|f| f.field.as_str()).collect();
    assert_eq!(fields, ["settings.colour", "settings.size"]);
}
