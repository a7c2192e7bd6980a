//! What is to become of what was found: the rules, without a database. People, groups and models of
//! the source are named by their place in lists from here on.

mod people;
mod upstreams;

use std::collections::{HashMap, HashSet};

use tenantry_types::model::Audience;
use tenantry_types::provider::ProviderKind;
use tenantry_types::text::Secret;
use tenantry_types::{Email, Name, Slug, TenantRole, Timestamp};

use super::report::{LeftOut, Reason, What};
use super::{Deployment, Readers, SourceGroup, SourceModel, SourceOrganization, Target};

/// The slug of the workspace for people without a group; every tenant starts with it.
pub(super) const DEFAULT_WORKSPACE: &str = "default";

#[derive(Debug, Default)]
pub(super) struct Plan {
    pub people: Vec<Person>,
    pub providers: Vec<PlannedProvider>,
    pub models: Vec<PlannedModel>,
    pub tenants: Vec<PlannedTenant>,
    pub left_out: Vec<LeftOut>,
}

#[derive(Debug, Clone)]
pub(super) struct Person {
    pub source: String,
    pub email: Email,
    pub name: String,
    pub password_hash: Option<String>,
    pub admin: bool,
    pub created_at: Timestamp,
}

#[derive(Debug)]
pub(super) struct PlannedProvider {
    pub name: String,
    pub kind: ProviderKind,
    pub base_url: String,
    pub api_key: Option<Secret>,
    pub enabled: bool,
}

#[derive(Debug)]
pub(super) struct PlannedModel {
    pub name: String,
    pub display_name: String,
    pub active: bool,
    /// Place among the providers.
    pub provider: usize,
    pub upstream_name: String,
}

