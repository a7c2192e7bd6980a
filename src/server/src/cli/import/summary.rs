//! What an import did, for people: what was taken, what was not, and why.

use std::fmt::Write;

use tenantry_domain::import::{ImportReport, LeftOut, Taken, TenantTaken, What};

pub(super) fn of(report: &ImportReport) -> String {
    let mut text = String::new();
    // Writing into a text does not fail.
    let _ = write(&mut text, report);
    text
}

fn write(text: &mut String, report: &ImportReport) -> std::fmt::Result {
    if report.dry_run {
        writeln!(text, "Nothing was written. The import would do this:")?;
    }
    writeln!(text, "Accounts:  {}", taken(report.accounts))?;
    writeln!(text, "Models:    {}", taken(report.models))?;
    for provider in &report.providers {
        let state = if provider.added { "added" } else { "there already" };
        let off = if provider.enabled { "" } else { ", switched off" };
        let key = if provider.has_api_key { ", with its key" } else { ", without a key" };
        writeln!(text, "Provider:  {} ({}): {state}{off}{key}", provider.name, provider.base_url)?;
    }
    for tenant in &report.tenants {
        write_tenant(text, tenant)?;
    }
    write_left_out(text, "Not taken, or not as it was:", &report.left_out)
}

fn write_tenant(text: &mut String, tenant: &TenantTaken) -> std::fmt::Result {
    let state = if tenant.created { "made" } else { "there already" };
    writeln!(text, "\nTenant {} ({}): {state}", tenant.name, tenant.slug.as_str())?;
    if let Some(owner) = &tenant.owner {
        writeln!(text, "  Owner:       {owner}")?;
    }
    writeln!(text, "  Members:     {}", taken(tenant.members))?;
    writeln!(
        text,
        "  Workspaces:  {}, with people: {}",
        taken(tenant.workspaces),
        taken(tenant.workspace_members)
    )?;
    let models = &tenant.models;
    writeln!(
        text,
        "  Models:      {} for everyone, {} for workspaces, {} in no workspace, {} not enabled, {} decided before",
        models.for_everyone.len(),
        models.for_workspaces.len(),
        models.in_no_workspace.len(),
        models.not_enabled.len(),
        models.decided_before.len()
    )?;
    for model in &models.for_workspaces {
        writeln!(text, "    {} in {}", model.model, model.workspaces.join(", "))?;
    }
    if let Some(limit) = tenant.over_member_limit {
        writeln!(
            text,
            "  Note: there are more members than the limit of {limit} allows; nobody can be invited until it is raised"
        )?;
    }
    write_left_out(text, "  Not taken, or not as it was:", &tenant.left_out)
}

fn write_left_out(text: &mut String, title: &str, all: &[LeftOut]) -> std::fmt::Result {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(text, "{title}")?;
    for one in all {
        let what = match one.what {
            What::Person => "person",
            What::Model => "model",
            What::Preset => "preset",
            What::Provider => "provider",
            What::Tenant => "tenant",
        };
        writeln!(text, "    {what} {}: {}", one.name, one.detail)?;
    }
    Ok(())
}

fn taken(taken: Taken) -> String {
    format!("{} new, {} there already", taken.added, taken.existing)
}
