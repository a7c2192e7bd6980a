//! Signing up, in and out, and the context of a request.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use serde_json::{Value, json};
use tenantry_domain::accounts::SignUp;
use tenantry_domain::context::{self, Sources, Standing};
use tenantry_domain::session::Place;
use tenantry_domain::{App, Bearer, access, accounts, tokens};
use tenantry_types::account::{AvailableTenant, Context, ContextSource, Login, Registration, User};
use tenantry_types::sign_in::{RegistrationConfirmation, SignInMethod};
use tenantry_types::{FieldError, Fields, Page};

use crate::bodies;
use crate::context::describe;
use crate::extract::{Asked, Body, Caller, FromBody, Info, SignIn};
use crate::respond::{Answer, OnceOnly};

/// Make an account and sign in
///
/// The first account of a server becomes its operator. Each sign-up without an invitation gets a tenant of its own. On a server
/// that sends mail every account but the first begins with the link in a mail: the answer is the same for an address that has
/// an account, and signs nobody in; `confirm` does. Without mail, 409 `email_taken` when there is an account with this
/// address. 403 when the server takes no new accounts.
#[utoipa::path(post, path = "", operation_id = "register", request_body = bodies::Registration, responses((status = 201, body = User)))]
pub async fn register(State(app): State<App>, info: Info, session: SignIn, Body(body): Body<Registration>) -> Answer<(StatusCode, Json<User>)> {
    let user = match accounts::sign_up::sign_up(&app, &info.origin, body, &info.public_origin).await? {
        SignUp::Made(made) => {
            session.enter(&made.entered(), &info.origin, SignInMethod::Password).await?;
            made.user
        }
        SignUp::Asked(user) => user,
    };
    Ok((StatusCode::CREATED, Json(user)))
}

/// Finish a sign-up by the link of its mail, and sign in
///
/// Takes the password that was chosen once more. The link works once, for 24 hours. 410 `link_not_valid` when it was used, has
/// expired or never was; 409 `email_taken` when the address has got an account meanwhile.
#[utoipa::path(post, path = "", operation_id = "confirm_registration", request_body = bodies::RegistrationConfirmation, responses((status = 201, body = User)))]
pub async fn confirm(
    State(app): State<App>,
    info: Info,
    session: SignIn,
    Body(body): Body<RegistrationConfirmation>,
) -> Answer<(StatusCode, Json<User>)> {
    let made = accounts::sign_up::confirm(&app, &info.origin, body).await?;
    session.enter(&made.entered(), &info.origin, SignInMethod::Password).await?;
    Ok((StatusCode::CREATED, Json(made.user)))
}

/// Sign in
///
/// Sets the session cookie. The answer and its time are the same for an unknown address and for a wrong password.
/// With the right password, 401 `totp_required` when the account has one-time codes and none was given, `totp_wrong` when it
/// is not right.
#[utoipa::path(post, path = "", operation_id = "log_in", request_body = bodies::Login, responses((status = 200, body = User)))]
pub async fn log_in(State(app): State<App>, info: Info, session: SignIn, Body(body): Body<Login>) -> Answer<Json<User>> {
    let entered = accounts::log_in(&app, &info.origin, body).await?;
    session.enter(&entered, &info.origin, SignInMethod::Password).await?;
    Ok(Json(entered.user))
}

