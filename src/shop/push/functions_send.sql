-- From notices to push messages. docs/NOTIFICATIONS.md.
set local role sebez_owner;

-- The queue of a device: what has limits and failures of its own. Microsoft's service has a host for each region.
-- Endpoints at services that few browsers have share one, so that whoever makes some up delays no others.
create or replace function push_destination(provider text, environment text, address text) returns text
language sql immutable parallel safe as $$
	select case
		when provider = 'apns' and environment = 'sandbox' then 'apns-sandbox'
		when provider <> 'webpush' then provider
		when address ~ '^https://[a-z0-9-]+\.notify\.windows\.com/' then 'notify.windows.com'
		else coalesce(substring(address from '^https://(fcm\.googleapis\.com|updates\.push\.services\.mozilla\.com'
		                                     || '|web\.push\.apple\.com)/'),
		              'webpush') end
$$;
grant execute on function push_destination(text, text, text) to sebez_jobs;

-- Of these notices those of which their accounts are to be told on their devices: not of a conversation that they have
-- muted.
create or replace function push_wanted(ids uuid[])
returns table (id uuid, account_id uuid, kind text, class text, has_quiet_hours boolean) language sql stable as $$
	select w.id, w.account_id, w.kind, w.class, w.has_quiet_hours
	from notices_wanted(ids, 'push') w
	where not exists (
		select from conversation_mute m
		where m.account_id = w.account_id and m.conversation_id = (w.data ->> 'conversation_id')::uuid
		and m.until > now())
$$;
grant execute on function push_wanted(uuid[]) to sebez_jobs;

-- What the apps of the accounts of these notices show at their icons, by the session of their devices: unread
-- notifications, unread messages as a customer, and what is unread in the inboxes that they read as staff. Each inbox
-- is counted once, whoever reads it. Nothing of staff in a session without the second factor that is demanded of them.
create or replace function push_badges(ids uuid[]) returns table (account_id uuid, session_id uuid, count int)
language sql stable as $$
	with device_session as materialized (
		select d.account_id, d.session_id,
		       exists (select from staff s where s.account_id = d.account_id)
		       and not staff_factor_is_missing(d.account_id, d.session_id) as is_staff
		from (select distinct d.account_id, d.session_id from device d
		      where d.account_id in (select n.account_id from notice n where n.id = any (ids))) d
	), told as materialized (
		select distinct x.account_id, x.is_staff from device_session x
	), reader as materialized (
		select s.account_id, s.vendor_id from told t join staff s on s.account_id = t.account_id
		where t.is_staff and reads_conversations(s.role)
	), inbox as materialized (
		select v.vendor_id,
		       (select sum(c.vendor_unread) from conversation c
		        where c.vendor_id = v.vendor_id and c.vendor_has_unread) as unread
		from (select distinct r.vendor_id from reader r) v
	), counted as (
		select t.account_id, t.is_staff,
		       ((select count(*) from (
		                select from notice n
		                where n.account_id = t.account_id and n.listed and n.read_at is null
		                and n.id > coalesce((select o.read_up_to from notice_reader o
		                                     where o.account_id = t.account_id),
		                                    '00000000-0000-0000-0000-000000000000')
		                and (n.vendor_id is null or t.is_staff and exists (
		                        select from staff s where s.vendor_id = n.vendor_id and s.account_id = t.account_id
		                        and staff_role_bit(s.role) & n.roles <> 0))
		                limit 1000) x)
		        + (select coalesce(sum(c.customer_unread), 0) from conversation c where c.account_id = t.account_id)
		        + (select coalesce(sum(i.unread), 0) from reader r join inbox i on i.vendor_id = r.vendor_id
		           where t.is_staff and r.account_id = t.account_id))::int as count
		from told t
	)
	select x.account_id, x.session_id, c.count
	from device_session x join counted c on c.account_id = x.account_id and c.is_staff = x.is_staff
$$;
grant execute on function push_badges(uuid[]) to sebez_jobs;

-- One row of the outbox for each of these notices that is pushed and each device of its account.
create or replace function push_expand(ids uuid[]) returns void language plpgsql as $$
begin
	insert into outbox (topic, destination, subject_id, payload, due_at)
	select 'push_' || w.class, push_destination(d.provider, d.environment, d.address), w.id,
	       json_build_object('device_id', d.id),
	       coalesce(case when w.has_quiet_hours and w.class <> 'system' then quiet_until(w.account_id, now()) end,
	                now())
	from push_wanted(ids) w
	join notice_kinds() k on k.notice = w.kind and 'push' = any (k.channels)
	join device d on d.account_id = w.account_id;
end $$;
grant execute on function push_expand(uuid[]) to sebez_jobs;
