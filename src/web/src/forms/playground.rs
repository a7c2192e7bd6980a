//! The playground's question, whose answer is a stream of text: what the model says, then what it came to. Without
//! JavaScript the browser shows it as it comes.
use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use tenantry_domain::gateway::{self, Conversation, Part, Seat, Speaker, Spent, Turn};
use tenantry_domain::{App, Error, context};
use tenantry_types::input::Bounded;
use tenantry_types::{Fault, FieldError, FromInput, ProblemCode, money};
use tower_sessions::Session;

use super::{Kit, Typed, info_of, read};
use crate::rpc::UiError;
use crate::rpc::playground::{BROKEN, END};
use crate::server::{principal_of, standing_in};

/// Characters of all that is said.
const LONGEST: u32 = 200_000;
/// Questions and answers before this one.
const MOST_TURNS: usize = 100;
/// Pico-USD in a micro-USD.
const PICO: i64 = 1_000_000;

/// `POST /_fn/playground`.
pub async fn ask(State(kit): State<Kit>, session: Session, request: Request) -> Response {
    let info = info_of(&request);
    let (_, typed) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let tried = async {
        let who = principal_of(&kit.app, &session, &info)
            .await
            .map_err(|e| Error::Code(e.code))?
            .ok_or(ProblemCode::Unauthenticated)?;
        let named = |name| typed.get(name).map(str::trim).unwrap_or_default();
        let ctx = context::in_tenant(&kit.app, &who, named("tenant"), &info.sources()).await?;
        let standing = standing_in(&kit.app, &ctx, named("workspace")).await?;
        let seat = gateway::seat(&kit.app, &standing).await?;
        Ok::<_, Error>((seat, question(&typed)?))
    };
    match tried.await {
        Ok((seat, (model, said))) => streamed(kit.app, seat, model, said),
        Err(error) => refused(error),
    }
}

/// The model, and what is said to it.
fn question(typed: &Typed) -> Result<(String, Conversation), Vec<FieldError>> {
    let text = |name: &'static str| typed.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let required = |name: &'static str| text(name).ok_or_else(|| vec![FieldError::new(name, Fault::Required)]);
    let model = required("model")?;
    let prompt = required("prompt")?;
    let before: Vec<(bool, String)> = match text("turns") {
        Some(turns) => serde_json::from_str(&turns).map_err(|_| vec![FieldError::new("turns", Fault::ExpectedList)])?,
        None => Vec::new(),
    };
    let system = text("system").map(|text| Turn { by: Speaker::System, text });
    let before = before.into_iter().map(|(asked, text)| Turn {
        by: if asked { Speaker::User } else { Speaker::Assistant },
        text,
    });
    let asked = Turn {
        by: Speaker::User,
        text: prompt,
    };
    let turns: Vec<Turn> = system.into_iter().chain(before).chain([asked]).collect();
    if turns.len() > MOST_TURNS + 2 || turns.iter().map(|turn| turn.text.chars().count()).sum::<usize>() > LONGEST as usize {
        return Err(vec![FieldError::new("prompt", Fault::TooLong { max: LONGEST })]);
    }
    let most = match text("max_tokens") {
        Some(typed) => {
            let read = Bounded::<1, 1_000_000>::from_input(&typed.into());
            Some(read.map_err(|fault| vec![FieldError::new("max_tokens", fault)])?.0)
        }
        None => None,
    };
    Ok((model, Conversation { turns, most }))
}

/// Asked while the answer is on its way already: a provider may take its time until it begins.
fn streamed(app: App, seat: Seat, model: String, said: Conversation) -> Response {
    let parts: BoxStream<'static, Part> = stream::once(async move {
        match gateway::chat(&app, &seat, &model, &said).await {
            Ok(parts) => parts,
            Err(error) => stream::iter([Part::Broken(error.detail())]).boxed(),
        }
    })
    .flatten()
    .boxed();
    let texts = parts.map(|part| {
        Ok::<_, Infallible>(match part {
            // What parts the text from its end must not stand in it.
            Part::Text(text) => text.replace(END, ""),
            Part::End(spent) => format!("{END}{}", words(spent)),
            Part::Broken(why) => format!("{END}{BROKEN}{}", why.replace(END, "")),
        })
    });
    let mut response = Response::new(Body::from_stream(texts));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would collect it.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// `12 tokens in, 40 out · $0.0004 · 1.2 s`
fn words(spent: Spent) -> String {
    let about = if spent.estimated { "about " } else { "" };
    let cost = match spent.cost {
        None => "price unknown".to_owned(),
        Some(0) => money::dollars(0),
        Some(pico) if pico < PICO => "less than $0.000001".to_owned(),
        Some(pico) => money::dollars(pico / PICO),
    };
    let tenths = spent.latency_ms / 100;
    format!(
        "{about}{} tokens in, {} out \u{b7} {cost} \u{b7} {}.{} s",
        spent.tokens_in,
        spent.tokens_out,
        tenths / 10,
        tenths % 10
    )
}

/// In words: what reads it shows it as it is.
fn refused(error: Error) -> Response {
    let retry_after = error.retry_after();
    let error = UiError::from(error);
    let faults: Vec<String> = error.fields.iter().map(|e| format!("{}: {}", e.field, e.fault.message())).collect();
    let text = if faults.is_empty() {
        error.code.title().to_owned()
    } else {
        faults.join(" ")
    };
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, text).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}
