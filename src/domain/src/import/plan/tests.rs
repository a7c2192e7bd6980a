use super::*;
use crate::import::{SourceOrganizationMember, SourceProvider, SourceUser};

fn user(id: &str, role: &str, created_at: i64) -> SourceUser {
    SourceUser {
        id: id.into(),
        email: format!("{id}@x.example"),
        name: id.to_uppercase(),
        role: role.into(),
        password_hash: Some("$2b$12$x".into()),
        active: true,
        created_at,
    }
}

fn group(id: &str, name: &str, parent: Option<&str>, members: &[&str]) -> SourceGroup {
    SourceGroup {
        id: id.into(),
        name: name.into(),
        description: String::new(),
        parent: parent.map(str::to_owned),
        members: members.iter().map(|m| (*m).to_owned()).collect(),
    }
}

fn model(id: &str, readers: Readers) -> SourceModel {
    SourceModel {
        id: id.into(),
        name: format!("The {id}"),
        active: true,
        readers,
    }
}

fn provider(url: &str) -> SourceProvider {
    SourceProvider {
        base_url: url.into(),
        kind: None,
        api_key: None,
        enabled: true,
        prefix: None,
        only: Vec::new(),
    }
}

fn target() -> Target {
    Target {
        tenant_slug: Slug::parse("acme").expect("a slug"),
        tenant_name: Name::parse("Acme").expect("a name"),
    }
}

fn reasons(list: &[LeftOut]) -> Vec<(&str, Reason)> {
    list.iter().map(|l| (l.name.as_str(), l.reason)).collect()
}

#[test]
fn people_are_taken_by_role() {
    let users = vec![
        user("old", "user", 1),
        user("boss", "admin", 2),
        user("second", "admin", 3),
        user("waits", "pending", 4),
        user("out", "banned", 5),
        user("odd", "wizard", 6),
        SourceUser {
            active: false,
            ..user("off", "user", 7)
        },
        SourceUser {
            email: "OLD@x.example".into(),
            ..user("twin", "admin", 8)
        },
        SourceUser {
            email: "nowhere".into(),
            ..user("lost", "user", 9)
        },
        SourceUser {
            name: " \u{7} ".into(),
            password_hash: Some("plain".into()),
            ..user("nameless", "user", 10)
        },
    ];
    let plan = draw(
        &Deployment {
            users,
            ..Deployment::default()
        },
        &target(),
    );
    let members: Vec<_> = plan.tenants[0]
        .members
        .iter()
        .map(|m| (plan.people[m.person].email.as_str(), m.role))
        .collect();
    assert_eq!(
        members,
        [
            ("old@x.example", TenantRole::Developer),
            ("boss@x.example", TenantRole::Owner),
            ("second@x.example", TenantRole::Admin),
            ("nameless@x.example", TenantRole::Developer),
        ]
    );
    assert_eq!(
        (plan.people[3].name.as_str(), plan.people[3].password_hash.as_deref()),
        ("nameless", None)
    );
    assert_eq!(
        reasons(&plan.left_out),
        [
            ("waits@x.example", Reason::Pending),
            ("out@x.example", Reason::Banned),
            ("odd@x.example", Reason::UnknownRole),
            ("off@x.example", Reason::SwitchedOff),
            ("old@x.example", Reason::DuplicateAddress),
            ("nowhere", Reason::BadAddress),
        ]
    );
}

#[test]
fn groups_become_workspaces_with_slugs_of_their_own() {
    let users = vec![user("a", "user", 1), user("b", "user", 2), user("c", "user", 3)];
    let groups = vec![
        group("1", "Team A", None, &["a", "gone"]),
        group("2", "team-a", None, &["a", "b"]),
        group("3", "Default", None, &[]),
        group("4", " ", None, &[]),
    ];
    let plan = draw(
        &Deployment {
            users,
            groups,
            ..Deployment::default()
        },
        &target(),
    );
    let made: Vec<_> = plan.tenants[0]
        .workspaces
        .iter()
        .map(|w| (w.slug.as_str(), w.name.as_str(), w.members.clone()))
        .collect();
    assert_eq!(
        made,
        [
            ("default", "Default", vec![2]),
            ("team-a", "Team A", vec![0]),
            ("team-a-2", "team-a", vec![0, 1]),
            ("default-2", "Default", vec![]),
            ("group", "Group", vec![]),
        ]
    );
    assert_eq!(reasons(&plan.tenants[0].left_out), [("Acme", Reason::NoOwner)]);
}

