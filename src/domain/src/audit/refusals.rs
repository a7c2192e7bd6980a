//! What was refused or failed. It changes nothing, so it has no transaction to be recorded in, and who
//! causes it may do so as often as they like: therefore it is folded. The first of a kind is written
//! at once, those that follow within its minute as one event with their number, by a task of its own;
//! the request only counts. Probes at tenants that are not theirs go to the server's own chain:
//! nobody fills the record of a tenant that they are not in.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tenantry_db::access::job;
use tenantry_db::audit::Event;
use tenantry_db::{DbError, tenant};
use tenantry_types::account::User;
use tenantry_types::audit::Outcome;
use tenantry_types::{ProblemCode, TenantId, Timestamp, WorkspaceId};
use tokio::sync::Notify;

use super::{event, suspicion};
use crate::guesses::network_of;
use crate::{Actor, App, Denied, Error, Origin, Result, TenantCtx, WorkspaceCtx, WorkspaceHead, now};

/// Different things that wait at once; what is beyond is counted by action alone.
const MOST: usize = 4096;
/// Different tenants that are looked up for one fold.
const NAMES: usize = 20;
/// How long a fold stays open.
const MINUTE: Duration = Duration::from_secs(60);
/// New folds are written together.
const GATHER: Duration = Duration::from_millis(250);

/// What is counted together: who, did what, to what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    /// The chain that it is written to: the server's when there is no tenant.
    chain: Option<TenantId>,
    actor: Option<String>,
    action: &'static str,
    target: String,
}

/// Something refused or failed.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub chain: Option<TenantId>,
    pub actor: Actor,
    pub action: &'static str,
    pub target_type: &'static str,
    pub target_id: Option<String>,
    pub target_name: String,
    pub workspace: Option<WorkspaceId>,
    pub outcome: Outcome,
    /// What is the same each time.
    pub changes: Value,
    /// A tenant that was asked for, by the name that was used.
    pub named: Option<String>,
}

#[derive(Debug)]
struct Fold {
    first: Refusal,
    opened: Timestamp,
    count: u64,
    /// Whether the first of them was written.
    written: bool,
    named: BTreeSet<String>,
}

/// What this node has counted and not written yet.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    open: Mutex<HashMap<Key, Fold>>,
    new: Notify,
}

impl Refusals {
    fn add(&self, mut refusal: Refusal, at: Timestamp) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = Key {
            chain: refusal.chain,
            actor: refusal.actor.id_text(),
            action: refusal.action,
            target: format!(
                "{} {} {} {}",
                refusal.target_type,
                refusal.target_id.as_deref().unwrap_or(&refusal.target_name),
                refusal.workspace.map(|id| id.to_string()).unwrap_or_default(),
                refusal.changes
            ),
        };
        if open.len() >= MOST && !open.contains_key(&key) {
            refusal = Refusal {
                chain: None,
                actor: Actor::system(Origin::system("audit")),
                target_type: "many",
                target_id: None,
                target_name: String::new(),
                workspace: None,
                changes: json!({}),
                named: None,
                ..refusal
            };
            key = Key {
                chain: None,
                actor: None,
                action: refusal.action,
                target: String::new(),
            };
        }
        let named = refusal.named.take();
        let fold = open.entry(key).or_insert_with(|| {
            self.new.notify_one();
            Fold {
                first: refusal,
                opened: at,
                count: 0,
                written: false,
                named: BTreeSet::new(),
            }
        });
        fold.count += 1;
        if let Some(named) = named
            && fold.named.len() < NAMES
        {
            fold.named.insert(named);
        }
    }

    /// What has to be written now: folds that are new, and those whose minute is over.
    fn due(&self, at: Timestamp) -> Vec<Due> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        open.retain(|_, fold| {
            let over = fold.opened.0 + MINUTE <= at.0;
            if fold.count > 0 && (over || !fold.written) {
                due.push(Due {
                    refusal: fold.first.clone(),
                    count: std::mem::take(&mut fold.count),
                    named: std::mem::take(&mut fold.named),
                });
                fold.written = true;
            }
            !over
        });
        due
    }
}

