//! The rows, table by table. Columns that may be null there, and values that older versions wrote in
//! other forms, are taken as they come; JSON that cannot be read counts as absent, but for access:
//! there it counts as closed.

use std::collections::{BTreeMap, HashMap};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use serde_json::Value;
use tenantry_domain::import::{Deployment, Readers, SourceGroup, SourceModel, SourceOrganization, SourceOrganizationMember, SourceUser};

use super::ReadError;
use super::connections;
use super::schema::{Grants, Layout, Members};

pub(super) fn deployment(connection: &Connection, layout: &Layout) -> Result<Deployment, ReadError> {
    check(connection, layout)?;
    let (models, presets) = models(connection, layout)?;
    Ok(Deployment {
        users: users(connection, layout)?,
        groups: groups(connection, layout)?,
        models,
        presets,
        providers: connections::all(connection, layout)?,
        organizations: organizations(connection, layout)?,
    })
}

/// Damage that a plain read would not notice, in the tables that are read.
fn check(connection: &Connection, layout: &Layout) -> Result<(), ReadError> {
    let mut tables = vec!["user", "auth", "model", "group"];
    if layout.grants == Grants::Rows {
        tables.push("access_grant");
    }
    if layout.members == Members::Rows {
        tables.push("group_member");
    }
    for table in tables {
        let verdict: String = connection.query_row(&format!("pragma quick_check('{table}')"), [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(ReadError::Corrupt(format!("the table {table} does not pass SQLite's own check")));
        }
    }
    Ok(())
}

pub(super) fn collect<T>(
    connection: &Connection,
    sql: &str,
    mut read: impl FnMut(&Row<'_>) -> Result<T, rusqlite::Error>,
) -> Result<Vec<T>, ReadError> {
    let mut query = connection.prepare(sql)?;
    let mut rows = query.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read(row)?);
    }
    Ok(out)
}

pub(super) fn text(row: &Row<'_>, at: usize) -> Result<String, rusqlite::Error> {
    Ok(row.get::<_, Option<String>>(at)?.unwrap_or_default())
}

/// SQLite holds what was put in, whatever the column says: a truth may be a number or a word.
fn truth(row: &Row<'_>, at: usize) -> Result<bool, rusqlite::Error> {
    Ok(match row.get_ref(at)? {
        ValueRef::Integer(n) => n != 0,
        ValueRef::Real(n) => n != 0.0,
        ValueRef::Text(word) => matches!(word.to_ascii_lowercase().as_slice(), b"1" | b"t" | b"true" | b"yes" | b"on"),
        ValueRef::Null | ValueRef::Blob(_) => false,
    })
}

/// Seconds since 1970; some versions wrote finer units.
fn seconds(row: &Row<'_>, at: usize) -> Result<i64, rusqlite::Error> {
    let n = match row.get_ref(at)? {
        ValueRef::Integer(n) => n,
        ValueRef::Text(word) => std::str::from_utf8(word).ok().and_then(|w| w.trim().parse().ok()).unwrap_or(0),
        _ => 0,
    };
    Ok(match n.unsigned_abs() {
        0..100_000_000_000 => n,
        100_000_000_000..100_000_000_000_000 => n / 1_000,
        100_000_000_000_000..100_000_000_000_000_000 => n / 1_000_000,
        _ => n / 1_000_000_000,
    })
}

fn users(connection: &Connection, layout: &Layout) -> Result<Vec<SourceUser>, ReadError> {
    let active = if layout.auth_active { "coalesce(a.active, 1)" } else { "1" };
    let sql = format!(
        "select u.id, u.email, u.name, u.role, a.password, {active}, u.created_at
         from user u
         left join auth a on a.id = u.id"
    );
    let mut users = collect(connection, &sql, |row| {
        Ok(SourceUser {
            id: text(row, 0)?,
            email: text(row, 1)?.trim().to_lowercase(),
            name: text(row, 2)?,
            role: text(row, 3)?,
            password_hash: row.get::<_, Option<String>>(4)?.filter(|hash| !hash.is_empty()),
            active: truth(row, 5)?,
            created_at: seconds(row, 6)?,
        })
    })?;
    users.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    Ok(users)
}

