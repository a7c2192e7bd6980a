-- Tenants and who is in them.

create table tenant (
  id uuid primary key,
  slug text not null,
  name text not null,
  status text not null default 'active' check (status in ('active', 'suspended', 'inactive')),
  -- an operator's word on the status can only be taken back by an operator
  status_by_operator boolean not null default false,
  plan_id uuid references plan (id) on delete restrict,
  external_id text,
  metadata jsonb not null default '{}',
  settings jsonb not null default '{}',
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index tenant_slug_key on tenant (slug);
create index tenant_name_idx on tenant (lower(name), id);
create index tenant_plan_idx on tenant (plan_id);
alter table tenant enable row level security;
alter table tenant force row level security;
create policy tenant_self on tenant to tenantry_tenant
  using (id = (select app.tenant_id())) with check (id = (select app.tenant_id()));
create policy tenant_platform on tenant to tenantry_platform using (true) with check (true);
grant select, update on tenant to tenantry_tenant;
grant select, insert, update, delete on tenant to tenantry_platform;

-- Every slug that a tenant has or had: old ones stay reserved and lead to the tenant.
create table tenant_slug (
  slug text primary key,
  tenant uuid not null references tenant (id) on delete cascade,
  created_at timestamptz not null
);
create index tenant_slug_tenant_idx on tenant_slug (tenant);
grant select, insert, delete on tenant_slug to tenantry_platform;

-- The data key of a tenant, wrapped by the server's key.
create table tenant_key (
  tenant_id uuid primary key references tenant (id) on delete cascade,
  wrapped bytea not null,
  created_at timestamptz not null
);
alter table tenant_key enable row level security;
alter table tenant_key force row level security;
create policy tenant_isolation on tenant_key to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
grant select, insert on tenant_key to tenantry_tenant;

create table membership (
  tenant_id uuid not null references tenant (id) on delete cascade,
  user_id uuid not null references user_account (id) on delete cascade,
  role text not null check (role in ('owner', 'admin', 'developer', 'viewer')),
  status text not null default 'active' check (status in ('active', 'disabled')),
  joined_at timestamptz not null,
  last_active_at timestamptz,
  steps_dismissed boolean not null default false,
  primary key (tenant_id, user_id)
);
create index membership_user_idx on membership (user_id, tenant_id);
alter table membership enable row level security;
alter table membership force row level security;
create policy tenant_isolation on membership to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy lookup on membership for select to tenantry_platform using (true);
grant select, insert, update, delete on membership to tenantry_tenant;
grant select on membership to tenantry_platform;

-- Of people a tenant sees its own members, and of those what stands in the grant.
alter table user_account enable row level security;
alter table user_account force row level security;
create policy platform on user_account to tenantry_platform using (true) with check (true);
create policy members on user_account for select to tenantry_tenant
  using (exists (select 1 from membership m where m.tenant_id = (select app.tenant_id()) and m.user_id = user_account.id));
grant select (id, email, name, status) on user_account to tenantry_tenant;

create table workspace (
  tenant_id uuid not null references tenant (id) on delete cascade,
  id uuid not null,
  slug text not null,
  name text not null,
  description text not null default '',
  status text not null default 'active' check (status in ('active', 'archived')),
  metadata jsonb not null default '{}',
  settings jsonb not null default '{}',
  models_mode text not null default 'inherit' check (models_mode in ('inherit', 'restrict')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
create unique index workspace_slug_key on workspace (tenant_id, slug);
alter table workspace enable row level security;
alter table workspace force row level security;
create policy tenant_isolation on workspace to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy workspace_scope on workspace as restrictive to tenantry_tenant
  using ((select app.all_workspaces()) or id = any ((select app.workspace_ids())::uuid[]));
create policy lookup on workspace for select to tenantry_platform using (true);
grant select, insert, update, delete on workspace to tenantry_tenant;
-- `/api/v1/workspaces/{workspace}` names no tenant: it is found by the workspace.
grant select (tenant_id, id, slug, name, status) on workspace to tenantry_platform;

create table workspace_membership (
  tenant_id uuid not null references tenant (id) on delete cascade,
  workspace_id uuid not null,
  user_id uuid not null,
  role text not null check (role in ('admin', 'reviewer', 'annotator', 'viewer')),
  created_at timestamptz not null,
  primary key (tenant_id, workspace_id, user_id),
  foreign key (tenant_id, workspace_id) references workspace (tenant_id, id) on delete cascade,
  foreign key (tenant_id, user_id) references membership (tenant_id, user_id) on delete cascade
);
create index workspace_membership_user_idx on workspace_membership (tenant_id, user_id);
alter table workspace_membership enable row level security;
alter table workspace_membership force row level security;
create policy tenant_isolation on workspace_membership to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy workspace_scope on workspace_membership as restrictive to tenantry_tenant
  using ((select app.all_workspaces()) or workspace_id = any ((select app.workspace_ids())::uuid[]));
create policy lookup on workspace_membership for select to tenantry_platform using (true);
grant select, insert, update, delete on workspace_membership to tenantry_tenant;
grant select on workspace_membership to tenantry_platform;

create table invitation (
  tenant_id uuid not null references tenant (id) on delete cascade,
  id uuid not null,
  email text not null,
  role text not null check (role in ('owner', 'admin', 'developer', 'viewer')),
  -- SHA-256 of the token in the link; unique over all tenants, because it alone opens the door
  token_hash bytea not null unique,
  -- 'expired' is not stored: a pending one whose time has passed is expired
  status text not null default 'pending' check (status in ('pending', 'accepted', 'revoked')),
  invited_by uuid,
  invited_by_name text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid,
  primary key (tenant_id, id)
);
create unique index invitation_pending_key on invitation (tenant_id, email) where status = 'pending';
create index invitation_email_idx on invitation (email) where status = 'pending';
create index invitation_created_idx on invitation (tenant_id, created_at desc, id);
alter table invitation enable row level security;
alter table invitation force row level security;
create policy tenant_isolation on invitation to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy lookup on invitation for select to tenantry_platform using (true);
grant select, insert, update, delete on invitation to tenantry_tenant;
grant select (tenant_id, id, email, role, token_hash, status, invited_by_name, expires_at, created_at) on invitation to tenantry_platform;

create table invitation_workspace (
  tenant_id uuid not null references tenant (id) on delete cascade,
  invitation_id uuid not null,
  workspace_id uuid not null,
  role text not null check (role in ('admin', 'reviewer', 'annotator', 'viewer')),
  primary key (tenant_id, invitation_id, workspace_id),
  foreign key (tenant_id, invitation_id) references invitation (tenant_id, id) on delete cascade,
  foreign key (tenant_id, workspace_id) references workspace (tenant_id, id) on delete cascade
);
create index invitation_workspace_workspace_idx on invitation_workspace (tenant_id, workspace_id);
alter table invitation_workspace enable row level security;
alter table invitation_workspace force row level security;
create policy tenant_isolation on invitation_workspace to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy workspace_scope on invitation_workspace as restrictive to tenantry_tenant
  using ((select app.all_workspaces()) or workspace_id = any ((select app.workspace_ids())::uuid[]));
grant select, insert, update, delete on invitation_workspace to tenantry_tenant;

-- A tenant's own limits; what is not here comes from its plan.
create table quota_limit (
  tenant_id uuid not null references tenant (id) on delete cascade,
  resource text not null,
  -- null: no limit
  amount bigint check (amount >= 0),
  updated_at timestamptz not null,
  primary key (tenant_id, resource)
);
alter table quota_limit enable row level security;
alter table quota_limit force row level security;
create policy tenant_isolation on quota_limit to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
grant select, insert, update, delete on quota_limit to tenantry_tenant;
