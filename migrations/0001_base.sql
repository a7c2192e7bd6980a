-- The settings of a transaction, as policies read them. After a commit a setting is '' and not null,
-- hence nullif: without a tenant every policy compares with null and lets nothing through.
create schema app;
grant usage on schema app to tenantry_tenant, tenantry_platform;
revoke create on schema public from public;
grant usage on schema public to tenantry_tenant, tenantry_platform;

create function app.tenant_id() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('app.tenant_id', true), '')::uuid;

create function app.actor_id() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('app.actor_id', true), '')::uuid;

-- '*' or a list of ids: the workspaces that the caller may enter.
create function app.all_workspaces() returns boolean
  language sql stable parallel safe
  return coalesce(current_setting('app.workspaces', true), '') = '*';

create function app.workspace_ids() returns uuid[]
  language sql stable parallel safe
  return case
    when coalesce(current_setting('app.workspaces', true), '') in ('', '*') then '{}'::uuid[]
    else string_to_array(current_setting('app.workspaces', true), ',')::uuid[]
  end;
