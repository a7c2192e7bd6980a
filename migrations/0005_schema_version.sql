-- The login role may not read the table of migrations; this says what the server has to know of it.
create function app.schema_version() returns bigint
  language plpgsql stable security definer set search_path = pg_catalog, public
as $$
begin
  return (select coalesce(max(version), 0) from public._sqlx_migrations where success);
end $$;
