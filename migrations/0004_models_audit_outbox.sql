-- Which models a tenant may use, what happened in it, and what has to leave it.

create table model_access (
  tenant_id uuid not null references tenant (id) on delete cascade,
  model_id uuid not null references model (id) on delete cascade,
  enabled boolean not null,
  audience text not null default 'tenant' check (audience in ('tenant', 'workspaces')),
  updated_at timestamptz not null,
  primary key (tenant_id, model_id)
);
create index model_access_model_idx on model_access (model_id);
alter table model_access enable row level security;
alter table model_access force row level security;
create policy tenant_isolation on model_access to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy lookup on model_access for select to tenantry_platform using (true);
grant select, insert, update, delete on model_access to tenantry_tenant;
grant select on model_access to tenantry_platform;

-- The models that a workspace lists.
create table workspace_model (
  tenant_id uuid not null references tenant (id) on delete cascade,
  workspace_id uuid not null,
  model_id uuid not null references model (id) on delete cascade,
  primary key (tenant_id, workspace_id, model_id),
  foreign key (tenant_id, workspace_id) references workspace (tenant_id, id) on delete cascade
);
create index workspace_model_model_idx on workspace_model (model_id);
alter table workspace_model enable row level security;
alter table workspace_model force row level security;
create policy tenant_isolation on workspace_model to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy workspace_scope on workspace_model as restrictive to tenantry_tenant
  using ((select app.all_workspaces()) or workspace_id = any ((select app.workspace_ids())::uuid[]));
create policy lookup on workspace_model for select to tenantry_platform using (true);
grant select, insert, update, delete on workspace_model to tenantry_tenant;
grant select on workspace_model to tenantry_platform;

-- Who may use what, active rows only. A model of audience `tenant` is open to every active member;
-- one of audience `workspaces` to those who are in an active workspace that lists it (owners and
-- admins of the tenant are in every workspace).
create view user_available_models with (security_invoker = true) as
select m.user_id, m.tenant_id as organization_id, a.model_id
from membership m
join user_account u on u.id = m.user_id and u.status = 'active'
join model_access a on a.tenant_id = m.tenant_id and a.enabled
join model c on c.id = a.model_id and c.is_active
where m.status = 'active'
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

create view user_model_access_report with (security_invoker = true) as
select u.email as user_email, u.name as user_name, m.tenant_id as organization_id,
  count(c.id) as accessible_models,
  coalesce(array_agg(c.name order by c.name) filter (where c.id is not null), '{}') as model_names
from membership m
join user_account u on u.id = m.user_id and u.status = 'active'
left join user_available_models a on a.user_id = m.user_id and a.organization_id = m.tenant_id
left join model c on c.id = a.model_id
where m.status = 'active'
group by u.email, u.name, m.tenant_id;

grant select on user_available_models, user_model_access_report to tenantry_tenant, tenantry_platform;

-- One chain a tenant: each row holds the hash of the one before. Rows are added, never changed.
create table audit_event (
  tenant_id uuid not null references tenant (id) on delete cascade,
  seq bigint not null,
  id uuid not null,
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
  hash bytea not null,
  primary key (tenant_id, seq)
);
create index audit_event_at_idx on audit_event (tenant_id, at desc);
alter table audit_event enable row level security;
alter table audit_event force row level security;
create policy tenant_isolation on audit_event to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
grant select, insert on audit_event to tenantry_tenant;

create table audit_head (
  tenant_id uuid primary key references tenant (id) on delete cascade,
  seq bigint not null,
  hash bytea not null
);
alter table audit_head enable row level security;
alter table audit_head force row level security;
create policy tenant_isolation on audit_head to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
grant select, insert, update on audit_head to tenantry_tenant;

-- What has to leave, written in the transaction that causes it; the payload is sealed and goes when it is done.
create table outbox (
  tenant_id uuid not null references tenant (id) on delete cascade,
  id uuid not null,
  kind text not null,
  payload_sealed bytea,
  attempts integer not null default 0,
  next_at timestamptz not null,
  done_at timestamptz,
  last_error text,
  created_at timestamptz not null,
  primary key (tenant_id, id)
);
create index outbox_due_idx on outbox (next_at) where done_at is null;
alter table outbox enable row level security;
alter table outbox force row level security;
create policy tenant_isolation on outbox to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
create policy lookup on outbox for select to tenantry_platform using (true);
grant select, insert, update, delete on outbox to tenantry_tenant;
grant select (tenant_id, id, kind, attempts, next_at, done_at) on outbox to tenantry_platform;
