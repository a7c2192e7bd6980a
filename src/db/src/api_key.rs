//! API keys of a tenant. Only hashes of secrets are stored; that a key is shown, and who that makes
//! somebody, is `access`'.

use tenantry_types::api_key::{ApiKey, Budget, KeyOwner, KeyStatus, RateLimit};
use tenantry_types::model::{ModelPattern, ModelRef};
use tenantry_types::{ApiKeyId, PageQuery, Permission, TenantId, TenantRole, Timestamp, UserId, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::word;
use crate::{DbError, PlatformTx, Result, TenantTx};

pub(crate) fn rate_limit(requests: Option<i32>, per_seconds: Option<i32>) -> Option<RateLimit> {
    Some(RateLimit {
        requests: requests?.try_into().ok()?,
        per_seconds: per_seconds?.try_into().ok()?,
    })
}

pub(crate) fn budget(amount: Option<i64>, per: Option<&str>) -> Result<Option<Budget>> {
    let (Some(amount), Some(per)) = (amount, per) else { return Ok(None) };
    Ok(Some(Budget {
        amount,
        per: word(per, "window of a budget")?,
    }))
}

/// What a key is made of besides what people see of it.
#[derive(Debug)]
pub struct Secrets<'a> {
    pub token_hash: &'a [u8],
    /// Of a key of the tenant: above this role it gives none.
    pub role: TenantRole,
}

/// How limits are stored.
struct Limits {
    requests: Option<i32>,
    seconds: Option<i32>,
    amount: Option<i64>,
    per: Option<&'static str>,
}

/// The parser of limits keeps them within the columns' types.
fn limits(key: &ApiKey) -> Result<Limits> {
    let narrow = |n: u32| i32::try_from(n).map_err(|_| DbError::Corrupt("rate limit of a key"));
    Ok(Limits {
        requests: key.rate_limit.map(|limit| narrow(limit.requests)).transpose()?,
        seconds: key.rate_limit.map(|limit| narrow(limit.per_seconds)).transpose()?,
        amount: key.budget.map(|budget| budget.amount),
        per: key.budget.map(|budget| budget.per.as_str()),
    })
}

fn scopes(key: &ApiKey) -> Vec<String> {
    key.scopes.iter().map(|scope| scope.as_str().to_owned()).collect()
}

/// The models that a key lists one by one, and those that it lists by how their names begin.
fn models(key: &ApiKey) -> (Option<Vec<Uuid>>, Vec<String>) {
    let ids = key.models.as_ref().map(|all| all.iter().filter_map(|m| Some(m.id()?.uuid())).collect());
    let patterns = key.models.iter().flatten().filter_map(ModelRef::pattern);
    (ids, patterns.map(|pattern| pattern.prefix().to_owned()).collect())
}

/// The list of a key as it was written, but for its order; None: no list.
pub(crate) fn listed(ids: Option<Vec<Uuid>>, prefixes: Vec<String>) -> Option<Vec<ModelRef>> {
    let all = prefixes.into_iter().map(|prefix| ModelRef::All(ModelPattern::of_prefix(prefix)));
    ids.map(|ids| ids.into_iter().map(|id| ModelRef::One(id.into())).chain(all).collect())
}

/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &mut TenantTx, key: &ApiKey, secrets: &Secrets<'_>) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let limits = limits(key)?;
    let (models, prefixes) = models(key);
    sqlx::query!(
        "insert into api_key (tenant_id, id, name, prefix, token_hash, user_id, role, made_by_name, scopes, workspace_id, models,
           rate_requests, rate_seconds, budget_amount, budget_per, expires_at, model_prefixes, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $18, $17, $17)",
        tenant,
        key.id.uuid(),
        key.name,
        key.prefix,
        secrets.token_hash,
        key.user_id.map(UserId::uuid),
        secrets.role.as_str(),
        key.made_by,
        &scopes(key),
        key.workspace.map(WorkspaceId::uuid),
        models.as_deref(),
        limits.requests,
        limits.seconds,
        limits.amount,
        limits.per,
        key.expires_at.map(|at| at.0),
        key.created_at.0,
        &prefixes,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what a change may change.