#[derive(Debug)]
pub(super) struct PlannedTenant {
    pub name: Name,
    /// None: made from the name. The tenant is then found again by its organization.
    pub slug: Option<Slug>,
    pub organization: Option<String>,
    pub members: Vec<PlannedMember>,
    pub owner: Option<usize>,
    /// The first is the one for people without a group.
    pub workspaces: Vec<PlannedWorkspace>,
    pub access: Vec<PlannedAccess>,
    pub left_out: Vec<LeftOut>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct PlannedMember {
    pub person: usize,
    pub role: TenantRole,
    pub active: bool,
}

#[derive(Debug)]
pub(super) struct PlannedWorkspace {
    /// The id of the group; `default` for people without one.
    pub group: String,
    pub name: String,
    pub description: String,
    pub slug: Slug,
    pub members: Vec<usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct PlannedAccess {
    pub model: usize,
    pub enabled: bool,
    pub audience: Audience,
    /// Places among the workspaces.
    pub workspaces: Vec<usize>,
}

/// Applies the rules.
pub(super) fn draw(found: &Deployment, target: &Target) -> Plan {
    let mut plan = Plan::default();
    plan.people = people::taken(found, &mut plan.left_out);
    let mut source_models: Vec<SourceModel> = found.models.clone();
    // What an organization names, and the source has no row for, is a model as its provider serves it.
    let mut known: HashSet<&str> = found
        .models
        .iter()
        .map(|m| m.id.as_str())
        .chain(found.presets.iter().map(String::as_str))
        .collect();
    for (id, _) in found.organizations.iter().flat_map(|o| &o.models) {
        if known.insert(id) {
            source_models.push(SourceModel {
                id: id.clone(),
                name: id.clone(),
                active: true,
                readers: Readers::Nobody,
            });
        }
    }
    let taken = upstreams::taken(found, &source_models, &mut plan);
    plan.left_out
        .extend(found.presets.iter().map(|id| LeftOut::new(What::Preset, id, Reason::Preset)));
    plan.tenants = match found.organizations.as_slice() {
        [] => vec![whole(found, target, &plan.people, &taken)],
        organizations => {
            people::without_organization(organizations, &mut plan);
            organizations
                .iter()
                .map(|o| organization(found, o, target, organizations.len() == 1, &plan.people, &taken))
                .collect()
        }
    };
    plan
}

/// The whole deployment as one tenant.
fn whole(found: &Deployment, target: &Target, people: &[Person], models: &[(usize, SourceModel)]) -> PlannedTenant {
    let owner = people.iter().position(|p| p.admin);
    let role = |place: usize, person: &Person| match person.admin {
        true if Some(place) == owner => TenantRole::Owner,
        true => TenantRole::Admin,
        false => TenantRole::Developer,
    };
    let members: Vec<_> = people
        .iter()
        .enumerate()
        .map(|(place, p)| PlannedMember {
            person: place,
            role: role(place, p),
            active: true,
        })
        .collect();
    let groups: Vec<&SourceGroup> = found.groups.iter().collect();
    let workspaces = workspaces(&groups, &members, people);
    let mut left_out = Vec::new();
    let access = models
        .iter()
        .map(|(place, model)| by_grants(*place, model, &groups, &mut left_out))
        .collect();
    if owner.is_none() {
        left_out.push(LeftOut::new(What::Tenant, target.tenant_name.as_str(), Reason::NoOwner));
    }
    PlannedTenant {
        name: target.tenant_name.clone(),
        slug: Some(target.tenant_slug.clone()),
        organization: None,
        members,
        owner,
        workspaces,
        access,
        left_out,
    }
}

/// One organization as a tenant: its own table of models counts, not the grants.
fn organization(
    found: &Deployment,
    source: &SourceOrganization,
    target: &Target,
    only: bool,
    people: &[Person],
    models: &[(usize, SourceModel)],
) -> PlannedTenant {
    let (members, owner) = people::of_organization(source, people);
    let inside: HashSet<&str> = members.iter().map(|m| people[m.person].source.as_str()).collect();
    let groups: Vec<&SourceGroup> = found
        .groups
        .iter()
        .filter(|g| g.members.iter().any(|m| inside.contains(m.as_str())))
        .collect();
    let workspaces = workspaces(&groups, &members, people);
    let places: HashMap<&str, (usize, bool)> = models.iter().map(|(place, m)| (m.id.as_str(), (*place, m.active))).collect();
    let access = source
        .models
        .iter()
        .filter_map(|(id, active)| places.get(id.as_str()).map(|(place, on)| (*place, *active && *on)))
        .map(|(model, enabled)| PlannedAccess {
            model,
            enabled,
            audience: Audience::Tenant,
            workspaces: Vec::new(),
        })
        .collect();
    let name = source.name.as_deref().unwrap_or(&source.id);
    let name = if only {
        target.tenant_name.clone()
    } else {
        Name::parse(name).unwrap_or_else(|_| target.tenant_name.clone())
    };
    let left_out = match owner {
        Some(_) => Vec::new(),
        None => vec![LeftOut::new(What::Tenant, name.as_str(), Reason::NoOwner)],
    };
    PlannedTenant {
        name,
        slug: only.then(|| target.tenant_slug.clone()),
        organization: Some(source.id.clone()),
        members,
        owner,
        workspaces,
        access,
        left_out,
    }
}

/// The default workspace, and one for each group.
fn workspaces(groups: &[&SourceGroup], members: &[PlannedMember], people: &[Person]) -> Vec<PlannedWorkspace> {
    let places: HashMap<&str, usize> = members.iter().map(|m| (people[m.person].source.as_str(), m.person)).collect();
    let mut grouped = HashSet::new();
    let mut slugs = HashSet::from([DEFAULT_WORKSPACE.to_owned()]);
    let mut out = vec![PlannedWorkspace {
        group: DEFAULT_WORKSPACE.into(),
        name: "Default".into(),
        description: String::new(),
        slug: Slug::stored(DEFAULT_WORKSPACE.into()),
        members: Vec::new(),
    }];
    for group in groups {
        let members: Vec<usize> = group.members.iter().filter_map(|id| places.get(id.as_str()).copied()).collect();
        grouped.extend(members.iter().copied());
        let name = people::readable(&group.name, 100).unwrap_or_else(|| "Group".into());
        let wanted = Slug::derive(&name);
        let slug = std::iter::once(wanted.clone())
            .chain((2..).map(|n| wanted.numbered(n)))
            .find(|s| slugs.insert(s.as_str().to_owned()));
        out.push(PlannedWorkspace {
            group: group.id.clone(),
            description: people::readable(&group.description, 500).unwrap_or_default(),
            slug: slug.unwrap_or(wanted),
            name,
            members,
        });
    }
    out[0].members = members.iter().map(|m| m.person).filter(|person| !grouped.contains(person)).collect();
    out
}

/// Open to all: audience `tenant`. Granted to groups: to their workspaces, and to those of the groups
/// below them, which inherit there. Anything narrower is for nobody until somebody decides.
fn by_grants(place: usize, model: &SourceModel, groups: &[&SourceGroup], left_out: &mut Vec<LeftOut>) -> PlannedAccess {
    let mut workspaces = Vec::new();
    let mut audience = Audience::Workspaces;
    let reason = match &model.readers {
        Readers::Everyone => {
            audience = Audience::Tenant;
            None
        }
        Readers::Nobody => Some(Reason::Private),
        Readers::Listed { groups: granted, people } => {
            workspaces = with_children(granted, groups);
            match (workspaces.is_empty(), *people) {
                (true, 0) => Some(Reason::Private),
                (true, _) => Some(Reason::PeopleOnly),
                (false, 0) => None,
                (false, _) => Some(Reason::SomePeople),
            }
        }
    };
    left_out.extend(reason.filter(|_| model.active).map(|reason| LeftOut::new(What::Model, &model.id, reason)));
    PlannedAccess {
        model: place,
        enabled: model.active,
        audience,
        workspaces,
    }
}

/// The workspaces of these groups and of all groups below them.
fn with_children(granted: &[String], groups: &[&SourceGroup]) -> Vec<usize> {
    let mut reached: HashSet<&str> = granted.iter().map(String::as_str).collect();
    loop {
        let below = groups
            .iter()
            .filter(|g| g.parent.as_deref().is_some_and(|p| reached.contains(p)) && !reached.contains(g.id.as_str()));
        let below: Vec<&str> = below.map(|g| g.id.as_str()).collect();
        if below.is_empty() {
            break;
        }
        reached.extend(below);
    }
    // The first workspace is the default one.
    groups
        .iter()
        .enumerate()
        .filter(|(_, g)| reached.contains(g.id.as_str()))
        .map(|(place, _)| place + 1)
        .collect()
}

#[cfg(test)]
mod tests;
