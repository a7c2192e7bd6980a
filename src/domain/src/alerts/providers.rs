//! Providers that do not answer, and that answer again: told to the tenants that have enabled what they serve, and to
//! those who run the server.

use serde_json::json;
use tenantry_db::notification::{self, Whom};
use tenantry_db::provider::{self as db, Turned};
use tenantry_types::alert::AlertKind;
use tenantry_types::{TenantId, UserId};

use super::{Alert, PAGE, letter, raise};
use crate::outbox::{self, AccountMail};
use crate::{App, Result, new_id, now};

pub(super) async fn look(app: &App) -> Result<()> {
    let mut tx = app.db().platform().await?;
    let turned = db::turned(&mut tx).await?;
    drop(tx);
    for provider in turned {
        tell_tenants(app, &provider).await?;
        tell_operators(app, &provider).await?;
    }
    Ok(())
}

async fn tell_tenants(app: &App, provider: &Turned) -> Result<()> {
    let mut after: Option<TenantId> = None;
    loop {
        let mut tx = app.db().platform().await?;
        let tenants = db::tenants_of(&mut tx, provider.id, after, PAGE).await?;
        drop(tx);
        let Some(last) = tenants.last().copied() else { return Ok(()) };
        after = Some(last);
        for tenant in tenants {
            raise(app, tenant, alert(provider)).await?;
        }
    }
}

fn sentence(provider: &Turned) -> String {
    match provider.down_since {
        Some(since) => format!("The provider {} has not answered since {}.", provider.name, since.readable()),
        None => format!("The provider {} answers again.", provider.name),
    }
}

fn alert(provider: &Turned) -> Alert {
    let more = match provider.down_since {
        Some(_) => " Models that only it serves cannot be used until it answers again; others go on by another provider.",
        None => "",
    };
    let (state, since) = match provider.down_since {
        Some(since) => ("down", Some(since)),
        None => ("up", provider.told),
    };
    Alert {
        kind: AlertKind::ProviderDown,
        once: format!("{} {state} {}", provider.id, since.map(|at| at.to_string()).unwrap_or_default()),
        about: provider.id.to_string(),
        text: sentence(provider) + more,
        page: "models".to_owned(),
        whom: None,
        data: json!({ "provider": provider.id, "name": provider.name, "state": state, "down_since": since }),
    }
}

/// Together with the note that all were told: of several servers one tells them.
async fn tell_operators(app: &App, provider: &Turned) -> Result<()> {
    let (now, about, text) = (now(), provider.id.to_string(), sentence(provider));
    let page = format!("providers/{}", provider.id);
    let (kind, other) = match provider.down_since {
        Some(_) => (DOWN, UP),
        None => (UP, DOWN),
    };
    let mut tx = app.db().platform().await?;
    if !db::set_told(&mut tx, provider).await? {
        return Ok(());
    }
    let people = notification::people(&mut tx, Whom::Operators).await?;
    let to: Vec<UserId> = people.iter().map(|person| person.id).collect();
    let ids: Vec<_> = people.iter().map(|_| new_id()).collect();
    notification::supersede(&mut tx, &to, None, other, &about, now).await?;
    let data = json!({ "about": about, "text": text, "page": page });
    notification::insert(&mut tx, &ids, &to, None, kind, &data, now).await?;
    let (what, path) = (text.trim_end_matches('.'), format!("/admin/{page}"));
    let mails = people
        .into_iter()
        .map(|person| AccountMail::Alert(letter(app, None, what, (&text, &path), person.email)));
    outbox::post_accounts(app, &mut tx, &mails.collect::<Vec<_>>()).await?;
    tx.commit_counts().await?;
    Ok(())
}

const DOWN: &str = AlertKind::ProviderDown.as_str();
const UP: &str = "provider_up";