struct Due {
    refusal: Refusal,
    count: u64,
    named: BTreeSet<String>,
}

/// Counts something refused or failed; it is written soon. Never waits.
pub fn refused(app: &App, refusal: Refusal) {
    app.refusals().add(refusal, now());
}

/// Turns a refusal of the matrix into the error that doors answer with, and has it recorded.
pub fn denied(app: &App, ctx: &TenantCtx, denied: Denied) -> Error {
    denied_in(app, ctx, None, denied)
}

/// The same in a workspace.
pub fn denied_in_workspace(app: &App, ctx: &WorkspaceCtx, denied: Denied) -> Error {
    denied_in(app, ctx.tenant(), Some(ctx.workspace()), denied)
}

fn denied_in(app: &App, ctx: &TenantCtx, workspace: Option<&WorkspaceHead>, denied: Denied) -> Error {
    let why = match denied {
        Denied::Forbidden(permission) => json!({ "permission": permission }),
        Denied::Suspended | Denied::Inactive | Denied::Archived | Denied::NotFound | Denied::NotOperator | Denied::NeedsPerson => {
            json!({ "because": denied.to_string() })
        }
    };
    let mut refusal = in_tenant(ctx, "access.denied", why);
    if let Some(workspace) = workspace {
        refusal = Refusal {
            target_type: "workspace",
            target_id: Some(workspace.id.to_string()),
            target_name: workspace.name.clone(),
            workspace: Some(workspace.id),
            ..refusal
        };
    }
    refused(app, refusal);
    denied.into()
}

/// Turns sources that name different tenants or workspaces into the error that doors answer with, and has it recorded where
/// the caller is at home.
pub(crate) fn conflicting(app: &App, ctx: &TenantCtx) -> Error {
    refused(app, in_tenant(ctx, "context.conflict", json!({})));
    ProblemCode::ContextConflict.into()
}

fn in_tenant(ctx: &TenantCtx, action: &'static str, changes: Value) -> Refusal {
    let tenant = ctx.tenant();
    Refusal {
        chain: Some(tenant.id),
        actor: ctx.asker().actor(),
        action,
        target_type: "tenant",
        target_id: Some(tenant.id.to_string()),
        target_name: tenant.name.clone(),
        workspace: None,
        outcome: Outcome::Denied,
        changes,
        named: None,
    }
}

/// Has it recorded that somebody who is no operator asked for what is an operator's.
pub fn not_operator(app: &App, who: Actor, denied: Denied) -> Error {
    refused(app, on_server(who, "access.denied", "server", json!({ "permission": "operator" }), None));
    denied.into()
}

/// Has it recorded that somebody asked for a tenant that they are not in, if there is one of this name.
pub(crate) fn probed(app: &App, who: Actor, named: &str) {
    let named: String = named.chars().take(100).collect();
    refused(app, on_server(who, "tenant.probed", "tenant", json!({}), Some(named)));
}

fn on_server(actor: Actor, action: &'static str, target_type: &'static str, changes: Value, named: Option<String>) -> Refusal {
    Refusal {
        chain: None,
        actor,
        action,
        target_type,
        target_id: None,
        target_name: String::new(),
        workspace: None,
        outcome: Outcome::Denied,
        changes,
        named,
    }
}

/// Has it recorded that somebody tried to sign in and did not get in: by account, or for addresses
/// that nobody has, by where it came from.
pub(crate) fn sign_in_failed(app: &App, origin: &Origin, account: Option<&User>) {
    let refusal = Refusal {
        outcome: Outcome::Failed,
        ..on_server(Actor::anonymous(origin.clone()), "user.log_in_failed", "user", json!({}), None)
    };
    let refusal = match account {
        Some(user) => Refusal {
            target_id: Some(user.id.to_string()),
            target_name: user.name.clone(),
            ..refusal
        },
        None => Refusal {
            target_type: "network",
            target_name: network_of(origin),
            ..refusal
        },
    };
    refused(app, refusal);
}

