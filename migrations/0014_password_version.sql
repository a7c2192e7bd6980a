-- What was begun with a password ends when it changes, by construction: sessions and token families
-- carry the number of the password that they began with. It counts by itself, whoever sets it and how.
alter table user_account add column password_version integer not null default 0;

create function app.count_password() returns trigger
  language plpgsql set search_path = pg_catalog
as $$
begin
  if new.password_hash is distinct from old.password_hash then
    new.password_version := old.password_version + 1;
  end if;
  return new;
end $$;
create trigger count_password before update of password_hash on user_account
  for each row execute function app.count_password();

-- Families of another password than today's are over.
delete from token_family f using user_account u
  where u.id = f.user_id and f.password_mark <> sha256(convert_to(coalesce(u.password_hash, ''), 'UTF8'));
alter table token_family
  drop column password_mark,
  add column password_version integer not null default 0,
  -- how the log-in was done: what a tenant asks of sign-ins binds tokens, too
  add column method text not null default 'password' check (method in ('password', 'oidc'));
alter table token_family alter column password_version drop default, alter column method drop default;

-- When invitations were made or sent again, and to whom: what may be mailed in a while is counted here.
create table invitation_sent (
  tenant_id uuid not null references tenant (id) on delete cascade,
  id uuid not null,
  email text not null,
  sent_at timestamptz not null,
  primary key (tenant_id, id)
);
create index invitation_sent_at_idx on invitation_sent (tenant_id, sent_at);
create index invitation_sent_email_idx on invitation_sent (tenant_id, email, sent_at);
alter table invitation_sent enable row level security;
alter table invitation_sent force row level security;
create policy tenant_isolation on invitation_sent to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
grant select, insert, delete on invitation_sent to tenantry_tenant;
