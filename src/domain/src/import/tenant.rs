//! Writing one tenant of an import: members, workspaces, decisions about models. What is there stays.

use std::collections::HashSet;

use serde_json::json;
use tenantry_db::import::{self as db, Removed};
use tenantry_db::{TenantTx, member, quota};
use tenantry_types::model::Audience;
use tenantry_types::plan::Resource;
use tenantry_types::tenant::Tenant;
use tenantry_types::{ModelId, Slug, UserId, WorkspaceId, WorkspaceRole};
use uuid::Uuid;

use super::plan::{DEFAULT_WORKSPACE, Plan, PlannedTenant};
use super::report::{LeftOut, ModelInWorkspaces, ModelsTaken, Reason, Taken, TenantTaken, What};
use super::{Meter, Placed, Step};
use crate::audit::event;
use crate::{Result, new_id, now};

/// The key under which a workspace's metadata names the group that it was made of.
const MARKER: &str = "open_webui_group";
/// What a member of a group becomes in its workspace: the least that uses its models.
const GROUP_MEMBER: WorkspaceRole = WorkspaceRole::Annotator;

struct Filling<'a> {
    tx: TenantTx,
    plan: &'a Plan,
    planned: &'a PlannedTenant,
    placed: &'a Placed,
    removed: Removed,
    removed_members: HashSet<String>,
}

/// Writes what is planned for the tenant, and says what came of it.
pub(super) async fn fill(
    mut tx: TenantTx,
    tenant: &Tenant,
    created: bool,
    plan: &Plan,
    planned: &PlannedTenant,
    placed: &Placed,
    meter: &mut Meter<'_>,
) -> Result<(TenantTx, TenantTaken)> {
    member::lock(&mut tx).await?;
    let removed = db::removed(&mut tx).await?;
    let removed_members = removed.members.iter().cloned().collect();
    let mut filling = Filling {
        tx,
        plan,
        planned,
        placed,
        removed,
        removed_members,
    };
    let mut left_out = planned.left_out.clone();

    meter.begin(Step::Members);
    let members = filling.members(&mut left_out).await?;
    meter.add(planned.members.len());
    meter.begin(Step::Workspaces);
    let (ids, workspaces) = filling.workspaces().await?;
    let workspace_members = filling.workspace_members(&ids).await?;
    meter.add(planned.workspaces.iter().map(|w| 1 + w.members.len()).sum());
    meter.begin(Step::Models);
    let models = filling.models(&ids).await?;
    meter.add(planned.access.len());
    let over_member_limit = filling.over_member_limit().await?;

    let mut tx = filling.tx;
    let counts = json!({ "members": members.added, "workspaces": workspaces.added, "workspace_members": workspace_members.added,
        "models": planned.access.len() - models.decided_before.len() });
    tx.record(event("tenant.imported", "tenant", Some(tenant.id.to_string()), &tenant.name, counts));
    let report = TenantTaken {
        slug: tenant.slug.clone(),
        name: tenant.name.clone(),
        created,
        owner: planned.owner.map(|place| plan.people[place].email.clone()),
        members,
        workspaces,
        workspace_members,
        models,
        over_member_limit,
        left_out,
    };
    Ok((tx, report))
}

