//! A person who shows an access token: asked anew, at each use, whether what it hangs on still stands.

use tenantry_types::account::UserStatus;
use tenantry_types::{TenantId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use super::{Origin, Principal};
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
        let mut tx = self.platform().await?;
        let Some(signed_in) = crate::token::alive(&mut tx, family, user, tenant, now).await? else {
            return Ok(None);
        };
        let Some((user, last_tenant)) = crate::account::with_last_tenant(&mut tx, user).await? else {
            return Ok(None);
        };
        if user.status != UserStatus::Active {
            return Ok(None);
        }
        Ok(Some(Bearer {
            principal: Principal {
                user: user.into(),
                origin: origin.into(),
                last_tenant,
                signed_in: Some(signed_in),
                session: None,
            },
            family,
            tenant,
            workspace,
        }))
    }
}
