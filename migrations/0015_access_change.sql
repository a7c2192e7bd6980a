-- What a server keeps in memory about who may do what is worth something only as long as it hears of every
-- change. So the database itself notes each, whoever makes it: a use case, an import, a cascade, somebody with psql.
-- Servers ask for the new ones before they trust what they keep.

create table access_change (
  id bigint generated always as identity primary key,
  -- the transaction: ids are given out before commits, so what is new is told by this and not by the id
  xact bigint not null default (pg_current_xact_id()::text::bigint),
  at timestamptz not null default clock_timestamp(),
  -- one of the two
  tenant uuid,
  account uuid,
  check ((tenant is null) <> (account is null))
);
create index access_change_xact_idx on access_change (xact);
create index access_change_at_idx on access_change (at);
-- Not forced: what a cascade takes away is noted by the owner of the tables.
alter table access_change enable row level security;
create policy platform on access_change to tenantry_platform using (true) with check (true);
create policy tenant_notes on access_change for insert to tenantry_tenant with check (tenant = (select app.tenant_id()));
grant select, insert, delete on access_change to tenantry_platform;
grant insert (tenant) on access_change to tenantry_tenant;

-- Arguments: which of the two it is, the column that names it, and columns whose change means nothing. All others
-- count, so that a column which is added one day does as well.
create function app.note_access_change() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
  changed text;
begin
  changed := case tg_op
    when 'INSERT' then format('select %I as tag from new_rows', tg_argv[1])
    when 'DELETE' then format('select %I as tag from old_rows', tg_argv[1])
    else format(
      'select %1$I as tag from (
         (select %1$I, to_jsonb(n) - $1 from new_rows n except select %1$I, to_jsonb(o) - $1 from old_rows o)
         union all
         (select %1$I, to_jsonb(o) - $1 from old_rows o except select %1$I, to_jsonb(n) - $1 from new_rows n)
       ) x', tg_argv[1])
  end;
  execute format('insert into access_change (%I) select distinct tag from (%s) r where tag is not null', tg_argv[0], changed)
    using coalesce(string_to_array(tg_argv[2], ','), '{}');
  return null;
end $$;

do $$
declare
  noted record;
begin
  for noted in
    select * from (values
      ('tenant', 'tenant', 'id', 'updated_at,metadata'),
      ('tenant_slug', 'tenant', 'tenant', ''),
      ('membership', 'tenant', 'tenant_id', 'last_active_at,steps_dismissed'),
      ('workspace', 'tenant', 'tenant_id', 'updated_at,metadata,settings,description'),
      ('workspace_membership', 'tenant', 'tenant_id', ''),
      ('permission_override', 'tenant', 'tenant_id', ''),
      ('api_key', 'tenant', 'tenant_id', 'usage_count,last_used_at,updated_at'),
      ('user_account', 'account', 'id', 'last_active_at,updated_at'),
      ('totp', 'account', 'user_id', 'last_step'),
      ('session', 'account', 'user_id', ''),
      ('token_family', 'account', 'user_id', '')
    ) as t (name, kind, tag, ignored)
  loop
    execute format('create trigger note_insert after insert on %I referencing new table as new_rows
      for each statement execute function app.note_access_change(%L, %L)', noted.name, noted.kind, noted.tag);
    execute format('create trigger note_update after update on %I referencing old table as old_rows new table as new_rows
      for each statement execute function app.note_access_change(%L, %L, %L)', noted.name, noted.kind, noted.tag, noted.ignored);
    execute format('create trigger note_delete after delete on %I referencing old table as old_rows
      for each statement execute function app.note_access_change(%L, %L)', noted.name, noted.kind, noted.tag);
  end loop;
end $$;
-- A new session, a new log-in by token: nothing is kept of it yet.
drop trigger note_insert on session;
drop trigger note_insert on token_family;
drop trigger note_insert on user_account;
