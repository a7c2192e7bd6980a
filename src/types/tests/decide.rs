//! `decide` against an oracle that was written from the rules alone: a set of plain questions in
//! another order and another shape. Both judge the same 100,000 worlds. Rules that are wrong on purpose
//! show that the comparison would notice.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tenantry_types::permission::{Effect, Override, Reach, Subject, decide};
use tenantry_types::{CtxRole, Permission, TenantRole, WorkspaceId, WorkspaceRole};

const WORLDS: u32 = 100_000;

/// A person in a tenant of four workspaces; nothing is ever said of the last one.
#[derive(Debug, Clone)]
struct World {
    role: Option<TenantRole>,
    operator: bool,
    workspaces: Vec<(WorkspaceId, WorkspaceRole)>,
    overrides: Vec<Override>,
    /// Asked for besides those of the overrides.
    asked: Permission,
}

fn workspace(n: u128) -> WorkspaceId {
    WorkspaceId::new(uuid::Uuid::from_u128(n + 1))
}

fn permission() -> impl Strategy<Value = Permission> {
    // What hides workspaces is met often.
    prop_oneof![
        1 => Just(Permission::WorkspacesRead),
        3 => (0..Permission::ALL.len()).prop_map(|n| Permission::ALL[n]),
    ]
}

fn world() -> impl Strategy<Value = World> {
    let role = (0..=TenantRole::ALL.len()).prop_map(|n| TenantRole::ALL.get(n).copied());
    let roles = prop::collection::vec(0..=WorkspaceRole::ALL.len(), 3);
    let place = (0..=3_u128).prop_map(|n| n.checked_sub(1).map(workspace));
    let word = (permission(), any::<bool>(), place);
    (role, prop::bool::weighted(0.2), roles, prop::collection::vec(word, 0..6), permission()).prop_map(|(role, operator, roles, words, asked)| {
        let workspaces = roles
            .iter()
            .zip(0..)
            .filter_map(|(n, id)| Some((workspace(id), *WorkspaceRole::ALL.get(*n)?)))
            .collect();
        let mut overrides: Vec<Override> = Vec::new();
        for (permission, deny, workspace) in words {
            // One word on each permission in each place, as in the database.
            if !overrides.iter().any(|o| o.permission == permission && o.workspace == workspace) {
                let effect = if deny { Effect::Deny } else { Effect::Grant };
                overrides.push(Override {
                    permission,
                    effect,
                    workspace,
                });
            }
        }
        World {
            role,
            operator,
            workspaces,
            overrides,
            asked,
        }
    })
}

impl World {
    fn subject(&self) -> Subject<'_> {
        Subject {
            role: self.role,
            operator: self.operator,
            workspaces: &self.workspaces,
            overrides: &self.overrides,
        }
    }

    fn said(&self, permission: Permission, effect: Effect, workspace: Option<WorkspaceId>) -> bool {
        self.overrides.contains(&Override {
            permission,
            effect,
            workspace,
        })
    }
}

/// What is asked for in a single workspace: what some role of a workspace has, and archiving.
fn is_of_workspaces(permission: Permission) -> bool {
    WorkspaceRole::ALL.iter().any(|role| role.allows(permission)) || permission.as_str() == "workspaces:archive"
}

/// The rules, naively.
fn oracle(w: &World, permission: Permission, place: Option<WorkspaceId>) -> bool {
    let operator_may = w.operator && CtxRole::Operator.allows(permission);
    if operator_may {
        return true;
    }
    if w.role.is_none() {
        return false;
    }
    let owner = w.role == Some(TenantRole::Owner);
    let Some(here) = place.filter(|_| is_of_workspaces(permission)) else {
        // The tenant as such.
        let by_role = CtxRole::Member(w.role.unwrap()).allows(permission);
        let some_role_has_it = TenantRole::ALL.iter().any(|role| CtxRole::Member(*role).allows(permission));
        let granted = w.said(permission, Effect::Grant, None) && some_role_has_it;
        let denied = w.said(permission, Effect::Deny, None) && !owner;
        return (by_role || granted) && !denied;
    };
    if permission != Permission::WorkspacesRead && !oracle(w, Permission::WorkspacesRead, place) {
        return false;
    }
    let mut may = false;
    match w.role.unwrap() {
        TenantRole::Owner | TenantRole::Admin => {
            may |= CtxRole::Member(w.role.unwrap()).allows(permission) || WorkspaceRole::Admin.allows(permission);
        }
        TenantRole::Developer => may |= CtxRole::Member(TenantRole::Developer).allows(permission),
        TenantRole::Viewer => {
            let is_in_it = w.workspaces.iter().any(|(id, _)| *id == here);
            may |= is_in_it && CtxRole::Member(TenantRole::Viewer).allows(permission);
        }
    }
    for (id, role) in &w.workspaces {
        may |= *id == here && role.allows(permission);
    }
    for word in &w.overrides {
        may |= word.permission == permission && word.effect == Effect::Grant && (word.workspace.is_none() || word.workspace == Some(here));
    }
    for word in &w.overrides {
        let counts = word.permission == permission && (word.workspace.is_none() || word.workspace == Some(here));
        if counts && word.effect == Effect::Deny && !owner {
            may = false;
        }
    }
    may
}

