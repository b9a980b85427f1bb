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

-- What an app shows at its icon: unread notifications and messages.
create or replace function push_badge(account uuid) returns int language sql stable as $$
	select (select count(*)::int from (
	               select from notice n
	               where n.account_id = account and n.listed and n.read_at is null
	               and n.id > coalesce((select o.read_up_to from notice_reader o where o.account_id = account),
	                                   '00000000-0000-0000-0000-000000000000')
	               and (n.vendor_id is null or exists (
	                       select from staff s where s.vendor_id = n.vendor_id and s.account_id = account
	                       and staff_role_bit(s.role) & n.roles <> 0))
	               limit 1000) x)
	     + (select coalesce(sum(c.customer_unread), 0)::int from conversation c where c.account_id = account)
$$;
grant execute on function push_badge(uuid) to sebez_jobs;

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
