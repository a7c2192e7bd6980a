//! Which layout a database has, told from its tables and columns and not from a version: people run
//! every version there was.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use super::ReadError;

/// Where grants on models stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grants {
    /// Rows of `access_grant`.
    Rows,
    /// JSON in `model.access_control`.
    Column,
}

/// Where the members of groups stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Members {
    /// Rows of `group_member`.
    Rows,
    /// JSON in `group.user_ids`.
    Column,
}

/// Where the configuration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Config {
    /// One row a key.
    Rows,
    /// One document, the newest row counts.
    Document,
    Absent,
}

#[derive(Debug)]
pub(super) struct Layout {
    pub grants: Grants,
    pub members: Members,
    pub config: Config,
    pub parents: bool,
    pub auth_active: bool,
    pub organization_members: bool,
    pub organization_models: bool,
    /// A table with the names of organizations.
    pub organization_names: Option<&'static str>,
    tables: Tables,
}

#[derive(Debug)]
struct Tables(HashMap<String, HashSet<String>>);

impl Tables {
    fn read(connection: &Connection) -> Result<Self, ReadError> {
        let mut query = connection.prepare(
            "select t.name, c.name from sqlite_master t join pragma_table_info(t.name) c where t.type in ('table', 'view') order by t.name",
        )?;
        let mut tables: HashMap<String, HashSet<String>> = HashMap::new();
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            tables.entry(row.get(0)?).or_default().insert(row.get(1)?);
        }
        Ok(Self(tables))
    }

    fn has(&self, table: &str, column: &str) -> bool {
        self.0.get(table).is_some_and(|columns| columns.contains(column))
    }

    fn require(&self, table: &str, columns: &[&str]) -> Result<(), ReadError> {
        if !self.0.contains_key(table) {
            return Err(ReadError::OtherSchema(format!("the table {table}")));
        }
        match columns.iter().find(|column| !self.has(table, column)) {
            Some(column) => Err(ReadError::OtherSchema(format!("the column {table}.{column}"))),
            None => Ok(()),
        }
    }
}

impl Layout {
    /// `column` when the table has it, else `otherwise`: for columns that came later.
    pub fn column_or(&self, table: &str, column: &'static str, otherwise: &'static str) -> &'static str {
        if self.tables.has(table, column) { column } else { otherwise }
    }
}

pub(super) fn find(connection: &Connection) -> Result<Layout, ReadError> {
    let tables = Tables::read(connection)?;
    tables.require("user", &["id", "email", "name", "role", "created_at"])?;
    tables.require("auth", &["id", "password"])?;
    tables.require("model", &["id", "base_model_id", "name", "is_active"])?;
    tables.require("group", &["id", "name"])?;
    let grants = if tables.0.contains_key("access_grant") {
        tables.require(
            "access_grant",
            &["resource_type", "resource_id", "principal_type", "principal_id", "permission"],
        )?;
        Grants::Rows
    } else {
        tables.require("model", &["access_control"])?;
        Grants::Column
    };
    let members = if tables.0.contains_key("group_member") {
        tables.require("group_member", &["group_id", "user_id"])?;
        Members::Rows
    } else {
        tables.require("group", &["user_ids"])?;
        Members::Column
    };
    let config = if tables.has("config", "key") && tables.has("config", "value") {
        Config::Rows
    } else if tables.has("config", "data") {
        Config::Document
    } else {
        Config::Absent
    };
    let organizations = |table: &str, other: &str| {
        if tables.0.contains_key(table) {
            tables.require(table, &["organization_id", other]).map(|()| true)
        } else {
            Ok(false)
        }
    };
    Ok(Layout {
        grants,
        members,
        config,
        parents: tables.has("group", "parent_group_id"),
        auth_active: tables.has("auth", "active"),
        organization_members: organizations("organization_members", "user_id")?,
        organization_models: organizations("organization_models", "model_id")?,
        organization_names: ["organizations", "organization"]
            .into_iter()
            .find(|t| tables.has(t, "id") && tables.has(t, "name")),
        tables,
    })
}