///
/// # Errors
/// When the database does not answer.
pub async fn update(tx: &mut TenantTx, key: &ApiKey, now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let limits = limits(key)?;
    let (models, prefixes) = models(key);
    sqlx::query!(
        "update api_key set name = $3, scopes = $4, workspace_id = $5, models = $6, rate_requests = $7, rate_seconds = $8,
           budget_amount = $9, budget_per = $10, expires_at = $11, updated_at = $12, model_prefixes = $13
         where tenant_id = $1 and id = $2",
        tenant,
        key.id.uuid(),
        key.name,
        &scopes(key),
        key.workspace.map(WorkspaceId::uuid),
        models.as_deref(),
        limits.requests,
        limits.seconds,
        limits.amount,
        limits.per,
        key.expires_at.map(|at| at.0),
        now.0,
        &prefixes,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives a key another secret; the one from before works until `previous_until`, or not at all.
///
/// # Errors
/// When the database does not answer.
pub async fn rotate(
    tx: &mut TenantTx,
    id: ApiKeyId,
    token_hash: &[u8],
    prefix: &str,
    previous_until: Option<Timestamp>,
    now: Timestamp,
) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "update api_key set token_hash = $3, prefix = $4, previous_until = $5, updated_at = $6,
           previous_token_hash = case when $5::timestamptz is null then null else token_hash end
         where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        token_hash,
        prefix,
        previous_until.map(|at| at.0),
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The tenants in which a person has keys of their own that are not revoked; at most a thousand.
///
/// # Errors
/// When the database does not answer.
pub async fn tenants_of(tx: &mut PlatformTx, user: UserId) -> Result<Vec<TenantId>> {
    let ids = sqlx::query_scalar!(
        "select distinct tenant_id from api_key where user_id = $1 and revoked_at is null limit 1000",
        user.uuid()
    );
    Ok(ids.fetch_all(tx.conn()).await?.into_iter().map(TenantId::new).collect())
}

/// Revokes the keys of a person in this tenant; answers their ids and names.
///
/// # Errors
/// When the database does not answer.
pub async fn revoke_of(tx: &mut TenantTx, user: UserId, now: Timestamp) -> Result<Vec<(ApiKeyId, String)>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        "update api_key set revoked_at = $3, updated_at = $3 where tenant_id = $1 and user_id = $2 and revoked_at is null
         returning id, name",
        tenant,
        user.uuid(),
        now.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.name)).collect())
}

/// False when it is revoked already.
///
/// # Errors
/// When the database does not answer.
pub async fn revoke(tx: &mut TenantTx, id: ApiKeyId, now: Timestamp) -> Result<bool> {
    let tenant = tx.tenant_id().uuid();
    let done = sqlx::query!(
        "update api_key set revoked_at = $3, updated_at = $3 where tenant_id = $1 and id = $2 and revoked_at is null",
        tenant,
        id.uuid(),
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// A key, and the role of who made it.
#[derive(Debug)]
pub struct Stored {
    pub key: ApiKey,
    pub role: TenantRole,
}

/// Reads a key and locks it against change.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut TenantTx, id: ApiKeyId, of: Option<UserId>, now: Timestamp) -> Result<Option<Stored>> {
    let tenant = tx.tenant_id().uuid();
    let there = sqlx::query_scalar!("select role from api_key where tenant_id = $1 and id = $2 for update", tenant, id.uuid())
        .fetch_optional(tx.conn())
        .await?;
    let Some(role) = there else { return Ok(None) };
    let Some(key) = get(tx, id, of, now).await? else { return Ok(None) };
    Ok(Some(Stored {
        key,
        role: word(&role, "role of a key")?,
    }))
}

/// A key, of this person when one is named.
///
/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut TenantTx, id: ApiKeyId, of: Option<UserId>, now: Timestamp) -> Result<Option<ApiKey>> {
    let one = PageQuery {
        limit: 1,
        ..PageQuery::default()
    };
    Ok(select(tx, &one, Some(id), of, None, now).await?.pop())
}

/// Keys, the newest first, `limit + 1` rows, and how many there are in all.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut TenantTx, query: &PageQuery, of: Option<UserId>, status: Option<KeyStatus>, now: Timestamp) -> Result<(Vec<ApiKey>, i64)> {
    let items = select(tx, query, None, of, status, now).await?;
    let tenant = tx.tenant_id().uuid();
    let total = sqlx::query_scalar!(
        r#"select count(*) as "n!" from api_key k
           where k.tenant_id = $1
             and ($2::uuid is null or k.user_id = $2)
             and ($3::text is null or case when k.revoked_at is not null then 'revoked' when k.expires_at <= $4 then 'expired' else 'active' end = $3)
             and ($5::text is null or lower(k.name) like $5 or k.prefix like $6)"#,
        tenant,
        of.map(UserId::uuid),
        status.map(KeyStatus::as_str),
        now.0,
        query.pattern(),
        prefix_pattern(query),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((items, total))
}

/// Prefixes have capital letters, which the pattern of a search has lost.
fn prefix_pattern(query: &PageQuery) -> Option<String> {
    let q = query.q.trim();
    let plain = q.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (plain && !q.is_empty()).then(|| format!("{}%", q.replace('_', "\\_")))
}