impl Filling<'_> {
    fn user(&self, person: usize) -> UserId {
        self.placed.users[person]
    }

    fn was_removed(&self, person: usize) -> bool {
        !self.removed_members.is_empty() && self.removed_members.contains(&self.user(person).to_string())
    }

    async fn members(&mut self, left_out: &mut Vec<LeftOut>) -> Result<Taken> {
        let there: HashSet<UserId> = {
            let ids: Vec<Uuid> = self.planned.members.iter().map(|m| self.user(m.person).uuid()).collect();
            member::get_many(&mut self.tx, &ids).await?.into_iter().map(|m| m.user_id).collect()
        };
        let (mut users, mut roles, mut active) = (Vec::new(), Vec::new(), Vec::new());
        let mut existing = 0;
        for planned in &self.planned.members {
            if there.contains(&self.user(planned.person)) {
                existing += 1;
            } else if self.was_removed(planned.person) {
                left_out.push(LeftOut::new(
                    What::Person,
                    self.plan.people[planned.person].email.as_str(),
                    Reason::RemovedHere,
                ));
            } else {
                users.push(self.user(planned.person).uuid());
                roles.push(planned.role.as_str().to_owned());
                active.push(planned.active);
            }
        }
        let added = db::members(&mut self.tx, &users, &roles, &active, now()).await?.len();
        Ok(Taken { added, existing })
    }

    /// The workspace of each planned one, place by place. A group finds the workspace that was made
    /// of it even when that has another name by now; else one that has its slug and is of no group,
    /// which is its own from then on.
    async fn workspaces(&mut self) -> Result<(Vec<WorkspaceId>, Taken)> {
        let there = db::workspaces(&mut self.tx, MARKER).await?;
        let mut slugs: HashSet<String> = there.iter().map(|w| w.slug.clone()).collect();
        let mut new = db::NewWorkspaces::default();
        let (mut bound, mut groups) = (Vec::new(), Vec::new());
        let mut ids = Vec::new();
        for planned in &self.planned.workspaces {
            if let Some(found) = there.iter().find(|w| w.group.as_ref() == Some(&planned.group)) {
                ids.push(found.id);
                continue;
            }
            if let Some(found) = there.iter().find(|w| w.group.is_none() && w.slug == planned.slug.as_str()) {
                bound.push(found.id.uuid());
                groups.push(planned.group.clone());
                ids.push(found.id);
                continue;
            }
            let id: WorkspaceId = new_id();
            let slug = free_slug(&planned.slug, &mut slugs);
            new.ids.push(id.uuid());
            new.slugs.push(slug.as_str().to_owned());
            new.names.push(planned.name.clone());
            new.descriptions.push(planned.description.clone());
            new.metadata.push(json!({ MARKER: planned.group }));
            ids.push(id);
        }
        let added = new.ids.len();
        db::bind_workspaces(&mut self.tx, &bound, MARKER, &groups).await?;
        db::add_workspaces(&mut self.tx, &new, now()).await?;
        Ok((
            ids,
            Taken {
                added,
                existing: self.planned.workspaces.len() - added,
            },
        ))
    }

    async fn workspace_members(&mut self, ids: &[WorkspaceId]) -> Result<Taken> {
        let gone: HashSet<(String, String)> = self.removed.workspace_members.iter().cloned().collect();
        let (mut workspaces, mut users) = (Vec::new(), Vec::new());
        for (planned, id) in self.planned.workspaces.iter().zip(ids) {
            let name = id.to_string();
            for person in &planned.members {
                let user = self.user(*person);
                if !gone.contains(&(name.clone(), user.to_string())) && !self.was_removed(*person) {
                    workspaces.push(id.uuid());
                    users.push(user.uuid());
                }
            }
        }
        let added = db::workspace_members(&mut self.tx, &workspaces, &users, GROUP_MEMBER.as_str(), now()).await?;
        let added = usize::try_from(added).unwrap_or(usize::MAX);
        Ok(Taken {
            added,
            existing: workspaces.len().saturating_sub(added),
        })
    }

    async fn models(&mut self, ids: &[WorkspaceId]) -> Result<ModelsTaken> {
        let model = |place: usize| self.placed.models[place];
        let (mut models, mut enabled, mut audiences) = (Vec::new(), Vec::new(), Vec::new());
        let (mut in_workspaces, mut listed) = (Vec::new(), Vec::new());
        let unlisted: HashSet<&(String, String)> = self.removed.listed.iter().collect();
        for access in &self.planned.access {
            let id = model(access.model);
            models.push(id.uuid());
            enabled.push(access.enabled);
            audiences.push(access.audience.as_str().to_owned());
            for place in &access.workspaces {
                let workspace = ids[*place];
                if !unlisted.contains(&(workspace.to_string(), id.to_string())) {
                    in_workspaces.push(workspace.uuid());
                    listed.push(id.uuid());
                }
            }
        }
        let decided: HashSet<ModelId> = db::access(&mut self.tx, &models, &enabled, &audiences, now())
            .await?
            .into_iter()
            .collect();
        db::list_models(&mut self.tx, &in_workspaces, &listed).await?;
        let mut out = ModelsTaken::default();
        for access in &self.planned.access {
            let name = self.plan.models[access.model].name.clone();
            if !decided.contains(&model(access.model)) {
                out.decided_before.push(name);
            } else if !access.enabled {
                out.not_enabled.push(name);
            } else if access.audience == Audience::Tenant {
                out.for_everyone.push(name);
            } else if access.workspaces.is_empty() {
                out.in_no_workspace.push(name);
            } else {
                let workspaces = access
                    .workspaces
                    .iter()
                    .map(|place| self.planned.workspaces[*place].name.clone())
                    .collect();
                out.for_workspaces.push(ModelInWorkspaces { model: name, workspaces });
            }
        }
        Ok(out)
    }

    /// An import does not stop at the limit of seats, as the operator sets that, too; it says so.
    async fn over_member_limit(&mut self) -> Result<Option<i64>> {
        let limit = quota::limits(&mut self.tx).await?.get(&Resource::Members).and_then(|(limit, _)| *limit);
        let members = member::count(&mut self.tx).await?;
        Ok(limit.filter(|limit| members > *limit))
    }
}

fn free_slug(wanted: &Slug, taken: &mut HashSet<String>) -> Slug {
    let numbered = (2..=u32::MAX).map(|n| wanted.numbered(n));
    let free = std::iter::once(wanted.clone())
        .chain(numbered)
        .find(|slug| !taken.contains(slug.as_str()));
    let slug = free.unwrap_or_else(|| Slug::stored(DEFAULT_WORKSPACE.into()));
    taken.insert(slug.as_str().to_owned());
    slug
}
