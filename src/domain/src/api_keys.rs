//! API keys: made by those who may, shown once, changed, rotated, revoked, and recognized when they
//! are shown. Whoever is given a secret has every permission that it carries; a key of a person is
//! asked again at each use what that person may, and a key of the tenant outlives who made it.

pub mod secret;
pub mod usage;

use std::time::Duration;

use serde_json::json;
use tenantry_db::access::KeyPass;
use tenantry_db::api_key::{self as db, Secrets, Stored};
use tenantry_db::{TenantTx, workspace};
use tenantry_types::api_key::{ApiKey, ApiKeyPatch, KeyOwner, KeyRotation, KeyStatus, NewApiKey};
use tenantry_types::model::ModelRef;
use tenantry_types::{ApiKeyId, CtxRole, Fault, FieldError, Page, PageQuery, Permission, ProblemCode, TenantRole, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use crate::audit::event;
use crate::{App, Error, Granted, Origin, Result, TenantCtx, needs, new_id, now};

/// The key that somebody shows; None for one that opens nothing. A bad sum costs no look-up.
///
/// # Errors
/// When the database does not answer.
pub async fn recognize(app: &App, text: &str, origin: Origin) -> Result<Option<KeyPass>> {
    let Some(hash) = secret::read(text) else { return Ok(None) };
    let now = now();
    let found = app.db().key(&hash, origin, now).await?;
    if let Some(key) = &found {
        app.key_uses().add(key.tenant(), key.id(), now);
    }
    Ok(found)
}

/// Whose keys somebody sees: everyone's, or their own.
#[derive(Debug, Clone, Copy)]
pub struct Reach(Option<UserId>);

impl Reach {
    /// Whoever manages keys sees all of them, also in a tenant that is not active; so do operators.
    pub fn of(ctx: &TenantCtx) -> Self {
        if ctx.asker().is_operator() || ctx.may(Permission::KeysManage, None) {
            return Self(None);
        }
        // The id of nobody, for a key of the tenant that does not manage keys: it has none.
        Self(Some(ctx.asker().user_id().unwrap_or(UserId::new(Uuid::nil()))))
    }

    fn everyones(self) -> bool {
        self.0.is_none()
    }
}

/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, by: Granted<needs::KeysRead>, reach: Reach, query: PageQuery, status: Option<KeyStatus>) -> Result<Page<ApiKey>> {
    let mut tx = app.db().tenant(&by).await?;
    let (items, total) = db::list(&mut tx, &query, reach.0, status, now()).await?;
    Ok(Page::of(items, &query, Some(total)))
}

/// So many keys of a member are shown with them.
const OF_MEMBER: u32 = 50;

/// The keys of one member, for who sees them; the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn of_member(app: &App, by: Granted<needs::KeysRead>, reach: Reach, user: UserId) -> Result<Vec<ApiKey>> {
    if reach.0.is_some_and(|only| only != user) {
        return Ok(Vec::new());
    }
    let query = PageQuery {
        limit: OF_MEMBER,
        ..PageQuery::default()
    };
    let mut tx = app.db().tenant(&by).await?;
    let mut keys = db::list(&mut tx, &query, Some(user), None, now()).await?.0;
    keys.truncate(OF_MEMBER as usize);
    Ok(keys)
}

/// # Errors
/// `NotFound`, also for somebody else's key.
pub async fn get(app: &App, by: Granted<needs::KeysRead>, reach: Reach, id: ApiKeyId) -> Result<ApiKey> {
    let mut tx = app.db().tenant(&by).await?;
    db::get(&mut tx, id, reach.0, now()).await?.ok_or(Error::NOT_FOUND)
}

/// Makes a key. Its secret is in this answer and nowhere else.
///
/// # Errors
/// `Forbidden` for a key of the tenant by who does not manage keys, `NeedsPerson` by a key, `Invalid`
/// for a scope that the maker lacks and for things that are not there.
pub async fn create(app: &App, by: Granted<needs::KeysCreate>, ctx: &TenantCtx, new: NewApiKey) -> Result<ApiKey> {
    let person = ctx.asker().person()?;
    let owner = match new.owner {
        KeyOwner::User => Some(person.id()),
        KeyOwner::Tenant => {
            ctx.grant::<needs::KeysManage>()?;
            None
        }
    };
    let now = now();
    let mut faults = lacking(&by, ctx, new.owner, &new.scopes, new.workspace);
    faults.extend(in_the_past(new.expires_at, now));
    let mut tx = app.db().tenant(&by).await?;
    faults.extend(missing(&mut tx, new.workspace, new.models.as_deref().unwrap_or_default()).await?);
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let minted = secret::mint();
    let mut key = ApiKey {
        id: new_id(),
        name: new.name.as_str().to_owned(),
        prefix: minted.prefix,
        scopes: new.scopes,
        workspace: new.workspace,
        models: new.models,
        owner: new.owner,
        user_id: owner,
        made_by: by.actor().name().to_owned(),
        rate_limit: new.rate_limit,
        budget: new.budget,
        usage_count: 0,
        status: KeyStatus::Active,
        expires_at: new.expires_at,
        last_used_at: None,
        revoked_at: None,
        previous_until: None,
        created_at: now,
        secret: None,
    };
    let secrets = Secrets {
        token_hash: &minted.hash,
        role: member_role(ctx),
    };
    db::insert(&mut tx, &key, &secrets).await?;
    let changes = json!({ "owner": key.owner, "scopes": key.scopes, "workspace": key.workspace, "models": key.models, "expires_at": key.expires_at });
    tx.record(event("key.created", "key", Some(key.id.to_string()), &key.name, changes));
    tx.commit().await?;
    key.secret = Some(minted.secret.expose().to_owned());
    Ok(key)
}

