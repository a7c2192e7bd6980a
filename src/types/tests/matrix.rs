//! The table of permissions in the documentation is the matrix, word for word.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write;

use tenantry_types::WorkspaceRole;
use tenantry_types::permission::{Kind, TENANT_COLUMNS, matrix};

const HEAD: &str = "# Permissions

Who may do what by their role. Written from `src/types/src/permission.rs`; after a change there, run `UPDATE_PERMISSIONS=1 cargo test -p tenantry-types`.

Owners and admins of a tenant are admin in each of its workspaces. A viewer of the tenant sees the workspaces that they are in; all others see all. A tenant can
grant and deny permissions to a member beside this, in the whole tenant or, where the last column says so, in one workspace: see [DECISIONS.md](DECISIONS.md).
In a tenant that is suspended or deactivated, owners and operators keep what reads and what brings it back; nobody writes.

";

fn table() -> String {
    let mut out = HEAD.to_owned();
    let mark = |yes: bool| if yes { "yes" } else { "" };
    let mut line = |cells: Vec<String>| writeln!(out, "| {} |", cells.join(" | ")).unwrap();
    let mut head = vec!["permission".to_owned(), "lets one".to_owned(), "kind".to_owned()];
    head.extend(TENANT_COLUMNS.iter().map(|role| role.as_str().to_owned()));
    head.extend(WorkspaceRole::ALL.iter().map(|role| format!("workspace {role}")));
    head.push("in one workspace".to_owned());
    let rule = head.iter().map(|_| "---".to_owned()).collect();
    line(head);
    line(rule);
    for row in matrix() {
        let kind = match row.kind {
            Kind::Read => "read",
            Kind::Write => "write",
            Kind::Lifecycle => "lifecycle",
        };
        let mut cells = vec![format!("`{}`", row.permission.as_str()), row.description.to_owned(), kind.to_owned()];
        cells.extend(TENANT_COLUMNS.iter().map(|role| mark(row.tenant_roles.contains(role)).to_owned()));
        cells.extend(WorkspaceRole::ALL.iter().map(|role| mark(row.workspace_roles.contains(role)).to_owned()));
        cells.push(mark(row.per_workspace).to_owned());
        line(cells);
    }
    out
}

#[test]
fn the_documented_table_is_the_matrix() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/PERMISSIONS.md");
    let now = table();
    if std::env::var_os("UPDATE_PERMISSIONS").is_some() {
        std::fs::write(file, &now).unwrap();
        return;
    }
    let there = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        there == now,
        "docs/PERMISSIONS.md is not what the matrix says: run `UPDATE_PERMISSIONS=1 cargo test -p tenantry-types` and commit the file"
    );
}
