-- The gateway: what every request in it is decided from has to be noted when it changes, what is admitted
-- is counted, and what was used is kept.

-- A note without tenant and account is about the catalogue: models, routes, providers, plans.
alter table access_change drop constraint access_change_check;
alter table access_change add constraint access_change_check check (tenant is null or account is null);

create function app.note_catalogue_change() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  insert into access_change default values;
  return null;
end $$;

do $$
declare
  name text;
begin
  foreach name in array array['model_access', 'workspace_model', 'quota_limit'] loop
    execute format('create trigger note_insert after insert on %I referencing new table as new_rows
      for each statement execute function app.note_access_change(''tenant'', ''tenant_id'')', name);
    execute format('create trigger note_update after update on %I referencing old table as old_rows new table as new_rows
      for each statement execute function app.note_access_change(''tenant'', ''tenant_id'', ''updated_at'')', name);
    execute format('create trigger note_delete after delete on %I referencing old table as old_rows
      for each statement execute function app.note_access_change(''tenant'', ''tenant_id'')', name);
  end loop;
  foreach name in array array['model', 'model_route', 'plan'] loop
    execute format('create trigger note_change after insert or update or delete on %I
      for each statement execute function app.note_catalogue_change()', name);
  end loop;
end $$;
-- Not the checks of a provider: they change nothing about what is served.
create trigger note_change after insert or delete or update of name, kind, base_url, api_key_sealed, enabled on provider
  for each statement execute function app.note_catalogue_change();

-- What was admitted of a limit in one window of time: by the whole tenant, or by one of its keys. Servers take some
-- of it in advance, and give back what they did not use.
create table quota_use (
  tenant_id uuid not null references tenant (id) on delete cascade,
  -- the tenant, or a key
  holder uuid not null,
  resource text not null,
  -- when the window began
  since timestamptz not null,
  -- spend in pico-USD
  used bigint not null,
  primary key (tenant_id, holder, resource, since)
);
alter table quota_use enable row level security;
alter table quota_use force row level security;
create policy tenant_isolation on quota_use to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
grant select, insert, update, delete on quota_use to tenantry_tenant;

-- One row for each request that was sent to a provider. No prompts, no answers. People, keys, workspaces and
-- models may be gone: what they used stays.
create table usage_event (
  tenant_id uuid not null references tenant (id) on delete cascade,
  -- when the answer ended
  at timestamptz not null,
  id uuid not null,
  operation text not null,
  model_id uuid not null,
  -- its name then
  model text not null,
  provider_id uuid not null,
  user_id uuid,
  key_id uuid,
  workspace_id uuid,
  status integer not null,
  outcome text not null check (outcome in ('ok', 'error', 'cancelled')),
  streamed boolean not null,
  tokens_in bigint not null check (tokens_in >= 0),
  tokens_out bigint not null check (tokens_out >= 0),
  -- of those that went in
  tokens_cached bigint not null check (tokens_cached >= 0),
  -- counted by us, because the provider did not say
  estimated boolean not null,
  -- pico-USD at the price of then; null: the price was not known
  cost bigint check (cost >= 0),
  latency_ms bigint not null,
  -- to the first byte of the answer's body; null: there was none
  first_ms bigint,
  primary key (tenant_id, at, id)
) partition by range (at);
alter table usage_event enable row level security;
alter table usage_event force row level security;
create policy tenant_isolation on usage_event to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy workspace_scope on usage_event as restrictive to tenantry_tenant
  using ((select app.all_workspaces()) or workspace_id is null or workspace_id = any ((select app.workspace_ids())::uuid[]));
grant select, insert on usage_event to tenantry_tenant;

-- The same by hour, kept for as long as the tenant. The nil id stands for none.
create table usage_hour (
  tenant_id uuid not null references tenant (id) on delete cascade,
  hour timestamptz not null,
  model text not null,
  user_id uuid not null,
  key_id uuid not null,
  workspace_id uuid not null,
  requests bigint not null,
  errors bigint not null,
  tokens_in bigint not null,
  tokens_out bigint not null,
  -- pico-USD
  cost numeric not null,
  primary key (tenant_id, hour, model, user_id, key_id, workspace_id)
);
alter table usage_hour enable row level security;
alter table usage_hour force row level security;
create policy tenant_isolation on usage_hour to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy workspace_scope on usage_hour as restrictive to tenantry_tenant
  using ((select app.all_workspaces()) or workspace_id = '00000000-0000-0000-0000-000000000000' or workspace_id = any ((select app.workspace_ids())::uuid[]));
grant select, insert, update on usage_hour to tenantry_tenant;

-- Partitions are made and dropped while the server runs, by a role that owns nothing. So two functions do that as
-- the owner, and nothing else: they take days, and no names. A partition has its own row-level security, and no
-- grants: it is reached through its table only.
create function app.make_usage_days(first date, last date) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  day date := greatest(first, current_date - 400);
  name text;
begin
  while day <= least(last, current_date + 8) loop
    name := 'usage_event_' || to_char(day, 'YYYYMMDD');
    if to_regclass(name) is null then
      perform pg_advisory_xact_lock(7462);
      execute format('create table if not exists %I partition of usage_event for values from (%L) to (%L)',
        name, day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
      execute format('alter table %I enable row level security', name);
      execute format('alter table %I force row level security', name);
    end if;
    day := day + 1;
  end loop;
end $$;

-- Days before this one; never one of the last seven.
create function app.drop_usage_days(before date) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  name text;
  dropped integer := 0;
begin
  for name in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'usage_event'::regclass
      and c.relname < 'usage_event_' || to_char(least(before, current_date - 7), 'YYYYMMDD')
  loop
    execute format('drop table %I', name);
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$;
revoke all on function app.make_usage_days(date, date), app.drop_usage_days(date) from public;
grant execute on function app.make_usage_days(date, date), app.drop_usage_days(date) to tenantry_platform;
select app.make_usage_days(current_date - 1, current_date + 8);
