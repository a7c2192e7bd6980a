//! Reads the list of a provider and brings the catalogue up to date with it: what is new, what is different, what is not
//! listed any more. Nothing is ever removed.

use std::collections::{HashMap, HashSet};

use serde_json::json;
use tenantry_db::model::sync::{self as catalogue, Known};
use tenantry_db::{PlatformTx, provider as db};
use tenantry_types::provider::{ModelDifference, NewModels, Provider, ProviderSync, SyncReport, UpstreamModel};
use tenantry_types::{ModelId, ProblemCode, ProviderId};

use super::{ask, locked, target};
use crate::audit::event;
use crate::{Actor, App, Operator, Result, new_id, now};

/// Reads the provider's list and says what it would change in the catalogue; with `apply`, changes
/// it. Nothing is ever removed.
///
/// # Errors
/// `NotFound`; `UpstreamUnreachable` when there is no list, of which `check` then says why.
pub async fn sync(app: &App, by: &Operator, id: ProviderId, apply: bool) -> Result<SyncReport> {
    let (provider, answer, _) = ask(app, id).await?;
    let listed = answer.map_err(|_| ProblemCode::UpstreamUnreachable)?;
    let mut tx = app.db().platform().await?;
    // Two at once would both add the same models.
    locked(&mut tx, id).await?;
    let found = Difference::between(&catalogue::known(&mut tx, id).await?, &listed);
    let report = found.report(apply);
    if apply && report.changes() > 0 {
        // Somebody looked at them.
        write(&mut tx, by.actor(), &provider, found, (&report, NewModels::Active)).await?;
        tx.commit().await?;
    }
    Ok(report)
}

/// The same without anybody who looks at it: what is new becomes what the provider's settings say, and how it ended is
/// noted at the provider.
///
/// # Errors
/// `NotFound`. A provider that does not answer is noted.
pub(super) async fn scheduled(app: &App, by: &Actor, id: ProviderId) -> Result<ProviderSync> {
    let (provider, answer, check) = ask(app, id).await?;
    let mut tx = app.db().platform().await?;
    locked(&mut tx, id).await?;
    let mut ended = ProviderSync {
        at: now(),
        error: check.error,
        added: 0,
        changed: 0,
        missing: 0,
    };
    let count = |all: &[String]| i64::try_from(all.len()).unwrap_or(i64::MAX);
    if let Ok(listed) = answer {
        let found = Difference::between(&catalogue::known(&mut tx, id).await?, &listed);
        let report = found.report(true);
        (ended.added, ended.changed, ended.missing) = (count(&report.added), count(&report.changed), count(&report.missing));
        if report.changes() > 0 {
            write(&mut tx, by, &provider, found, (&report, provider.new_models)).await?;
        }
    }
    db::set_sync(&mut tx, id, &ended).await?;
    tx.commit().await?;
    Ok(ended)
}

async fn write(tx: &mut PlatformTx, by: &Actor, provider: &Provider, found: Difference, (report, new): (&SyncReport, NewModels)) -> Result<()> {
    let now = now();
    let added: Vec<(ModelId, UpstreamModel)> = found.added.into_iter().map(|m| (new_id(), m)).collect();
    let changed: Vec<(ModelId, UpstreamModel)> = found.changed.into_iter().map(|c| (c.id, c.becomes)).collect();
    catalogue::add(tx, provider.id, &added, new == NewModels::Active, now).await?;
    catalogue::change(tx, &changed, now).await?;
    let upstream = |routes: &[Gone]| routes.iter().map(|r| r.upstream_name.clone()).collect::<Vec<_>>();
    let newly: Vec<Gone> = found.missing.into_iter().filter(|r| !r.known).collect();
    catalogue::mark(tx, provider.id, &upstream(&newly), &upstream(&found.returned), now).await?;
    let changes = json!({
        "added": report.added, "changed": report.changed, "missing": report.newly_missing, "returned": report.returned, "new_models": new,
    });
    tx.record(by, event("provider.synced", "provider", target(provider), &provider.name, changes));
    Ok(())
}

/// What a list changes.
#[derive(Debug, Default)]
struct Difference {
    added: Vec<UpstreamModel>,
    changed: Vec<Changed>,
    missing: Vec<Gone>,
    returned: Vec<Gone>,
    unchanged: u32,
}

