use serde_json::json;
use tenantry_domain::{access, needs, workspaces};
use tenantry_types::workspace::{NewWorkspace, WorkspacePatch, WorkspaceStatus};
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
    workspaces::set_member(&w.app, there.grant().unwrap(), w.a.viewer.id(), WorkspaceRole::Admin)
        .await
        .unwrap();
    assert_eq!(
        code(workspaces::set_member(&w.app, there.grant().unwrap(), w.b.viewer.id(), WorkspaceRole::Viewer).await),
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
