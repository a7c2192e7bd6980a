-- Sign-ups that wait for the link in their mail, on a server that sends mail: until it is used there is no account. What
-- was typed is sealed, the hash of the password among it.
create table sign_up (
  token_hash bytea primary key,
  -- the id that the account will have
  user_id uuid not null,
  payload_sealed bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index sign_up_expires_idx on sign_up (expires_at);
grant select, insert, delete on sign_up to tenantry_platform;
