-- The two roles that all work is done in. Roles belong to the whole cluster, so they are ensured
-- here, by hand and again and again, instead of in a migration of one database. Two servers may do
-- this at once: whoever comes second finds the role (duplicate_object) or the row (unique_violation).
do $$
begin
  create role tenantry_tenant nologin nosuperuser nobypassrls noinherit;
exception when duplicate_object or unique_violation then null;
end $$;

do $$
begin
  create role tenantry_platform nologin nosuperuser nobypassrls noinherit;
exception when duplicate_object or unique_violation then null;
end $$;
