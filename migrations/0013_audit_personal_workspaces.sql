-- What is personal in an event (who, from where, what they wrote of themselves) is as far from the eyes
-- of other workspaces as the event itself. Only for reading: a row is written in one statement with its
-- event, which that statement does not see yet.
create policy workspace_scope on audit_personal as restrictive for select to tenantry_tenant
  using (
    (select app.all_workspaces())
    or exists (select 1 from audit_event e where e.tenant_id = audit_personal.tenant_id and e.seq = audit_personal.seq)
  );
