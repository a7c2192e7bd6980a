//! The members of a tenant.
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use tenantry_types::Page;
use tenantry_types::explain::MemberModel;
use tenantry_types::member::{Member, MemberDetail};
use tenantry_types::tenant::MembersJoin;

use super::{Done, ListQuery, UiError, wire::Answer};
#[cfg(feature = "ssr")]
use {
    super::What,
    crate::{drawn, server},
    leptos::server_fn::ServerFn,
    serde_json::json,
    tenantry_domain::members::{Removal, Stays},
    tenantry_domain::{api_keys, audit, members, model_access},
    tenantry_types::UserId,
    tenantry_types::account::UserStatus,
    tenantry_types::audit::AuditFilter,
    tenantry_types::member::{MemberPatch, NewMembers},
    tenantry_types::{Fault, FieldError, TenantRole, counted},
};

/// The list of members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MembersPage {
    pub members: Page<Member>,
    /// Whether people with an account may be added without an invitation.
    pub join: MembersJoin,
}

#[server(endpoint = "members", output = Answer)]
pub async fn list_members(tenant: String, list: ListQuery) -> Result<MembersPage, UiError> {
    let s = server::ctx(&tenant).await?;
    let join = s.ctx.tenant().settings.members_join;
    let members = members::list(&s.app, s.grant()?, list.paging(), TenantRole::from_word(&list.role)).await?;
    Ok(MembersPage { members, join })
}

/// One member, with what their page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberPage {
    pub detail: MemberDetail,
    /// None for those who may not see who can use what.
    pub models: Option<Vec<MemberModel>>,
    /// What they did last, as it is drawn; None for those who may not read the record.
    pub activity: Option<String>,
    /// Their keys, as they are drawn; empty for those who do not see them, and where there are none.
    pub keys: String,
}

#[server(endpoint = "members/one", output = Answer)]
pub async fn get_member(tenant: String, user: String) -> Result<MemberPage, UiError> {
    let s = server::ctx(&tenant).await?;
    let id: UserId = server::id(&user)?;
    let detail = members::get(&s.app, s.grant()?, id).await?;
    let models = match s.ctx.grant() {
        Ok(by) => Some(model_access::of_member(&s.app, by, id).await?),
        Err(_) => None,
    };
    let activity = match s.ctx.grant() {
        Ok(by) => {
            let theirs = AuditFilter {
                actor: Some(id.to_string()),
                ..AuditFilter::default()
            };
            let last = audit::Part {
                before: None,
                skip: 0,
                limit: 6,
            };
            let events = audit::list(&s.app, by, &theirs, last).await?.items;
            Some(drawn::activity_of(s.ctx.tenant().slug.as_str(), &id.to_string(), events))
        }
        Err(_) => None,
    };
    let keys = match s.ctx.grant() {
        Ok(by) => {
            let found = api_keys::of_member(&s.app, by, api_keys::Reach::of(&s.ctx), id).await?;
            drawn::keys_of(s.ctx.tenant().slug.as_str(), found)
        }
        Err(_) => String::new(),
    };
    Ok(MemberPage {
        detail,
        models,
        activity,
        keys,
    })
}

/// `users` holds addresses, separated by commas or lines.
#[server(endpoint = "members/add", output = Answer)]
pub async fn add_members(tenant: String, #[server(default)] users: String, #[server(default)] role: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let users: Vec<&str> = users
        .split(|c: char| c == ',' || c == ';' || c.is_whitespace())
        .filter(|u| !u.is_empty())
        .collect();
    let new = NewMembers::parse(&json!({ "users": users, "role": role }))?;
    let added = members::add(&s.app, s.grant()?, s.ctx.asker(), new).await?;
    Ok(server::done(
        What::MembersAdded,
        format!(
            "{} added, {} already.",
            counted(added.items.len(), "person", "people"),
            counted(added.skipped, "was a member", "were members"),
        ),
        None,
    ))
}

#[server(endpoint = "members/role", output = Answer)]
pub async fn set_role(tenant: String, user: String, #[server(default)] role: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let patch = MemberPatch::parse(&json!({ "role": role }))?;
    let id = server::id(&user)?;
    let before = members::get(&s.app, s.grant()?, id).await?.member.role;
    let member = members::update(&s.app, s.grant()?, id, patch).await?;
    let said = format!("{} is {} now.", member.name, member.role.label().to_lowercase());
    let done = server::done(What::MemberSaved, said, None);
    let fields = [("tenant", tenant.as_str()), ("user", &user), ("role", before.as_str())];
    Ok(if before == member.role {
        done
    } else {
        done.offer("Undo", SetRole::url(), &fields)
    })
}

