//! A person who shows an access token: asked anew, at each use, whether what it hangs on still stands.

use tenantry_types::{TenantId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use super::{Origin, Principal};
use crate::token::Alive;
use crate::{Db, Result};

/// A person with an access token, and where it stands.
#[derive(Debug, Clone)]
pub struct Bearer {
    pub principal: Principal,
    pub family: Uuid,
    pub tenant: Option<TenantId>,
    pub workspace: Option<WorkspaceId>,
}

impl Db {
    /// The person of a token family; None when it has ended, its account is disabled or has another
    /// password by now, or the tenant that the token names is not theirs to enter any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn bearer(
        &self,
        family: Uuid,
        user: UserId,
        place: (Option<TenantId>, Option<WorkspaceId>),
        origin: Origin,
        now: Timestamp,
    ) -> Result<Option<Bearer>> {
        let (tenant, workspace) = place;
        let read = async { crate::token::alive(&mut self.platform().await?, family, user, tenant, now).await };
        let tags = |_: &Alive| Some([Some(user.uuid()), tenant.map(TenantId::uuid)]);
        let found = self.remembered(|m| &m.families, (family, user, tenant), tags, read).await?;
        let Some(alive) = found.filter(|alive| now < alive.until) else {
            return Ok(None);
        };
        let Some(principal) = self.principal(user, origin).await? else {
            return Ok(None);
        };
        Ok(Some(Bearer {
            principal: Principal {
                signed_in: Some(alive.signed_in),
                ..principal
            },
            family,
            tenant,
            workspace,
        }))
    }
}
