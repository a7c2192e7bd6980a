#!/bin/sh
# Runs once, when the database is made: the owner of the schema is no superuser, since those ignore row-level security.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$OWNER_PASSWORD" --username postgres --dbname postgres <<'SQL'
create role tenantry_owner login createrole nosuperuser nobypassrls password :'password';
alter database tenantry owner to tenantry_owner;
SQL