#[derive(Debug)]
struct Changed {
    /// In the catalogue.
    name: String,
    id: ModelId,
    was: UpstreamModel,
    becomes: UpstreamModel,
}

/// A route whose model is not listed, or is listed again.
#[derive(Debug)]
struct Gone {
    /// In the catalogue.
    name: String,
    upstream_name: String,
    /// It was marked so already.
    known: bool,
}

impl Difference {
    fn between(known: &[Known], listed: &[UpstreamModel]) -> Self {
        let by_name: HashMap<&str, &UpstreamModel> = listed.iter().map(|m| (m.upstream_name.as_str(), m)).collect();
        let names: HashSet<&str> = known.iter().map(|k| k.listed.upstream_name.as_str()).collect();
        let mut out = Self {
            added: listed.iter().filter(|m| !names.contains(m.upstream_name.as_str())).cloned().collect(),
            ..Self::default()
        };
        for known in known {
            let Some(listed) = by_name.get(known.listed.upstream_name.as_str()) else {
                out.missing.push(Gone::of(known));
                continue;
            };
            if known.missing {
                out.returned.push(Gone::of(known));
            }
            let becomes = merged(known, listed);
            // The prices of a model are those of the provider that is tried first.
            if known.first && becomes != known.listed {
                out.changed.push(Changed {
                    name: known.name.clone(),
                    id: known.id,
                    was: known.listed.clone(),
                    becomes,
                });
            } else {
                out.unchanged += 1;
            }
        }
        out
    }
}

impl Gone {
    fn of(known: &Known) -> Self {
        Self {
            name: known.name.clone(),
            upstream_name: known.listed.upstream_name.clone(),
            known: known.missing,
        }
    }
}

impl Difference {
    fn report(&self, applied: bool) -> SyncReport {
        let names = |routes: &mut dyn Iterator<Item = &Gone>| routes.map(|r| r.name.clone()).collect::<Vec<_>>();
        SyncReport {
            applied,
            added: self.added.iter().map(|m| m.upstream_name.clone()).collect(),
            changed: self.changed.iter().map(|c| c.name.clone()).collect(),
            differences: self.changed.iter().flat_map(Changed::differences).collect(),
            missing: names(&mut self.missing.iter()),
            newly_missing: names(&mut self.missing.iter().filter(|r| !r.known)),
            returned: names(&mut self.returned.iter()),
            unchanged: self.unchanged,
        }
    }
}

impl Changed {
    /// Field by field.
    fn differences(&self) -> Vec<ModelDifference> {
        let number = |n: Option<i64>| n.map(|n| n.to_string());
        let words = |list: &[String]| (!list.is_empty()).then(|| list.join(", "));
        let (was, is) = (&self.was, &self.becomes);
        let fields = [
            ("display_name", was.display_name.clone(), is.display_name.clone()),
            ("context_length", number(was.context_length), number(is.context_length)),
            ("modalities", words(&was.modalities), words(&is.modalities)),
            ("input_price", number(was.input_price), number(is.input_price)),
            ("output_price", number(was.output_price), number(is.output_price)),
            ("cached_input_price", number(was.cached_input_price), number(is.cached_input_price)),
            ("request_price", number(was.request_price), number(is.request_price)),
        ];
        let different = fields.into_iter().filter(|(_, from, to)| from != to);
        different
            .map(|(field, from, to)| ModelDifference {
                model: self.name.clone(),
                field: field.to_owned(),
                from,
                to,
            })
            .collect()
    }
}

/// What is listed counts; what is not listed leaves what an operator wrote.
fn merged(known: &Known, listed: &UpstreamModel) -> UpstreamModel {
    let before = &known.listed;
    // A display name that is not just the name was chosen by somebody, or came from here.
    let display_name = match &listed.display_name {
        Some(name) if known.display_name == known.name => Some(name.clone()),
        _ => before.display_name.clone(),
    };
    UpstreamModel {
        upstream_name: before.upstream_name.clone(),
        display_name,
        context_length: listed.context_length.or(before.context_length),
        modalities: if listed.modalities.is_empty() {
            before.modalities.clone()
        } else {
            listed.modalities.clone()
        },
        input_price: listed.input_price.or(before.input_price),
        output_price: listed.output_price.or(before.output_price),
        cached_input_price: listed.cached_input_price.or(before.cached_input_price),
        request_price: listed.request_price.or(before.request_price),
    }
}

#[cfg(test)]
mod tests;
