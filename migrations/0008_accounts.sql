-- How people prove who they are: what a session is told apart by, links in mails, one-time codes,
-- where an account was used from, and what a tenant asks of a sign-in. All but the last belongs to
-- accounts, so it stands in the platform's tables; mails of accounts leave by an outbox of their own.

alter table session
  -- the name under which the person sees and ends it; the hash of the cookie's id stays inside
  add column id uuid not null default gen_random_uuid(),
  -- "Firefox on Linux": words out of the User-Agent, which itself is not kept
  add column device text not null default '' check (length(device) <= 80),
  add column address text;
alter table session alter column id drop default;
create unique index session_id_key on session (id);

-- Single-use links. `email` is the address that a verification proves.
create table account_token (
  token_hash bytea primary key,
  user_id uuid not null references user_account (id) on delete cascade,
  kind text not null check (kind in ('reset', 'verify')),
  email text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index account_token_user_idx on account_token (user_id);
create index account_token_expires_idx on account_token (expires_at);

-- One-time codes (RFC 6238). Not asked for before it was confirmed with a first code.
create table totp (
  user_id uuid primary key references user_account (id) on delete cascade,
  secret_sealed bytea not null,
  confirmed_at timestamptz,
  -- the step of the last code that was taken: no code counts twice
  last_step bigint not null default 0,
  created_at timestamptz not null
);

create table recovery_code (
  user_id uuid not null references user_account (id) on delete cascade,
  code_hash bytea not null,
  primary key (user_id, code_hash)
);

-- Where an account was signed in from: who guesses passwords elsewhere does not slow down its owner.
create table sign_in_place (
  user_id uuid not null references user_account (id) on delete cascade,
  -- an IPv4 address, or the /64 of an IPv6 one
  network text not null,
  device text not null check (length(device) <= 80),
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  primary key (user_id, network, device)
);
create index sign_in_place_seen_idx on sign_in_place (last_seen_at);

-- As `outbox`, for what belongs to no tenant.
create table platform_outbox (
  id uuid primary key,
  kind text not null,
  payload_sealed bytea,
  attempts integer not null default 0,
  next_at timestamptz not null,
  done_at timestamptz,
  last_error text,
  created_at timestamptz not null
);
create index platform_outbox_due_idx on platform_outbox (next_at) where done_at is null;
create index platform_outbox_done_idx on platform_outbox (done_at) where done_at is not null;

grant select, insert, update, delete on account_token, totp, recovery_code, sign_in_place, platform_outbox to tenantry_platform;

-- What a tenant asks of those who sign in and enter it.
alter table tenant
  add column require_totp boolean not null default false,
  add column sign_in_methods text[] not null default '{password,oidc}'
    check (cardinality(sign_in_methods) > 0 and sign_in_methods <@ '{password,oidc}'),
  add column session_hours integer check (session_hours between 1 and 8760);
