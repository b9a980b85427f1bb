-- Webhooks, as their owners see them. Without a vendor they are the platform's.

-- webhooks (vendor uuid?, id uuid?, secret text?): many
-- All, or one; secret is shown with it.
select w.id, w.url, w.events, w.description, w.enabled, w.disabled_reason, w.failing_since, w.secret_changed_at,
       w.version, w.created_at, w.updated_at[secret: , cast(:secret as text) as secret], w.version as "_version"
from webhook w
where true
[vendor: and w.vendor_id = :vendor]
[!vendor: and w.vendor_id is null]
[id: and w.id = :id]
order by w.created_at, w.id;

-- webhooks_lock (vendor uuid): one
-- Serializes adding webhooks, so that each count includes those added before.
select v.id from vendor v where v.id = :vendor for no key update;

-- webhooks_lock_platform (): one
select p.id from platform p for no key update;

-- webhooks_count (vendor uuid?): one -> (count bigint)
select count(*) as count from webhook w
where true
[vendor: and w.vendor_id = :vendor]
[!vendor: and w.vendor_id is null];

-- webhook_insert (id uuid, vendor uuid?, url text, events text[], description text, enabled bool): one
insert into webhook (id, vendor_id, url, events, description, enabled)
values (:id, :vendor, :url, array(select distinct e from unnest(cast(:events as text[])) e order by e), :description,
        :enabled);

-- webhook_secret_insert (webhook uuid, secret bytea): one
insert into webhook_secret (webhook_id, secret) values (:webhook, :secret);

-- webhook_lock (vendor uuid?, id uuid): one -> (version int)
select w.version from webhook w
where w.id = :id
[vendor: and w.vendor_id = :vendor]
[!vendor: and w.vendor_id is null]
for update;

-- webhook_put (id uuid, url text, events text[], description text, enabled bool): one
-- Enabled again, it is as if it had never failed.
update webhook
set url = :url, events = array(select distinct e from unnest(cast(:events as text[])) e order by e),
    description = :description, enabled = :enabled,
    enabled_at = case when enabled or not :enabled then enabled_at else now() end,
    disabled_reason = case when not :enabled then disabled_reason end,
    failing_since = case when enabled or not :enabled then failing_since end,
    version = version + 1, updated_at = now()
where id = :id;

-- webhook_rotated (id uuid): one
update webhook set secret_changed_at = clock_timestamp(), version = version + 1, updated_at = now()
where id = :id;

-- webhook_secret_shown (id uuid, secret text): one
select cast(:secret as text) as secret, w.secret_changed_at from webhook w where w.id = :id;

-- webhook_delete (vendor uuid?, id uuid): one
delete from webhook w
where w.id = :id
[vendor: and w.vendor_id = :vendor]
[!vendor: and w.vendor_id is null]
returning w.id;
