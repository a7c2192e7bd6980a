//! What a tenant is told of and where, and its webhooks. What shows a secret is a plain form (`crate::forms`).
use leptos::prelude::*;

use super::{Done, UiError, wire::Answer};
#[cfg(feature = "ssr")]
use {
    super::What,
    crate::{drawn, server, state::Posted},
    serde_json::{Map, Value, json},
    tenantry_domain::{alerts, needs, webhooks},
    tenantry_types::PageQuery,
    tenantry_types::alert::{AlertKind, NotificationPatch},
    tenantry_types::webhook::{DeliveryState, WebhookPatch},
};

/// The page below its head, as it is drawn.
#[server(endpoint = "notifications", output = Answer)]
pub async fn notifications_of(tenant: String) -> Result<String, UiError> {
    let s = server::ctx(&tenant).await?;
    let settings = alerts::show(&s.app, s.grant()?).await?;
    let hooks = match s.ctx.grant() {
        Ok(by) => Some(webhooks::list(&s.app, by).await?),
        Err(_) => None,
    };
    let told = drawn::Told {
        settings,
        hooks,
        may_update: s.ctx.grant::<needs::TenantUpdate>().is_ok(),
        may_manage: s.ctx.grant::<needs::WebhooksManage>().is_ok(),
        by_mail: s.app.mailer().is_some(),
    };
    Ok(drawn::notifications(s.ctx.tenant().slug.as_str(), told, use_context::<Posted>().as_ref()))
}

/// `on`: what is ticked, each a kind, a dot and a channel.
#[server(endpoint = "notifications/update", output = Answer)]
pub async fn update_notifications(
    tenant: String,
    #[server(default)] on: Vec<String>,
    #[server(default)] key_days: String,
    #[server(default)] refusals_per_minute: String,
) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    // A box that is not ticked is not sent.
    let kinds: Map<String, Value> = AlertKind::ALL
        .iter()
        .filter(|kind| kind.is_raised())
        .map(|kind| {
            let ticked = |channel: &str| on.contains(&format!("{kind}.{channel}"));
            let channels = json!({ "in_app": ticked("in_app"), "mail": ticked("mail"), "webhook": ticked("webhook") });
            (kind.as_str().to_owned(), channels)
        })
        .collect();
    let body = json!({ "kinds": kinds, "key_days": key_days, "refusals_per_minute": refusals_per_minute });
    alerts::update(&s.app, s.grant()?, NotificationPatch::parse(&body)?).await?;
    Ok(server::done(What::NotificationsSaved, "", None))
}

/// The page of one below its head, with what was sent to it; `query` as it stands in the address.
#[server(endpoint = "webhooks/one", output = Answer)]
pub async fn webhook_of(tenant: String, id: String, #[server(default)] query: String) -> Result<String, UiError> {
    let s = server::ctx(&tenant).await?;
    let id = server::id(&id)?;
    let webhook = webhooks::get(&s.app, s.grant()?, id).await?;
    let typed = drawn::typed_in(&query);
    let state = typed.get("state").and_then(|word| DeliveryState::from_word(word));
    let number = typed.get("page").and_then(|text| text.parse::<u32>().ok()).unwrap_or(1).clamp(1, 1000);
    let paging = PageQuery {
        skip: (number - 1) * drawn::DELIVERIES,
        limit: drawn::DELIVERIES,
        ..PageQuery::default()
    };
    let deliveries = webhooks::deliveries(&s.app, s.grant()?, id, paging, state).await?;
    let log = drawn::Log { deliveries, state, number };
    let may_manage = s.ctx.grant::<needs::WebhooksManage>().is_ok();
    let slug = s.ctx.tenant().slug.as_str();
    Ok(drawn::webhook(slug, webhook, log, may_manage, use_context::<Posted>().as_ref()))
}

/// Without `events` it takes all.
#[server(endpoint = "webhooks/update", output = Answer)]
pub async fn update_webhook(
    tenant: String,
    id: String,
    #[server(default)] name: String,
    #[server(default)] url: String,
    #[server(default)] events: Vec<String>,
    #[server(default)] enabled: String,
) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let events = Some(events).filter(|events| !events.is_empty());
    let body = json!({ "name": name, "url": url, "events": events, "enabled": !enabled.is_empty() });
    webhooks::update(&s.app, s.grant()?, server::id(&id)?, WebhookPatch::parse(&body)?).await?;
    Ok(server::done(What::WebhookSaved, "", None))
}

/// Sends a test at once.
#[server(endpoint = "webhooks/test", output = Answer)]
pub async fn test_webhook(tenant: String, id: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let went = webhooks::test(&s.app, s.grant()?, server::id(&id)?).await?;
    let what = match went.state {
        DeliveryState::Delivered => What::WebhookTook,
        _ => What::WebhookFailed,
    };
    Ok(server::done(what, "", None))
}

#[server(endpoint = "webhooks/delete", output = Answer)]
pub async fn delete_webhook(tenant: String, id: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    webhooks::delete(&s.app, s.grant()?, server::id(&id)?).await?;
    let list = format!("/t/{}/notifications", s.ctx.tenant().slug);
    Ok(server::done(What::WebhookDeleted, "", Some(list)))
}