#[test]
fn grants_go_to_workspaces_and_down_to_children() {
    let listed = |groups: &[&str], people| Readers::Listed {
        groups: groups.iter().map(|g| (*g).to_owned()).collect(),
        people,
    };
    let groups = vec![
        group("top", "Top", Some("loop"), &[]),
        group("mid", "Mid", Some("top"), &[]),
        group("low", "Low", Some("mid"), &[]),
        group("loop", "Loop", Some("low"), &[]),
        group("side", "Side", None, &[]),
    ];
    let models = vec![
        model("all", Readers::Everyone),
        model("none", Readers::Nobody),
        model("mid-only", listed(&["mid"], 0)),
        model("mixed", listed(&["side"], 2)),
        model("people", listed(&[], 1)),
        model("lost", listed(&["no-such-group"], 0)),
        SourceModel {
            active: false,
            ..model("off", Readers::Nobody)
        },
    ];
    let plan = draw(
        &Deployment {
            groups,
            models,
            providers: vec![provider("https://api.openai.com/v1")],
            ..Deployment::default()
        },
        &target(),
    );
    let tenant = &plan.tenants[0];
    let made: Vec<_> = tenant
        .access
        .iter()
        .map(|a| {
            (
                plan.models[a.model].name.as_str(),
                a.enabled,
                a.audience,
                a.workspaces.iter().map(|w| tenant.workspaces[*w].name.as_str()).collect::<Vec<_>>(),
            )
        })
        .collect();
    let narrow = Audience::Workspaces;
    assert_eq!(
        made,
        [
            ("all", true, Audience::Tenant, vec![]),
            ("none", true, narrow, vec![]),
            ("mid-only", true, narrow, vec!["Top", "Mid", "Low", "Loop"]),
            ("mixed", true, narrow, vec!["Side"]),
            ("people", true, narrow, vec![]),
            ("lost", true, narrow, vec![]),
            ("off", false, narrow, vec![]),
        ]
    );
    let told = [
        ("none", Reason::Private),
        ("mixed", Reason::SomePeople),
        ("people", Reason::PeopleOnly),
        ("lost", Reason::Private),
    ];
    assert!(told.iter().all(|t| reasons(&tenant.left_out).contains(t)), "{:?}", tenant.left_out);
}

#[test]
fn models_find_their_connections() {
    let providers = vec![
        SourceProvider {
            enabled: false,
            ..provider("http://off.example/v1")
        },
        SourceProvider {
            prefix: Some("or".into()),
            ..provider("https://openrouter.ai/api/v1")
        },
        SourceProvider {
            only: vec!["picked".into()],
            ..provider("https://res.openai.azure.com/openai/v1")
        },
        provider("https://api.openai.com/v1"),
        provider("http://user:secret@bad.example/v1"),
        provider("https://api.openai.com/v1"),
        provider("https://api.openai.com/v2"),
    ];
    let models = vec![
        model("or.meta/llama", Readers::Everyone),
        model("picked", Readers::Everyone),
        model("plain", Readers::Everyone),
        model("two words", Readers::Everyone),
    ];
    let plan = draw(
        &Deployment {
            models,
            providers,
            ..Deployment::default()
        },
        &target(),
    );
    let made: Vec<_> = plan.providers.iter().map(|p| (p.name.as_str(), p.kind)).collect();
    use ProviderKind as K;
    assert_eq!(
        made,
        [
            ("off.example", K::Other),
            ("openrouter.ai", K::OpenRouter),
            ("res.openai.azure.com", K::Azure),
            ("api.openai.com", K::OpenAi),
            ("api.openai.com 2", K::OpenAi),
        ]
    );
    let routes: Vec<_> = plan
        .models
        .iter()
        .map(|m| (m.name.as_str(), m.provider, m.upstream_name.as_str()))
        .collect();
    assert_eq!(
        routes,
        [("or.meta/llama", 1, "meta/llama"), ("picked", 2, "picked"), ("plain", 3, "plain")]
    );
    assert_eq!(
        reasons(&plan.left_out),
        [
            ("a connection", Reason::BadUrl),
            ("https://api.openai.com/v1", Reason::DuplicateUrl),
            ("plain", Reason::UnknownProvider),
            ("two words", Reason::BadName),
        ]
    );
}

