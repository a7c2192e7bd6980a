-- Whether the last look at a provider went well: shown to who runs a tenant that uses its models. Not what was wrong with it.
grant select (check_ok) on provider to tenantry_tenant;
-- How near tenants are to their limits, for the operator's list.
grant select (amount) on quota_limit to tenantry_platform;
