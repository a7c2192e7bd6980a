//! What the gateway decides from, remembered like the rest of access: the catalogue of models that can be
//! called, once for the server, and for each tenant what it made of it and how much it may use. Keys of
//! providers come sealed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use tenantry_types::model::{AccessMode, Audience};
use tenantry_types::plan::Resource;
use tenantry_types::provider::ProviderKind;
use tenantry_types::{ModelId, ProviderId, TenantId, Timestamp, WorkspaceId};
use uuid::Uuid;

use super::doors::job;
use super::memory::CATALOGUE;
use crate::error::word;
use crate::{Db, Result};

/// The models that can be called, by name, and the providers that serve them.
#[derive(Debug)]
pub struct Catalogue {
    pub models: HashMap<String, CallableModel>,
    pub providers: HashMap<ProviderId, CallableProvider>,
}

/// An active model with a provider that is switched on. Prices as in the catalogue; None is unknown.
#[derive(Debug)]
pub struct CallableModel {
    pub id: ModelId,
    pub created_at: Timestamp,
    /// In micro-USD per million tokens, which is pico-USD per token.
    pub input_price: Option<i64>,
    pub output_price: Option<i64>,
    pub cached_input_price: Option<i64>,
    /// In micro-USD.
    pub request_price: Option<i64>,
    /// In the order in which they are tried; never empty.
    pub routes: Vec<CallableRoute>,
}

#[derive(Debug)]
pub struct CallableRoute {
    pub provider: ProviderId,
    pub upstream_name: String,
}

#[derive(Debug)]
pub struct CallableProvider {
    pub kind: ProviderKind,
    pub base_url: String,
    pub api_key_sealed: Option<Vec<u8>>,
    pub api_version: Option<String>,
}

/// What a tenant may call and use.
#[derive(Debug)]
pub struct Supply {
    /// What providers are told as the `user`.
    pub external_id: Option<String>,
    /// The models that are enabled.
    pub enabled: HashMap<ModelId, Audience>,
    /// The workspaces that list models or narrow them.
    pub workspaces: HashMap<WorkspaceId, WorkspaceSupply>,
    /// A resource that is not in it has no limit.
    pub limits: BTreeMap<Resource, i64>,
}

#[derive(Debug, Default)]
pub struct WorkspaceSupply {
    pub restricts: bool,
    pub listed: HashSet<ModelId>,
}

impl Db {
    /// The catalogue as the gateway serves it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn catalogue(&self) -> Result<Arc<Catalogue>> {
        let read = async { self.read_catalogue().await.map(|found| Some(Arc::new(found))) };
        let found = self.remembered(|m| &m.catalogue, (), |_| Some([Some(CATALOGUE), None]), read).await?;
        found.ok_or(crate::DbError::Corrupt("catalogue"))
    }

    async fn read_catalogue(&self) -> Result<Catalogue> {
        let mut tx = self.platform().await?;
        let providers = sqlx::query!("select id, kind, base_url, api_key_sealed, api_version from provider where enabled")
            .fetch_all(tx.conn())
            .await?;
        let models = sqlx::query!(
            r#"select m.id, m.name, m.created_at, m.input_price, m.output_price, m.cached_input_price, m.request_price,
                 array_agg(r.provider_id order by r.priority, r.provider_id, r.upstream_name) as "providers!",
                 array_agg(r.upstream_name order by r.priority, r.provider_id, r.upstream_name) as "names!"
               from model m
               join model_route r on r.model_id = m.id
               join provider p on p.id = r.provider_id and p.enabled
               where m.is_active
               group by m.id"#
        )
        .fetch_all(tx.conn())
        .await?;
        let mut known = HashMap::with_capacity(providers.len());
        for row in providers {
            let provider = CallableProvider {
                kind: word(&row.kind, "provider kind")?,
                base_url: row.base_url,
                api_key_sealed: row.api_key_sealed,
                api_version: row.api_version,
            };
            known.insert(row.id.into(), provider);
        }
        let models = models.into_iter().map(|row| {
            let routes = row.providers.into_iter().zip(row.names).map(|(provider, upstream_name)| CallableRoute {
                provider: provider.into(),
                upstream_name,
            });
            let model = CallableModel {
                id: row.id.into(),
                created_at: row.created_at.into(),
                input_price: row.input_price,
                output_price: row.output_price,
                cached_input_price: row.cached_input_price,
                request_price: row.request_price,
                routes: routes.collect(),
            };
            (row.name, model)
        });
        Ok(Catalogue {
            models: models.collect(),
            providers: known,
        })
    }

    /// What a tenant may call and use; None when it is not there.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn supply(&self, tenant: TenantId) -> Result<Option<Arc<Supply>>> {
        let tags = |_: &Arc<Supply>| Some([Some(tenant.uuid()), Some(CATALOGUE)]);
        self.remembered(|m| &m.supplies, tenant, tags, self.read_supply(tenant)).await
    }

    async fn read_supply(&self, tenant: TenantId) -> Result<Option<Arc<Supply>>> {
        // The gateway decides for everybody in the tenant from it: no person's scope bounds what is read.
        let mut tx = self.tenant(&job(tenant)).await?;
        let id = tenant.uuid();
        let Some(external_id) = sqlx::query_scalar!("select external_id from tenant where id = $1", id)
            .fetch_optional(tx.conn())
            .await?
        else {
            return Ok(None);
        };
        let limits = crate::quota::limits(&mut tx).await?;
        let enabled = sqlx::query!(
            r#"select d.model_id as "model_id!", d.audience as "audience!"
               from model_decision d
               join model c on c.id = d.model_id and c.is_active
               where d.tenant_id = $1 and d.enabled"#,
            id
        )
        .fetch_all(tx.conn())
        .await?;
        let workspaces = sqlx::query!(
            r#"select w.id, w.models_mode as mode,
                 coalesce((select array_agg(l.model_id) from workspace_model l where l.tenant_id = w.tenant_id and l.workspace_id = w.id), '{}')
                   as "listed!: Vec<Uuid>"
               from workspace w
               where w.tenant_id = $1 and w.status = 'active'"#,
            id
        )
        .fetch_all(tx.conn())
        .await?;
        let mut supply = Supply {
            external_id,
            enabled: HashMap::with_capacity(enabled.len()),
            workspaces: HashMap::with_capacity(workspaces.len()),
            limits: limits.into_iter().filter_map(|(resource, (limit, _))| Some((resource, limit?))).collect(),
        };
        for row in enabled {
            supply.enabled.insert(row.model_id.into(), word(&row.audience, "audience")?);
        }
        for row in workspaces {
            let workspace = WorkspaceSupply {
                restricts: word::<AccessMode>(&row.mode, "access mode")? == AccessMode::Restrict,
                listed: row.listed.into_iter().map(ModelId::new).collect(),
            };
            supply.workspaces.insert(row.id.into(), workspace);
        }
        Ok(Some(supply.into()))
    }
}
