-- Whether who is in the account has shown there that its address is theirs: by the link of a mail that began the account,
-- was opened while signed in, or set the password; or by a provider. Until then the account may be somebody else's work, made
-- for a foreign address to be found there when its owner comes.
alter table user_account add column held_by_owner boolean not null default false;

-- The addresses by which those who left or were removed were known, as SHA-256: they do not come back by the domain of
-- one of them, not even with another account.
create table former_address (
  tenant_id uuid not null references tenant (id) on delete cascade,
  mark bytea not null,
  ended_at timestamptz not null,
  primary key (tenant_id, mark)
);
alter table former_address enable row level security;
alter table former_address force row level security;
create policy tenant_isolation on former_address to tenantry_tenant
  using (tenant_id = (select app.tenant_id())) with check (tenant_id = (select app.tenant_id()));
grant select, insert, update on former_address to tenantry_tenant;
