-- Alerts: what a tenant wants to be told of and where, where its webhooks go and what became of each delivery, and
-- what was told already.

create table notification_setting (
  tenant_id uuid primary key references tenant (id) on delete cascade,
  -- what was set; the rest are defaults of the server
  settings jsonb not null,
  updated_at timestamptz not null
);

create table webhook (
  tenant_id uuid not null references tenant (id) on delete cascade,
  id uuid not null,
  name text not null,
  url text not null,
  -- null: every kind that the settings send to webhooks
  events text[],
  enabled boolean not null,
  secret_sealed bytea not null,
  -- the secret from before the last rotation, which signs as well until then
  previous_sealed bytea,
  previous_until timestamptz,
  -- since when nothing was taken any more
  failing_since timestamptz,
  -- when the server itself switched it off
  switched_off_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);

-- What was sent to a webhook, and how that went. Not what was sent, nor what was answered.
create table webhook_delivery (
  tenant_id uuid not null references tenant (id) on delete cascade,
  id uuid not null,
  webhook_id uuid not null,
  event_id uuid not null,
  -- the kind of event
  event text not null,
  state text not null check (state in ('waiting', 'delivered', 'failed')),
  -- a list of {at, status, error, duration_ms}
  attempts jsonb not null default '[]',
  -- of the next try; null: there is none
  next_at timestamptz,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, webhook_id) references webhook (tenant_id, id) on delete cascade
);
create index webhook_delivery_webhook_idx on webhook_delivery (tenant_id, webhook_id, id desc);
create index webhook_delivery_created_idx on webhook_delivery (created_at);

-- That something was told, so that no server tells it a second time.
create table alert_told (
  tenant_id uuid not null references tenant (id) on delete cascade,
  kind text not null,
  -- which one of this kind: a limit and its window, a key and its end
  once text not null,
  at timestamptz not null,
  primary key (tenant_id, kind, once)
);
create index alert_told_at_idx on alert_told (at);

do $$
declare
  name text;
begin
  foreach name in array array['notification_setting', 'webhook', 'webhook_delivery', 'alert_told'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy tenant_isolation on %I to tenantry_tenant
      using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()))', name);
    execute format('grant select, insert, update, delete on %I to tenantry_tenant', name);
  end loop;
  -- Which tenants have something old to sweep.
  foreach name in array array['webhook_delivery', 'alert_told'] loop
    execute format('create policy lookup on %I for select to tenantry_platform using (true)', name);
  end loop;
end $$;
grant select (tenant_id, created_at) on webhook_delivery to tenantry_platform;
grant select (tenant_id, kind, once, at) on alert_told to tenantry_platform;

-- One queue for all that leaves, in lanes: a receiver that does not answer holds up what is behind it in its own lane.
-- Null: mail.
alter table outbox add column lane uuid;
drop index outbox_due_idx;
create index outbox_due_idx on outbox (next_at, tenant_id, lane) where done_at is null;
create index outbox_done_idx on outbox (done_at) where done_at is not null;
grant select (lane) on outbox to tenantry_platform;

-- Keys that expire soon, of all tenants.
create index api_key_expires_idx on api_key (expires_at) where expires_at is not null and revoked_at is null;

-- Since when a provider does not answer; null: it does, or nobody asked yet.
alter table provider
  add column down_since timestamptz,
  -- the time of these that was told of; it goes when it was told that the provider is there again
  add column down_told timestamptz;
update provider set down_since = check_at where not check_ok;