/// The role that bounds a key of the tenant: whoever manages keys is a member.
fn member_role(ctx: &TenantCtx) -> TenantRole {
    match ctx.role() {
        CtxRole::Member(role) => role,
        CtxRole::Operator => TenantRole::Viewer,
    }
}

/// Changes a key: one's own, or with `keys:manage` everyone's.
///
/// # Errors
/// `NotFound`, `KeyRevoked`; `Invalid` as in `create`, for scopes that are added.
pub async fn update(app: &App, by: Granted<needs::KeysCreate>, ctx: &TenantCtx, id: ApiKeyId, patch: ApiKeyPatch) -> Result<ApiKey> {
    ctx.asker().person()?;
    let now = now();
    let mut tx = app.db().tenant(&by).await?;
    let before = living(&mut tx, id, Reach::of(ctx), now).await?.key;
    let mut key = ApiKey {
        name: patch.name.map_or(before.name.clone(), |name| name.as_str().to_owned()),
        scopes: patch.scopes.unwrap_or_else(|| before.scopes.clone()),
        workspace: patch.workspace.apply(before.workspace),
        models: patch.models.apply(before.models.clone()),
        rate_limit: patch.rate_limit.apply(before.rate_limit),
        budget: patch.budget.apply(before.budget),
        expires_at: patch.expires_at.apply(before.expires_at),
        ..before.clone()
    };
    // What the key had before in the same place, it may keep: taking something from it must not fail.
    let widened = key.workspace != before.workspace && before.workspace.is_some();
    let added: Vec<Permission> = key.scopes.iter().copied().filter(|s| widened || !before.scopes.contains(s)).collect();
    let mut faults = lacking(&by, ctx, key.owner, &added, key.workspace);
    if key.expires_at != before.expires_at {
        faults.extend(in_the_past(key.expires_at, now));
    }
    let new_workspace = key.workspace.filter(|_| key.workspace != before.workspace);
    let new_models = key.models.as_deref().filter(|_| key.models != before.models).unwrap_or_default();
    faults.extend(missing(&mut tx, new_workspace, new_models).await?);
    if !faults.is_empty() {
        return Err(faults.into());
    }
    if key != before {
        db::update(&mut tx, &key, now).await?;
        let changes = json!({ "before": bounds(&before), "after": bounds(&key) });
        tx.record(event("key.updated", "key", Some(id.to_string()), &key.name, changes));
        tx.commit().await?;
    }
    if key.expires_at.is_none_or(|at| at > now) {
        key.status = KeyStatus::Active;
    }
    Ok(key)
}

fn bounds(key: &ApiKey) -> serde_json::Value {
    json!({
        "name": key.name, "scopes": key.scopes, "workspace": key.workspace, "models": key.models, "rate_limit": key.rate_limit,
        "budget": key.budget, "expires_at": key.expires_at,
    })
}

