//! Invitations: making and resending them, whose answer shows links once, and accepting one.
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde_json::{Value, json};
use tenantry_domain::{Error, audit, context, invitations};
use tenantry_types::ProblemCode;
use tenantry_types::invitation::{Acceptance, Invitation, NewInvitations};
use tenantry_types::sign_in::SignInMethod;
use tower_sessions::Session;

use super::{Kit, Typed, again, enter, info_of, page, read};
use crate::rpc::What;
use crate::server::{origin_of, principal_of, with_done};
use crate::state::Posted;

/// `POST /t/{tenant}/invitations`: new ones, or with the field `resend` one again. The answer is a
/// page with the links, never a redirect: the links are stored nowhere.
pub async fn send(State(kit): State<Kit>, Path(tenant): Path<String>, session: Session, request: Request) -> Response {
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
        let ctx = context::in_tenant(&kit.app, &who, &tenant, &info.sources()).await?;
        let refused = |denied| audit::denied(&kit.app, &ctx, denied);
        if let Some(id) = typed.get("resend") {
            let id = id.parse().map_err(|_| Error::NOT_FOUND)?;
            return Ok(vec![
                invitations::resend(&kit.app, ctx.grant().map_err(refused)?, id, &info.public_origin).await?,
            ]);
        }
        let new = NewInvitations::parse(&body(&typed))?;
        invitations::create(&kit.app, ctx.grant().map_err(refused)?, new, &info.public_origin).await
    };
    let made: Result<Vec<Invitation>, Error> = tried.await;
    match made {
        Ok(invitations) => {
            page(
                &kit,
                parts,
                Posted {
                    form: "invited".into(),
                    invitations,
                    ..Posted::default()
                },
                StatusCode::OK,
            )
            .await
        }
        Err(error) => again(&kit, parts, "invite", &typed, error).await,
    }
}

/// The body as the API takes it: one role for all of the ticked workspaces.
fn body(typed: &Typed) -> Value {
    let role = typed.get("workspace_role").unwrap_or_default();
    let workspaces: Vec<Value> = typed.all("workspaces").map(|id| json!({ "workspace": id, "role": role })).collect();
    let mut body = typed.body(&["email", "role", "expires_in_days"]);
    body.insert("workspaces".into(), workspaces.into());
    Value::Object(body)
}

/// `POST /invite/{token}`: with a session, one click; without, the fields of a new account.
pub async fn accept(State(kit): State<Kit>, Path(token): Path<String>, session: Session, request: Request) -> Response {
    let info = info_of(&request);
    let (parts, typed) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let tried = async {
        let who = principal_of(&kit.app, &session, &info).await.map_err(|e| Error::Code(e.code))?;
        let new = match who {
            Some(_) => None,
            None => Acceptance::parse(&Value::Object(typed.body(&["name", "password"])))?,
        };
        let origin = origin_of(&info);
        let accepted = invitations::accept(&kit.app, &origin, &token, who.as_ref(), new).await?;
        if who.is_none() {
            enter(&session, &accepted.entered(), &origin, SignInMethod::Password).await?;
        }
        Ok::<_, Error>(accepted.tenant)
    };
    match tried.await {
        Ok(tenant) => Redirect::to(&with_done(&format!("/t/{}", tenant.slug), What::Joined)).into_response(),
        Err(error) => again(&kit, parts, "accept", &typed, error).await,
    }
}
