//! Providers: upstreams that the operator keeps. Their keys are sealed and never shown again. The
//! provider itself is only called to check it and to read its list, by hand and on schedule, and never inside a
//! transaction.

pub mod schedule;
mod sync;

pub use sync::sync;

use serde_json::json;
use tenantry_db::{DbError, PlatformTx, provider as db};
use tenantry_types::provider::{NewProvider, Provider, ProviderCheck, ProviderKind, ProviderPatch, UpstreamModel};
use tenantry_types::text::Secret;
use tenantry_types::{Fault, Patch, ProblemCode, ProviderId};

use crate::audit::event;
use crate::ports::{SourceError, Upstream, Whose};
use crate::{App, Error, Operator, Place, Result, new_id, now};

/// Where the sealed key of a provider stands.
pub(crate) fn key_place(id: ProviderId) -> Place {
    Place {
        table: "provider",
        row: id.uuid(),
        column: "api_key_sealed",
    }
}

fn named(error: DbError) -> Error {
    if error.is(db::NAME_KEY) {
        ProblemCode::NameTaken.into()
    } else {
        error.into()
    }
}

fn target(provider: &Provider) -> Option<String> {
    Some(provider.id.to_string())
}

/// All of them, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, _by: &Operator) -> Result<Vec<Provider>> {
    let mut tx = app.db().platform().await?;
    Ok(db::list(&mut tx).await?)
}

/// # Errors
/// `NotFound`.
pub async fn get(app: &App, _by: &Operator, id: ProviderId) -> Result<Provider> {
    let mut tx = app.db().platform().await?;
    db::get(&mut tx, id).await?.ok_or(Error::NOT_FOUND)
}

/// Adds a provider, without calling it.
///
/// # Errors
/// `NameTaken`.
pub async fn create(app: &App, by: &Operator, new: NewProvider) -> Result<Provider> {
    let mut tx = app.db().platform().await?;
    let provider = create_in(app, &mut tx, by, new).await?;
    tx.commit().await?;
    Ok(provider)
}

/// The same together with what else is written. After an error nothing more can be.
pub(crate) async fn create_in(app: &App, tx: &mut PlatformTx, by: &Operator, new: NewProvider) -> Result<Provider> {
    let provider = Provider {
        id: new_id(),
        name: new.name.as_str().to_owned(),
        kind: new.kind,
        base_url: new.base_url.0,
        enabled: new.enabled,
        has_api_key: new.api_key.is_some(),
        api_version: new.api_version.map(|v| v.0),
        sync_hours: new.sync_hours,
        new_models: new.new_models,
        last_check: None,
        last_sync: None,
        models: 0,
        created_at: now(),
    };
    add(app, tx, &provider, new.api_key.as_ref()).await?;
    let changes = json!({ "base_url": provider.base_url, "kind": provider.kind, "has_api_key": provider.has_api_key });
    tx.record(
        by.actor(),
        event("provider.created", "provider", target(&provider), &provider.name, changes),
    );
    Ok(provider)
}

/// Writes a new provider with its key.
pub(crate) async fn add(app: &App, tx: &mut PlatformTx, provider: &Provider, key: Option<&Secret>) -> Result<()> {
    let sealed = key.map(|key| seal(app, provider.id, key)).transpose()?;
    db::insert(tx, provider, sealed.as_deref()).await.map_err(named)
}

fn seal(app: &App, id: ProviderId, key: &Secret) -> Result<Vec<u8>> {
    app.vault().seal_platform(key_place(id), key.expose().as_bytes())
}

