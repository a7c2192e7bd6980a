//! Why a person may use a model or not: the first step that says no is named. Of people outside the
//! tenant only that is said, whether there is an account or not.

use tenantry_db::model::explain::{self as db, Model, Person};
use tenantry_types::account::UserStatus;
use tenantry_types::explain::{MemberModel, ModelExplanation, Reason};
use tenantry_types::member::Who;
use tenantry_types::model::Audience;
use tenantry_types::{ModelId, UserId, WorkspaceRef};

use crate::{App, Error, Granted, Result, needs};

/// Without `whom` it is about the caller.
///
/// # Errors
/// `NotFound` for a model that is not in the catalogue.
pub async fn explain(app: &App, by: Granted<needs::ModelsReport>, model: ModelId, whom: Option<Who>) -> Result<ModelExplanation> {
    let (id, email) = match whom {
        Some(Who::Id(id)) => (Some(id), None),
        Some(Who::Email(email)) => (None, Some(email)),
        None => (by.actor().user_id(), None),
    };
    let mut tx = app.db().tenant(&by).await?;
    let facts = db::model(&mut tx, model).await?.ok_or(Error::NOT_FOUND)?;
    let person = db::person(&mut tx, id, email.as_ref()).await?;
    let listed = match &person {
        Some(person) if facts.audience == Audience::Workspaces => db::listed_in(&mut tx, model, person.id).await?,
        _ => Vec::new(),
    };
    let inherits = person.as_ref().is_some_and(|p| p.role.inherits_workspaces());
    let (inside, outside): (Vec<_>, Vec<_>) = listed.into_iter().partition(|(_, inside)| *inside || inherits);
    let reason = reason(&facts, person.as_ref(), !inside.is_empty());
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
        workspaces,
    })
}

/// The steps in the order in which they are taken. `inside`: whether the person is in a workspace that lists the model.
fn reason(model: &Model, person: Option<&Person>, inside: bool) -> Reason {
    let Some(person) = person else { return Reason::NotAMember };
    let steps = [
        (person.membership != UserStatus::Active, Reason::MembershipDisabled),
        (person.account != UserStatus::Active, Reason::AccountDisabled),
        (!model.is_active, Reason::ModelInactive),
        (!model.enabled, Reason::NotEnabled),
        (model.audience == Audience::Workspaces && !inside, Reason::NotInWorkspace),
        (!model.routed, Reason::NoProvider),
        (!model.served, Reason::ProviderDisabled),
    ];
    let no = steps.into_iter().find(|(no, _)| *no).map(|(_, reason)| reason);
    no.unwrap_or(match model.audience {
        Audience::Tenant => Reason::Everyone,
        Audience::Workspaces => Reason::Workspace,
    })
}

/// The models that a member may use, and by what; at most 500.
///
/// # Errors
/// When the database does not answer.
pub async fn of_member(app: &App, by: Granted<needs::ModelsReport>, user: UserId) -> Result<Vec<MemberModel>> {
    let mut tx = app.db().tenant(&by).await?;
    Ok(db::of_member(&mut tx, user).await?)
}
