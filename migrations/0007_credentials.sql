-- What stands for somebody without a session: API keys, and the tokens that a log-in over the API gives.

create table api_key (
  tenant_id uuid not null references tenant (id) on delete cascade,
  id uuid not null,
  name text not null,
  -- how the secret begins: people tell keys apart by it
  prefix text not null,
  -- SHA-256 of the secret; unique over all tenants, because it alone opens the door
  token_hash bytea not null,
  -- the secret from before the last rotation, and how long it still works
  previous_token_hash bytea,
  previous_until timestamptz,
  -- null: a key of the tenant itself. A key of a person goes with their membership
  user_id uuid,
  -- of a key of the tenant: the role of who made it, above which it gives no roles
  role text not null check (role in ('owner', 'admin', 'developer', 'viewer')),
  made_by_name text not null,
  scopes text[] not null,
  workspace_id uuid,
  -- null: whatever is allowed; empty: none
  models uuid[],
  rate_requests integer check (rate_requests > 0),
  rate_seconds integer check (rate_seconds > 0),
  -- micro-USD
  budget_amount bigint check (budget_amount >= 0),
  budget_per text check (budget_per in ('day', 'month')),
  usage_count bigint not null default 0,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references membership (tenant_id, user_id) on delete cascade,
  foreign key (tenant_id, workspace_id) references workspace (tenant_id, id) on delete cascade,
  check ((rate_requests is null) = (rate_seconds is null)),
  check ((budget_amount is null) = (budget_per is null)),
  check ((previous_token_hash is null) = (previous_until is null))
);
create unique index api_key_token_hash_key on api_key (token_hash);
create unique index api_key_previous_token_hash_key on api_key (previous_token_hash);
create index api_key_created_idx on api_key (tenant_id, created_at desc, id);
create index api_key_user_idx on api_key (tenant_id, user_id);
create index api_key_workspace_idx on api_key (tenant_id, workspace_id);
alter table api_key enable row level security;
alter table api_key force row level security;
create policy tenant_isolation on api_key to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy workspace_scope on api_key as restrictive to tenantry_tenant
  using ((select app.all_workspaces()) or workspace_id is null or workspace_id = any ((select app.workspace_ids())::uuid[]));
create policy lookup on api_key for select to tenantry_platform using (true);
grant select, insert, update, delete on api_key to tenantry_tenant;
grant select (tenant_id, id, name, token_hash, previous_token_hash, previous_until, user_id, role, scopes, workspace_id, models,
  rate_requests, rate_seconds, budget_amount, budget_per, expires_at, revoked_at) on api_key to tenantry_platform;

-- The keys that access tokens are signed with. The newest signs; the public half of an older one stays
-- until every token that it signed has died.
create table signing_key (
  id uuid primary key,
  public_key bytea not null,
  private_sealed bytea not null,
  created_at timestamptz not null,
  -- null: it signs
  retired_at timestamptz
);
create unique index signing_key_current_key on signing_key ((retired_at is null)) where retired_at is null;

-- A log-in over the API: all tokens that follow from it belong to one family, and end with it.
create table token_family (
  id uuid primary key,
  user_id uuid not null references user_account (id) on delete cascade,
  -- what its tokens name as their context
  tenant uuid references tenant (id) on delete cascade,
  workspace uuid,
  -- SHA-256 of the account's password hash: another password ends the family
  password_mark bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index token_family_user_idx on token_family (user_id);
create index token_family_tenant_idx on token_family (tenant);
create index token_family_expires_idx on token_family (expires_at);

create table refresh_token (
  -- SHA-256
  token_hash bytea primary key,
  family_id uuid not null references token_family (id) on delete cascade,
  created_at timestamptz not null,
  -- a second use is a theft, and ends the family
  used_at timestamptz
);
create index refresh_token_family_idx on refresh_token (family_id);

grant select, insert, update, delete on signing_key, token_family, refresh_token to tenantry_platform;
