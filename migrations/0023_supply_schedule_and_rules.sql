-- Providers are looked at on a schedule, by one server at a time; what vanished from one is marked; and what a
-- tenant may use can be said for models that are not there yet.

alter table provider
  -- of Azure: the version of its interface, which makes its addresses name deployments
  add column api_version text,
  -- how often its list is read by itself; null: never
  add column sync_hours integer default 24 check (sync_hours between 1 and 720),
  -- what a model becomes that such a reading finds
  add column new_models text not null default 'inactive' check (new_models in ('inactive', 'active')),
  -- when a server took it on itself to check it, and to read its list
  add column check_begun_at timestamptz,
  add column sync_begun_at timestamptz,
  -- how the last reading by itself ended
  add column sync_at timestamptz,
  add column sync_error text,
  add column sync_added integer,
  add column sync_changed integer,
  add column sync_missing integer;
-- Azure lists what could be deployed, not what is.
update provider set sync_hours = null where kind = 'azure';
drop trigger note_change on provider;
create trigger note_change after insert or delete or update of name, kind, base_url, api_key_sealed, api_version, enabled on provider
  for each statement execute function app.note_catalogue_change();

-- Since when the provider does not list it any more. It is tried all the same.
alter table model_route add column missing_since timestamptz;
grant select (missing_since) on model_route to tenantry_tenant;

-- Enables all models whose names begin so, those to come included.
create table model_rule (
  tenant_id uuid not null references tenant (id) on delete cascade,
  -- empty: all models
  prefix text not null,
  audience text not null default 'tenant' check (audience in ('tenant', 'workspaces')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, prefix)
);
alter table model_rule enable row level security;
alter table model_rule force row level security;
create policy tenant_isolation on model_rule to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy lookup on model_rule for select to tenantry_platform using (true);
grant select, insert, update, delete on model_rule to tenantry_tenant;
grant select on model_rule to tenantry_platform;
create trigger note_insert after insert on model_rule referencing new table as new_rows
  for each statement execute function app.note_access_change('tenant', 'tenant_id');
create trigger note_update after update on model_rule referencing old table as old_rows new table as new_rows
  for each statement execute function app.note_access_change('tenant', 'tenant_id', 'updated_at');
create trigger note_delete after delete on model_rule referencing old table as old_rows
  for each statement execute function app.note_access_change('tenant', 'tenant_id');

-- Since when models that are new in the catalogue are enabled by themselves; null: they are not.
alter table tenant add column new_models_since timestamptz;

-- The names that a key may use all models of, beside those that it lists. `models` null: whatever is allowed.
alter table api_key add column model_prefixes text[] not null default '{}';
grant select (model_prefixes) on api_key to tenantry_platform;

-- What a tenant decided about models: one by one, else by the longest rule that fits, else because they are new.
-- The one place where that is put together: lists, the gateway, reports and explanations read it. One row at most for
-- a tenant and a model; none where nothing was decided.
create view model_decision with (security_invoker = true) as
select t.id as tenant_id, d.model_id, d.enabled, d.audience, d.source, d.prefix
from tenant t
cross join lateral (
  select a.model_id, a.enabled, a.audience, 'model' as source, null::text as prefix
  from model_access a
  where a.tenant_id = t.id
  union all
  select c.id, true, r.audience, 'rule', r.prefix
  from model_rule r
  join model c on starts_with(c.name, r.prefix)
  where r.tenant_id = t.id
    and not exists (select 1 from model_access a where a.tenant_id = t.id and a.model_id = c.id)
    and not exists (
      select 1 from model_rule l
      where l.tenant_id = t.id and length(l.prefix) > length(r.prefix) and starts_with(c.name, l.prefix)
    )
  union all
  select c.id, true, 'tenant', 'new', null
  from model c
  where c.created_at >= t.new_models_since
    and not exists (select 1 from model_access a where a.tenant_id = t.id and a.model_id = c.id)
    and not exists (select 1 from model_rule r where r.tenant_id = t.id and starts_with(c.name, r.prefix))
) d;

-- Who may use what, active rows only, as before; and only what can be served: a provider that is switched on.
create or replace view user_available_models with (security_invoker = true) as
select m.user_id, m.tenant_id as organization_id, a.model_id
from membership m
join user_account u on u.id = m.user_id and u.status = 'active'
join model_decision a on a.tenant_id = m.tenant_id and a.enabled
join model c on c.id = a.model_id and c.is_active
where m.status = 'active'
  and exists (select 1 from model_route r join provider p on p.id = r.provider_id and p.enabled where r.model_id = a.model_id)
  and (
    a.audience = 'tenant'
    or exists (
      select 1
      from workspace_model wm
      join workspace w on w.tenant_id = wm.tenant_id and w.id = wm.workspace_id and w.status = 'active'
      where wm.tenant_id = a.tenant_id
        and wm.model_id = a.model_id
        and (
          m.role in ('owner', 'admin')
          or exists (
            select 1
            from workspace_membership x
            where x.tenant_id = wm.tenant_id and x.workspace_id = wm.workspace_id and x.user_id = m.user_id
          )
        )
    )
  );

-- What there is for an active member where the server's settings take decisions away: every model that is active and
-- served, and whether the tenant has enabled it.
create view user_open_models with (security_invoker = true) as
select m.user_id, m.tenant_id as organization_id, c.id as model_id, coalesce(a.enabled, false) as enabled
from membership m
join user_account u on u.id = m.user_id and u.status = 'active'
join model c on c.is_active
  and exists (select 1 from model_route r join provider p on p.id = r.provider_id and p.enabled where r.model_id = c.id)
left join model_decision a on a.tenant_id = m.tenant_id and a.model_id = c.id
where m.status = 'active';

grant select on model_decision, user_open_models to tenantry_tenant, tenantry_platform;
