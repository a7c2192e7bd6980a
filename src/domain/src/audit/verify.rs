//! Whether the record is what was written: each chain by itself, and held against the heads that
//! were noted outside the database.

use tenantry_db::TenantTx;
use tenantry_db::access::job;
use tenantry_db::audit::{self as db, Finding, PLATFORM, Verified};
use tenantry_types::TenantId;
use tenantry_types::audit::{AuditFault, AuditFinding, AuditVerification};

use super::heads::{self, Noted};
use crate::{App, Granted, Operator, Result, needs};

fn fault(finding: Finding) -> AuditFault {
    match finding {
        Finding::Edited => AuditFault::Edited,
        Finding::Missing => AuditFault::Missing,
        Finding::Moved => AuditFault::Moved,
        Finding::Truncated => AuditFault::Truncated,
        Finding::Added => AuditFault::Added,
        Finding::Rewritten => AuditFault::Rewritten,
    }
}

fn told(chain: &str, verified: Verified, noted: &Noted) -> AuditVerification {
    let mut findings: Vec<AuditFinding> = verified
        .found
        .iter()
        .map(|found| AuditFinding {
            seq: Some(found.seq),
            fault: fault(found.finding),
        })
        .collect();
    if noted.forged > 0 {
        findings.push(AuditFinding {
            seq: None,
            fault: AuditFault::Forged,
        });
    }
    AuditVerification {
        chain: chain.to_owned(),
        ok: findings.is_empty(),
        events: verified.rows,
        erased: verified.erased,
        last: verified.head,
        noted: noted.heads.keys().next_back().copied(),
        findings,
    }
}

async fn chain(tx: &mut TenantTx, noted: &Noted) -> Result<AuditVerification> {
    let name = tx.tenant_id().to_string();
    Ok(told(&name, db::verify(tx, &noted.heads).await?, noted))
}

/// Verifies the tenant's chain.
///
/// # Errors
/// When the database or the log of heads does not answer.
pub async fn verify(app: &App, by: Granted<needs::AuditRead>) -> Result<AuditVerification> {
    let name = by.tenant_id().to_string();
    // Read first: a head that is noted afterwards is none that the chain has to reach.
    let noted = heads::noted(app, Some(&name)).await?.remove(&name).unwrap_or_default();
    // Whoever may enter some workspaces only would miss the others' events, and take them for removed.
    let mut tx = app.db().tenant(&job(by.tenant_id())).await?;
    chain(&mut tx, &noted).await
}

/// The same for the command line: a tenant by id or slug.
///
/// # Errors
/// `NotFound`.
pub async fn verify_tenant(app: &App, by: &Operator, tenant: &str) -> Result<AuditVerification> {
    let id = crate::tenants::find(app, by, tenant).await?.id;
    let name = id.to_string();
    let noted = heads::noted(app, Some(&name)).await?.remove(&name).unwrap_or_default();
    let mut tx = app.db().tenant(&job(id)).await?;
    chain(&mut tx, &noted).await
}

/// Verifies the server's own chain.
///
/// # Errors
/// When the database or the log of heads does not answer.
pub async fn verify_platform(app: &App, _by: &Operator) -> Result<AuditVerification> {
    let noted = heads::noted(app, Some(PLATFORM)).await?.remove(PLATFORM).unwrap_or_default();
    let mut tx = app.db().platform().await?;
    Ok(told(PLATFORM, db::verify_platform(&mut tx, &noted.heads).await?, &noted))
}

/// Verifies every chain, one after the other; `done` is told of each. A chain that was noted and whose
/// tenant is gone is truncated, unless the record says that an operator purged it.
///
/// # Errors
/// When the database or the log of heads does not answer.
pub async fn verify_all(app: &App, by: &Operator, mut done: impl FnMut(&AuditVerification)) -> Result<Vec<AuditVerification>> {
    let mut noted = heads::noted(app, None).await?;
    noted.remove(PLATFORM);
    let mut out = vec![verify_platform(app, by).await?];
    out.iter().for_each(&mut done);
    let mut after = None;
    loop {
        let mut tx = app.db().platform().await?;
        let heads = db::heads(&mut tx, after, 100).await?;
        drop(tx);
        let tenants: Vec<TenantId> = heads.iter().filter_map(|head| head.tenant).collect();
        let Some(last) = tenants.last().copied() else { break };
        after = Some(last);
        for id in tenants {
            let noted = noted.remove(&id.to_string()).unwrap_or_default();
            let mut tx = app.db().tenant(&job(id)).await?;
            let verified = chain(&mut tx, &noted).await?;
            done(&verified);
            out.push(verified);
        }
    }
    let gone: Vec<String> = noted.keys().cloned().collect();
    let mut tx = app.db().platform().await?;
    let purged = db::purged(&mut tx, &gone).await?;
    drop(tx);
    for (name, noted) in noted {
        if purged.contains(&name) {
            continue;
        }
        let truncated = db::Found {
            seq: 1,
            finding: Finding::Truncated,
        };
        let verified = Verified {
            found: vec![truncated],
            ..Verified::default()
        };
        let verified = told(&name, verified, &noted);
        done(&verified);
        out.push(verified);
    }
    Ok(out)
}
