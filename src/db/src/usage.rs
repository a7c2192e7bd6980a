//! What was used through the gateway: one event for each request that was sent to a provider, kept by day and dropped
//! when it is old, and sums by the hour, which stay.

use tenantry_types::usage::{GroupBy, UsageRow};
use tenantry_types::{Timestamp, UserId};
use time::{Date, OffsetDateTime};

use crate::{PlatformTx, Result, TenantTx};

/// Makes the partitions of these days that are missing; days long ago or far ahead have none.
///
/// # Errors
/// When the database does not answer.
pub async fn make_days(tx: &mut PlatformTx, first: Date, last: Date) -> Result<()> {
    sqlx::query!("select app.make_usage_days($1, $2)", first, last).execute(tx.conn()).await?;
    Ok(())
}

/// Drops the events of days before this one, and says how many days those were. Never the last seven.
///
/// # Errors
/// When the database does not answer.
pub async fn drop_days(tx: &mut PlatformTx, before: Date) -> Result<i32> {
    let dropped = sqlx::query_scalar!("select app.drop_usage_days($1)", before).fetch_one(tx.conn()).await?;
    Ok(dropped.unwrap_or(0))
}

/// Writes events of the tenant, and adds those to the sums that were not there yet. `events` is a list of objects with
/// the columns of `usage_event`, as JSON.
///
/// # Errors
/// When the database does not answer.
pub async fn add(tx: &mut TenantTx, events: &str) -> Result<u64> {
    let tenant = tx.tenant_id().uuid();
    let done = sqlx::query!(
        r#"with new as (
             insert into usage_event (tenant_id, at, id, operation, model_id, model, provider_id, user_id, key_id, workspace_id, status, outcome,
               streamed, tokens_in, tokens_out, tokens_cached, estimated, cost, latency_ms, first_ms)
             select $1, at, id, operation, model_id, model, provider_id, user_id, key_id, workspace_id, status, outcome,
               streamed, tokens_in, tokens_out, tokens_cached, estimated, cost, latency_ms, first_ms
             from jsonb_to_recordset($2::text::jsonb) as e (at timestamptz, id uuid, operation text, model_id uuid, model text, provider_id uuid, user_id uuid,
               key_id uuid, workspace_id uuid, status integer, outcome text, streamed boolean, tokens_in bigint, tokens_out bigint,
               tokens_cached bigint, estimated boolean, cost bigint, latency_ms bigint, first_ms bigint)
             on conflict do nothing
             returning *
           )
           insert into usage_hour as h (tenant_id, hour, model, user_id, key_id, workspace_id, requests, errors, tokens_in, tokens_out, cost)
           select $1, date_trunc('hour', at, 'UTC'), model, coalesce(user_id, $3), coalesce(key_id, $3), coalesce(workspace_id, $3),
             count(*), count(*) filter (where outcome = 'error'), sum(tokens_in), sum(tokens_out), coalesce(sum(cost), 0)
           from new
           group by 2, 3, 4, 5, 6
           order by 2, 3, 4, 5, 6
           on conflict (tenant_id, hour, model, user_id, key_id, workspace_id) do update
           set requests = h.requests + excluded.requests, errors = h.errors + excluded.errors, tokens_in = h.tokens_in + excluded.tokens_in,
             tokens_out = h.tokens_out + excluded.tokens_out, cost = h.cost + excluded.cost"#,
        tenant,
        events,
        uuid::Uuid::nil(),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// What of the usage is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub from: Timestamp,
    pub to: Timestamp,
    /// None: everybody's.
    pub user: Option<UserId>,
}

/// Sums by group, the largest groups first, or by time; at most 2,000 groups. Whole hours: the hour of `from` is in it.
///
/// # Errors
/// When the database does not answer.
pub async fn sums(tx: &mut TenantTx, span: Span, by: GroupBy) -> Result<Vec<UsageRow>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        r#"select
             case $5 when 'day' then date_trunc('day', hour, 'UTC') when 'hour' then hour end as at,
             case $5 when 'model' then model end as model,
             case $5 when 'user' then user_id when 'key' then key_id when 'workspace' then workspace_id end as id,
             sum(requests)::bigint as "requests!", sum(errors)::bigint as "errors!", sum(tokens_in)::bigint as "tokens_in!",
             sum(tokens_out)::bigint as "tokens_out!", round(sum(cost) / 1000000)::bigint as "cost!"
           from usage_hour
           where tenant_id = $1 and hour >= date_trunc('hour', $2::timestamptz, 'UTC') and hour < $3 and ($4::uuid is null or user_id = $4)
           group by 1, 2, 3
           order by 1, sum(requests) desc, 2, 3
           limit 2000"#,
        tenant,
        span.from.0,
        span.to.0,
        span.user.map(UserId::uuid),
        by.as_str(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| UsageRow {
            at: r.at.map(Timestamp),
            model: r.model,
            id: r.id.filter(|id| !id.is_nil()),
            label: None,
            requests: r.requests,
            errors: r.errors,
            tokens_in: r.tokens_in,
            tokens_out: r.tokens_out,
            cost: r.cost,
            latency_ms_p50: None,
            latency_ms_p95: None,
        })
        .collect())
}