#[test]
fn without_connections_a_placeholder_that_is_switched_off() {
    let plan = draw(
        &Deployment {
            models: vec![model("m", Readers::Everyone)],
            ..Deployment::default()
        },
        &target(),
    );
    assert_eq!((plan.providers.len(), plan.providers[0].enabled, plan.models[0].provider), (1, false, 0));
    assert!(draw(&Deployment::default(), &target()).providers.is_empty());
}

#[test]
fn organizations_become_tenants() {
    let member = |user: &str, role: &str, active| SourceOrganizationMember {
        user: user.into(),
        role: role.into(),
        active,
    };
    let organization = |id: &str, name: Option<&str>, members, models| SourceOrganization {
        id: id.into(),
        name: name.map(str::to_owned),
        members,
        models,
    };
    let users = vec![
        user("root", "admin", 1),
        user("una", "user", 2),
        user("udo", "user", 3),
        user("alone", "user", 4),
        user("waits", "pending", 5),
    ];
    let groups = vec![group("g", "Group", None, &["una", "udo"]), group("h", "Elsewhere", None, &["udo"])];
    let north = organization(
        "north",
        Some("The North"),
        vec![
            member("una", "admin", true),
            member("root", "member", true),
            member("waits", "admin", true),
            member("una", "viewer", true),
        ],
        vec![
            ("known".into(), true),
            ("quiet".into(), false),
            ("unseen".into(), true),
            ("preset".into(), true),
        ],
    );
    let south = organization("south", None, vec![member("udo", "viewer", false)], Vec::new());
    let found = Deployment {
        users,
        groups,
        models: vec![model("known", Readers::Nobody), model("quiet", Readers::Everyone)],
        presets: vec!["preset".into()],
        organizations: vec![north, south],
        ..Deployment::default()
    };
    let plan = draw(&found, &target());
    assert_eq!(plan.tenants.len(), 2);
    let [north, south] = &plan.tenants[..] else { panic!("two tenants") };
    assert_eq!(
        (north.name.as_str(), north.slug.is_none(), north.organization.as_deref()),
        ("The North", true, Some("north"))
    );
    let of = |t: &PlannedTenant| {
        t.members
            .iter()
            .map(|m| (plan.people[m.person].source.clone(), m.role, m.active))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of(north),
        [("root".into(), TenantRole::Owner, true), ("una".into(), TenantRole::Admin, true)],
        "the oldest of both is owner"
    );
    assert_eq!(of(south), [("udo".into(), TenantRole::Viewer, false)]);
    assert_eq!(reasons(&south.left_out), [("south", Reason::NoOwner)]);
    assert_eq!(north.workspaces.iter().map(|w| w.name.as_str()).collect::<Vec<_>>(), ["Default", "Group"]);
    let access: Vec<_> = north
        .access
        .iter()
        .map(|a| (plan.models[a.model].name.as_str(), a.enabled, a.audience))
        .collect();
    assert_eq!(
        access,
        [
            ("known", true, Audience::Tenant),
            ("quiet", false, Audience::Tenant),
            ("unseen", true, Audience::Tenant)
        ]
    );
    assert!(reasons(&plan.left_out).contains(&("alone@x.example", Reason::NoOrganization)));

    let one = draw(
        &Deployment {
            organizations: found.organizations[..1].to_vec(),
            ..found.clone()
        },
        &target(),
    );
    assert_eq!(
        one.tenants[0].slug.as_ref().map(Slug::as_str),
        Some("acme"),
        "a single one has the name that was given"
    );
}
