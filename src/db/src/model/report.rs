//! Who can use what. What somebody may use follows from their workspaces, and from whether they are
//! in all of them: so the view `user_available_models`, which holds the rule, is asked once for each
//! such kind of person and not for each person. A tenant with 10,000 people has some dozen kinds.

use std::collections::HashMap;
use std::sync::Arc;

use tenantry_types::{Email, PageQuery};
use uuid::Uuid;

use super::access::Opened;
use crate::access::email;
use crate::{Result, TenantTx};

/// Somebody, and the names of the models that they may use.
#[derive(Debug, Clone)]
pub struct Person {
    pub email: Email,
    pub name: String,
    pub models: Arc<[String]>,
}

/// Active members by name, `limit + 1` of them.
///
/// # Errors
/// When the database does not answer.
pub async fn people(tx: &mut TenantTx, query: &PageQuery, opened: Opened) -> Result<Vec<Person>> {
    let tenant = tx.tenant_id().uuid();
    let people = sqlx::query!(
        r#"select m.user_id, u.email, u.name, m.role in ('owner', 'admin') as "everywhere!",
             case when m.role in ('owner', 'admin') then '{}' else coalesce((
               select array_agg(x.workspace_id order by x.workspace_id)
               from workspace_membership x
               where x.tenant_id = $1 and x.user_id = m.user_id), '{}') end as "workspaces!"
           from membership m
           join user_account u on u.id = m.user_id and u.status = 'active'
           where m.tenant_id = $1 and m.status = 'active' and ($2::text is null or lower(u.name) like $2 or u.email like $2)
           order by lower(u.name), u.email
           limit $3 offset $4"#,
        tenant,
        query.pattern(),
        i64::from(query.limit) + 1,
        i64::from(query.skip),
    )
    .fetch_all(tx.conn())
    .await?;

    // One of each kind stands for all of them.
    let mut kinds: HashMap<(bool, &[Uuid]), Uuid> = HashMap::new();
    for p in &people {
        kinds.entry((p.everywhere, &p.workspaces)).or_insert(p.user_id);
    }
    let models = models_of(tx, &kinds.values().copied().collect::<Vec<_>>(), opened).await?;
    let none: Arc<[String]> = Arc::default();
    let of = |everywhere: bool, workspaces: &[Uuid]| {
        let stands_for = kinds.get(&(everywhere, workspaces));
        stands_for.and_then(|user| models.get(user)).unwrap_or(&none).clone()
    };
    let out = people.iter().map(|p| Person {
        email: email(p.email.clone()),
        name: p.name.clone(),
        models: of(p.everywhere, &p.workspaces),
    });
    Ok(out.collect())
}

async fn models_of(tx: &mut TenantTx, users: &[Uuid], opened: Opened) -> Result<HashMap<Uuid, Arc<[String]>>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        r#"select p.user_id as "user!", x.names as "names!"
           from unnest($2::uuid[]) p (user_id)
           cross join lateral (
             select array_agg(c.name order by c.name) as names
             from (
               select v.model_id from user_available_models v where v.organization_id = $1 and v.user_id = p.user_id
               union
               select o.model_id
               from user_open_models o
               where ($3 or $4) and ($3 or o.enabled) and o.organization_id = $1 and o.user_id = p.user_id
             ) a
             join model c on c.id = a.model_id
           ) x
           where x.names is not null"#,
        tenant,
        users,
        opened.all,
        opened.everyone,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (r.user, r.names.into())).collect())
}

/// How many people the report has in all.
///
/// # Errors
/// When the database does not answer.
pub async fn count(tx: &mut TenantTx, query: &PageQuery) -> Result<i64> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!"
           from membership m
           join user_account u on u.id = m.user_id and u.status = 'active'
           where m.tenant_id = $1 and m.status = 'active' and ($2::text is null or lower(u.name) like $2 or u.email like $2)"#,
        tenant,
        query.pattern(),
    )
    .fetch_one(tx.conn())
    .await?)
}
