//! The account page's forms that change the session, or whose answer is shown once: the password,
//! one-time codes and their secret. One address for all, so that the answer is the page itself.
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::request::Parts;
use qrcode::QrCode;
use qrcode::render::svg::Color;
use serde_json::Value;
use tenantry_domain::accounts::{openid as identities, passwords, sessions, totp};
use tenantry_domain::{Error, Principal};
use tenantry_types::ProblemCode;
use tenantry_types::sign_in::{PasswordChange, Reauthentication, SecondFactor, TotpCode, TotpSecret};
use tenantry_types::text::Secret;
use tower_sessions::Session;

use super::{Kit, Typed, again, info_of, openid, page, plain_refusal, read, refused, renew};
use crate::rpc::What;
use crate::server::{principal_of, with_done};
use crate::state::Posted;

/// What a form came to: the page that shows it, or something to show once.
enum Outcome {
    Done(What),
    Shown(Box<Posted>),
    Away(Response),
}

/// `POST /account`: the field `what` says which form it is.
pub async fn change(State(kit): State<Kit>, session: Session, request: Request) -> Response {
    let info = info_of(&request);
    let (parts, typed) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let who = match principal_of(&kit.app, &session, &info).await {
        Ok(Some(who)) => who,
        Ok(None) => return Redirect::to("/login").into_response(),
        Err(error) => return again(&kit, parts, "", &typed, Error::Code(error.code)).await,
    };
    let act = typed.get("what").unwrap_or_default();
    let tried = match act {
        "password" => change_password(&kit, &session, &who, &typed).await,
        "totp-begin" => begin(&kit, &who, &typed).await,
        "totp-confirm" => return confirm(&kit, &session, &who, parts, &typed).await,
        "openid-link" => openid::link(&kit, &info, &who, &typed).await.map(Outcome::Away),
        "openid-unlink" => unlink(&kit, &who, &typed).await,
        "totp-off" => disable(&kit, &session, &who, &typed).await,
        "recovery-codes" => renew_codes(&kit, &who, &typed).await,
        _ => Err(ProblemCode::BadRequest.into()),
    };
    match tried {
        Ok(Outcome::Done(what)) => Redirect::to(&with_done("/account", what)).into_response(),
        Ok(Outcome::Away(response)) => response,
        Ok(Outcome::Shown(posted)) => page(&kit, parts, *posted, StatusCode::OK).await,
        Err(error) => {
            // There is a form for each provider.
            let one = typed.get("provider").or(typed.get("id"));
            let form = one.map_or_else(|| act.to_owned(), |one| format!("{act}-{one}"));
            again(&kit, parts, &form, &typed, error).await
        }
    }
}

async fn change_password(kit: &Kit, session: &Session, who: &Principal, typed: &Typed) -> Result<Outcome, Error> {
    let cmd = PasswordChange::parse(&Value::Object(typed.body(&["current_password", "new_password"])))?;
    renew(session, passwords::change(&kit.app, who, cmd).await?).await?;
    Ok(Outcome::Done(What::PasswordChanged))
}

async fn unlink(kit: &Kit, who: &Principal, typed: &Typed) -> Result<Outcome, Error> {
    let id = typed.get("id").and_then(|id| id.parse().ok()).ok_or(Error::NOT_FOUND)?;
    let password = typed.get("password").map(Secret::new);
    identities::unlink(&kit.app, who, id, password.as_ref()).await?;
    Ok(Outcome::Done(What::IdentityUnlinked))
}

async fn begin(kit: &Kit, who: &Principal, typed: &Typed) -> Result<Outcome, Error> {
    let cmd = Reauthentication::parse(&Value::Object(typed.body(&["password"])))?;
    let secret = totp::begin(&kit.app, who, cmd).await?;
    Ok(Outcome::Shown(Box::new(Posted {
        totp: Some(drawn(secret)?),
        ..Posted::default()
    })))
}

/// The secret with its QR code: an SVG with attributes only, as the content policy refuses styles.
fn drawn(secret: TotpSecret) -> Result<(TotpSecret, String), Error> {
    let code = QrCode::new(secret.uri.as_bytes()).map_err(Error::internal)?;
    let svg = code.render::<Color<'_>>().min_dimensions(200, 200).build();
    // Without the head that only a file of its own has.
    let svg = svg.find("<svg").map_or_else(String::new, |at| svg[at..].to_owned());
    Ok((secret, svg))
}

/// A code that is not right leads back to the same secret.
async fn confirm(kit: &Kit, session: &Session, who: &Principal, parts: Parts, typed: &Typed) -> Response {
    let tried = async {
        let cmd = TotpCode::parse(&Value::Object(typed.body(&["code"])))?;
        let codes = totp::confirm(&kit.app, who, cmd).await?;
        renew(session, sessions::renewed(who)).await?;
        // The page that follows lists the caller's sessions: this one is among them.
        session.save().await.map_err(Error::internal)?;
        Ok::<_, Error>(codes)
    };
    match tried.await {
        Ok(codes) => {
            let posted = Posted {
                recovery_codes: codes.recovery_codes,
                ..Posted::default()
            };
            page(kit, parts, posted, StatusCode::OK).await
        }
        Err(error) => {
            let mut posted = plain_refusal(&parts, "totp-confirm", typed, error);
            posted.totp = match totp::waiting(&kit.app, who).await {
                Ok(Some(secret)) => drawn(secret).ok(),
                _ => None,
            };
            refused(kit, parts, posted).await
        }
    }
}

async fn disable(kit: &Kit, session: &Session, who: &Principal, typed: &Typed) -> Result<Outcome, Error> {
    let cmd = SecondFactor::parse(&Value::Object(typed.body(&["password", "totp"])))?;
    totp::disable(&kit.app, who, cmd).await?;
    renew(session, sessions::renewed(who)).await?;
    Ok(Outcome::Done(What::TotpOff))
}

async fn renew_codes(kit: &Kit, who: &Principal, typed: &Typed) -> Result<Outcome, Error> {
    let cmd = SecondFactor::parse(&Value::Object(typed.body(&["password", "totp"])))?;
    let codes = totp::renew_recovery_codes(&kit.app, who, cmd).await?;
    Ok(Outcome::Shown(Box::new(Posted {
        recovery_codes: codes.recovery_codes,
        ..Posted::default()
    })))
}
