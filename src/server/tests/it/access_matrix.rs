//! Every operation of the document, asked for by everyone: what `x-permission` and the matrix say
//! is held against what the router does. Each call starts from the same data. An operation that is
//! added without a rule fails here, and so does one whose example cannot be used.

use http::StatusCode;
use tenantry_types::permission::Kind;
use tenantry_types::{CtxRole, Permission, TenantRole, WorkspaceRole};

use crate::support::call::Answer;
use crate::support::fixture::Person;
use crate::support::walk::{Operation, Rule, Things, World, operations};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Anonymous,
    Disabled,
    Owner,
    Admin,
    Developer,
    /// In no workspace.
    Viewer,
    /// Viewer of the tenant, reviewer in the workspace.
    Reviewer,
    Operator,
    /// Owner of the other tenant.
    Stranger,
}

impl Who {
    fn person(self, world: &World) -> Option<&Person> {
        match self {
            Self::Anonymous => None,
            Self::Disabled => Some(&world.disabled),
            Self::Owner => Some(&world.test.a.owner),
            Self::Admin => Some(&world.test.a.admin),
            Self::Developer => Some(&world.test.a.developer),
            Self::Viewer => Some(&world.test.a.viewer),
            Self::Reviewer => Some(&world.test.a.reviewer),
            Self::Operator => Some(&world.operator),
            Self::Stranger => Some(&world.test.b.owner),
        }
    }

    /// None: not in the tenant.
    fn role(self) -> Option<CtxRole> {
        match self {
            Self::Anonymous | Self::Disabled | Self::Stranger => None,
            Self::Owner => Some(CtxRole::Member(TenantRole::Owner)),
            Self::Admin => Some(CtxRole::Member(TenantRole::Admin)),
            Self::Developer => Some(CtxRole::Member(TenantRole::Developer)),
            Self::Viewer | Self::Reviewer => Some(CtxRole::Member(TenantRole::Viewer)),
            Self::Operator => Some(CtxRole::Operator),
        }
    }

    fn workspace_role(self) -> Option<WorkspaceRole> {
        match self {
            Self::Owner | Self::Admin => Some(WorkspaceRole::Admin),
            Self::Reviewer => Some(WorkspaceRole::Reviewer),
            _ => None,
        }
    }

