//! Which providers and models are taken, and which model comes from which provider. The source does
//! not write that down: it asks every connection for its list. What it does write, prefixes and
//! lists of names, decides; else the first connection that is in use.

use std::collections::HashSet;

use serde_json::Value;
use tenantry_types::input::FromInput;
use tenantry_types::model::ModelName;
use tenantry_types::provider::{BaseUrl, ProviderKind};

use super::people::readable;
use super::{Plan, PlannedModel, PlannedProvider};
use crate::import::report::{LeftOut, Reason, What};
use crate::import::{Deployment, SourceModel, SourceProvider};

/// An address that leads nowhere (RFC 2606), for a provider that somebody has to fill in.
const NOWHERE: &str = "http://provider.invalid/v1";

/// Plans providers and models; answers the models that are taken, with their place in the plan.
pub(super) fn taken(found: &Deployment, models: &[SourceModel], plan: &mut Plan) -> Vec<(usize, SourceModel)> {
    let sources = providers(found, plan);
    if plan.providers.is_empty() && !models.is_empty() {
        plan.left_out.push(LeftOut::new(What::Provider, NOWHERE, Reason::Placeholder));
        plan.providers.push(PlannedProvider {
            name: "Imported from Open WebUI".into(),
            kind: ProviderKind::Other,
            base_url: NOWHERE.into(),
            api_key: None,
            enabled: false,
        });
    }
    let mut taken = Vec::new();
    for model in models {
        let name = match ModelName::from_input(&Value::String(model.id.clone())) {
            Ok(name) if name.0 == model.id => name.0,
            _ => {
                plan.left_out.push(LeftOut::new(What::Model, &model.id, Reason::BadName));
                continue;
            }
        };
        let (provider, upstream_name, certain) = route(&sources, &name);
        if !certain {
            plan.left_out.push(LeftOut::new(What::Model, &name, Reason::UnknownProvider));
        }
        taken.push((plan.models.len(), model.clone()));
        plan.models.push(PlannedModel {
            display_name: readable(&model.name, 200).unwrap_or_else(|| name.clone()),
            active: model.active,
            provider,
            upstream_name,
            name,
        });
    }
    taken
}

fn providers<'a>(found: &'a Deployment, plan: &mut Plan) -> Vec<&'a SourceProvider> {
    let (mut urls, mut names) = (HashSet::new(), HashSet::new());
    let mut sources = Vec::new();
    for source in &found.providers {
        let Ok(BaseUrl(base_url)) = BaseUrl::from_input(&Value::String(source.base_url.clone())) else {
            // Not shown: it may hold a password.
            plan.left_out.push(LeftOut::new(What::Provider, "a connection", Reason::BadUrl));
            continue;
        };
        if !urls.insert(base_url.clone()) {
            plan.left_out.push(LeftOut::new(What::Provider, base_url, Reason::DuplicateUrl));
            continue;
        }
        let host = base_url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or(&base_url);
        let host: String = host.chars().take(90).collect();
        let name = std::iter::once(host.clone())
            .chain((2..).map(|n| format!("{host} {n}")))
            .find(|name| names.insert(name.clone()));
        plan.providers.push(PlannedProvider {
            name: name.unwrap_or(host),
            kind: source.kind.unwrap_or_else(|| kind(&base_url)),
            api_key: source.api_key.clone(),
            enabled: source.enabled,
            base_url,
        });
        sources.push(source);
    }
    sources
}

fn kind(base_url: &str) -> ProviderKind {
    let host = base_url
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split(['/', ':']).next())
        .unwrap_or_default()
        .to_lowercase();
    let is = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    if is("openrouter.ai") {
        ProviderKind::OpenRouter
    } else if is("openai.azure.com") {
        ProviderKind::Azure
    } else if is("openai.com") {
        ProviderKind::OpenAi
    } else {
        ProviderKind::Other
    }
}

/// The place of the provider, the name that it has for the model, and whether that is certain.
fn route(sources: &[&SourceProvider], name: &str) -> (usize, String, bool) {
    for (place, source) in sources.iter().enumerate() {
        if let Some(rest) = source.prefix.as_ref().and_then(|p| name.strip_prefix(p.as_str())?.strip_prefix('.'))
            && !rest.is_empty()
        {
            return (place, rest.to_owned(), true);
        }
    }
    if let Some(place) = sources.iter().position(|s| s.prefix.is_none() && s.only.iter().any(|only| only == name)) {
        return (place, name.to_owned(), true);
    }
    let mut open = sources
        .iter()
        .enumerate()
        .filter(|(_, s)| s.enabled && s.prefix.is_none() && s.only.is_empty())
        .map(|(place, _)| place);
    let first = open.next();
    (first.unwrap_or(0), name.to_owned(), open.next().is_none())
}
