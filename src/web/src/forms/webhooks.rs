//! Webhooks: making one and giving one another secret, whose answers show a secret once.
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use tenantry_domain::{App, Error, TenantCtx, audit, context, webhooks};
use tenantry_types::ProblemCode;
use tenantry_types::webhook::{NewWebhook, Webhook};
use tower_sessions::Session;

use super::{Kit, Typed, again, info_of, page, read};
use crate::server::principal_of;
use crate::state::{Posted, ShownKey};

/// `POST /t/{tenant}/notifications`: a new webhook.
pub async fn make(State(kit): State<Kit>, Path(tenant): Path<String>, session: Session, request: Request) -> Response {
    answer(kit, &tenant, session, request, "webhook", async |app, ctx, typed| {
        let mut body = typed.body(&["name", "url"]);
        let events: Vec<Value> = typed.all("events").map(Value::from).collect();
        if !events.is_empty() {
            body.insert("events".into(), events.into());
        }
        let by = ctx.grant().map_err(|denied| audit::denied(app, ctx, denied))?;
        webhooks::create(app, by, NewWebhook::parse(&Value::Object(body))?).await
    })
    .await
}

/// `POST /t/{tenant}/webhooks/{webhook}`: another secret.
pub async fn rotate(State(kit): State<Kit>, Path((tenant, webhook)): Path<(String, String)>, session: Session, request: Request) -> Response {
    answer(kit, &tenant, session, request, "hook", async |app, ctx, _| {
        let id = webhook.parse().map_err(|_| Error::NOT_FOUND)?;
        let by = ctx.grant().map_err(|denied| audit::denied(app, ctx, denied))?;
        webhooks::rotate(app, by, id).await
    })
    .await
}

/// The answer is a page with the secret, never a redirect: nobody can look at it again.
async fn answer(
    kit: Kit,
    tenant: &str,
    session: Session,
    request: Request,
    form: &str,
    act: impl AsyncFnOnce(&App, &TenantCtx, &Typed) -> Result<Webhook, Error>,
) -> Response {
    let info = info_of(&request);
    let (parts, typed) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let tried = async {
        let who = principal_of(&kit.app, &session, &info)
            .await
            .map_err(|e| Error::Code(e.code))?
            .ok_or(ProblemCode::Unauthenticated)?;
        let ctx = context::in_tenant(&kit.app, &who, tenant, &info.sources()).await?;
        act(&kit.app, &ctx, &typed).await
    };
    let made: Result<Webhook, Error> = tried.await;
    match made {
        Ok(webhook) => {
            let posted = Posted {
                form: "made".into(),
                key: webhook.secret.map(|secret| ShownKey {
                    name: webhook.name,
                    secret,
                    rotated: webhook.previous_until.is_some(),
                    previous_until: webhook.previous_until,
                }),
                ..Posted::default()
            };
            page(&kit, parts, posted, StatusCode::OK).await
        }
        Err(error) => again(&kit, parts, form, &typed, error).await,
    }
}