/// Changes one member or many. `how` is `enable`, `disable`, `remove`, or `role`, which `role` names then; `one` is the
/// button of a row: a role, `enable` or `disable`, a colon, an id. `each` is many of those: what takes a change back.
#[server(endpoint = "members/change", output = Answer)]
pub async fn change_members(
    tenant: String,
    #[server(default)] how: String,
    #[server(default)] one: String,
    #[server(default)] role: String,
    #[server(default)] chosen: Vec<String>,
    #[server(default)] each: Vec<String>,
) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let pressed = if one.is_empty() { &each[..] } else { std::slice::from_ref(&one) };
    let word = if how == "role" { &role } else { &how };
    let asked: Vec<(&str, &str)> = match pressed {
        [] => chosen.iter().map(|id| (word.as_str(), id.as_str())).collect(),
        pressed => pressed.iter().map(|p| p.split_once(':').unwrap_or_default()).collect(),
    };
    if asked.is_empty() {
        return Err(vec![FieldError::new("chosen", Fault::Required)].into());
    }
    if pressed.is_empty() && how == "remove" {
        let ids: Vec<UserId> = chosen.iter().map(|id| server::id(id)).collect::<Result<_, _>>()?;
        return Ok(removed(members::remove_many(&s.app, s.grant()?, &ids).await?));
    }
    let mut changes = Vec::with_capacity(asked.len());
    for (word, id) in &asked {
        let body = match *word {
            "enable" => json!({ "status": UserStatus::Active }),
            "disable" => json!({ "status": UserStatus::Disabled }),
            role => json!({ "role": role }),
        };
        changes.push((server::id(id)?, MemberPatch::parse(&body)?));
    }
    let now = members::update_many(&s.app, s.grant()?, &changes).await?;
    let who = match now.as_slice() {
        [(_, one)] => format!("{} is", one.name),
        many => counted(many.len(), "member is", "members are"),
    };
    let became = match asked.first() {
        _ if !each.is_empty() => "as before",
        Some(&("enable", _)) => "let in again now",
        Some(&("disable", _)) => "disabled now",
        Some(&(role, _)) => &format!("{role} now"),
        None => "",
    };
    let done = server::done(What::MemberSaved, format!("{who} {became}."), None);
    let back: Vec<(String, String)> = (0..)
        .zip(now.iter().filter(|(before, after)| before != after))
        .map(|(n, (before, after))| {
            let word = match before.status {
                _ if before.role != after.role => before.role.as_str(),
                UserStatus::Active => "enable",
                UserStatus::Disabled => "disable",
            };
            (format!("each[{n}]"), format!("{word}:{}", before.user_id))
        })
        .collect();
    if back.is_empty() {
        return Ok(done);
    }
    let mut fields = vec![("tenant", tenant.as_str())];
    fields.extend(back.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    Ok(done.offer("Undo", ChangeMembers::url(), &fields))
}

/// Who went, and of who stays, why.
#[cfg(feature = "ssr")]
fn removed(removal: Removal) -> Done {
    let (gone, mut stay) = (removal.removed, removal.stay);
    let mut said = match gone.as_slice() {
        [] => "Nobody is removed.".to_owned(),
        [one] => format!("{} is removed.", one.name),
        many => format!("{} are removed.", counted(many.len(), "member", "members")),
    };
    stay.sort_by_key(|(_, why)| *why);
    for same in stay.chunk_by(|a, b| a.1 == b.1) {
        let names: Vec<&str> = same.iter().take(NAMED).map(|(member, _)| member.name.as_str()).collect();
        let mut names = names.join(", ");
        if same.len() > NAMED {
            names.push_str(&format!(" and {} more", same.len() - NAMED));
        }
        said.push_str(&match same.first() {
            Some((_, Stays::Oneself)) => " You stay: one leaves a tenant on the page of one's account.".to_owned(),
            Some((_, Stays::LastOwner)) => format!(" Not removed, as a tenant needs an owner: {names}."),
            Some((_, Stays::RoleTooHigh)) => format!(" Not removed, as their role is above yours: {names}."),
            None => String::new(),
        });
    }
    let what = match (gone.len(), stay.is_empty()) {
        (1, true) => What::MemberRemoved,
        (_, true) => What::MembersRemoved,
        (0, false) => What::NobodyRemoved,
        (_, false) => What::MembersRemovedButSome,
    };
    server::done(what, said, None)
}

/// So many of those who stay are named.
#[cfg(feature = "ssr")]
const NAMED: usize = 5;

#[server(endpoint = "members/status", output = Answer)]
pub async fn set_status(tenant: String, user: String, #[server(default)] status: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let patch = MemberPatch::parse(&json!({ "status": status }))?;
    let member = members::update(&s.app, s.grant()?, server::id(&user)?, patch).await?;
    let other = match member.status {
        UserStatus::Active => UserStatus::Disabled,
        UserStatus::Disabled => UserStatus::Active,
    };
    let done = server::done(What::MemberSaved, format!("{} is {} now.", member.name, member.status), None);
    let fields = [("tenant", tenant.as_str()), ("user", &user), ("status", other.as_str())];
    Ok(done.offer("Undo", SetStatus::url(), &fields))
}

#[server(endpoint = "members/remove", output = Answer)]
pub async fn remove_member(tenant: String, user: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    members::remove(&s.app, s.grant()?, server::id(&user)?).await?;
    let go = format!("/t/{}/members", s.ctx.tenant().slug);
    Ok(server::done(What::MemberRemoved, "", Some(go)))
}
