-- The record, made anew. A chain's hash covers ids and salted digests; what is about a person (names,
-- addresses, what they wrote of themselves) stands apart and goes when the person does, while the chain
-- still holds. No release had the earlier tables: they are dropped, and all chains begin again here.

drop table audit_event;
drop table platform_audit;

alter table audit_head no force row level security;
update audit_head set seq = 0, hash = '';
alter table audit_head force row level security;
update platform_audit_head set seq = 0, hash = '';

-- Heads of all chains are copied to a file outside the database: that needs no tenant.
create policy lookup on audit_head for select to tenantry_platform using (true);
grant select on audit_head to tenantry_platform;

-- Whom personal data in the records is about: an account, or an address that has none. To delete a
-- row here takes a person out of every chain at once, because references know no tenants.
create table audit_person (
  -- the account's id, or what is made of the address (`audit::address`)
  id uuid primary key
);
grant insert on audit_person to tenantry_tenant;
grant select, insert, delete on audit_person to tenantry_platform;

create table audit_event (
  tenant_id uuid not null references tenant (id) on delete cascade,
  seq bigint not null,
  id uuid not null,
  at timestamptz not null,
  workspace_id uuid,
  actor_type text not null,
  actor_id text,
  -- null when it names a person: then it stands in audit_personal, and its digest here
  actor_name text,
  actor_digest bytea,
  action text not null,
  target_type text not null,
  target_id text,
  target_name text,
  target_digest bytea,
  outcome text not null check (outcome in ('ok', 'denied', 'failed')),
  door text not null,
  request_id text not null,
  changes jsonb not null,
  prev_hash bytea not null,
  hash bytea not null,
  primary key (tenant_id, seq)
);
create index audit_event_at_idx on audit_event (tenant_id, at desc);
create index audit_event_actor_idx on audit_event (tenant_id, actor_id, seq desc);
create index audit_event_target_idx on audit_event (tenant_id, target_id, seq desc);
create index audit_event_action_idx on audit_event (tenant_id, action, seq desc);
alter table audit_event enable row level security;
alter table audit_event force row level security;
create policy tenant_isolation on audit_event to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy workspace_scope on audit_event as restrictive to tenantry_tenant
  using (workspace_id is null or (select app.all_workspaces()) or workspace_id = any ((select app.workspace_ids())::uuid[]));
grant select, insert on audit_event to tenantry_tenant;

create table audit_personal (
  tenant_id uuid not null references tenant (id) on delete cascade,
  seq bigint not null,
  party text not null check (party in ('actor', 'target')),
  -- null: about nobody who is known, such as the address of a stranger
  person_id uuid references audit_person (id) on delete cascade,
  name text not null,
  ip text,
  changes jsonb,
  salt bytea not null,
  primary key (tenant_id, seq, party),
  foreign key (tenant_id, seq) references audit_event (tenant_id, seq) on delete cascade
);
create index audit_personal_person_idx on audit_personal (person_id);
alter table audit_personal enable row level security;
alter table audit_personal force row level security;
create policy tenant_isolation on audit_personal to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
grant select, insert on audit_personal to tenantry_tenant;

-- The chain of the server itself: the same, without a tenant.
create table platform_audit (
  seq bigint primary key,
  id uuid not null unique,
  at timestamptz not null,
  actor_type text not null,
  actor_id text,
  actor_name text,
  actor_digest bytea,
  action text not null,
  target_type text not null,
  target_id text,
  target_name text,
  target_digest bytea,
  outcome text not null check (outcome in ('ok', 'denied', 'failed')),
  door text not null,
  request_id text not null,
  changes jsonb not null,
  prev_hash bytea not null,
  hash bytea not null
);
create index platform_audit_at_idx on platform_audit (at desc);
create index platform_audit_actor_idx on platform_audit (actor_id, seq desc);
create index platform_audit_target_idx on platform_audit (target_id, seq desc);
create index platform_audit_action_idx on platform_audit (action, seq desc);
grant select, insert on platform_audit to tenantry_platform;

create table platform_audit_personal (
  seq bigint not null references platform_audit (seq) on delete cascade,
  party text not null check (party in ('actor', 'target')),
  person_id uuid references audit_person (id) on delete cascade,
  name text not null,
  ip text,
  changes jsonb,
  salt bytea not null,
  primary key (seq, party)
);
create index platform_audit_personal_person_idx on platform_audit_personal (person_id);
grant select, insert on platform_audit_personal to tenantry_platform;

-- What somebody should look at: one row for each person who is told.
create table notification (
  id uuid primary key,
  user_id uuid not null references user_account (id) on delete cascade,
  -- in which tenant; null: about the account or the server
  tenant uuid references tenant (id) on delete cascade,
  kind text not null,
  data jsonb not null,
  created_at timestamptz not null,
  read_at timestamptz
);
create index notification_unread_idx on notification (user_id, created_at desc) where read_at is null;
create index notification_tenant_idx on notification (tenant);
create index notification_created_idx on notification (created_at);
grant select, insert, update, delete on notification to tenantry_platform;
