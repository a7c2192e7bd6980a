//! A key as somebody who asks: found by the hash of its secret, from what the database says now, and
//! with it the bounds that every grant by it keeps to. What keys are made and changed by is elsewhere.

use std::sync::Arc;

use tenantry_types::api_key::{Budget, RateLimit};
use tenantry_types::model::ModelRef;
use tenantry_types::{ApiKeyId, ModelId, Permission, TenantId, TenantRole, Timestamp, UserId, WorkspaceId};

use super::{Origin, Scope};
use crate::error::word;
use crate::{Db, Result};

/// A key that opens something. Made by `Db::key`.
#[derive(Debug, Clone)]
pub struct KeyPass {
    facts: Arc<KeyFacts>,
    pub(super) origin: Arc<Origin>,
}

/// What is known of a key when it is shown.
#[derive(Debug)]
pub struct KeyFacts {
    pub tenant: TenantId,
    pub id: ApiKeyId,
    pub name: String,
    /// None: a key of the tenant.
    pub user: Option<UserId>,
    /// Of a key of the tenant: above this role it gives none.
    pub role: TenantRole,
    pub scopes: Vec<Permission>,
    pub workspace: Option<WorkspaceId>,
    /// The only models that it may use; None: whatever is allowed.
    pub models: Option<Vec<ModelRef>>,
    pub rate_limit: Option<RateLimit>,
    pub budget: Option<Budget>,
}

impl KeyPass {
    pub fn facts(&self) -> &KeyFacts {
        &self.facts
    }

    pub fn id(&self) -> ApiKeyId {
        self.facts.id
    }

    pub fn name(&self) -> &str {
        &self.facts.name
    }

    pub fn tenant(&self) -> TenantId {
        self.facts.tenant
    }

    /// Whose key it is; None for a key of the tenant.
    pub fn user(&self) -> Option<UserId> {
        self.facts.user
    }

    /// The only workspace that it works in.
    pub fn workspace(&self) -> Option<WorkspaceId> {
        self.facts.workspace
    }

    /// Whether the key itself reaches so far; whether its person does is another question. One that
    /// is bound to a workspace does nothing outside of it, and so nothing in the tenant as such.
    pub(super) fn reaches(&self, permission: Permission, place: Option<WorkspaceId>) -> bool {
        self.facts.scopes.contains(&permission) && self.facts.workspace.is_none_or(|only| Some(only) == place)
    }

    /// Whether the key itself lets this model be used.
    pub fn lets_use(&self, id: ModelId, name: &str) -> bool {
        let models = self.facts.models.as_ref();
        models.is_none_or(|all| all.iter().any(|listed| listed.fits(id, name)))
    }

    /// The part of a scope that is the key's.
    pub(super) fn narrow(&self, scope: Scope) -> Scope {
        match (self.facts.workspace, scope) {
            (None, scope) => scope,
            (Some(only), Scope::All) => Scope::Only(vec![only]),
            (Some(only), Scope::Only(ids)) => Scope::Only(ids.into_iter().filter(|id| *id == only).collect()),
        }
    }
}

impl Db {
    /// The key with this hash of its secret; None when there is none, when it has expired or was
    /// revoked, and when its person is no active member any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn key(&self, token_hash: &[u8], origin: Origin, now: Timestamp) -> Result<Option<KeyPass>> {
        let read = self.read_key(token_hash, now);
        let tags = |(facts, _): &(Arc<KeyFacts>, _)| Some([Some(facts.tenant.uuid()), facts.user.map(UserId::uuid)]);
        let found = self.remembered(|m| &m.keys, token_hash.to_vec(), tags, read).await?;
        let still = found.filter(|(_, until)| until.is_none_or(|until| now < until));
        Ok(still.map(|(facts, _)| KeyPass {
            facts,
            origin: origin.into(),
        }))
    }

    /// The key, and until when it opens something.
    async fn read_key(&self, token_hash: &[u8], now: Timestamp) -> Result<Option<(Arc<KeyFacts>, Option<Timestamp>)>> {
        let mut tx = self.platform().await?;
        let row = sqlx::query!(
            "select k.tenant_id, k.id, k.name, k.user_id, k.role, k.scopes, k.workspace_id, k.models, k.model_prefixes,
               k.rate_requests, k.rate_seconds, k.budget_amount, k.budget_per,
               least(k.expires_at, case when k.token_hash <> $1 then k.previous_until end) as until
             from api_key k
             where (k.token_hash = $1 or k.previous_token_hash = $1 and k.previous_until > $2)
               and k.revoked_at is null
               and (k.expires_at is null or k.expires_at > $2)
               and (k.user_id is null or exists (
                 select 1 from membership m
                 join user_account u on u.id = m.user_id and u.status = 'active'
                 where m.tenant_id = k.tenant_id and m.user_id = k.user_id and m.status = 'active'
               ))",
            token_hash,
            now.0,
        )
        .fetch_optional(tx.conn())
        .await?;
        let Some(r) = row else { return Ok(None) };
        let facts = KeyFacts {
            tenant: r.tenant_id.into(),
            id: r.id.into(),
            name: r.name,
            user: r.user_id.map(UserId::new),
            role: word(&r.role, "role of a key")?,
            // A permission that a later version took away opens nothing.
            scopes: r.scopes.iter().filter_map(|text| Permission::from_text(text)).collect(),
            workspace: r.workspace_id.map(WorkspaceId::new),
            models: crate::api_key::listed(r.models, r.model_prefixes),
            rate_limit: crate::api_key::rate_limit(r.rate_requests, r.rate_seconds),
            budget: crate::api_key::budget(r.budget_amount, r.budget_per.as_deref())?,
        };
        Ok(Some((facts.into(), r.until.map(Timestamp))))
    }
}