type Rule = fn(Subject<'_>, Permission, Option<WorkspaceId>) -> bool;

/// Where a rule and the oracle differ in a world.
fn difference(w: &World, rule: Rule) -> Option<String> {
    let places = [None, Some(workspace(0)), Some(workspace(1)), Some(workspace(2)), Some(workspace(3))];
    let asked = w.overrides.iter().map(|o| o.permission).chain([w.asked, Permission::WorkspacesRead]);
    for permission in asked {
        for place in places {
            let (got, want) = (rule(w.subject(), permission, place), oracle(w, permission, place));
            if got != want {
                return Some(format!("{} in {place:?}: {got} instead of {want}", permission.as_str()));
            }
        }
    }
    None
}

fn check(rule: Rule) -> Result<(), String> {
    let config = Config {
        cases: WORLDS,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&world(), |w| difference(&w, rule).map_or(Ok(()), |text| Err(TestCaseError::fail(text))))
        .map_err(|error| error.to_string())
}

fn right(who: Subject<'_>, permission: Permission, place: Option<WorkspaceId>) -> bool {
    decide(who, permission, place).allows()
}

#[test]
fn the_rule_agrees_with_the_oracle() {
    check(right).unwrap();
}

/// The rule in a world that is told wrongly.
fn with_overrides(who: Subject<'_>, change: impl Fn(&Override) -> Option<Override>, ask: impl Fn(Subject<'_>) -> bool) -> bool {
    let overrides: Vec<Override> = who.overrides.iter().filter_map(change).collect();
    ask(Subject {
        overrides: &overrides,
        ..who
    })
}

#[test]
fn wrong_rules_are_noticed() {
    let wrong: &[(&str, Rule)] = &[
        ("a grant wins over a deny", |who, p, place| {
            let granted = who
                .overrides
                .iter()
                .any(|o| o.permission == p && o.effect == Effect::Grant && o.workspace.is_none());
            granted && who.role.is_some() && p.grantable() || right(who, p, place)
        }),
        ("an override counts in every workspace", |who, p, place| {
            with_overrides(who, |o| Some(Override { workspace: None, ..*o }), |who| right(who, p, place))
        }),
        ("an override of the tenant counts in no workspace", |who, p, place| {
            with_overrides(who, |o| (o.workspace == place).then_some(*o), |who| right(who, p, place))
        }),
        ("denies are forgotten", |who, p, place| {
            with_overrides(who, |o| (o.effect == Effect::Grant).then_some(*o), |who| right(who, p, place))
        }),
        ("owners can be denied", |who, p, place| {
            let denied = who.overrides.contains(&Override {
                permission: p,
                effect: Effect::Deny,
                workspace: None,
            });
            right(who, p, place) && !(who.role == Some(TenantRole::Owner) && denied && !who.operator)
        }),
        ("tenants change the operator's column", |who, p, place| {
            let denied = who.overrides.contains(&Override {
                permission: p,
                effect: Effect::Deny,
                workspace: None,
            });
            right(who, p, place) && !(who.operator && denied && who.role != Some(TenantRole::Owner))
        }),
        ("what only operators have can be granted", |who, p, place| {
            let granted = who.overrides.contains(&Override {
                permission: p,
                effect: Effect::Grant,
                workspace: None,
            });
            right(who, p, place) || who.role.is_some() && granted && !p.grantable()
        }),
        ("viewers see every workspace", |who, p, place| {
            let role = who.role.filter(|role| *role == TenantRole::Viewer);
            right(who, p, place) || role.is_some_and(|role| CtxRole::Member(role).allows(p)) && who.overrides.is_empty()
        }),
        ("what is not to be seen can be changed", |who, p, place| {
            with_overrides(who, |o| (o.permission == p).then_some(*o), |who| right(who, p, place))
        }),
    ];
    for (name, rule) in wrong {
        let error = check(*rule).expect_err(name);
        assert!(error.contains("instead of"), "{name}: {error}");
    }
}

#[test]
fn reach_is_what_is_said_of_each_workspace() {
    let config = Config {
        cases: 10_000,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&world(), |w| {
            let reach = w.subject().reach();
            for id in (0..4).map(workspace) {
                let reached = match &reach {
                    Reach::All => true,
                    Reach::AllBut(ids) => !ids.contains(&id),
                    Reach::Only(ids) => ids.contains(&id),
                };
                prop_assert_eq!(reached, oracle(&w, Permission::WorkspacesRead, Some(id)), "{:?} of {:?}", id, &reach);
            }
            Ok(())
        })
        .unwrap();
}

/// Checklist 28: whoever hands out a role has all that it gives, and none above their own.
#[test]
fn nobody_hands_out_what_they_lack() {
    let config = Config {
        cases: 10_000,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&world(), |w| {
            for role in TenantRole::ALL.iter().filter(|role| w.subject().hands_out(**role)) {
                prop_assert!(w.role.unwrap().covers(*role));
                for p in Permission::ALL.iter().filter(|p| CtxRole::Member(*role).allows(**p)) {
                    prop_assert!(oracle(&w, *p, None), "{} by {}", p.as_str(), role);
                    // Every role but the viewer's opens all workspaces.
                    for place in (0..4).map(workspace).filter(|_| *role != TenantRole::Viewer) {
                        prop_assert!(oracle(&w, *p, Some(place)), "{} in {:?} by {}", p.as_str(), place, role);
                    }
                }
            }
            for place in (0..4).map(workspace) {
                for role in WorkspaceRole::ALL.iter().filter(|role| w.subject().hands_out_in(place, **role)) {
                    for p in Permission::ALL.iter().filter(|p| role.allows(**p)) {
                        prop_assert!(oracle(&w, *p, Some(place)), "{} by {}", p.as_str(), role);
                    }
                }
            }
            Ok(())
        })
        .unwrap();
}
