//! What a provider's list changes in the catalogue: what is known of its models, and the writing of
//! what was found, each in one statement whatever the length of the list.

use tenantry_types::provider::UpstreamModel;
use tenantry_types::{ModelId, ProviderId, Timestamp};
use uuid::Uuid;

use crate::{PlatformTx, Result};

/// A model that has a route to the provider.
#[derive(Debug, Clone)]
pub struct Known {
    pub id: ModelId,
    pub name: String,
    pub display_name: String,
    /// Whether that route is the one that is tried first.
    pub first: bool,
    /// Whether the provider did not list it the last time.
    pub missing: bool,
    /// What the catalogue says of it, under the name that the provider has for it.
    pub listed: UpstreamModel,
}

/// The models that have a route to the provider, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn known(tx: &mut PlatformTx, provider: ProviderId) -> Result<Vec<Known>> {
    let rows = sqlx::query!(
        r#"select m.id, m.name, m.display_name, m.context_length, m.modalities, m.input_price, m.output_price, m.cached_input_price,
             m.request_price, r.upstream_name, r.missing_since is not null as "missing!",
             not exists (
               select 1 from model_route o
               where o.model_id = r.model_id
                 and (o.priority, o.provider_id, o.upstream_name) < (r.priority, r.provider_id, r.upstream_name)
             ) as "first!"
           from model_route r
           join model m on m.id = r.model_id
           where r.provider_id = $1
           order by m.name, r.upstream_name"#,
        provider.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Known {
            id: r.id.into(),
            name: r.name,
            first: r.first,
            missing: r.missing,
            listed: UpstreamModel {
                upstream_name: r.upstream_name,
                display_name: Some(r.display_name.clone()),
                context_length: r.context_length,
                modalities: r.modalities,
                input_price: r.input_price,
                output_price: r.output_price,
                cached_input_price: r.cached_input_price,
                request_price: r.request_price,
            },
            display_name: r.display_name,
        })
        .collect())
}

/// Models column by column, as `unnest` takes them.
#[derive(Default)]
struct Columns {
    id: Vec<Uuid>,
    name: Vec<String>,
    display_name: Vec<String>,
    context_length: Vec<Option<i64>>,
    /// Joined with unit separators: `unnest` would take a list of lists apart.
    modalities: Vec<String>,
    input_price: Vec<Option<i64>>,
    output_price: Vec<Option<i64>>,
    cached_input_price: Vec<Option<i64>>,
    request_price: Vec<Option<i64>>,
}

impl Columns {
    fn of<'a>(models: impl IntoIterator<Item = (ModelId, &'a UpstreamModel)>) -> Self {
        let mut out = Self::default();
        for (id, m) in models {
            out.id.push(id.uuid());
            out.name.push(m.upstream_name.clone());
            out.display_name.push(m.display_name.clone().unwrap_or_else(|| m.upstream_name.clone()));
            out.context_length.push(m.context_length);
            out.modalities.push(m.modalities.join("\u{1f}"));
            out.input_price.push(m.input_price);
            out.output_price.push(m.output_price);
            out.cached_input_price.push(m.cached_input_price);
            out.request_price.push(m.request_price);
        }
        out
    }
}

/// Adds models under their upstream names, with a route to the provider. A name that another model
/// has gets that model a further route, behind those that it has.
///
/// # Errors
/// When the database does not answer.
pub async fn add(tx: &mut PlatformTx, provider: ProviderId, models: &[(ModelId, UpstreamModel)], active: bool, now: Timestamp) -> Result<()> {
    let c = Columns::of(models.iter().map(|(id, m)| (*id, m)));
    sqlx::query!(
        "insert into model (id, name, display_name, context_length, modalities, input_price, output_price, cached_input_price,
           request_price, is_active, created_at, updated_at)
         select id, name, display_name, context_length, coalesce(string_to_array(nullif(modalities, ''), e'\\x1f'), '{}'), input_price,
           output_price, cached_input_price, request_price, $11, $10, $10
         from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
           u (id, name, display_name, context_length, modalities, input_price, output_price, cached_input_price, request_price)
         order by name
         on conflict (name) do nothing",
        &c.id,
        &c.name,
        &c.display_name,
        &c.context_length as &[Option<i64>],
        &c.modalities,
        &c.input_price as &[Option<i64>],
        &c.output_price as &[Option<i64>],
        &c.cached_input_price as &[Option<i64>],
        &c.request_price as &[Option<i64>],
        now.0,
        active,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into model_route (model_id, provider_id, upstream_name, priority)
         select m.id, $1, m.name, coalesce((select max(r.priority) + 1 from model_route r where r.model_id = m.id), 0)
         from model m
         where m.name = any ($2)
         on conflict (model_id, provider_id, upstream_name) do nothing",
        provider.uuid(),
        &c.name,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what is listed of models that are known: display name, context length, modalities, prices.
///
/// # Errors
/// When the database does not answer.
pub async fn change(tx: &mut PlatformTx, models: &[(ModelId, UpstreamModel)], now: Timestamp) -> Result<()> {
    let c = Columns::of(models.iter().map(|(id, m)| (*id, m)));
    sqlx::query!(
        "update model m
         set display_name = u.display_name, context_length = u.context_length,
           modalities = coalesce(string_to_array(nullif(u.modalities, ''), e'\\x1f'), '{}'), input_price = u.input_price,
           output_price = u.output_price, cached_input_price = u.cached_input_price, request_price = u.request_price, updated_at = $9
         from unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
           u (id, display_name, context_length, modalities, input_price, output_price, cached_input_price, request_price)
         where m.id = u.id",
        &c.id,
        &c.display_name,
        &c.context_length as &[Option<i64>],
        &c.modalities,
        &c.input_price as &[Option<i64>],
        &c.output_price as &[Option<i64>],
        &c.cached_input_price as &[Option<i64>],
        &c.request_price as &[Option<i64>],
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks the routes to a provider by whether it lists what they name: `missing` and `returned` are upstream names.
///
/// # Errors
/// When the database does not answer.
pub async fn mark(tx: &mut PlatformTx, provider: ProviderId, missing: &[String], returned: &[String], now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update model_route
         set missing_since = case when upstream_name = any ($2) then $4::timestamptz end
         where provider_id = $1 and (upstream_name = any ($2) or upstream_name = any ($3))",
        provider.uuid(),
        missing,
        returned,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