/// Gives a key another secret. The one from before works on for the overlap; while it does, only a
/// rotation without overlap is taken, which ends both. So at most two secrets of a key ever work.
///
/// # Errors
/// `NotFound`, `KeyRevoked`, `KeyRotating`; `NotFound` for the key of another person, whom the secret
/// would stand for; `Forbidden` when the key carries a permission that the caller lacks.
pub async fn rotate(app: &App, by: Granted<needs::KeysCreate>, ctx: &TenantCtx, id: ApiKeyId, cmd: KeyRotation) -> Result<ApiKey> {
    let person = ctx.asker().person()?;
    let now = now();
    let mut tx = app.db().tenant(&by).await?;
    let Stored { mut key, role } = living(&mut tx, id, Reach::of(ctx), now).await?;
    match key.user_id {
        Some(owner) if owner != person.id() => return Err(Error::NOT_FOUND),
        Some(_) => {}
        None => may_hold(&by, ctx, &key, role)?,
    }
    if key.previous_until.is_some() && cmd.overlap_hours > 0 {
        return Err(ProblemCode::KeyRotating.into());
    }
    let minted = secret::mint();
    let overlap = Duration::from_secs(u64::from(cmd.overlap_hours) * 3600);
    let until = (cmd.overlap_hours > 0).then(|| Timestamp(now.0 + overlap));
    db::rotate(&mut tx, id, &minted.hash, &minted.prefix, until, now).await?;
    let changes = json!({ "overlap_hours": cmd.overlap_hours, "from": key.prefix, "to": minted.prefix });
    tx.record(event("key.rotated", "key", Some(id.to_string()), &key.name, changes));
    tx.commit().await?;
    key.prefix = minted.prefix;
    key.previous_until = until;
    key.secret = Some(minted.secret.expose().to_owned());
    Ok(key)
}

/// Ends a key at once, with its secret from before.
///
/// # Errors
/// `NotFound`.
pub async fn revoke(app: &App, by: Granted<needs::KeysCreate>, ctx: &TenantCtx, id: ApiKeyId) -> Result<()> {
    let now = now();
    let mut tx = app.db().tenant(&by).await?;
    let reach = Reach::of(ctx);
    let key = db::lock(&mut tx, id, reach.0, now).await?.ok_or(Error::NOT_FOUND)?.key;
    // Revoking twice is no fault: what was wanted holds.
    if db::revoke(&mut tx, id, now).await? {
        let changes = json!({ "prefix": key.prefix, "own": !reach.everyones() });
        tx.record(event("key.revoked", "key", Some(id.to_string()), &key.name, changes));
        tx.commit().await?;
    }
    Ok(())
}

async fn living(tx: &mut TenantTx, id: ApiKeyId, reach: Reach, now: Timestamp) -> Result<Stored> {
    let stored = db::lock(tx, id, reach.0, now).await?.ok_or(Error::NOT_FOUND)?;
    match stored.key.status {
        KeyStatus::Revoked => Err(ProblemCode::KeyRevoked.into()),
        KeyStatus::Active | KeyStatus::Expired => Ok(stored),
    }
}

/// Whoever gets the secret of a key of the tenant has at least what it carries.
fn may_hold(by: &Granted<needs::KeysCreate>, ctx: &TenantCtx, key: &ApiKey, role: TenantRole) -> Result<()> {
    ctx.grant::<needs::KeysManage>()?;
    if !by.covers(role) {
        return Err(ProblemCode::RoleTooHigh.into());
    }
    match key.scopes.iter().find(|scope| !by.holds(**scope, key.workspace)) {
        Some(lacking) => Err(Error::Forbidden(*lacking)),
        None => Ok(()),
    }
}

/// The scopes that somebody lacks themselves where the key is to work. What a key of a person may is
/// asked again at each use; one of the tenant keeps what it was given, so it is held to more.
fn lacking(by: &Granted<needs::KeysCreate>, ctx: &TenantCtx, owner: KeyOwner, scopes: &[Permission], place: Option<WorkspaceId>) -> Vec<FieldError> {
    let has = |scope: Permission| match owner {
        KeyOwner::User => ctx.may(scope, place),
        KeyOwner::Tenant => by.holds(scope, place),
    };
    let lacks = scopes.iter().filter(|scope| !has(**scope));
    lacks
        .map(|scope| FieldError::new(format!("scopes.{}", scope.as_str()), Fault::NotHeld))
        .collect()
}

fn in_the_past(at: Option<Timestamp>, now: Timestamp) -> Option<FieldError> {
    at.filter(|at| *at <= now).map(|_| FieldError::new("expires_at", Fault::InThePast))
}

/// What a key names that is not there, or not there for who makes it.
async fn missing(tx: &mut TenantTx, place: Option<WorkspaceId>, models: &[ModelRef]) -> Result<Vec<FieldError>> {
    let mut faults = Vec::new();
    if let Some(id) = place
        && workspace::active_among(tx, &[id.uuid()]).await?.is_empty()
    {
        faults.push(FieldError::new("workspace", Fault::NoSuchThing));
    }
    let ids: Vec<Uuid> = models.iter().filter_map(|m| Some(m.id()?.uuid())).collect();
    if !ids.is_empty() {
        let known = db::known_models(tx, &ids).await?;
        let unknown = models
            .iter()
            .enumerate()
            .filter(|(_, m)| m.id().is_some_and(|id| !known.contains(&id.uuid())));
        faults.extend(unknown.map(|(place, _)| FieldError::new(format!("models[{place}]"), Fault::NoSuchThing)));
    }
    Ok(faults)
}
