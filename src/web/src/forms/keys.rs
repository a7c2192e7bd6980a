//! API keys: making and rotating them, whose answer shows a secret once.
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use tenantry_domain::{Error, api_keys, audit, context, now};
use tenantry_types::api_key::{ApiKey, KeyRotation, NewApiKey};
use tenantry_types::input::Bounded;
use tenantry_types::{FieldError, FromInput, ProblemCode, Timestamp};
use tower_sessions::Session;

use super::{Kit, Typed, again, info_of, page, read};
use crate::server::principal_of;
use crate::state::{Posted, ShownKey};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// `POST /t/{tenant}/keys`: a new key, or with the field `rotate` another secret of one. The answer
/// is a page with the secret, never a redirect: the secret is stored nowhere.
pub async fn send(State(kit): State<Kit>, Path(tenant): Path<String>, session: Session, request: Request) -> Response {
    let info = info_of(&request);
    let (parts, typed) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let rotated = typed.get("rotate");
    let tried = async {
        let who = principal_of(&kit.app, &session, &info)
            .await
            .map_err(|e| Error::Code(e.code))?
            .ok_or(ProblemCode::Unauthenticated)?;
        let ctx = context::in_tenant(&kit.app, &who, &tenant, &info.sources()).await?;
        let refused = |denied| audit::denied(&kit.app, &ctx, denied);
        if let Some(id) = rotated {
            let id = id.parse().map_err(|_| Error::NOT_FOUND)?;
            let cmd = KeyRotation::parse(&Value::Object(typed.body(&["overlap_hours"])))?;
            return api_keys::rotate(&kit.app, ctx.grant().map_err(refused)?, &ctx, id, cmd).await;
        }
        api_keys::create(&kit.app, ctx.grant().map_err(refused)?, &ctx, new_key(&typed)?).await
    };
    let made: Result<ApiKey, Error> = tried.await;
    match made {
        Ok(key) => {
            let posted = Posted {
                form: "made".into(),
                key: key.secret.map(|secret| ShownKey {
                    name: key.name,
                    secret,
                    rotated: rotated.is_some(),
                    previous_until: key.previous_until,
                }),
                ..Posted::default()
            };
            page(&kit, parts, posted, StatusCode::OK).await
        }
        Err(error) => {
            let form = rotated.map_or_else(|| "key".to_owned(), |id| format!("rotate-form-{id}"));
            again(&kit, parts, &form, &typed, error).await
        }
    }
}

/// As the API takes it, but that people say for how long and not until when.
fn new_key(typed: &Typed) -> Result<NewApiKey, Vec<FieldError>> {
    let mut body = typed.body(&["name", "owner", "workspace"]);
    body.insert("scopes".into(), typed.all("scopes").map(Value::from).collect());
    let parsed = NewApiKey::parse(&Value::Object(body));
    let days = typed.get("expires_in_days").filter(|text| !text.trim().is_empty());
    let days = days
        .map(|text| Bounded::<1, 3650>::from_input(&text.into()))
        .transpose()
        .map_err(|fault| FieldError::new("expires_in_days", fault));
    match (parsed, days) {
        (Ok(new), Ok(days)) => Ok(NewApiKey {
            expires_at: days.and_then(|days| Some(Timestamp(now().0 + DAY * u32::try_from(days.0).ok()?))),
            ..new
        }),
        (parsed, days) => Err(parsed.err().into_iter().flatten().chain(days.err()).collect()),
    }
}