async fn select(
    tx: &mut TenantTx,
    query: &PageQuery,
    id: Option<ApiKeyId>,
    of: Option<UserId>,
    status: Option<KeyStatus>,
    now: Timestamp,
) -> Result<Vec<ApiKey>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query_as!(
        Row,
        "select k.id, k.name, k.prefix, k.user_id, k.made_by_name, k.scopes, k.workspace_id, k.models, k.model_prefixes, k.rate_requests, k.rate_seconds,
           k.budget_amount, k.budget_per, k.usage_count, k.expires_at, k.last_used_at, k.revoked_at, k.previous_until, k.created_at
         from api_key k
         where k.tenant_id = $1
           and ($2::uuid is null or k.user_id = $2)
           and ($3::text is null or case when k.revoked_at is not null then 'revoked' when k.expires_at <= $4 then 'expired' else 'active' end = $3)
           and ($5::text is null or lower(k.name) like $5 or k.prefix like $6)
           and ($7::uuid is null or k.id = $7)
         order by k.created_at desc, k.id
         limit $8 offset $9",
        tenant,
        of.map(UserId::uuid),
        status.map(KeyStatus::as_str),
        now.0,
        query.pattern(),
        prefix_pattern(query),
        id.map(ApiKeyId::uuid),
        i64::from(query.limit) + 1,
        i64::from(query.skip),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| row.key(now)).collect()
}

struct Row {
    id: Uuid,
    name: String,
    prefix: String,
    user_id: Option<Uuid>,
    made_by_name: String,
    scopes: Vec<String>,
    workspace_id: Option<Uuid>,
    models: Option<Vec<Uuid>>,
    model_prefixes: Vec<String>,
    rate_requests: Option<i32>,
    rate_seconds: Option<i32>,
    budget_amount: Option<i64>,
    budget_per: Option<String>,
    usage_count: i64,
    expires_at: Option<OffsetDateTime>,
    last_used_at: Option<OffsetDateTime>,
    revoked_at: Option<OffsetDateTime>,
    previous_until: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
}

impl Row {
    fn key(self, now: Timestamp) -> Result<ApiKey> {
        let status = match (self.revoked_at, self.expires_at) {
            (Some(_), _) => KeyStatus::Revoked,
            (None, Some(at)) if at <= now.0 => KeyStatus::Expired,
            _ => KeyStatus::Active,
        };
        Ok(ApiKey {
            id: self.id.into(),
            name: self.name,
            prefix: self.prefix,
            // A permission that a later version took away is not shown, either.
            scopes: self.scopes.iter().filter_map(|text| Permission::from_text(text)).collect(),
            workspace: self.workspace_id.map(WorkspaceId::new),
            models: listed(self.models, self.model_prefixes),
            owner: if self.user_id.is_some() { KeyOwner::User } else { KeyOwner::Tenant },
            user_id: self.user_id.map(UserId::new),
            made_by: self.made_by_name,
            rate_limit: rate_limit(self.rate_requests, self.rate_seconds),
            budget: budget(self.budget_amount, self.budget_per.as_deref())?,
            usage_count: self.usage_count,
            status,
            expires_at: self.expires_at.map(Timestamp),
            last_used_at: self.last_used_at.map(Timestamp),
            revoked_at: self.revoked_at.map(Timestamp),
            previous_until: self.previous_until.filter(|at| *at > now.0).map(Timestamp),
            created_at: self.created_at.into(),
            secret: None,
        })
    }
}

/// Which of these models are in the catalogue.
///
/// # Errors
/// When the database does not answer.
pub async fn known_models(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!("select id from model where id = any ($1)", ids)
        .fetch_all(tx.conn())
        .await?)
}

/// How often a key was used since the last time that this was written, and when last.
#[derive(Debug, Clone, Copy)]
pub struct Use {
    pub key: ApiKeyId,
    pub count: i64,
    pub at: Timestamp,
}

/// Adds uses to what is stored. Keys that are gone are passed over.
///
/// # Errors
/// When the database does not answer.
pub async fn add_uses(tx: &mut TenantTx, uses: &[Use]) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let ids: Vec<Uuid> = uses.iter().map(|u| u.key.uuid()).collect();
    let counts: Vec<i64> = uses.iter().map(|u| u.count).collect();
    let times: Vec<OffsetDateTime> = uses.iter().map(|u| u.at.0).collect();
    sqlx::query!(
        "update api_key k set usage_count = k.usage_count + x.n, last_used_at = greatest(k.last_used_at, x.at)
         from unnest($2::uuid[], $3::bigint[], $4::timestamptz[]) x (id, n, at)
         where k.tenant_id = $1 and k.id = x.id",
        tenant,
        &ids,
        &counts,
        &times,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