/// Writes what is due, and what arises from it. What cannot be written is lost: without a database
/// nobody gets as far as to be refused.
///
/// # Errors
/// When the database does not answer.
pub async fn write_refusals(app: &App) -> Result<usize> {
    write_due(app, now()).await
}

/// The same as if no fold were open: for the end of the server.
///
/// # Errors
/// When the database does not answer.
pub async fn write_all_refusals(app: &App) -> Result<usize> {
    write_due(app, Timestamp(now().0 + MINUTE)).await
}

async fn write_due(app: &App, at: Timestamp) -> Result<usize> {
    let due = app.refusals().due(at);
    if due.is_empty() {
        return Ok(0);
    }
    let mut names: Vec<String> = due
        .iter()
        .flat_map(|due| due.named.iter().cloned())
        .collect::<HashSet<_>>()
        .into_iter()
        .collect();
    names.sort();
    let there = match names.is_empty() {
        true => HashMap::new(),
        false => tenant::ids_of(&mut app.db().platform().await?, &names).await?,
    };
    let mut by_chain: HashMap<Option<TenantId>, Vec<(Actor, Event)>> = HashMap::new();
    for Due { refusal, count, named } in due {
        let mut changes = refusal.changes;
        changes["count"] = json!(count);
        if refusal.action == "tenant.probed" {
            let tenants: BTreeSet<String> = named.iter().filter_map(|name| there.get(name)).map(TenantId::to_string).collect();
            // A name that leads nowhere is a slip of the pen; many of them are none.
            if tenants.is_empty() && named.len() < NAMES {
                continue;
            }
            changes["tenants"] = json!(tenants);
        }
        let event = Event {
            workspace: refusal.workspace,
            outcome: refusal.outcome,
            ..event(refusal.action, refusal.target_type, refusal.target_id, &refusal.target_name, changes)
        };
        by_chain.entry(refusal.chain).or_default().push((refusal.actor, event));
    }
    let mut written = Ok(0);
    for (chain, events) in by_chain {
        // What goes wrong with one chain keeps nothing out of the others.
        match write_to(app, chain, &events, at).await {
            Ok(()) => written = written.map(|n| n + events.len()),
            Err(error) => written = Err(error),
        }
    }
    written
}

async fn write_to(app: &App, chain: Option<TenantId>, events: &[(Actor, Event)], at: Timestamp) -> Result<()> {
    write(app, chain, events).await?;
    suspicion::look(app, chain, events, at).await
}

async fn write(app: &App, chain: Option<TenantId>, events: &[(Actor, Event)]) -> Result<()> {
    let Some(id) = chain else {
        let mut tx = app.db().platform().await?;
        for (actor, event) in events {
            tx.record(actor, event.clone());
        }
        return Ok(tx.commit().await?);
    };
    let mut tx = app.db().tenant(&job(id)).await?;
    for (actor, event) in events {
        tx.record_by(actor.clone(), event.clone());
    }
    match tx.commit().await {
        // Purged in the meantime.
        Err(DbError::Corrupt(_)) => Ok(()),
        done => Ok(done?),
    }
}

/// Writes what is refused for as long as the server runs.
pub async fn keep_writing_refusals(app: App) {
    loop {
        let new = app.refusals().new.notified();
        // Folds whose minute is over are nobody's news.
        let _ = tokio::time::timeout(MINUTE / 6, new).await;
        tokio::time::sleep(GATHER).await;
        if let Err(error) = write_refusals(&app).await {
            tracing::warn!(?error, "what was refused could not be recorded");
        }
    }
}

#[cfg(test)]
mod tests;