    /// Viewers see the workspaces that they are in; everyone else in the tenant sees all.
    fn sees_workspace(self) -> bool {
        self != Self::Viewer && self.role().is_some()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    /// What the document says of success.
    Success,
    Code(&'static str),
}

/// By the rule alone, in a tenant that is active or suspended.
fn by_rule(operation: &Operation, who: Who, suspended: bool) -> Want {
    let permission = match operation.rule {
        Rule::Public => return Want::Success,
        _ if matches!(who, Who::Anonymous | Who::Disabled) => return Want::Code("unauthenticated"),
        Rule::SelfService => return Want::Success,
        Rule::Operator if who == Who::Operator => return Want::Success,
        Rule::Operator => return Want::Code("not_found"),
        Rule::Needs(permission) => permission,
    };
    let Some(role) = who.role() else { return Want::Code("not_found") };
    if operation.in_workspace() && !who.sees_workspace() {
        return Want::Code("not_found");
    }
    if suspended {
        let insider = matches!(who, Who::Owner | Who::Operator);
        if !insider || permission.kind() == Kind::Write {
            return Want::Code("tenant_suspended");
        }
    }
    let in_workspace = operation.in_workspace() && who.workspace_role().is_some_and(|role| role.allows(permission));
    if role.allows(permission) || in_workspace {
        Want::Success
    } else {
        Want::Code("forbidden")
    }
}

/// What business rules make of it, where the rule alone would let it pass.
fn by_business(operation: &Operation, who: Who) -> Option<Want> {
    Some(Want::Code(match (operation.id.as_str(), who) {
        // Everyone here owns the tenant of their own sign-up alone.
        ("delete_me", Who::Operator) => "last_operator",
        ("delete_me", _) | ("leave_tenant", Who::Owner) => "last_owner",
        ("leave_tenant", Who::Operator | Who::Stranger) => "not_found",
        ("switch_tenant" | "validate_context", Who::Stranger) => "not_found",
        // No server of a test sends mail, and nobody guesses a link.
        ("forgot_password", _) => "no_mail",
        ("send_verification", _) => "no_mail",
        ("reset_password" | "verify_email" | "confirm_registration", _) => "link_not_valid",
        // Nobody here has them.
        ("confirm_totp" | "disable_totp" | "renew_recovery_codes" | "reset_totp", _) => "totp_off",
        // It is somebody else's.
        ("end_session", _) => "not_found",
        // It waits for somebody else.
        ("accept_my_invitation", _) => "not_found",
        // The one of the example is nobody's.
        ("refresh_tokens", _) => "unauthenticated",
        ("accept_invitation", Who::Anonymous | Who::Disabled) => return None,
        ("accept_invitation", _) => "wrong_address",
        // The key is the owner's: developers see their own, and its secret is for nobody else.
        ("get_api_key" | "update_api_key" | "revoke_api_key" | "rotate_api_key", Who::Developer) | ("rotate_api_key", Who::Admin) => "not_found",
        // Nobody answers, and a model is served by it.
        ("sync_provider", _) => "upstream_unreachable",
        ("delete_provider", _) => "in_use",
        _ => return None,
    }))
}

fn want(operation: &Operation, who: Who, suspended: bool) -> Want {
    if suspended && operation.id == "accept_invitation" {
        return Want::Code("tenant_suspended");
    }
    match by_rule(operation, who, suspended) {
        Want::Success => by_business(operation, who).unwrap_or(Want::Success),
        refused => refused,
    }
}

/// What came, in the words of `Want`.
fn got(answer: &Answer, operation: &Operation) -> String {
    match answer.status.as_u16() {
        status if status == operation.success => "Success".to_owned(),
        status if status < 400 => format!("{status} instead of {}", operation.success),
        status => {
            let problem = answer.json();
            assert_eq!(problem["status"], status, "{}", operation.name());
            format!("Code({})", problem["code"])
        }
    }
}

/// Calls everything as each of these, and says what is not as it should be.
async fn walk(world: &World, whos: &[Who], suspended: bool) -> Vec<String> {
    let mut faults = Vec::new();
    for operation in &operations() {
        for &who in whos {
            // The handlers are the same: that they are behind the same doors is enough to see.
            if operation.alias && !matches!(who, Who::Anonymous | Who::Developer | Who::Stranger) {
                continue;
            }
            let answer = world.call(operation, &world.a, who.person(world)).await;
            if answer.status.is_success() && operation.method != http::Method::GET {
                world.put_back().await;
            }
            let (want, got) = (format!("{:?}", want(operation, who, suspended)), got(&answer, operation));
            if want != got {
                faults.push(format!("{} by {who:?}: {got} instead of {want}: {}", operation.name(), answer.text()));
            }
            if who == Who::Stranger && operation.rule != Rule::Public {
                let text = answer.text();
                for thing in [&world.a.tenant, &world.a.workspace, &world.a.user, &world.a.invitation, &world.a.key] {
                    if text.contains(thing) {
                        faults.push(format!("{} shows {thing} to a stranger: {text}", operation.name()));
                    }
                }
            }
        }
    }
    faults
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn everyone_may_what_the_matrix_says() {
    let world = World::new().await;
    let everyone = [
        Who::Anonymous,
        Who::Disabled,
        Who::Owner,
        Who::Admin,
        Who::Developer,
        Who::Viewer,
        Who::Reviewer,
        Who::Operator,
        Who::Stranger,
    ];
    assert_none(&walk(&world, &everyone, false).await);
}

/// What an override says holds at every door: a developer who has every grant that a tenant can give,
/// and an admin to whom everything is denied.
#[tokio::test]
async fn overrides_count_at_every_door() {
    let world = World::new().await;
    let say = |person: &Person, effect: &str| {
        let all: Vec<String> = Permission::ALL.iter().map(|p| format!("('{}')", p.as_str())).collect();
        format!(
            "insert into permission_override select '{}', '{}', p, '{effect}', null, now() from (values {}) x (p);",
            world.test.a.tenant.id.uuid(),
            person.user.id.uuid(),
            all.join(", ")
        )
    };
    let sql = say(&world.test.a.developer, "grant") + &say(&world.test.a.admin, "deny") + &say(&world.test.a.owner, "deny");
    world.database.run(&sql).await.unwrap();
    world.keep().await;
    let mut faults = Vec::new();
    for operation in operations().iter().filter(|operation| !operation.alias) {
        let Rule::Needs(permission) = operation.rule else { continue };
        for who in [Who::Owner, Who::Admin, Who::Developer] {
            let want = match who {
                // A workspace that may not be seen is not there.
                Who::Admin if operation.in_workspace() => "Code(\"not_found\")".to_owned(),
                Who::Admin => "Code(\"forbidden\")".to_owned(),
                // Nothing is taken from an owner, and what operators have is not given.
                _ if [Permission::QuotasUpdate, Permission::DomainsConfirm].contains(&permission) => "Code(\"forbidden\")".to_owned(),
                Who::Developer => match operation.id.as_str() {
                    // Nobody whom they share a tenant with.
                    "add_members" => "Code(\"not_found\")".to_owned(),
                    // The secret would stand for the owner of the key.
                    "rotate_api_key" => "Code(\"not_found\")".to_owned(),
                    // A role in the workspace is what they do not have.
                    "set_workspace_member" | "remove_workspace_member" => "Code(\"role_too_high\")".to_owned(),
                    _ => "Success".to_owned(),
                },
                _ => "Success".to_owned(),
            };
            let answer = world.call(operation, &world.a, who.person(&world)).await;
            if answer.status.is_success() && operation.method != http::Method::GET {
                world.put_back().await;
            }
            let got = got(&answer, operation);
            if got != want {
                faults.push(format!("{} by {who:?}: {got} instead of {want}: {}", operation.name(), answer.text()));
            }
        }
    }
    assert_none(&faults);
}

#[tokio::test]
async fn a_suspended_tenant_is_read_by_its_owner_and_written_by_nobody() {
    let world = World::new().await;
    let suspend = format!("/api/v1/tenants/{}/suspend", world.a.tenant);
    assert_eq!(world.post(&suspend).by(&world.test.a.owner).send().await.status, StatusCode::OK);
    world.keep().await;
    let whos = [
        Who::Anonymous,
        Who::Owner,
        Who::Admin,
        Who::Developer,
        Who::Reviewer,
        Who::Operator,
        Who::Stranger,
    ];
    assert_none(&walk(&world, &whos, true).await);
}

/// The answer without what differs by nature.
fn bare(answer: &Answer) -> (StatusCode, serde_json::Value, Vec<(String, String)>) {
    let mut body = answer.json();
    body["request_id"].take();
    let headers = answer.headers.iter().filter(|(name, _)| *name != "x-request-id");
    (
        answer.status,
        body,
        headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
    )
}

#[tokio::test]
async fn what_is_not_yours_looks_like_what_is_not_there() {
    let world = World::new().await;
    let unknown = Things::unknown();
    let mut faults = Vec::new();
    let mut compared = 0;
    for operation in &operations() {
        let Rule::Needs(permission) = operation.rule else { continue };
        // The other tenant as a whole; then one thing of it in the caller's own tenant.
        let mut pairs = vec![(world.a.clone(), unknown.clone())];
        for name in operation.parameters().into_iter().skip(1) {
            let mixed = |from: &Things| {
                let mut things = world.b.clone();
                match name {
                    "workspace" => things.workspace.clone_from(&from.workspace),
                    "user" => things.user.clone_from(&from.user),
                    "invitation" => things.invitation.clone_from(&from.invitation),
                    "key" => things.key.clone_from(&from.key),
                    "domain" => things.domain.clone_from(&from.domain),
                    "webhook" => things.webhook.clone_from(&from.webhook),
                    // Models belong to the server.
                    _ => {}
                }
                things
            };
            // What no role of a tenant holds is refused before anything is looked for, in the same words for both.
            if name != "model" && permission != Permission::DomainsConfirm {
                pairs.push((mixed(&world.a), mixed(&unknown)));
            }
        }
        for (foreign, missing) in pairs {
            let stranger = Some(&world.test.b.owner);
            let (foreign_answer, missing_answer) = (
                world.call(operation, &foreign, stranger).await,
                world.call(operation, &missing, stranger).await,
            );
            compared += 1;
            if foreign_answer.status != StatusCode::NOT_FOUND || bare(&foreign_answer) != bare(&missing_answer) {
                let name = foreign.path(operation);
                faults.push(format!(
                    "{} {name}: {} and {}",
                    operation.method,
                    foreign_answer.text(),
                    missing_answer.text()
                ));
            }
            if let Some(id) = operation
                .parameters()
                .iter()
                .map(|name| foreign.get(name))
                .find(|id| foreign_answer.text().contains(id))
            {
                faults.push(format!("{} repeats {id}", operation.name()));
            }
        }
    }
    assert!(compared > 100, "{compared}");
    assert_none(&faults);
    let untouched = "select count(*) from membership where role = 'annotator'";
    assert_eq!(world.database.count(untouched).await.unwrap(), 0);
}

#[tokio::test]
async fn nobody_gets_in_without_a_session_whatever_the_method() {
    let world = World::new().await;
    for operation in operations() {
        if operation.rule == Rule::Public || operation.method != http::Method::GET {
            continue;
        }
        let path = world.a.path(&operation);
        let answer = world.test.call(http::Method::HEAD, &path).send().await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "HEAD {path}");
        // A session that nobody has.
        let answer = world.get(&path).header("cookie", "session=AAAAAAAAAAAAAAAAAAAAAA").send().await;
        assert_eq!(answer.code(), "unauthenticated", "{path}");
        // Whether the tenant is there makes no difference to somebody without a session.
        let missing = world.get(&Things::unknown().path(&operation)).send().await;
        assert_eq!(bare(&world.get(&path).send().await), bare(&missing), "{path}");
    }
}

#[tokio::test]
async fn purging_takes_an_operator_and_two_steps() {
    let world = World::new().await;
    let tenant = format!("/api/v1/tenants/{}", world.a.tenant);
    let purge = format!("{tenant}?purge=true");
    let owner = &world.test.a.owner;
    assert_eq!(world.delete(&purge).by(&world.test.b.owner).send().await.code(), "not_found");
    assert_eq!(world.delete(&purge).by(owner).send().await.code(), "forbidden");
    assert_eq!(world.delete(&purge).by(&world.operator).send().await.code(), "not_deactivated");
    assert_eq!(world.delete(&tenant).by(owner).send().await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.delete(&purge).by(owner).send().await.code(), "forbidden");
    assert_eq!(world.delete(&purge).by(&world.operator).send().await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&tenant).by(owner).send().await.code(), "not_found");
    assert_eq!(world.get(&tenant).by(&world.operator).send().await.code(), "not_found");
    assert_eq!(
        world
            .get(&format!("/api/v1/tenants/{}", world.b.tenant))
            .by(&world.test.b.owner)
            .send()
            .await
            .status,
        StatusCode::OK
    );
}

/// The lists beside the routes say nothing that is not there.
#[test]
fn the_lists_name_what_exists() {
    let all = operations();
    for id in tenantry_api::SELF_SERVICE {
        assert!(all.iter().any(|operation| operation.id == *id), "{id}");
    }
    for permission in Permission::ALL {
        let used = all.iter().any(|operation| operation.rule == Rule::Needs(*permission));
        // Its routes are those of /v1, which this document leaves out; and who manages keys reaches further by the same routes.
        let apart = [Permission::GatewayUse, Permission::KeysManage];
        assert!(used || apart.contains(permission), "{} opens nothing", permission.as_str());
    }
}