/// # Errors
/// `NotFound`, `NameTaken`.
pub async fn update(app: &App, by: &Operator, id: ProviderId, patch: ProviderPatch) -> Result<Provider> {
    let now = now();
    let mut tx = app.db().platform().await?;
    let before = locked(&mut tx, id).await?;
    let mut provider = before.clone();
    if let Some(name) = patch.name {
        provider.name = name.as_str().to_owned();
    }
    if let Some(base_url) = patch.base_url {
        provider.base_url = base_url.0;
    }
    provider.kind = patch.kind.unwrap_or(provider.kind);
    provider.enabled = patch.enabled.unwrap_or(provider.enabled);
    provider.new_models = patch.new_models.unwrap_or(provider.new_models);
    provider.sync_hours = patch.sync_hours.map_set(|hours| hours.0).apply(provider.sync_hours);
    let versioned = matches!(patch.api_version, Patch::Set(_));
    provider.api_version = patch.api_version.map_set(|v| v.0).apply(provider.api_version);
    if provider.kind != ProviderKind::Azure {
        if versioned {
            return Err(Error::field("api_version", Fault::OnlyOfAzure));
        }
        provider.api_version = None;
    }
    let moved = provider.base_url != before.base_url || provider.api_version != before.api_version;
    let new_key = !patch.api_key.is_keep();
    match patch.api_key {
        Patch::Keep => {}
        Patch::Clear => {
            provider.has_api_key = false;
            db::set_api_key(&mut tx, id, None, now).await?;
        }
        Patch::Set(key) => {
            provider.has_api_key = true;
            db::set_api_key(&mut tx, id, Some(&seal(app, id, &key)?), now).await?;
        }
    }
    if moved || new_key || provider.kind != before.kind {
        // What was found with the old ones says nothing about the new ones.
        provider.last_check = None;
    }
    if provider != before || new_key {
        db::update(&mut tx, &provider, now).await.map_err(named)?;
        let of = |p: &Provider| {
            json!({
                "name": p.name, "kind": p.kind, "base_url": p.base_url, "enabled": p.enabled, "api_version": p.api_version,
                "sync_hours": p.sync_hours, "new_models": p.new_models,
            })
        };
        let changes = json!({ "from": of(&before), "to": of(&provider), "api_key_changed": new_key });
        tx.record(
            by.actor(),
            event("provider.updated", "provider", target(&provider), &provider.name, changes),
        );
    }
    tx.commit().await?;
    Ok(provider)
}

async fn locked(tx: &mut PlatformTx, id: ProviderId) -> Result<Provider> {
    if !db::lock(tx, id).await? {
        return Err(Error::NOT_FOUND);
    }
    db::get(tx, id).await?.ok_or(Error::NOT_FOUND)
}

/// # Errors
/// `NotFound`; `InUse` while a model has a route to it.
pub async fn delete(app: &App, by: &Operator, id: ProviderId) -> Result<()> {
    let mut tx = app.db().platform().await?;
    let provider = locked(&mut tx, id).await?;
    db::delete(&mut tx, id).await.map_err(|e| {
        if e.is(db::ROUTE_KEY) {
            Error::from(ProblemCode::InUse)
        } else {
            e.into()
        }
    })?;
    tx.record(
        by.actor(),
        event(
            "provider.deleted",
            "provider",
            target(&provider),
            &provider.name,
            json!({ "base_url": provider.base_url }),
        ),
    );
    tx.commit().await?;
    Ok(())
}

/// Asks the provider for its list, and notes how that went.
async fn ask(app: &App, id: ProviderId) -> Result<(Provider, std::result::Result<Vec<UpstreamModel>, SourceError>, ProviderCheck)> {
    let (provider, key) = {
        let mut tx = app.db().platform().await?;
        let provider = db::get(&mut tx, id).await?.ok_or(Error::NOT_FOUND)?;
        (provider, db::api_key(&mut tx, id).await?)
    };
    let key = match key {
        None => None,
        Some(sealed) => {
            let plain = app.vault().open_platform(key_place(id), &sealed)?;
            Some(Secret::new(String::from_utf8(plain).map_err(Error::internal)?))
        }
    };
    // No transaction is open while somebody else's server takes its time.
    let upstream = Upstream {
        whose: Whose::Operators,
        kind: provider.kind,
        base_url: &provider.base_url,
        api_key: key.as_ref(),
        api_version: provider.api_version.as_deref(),
    };
    let answer = app.models().list(upstream).await;
    let check = ProviderCheck {
        ok: answer.is_ok(),
        at: now(),
        error: answer.as_ref().err().map(ToString::to_string),
    };
    let mut tx = app.db().platform().await?;
    db::set_check(&mut tx, id, &check).await?;
    // Nobody's access is made of it.
    tx.commit_counts().await?;
    Ok((provider, answer, check))
}

/// Looks whether the provider answers.
///
/// # Errors
/// `NotFound`. A provider that does not answer is an answer, not an error.
pub async fn check(app: &App, _by: &Operator, id: ProviderId) -> Result<ProviderCheck> {
    Ok(ask(app, id).await?.2)
}
