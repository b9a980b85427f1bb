-- Notices: following the events. docs/NOTIFICATIONS.md.
set local role sebez_owner;

-- The id of the n-th notice that is written at this time, n below 2^24: a UUID of version 7, whose order is that
-- of (ms, n).
create or replace function notice_id(ms bigint, n bigint) returns uuid language sql volatile as $$
	select (lpad(to_hex(ms), 12, '0') || '7' || lpad(to_hex(n >> 12), 3, '0') || '8'
	        || lpad(to_hex(n & 4095), 3, '0') || right(gen_random_uuid()::text, 12))::uuid
$$;
grant execute on function notice_id(bigint, bigint) to sebez_jobs;

-- Removes what somebody was told as staff and the present role, if any, is not told.
create or replace function remove_notices() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	delete from notice n
	where n.account_id = old.account_id and n.owner_id = old.vendor_id and n.vendor_id = old.vendor_id
	and (tg_op = 'DELETE' or staff_role_bit(new.role) & n.roles = 0);
	return null;
end $$;

-- These notices wait no more: whoever tells of them outside of the app does so in this transaction.
create or replace function notices_tell(ids uuid[]) returns void language plpgsql as $$
begin
	if cardinality(ids) > 0 then
		perform push_expand(ids);
		perform activities_start(ids);
		perform mail_expand(ids);
	end if;
end $$;
grant execute on function notices_tell(uuid[]) to sebez_jobs;

-- Writes the notices of the events of these transactions, each account at most one for an event. One that is only
-- pushed is written only for an account that has a device. What follows the same events on a screen moves, too. Returns
-- how much is told.
create or replace function notices_write(after_tx bigint, up_to bigint) returns bigint
language plpgsql set plan_cache_mode = force_custom_plan as $$
declare
	ms bigint := clock_ms('notices');
	written bigint;
	told uuid[];
begin
	with fresh as (
	insert into notice (id, account_id, vendor_id, roles, kind, class, owner_id, number, data, link, group_key,
	                    listed, due_at, created_at, expires_at)
	select notice_id(ms, row_number() over (order by x.tx, x.owner_id, x.number, x.account_id)), x.account_id,
	       x.vendor_id, x.roles, x.notice, x.class, x.owner_id, x.number, x.data, x.link, x.group_key, x.listed,
	       x.at + nullif(x.wait, interval '0'), x.at,
	       x.at + case when x.listed then interval '90 days' else x.lifetime end
	from (
		select distinct on (e.owner_id, e.number, r.account_id)
		       e.tx, e.owner_id, e.number, e.at, r.account_id, r.vendor_id, k.roles, k.notice, k.class, k.wait,
		       k.lifetime,
		       'in_app' = any (k.channels) and notice_wanted(r.account_id, k.class, 'in_app') as listed,
		       'email' = any (k.channels) as mailed, m.link, m.group_key, m.data
		from event e
		cross join lateral notice_matches(e.kind, e.payload, e.owner_id) m
		join notice_kinds() k on k.notice = m.notice
		cross join lateral (
			select a.id as account_id, null::uuid as vendor_id from account a
			where k.roles is null and a.id = e.owner_id
			union all
			select s.account_id, s.vendor_id from staff s
			where s.vendor_id = e.owner_id and staff_role_bit(s.role) & k.roles <> 0) r
		where e.tx > after_tx and e.tx <= up_to
		order by e.owner_id, e.number, r.account_id, m.place) x
	where (x.listed or x.at + x.lifetime > now()
		and (x.mailed or exists (select from device d where d.account_id = x.account_id)))
	and x.link is not null -- an event that an older version wrote may lack what a link needs
	-- None of these is there, but after a backup was restored: see feed_follow.
	on conflict (account_id, owner_id, number) do nothing
	returning id, due_at)
	select count(*), array_agg(f.id order by f.id) filter (where f.due_at is null) into written, told from fresh f;
	perform notices_tell(told);
	return written + activities_move(after_tx, up_to);
end $$;
grant execute on function notices_write(bigint, bigint) to sebez_jobs;

-- Reads the next transactions with events, of about `most` events, and writes their notices; no row: there is nothing
-- to read.
create or replace function notices_follow(most int) returns table (notices bigint, more boolean)
language sql as $$
	select notices_write(f.after_tx, f.up_to_tx), f.more from feed_follow('notices', most) f
$$;
grant execute on function notices_follow(int) to sebez_jobs;

-- Ends the wait of notices about messages: removes those that a device has, or that are gone.
create or replace function notices_due(most int) returns int language plpgsql as $$
declare
	ended int;
	told uuid[];
begin
	with due as materialized (
		select (d.n).id, message_is_had(d.n) as had
		from (select x as n from notice x where x.due_at <= now() order by x.due_at limit most for update skip locked) d
	), gone as (
		delete from notice n using due d where n.id = d.id and d.had
	), stays as (
		update notice n set due_at = null from due d where n.id = d.id and not d.had
		returning n.id
	)
	select (select count(*) from due), (select array_agg(s.id order by s.id) from stays s) into ended, told;
	perform notices_tell(told);
	return ended;
end $$;
grant execute on function notices_due(int) to sebez_jobs;
