-- Notices. docs/NOTIFICATIONS.md.

-- notices_follow (most int): maybe writes -> (notices bigint, more bool)
select f.notices, f.more from notices_follow(:most) f;

-- notices_due (most int): one writes -> (count int)
select notices_due(:most) as count;

-- notices_next_due (): one -> (ms bigint?)
-- Until the next wait of a notice ends, by the clock of the database.
select ceil(extract(epoch from min(n.due_at) - clock_timestamp()) * 1000)::bigint as ms
from notice n where n.due_at is not null;

-- notices_forget (most int): one -> (count int)
with gone as (
	delete from notice where id in (
		select n.id from notice n where n.expires_at < now() order by n.expires_at limit :most for update skip locked)
	returning 1
)
select count(*)::int as count from gone;

-- notices_page (account uuid, unread bool, after_id uuid, page_size int): many
-- Newest first; text is what their texts insert (notice_facts).
with page as materialized (
select n.id, n.kind, n.class, n.vendor_id, n.link, n.data,
       n.read_at is not null or n.id <= r.read_up_to as read, n.created_at
from notice n
cross join (select coalesce((select x.read_up_to from notice_reader x where x.account_id = :account),
                            '00000000-0000-0000-0000-000000000000') as read_up_to) r
where n.account_id = :account and n.listed and n.id < :after_id
[unread: and n.read_at is null and n.id > r.read_up_to]
order by n.id desc
limit :page_size)
select p.id, p.kind, p.class, f.facts as text, p.vendor_id, p.link, p.data, p.read, p.created_at, 0::bigint as "_key"
from page p join notice_facts(array(select x.id from page x)) f on f.id = p.id
order by p.id desc;

-- notices_unread (account uuid, most int): one -> (unread int)
select count(*)::int as unread from (
	select from notice n
	where n.account_id = :account and n.listed and n.read_at is null
	and n.id > coalesce((select x.read_up_to from notice_reader x where x.account_id = :account),
	                    '00000000-0000-0000-0000-000000000000')
	limit :most) x;

-- notices_read (account uuid, ids uuid[]): none
update notice n set read_at = now()
where n.account_id = :account and n.id = any (:ids) and n.listed and n.read_at is null;

-- notice_opened (account uuid, id uuid): one
update notice n set read_at = coalesce(n.read_at, now()) where n.account_id = :account and n.id = :id;

-- notices_read_up_to (account uuid, up_to uuid): none
-- Nothing when the account has no such notice.
insert into notice_reader as r (account_id, read_up_to)
select n.account_id, n.id from notice n
where n.account_id = :account and n.listed and n.id = :up_to
on conflict (account_id) do update set read_up_to = excluded.read_up_to
where r.read_up_to < excluded.read_up_to;

-- preferences (account uuid): one
-- Of classes with their channels, times, and digest; the defaults when the account has none.
select json_build_object('push', 'orders.push' <> all (u.unwanted), 'email', 'orders.email' <> all (u.unwanted),
                         'in_app', 'orders.in_app' <> all (u.unwanted)) as orders,
       json_build_object('push', 'chat.push' <> all (u.unwanted), 'email', 'chat.email' <> all (u.unwanted),
                         'in_app', 'chat.in_app' <> all (u.unwanted)) as chat,
       json_build_object('push', 'promotions.push' <> all (u.unwanted),
                         'email', 'promotions.email' <> all (u.unwanted),
                         'in_app', 'promotions.in_app' <> all (u.unwanted)) as promotions,
       json_build_object('push', 'system.push' <> all (u.unwanted), 'email', 'system.email' <> all (u.unwanted),
                         'in_app', 'system.in_app' <> all (u.unwanted)) as system,
       json_build_object('email', 'receipts.email' <> all (u.unwanted)) as receipts,
       to_char(p.quiet_from, 'HH24:MI') as quiet_from, to_char(p.quiet_to, 'HH24:MI') as quiet_to, p.time_zone,
       coalesce(p.email_digest, 'at_once') as email_digest
from (select notice_unwanted(:account) as unwanted) u
left join notification_preference p on p.account_id = :account;

-- time_zone_is_known (name text): one -> (known bool)
select time_zone_is_known(:name) as known;

-- preferences_put (account uuid, unwanted text[], quiet_from text?, quiet_to text?, time_zone text?,
--                  email_digest text): none
insert into notification_preference as p (account_id, unwanted, quiet_from, quiet_to, time_zone, email_digest)
values (:account, :unwanted, cast(:quiet_from as time), cast(:quiet_to as time), :time_zone, :email_digest)
on conflict (account_id) do update
set unwanted = excluded.unwanted, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to,
    time_zone = excluded.time_zone, email_digest = excluded.email_digest, updated_at = now();
