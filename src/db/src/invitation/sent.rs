//! How many invitations a tenant made or sent again in a while, so that every node counts alike.

use tenantry_types::{Email, Timestamp};
use time::Duration;
use uuid::Uuid;

use crate::{Result, TenantTx};

/// What is allowed.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// Of the tenant in an hour.
    pub per_hour: u32,
    /// Mails to one address in a day; None: nothing is mailed.
    pub per_address: Option<u32>,
}

/// When there is room for these, if not now. A list that is longer than what an hour allows fits
/// where there was none in the last hour. Whoever counts holds the lock on the tenant's members.
///
/// # Errors
/// When the database does not answer.
pub async fn room_at(tx: &mut TenantTx, to: &[Email], allowed: Allowance, now: Timestamp) -> Result<Option<Timestamp>> {
    let tenant = tx.tenant_id().uuid();
    let emails: Vec<String> = to.iter().map(|email| email.as_str().to_owned()).collect();
    let left = i64::from(allowed.per_hour) - i64::try_from(to.len()).unwrap_or(i64::MAX);
    let hour = now.0 - Duration::HOUR;
    let day = now.0 - Duration::DAY;
    // The one after whose end there is room, counted from the newest.
    let of_tenant = sqlx::query_scalar!(
        "select sent_at from invitation_sent where tenant_id = $1 and sent_at > $2 order by sent_at desc offset $3 limit 1",
        tenant,
        hour,
        left.max(0),
    )
    .fetch_optional(tx.conn())
    .await?;
    let of_address = match allowed.per_address {
        Some(most) => {
            sqlx::query_scalar!(
                r#"select max(x.sent_at) from (
                     select sent_at, row_number() over (partition by email order by sent_at desc) as place
                     from invitation_sent where tenant_id = $1 and email = any ($2) and sent_at > $3
                   ) x where x.place = $4"#,
                tenant,
                &emails,
                day,
                i64::from(most),
            )
            .fetch_one(tx.conn())
            .await?
        }
        None => None,
    };
    let until = [of_tenant.map(|at| at + Duration::HOUR), of_address.map(|at| at + Duration::DAY)];
    Ok(until.into_iter().flatten().max().map(Timestamp))
}

/// Notes what is made or sent again now, and forgets what counts no longer.
///
/// # Errors
/// When the database does not answer.
pub async fn note(tx: &mut TenantTx, to: &[Email], now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let ids: Vec<Uuid> = to.iter().map(|_| Uuid::now_v7()).collect();
    let emails: Vec<String> = to.iter().map(|email| email.as_str().to_owned()).collect();
    sqlx::query!(
        "delete from invitation_sent where tenant_id = $1 and sent_at <= $2",
        tenant,
        now.0 - Duration::DAY
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into invitation_sent (tenant_id, id, email, sent_at) select $1, i, e, $4 from unnest($2::uuid[], $3::text[]) x (i, e)",
        tenant,
        &ids,
        &emails,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
