//! Two tenants, A and B, that look the same: the same names of tenants, people and workspaces, the
//! same roles. Whatever finds something by its name in the wrong tenant finds it here.

use serde_json::json;
use tenantry_domain::USER_KEY;
use tenantry_domain::{Origin, Principal, access, accounts, members, tenants, workspaces};
use tenantry_types::account::{Registration, User};
use tenantry_types::member::NewMembers;
use tenantry_types::tenant::{NewTenant, Tenant};
use tenantry_types::workspace::{NewWorkspace, Workspace};
use tenantry_types::{Email, Name, WorkspaceRole};
use tower_sessions::Session;

use super::server::Server;

pub const PASSWORD: &str = "a password for tests";

/// Somebody with an account and a session.
#[derive(Clone)]
pub struct Person {
    pub user: User,
    pub cookie: String,
}

/// One of the two tenants.
pub struct Side {
    pub tenant: Tenant,
    pub owner: Person,
    pub admin: Person,
    pub developer: Person,
    /// Member of no workspace.
    pub viewer: Person,
    /// Viewer of the tenant, reviewer in `research`.
    pub reviewer: Person,
    pub research: Workspace,
    pub support: Workspace,
}

pub fn origin() -> Origin {
    Origin::system("test")
}

pub async fn operator(server: &Server) -> Person {
    let (email, name) = (Email::parse("operator@tenantry.test").unwrap(), Name::parse("Opal Operator").unwrap());
    let user = accounts::create_operator(&server.app, &origin(), email, &name, PASSWORD).await.unwrap();
    sign_in(server, user).await
}

/// An account with a session.
pub async fn person(server: &Server, email: &str, name: &str) -> Person {
    let body = json!({ "email": email, "name": name, "password": PASSWORD });
    let registered = accounts::register(&server.app, &origin(), Registration::parse(&body).unwrap())
        .await
        .unwrap();
    sign_in(server, registered.user).await
}

/// A new session of this account.
pub async fn sign_in(server: &Server, user: User) -> Person {
    let session = Session::new(None, std::sync::Arc::new(server.store.clone()), None);
    session.insert(USER_KEY, user.id).await.unwrap();
    session.save().await.unwrap();
    let cookie = format!("{}={}", server.cookie, session.id().unwrap());
    Person { user, cookie }
}

pub async fn principal(server: &Server, person: &Person) -> Principal {
    access::principal(&server.app, person.user.id, origin()).await.unwrap().unwrap()
}

pub async fn side(server: &Server, operator: &Person, letter: &str) -> Side {
    let app = &server.app;
    let person = async |first: &str, rest: &str| person(server, &format!("{first}@{letter}.test"), &format!("{first} {rest}")).await;
    let owner = person("olga", "Owner").await;
    let admin = person("adam", "Admin").await;
    let developer = person("dora", "Developer").await;
    let viewer = person("vera", "Viewer").await;
    let reviewer = person("rita", "Reviewer").await;

    let new = NewTenant::parse(&json!({ "name": "Acme", "slug": format!("acme-{letter}") })).unwrap();
    let tenant = tenants::create(app, &principal(server, &owner).await, new).await.unwrap();
    let id = tenant.id.to_string();
    let by_operator = principal(server, operator).await;
    for (person, role) in [(&admin, "admin"), (&developer, "developer"), (&viewer, "viewer"), (&reviewer, "viewer")] {
        let ctx = access::tenant(app, &by_operator, &id).await.unwrap();
        let body = json!({ "user_id": person.user.id, "role": role });
        members::add(app, ctx.grant().unwrap(), &by_operator, NewMembers::parse(&body).unwrap())
            .await
            .unwrap();
    }
    let ctx = access::tenant(app, &principal(server, &owner).await, &id).await.unwrap();
    let workspace = async |name: &str| {
        workspaces::create(app, ctx.grant().unwrap(), NewWorkspace::parse(&json!({ "name": name })).unwrap())
            .await
            .unwrap()
    };
    let research = workspace("Research").await;
    let support = workspace("Support").await;
    let place = access::workspace(app, &ctx, &research.id.to_string()).await.unwrap();
    workspaces::set_member(app, place.grant().unwrap(), reviewer.user.id, Some(WorkspaceRole::Reviewer))
        .await
        .unwrap();
    Side {
        tenant,
        owner,
        admin,
        developer,
        viewer,
        reviewer,
        research,
        support,
    }
}
