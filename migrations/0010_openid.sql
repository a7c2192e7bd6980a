-- Signing in with OpenID Connect: who somebody is at a provider, the sign-ins that are under way, and
-- the domains whose people may come into a tenant by themselves.

-- A person at a provider. The pair of issuer and subject is the only name that a provider never gives
-- to somebody else; an address may change hands.
create table identity (
  id uuid primary key,
  user_id uuid not null references user_account (id) on delete cascade,
  issuer text not null,
  subject text not null,
  -- the name of the provider in the configuration of that time
  provider text not null,
  -- what the provider said the last time; for people to tell identities apart
  email text,
  created_at timestamptz not null,
  last_used_at timestamptz not null
);
create unique index identity_subject_key on identity (issuer, subject);
create index identity_user_idx on identity (user_id);

-- Somebody is at a provider and comes back with the state. Taken once, and dead after minutes.
create table openid_attempt (
  -- SHA-256
  state_hash bytea primary key,
  -- SHA-256 of the cookie of the browser that began it
  browser_hash bytea not null,
  -- the nonce, the verifier, and where to go afterwards
  payload_sealed bytea not null,
  -- to link the identity to an account: the session that asked for it, with which the attempt ends
  session_hash bytea references session (id_hash) on delete cascade,
  expires_at timestamptz not null
);
create index openid_attempt_expires_idx on openid_attempt (expires_at);
create index openid_attempt_session_idx on openid_attempt (session_hash);

grant select, insert, update, delete on identity, openid_attempt to tenantry_platform;

-- Domains that a tenant says are its own.
create table tenant_domain (
  tenant_id uuid not null references tenant (id) on delete cascade,
  domain text not null check (domain = lower(domain) and length(domain) between 3 and 253),
  -- null: nobody becomes a member by it. Never owner or admin
  join_role text check (join_role in ('developer', 'viewer')),
  created_at timestamptz not null,
  primary key (tenant_id, domain)
);
alter table tenant_domain enable row level security;
alter table tenant_domain force row level security;
create policy tenant_isolation on tenant_domain to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy lookup on tenant_domain for select to tenantry_platform using (true);
grant select, insert, update, delete on tenant_domain to tenantry_tenant;
grant select (tenant_id, domain, join_role) on tenant_domain to tenantry_platform;

-- Whose they are, by the word of an operator: one tenant a domain. A tenant sees its own rows and
-- writes none, so that no fault in its code confirms anything.
create table confirmed_domain (
  domain text primary key,
  tenant uuid not null,
  confirmed_at timestamptz not null,
  foreign key (tenant, domain) references tenant_domain (tenant_id, domain) on delete cascade
);
create index confirmed_domain_tenant_idx on confirmed_domain (tenant, domain);
alter table confirmed_domain enable row level security;
alter table confirmed_domain force row level security;
create policy platform on confirmed_domain to tenantry_platform using (true) with check (true);
create policy of_tenant on confirmed_domain for select to tenantry_tenant using (tenant = (select app.tenant_id()));
grant select on confirmed_domain to tenantry_tenant;
grant select, insert on confirmed_domain to tenantry_platform;

-- Who was a member and is none any more: they do not come back by their domain.
create table former_member (
  tenant_id uuid not null references tenant (id) on delete cascade,
  user_id uuid not null references user_account (id) on delete cascade,
  ended_at timestamptz not null,
  primary key (tenant_id, user_id)
);
create index former_member_user_idx on former_member (user_id);
alter table former_member enable row level security;
alter table former_member force row level security;
create policy tenant_isolation on former_member to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
grant select, insert, update on former_member to tenantry_tenant;
