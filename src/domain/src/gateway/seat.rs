//! Who asks the gateway, where they stand, and what they may call.

use std::sync::Arc;

use tenantry_db::access::supply::{CallableModel, Catalogue, Supply};
use tenantry_types::model::Audience;
use tenantry_types::{ApiKeyId, ProblemCode, TenantId, Timestamp, UserId, WorkspaceId};

use crate::context::Standing;
use crate::{App, Asker, Error, Granted, Result, audit, needs};

/// Somebody who may use models, in a tenant and perhaps in a workspace of it, and what there is for them.
#[derive(Debug, Clone)]
pub struct Seat {
    by: Granted<needs::GatewayUse>,
    asker: Asker,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) supply: Arc<Supply>,
    /// Whether what their workspace lists is listed for them: they have a role in it, or it is what their key is bound to.
    /// Others may see a workspace, and are not in it.
    inside: bool,
    filter: bool,
    bypass: bool,
}

/// A model that can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    pub created_at: Timestamp,
}

/// Takes a seat.
///
/// # Errors
/// `NotFound` when no tenant is named and none follows; `Forbidden` when they may not use models there.
pub async fn seat(app: &App, standing: &Standing) -> Result<Seat> {
    let ctx = standing.tenant.as_ref().ok_or(Error::NOT_FOUND)?;
    let by = match &standing.workspace {
        Some(workspace) => workspace.grant().map_err(|denied| audit::denied_in_workspace(app, workspace, denied))?,
        None => ctx.grant().map_err(|denied| audit::denied(app, ctx, denied))?,
    };
    let inside = standing.workspace.as_ref().is_some_and(|there| {
        let bound = ctx
            .asker()
            .key()
            .is_some_and(|key| key.user().is_none() && key.workspace() == Some(there.workspace().id));
        there.role().is_some() || bound
    });
    let supply = app.db().supply(ctx.tenant().id).await?.ok_or(Error::NOT_FOUND)?;
    Ok(Seat {
        by,
        asker: ctx.asker().clone(),
        catalogue: app.db().catalogue().await?,
        supply,
        inside,
        filter: app.policy().filter_models,
        bypass: app.policy().bypass_model_access,
    })
}

impl Seat {
    pub fn tenant(&self) -> TenantId {
        self.by.tenant_id()
    }

    pub fn workspace(&self) -> Option<WorkspaceId> {
        self.by.workspace().map(|w| w.id)
    }

    pub fn user(&self) -> Option<UserId> {
        self.asker.user_id()
    }

    pub fn key(&self) -> Option<ApiKeyId> {
        self.asker.key().map(tenantry_db::access::KeyPass::id)
    }

    pub(super) fn asker(&self) -> &Asker {
        &self.asker
    }

    /// What providers are told as the `user`; None: what the caller says.
    pub fn external_id(&self) -> Option<&str> {
        self.supply.external_id.as_deref()
    }

    /// The one decision about a model that can be called: for listing, and for calling.
    fn offers(&self, name: &str, model: &CallableModel) -> bool {
        let by_key = self.asker.key().is_none_or(|key| key.lets_use(model.id, name));
        by_key && (!self.filter || self.enabled(model))
    }

    fn enabled(&self, model: &CallableModel) -> bool {
        let Some(audience) = self.supply.enabled.get(&model.id) else {
            return false;
        };
        if self.bypass {
            return true;
        }
        let everyones = *audience == Audience::Tenant;
        match self.workspace() {
            None => everyones,
            // An archived workspace is not in the supply, and has nothing.
            Some(id) => self.supply.workspaces.get(&id).is_some_and(|workspace| {
                let listed = workspace.listed.contains(&model.id);
                (listed && (self.inside || everyones)) || (everyones && !workspace.restricts)
            }),
        }
    }

    /// All that can be called, by name.
    pub fn models(&self) -> Vec<Listed> {
        let mut all: Vec<Listed> = self
            .catalogue
            .models
            .iter()
            .filter(|(name, model)| self.offers(name, model))
            .map(listed)
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// One model.
    ///
    /// # Errors
    /// `ModelNotFound`, whether it is not there or not theirs to call.
    pub fn model(&self, name: &str) -> Result<Listed> {
        self.callable(name).map(listed)
    }

    pub(super) fn callable(&self, name: &str) -> Result<(&String, &CallableModel)> {
        let found = self.catalogue.models.get_key_value(name).filter(|(name, model)| self.offers(name, model));
        found.ok_or(ProblemCode::ModelNotFound.into())
    }
}

fn listed((name, model): (&String, &CallableModel)) -> Listed {
    Listed {
        name: name.clone(),
        created_at: model.created_at,
    }
}
