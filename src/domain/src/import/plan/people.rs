//! Which people are taken, and as what.

use std::collections::{HashMap, HashSet};

use tenantry_types::{Email, TenantRole, Timestamp};
use time::OffsetDateTime;

use super::{Person, Plan, PlannedMember};
use crate::import::report::{LeftOut, Reason, What};
use crate::import::{Deployment, SourceOrganization, SourceUser};

/// Those who may log in there, the oldest first.
pub(super) fn taken(found: &Deployment, left_out: &mut Vec<LeftOut>) -> Vec<Person> {
    let mut seen = HashSet::new();
    let mut people = Vec::new();
    for user in &found.users {
        match person(user) {
            Ok(person) if seen.insert(person.email.clone()) => people.push(person),
            Ok(person) => left_out.push(LeftOut::new(What::Person, person.email.as_str(), Reason::DuplicateAddress)),
            Err(reason) => {
                let name = if user.email.is_empty() { &user.name } else { &user.email };
                left_out.push(LeftOut::new(What::Person, name, reason));
            }
        }
    }
    people
}

fn person(user: &SourceUser) -> Result<Person, Reason> {
    let admin = match user.role.as_str() {
        "admin" => true,
        "user" => false,
        "pending" => return Err(Reason::Pending),
        "banned" => return Err(Reason::Banned),
        _ => return Err(Reason::UnknownRole),
    };
    if !user.active {
        return Err(Reason::SwitchedOff);
    }
    let email = Email::parse(&user.email).map_err(|_| Reason::BadAddress)?;
    let local = email.as_str().split('@').next().unwrap_or_default().to_owned();
    Ok(Person {
        source: user.id.clone(),
        name: readable(&user.name, 100).unwrap_or(local),
        // Only hashes that a log-in can check; without one the person resets the password.
        password_hash: user
            .password_hash
            .clone()
            .filter(|hash| hash.starts_with("$2") || hash.starts_with("$argon2")),
        admin,
        created_at: Timestamp(OffsetDateTime::from_unix_timestamp(user.created_at).unwrap_or(OffsetDateTime::UNIX_EPOCH)),
        email,
    })
}

/// Text without control characters, trimmed and cut to `max`; None when nothing is left.
pub(super) fn readable(text: &str, max: usize) -> Option<String> {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let cut: String = clean.trim().chars().take(max).collect();
    let cut = cut.trim_end();
    (!cut.is_empty()).then(|| cut.to_owned())
}

/// People whom no organization names are not taken: there is no tenant for them.
pub(super) fn without_organization(organizations: &[SourceOrganization], plan: &mut Plan) {
    let inside: HashSet<&str> = organizations.iter().flat_map(|o| &o.members).map(|m| m.user.as_str()).collect();
    let (people, outside): (Vec<Person>, Vec<Person>) = std::mem::take(&mut plan.people)
        .into_iter()
        .partition(|p| inside.contains(p.source.as_str()));
    plan.people = people;
    plan.left_out.extend(
        outside
            .iter()
            .map(|p| LeftOut::new(What::Person, p.email.as_str(), Reason::NoOrganization)),
    );
}

/// The members of an organization. Its own words for roles count where they are known here; owner is
/// the oldest active one who is called so, else the oldest administrator.
pub(super) fn of_organization(source: &SourceOrganization, people: &[Person]) -> (Vec<PlannedMember>, Option<usize>) {
    let places: HashMap<&str, usize> = people.iter().enumerate().map(|(place, p)| (p.source.as_str(), place)).collect();
    let mut members: Vec<PlannedMember> = Vec::new();
    for member in &source.members {
        let Some(&person) = places.get(member.user.as_str()) else { continue };
        let role = match member.role.to_lowercase().as_str() {
            "owner" => TenantRole::Owner,
            "admin" => TenantRole::Admin,
            "viewer" => TenantRole::Viewer,
            _ if people[person].admin => TenantRole::Admin,
            _ => TenantRole::Developer,
        };
        if !members.iter().any(|m| m.person == person) {
            members.push(PlannedMember {
                person,
                role,
                active: member.active,
            });
        }
    }
    members.sort_by_key(|m| m.person);
    let first = |role: TenantRole| members.iter().position(|m| m.active && m.role == role);
    let owner = first(TenantRole::Owner).or_else(|| first(TenantRole::Admin));
    if let Some(place) = owner {
        members[place].role = TenantRole::Owner;
    }
    let owner = owner.map(|place| members[place].person);
    (members, owner)
}
