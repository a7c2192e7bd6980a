//! Why a person or a key may use a model or not: the first step that says no is named. Of people outside the
//! tenant only that is said, whether there is an account or not. The same steps as the gateway takes
//! (`gateway::Seat`), one by one; a test holds the two against each other.

use tenantry_db::TenantTx;
use tenantry_db::api_key;
use tenantry_db::model::access::Opened;
use tenantry_db::model::explain::{self as db, Model, Person};
use tenantry_types::account::UserStatus;
use tenantry_types::api_key::{ApiKey, KeyStatus};
use tenantry_types::explain::{MemberModel, ModelExplanation, Reason};
use tenantry_types::member::Who;
use tenantry_types::model::Audience;
use tenantry_types::{ApiKeyId, Fault, ModelId, Permission, UserId, WorkspaceRef};

use super::opened;
use crate::{App, Error, Granted, Result, gateway, needs, now};

/// Without `whom` it is about the caller; with a key about that key, and whose it is.
///
/// # Errors
/// `NotFound` for a model or a key that is not there; `Invalid` when the key is not that person's.
pub async fn explain(
    app: &App,
    by: Granted<needs::ModelsReport>,
    model: ModelId,
    whom: Option<Who>,
    key: Option<ApiKeyId>,
) -> Result<ModelExplanation> {
    let mut tx = app.db().tenant(&by).await?;
    let facts = db::model(&mut tx, model).await?.ok_or(Error::NOT_FOUND)?;
    let key = match key {
        Some(id) => Some(api_key::get(&mut tx, id, None, now()).await?.ok_or(Error::NOT_FOUND)?),
        None => None,
    };
    let (id, email) = match (&whom, &key) {
        (Some(Who::Id(id)), _) => (Some(*id), None),
        (Some(Who::Email(email)), _) => (None, Some(email)),
        (None, Some(key)) => (key.user_id, None),
        (None, None) => (by.actor().user_id(), None),
    };
    let person = db::person(&mut tx, id, email).await?;
    if let (Some(key), Some(_)) = (&key, &whom)
        && (key.user_id.is_none() || person.as_ref().map(|p| p.id) != key.user_id)
    {
        return Err(Error::field("user", Fault::DoesNotMatch));
    }
    let listed = match &person {
        Some(person) if facts.audience == Audience::Workspaces => db::listed_in(&mut tx, model, person.id).await?,
        _ => Vec::new(),
    };
    let inherits = person.as_ref().is_some_and(|p| p.role.inherits_workspaces());
    let (inside, outside): (Vec<_>, Vec<_>) = listed.into_iter().partition(|(_, inside)| *inside || inherits);
    let place = match &key {
        Some(key) => Place::of_key(&mut tx, &facts, model, (key, person.as_ref())).await?,
        None => Place::Anywhere,
    };
    let opened = opened(app);
    let steps = Steps {
        model: &facts,
        id: model,
        person: person.as_ref(),
        // A key of the tenant is nobody's: it works in the whole tenant, as somebody who is in no workspace.
        of_tenant: key.as_ref().is_some_and(|key| key.user_id.is_none()),
        key: key.as_ref(),
        inside: !inside.is_empty(),
        place,
        opened,
    };
    let reason = steps.reason();
    let shown = match reason {
        Reason::NotInWorkspace => outside,
        _ => inside,
    };
    let workspaces: Vec<WorkspaceRef> = shown.into_iter().map(|(workspace, _)| workspace).collect();
    Ok(ModelExplanation {
        model,
        allowed: reason.allows(),
        reason,
        detail: reason.sentence().to_owned(),
        decided_by: facts.decided_by,
        rule: facts.rule,
        key: key.map(|key| key.id),
        bypass: gateway::opened(app).map(str::to_owned),
        workspaces,
    })
}

/// Where somebody asks from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// From wherever they may.
    Anywhere,
    /// From one workspace only, which offers the model, or does not.
    Workspace { offers: bool },
}

impl Place {
    async fn of_key(tx: &mut TenantTx, facts: &Model, model: ModelId, (key, person): (&ApiKey, Option<&Person>)) -> Result<Self> {
        let Some(workspace) = key.workspace else { return Ok(Self::Anywhere) };
        let Some(there) = db::in_workspace(tx, model, workspace, key.user_id).await? else {
            return Ok(Self::Workspace { offers: false });
        };
        let inside = key.user_id.is_none() || there.inside || person.is_some_and(|p| p.role.inherits_workspaces());
        let everyones = facts.audience == Audience::Tenant;
        Ok(Self::Workspace {
            offers: (there.listed && (inside || everyones)) || (everyones && !there.restricts),
        })
    }
}

/// What is asked, in the order in which it is.
struct Steps<'a> {
    model: &'a Model,
    id: ModelId,
    person: Option<&'a Person>,
    of_tenant: bool,
    key: Option<&'a ApiKey>,
    /// Whether the person is in a workspace that lists the model.
    inside: bool,
    place: Place,
    opened: Opened,
}

impl Steps<'_> {
    fn reason(&self) -> Reason {
        if self.person.is_none() && !self.of_tenant {
            return Reason::NotAMember;
        }
        let of_person = |is: fn(&Person) -> bool| self.person.is_some_and(is);
        let of_key = |is: &dyn Fn(&ApiKey) -> bool| self.key.is_some_and(is);
        let asks = !self.opened.all;
        let asks_whom = asks && !self.opened.everyone;
        let narrow = self.model.audience == Audience::Workspaces;
        let steps = [
            (of_person(|p| p.membership != UserStatus::Active), Reason::MembershipDisabled),
            (of_person(|p| p.account != UserStatus::Active), Reason::AccountDisabled),
            (of_key(&|k| k.status == KeyStatus::Revoked), Reason::KeyRevoked),
            (of_key(&|k| k.status == KeyStatus::Expired), Reason::KeyExpired),
            (of_key(&|k| !k.scopes.contains(&Permission::GatewayUse)), Reason::KeyScope),
            (!self.model.is_active, Reason::ModelInactive),
            (asks && !self.model.enabled, Reason::NotEnabled),
            (asks_whom && self.place == Place::Workspace { offers: false }, Reason::KeyWorkspace),
            (
                asks_whom && narrow && self.place == Place::Anywhere && !self.inside,
                Reason::NotInWorkspace,
            ),
            (of_key(&|k| !self.listed_by(k)), Reason::KeyModels),
            (!self.model.routed, Reason::NoProvider),
            (!self.model.served, Reason::ProviderDisabled),
        ];
        let no = steps.into_iter().find(|(no, _)| *no).map(|(_, reason)| reason);
        no.unwrap_or(match self.model.audience {
            _ if self.opened.all => Reason::ServerOpensAll,
            _ if self.opened.everyone => Reason::ServerOpensEnabled,
            Audience::Tenant => Reason::Everyone,
            Audience::Workspaces => Reason::Workspace,
        })
    }

    fn listed_by(&self, key: &ApiKey) -> bool {
        key.models
            .as_ref()
            .is_none_or(|all| all.iter().any(|listed| listed.fits(self.id, &self.model.name)))
    }
}

/// The models that a member may use, and by what; at most 500.
///
/// # Errors
/// When the database does not answer.
pub async fn of_member(app: &App, by: Granted<needs::ModelsReport>, user: UserId) -> Result<Vec<MemberModel>> {
    let mut tx = app.db().tenant(&by).await?;
    Ok(db::of_member(&mut tx, user, opened(app)).await?)
}