/// How long the requests of each group took, in milliseconds: median and 95th percentile, from the events that are
/// still kept.
///
/// # Errors
/// When the database does not answer.
pub async fn latencies(tx: &mut TenantTx, span: Span, by: GroupBy) -> Result<Vec<(Group, i64, i64)>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        r#"select
             case $5 when 'day' then date_trunc('day', at, 'UTC') when 'hour' then date_trunc('hour', at, 'UTC') end as at,
             case $5 when 'model' then model end as model,
             case $5 when 'user' then user_id when 'key' then key_id when 'workspace' then workspace_id end as id,
             percentile_disc(array[0.5, 0.95]) within group (order by latency_ms) as "latency!"
           from usage_event
           where tenant_id = $1 and at >= date_trunc('hour', $2::timestamptz, 'UTC') and at < $3 and ($4::uuid is null or user_id = $4)
           group by 1, 2, 3
           limit 2000"#,
        tenant,
        span.from.0,
        span.to.0,
        span.user.map(UserId::uuid),
        by.as_str(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let latency = |place: usize| r.latency.get(place).copied().unwrap_or(0);
            let (p50, p95) = (latency(0), latency(1));
            (
                Group {
                    at: r.at.map(Timestamp),
                    model: r.model,
                    id: r.id,
                },
                p50,
                p95,
            )
        })
        .collect())
}

/// What a sum is about: one of the three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub at: Option<Timestamp>,
    pub model: Option<String>,
    pub id: Option<uuid::Uuid>,
}

/// The names of people, keys and workspaces that are still there.
///
/// # Errors
/// When the database does not answer.
pub async fn names(tx: &mut TenantTx, by: GroupBy, ids: &[uuid::Uuid]) -> Result<Vec<(uuid::Uuid, String)>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        r#"select id as "id!", name as "name!" from (
             select u.id, u.name from membership m join user_account u on u.id = m.user_id where $3 = 'user' and m.tenant_id = $1 and m.user_id = any ($2)
             union all
             select k.id, k.name from api_key k where $3 = 'key' and k.tenant_id = $1 and k.id = any ($2)
             union all
             select w.id, w.name from workspace w where $3 = 'workspace' and w.tenant_id = $1 and w.id = any ($2)
           ) x"#,
        tenant,
        ids,
        by.as_str(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (r.id, r.name)).collect())
}

/// Requests, tokens and micro-USD of the running hour, day and month (UTC).
#[derive(Debug, Clone, Copy, Default)]
pub struct Running {
    pub requests_this_hour: i64,
    pub requests_today: i64,
    pub tokens_today: i64,
    pub spend_this_month: i64,
}

/// # Errors
/// When the database does not answer.
pub async fn running(tx: &mut TenantTx, now: Timestamp) -> Result<Running> {
    let tenant = tx.tenant_id().uuid();
    let now: OffsetDateTime = now.0;
    let row = sqlx::query!(
        r#"select
             coalesce(sum(requests) filter (where hour = date_trunc('hour', $2::timestamptz, 'UTC')), 0)::bigint as "hour!",
             coalesce(sum(requests) filter (where hour >= date_trunc('day', $2::timestamptz, 'UTC')), 0)::bigint as "day!",
             coalesce(sum(tokens_in + tokens_out) filter (where hour >= date_trunc('day', $2::timestamptz, 'UTC')), 0)::bigint as "tokens!",
             round(coalesce(sum(cost) filter (where hour >= date_trunc('month', $2::timestamptz, 'UTC')), 0) / 1000000)::bigint as "spend!"
           from usage_hour
           where tenant_id = $1 and hour >= date_trunc('month', $2::timestamptz, 'UTC')"#,
        tenant,
        now,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Running {
        requests_this_hour: row.hour,
        requests_today: row.day,
        tokens_today: row.tokens,
        spend_this_month: row.spend,
    })
}
