-- What belongs to the server as a whole. No row-level security: the role tenantry_tenant has no
-- grants here but those that stand below, column by column.

create table user_account (
  id uuid primary key,
  email text not null,
  name text not null,
  -- PHC string (argon2id), or bcrypt from an import until the next log-in; null: cannot log in with a password
  password_hash text,
  status text not null default 'active' check (status in ('active', 'disabled')),
  is_operator boolean not null default false,
  email_verified boolean not null default false,
  -- the tenant that the person was in last, for `/` and as the session's default
  last_tenant uuid,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  last_active_at timestamptz
);
create unique index user_account_email_key on user_account (email);
create index user_account_operator_idx on user_account (id) where is_operator;

create table session (
  -- SHA-256 of the id in the cookie
  id_hash bytea primary key,
  user_id uuid references user_account (id) on delete cascade,
  data jsonb not null,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null
);
create index session_user_idx on session (user_id);
create index session_expires_idx on session (expires_at);

create table plan (
  id uuid primary key,
  name text not null,
  limits jsonb not null default '{}',
  is_default boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index plan_name_key on plan (lower(name));
create unique index plan_default_key on plan (is_default) where is_default;

create table provider (
  id uuid primary key,
  name text not null,
  kind text not null,
  base_url text not null,
  api_key_sealed bytea,
  enabled boolean not null default true,
  check_ok boolean,
  check_at timestamptz,
  check_error text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index provider_name_key on provider (lower(name));

create table model (
  id uuid primary key,
  name text not null,
  display_name text not null,
  context_length bigint,
  modalities text[] not null default '{}',
  -- micro-USD per million tokens, request_price per request; null is unknown
  input_price bigint check (input_price >= 0),
  output_price bigint check (output_price >= 0),
  cached_input_price bigint check (cached_input_price >= 0),
  request_price bigint check (request_price >= 0),
  is_active boolean not null default true,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index model_name_key on model (name);

create table model_route (
  model_id uuid not null references model (id) on delete cascade,
  provider_id uuid not null references provider (id) on delete restrict,
  upstream_name text not null,
  priority integer not null default 0,
  primary key (model_id, provider_id, upstream_name)
);
create index model_route_provider_idx on model_route (provider_id, upstream_name);

-- Facts about the server: the wrapped data key of the platform, what initialization did.
create table platform_setting (
  key text primary key,
  value jsonb not null,
  updated_at timestamptz not null
);

-- Chained like the audit of a tenant: see 0004.
create table platform_audit (
  seq bigint primary key,
  id uuid not null unique,
  at timestamptz not null,
  actor_type text not null,
  actor_id text,
  actor_name text not null,
  action text not null,
  target_type text not null,
  target_id text,
  target_name text not null,
  outcome text not null check (outcome in ('ok', 'denied', 'failed')),
  door text not null,
  ip text,
  request_id text not null,
  changes jsonb not null,
  prev_hash bytea not null,
  hash bytea not null
);
create table platform_audit_head (
  one boolean primary key default true check (one),
  seq bigint not null,
  hash bytea not null
);
insert into platform_audit_head (seq, hash) values (0, '\x');

-- Answers of writes that carried an Idempotency-Key; kept for 24 hours.
create table idempotency_key (
  -- SHA-256 of caller, route and key
  scope bytea primary key,
  body_hash bytea not null,
  -- null while the request runs
  status smallint,
  answer_sealed bytea,
  -- the answer held a secret and is not kept
  secret boolean not null default false,
  created_at timestamptz not null
);
create index idempotency_key_created_idx on idempotency_key (created_at);

grant select, insert, update, delete on user_account, session, plan, provider, model, model_route, platform_setting, idempotency_key to tenantry_platform;
grant select, insert on platform_audit to tenantry_platform;
grant select, update on platform_audit_head to tenantry_platform;

grant select on plan, model to tenantry_tenant;
grant select (model_id, provider_id, upstream_name, priority) on model_route to tenantry_tenant;
grant select (id, name, enabled) on provider to tenantry_tenant;
