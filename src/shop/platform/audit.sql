-- The audit log: triggers write it, admins read it.

-- audit_reason (reason text?): none writes
-- Sets the reason for the following writes of this transaction.
select set_config('sebez.reason', coalesce(:reason, ''), true);

-- admin_audit_page (account uuid?, vendor uuid?, vendor_slug text?, action text?, object uuid?, after_key bigint,
--     after_id uuid, page_size int): many
-- The number alone is a unique key; the cursor's format requires an id.
select l.id, l.at, l.actor as "by.kind", l.account_id as "by.id", a.name as "by.name", l.vendor_id,
       l.action, l.object_kind as "object.kind", l.object_id as "object.id", l.before, l.after,
       l.reason, l.request_id, l.id as "_key", :after_id as "_id"
from audit_log l
left join account a on a.id = l.account_id
where l.id < :after_key
[account: and l.account_id = :account]
[vendor: and l.vendor_id = :vendor]
[vendor_slug: and l.vendor_id = (select n.id from vendor n where n.slug = :vendor_slug)]
[action: and l.action = :action]
[object: and l.object_id = :object]
order by l.id desc
limit :page_size;
