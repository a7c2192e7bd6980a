-- What a tenant grants or denies to one of its members beside the matrix of permissions: in the whole
-- tenant, or in one workspace. Goes with the membership, and with the workspace.
create table permission_override (
  tenant_id uuid not null references tenant (id) on delete cascade,
  user_id uuid not null,
  permission text not null,
  effect text not null check (effect in ('grant', 'deny')),
  -- null: in the whole tenant
  workspace_id uuid,
  created_at timestamptz not null,
  -- One word on each permission in each place. No primary key: that would take no null.
  constraint permission_override_key unique nulls not distinct (tenant_id, user_id, permission, workspace_id),
  foreign key (tenant_id, user_id) references membership (tenant_id, user_id) on delete cascade,
  foreign key (tenant_id, workspace_id) references workspace (tenant_id, id) on delete cascade
);
create index permission_override_workspace_idx on permission_override (tenant_id, workspace_id);
alter table permission_override enable row level security;
alter table permission_override force row level security;
create policy tenant_isolation on permission_override to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy workspace_scope on permission_override as restrictive to tenantry_tenant
  using (workspace_id is null or (select app.all_workspaces()) or workspace_id = any ((select app.workspace_ids())::uuid[]));
-- Found together with the membership, before the tenant is known.
create policy lookup on permission_override for select to tenantry_platform using (true);
grant select, insert, update, delete on permission_override to tenantry_tenant;
grant select (tenant_id, user_id, permission, effect, workspace_id) on permission_override to tenantry_platform;