/// Sign out
///
/// Ends the session of the cookie; without one there is nothing to do.
#[utoipa::path(post, path = "", operation_id = "log_out", responses((status = 204)))]
pub async fn log_out(State(app): State<App>, who: Option<Caller>, session: SignIn) -> Answer<StatusCode> {
    session.leave().await?;
    if let Some(Caller(who)) = who
        && let Err(error) = accounts::log_out(&app, &who).await
    {
        // The session is gone: saying that it is not would be wrong.
        tracing::error!(?error, "a sign-out could not be recorded");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Show where the caller stands
///
/// The tenant comes from `X-Tenant-ID` or `X-Workspace-ID`, the subdomain, or what the access token or API key stands for;
/// without them from the session, else from having exactly one tenant. `source` says which it was. Sources that disagree are 400.
#[utoipa::path(get, path = "", operation_id = "get_context", responses((status = 200, body = Context)))]
pub async fn context(State(app): State<App>, Asked(who, sources): Asked) -> Answer<Json<Context>> {
    let standing = context::standing(&app, &who, &sources).await?;
    Ok(Json(describe(&who, &standing)))
}

/// What to look for.
pub struct ContextQuestion {
    tenant: Option<String>,
    workspace: Option<String>,
}

impl FromBody for ContextQuestion {
    const MAY_BE_EMPTY: bool = true;

    fn from_body(body: &Value) -> Result<Self, Vec<FieldError>> {
        let nothing = json!({});
        Fields::read(if body.is_null() { &nothing } else { body }, |f| {
            let tenant = f.optional("tenant");
            let workspace = f.optional("workspace");
            Some(Self {
                tenant: tenant?,
                workspace: workspace?,
            })
        })
    }
}

/// Try a context
///
/// Answers with the context that a request with these names would get, or with the error, and changes nothing.
#[utoipa::path(post, path = "", operation_id = "validate_context", request_body = bodies::ContextQuestion, responses((status = 200, body = Context)))]
pub async fn validate_context(State(app): State<App>, Asked(who, sources): Asked, Body(of): Body<ContextQuestion>) -> Answer<Json<Context>> {
    let standing = context::validate(&app, &who, of.tenant.as_deref(), of.workspace.as_deref(), &sources).await?;
    Ok(Json(describe(&who, &standing)))
}

/// List the tenants that the caller may enter
///
/// The one used last comes first.
#[utoipa::path(get, path = "", operation_id = "list_available_tenants", responses((status = 200, body = Page<AvailableTenant>)))]
pub async fn available_tenants(State(app): State<App>, Caller(who): Caller) -> Answer<Json<Page<AvailableTenant>>> {
    Ok(Json(Page::whole(accounts::available_tenants(&app, &who).await?)))
}

/// Where to switch to.
pub struct SwitchTenant {
    tenant: String,
    workspace: Option<String>,
}

impl FromBody for SwitchTenant {
    fn from_body(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let tenant = f.required("tenant");
            let workspace = f.optional("workspace");
            Some(Self {
                tenant: tenant?,
                workspace: workspace?,
            })
        })
    }
}

/// Switch to another tenant
///
/// Sets the tenant and the workspace that requests of this session are about that name none, and answers with the new context.
/// Sessions that begin later start in this tenant. The bearer of an access token gets `tokens` that name both instead; the
/// refresh token from before is used up by it.
#[utoipa::path(post, path = "", operation_id = "switch_tenant", request_body = bodies::SwitchTenant, responses((status = 200, body = Context)))]
pub async fn switch_tenant(
    State(app): State<App>,
    Caller(who): Caller,
    bearer: Option<Extension<Bearer>>,
    Asked(asker, sources): Asked,
    session: SignIn,
    Body(to): Body<SwitchTenant>,
) -> Answer<Response> {
    // Leaving where the token stands is what this is for.
    let sources = Sources { credential: None, ..sources };
    let ctx = context::in_tenant(&app, &asker, &to.tenant, &sources).await?;
    let workspace = match &to.workspace {
        Some(workspace) => Some(access::workspace(&app, &ctx, workspace).await?),
        None => None,
    };
    let place = Place {
        tenant: ctx.tenant().id,
        workspace: workspace.as_ref().map(|w| w.workspace().id),
    };
    let standing = Standing {
        tenant: Some(ctx),
        workspace,
        source: if bearer.is_some() {
            ContextSource::Token
        } else {
            ContextSource::Session
        },
    };
    let mut context = describe(&asker, &standing);
    let Some(Extension(bearer)) = bearer else {
        accounts::remember_tenant(&app, &who, place.tenant).await?;
        session.stand(place).await?;
        return Ok(Json(context).into_response());
    };
    context.tokens = Some(tokens::switch(&app, &bearer, place.tenant, place.workspace).await?);
    Ok((Extension(OnceOnly), Json(context)).into_response())
}
