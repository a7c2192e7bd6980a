-- Changing the slug locked the tenant's row against every insert that refers to it, because a plain unique index makes a key
-- of its columns. Whoever writes to the record meanwhile waited for that, holding the head of the record, which the first
-- one wants in the end. A partial index is no key.
drop index tenant_slug_key;
create unique index tenant_slug_key on tenant (slug) where slug is not null;