fn groups(connection: &Connection, layout: &Layout) -> Result<Vec<SourceGroup>, ReadError> {
    let parent = if layout.parents { "parent_group_id" } else { "null" };
    let members = if layout.members == Members::Column { "user_ids" } else { "null" };
    let (description, created) = (
        layout.column_or("group", "description", "null"),
        layout.column_or("group", "created_at", "id"),
    );
    let sql = format!(r#"select id, name, {description}, {parent}, {members} from "group" order by {created}, id"#);
    let mut groups = collect(connection, &sql, |row| {
        Ok(SourceGroup {
            id: text(row, 0)?,
            name: text(row, 1)?,
            description: text(row, 2)?,
            parent: row.get::<_, Option<String>>(3)?.filter(|id| !id.is_empty()),
            members: row.get::<_, Option<String>>(4)?.map(|json| strings(&parse(&json))).unwrap_or_default(),
        })
    })?;
    if layout.members == Members::Rows {
        let pairs = collect(
            connection,
            "select group_id, user_id from group_member order by group_id, user_id",
            |row| Ok((text(row, 0)?, text(row, 1)?)),
        )?;
        let mut of: HashMap<String, Vec<String>> = HashMap::new();
        for (group, user) in pairs {
            of.entry(group).or_default().push(user);
        }
        for group in &mut groups {
            group.members = of.remove(&group.id).unwrap_or_default();
        }
    }
    Ok(groups)
}

fn models(connection: &Connection, layout: &Layout) -> Result<(Vec<SourceModel>, Vec<String>), ReadError> {
    let mut granted = if layout.grants == Grants::Rows {
        grants(connection)?
    } else {
        HashMap::new()
    };
    let control = if layout.grants == Grants::Column { "access_control" } else { "null" };
    let sql = format!("select id, base_model_id, name, is_active, {control} from model order by id");
    let (mut models, mut presets) = (Vec::new(), Vec::new());
    let rows = collect(connection, &sql, |row| {
        Ok((
            text(row, 0)?,
            row.get::<_, Option<String>>(1)?,
            text(row, 2)?,
            truth(row, 3)?,
            row.get::<_, Option<String>>(4)?,
        ))
    })?;
    for (id, base, name, active, control) in rows {
        if base.is_some_and(|base| !base.is_empty()) {
            presets.push(id);
            continue;
        }
        let readers = match layout.grants {
            Grants::Rows => granted.remove(&id).unwrap_or(Readers::Nobody),
            Grants::Column => readers(control.as_deref()),
        };
        models.push(SourceModel { id, name, active, readers });
    }
    Ok((models, presets))
}

/// Who may read which model. A grant to write does not let one use a model there.
fn grants(connection: &Connection) -> Result<HashMap<String, Readers>, ReadError> {
    let sql = "select resource_id, principal_type, principal_id
               from access_grant
               where resource_type = 'model' and permission = 'read'
               order by resource_id, principal_id";
    let mut out: HashMap<String, Readers> = HashMap::new();
    for (model, kind, principal) in collect(connection, sql, |row| Ok((text(row, 0)?, text(row, 1)?, text(row, 2)?)))? {
        let readers = out.entry(model).or_insert(Readers::Nobody);
        if principal == "*" || kind == "anyone" {
            *readers = Readers::Everyone;
        } else if *readers != Readers::Everyone {
            let (mut groups, mut people) = match std::mem::replace(readers, Readers::Nobody) {
                Readers::Listed { groups, people } => (groups, people),
                _ => (Vec::new(), 0),
            };
            match kind.as_str() {
                "group" => groups.push(principal),
                _ => people += 1,
            }
            *readers = Readers::Listed { groups, people };
        }
    }
    Ok(out)
}

/// The older form: null (in SQL or in JSON) is open to all, `{}` to nobody.
fn readers(control: Option<&str>) -> Readers {
    let Some(control) = control else { return Readers::Everyone };
    match serde_json::from_str::<Value>(control) {
        Ok(Value::Null) => Readers::Everyone,
        Ok(value) => {
            let list = |name: &str| value.get("read").and_then(|r| r.get(name)).map(strings).unwrap_or_default();
            let (groups, people) = (list("group_ids"), list("user_ids").len());
            if groups.is_empty() && people == 0 {
                Readers::Nobody
            } else {
                Readers::Listed { groups, people }
            }
        }
        Err(_) => Readers::Nobody,
    }
}

pub(super) fn parse(json: &str) -> Value {
    // JSON columns may hold JSON that was written twice: a text that holds a list.
    match serde_json::from_str(json) {
        Ok(Value::String(inner)) => serde_json::from_str(&inner).unwrap_or(Value::String(inner)),
        Ok(value) => value,
        Err(_) => Value::Null,
    }
}

pub(super) fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// Tables that some deployments added themselves.
fn organizations(connection: &Connection, layout: &Layout) -> Result<Vec<SourceOrganization>, ReadError> {
    let mut found: BTreeMap<String, SourceOrganization> = BTreeMap::new();
    let empty = |id: &str| SourceOrganization {
        id: id.to_owned(),
        name: None,
        members: Vec::new(),
        models: Vec::new(),
    };
    if let Some(table) = layout.organization_names {
        for (id, name) in collect(connection, &format!("select id, name from {table}"), |row| {
            Ok((text(row, 0)?, text(row, 1)?))
        })? {
            let name = Some(name).filter(|name| !name.trim().is_empty());
            found.insert(id.clone(), SourceOrganization { name, ..empty(&id) });
        }
    }
    if layout.organization_members {
        let (role, active) = (
            layout.column_or("organization_members", "role", "''"),
            layout.column_or("organization_members", "is_active", "1"),
        );
        let sql = format!("select organization_id, user_id, {role}, {active} from organization_members order by organization_id, user_id");
        for (id, user, role, active) in collect(connection, &sql, |row| Ok((text(row, 0)?, text(row, 1)?, text(row, 2)?, truth(row, 3)?)))? {
            found
                .entry(id.clone())
                .or_insert_with(|| empty(&id))
                .members
                .push(SourceOrganizationMember { user, role, active });
        }
    }
    if layout.organization_models {
        let active = layout.column_or("organization_models", "is_active", "1");
        let sql = format!("select organization_id, model_id, {active} from organization_models order by organization_id, model_id");
        for (id, model, active) in collect(connection, &sql, |row| Ok((text(row, 0)?, text(row, 1)?, truth(row, 2)?)))? {
            found.entry(id.clone()).or_insert_with(|| empty(&id)).models.push((model, active));
        }
    }
    // A table of names alone is no sign of organizations that people belong to.
    Ok(if layout.organization_members || layout.organization_models {
        found.into_values().collect()
    } else {
        Vec::new()
    })
}
