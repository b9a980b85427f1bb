-- Support views. docs/ACCOUNTS.md, "Support view".

-- support_end_others (session uuid): none
-- Those that are over by time have not ended, either.
update support_view set ended_at = now() where session_id = :session and ended_at is null;

-- support_person (account uuid): one -> (is_admin bool, is_erased bool)
select admin_role is not null as is_admin, email is null and phone is null as is_erased
from account where id = :account;

-- support_vendor (vendor uuid): one
select v.id from vendor v where v.id = :vendor;

-- support_start (id uuid, admin uuid, session uuid, account uuid?, vendor uuid?, reason text, minutes int): none
insert into support_view (id, admin_id, session_id, account_id, vendor_id, reason, expires_at)
values (:id, :admin, :session, :account, :vendor, :reason, now() + make_interval(mins => :minutes));

-- support_view_of (id uuid): one
select w.id, w.admin_id as "admin.id", a.name as "admin.name", w.account_id as user_id, w.vendor_id, w.reason,
       w.started_at, w.expires_at, w.ended_at
from support_view w join account a on a.id = w.admin_id
where w.id = :id;

-- support_views_page (after_key time, after_id uuid, page_size int): many
select w.id, w.admin_id as "admin.id", a.name as "admin.name", w.account_id as user_id, w.vendor_id, w.reason,
       w.started_at, w.expires_at, w.ended_at, w.started_at as "_key"
from support_view w join account a on a.id = w.admin_id
where (w.started_at, w.id) < (:after_key, :after_id)
order by w.started_at desc, w.id desc
limit :page_size;

-- support_end (id uuid, admin uuid): one
-- Of one's own.
update support_view set ended_at = coalesce(ended_at, now()) where id = :id and admin_id = :admin;

-- support_purge (rows_max int, days int): one -> (count int)
with deleted as (
	delete from support_view where id = any (array(
		select id from support_view where started_at < now() - make_interval(days => :days)
		order by started_at limit :rows_max))
	returning 1
)
select count(*)::int as count from deleted;
