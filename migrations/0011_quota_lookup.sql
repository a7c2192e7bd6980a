-- Whether a change of a plan puts a tenant over a limit depends on the limits of the tenant's own.
create policy lookup on quota_limit for select to tenantry_platform using (true);
grant select (tenant_id, resource) on quota_limit to tenantry_platform;
