//! The catalogue: models and their routes, as the operator sees them. What a tenant makes of it is
//! in `access`, what a provider's list makes of it in `sync`.

pub mod access;
pub mod explain;
pub mod report;
pub mod rules;
pub mod sync;

use std::collections::HashMap;

use tenantry_types::model::{Model, Route};
use tenantry_types::{ModelId, PageQuery, ProviderId, Timestamp};
use uuid::Uuid;

use crate::{PlatformTx, Result};

/// What a name that is taken ends with.
pub const NAME_KEY: &str = "model_name_key";
/// What a route ends with whose provider is not there.
pub const PROVIDER_KEY: &str = "model_route_provider_id_fkey";

struct Row {
    id: Uuid,
    name: String,
    display_name: String,
    context_length: Option<i64>,
    modalities: Vec<String>,
    input_price: Option<i64>,
    output_price: Option<i64>,
    cached_input_price: Option<i64>,
    request_price: Option<i64>,
    is_active: bool,
}

impl Row {
    fn model(self, routes: Vec<Route>) -> Model {
        let first = routes.first();
        let missing: Option<Vec<Timestamp>> = routes.iter().map(|r| r.missing_since).collect();
        Model {
            missing_since: missing.and_then(|since| since.into_iter().max_by_key(|at| at.0)),
            id: self.id.into(),
            name: self.name,
            provider: first.map(|r| r.provider),
            upstream_name: first.map(|r| r.upstream_name.clone()),
            routes,
            display_name: self.display_name,
            context_length: self.context_length,
            modalities: self.modalities,
            input_price: self.input_price,
            output_price: self.output_price,
            cached_input_price: self.cached_input_price,
            request_price: self.request_price,
            is_active: self.is_active,
        }
    }
}

async fn with_routes(tx: &mut PlatformTx, rows: Vec<Row>) -> Result<Vec<Model>> {
    let ids: Vec<Uuid> = rows.iter().map(|r| r.id).collect();
    let found = sqlx::query!(
        "select model_id, provider_id, upstream_name, priority, missing_since
         from model_route
         where model_id = any ($1)
         order by model_id, priority, provider_id, upstream_name",
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    let mut routes: HashMap<Uuid, Vec<Route>> = HashMap::new();
    for r in found {
        let route = Route {
            provider: r.provider_id.into(),
            upstream_name: r.upstream_name,
            priority: r.priority,
            missing_since: r.missing_since.map(Timestamp),
        };
        routes.entry(r.model_id).or_default().push(route);
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let routes = routes.remove(&row.id).unwrap_or_default();
            row.model(routes)
        })
        .collect())
}

/// Models by name, `limit + 1` of them, and how many there are in all.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut PlatformTx, query: &PageQuery) -> Result<(Vec<Model>, i64)> {
    let pattern = query.pattern();
    let rows = sqlx::query_as!(
        Row,
        "select id, name, display_name, context_length, modalities, input_price, output_price, cached_input_price, request_price, is_active
         from model
         where $1::text is null or lower(name) like $1 or lower(display_name) like $1
         order by name
         limit $2 offset $3",
        pattern,
        i64::from(query.limit) + 1,
        i64::from(query.skip),
    )
    .fetch_all(tx.conn())
    .await?;
    let total = sqlx::query_scalar!(
        r#"select count(*) as "n!" from model where $1::text is null or lower(name) like $1 or lower(display_name) like $1"#,
        pattern
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((with_routes(tx, rows).await?, total))
}

/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut PlatformTx, id: ModelId) -> Result<Option<Model>> {
    let row = sqlx::query_as!(
        Row,
        "select id, name, display_name, context_length, modalities, input_price, output_price, cached_input_price, request_price, is_active
         from model
         where id = $1",
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(with_routes(tx, row.into_iter().collect()).await?.pop())
}

/// Keeps others from changing the model until the transaction ends.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut PlatformTx, id: ModelId) -> Result<bool> {
    Ok(sqlx::query_scalar!("select id from model where id = $1 for update", id.uuid())
        .fetch_optional(tx.conn())
        .await?
        .is_some())
}

/// # Errors
/// The constraint `NAME_KEY` when the name is taken.
pub async fn insert(tx: &mut PlatformTx, model: &Model, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into model (id, name, display_name, context_length, modalities, input_price, output_price, cached_input_price,
           request_price, is_active, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
        model.id.uuid(),
        model.name,
        model.display_name,
        model.context_length,
        &model.modalities,
        model.input_price,
        model.output_price,
        model.cached_input_price,
        model.request_price,
        model.is_active,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes all but the routes.
///
/// # Errors
/// The constraint `NAME_KEY` when the name is taken.
pub async fn update(tx: &mut PlatformTx, model: &Model, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update model
         set name = $2, display_name = $3, context_length = $4, modalities = $5, input_price = $6, output_price = $7,
           cached_input_price = $8, request_price = $9, is_active = $10, updated_at = $11
         where id = $1",
        model.id.uuid(),
        model.name,
        model.display_name,
        model.context_length,
        &model.modalities,
        model.input_price,
        model.output_price,
        model.cached_input_price,
        model.request_price,
        model.is_active,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts these routes in the place of those that were.
///
/// # Errors
/// The constraint `PROVIDER_KEY` when a provider is not there.
pub async fn set_routes(tx: &mut PlatformTx, id: ModelId, routes: &[Route]) -> Result<()> {
    let providers: Vec<Uuid> = routes.iter().map(|r| r.provider.uuid()).collect();
    let names: Vec<String> = routes.iter().map(|r| r.upstream_name.clone()).collect();
    let priorities: Vec<i32> = routes.iter().map(|r| r.priority).collect();
    sqlx::query!(
        "delete from model_route
         where model_id = $1 and (provider_id, upstream_name) not in (select p, n from unnest($2::uuid[], $3::text[]) r (p, n))",
        id.uuid(),
        &providers,
        &names,
    )
    .execute(tx.conn())
    .await?;
    // Those that stay keep what is known of them.
    sqlx::query!(
        "insert into model_route (model_id, provider_id, upstream_name, priority)
         select $1, p, n, x from unnest($2::uuid[], $3::text[], $4::integer[]) r (p, n, x)
         on conflict (model_id, provider_id, upstream_name) do update set priority = excluded.priority",
        id.uuid(),
        &providers,
        &names,
        &priorities,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Which of these providers are there.
///
/// # Errors
/// When the database does not answer.
pub async fn providers_among(tx: &mut PlatformTx, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!("select id from provider where id = any ($1)", ids)
        .fetch_all(tx.conn())
        .await?)
}

/// How many tenants have the model enabled.
///
/// # Errors
/// When the database does not answer.
pub async fn enabled_in(tx: &mut PlatformTx, id: ModelId) -> Result<i64> {
    Ok(
        sqlx::query_scalar!(r#"select count(*) as "n!" from model_access where model_id = $1 and enabled"#, id.uuid())
            .fetch_one(tx.conn())
            .await?,
    )
}

/// Removes the model, its routes, and what tenants and workspaces decided about it.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &mut PlatformTx, id: ModelId) -> Result<()> {
    sqlx::query!("delete from model where id = $1", id.uuid()).execute(tx.conn()).await?;
    Ok(())
}

/// The active models that this provider serves.
///
/// # Errors
/// When the database does not answer.
pub async fn active_of(tx: &mut PlatformTx, provider: ProviderId) -> Result<Vec<ModelId>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct m.id from model m
           join model_route r on r.model_id = m.id
           where r.provider_id = $1 and m.is_active"#,
        provider.uuid(),
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(ModelId::new)
    .collect())
}
